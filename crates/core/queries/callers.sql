SELECT t.qualified_name AS callee, c.qualified_name AS caller, s.file_path, k.line_number, k.column_number
FROM functions t
JOIN calls k ON k.target_function_id = t.function_id AND k.repository_id = t.repository_id
JOIN files s ON s.file_id = k.file_id AND s.repository_id = k.repository_id
JOIN repositories r ON r.repository_id = k.repository_id
LEFT JOIN functions c ON c.function_id = k.function_id AND c.repository_id = k.repository_id
WHERE (t.name = $3 OR t.qualified_name = $3)
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
ORDER BY t.qualified_name, s.file_path, coalesce(k.line_number, 0), k.ordinal
LIMIT CAST($2 AS BIGINT)
