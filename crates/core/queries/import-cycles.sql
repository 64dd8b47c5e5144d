SELECT r.name, r.repository_id, a.file_path AS source_path, b.file_path AS target_path
FROM dependencies d
JOIN files a ON a.file_id = d.source_file_id AND a.repository_id = d.repository_id
JOIN files b ON b.file_id = d.target_file_id AND b.repository_id = d.repository_id
JOIN repositories r ON r.repository_id = d.repository_id
WHERE d.repository_id IN ({repositories}) AND d.dependency_type = 'import' AND d.status = 'resolved'
  AND {limit} > 0
ORDER BY r.name, a.file_path, b.file_path
