SELECT f.qualified_name, f.kind, s.file_path, f.line_start, t.call_sites, t.calling_functions
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT k.target_function_id AS function_id, k.repository_id,
               count(*) AS call_sites, count(DISTINCT k.function_id) AS calling_functions
        FROM calls k
        WHERE k.repository_id IN ({repositories}) AND k.target_function_id IS NOT NULL
        GROUP BY k.target_function_id, k.repository_id
        ORDER BY call_sites DESC, k.target_function_id
        LIMIT {limit}
    ) top
    /* end */
) t
JOIN functions f ON f.function_id = t.function_id AND f.repository_id = t.repository_id
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
ORDER BY t.call_sites DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
