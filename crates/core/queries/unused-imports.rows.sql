WITH named AS MATERIALIZED (
    SELECT i.file_id, i.ordinal, i.repository_id, i.target_function_id, i.target_class_id,
           coalesce(i.alias, i.name) AS local_name
    FROM imports i
    WHERE i.target_function_id IS NOT NULL AND i.repository_id IN ({repositories}) AND i.name IS NOT NULL
      AND i.kind = 'name' AND {only}
    UNION ALL
    SELECT i.file_id, i.ordinal, i.repository_id, i.target_function_id, i.target_class_id,
           coalesce(i.alias, i.name) AS local_name
    FROM imports i
    WHERE i.target_class_id IS NOT NULL AND i.target_function_id IS NULL AND i.repository_id IN ({repositories})
      AND i.name IS NOT NULL AND i.kind = 'name' AND {only}
)
SELECT n.file_id, n.ordinal, n.repository_id
FROM named n
WHERE NOT EXISTS (
    SELECT 1 FROM calls k
    WHERE k.file_id = n.file_id AND k.repository_id = n.repository_id AND k.repository_id IN ({repositories})
      AND (k.target_function_id = n.target_function_id OR k.target_class_id = n.target_class_id
           OR k.callee_name = n.local_name OR replace(k.callee_text, n.local_name, '') <> k.callee_text)
) AND NOT EXISTS (
    SELECT 1 FROM classes c
    JOIN inheritance e ON e.class_id = c.class_id AND e.repository_id = c.repository_id
    WHERE c.file_id = n.file_id AND c.repository_id = n.repository_id
      AND c.repository_id IN ({repositories}) AND e.repository_id IN ({repositories})
      AND (e.target_class_id = n.target_class_id
           OR replace(coalesce(e.base_text, e.base_name), n.local_name, '') <> coalesce(e.base_text, e.base_name))
) AND NOT EXISTS (
    SELECT 1 FROM functions f
    WHERE f.file_id = n.file_id AND f.repository_id = n.repository_id AND f.repository_id IN ({repositories})
      AND (replace(f.signature, n.local_name, '') <> f.signature
           OR replace(f.return_type, n.local_name, '') <> f.return_type)
) AND NOT EXISTS (
    SELECT 1 FROM classes c
    JOIN fields d ON d.class_id = c.class_id AND d.repository_id = c.repository_id
    WHERE c.file_id = n.file_id AND c.repository_id = n.repository_id
      AND c.repository_id IN ({repositories}) AND d.repository_id IN ({repositories})
      AND (replace(d.type, n.local_name, '') <> d.type OR replace(d.default_value, n.local_name, '') <> d.default_value)
) AND NOT EXISTS (
    SELECT 1 FROM annotations a
    WHERE a.file_id = n.file_id AND a.repository_id = n.repository_id AND a.repository_id IN ({repositories})
      AND (replace(a.name, n.local_name, '') <> a.name OR replace(a.arguments, n.local_name, '') <> a.arguments)
)
