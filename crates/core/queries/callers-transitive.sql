WITH RECURSIVE reached(function_id, repository_id, distance) AS (
    SELECT t.function_id, t.repository_id, CAST(0 AS BIGINT)
    FROM functions t
    WHERE t.repository_id IN ({repositories}) AND (t.name = {function} OR t.qualified_name = {function})
    UNION
    SELECT k.function_id, k.repository_id, p.distance + 1
    FROM reached p
    JOIN calls k ON k.target_function_id = p.function_id AND k.repository_id = p.repository_id
    WHERE k.repository_id IN ({repositories}) AND k.function_id IS NOT NULL AND p.distance < {depth}
), nearest AS (
    SELECT function_id, repository_id, min(distance) AS distance
    FROM reached
    GROUP BY function_id, repository_id
), cut AS (
    SELECT function_id, repository_id, distance
    FROM nearest
    WHERE distance > 0
    ORDER BY distance, function_id
    LIMIT {limit}
)
SELECT n.distance, f.qualified_name AS caller, s.file_path, f.line_start
FROM cut n
JOIN functions f ON f.function_id = n.function_id AND f.repository_id = n.repository_id
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
ORDER BY n.distance, s.file_path, coalesce(f.line_start, 0), f.function_id
