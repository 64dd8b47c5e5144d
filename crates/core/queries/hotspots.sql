WITH candidates AS (
    /* each repository */
    SELECT * FROM (
        SELECT f.function_id, f.repository_id, f.qualified_name, f.line_start, f.complexity, s.file_path
        FROM functions f
        JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
        WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories}) AND f.complexity IS NOT NULL
          AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
        ORDER BY f.complexity DESC NULLS LAST, f.function_id
        LIMIT 500
    ) top
    /* end */
), counted AS (
    SELECT c.*, (
        SELECT count(*) FROM calls k
        WHERE k.target_function_id = c.function_id AND k.repository_id = c.repository_id
          AND k.repository_id IN ({repositories})
    ) AS call_sites
    FROM candidates c
)
SELECT c.qualified_name, c.file_path, c.line_start, c.complexity, c.call_sites,
       c.complexity * (1 + c.call_sites) AS score
FROM counted c
ORDER BY score DESC, c.complexity DESC, c.file_path, coalesce(c.line_start, 0), c.function_id
LIMIT {limit}
