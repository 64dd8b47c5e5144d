WITH marked AS MATERIALIZED (
    SELECT c.marker, c.file_id, c.repository_id, c.line_start, c.ordinal
    FROM comments c
    WHERE c.repository_id IN ({repositories}) AND c.marker IS NOT NULL
)
SELECT c.marker, s.file_path, c.line_start, s.language
FROM marked c
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
WHERE s.repository_id IN ({repositories})
ORDER BY s.file_path, coalesce(c.line_start, 0), c.ordinal, c.file_id
LIMIT {limit}
