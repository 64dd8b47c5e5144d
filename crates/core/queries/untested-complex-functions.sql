SELECT f.qualified_name, f.file_path, f.line_start, f.complexity
FROM (
    /* each repository */
    SELECT * FROM (
        SELECT f.function_id, f.qualified_name, f.line_start, f.complexity, s.file_path
        FROM functions f
        JOIN files s ON s.file_id = f.file_id AND s.repository_id = f.repository_id
        WHERE f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
          AND f.complexity IS NOT NULL AND f.complexity >= {complexity}
          AND NOT f.is_test AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
          AND 1 > (
            SELECT count(*)
            FROM calls k
            JOIN files t ON t.file_id = k.file_id AND t.repository_id = k.repository_id
            LEFT JOIN functions u ON u.function_id = k.function_id AND u.repository_id = k.repository_id
                AND u.repository_id IN ({repositories})
            WHERE k.target_function_id = f.function_id
              AND k.repository_id IN ({repositories}) AND t.repository_id IN ({repositories})
              AND (t.is_test OR u.is_test)
          )
        ORDER BY f.complexity DESC NULLS LAST, f.function_id
        LIMIT {limit}
    ) top
    /* end */
) f
ORDER BY f.complexity DESC NULLS LAST, f.file_path, coalesce(f.line_start, 0), f.function_id
LIMIT {limit}
