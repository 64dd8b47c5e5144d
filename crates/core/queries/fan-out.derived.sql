SELECT f.qualified_name, f.kind, s.file_path, f.line_start, t.called_functions, t.call_sites
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT u.function_id, u.repository_id, u.called_functions, u.call_sites
        FROM function_fan_out u
        WHERE u.repository_id IN ({repositories})
        ORDER BY u.called_functions DESC, u.function_id
        LIMIT {limit}
    ) top
    /* end */
) t
JOIN functions f ON f.function_id = t.function_id AND f.repository_id = t.repository_id
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
ORDER BY t.called_functions DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
