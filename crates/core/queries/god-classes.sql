SELECT c.qualified_name, s.file_path, c.line_start, c.method_count, c.field_count,
       CAST(coalesce(sum(f.complexity), 0) AS BIGINT) AS complexity
FROM classes c
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
JOIN repositories r ON r.repository_id = c.repository_id
JOIN functions f ON f.class_id = c.class_id AND f.repository_id = c.repository_id
WHERE c.method_count >= CAST($3 AS BIGINT)
  AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
GROUP BY c.class_id, c.qualified_name, s.file_path, c.line_start, c.method_count, c.field_count
ORDER BY complexity DESC, s.file_path, coalesce(c.line_start, 0), c.class_id
LIMIT CAST($2 AS BIGINT)
