SELECT d.target_module AS module, count(DISTINCT d.repository_id) AS repositories,
       count(DISTINCT d.source_file_id) AS files, CAST(sum(d.site_count) AS BIGINT) AS import_sites
FROM dependencies d
WHERE d.repository_id IN ({repositories})
  AND d.dependency_type = 'import' AND d.status = 'external' AND d.target_module IS NOT NULL
GROUP BY d.target_module
ORDER BY repositories DESC, files DESC, import_sites DESC, module
LIMIT {limit}
