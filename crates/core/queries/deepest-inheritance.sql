WITH RECURSIVE chain(class_id, repository_id, depth) AS (
    SELECT c.class_id, c.repository_id, CAST(0 AS BIGINT)
    FROM classes c
    JOIN repositories r ON r.repository_id = c.repository_id
    WHERE (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
      AND EXISTS (
        SELECT 1 FROM inheritance i WHERE i.target_class_id = c.class_id AND i.repository_id = c.repository_id
      )
    UNION
    SELECT i.class_id, i.repository_id, p.depth + 1
    FROM chain p
    JOIN inheritance i ON i.target_class_id = p.class_id AND i.repository_id = p.repository_id
    WHERE p.depth < 64
), deepest AS (
    SELECT class_id, repository_id, max(depth) AS depth
    FROM chain
    GROUP BY class_id, repository_id
)
SELECT d.depth, c.qualified_name, c.kind, s.file_path, c.line_start
FROM deepest d
JOIN classes c ON c.class_id = d.class_id AND c.repository_id = d.repository_id
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
WHERE d.depth > 0
ORDER BY d.depth DESC, s.file_path, coalesce(c.line_start, 0), c.class_id
LIMIT CAST($2 AS BIGINT)
