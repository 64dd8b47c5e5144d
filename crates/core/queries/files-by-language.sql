SELECT s.language, count(*) AS files, CAST(sum(s.size_bytes) AS BIGINT) AS bytes,
       CAST(sum(s.total_lines) AS BIGINT) AS lines, CAST(sum(s.code_lines) AS BIGINT) AS code_lines,
       CAST(sum(s.function_count) AS BIGINT) AS functions, CAST(sum(s.class_count) AS BIGINT) AS classes
FROM files s
WHERE s.repository_id IN ({repositories})
GROUP BY s.language
ORDER BY files DESC, s.language
LIMIT {limit}
