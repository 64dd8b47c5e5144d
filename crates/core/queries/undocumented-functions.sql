SELECT f.qualified_name, f.kind, s.file_path, f.line_start, f.complexity
FROM functions f
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
JOIN repositories r ON r.repository_id = f.repository_id
WHERE f.visibility = 'public' AND f.doc_string IS NULL
  AND f.kind <> 'closure'
  AND NOT f.is_test AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
ORDER BY coalesce(f.complexity, 0) DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT CAST($2 AS BIGINT)
