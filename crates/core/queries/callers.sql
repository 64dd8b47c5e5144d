WITH targets AS (
    SELECT t.function_id, t.repository_id, t.qualified_name
    FROM functions t
    WHERE t.repository_id IN ({repositories}) AND (t.name = {function} OR t.qualified_name = {function})
), callers AS (
    SELECT DISTINCT k.target_function_id, k.function_id, k.repository_id
    FROM targets t
    JOIN calls k ON k.target_function_id = t.function_id AND k.repository_id = t.repository_id
    WHERE k.repository_id IN ({repositories}) AND k.function_id IS NOT NULL
    ORDER BY k.target_function_id, k.function_id
    LIMIT {limit}
), outside AS (
    SELECT k.target_function_id, k.file_id, k.ordinal, k.repository_id
    FROM targets t
    JOIN calls k ON k.target_function_id = t.function_id AND k.repository_id = t.repository_id
    WHERE k.repository_id IN ({repositories}) AND k.function_id IS NULL
    ORDER BY k.target_function_id, k.file_id, k.ordinal
    LIMIT {limit}
), sites AS (
    SELECT k.target_function_id, k.function_id, k.repository_id, k.file_id, k.ordinal, k.line_number, k.column_number
    FROM callers c
    JOIN calls k ON k.target_function_id = c.target_function_id AND k.function_id = c.function_id
        AND k.repository_id = c.repository_id
    WHERE k.repository_id IN ({repositories})
    UNION ALL
    SELECT k.target_function_id, k.function_id, k.repository_id, k.file_id, k.ordinal, k.line_number, k.column_number
    FROM outside o
    JOIN calls k ON k.file_id = o.file_id AND k.ordinal = o.ordinal AND k.repository_id = o.repository_id
    WHERE k.repository_id IN ({repositories})
)
SELECT t.qualified_name AS callee, c.qualified_name AS caller, s.file_path, k.line_number, k.column_number
FROM sites k
JOIN targets t ON t.function_id = k.target_function_id AND t.repository_id = k.repository_id
JOIN files s ON s.file_id = k.file_id AND s.repository_id = k.repository_id AND s.repository_id IN ({repositories})
LEFT JOIN functions c ON c.function_id = k.function_id AND c.repository_id = k.repository_id
    AND c.repository_id IN ({repositories})
ORDER BY t.qualified_name, s.file_path, coalesce(k.line_number, 0), k.ordinal
LIMIT {limit}
