SELECT t.file_path, t.language, t.total_lines, r.name AS repository
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT s.file_path, s.language, s.total_lines, s.repository_id, s.file_id,
               CASE WHEN lower(s.file_path) = lower({words}) THEN 0
                    WHEN lower(s.file_name) LIKE {first} AND lower(s.file_name) LIKE {second}
                         AND lower(s.file_name) LIKE {third} THEN 1
                    ELSE 2 END AS place,
               length(s.file_path) AS letters
        FROM files s
        WHERE s.repository_id IN ({repositories})
          AND lower(s.file_path) LIKE {first} AND lower(s.file_path) LIKE {second} AND lower(s.file_path) LIKE {third}
        ORDER BY place, letters, s.file_path, s.file_id
        LIMIT {limit}
    ) top
    /* end */
) t
JOIN repositories r ON r.repository_id = t.repository_id
ORDER BY t.place, t.letters, t.file_path, t.file_id
LIMIT {limit}
