SELECT f.qualified_name, s.file_path, f.line_start, f.complexity, f.cognitive_complexity, f.max_nesting
FROM functions f
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
JOIN repositories r ON r.repository_id = f.repository_id
WHERE f.complexity IS NOT NULL
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
ORDER BY coalesce(f.complexity, 0) DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT CAST($2 AS BIGINT)
