-- Views for people who read: every row with its repository, path and language, and with names instead of ids. The same columns
-- in every SQL backend.

CREATE VIEW file_details AS
SELECT
    f.repository_id,
    r.name AS repository,
    r.ref_name,
    f.file_id,
    f.file_path,
    f.file_name,
    f.directory,
    f.extension,
    f.language,
    f.namespace,
    f.size_bytes,
    f.hash_md5,
    f.total_lines,
    f.code_lines,
    f.comment_lines,
    f.blank_lines,
    f.is_test,
    f.is_vendored,
    f.is_generated,
    f.parse_status,
    f.skip_reason,
    f.function_count,
    f.class_count,
    f.last_modified,
    f.created_at,
    f.updated_at
FROM files f
JOIN repositories r ON r.repository_id = f.repository_id;

CREATE VIEW function_details AS
SELECT
    u.repository_id,
    r.name AS repository,
    r.ref_name,
    u.file_id,
    f.file_path,
    f.language,
    u.function_id,
    u.kind,
    u.name,
    u.qualified_name,
    u.class_id,
    c.qualified_name AS class_name,
    u.signature,
    u.line_start,
    u.line_end,
    u.return_type,
    u.parameter_count,
    u.complexity,
    u.complexity_mccabe,
    u.complexity_radon,
    u.complexity_lizard,
    u.cognitive_complexity,
    u.max_nesting,
    u.code_lines,
    u.visibility,
    u.modifiers,
    u.is_abstract,
    u.is_static,
    u.is_async,
    u.is_test,
    u.is_exported,
    u.is_entry_point,
    u.is_override,
    f.is_vendored,
    f.is_generated,
    u.doc_string
FROM functions u
JOIN files f ON f.file_id = u.file_id AND f.repository_id = u.repository_id
JOIN repositories r ON r.repository_id = u.repository_id
LEFT JOIN classes c ON c.class_id = u.class_id AND c.repository_id = u.repository_id;

-- The parent is the first class that the source says it extends, by the name in the source where it is not in the repository.
CREATE VIEW class_details AS
SELECT
    c.repository_id,
    r.name AS repository,
    r.ref_name,
    c.file_id,
    f.file_path,
    f.language,
    c.class_id,
    c.kind,
    c.name,
    c.qualified_name,
    c.namespace,
    c.outer_class_id,
    o.qualified_name AS outer_class_name,
    i.target_class_id AS parent_class_id,
    coalesce(p.qualified_name, i.base_name) AS parent_class_name,
    c.line_start,
    c.line_end,
    c.visibility,
    c.modifiers,
    c.is_abstract,
    c.is_interface,
    c.is_final,
    c.is_static,
    c.is_exported,
    c.is_inner,
    c.method_count,
    c.field_count,
    c.doc_string
FROM classes c
JOIN files f ON f.file_id = c.file_id AND f.repository_id = c.repository_id
JOIN repositories r ON r.repository_id = c.repository_id
LEFT JOIN classes o ON o.class_id = c.outer_class_id AND o.repository_id = c.repository_id
LEFT JOIN inheritance i ON i.class_id = c.class_id AND i.repository_id = c.repository_id
    AND i.ordinal = (
        SELECT min(e.ordinal)
        FROM inheritance e
        WHERE e.class_id = c.class_id AND e.repository_id = c.repository_id AND e.kind = 'extends'
    )
LEFT JOIN classes p ON p.class_id = i.target_class_id AND p.repository_id = i.repository_id;

-- A caller is looked up with its file too, so that the calls of one function are found by their file.
CREATE VIEW call_details AS
SELECT
    k.repository_id,
    r.name AS repository,
    r.ref_name,
    k.file_id,
    f.file_path,
    f.language,
    k.ordinal,
    k.line_number,
    k.column_number,
    k.function_id AS caller_function_id,
    u.qualified_name AS caller_name,
    k.kind,
    k.callee_name,
    coalesce(k.callee_text, k.callee_name) AS callee_text,
    k.argument_count,
    k.status,
    k.origin,
    k.candidates,
    k.target_file_id,
    tf.file_path AS target_file_path,
    k.target_function_id,
    k.target_class_id,
    coalesce(tu.qualified_name, tc.qualified_name) AS target_name
FROM calls k
JOIN files f ON f.file_id = k.file_id AND f.repository_id = k.repository_id
JOIN repositories r ON r.repository_id = k.repository_id
LEFT JOIN functions u ON u.function_id = k.function_id AND u.repository_id = k.repository_id AND u.file_id = k.file_id
LEFT JOIN files tf ON tf.file_id = k.target_file_id AND tf.repository_id = k.repository_id
LEFT JOIN functions tu ON tu.function_id = k.target_function_id AND tu.repository_id = k.repository_id
LEFT JOIN classes tc ON tc.class_id = k.target_class_id AND tc.repository_id = k.repository_id;

CREATE VIEW dependency_details AS
SELECT
    d.repository_id,
    r.name AS repository,
    r.ref_name,
    d.source_file_id,
    f.file_path AS source_file_path,
    f.language AS source_language,
    d.ordinal,
    d.dependency_type,
    d.status,
    d.target_file_id,
    tf.file_path AS target_file_path,
    tf.language AS target_language,
    d.target_module,
    d.strength,
    d.site_count,
    d.line_number
FROM dependencies d
JOIN files f ON f.file_id = d.source_file_id AND f.repository_id = d.repository_id
JOIN repositories r ON r.repository_id = d.repository_id
LEFT JOIN files tf ON tf.file_id = d.target_file_id AND tf.repository_id = d.repository_id;
