SELECT r.name AS repository, s.directory AS module, count(*) AS files, CAST(sum(s.function_count) AS BIGINT) AS functions,
       CAST(sum(s.complexity) AS BIGINT) AS complexity
FROM files s
JOIN repositories r ON r.repository_id = s.repository_id
WHERE s.repository_id IN ({repositories}) AND s.complexity IS NOT NULL
GROUP BY r.repository_id, r.name, s.directory
ORDER BY complexity DESC, r.name, s.directory, r.repository_id
LIMIT {limit}
