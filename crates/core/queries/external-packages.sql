SELECT s.language, d.target_module AS module, count(*) AS files, CAST(sum(d.site_count) AS BIGINT) AS import_sites
FROM dependencies d
JOIN files s ON s.file_id = d.source_file_id AND s.repository_id = d.repository_id
WHERE d.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
  AND d.dependency_type = 'import' AND d.status = 'external' AND d.target_module IS NOT NULL
GROUP BY s.language, d.target_module
ORDER BY files DESC, import_sites DESC, s.language, module
LIMIT {limit}
