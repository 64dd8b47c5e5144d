WITH RECURSIVE chain(class_id, repository_id, depth) AS (
    SELECT DISTINCT i.target_class_id, i.repository_id, CAST(0 AS BIGINT)
    FROM inheritance i
    WHERE i.repository_id IN ({repositories}) AND i.target_class_id IS NOT NULL
    UNION
    SELECT i.class_id, i.repository_id, p.depth + 1
    FROM chain p
    JOIN inheritance i ON i.target_class_id = p.class_id AND i.repository_id = p.repository_id
    WHERE i.repository_id IN ({repositories}) AND p.depth < 64
), deepest AS (
    SELECT class_id, repository_id, max(depth) AS depth
    FROM chain
    GROUP BY class_id, repository_id
), cut AS (
    SELECT class_id, repository_id, depth
    FROM deepest
    WHERE depth > 0
    ORDER BY depth DESC, class_id
    LIMIT {limit}
)
SELECT d.depth, c.qualified_name, c.kind, s.file_path, c.line_start
FROM cut d
JOIN classes c ON c.class_id = d.class_id AND c.repository_id = d.repository_id
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
WHERE c.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
ORDER BY d.depth DESC, s.file_path, coalesce(c.line_start, 0), c.class_id
