WITH candidates AS MATERIALIZED (
    SELECT f.function_id, f.name, f.qualified_name, f.kind, f.line_start, f.code_lines, s.file_path
    FROM functions f
    CROSS JOIN files s
    WHERE s.file_id = f.file_id AND s.repository_id = f.repository_id AND f.repository_id IN ({repositories}) AND s.repository_id IN ({repositories})
      AND f.name_mentions = 0
      AND f.kind IN ('function', 'method', 'closure')
      AND NOT f.is_test AND NOT f.is_entry_point AND NOT f.is_override AND NOT f.is_abstract
      AND s.parse_status = 'parsed'
      AND NOT s.is_test AND NOT s.is_vendored AND NOT s.is_generated
      AND NOT (substr(f.name, 1, 2) = '__' AND substr(f.name, length(f.name) - 1, 2) = '__')
      AND coalesce(f.modifiers, '') NOT LIKE '%extern%'
      AND ({confidence} = 'low'
           OR f.visibility = 'private' AND NOT f.is_exported
              AND lower(coalesce(s.extension, '')) NOT IN ('h', 'hh', 'hpp', 'hxx', 'inl', 'ipp', 'tpp')
              AND (s.language <> 'csharp' OR coalesce(f.signature, '') NOT LIKE '%object %sender%'))
      AND NOT EXISTS (
        SELECT 1 FROM annotations a
        WHERE a.function_id = f.function_id AND a.file_id = f.file_id AND a.repository_id = f.repository_id
          AND a.repository_id IN ({repositories})
      )
      AND NOT EXISTS (
        SELECT 1 FROM calls k
        WHERE k.target_function_id = f.function_id AND k.repository_id = f.repository_id
          AND k.repository_id IN ({repositories}) AND (k.function_id IS NULL OR k.function_id <> f.function_id)
      )
      AND NOT EXISTS (
        SELECT 1 FROM imports i
        WHERE i.target_function_id = f.function_id AND i.repository_id = f.repository_id
          AND i.repository_id IN ({repositories})
      )
      AND NOT EXISTS (
        SELECT 1 FROM imports i
        WHERE i.target_file_id = f.file_id AND i.repository_id = f.repository_id
          AND i.repository_id IN ({repositories}) AND i.name = f.name
      )
), called AS MATERIALIZED (
    SELECT DISTINCT k.callee_name
    FROM calls k
    JOIN candidates c ON c.name = k.callee_name
    WHERE k.repository_id IN ({repositories}) AND k.status <> 'resolved'
)
SELECT c.qualified_name, c.kind, c.file_path, c.line_start, c.code_lines
FROM candidates c
WHERE c.name NOT IN (SELECT callee_name FROM called)
ORDER BY c.code_lines DESC NULLS LAST, c.file_path, coalesce(c.line_start, 0), c.function_id
LIMIT {limit}
