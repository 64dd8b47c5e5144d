SELECT f.qualified_name, f.kind, s.file_path, f.line_start, t.call_sites, t.calling_functions
FROM (
    SELECT k.target_function_id, k.repository_id,
           count(*) AS call_sites, count(DISTINCT k.function_id) AS calling_functions
    FROM calls k
    JOIN repositories r ON r.repository_id = k.repository_id
    WHERE k.target_function_id IS NOT NULL
      AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
    GROUP BY k.target_function_id, k.repository_id
) t
JOIN functions f ON f.function_id = t.target_function_id AND f.repository_id = t.repository_id
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
ORDER BY t.call_sites DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT CAST($2 AS BIGINT)
