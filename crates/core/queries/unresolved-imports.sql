SELECT i.module, i.status, count(*) AS import_sites, count(DISTINCT i.file_id) AS files, min(s.file_path) AS first_file
FROM imports i
JOIN files s ON s.file_id = i.file_id AND s.repository_id = i.repository_id
JOIN repositories r ON r.repository_id = i.repository_id
WHERE i.status IN ('unresolved', 'ambiguous')
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
GROUP BY i.module, i.status
ORDER BY import_sites DESC, i.module, i.status
LIMIT CAST($2 AS BIGINT)
