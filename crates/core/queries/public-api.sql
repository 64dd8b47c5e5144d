WITH first_classes AS (
    SELECT c.kind, c.qualified_name, CAST(NULL AS TEXT) AS signature, s.file_path, c.line_start, c.class_id AS id
    FROM files s
    CROSS JOIN classes c
    WHERE c.file_id = s.file_id AND c.repository_id = s.repository_id AND s.repository_id IN ({repositories}) AND c.repository_id IN ({repositories}) AND c.is_exported
      AND s.class_count > 0
      AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
    ORDER BY s.file_path, c.line_start, c.class_id
    LIMIT {limit}
), first_functions AS (
    SELECT f.kind, f.qualified_name, f.signature, s.file_path, f.line_start, f.function_id AS id
    FROM files s
    CROSS JOIN functions f
    WHERE f.file_id = s.file_id AND f.repository_id = s.repository_id AND s.repository_id IN ({repositories}) AND f.repository_id IN ({repositories}) AND f.is_exported
      AND s.function_count > 0
      AND f.kind <> 'closure' AND NOT f.is_test
      AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
    ORDER BY s.file_path, f.line_start, f.function_id
    LIMIT {limit}
)
SELECT a.kind, a.qualified_name, a.signature, a.file_path, a.line_start
FROM (SELECT * FROM first_classes UNION ALL SELECT * FROM first_functions) a
ORDER BY a.file_path, coalesce(a.line_start, 0), a.id
LIMIT {limit}
