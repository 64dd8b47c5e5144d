SELECT g.module, g.status, g.import_sites, g.files, (
           SELECT min(s.file_path)
           FROM imports i
           JOIN files s ON s.file_id = i.file_id AND s.repository_id = i.repository_id
           WHERE i.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
             AND i.status IN ('unresolved', 'ambiguous') AND i.status = g.status AND i.module = g.module
       ) AS first_file
FROM (
    SELECT i.module, i.status, count(*) AS import_sites, count(DISTINCT i.file_id) AS files
    FROM imports i
    WHERE i.repository_id IN ({repositories}) AND i.status IN ('unresolved', 'ambiguous')
    GROUP BY i.module, i.status
    ORDER BY import_sites DESC, i.module, i.status
    LIMIT {limit}
) g
ORDER BY g.import_sites DESC, g.module, g.status
