WITH RECURSIVE reached(file_id, repository_id, distance) AS (
    SELECT s.file_id, s.repository_id, CAST(0 AS BIGINT)
    FROM files s
    WHERE s.repository_id IN ({repositories}) AND s.file_path IN ({files})
    UNION
    SELECT d.source_file_id, d.repository_id, p.distance + 1
    FROM reached p
    JOIN dependencies d ON d.target_file_id = p.file_id AND d.repository_id = p.repository_id
    WHERE d.repository_id IN ({repositories}) AND p.distance < {depth}
), nearest AS (
    SELECT file_id, repository_id, min(distance) AS distance
    FROM reached
    GROUP BY file_id, repository_id
), cut AS (
    SELECT file_id, repository_id, distance
    FROM nearest
    WHERE distance > 0
    ORDER BY distance, file_id
    LIMIT {limit}
)
SELECT n.distance, s.file_path, s.language, s.is_test
FROM cut n
JOIN files s ON s.file_id = n.file_id AND s.repository_id = n.repository_id
WHERE s.repository_id IN ({repositories})
ORDER BY n.distance, s.file_path, s.file_id
