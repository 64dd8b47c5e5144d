SELECT s.language, s.parse_status, s.skip_reason, count(*) AS files, CAST(sum(s.size_bytes) AS BIGINT) AS bytes
FROM files s
JOIN repositories r ON r.repository_id = s.repository_id
WHERE (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
GROUP BY s.language, s.parse_status, s.skip_reason
ORDER BY s.language, s.parse_status, files DESC, coalesce(s.skip_reason, '')
LIMIT CAST($2 AS BIGINT)
