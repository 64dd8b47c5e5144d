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
LEFT JOIN LATERAL (
    SELECT e.base_name, e.target_class_id
    FROM inheritance e
    WHERE e.class_id = c.class_id AND e.repository_id = c.repository_id AND e.kind = 'extends'
    ORDER BY e.ordinal
    LIMIT 1
) i ON true
LEFT JOIN classes p ON p.class_id = i.target_class_id AND p.repository_id = c.repository_id;

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

-- What they mean.
COMMENT ON VIEW file_details IS 'Files with their repository.';
COMMENT ON COLUMN file_details.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN file_details.repository IS 'The normalised remote (github.com/org/app), or the directory''s name.';
COMMENT ON COLUMN file_details.ref_name IS 'The branch or other ref; empty where the source has none.';
COMMENT ON COLUMN file_details.file_id IS 'Identity, from repository and path.';
COMMENT ON COLUMN file_details.file_path IS 'Path relative to the root; bytes that are not UTF-8 show as \xHH.';
COMMENT ON COLUMN file_details.file_name IS 'The last part of the path.';
COMMENT ON COLUMN file_details.directory IS 'The path without its last part; empty at the root.';
COMMENT ON COLUMN file_details.extension IS 'What follows the last dot of the name.';
COMMENT ON COLUMN file_details.language IS 'java, python, javascript, typescript, c, cpp, csharp, go, rust, kotlin, scala or unknown.';
COMMENT ON COLUMN file_details.namespace IS 'The package, module or namespace the file declares.';
COMMENT ON COLUMN file_details.size_bytes IS 'Size in bytes.';
COMMENT ON COLUMN file_details.hash_md5 IS 'MD5 of the content in hexadecimal.';
COMMENT ON COLUMN file_details.total_lines IS 'All lines.';
COMMENT ON COLUMN file_details.code_lines IS 'Lines with code on them.';
COMMENT ON COLUMN file_details.comment_lines IS 'Lines with nothing but comment.';
COMMENT ON COLUMN file_details.blank_lines IS 'Lines with nothing but white space.';
COMMENT ON COLUMN file_details.is_test IS 'Holds tests, by the rules of discovery.';
COMMENT ON COLUMN file_details.is_vendored IS 'Copied in from somebody else, by the rules of discovery.';
COMMENT ON COLUMN file_details.is_generated IS 'Written by a program, by the rules of discovery.';
COMMENT ON COLUMN file_details.parse_status IS 'parsed, partial (errors inside), skipped or failed.';
COMMENT ON COLUMN file_details.skip_reason IS 'Why it was skipped or failed.';
COMMENT ON COLUMN file_details.function_count IS 'Number of its functions.';
COMMENT ON COLUMN file_details.class_count IS 'Number of its classes.';
COMMENT ON COLUMN file_details.last_modified IS 'When the file was last modified, by its file system.';
COMMENT ON COLUMN file_details.created_at IS 'When this row was first written.';
COMMENT ON COLUMN file_details.updated_at IS 'When this row was last changed.';
COMMENT ON VIEW function_details IS 'Functions with their file, class and repository.';
COMMENT ON COLUMN function_details.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN function_details.repository IS 'The normalised remote (github.com/org/app), or the directory''s name.';
COMMENT ON COLUMN function_details.ref_name IS 'The branch or other ref; empty where the source has none.';
COMMENT ON COLUMN function_details.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN function_details.file_path IS 'Path relative to the root; bytes that are not UTF-8 show as \xHH.';
COMMENT ON COLUMN function_details.language IS 'java, python, javascript, typescript, c, cpp, csharp, go, rust, kotlin, scala or unknown.';
COMMENT ON COLUMN function_details.function_id IS 'Identity, from repository, path, kind, qualified name and ordinal.';
COMMENT ON COLUMN function_details.kind IS 'function, method, constructor, destructor, accessor, operator, closure or macro.';
COMMENT ON COLUMN function_details."name" IS 'The bare name.';
COMMENT ON COLUMN function_details.qualified_name IS 'The name with what encloses it.';
COMMENT ON COLUMN function_details.class_id IS 'The class it belongs to.';
COMMENT ON COLUMN function_details.class_name IS 'The qualified name of that class.';
COMMENT ON COLUMN function_details.signature IS 'The head as the source has it, white space folded.';
COMMENT ON COLUMN function_details.line_start IS 'First line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN function_details.line_end IS 'Last line, from 1.';
COMMENT ON COLUMN function_details.return_type IS 'The declared return type.';
COMMENT ON COLUMN function_details.parameter_count IS 'Number of parameters, receivers included where written.';
COMMENT ON COLUMN function_details.complexity IS 'Cyclomatic complexity, from 1; see `metric_definitions`.';
COMMENT ON COLUMN function_details.complexity_mccabe IS 'Cyclomatic complexity as mccabe 0.7 counts it; Python alone.';
COMMENT ON COLUMN function_details.complexity_radon IS 'Cyclomatic complexity as radon 6.0 counts it; Python alone.';
COMMENT ON COLUMN function_details.complexity_lizard IS 'Cyclomatic complexity as lizard 1.17 counts it; C, C++, Go, Java, JavaScript, Python.';
COMMENT ON COLUMN function_details.cognitive_complexity IS 'Cognitive complexity, from 0; see `metric_definitions`.';
COMMENT ON COLUMN function_details.max_nesting IS 'Depth of the deepest control structure inside, from 0.';
COMMENT ON COLUMN function_details.code_lines IS 'Lines with code on them.';
COMMENT ON COLUMN function_details.visibility IS 'public, protected, internal (package, module, crate), private or unspecified.';
COMMENT ON COLUMN function_details.modifiers IS 'Modifiers as written, separated by spaces.';
COMMENT ON COLUMN function_details.is_abstract IS 'Declared without a body.';
COMMENT ON COLUMN function_details.is_static IS 'Belongs to the class, not to its objects.';
COMMENT ON COLUMN function_details.is_async IS 'Asynchronous.';
COMMENT ON COLUMN function_details.is_test IS 'A test, by the conventions of its language.';
COMMENT ON COLUMN function_details.is_exported IS 'Seen outside its file or module, by the rule of its language.';
COMMENT ON COLUMN function_details.is_entry_point IS 'Called from outside the code: main, and what run-times and frameworks call.';
COMMENT ON COLUMN function_details.is_override IS 'Takes the place of a method of a base, or is what a base promises.';
COMMENT ON COLUMN function_details.is_vendored IS 'Copied in from somebody else, by the rules of discovery.';
COMMENT ON COLUMN function_details.is_generated IS 'Written by a program, by the rules of discovery.';
COMMENT ON COLUMN function_details.doc_string IS 'The documentation that stands with it.';
COMMENT ON VIEW class_details IS 'Classes with their file, enclosing class, parent class and repository.';
COMMENT ON COLUMN class_details.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN class_details.repository IS 'The normalised remote (github.com/org/app), or the directory''s name.';
COMMENT ON COLUMN class_details.ref_name IS 'The branch or other ref; empty where the source has none.';
COMMENT ON COLUMN class_details.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN class_details.file_path IS 'Path relative to the root; bytes that are not UTF-8 show as \xHH.';
COMMENT ON COLUMN class_details.language IS 'java, python, javascript, typescript, c, cpp, csharp, go, rust, kotlin, scala or unknown.';
COMMENT ON COLUMN class_details.class_id IS 'Identity, from repository, path, kind, qualified name and ordinal.';
COMMENT ON COLUMN class_details.kind IS 'class, interface, trait, struct, union, enum, record, object, annotation or type_alias.';
COMMENT ON COLUMN class_details."name" IS 'The bare name.';
COMMENT ON COLUMN class_details.qualified_name IS 'The name with what encloses it.';
COMMENT ON COLUMN class_details.namespace IS 'The package, module or namespace.';
COMMENT ON COLUMN class_details.outer_class_id IS 'The class that encloses it.';
COMMENT ON COLUMN class_details.outer_class_name IS 'The qualified name of that class.';
COMMENT ON COLUMN class_details.parent_class_id IS 'The first class that it says it extends, where that is in the repository.';
COMMENT ON COLUMN class_details.parent_class_name IS 'The qualified name of that class; where it is not in the repository, the name in the source.';
COMMENT ON COLUMN class_details.line_start IS 'First line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN class_details.line_end IS 'Last line, from 1.';
COMMENT ON COLUMN class_details.visibility IS 'public, protected, internal (package, module, crate), private or unspecified.';
COMMENT ON COLUMN class_details.modifiers IS 'Modifiers as written, separated by spaces.';
COMMENT ON COLUMN class_details.is_abstract IS 'No objects can be made of it.';
COMMENT ON COLUMN class_details.is_interface IS 'It is an interface, trait or annotation.';
COMMENT ON COLUMN class_details.is_final IS 'It cannot be inherited from.';
COMMENT ON COLUMN class_details.is_static IS 'It belongs to no object of the enclosing class.';
COMMENT ON COLUMN class_details.is_exported IS 'Seen outside its file or module, by the rule of its language.';
COMMENT ON COLUMN class_details.is_inner IS 'Another class or a function encloses it.';
COMMENT ON COLUMN class_details.method_count IS 'Number of its own functions.';
COMMENT ON COLUMN class_details.field_count IS 'Number of its own fields.';
COMMENT ON COLUMN class_details.doc_string IS 'The documentation that stands with it.';
COMMENT ON VIEW call_details IS 'Call sites with their file, caller, target and repository.';
COMMENT ON COLUMN call_details.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN call_details.repository IS 'The normalised remote (github.com/org/app), or the directory''s name.';
COMMENT ON COLUMN call_details.ref_name IS 'The branch or other ref; empty where the source has none.';
COMMENT ON COLUMN call_details.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN call_details.file_path IS 'Path relative to the root; bytes that are not UTF-8 show as \xHH.';
COMMENT ON COLUMN call_details.language IS 'java, python, javascript, typescript, c, cpp, csharp, go, rust, kotlin, scala or unknown.';
COMMENT ON COLUMN call_details.ordinal IS 'Position in the file, from 0.';
COMMENT ON COLUMN call_details.line_number IS 'Line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN call_details.column_number IS 'Column, from 1, in bytes.';
COMMENT ON COLUMN call_details.caller_function_id IS 'The innermost enclosing function; NULL at the top level.';
COMMENT ON COLUMN call_details.caller_name IS 'The qualified name of that function.';
COMMENT ON COLUMN call_details.kind IS 'function, method, constructor or macro.';
COMMENT ON COLUMN call_details.callee_name IS 'The last name of the callee.';
COMMENT ON COLUMN call_details.callee_text IS 'The callee as written.';
COMMENT ON COLUMN call_details.argument_count IS 'Number of arguments written.';
COMMENT ON COLUMN call_details.status IS 'resolved, ambiguous, external, stdlib or unresolved.';
COMMENT ON COLUMN call_details.origin IS 'The rule that decided: none, scope, member, inherited, import, package, include, path, alias, stdlib_list or producer.';
COMMENT ON COLUMN call_details.candidates IS 'How many targets fitted: 1 when resolved, 2 or more when ambiguous, else 0.';
COMMENT ON COLUMN call_details.target_file_id IS 'The file it was resolved to; exactly when the status is resolved.';
COMMENT ON COLUMN call_details.target_file_path IS 'The path of that file.';
COMMENT ON COLUMN call_details.target_function_id IS 'The function or macro it was resolved to.';
COMMENT ON COLUMN call_details.target_class_id IS 'The class it was resolved to, where that has no constructor of its own.';
COMMENT ON COLUMN call_details.target_name IS 'The qualified name of the function, macro or class it was resolved to.';
COMMENT ON VIEW dependency_details IS 'Dependencies with the paths of both files and the repository.';
COMMENT ON COLUMN dependency_details.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN dependency_details.repository IS 'The normalised remote (github.com/org/app), or the directory''s name.';
COMMENT ON COLUMN dependency_details.ref_name IS 'The branch or other ref; empty where the source has none.';
COMMENT ON COLUMN dependency_details.source_file_id IS 'The file that depends.';
COMMENT ON COLUMN dependency_details.source_file_path IS 'The path of that file.';
COMMENT ON COLUMN dependency_details.source_language IS 'The language of that file.';
COMMENT ON COLUMN dependency_details.ordinal IS 'Position in the list, from 0.';
COMMENT ON COLUMN dependency_details.dependency_type IS 'import, inheritance, interface_implementation, composition, function_call, method_call or data_dependency.';
COMMENT ON COLUMN dependency_details.status IS 'resolved, ambiguous, external, stdlib or unresolved.';
COMMENT ON COLUMN dependency_details.target_file_id IS 'The file it depends on; exactly when the status is resolved.';
COMMENT ON COLUMN dependency_details.target_file_path IS 'The path of that file.';
COMMENT ON COLUMN dependency_details.target_language IS 'The language of that file.';
COMMENT ON COLUMN dependency_details.target_module IS 'The module as written, where it is not a file of the repository.';
COMMENT ON COLUMN dependency_details.strength IS 'Share of the file''s sites of this type that this target has, between 0 and 1.';
COMMENT ON COLUMN dependency_details.site_count IS 'Number of sites.';
COMMENT ON COLUMN dependency_details.line_number IS 'Line, from 1; NULL where the producer did not say.';
