WITH shapes AS MATERIALIZED (
    SELECT f.body_shape, count(*) AS copies, max(f.code_lines) AS lines
    FROM functions f
    JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
    WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
      AND f.body_shape IS NOT NULL AND f.code_lines >= {lines}
      AND NOT f.is_test AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
    GROUP BY f.body_shape
    HAVING count(*) > 1
    ORDER BY max(f.code_lines) * (count(*) - 1) DESC, f.body_shape
    LIMIT {limit}
)
SELECT x.copies, f.code_lines, f.qualified_name, s.file_path, f.line_start
FROM shapes x
JOIN functions f ON f.body_shape = x.body_shape
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
  AND f.body_shape IS NOT NULL AND f.code_lines >= {lines}
  AND NOT f.is_test AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
ORDER BY x.lines * (x.copies - 1) DESC, x.body_shape, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
