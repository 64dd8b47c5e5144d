WITH unused AS MATERIALIZED (
    {unused_imports}
)
SELECT coalesce(i.alias, i.name) AS local_name, i.module, s.file_path, i.line_number
FROM unused u
JOIN imports i ON i.file_id = u.file_id AND i.ordinal = u.ordinal AND i.repository_id = u.repository_id
JOIN files s ON s.file_id = u.file_id AND s.repository_id = u.repository_id
WHERE i.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
ORDER BY s.file_path, coalesce(i.line_number, 0), u.ordinal, u.file_id
LIMIT {limit}
