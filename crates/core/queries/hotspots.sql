WITH candidates AS (
    SELECT f.function_id, f.repository_id, f.file_id, f.qualified_name, f.line_start, f.complexity
    FROM functions f
    JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
    JOIN repositories r ON r.repository_id = f.repository_id
    WHERE f.complexity IS NOT NULL
      AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
      AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
    ORDER BY f.complexity DESC, f.function_id
    LIMIT 500
), counted AS (
    SELECT c.*, (
        SELECT count(*) FROM calls k
        WHERE k.target_function_id = c.function_id AND k.repository_id = c.repository_id
    ) AS call_sites
    FROM candidates c
)
SELECT c.qualified_name, s.file_path, c.line_start, c.complexity, c.call_sites,
       c.complexity * (1 + c.call_sites) AS score
FROM counted c
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
ORDER BY score DESC, c.complexity DESC, s.file_path, coalesce(c.line_start, 0), c.function_id
LIMIT CAST($2 AS BIGINT)
