SELECT s.language, d.target_module AS module, count(*) AS files, CAST(sum(d.site_count) AS BIGINT) AS import_sites
FROM dependencies d
JOIN files s ON s.file_id = d.source_file_id AND s.repository_id = d.repository_id
JOIN repositories r ON r.repository_id = d.repository_id
WHERE d.dependency_type = 'import' AND d.status = 'external'
  AND (CAST($1 AS TEXT) IS NULL OR $1 IN (r.name, r.name || '@' || r.ref_name))
GROUP BY s.language, d.target_module
ORDER BY files DESC, import_sites DESC, s.language, module
LIMIT CAST($2 AS BIGINT)
