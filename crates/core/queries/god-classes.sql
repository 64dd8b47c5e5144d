SELECT c.qualified_name, s.file_path, c.line_start, c.method_count, c.field_count,
       CAST(coalesce(sum(f.complexity), 0) AS BIGINT) AS complexity
FROM classes c
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
JOIN functions f ON f.class_id = c.class_id AND f.repository_id = c.repository_id
WHERE c.repository_id IN ({repositories}) AND s.repository_id IN ({repositories}) AND f.repository_id IN ({repositories})
  AND c.method_count >= {methods} AND c.method_count > 0
  AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
GROUP BY c.class_id, c.qualified_name, s.file_path, c.line_start, c.method_count, c.field_count
ORDER BY complexity DESC, s.file_path, coalesce(c.line_start, 0), c.class_id
LIMIT {limit}
