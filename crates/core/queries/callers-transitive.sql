WITH RECURSIVE reached(function_id, repository_id, distance) AS (
    SELECT t.function_id, t.repository_id, CAST(0 AS BIGINT)
    FROM functions t
    JOIN repositories r ON r.repository_id = t.repository_id
    WHERE (t.name = $3 OR t.qualified_name = $3)
      AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
    UNION
    SELECT k.function_id, k.repository_id, p.distance + 1
    FROM reached p
    JOIN calls k ON k.target_function_id = p.function_id AND k.repository_id = p.repository_id
    WHERE k.function_id IS NOT NULL AND p.distance < CAST($4 AS BIGINT)
), nearest AS (
    SELECT function_id, repository_id, min(distance) AS distance
    FROM reached
    GROUP BY function_id, repository_id
)
SELECT n.distance, f.qualified_name AS caller, s.file_path, f.line_start
FROM nearest n
JOIN functions f ON f.function_id = n.function_id AND f.repository_id = n.repository_id
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE n.distance > 0
ORDER BY n.distance, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT CAST($2 AS BIGINT)
