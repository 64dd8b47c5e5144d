SELECT f.qualified_name, s.file_path, f.line_start, f.line_end - f.line_start + 1 AS lines, f.code_lines, f.complexity
FROM functions f
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
JOIN repositories r ON r.repository_id = f.repository_id
WHERE f.line_start IS NOT NULL AND f.line_end IS NOT NULL
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
ORDER BY lines DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT CAST($2 AS BIGINT)
