WITH least AS (
    SELECT m.repository_id, min(m.file_count) AS file_count
    FROM import_cycles m
    WHERE m.repository_id IN ({repositories}) AND m.cycle <= {limit}
    GROUP BY m.repository_id
)
SELECT r.name, r.repository_id, c.cycle, s.file_path
FROM least l
JOIN repositories r ON r.repository_id = l.repository_id
JOIN import_cycles c ON c.repository_id = l.repository_id AND c.file_count >= l.file_count
JOIN files s ON s.file_id = c.file_id AND s.repository_id = c.repository_id
WHERE c.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
