SELECT c.marker, s.file_path, c.line_start, s.language
FROM comments c
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
JOIN repositories r ON r.repository_id = c.repository_id
WHERE c.marker IS NOT NULL
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
ORDER BY s.file_path, coalesce(c.line_start, 0), c.ordinal
LIMIT CAST($2 AS BIGINT)
