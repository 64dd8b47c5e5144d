SELECT f.qualified_name, s.file_path, f.line_start, f.line_end - f.line_start + 1 AS lines, f.code_lines, f.complexity
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT f.function_id, f.repository_id, f.file_id, f.qualified_name, f.line_start, f.line_end, f.code_lines,
               f.complexity
        FROM functions f
        WHERE f.repository_id IN ({repositories}) AND f.line_end - f.line_start IS NOT NULL
        ORDER BY f.line_end - f.line_start DESC NULLS LAST, f.function_id
        LIMIT {limit}
    ) top
    /* end */
) f
JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
WHERE s.repository_id IN ({repositories})
ORDER BY lines DESC, s.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
