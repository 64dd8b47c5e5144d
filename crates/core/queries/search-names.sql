WITH names AS (
    /* each repository */
    SELECT * FROM (
        SELECT DISTINCT f.name, f.repository_id, CASE WHEN lower(f.name) = lower({words}) THEN 0 ELSE 1 END AS is_other,
               length(f.name) AS letters
        FROM functions f
        WHERE f.repository_id IN ({repositories})
          AND lower(f.name) LIKE {first} AND lower(f.name) LIKE {second} AND lower(f.name) LIKE {third}
        ORDER BY is_other, letters, f.name
        LIMIT {limit}
    ) of_functions
    UNION
    SELECT * FROM (
        SELECT DISTINCT c.name, c.repository_id, CASE WHEN lower(c.name) = lower({words}) THEN 0 ELSE 1 END AS is_other,
               length(c.name) AS letters
        FROM classes c
        WHERE c.repository_id IN ({repositories})
          AND lower(c.name) LIKE {first} AND lower(c.name) LIKE {second} AND lower(c.name) LIKE {third}
        ORDER BY is_other, letters, c.name
        LIMIT {limit}
    ) of_classes
    /* end */
), top AS (
    SELECT name, repository_id, is_other, letters
    FROM names
    ORDER BY is_other, letters, name, repository_id
    LIMIT {limit}
), found AS (
    SELECT f.name, f.repository_id, f.kind, f.qualified_name, f.file_id, f.line_start, f.function_id AS id, t.is_other, t.letters
    FROM top t
    JOIN functions f ON f.name = t.name AND f.repository_id = t.repository_id
    WHERE f.repository_id IN ({repositories})
    UNION ALL
    SELECT c.name, c.repository_id, c.kind, c.qualified_name, c.file_id, c.line_start, c.class_id AS id, t.is_other, t.letters
    FROM top t
    JOIN classes c ON c.name = t.name AND c.repository_id = t.repository_id
    WHERE c.repository_id IN ({repositories})
)
SELECT n.name, n.kind, n.qualified_name, s.file_path, n.line_start
FROM found n
JOIN files s ON s.file_id = n.file_id AND s.repository_id = n.repository_id
WHERE s.repository_id IN ({repositories})
ORDER BY n.is_other, n.letters, n.name, s.file_path, coalesce(n.line_start, 0), n.id
LIMIT {limit}
