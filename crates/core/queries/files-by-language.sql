SELECT s.language, count(*) AS files, CAST(sum(s.size_bytes) AS BIGINT) AS bytes,
       CAST(sum(s.total_lines) AS BIGINT) AS lines, CAST(sum(s.code_lines) AS BIGINT) AS code_lines,
       CAST(sum(s.function_count) AS BIGINT) AS functions, CAST(sum(s.class_count) AS BIGINT) AS classes
FROM files s
JOIN repositories r ON r.repository_id = s.repository_id
WHERE (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
GROUP BY s.language
ORDER BY files DESC, s.language
LIMIT CAST($2 AS BIGINT)
