SELECT f.qualified_name, f.kind, s.file_path, f.line_start, t.call_sites, t.calling_functions
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT u.function_id, u.repository_id, u.call_sites, u.calling_functions
        FROM function_fan_in u
        WHERE u.repository_id IN ({repositories})
        ORDER BY u.call_sites DESC, u.function_id
        LIMIT {limit}
    ) top
    /* end */
) t
JOIN functions f ON f.function_id = t.function_id AND f.repository_id = t.repository_id
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
ORDER BY t.call_sites DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
