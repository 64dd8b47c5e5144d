SELECT f.qualified_name, s.file_path, f.line_start, f.complexity, f.cognitive_complexity, f.max_nesting
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT f.function_id, f.repository_id, f.file_id, f.qualified_name, f.line_start, f.complexity,
               f.cognitive_complexity, f.max_nesting
        FROM functions f
        WHERE f.repository_id IN ({repositories}) AND f.complexity IS NOT NULL
        ORDER BY f.complexity DESC NULLS LAST, f.function_id
        LIMIT {limit}
    ) top
    /* end */
) f
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE s.repository_id IN ({repositories})
ORDER BY f.complexity DESC NULLS LAST, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
