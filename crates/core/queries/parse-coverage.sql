SELECT s.language, s.parse_status, s.skip_reason, count(*) AS files, CAST(sum(s.size_bytes) AS BIGINT) AS bytes
FROM files s
WHERE s.repository_id IN ({repositories})
GROUP BY s.language, s.parse_status, s.skip_reason
ORDER BY s.language, s.parse_status, files DESC, coalesce(s.skip_reason, '')
LIMIT {limit}
