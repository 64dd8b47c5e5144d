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
), outside AS (
    SELECT k.file_id, k.repository_id, min(n.distance) + 1 AS distance
    FROM nearest n
    JOIN calls k ON k.target_function_id = n.function_id AND k.repository_id = n.repository_id
    WHERE k.repository_id IN ({repositories}) AND k.function_id IS NULL AND n.distance < {depth}
    GROUP BY k.file_id, k.repository_id
), cut AS (
    SELECT function_id, file_id, repository_id, distance
    FROM (
        SELECT function_id, CAST(NULL AS uuid) AS file_id, repository_id, distance FROM nearest WHERE distance > 0
        UNION ALL
        SELECT NULL, file_id, repository_id, distance FROM outside
    ) a
    ORDER BY distance, coalesce(function_id, file_id)
    LIMIT {limit}
)
SELECT n.distance, f.qualified_name AS caller, s.file_path, f.line_start
FROM cut n
LEFT JOIN functions f ON f.function_id = n.function_id AND f.repository_id = n.repository_id
    AND f.repository_id IN ({repositories})
JOIN files s ON s.file_id = coalesce(n.file_id, f.file_id) AND s.repository_id = n.repository_id
WHERE s.repository_id IN ({repositories})
ORDER BY n.distance, s.file_path, coalesce(f.line_start, 0), coalesce(n.function_id, n.file_id)
