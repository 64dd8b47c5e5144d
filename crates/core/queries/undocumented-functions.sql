SELECT f.qualified_name, f.kind, f.file_path, f.line_start, f.complexity
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT f.function_id, f.qualified_name, f.kind, s.file_path, f.line_start, f.complexity
        FROM functions f
        JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
        WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
          AND f.visibility = 'public' AND f.doc_string IS NULL
          AND f.kind <> 'closure'
          AND NOT f.is_test AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
        ORDER BY f.complexity DESC NULLS LAST, f.function_id
        LIMIT {limit}
    ) top
    /* end */
) f
ORDER BY f.complexity DESC NULLS LAST, f.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
