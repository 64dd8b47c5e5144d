-- The tables of snake-pipe: the same names, columns and order in every SQL backend.
--
-- What belongs to a source file is partitioned by repository. Small repositories share the default partition; a large one
-- has partitions of its own, loaded aside and attached when they are complete. Foreign keys stand between partitions: on the
-- partitioned tables themselves they would make attaching wait for every writer. They are checked when a transaction ends and
-- have no action: the writer removes a file's rows itself, and un-resolves what referred to them.
--
-- History is partitioned by month, so that what is old is dropped as a whole. Loads of a role that owns the tables make the months;
-- until then rows are kept in the default partition.
--
-- Texts are compared by bytes (COLLATE "C"), so that they sort as in every other backend.

CREATE TABLE repositories (
    repository_id bigint NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    ref_name text COLLATE "C" NOT NULL,
    remote text COLLATE "C",
    root text COLLATE "C",
    fence_number bigint,
    fence_owner uuid,
    marker uuid,
    snapshot_id uuid,
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT repositories_pkey PRIMARY KEY (repository_id)
);
COMMENT ON TABLE repositories IS 'One line of history: a project and a ref.';
COMMENT ON COLUMN repositories.repository_id IS 'Identity: a hash of name and ref, below 2^53.';
COMMENT ON COLUMN repositories."name" IS 'The normalised remote (github.com/org/app), or the directory''s name.';
COMMENT ON COLUMN repositories.ref_name IS 'The branch or other ref; empty where the source has none.';
COMMENT ON COLUMN repositories.remote IS 'The remote without credentials.';
COMMENT ON COLUMN repositories.root IS 'The directory that was loaded last.';
COMMENT ON COLUMN repositories.fence_number IS 'Rises with every load that begins.';
COMMENT ON COLUMN repositories.fence_owner IS 'The load that may publish.';
COMMENT ON COLUMN repositories.marker IS 'The last publication.';
COMMENT ON COLUMN repositories.snapshot_id IS 'The state the tables show; see `snapshots`.';
COMMENT ON COLUMN repositories.created_at IS 'When this row was first written.';
COMMENT ON COLUMN repositories.updated_at IS 'When this row was last changed.';

CREATE TABLE snapshots (
    snapshot_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    commit_hash text COLLATE "C",
    branch text COLLATE "C",
    is_dirty boolean,
    positions jsonb,
    producer_version text COLLATE "C" NOT NULL,
    file_count bigint NOT NULL,
    published_at timestamptz,
    CONSTRAINT snapshots_pkey PRIMARY KEY (snapshot_id, repository_id)
);
COMMENT ON TABLE snapshots IS 'The state of a repository as one run saw it.';
COMMENT ON COLUMN snapshots.snapshot_id IS 'Identity: the publication''s marker.';
COMMENT ON COLUMN snapshots.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN snapshots.commit_hash IS 'The commit that was checked out.';
COMMENT ON COLUMN snapshots.branch IS 'The branch that was checked out.';
COMMENT ON COLUMN snapshots.is_dirty IS 'Whether the files differed from the commit.';
COMMENT ON COLUMN snapshots.positions IS 'How far the sources had been read that the repository is filled from.';
COMMENT ON COLUMN snapshots.producer_version IS 'What extraction and transformation the facts went through.';
COMMENT ON COLUMN snapshots.file_count IS 'Files held after this publication.';
COMMENT ON COLUMN snapshots.published_at IS 'When it became visible.';

CREATE TABLE metric_definitions (
    metric_name text COLLATE "C" NOT NULL,
    metric_type text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    CONSTRAINT metric_definitions_pkey PRIMARY KEY (metric_name),
    CONSTRAINT metric_definitions_metric_type_check CHECK (metric_type IN ('count', 'ratio', 'score'))
);
COMMENT ON TABLE metric_definitions IS 'What the names in `metrics` and the measures of `functions` mean.';
COMMENT ON COLUMN metric_definitions.metric_name IS 'The metric''s name.';
COMMENT ON COLUMN metric_definitions.metric_type IS 'count, ratio or score.';
COMMENT ON COLUMN metric_definitions.unit IS 'What is counted, or the range.';
COMMENT ON COLUMN metric_definitions.description IS 'The definition, with its source.';

CREATE TABLE files (
    file_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    file_path text COLLATE "C" NOT NULL,
    path_bytes text COLLATE "C",
    file_name text COLLATE "C" NOT NULL,
    directory text COLLATE "C" NOT NULL,
    extension text COLLATE "C",
    language text COLLATE "C" NOT NULL,
    namespace text COLLATE "C",
    size_bytes bigint,
    hash_md5 text COLLATE "C",
    content_hash text COLLATE "C" NOT NULL,
    link_hash text COLLATE "C",
    producer_version text COLLATE "C" NOT NULL,
    total_lines integer,
    code_lines integer,
    comment_lines integer,
    blank_lines integer,
    is_test boolean NOT NULL,
    is_vendored boolean NOT NULL,
    is_generated boolean NOT NULL,
    parse_status text COLLATE "C" NOT NULL,
    skip_reason text COLLATE "C",
    function_count integer NOT NULL,
    class_count integer NOT NULL,
    complexity integer,
    ast_content jsonb,
    metadata jsonb,
    last_modified timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT files_pkey PRIMARY KEY (file_id, repository_id),
    CONSTRAINT files_language_check CHECK (language IN ('java', 'python', 'javascript', 'typescript', 'c', 'cpp', 'csharp', 'go', 'rust', 'kotlin', 'scala', 'unknown')),
    CONSTRAINT files_parse_status_check CHECK (parse_status IN ('parsed', 'partial', 'skipped', 'failed'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE files IS 'A source file; skipped and failed ones are rows too.';
COMMENT ON COLUMN files.file_id IS 'Identity, from repository and path.';
COMMENT ON COLUMN files.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN files.file_path IS 'Path relative to the root; bytes that are not UTF-8 show as \xHH.';
COMMENT ON COLUMN files.path_bytes IS 'The path''s bytes in hexadecimal, where they are not UTF-8.';
COMMENT ON COLUMN files.file_name IS 'The last part of the path.';
COMMENT ON COLUMN files.directory IS 'The path without its last part; empty at the root.';
COMMENT ON COLUMN files.extension IS 'What follows the last dot of the name.';
COMMENT ON COLUMN files.language IS 'java, python, javascript, typescript, c, cpp, csharp, go, rust, kotlin, scala or unknown.';
COMMENT ON COLUMN files.namespace IS 'The package, module or namespace the file declares.';
COMMENT ON COLUMN files.size_bytes IS 'Size in bytes.';
COMMENT ON COLUMN files.hash_md5 IS 'MD5 of the content in hexadecimal.';
COMMENT ON COLUMN files.content_hash IS 'First 128 bits of the content''s BLAKE3 hash, or a digest of the facts, in hexadecimal.';
COMMENT ON COLUMN files.link_hash IS 'Digest of what the file''s references resolved to; NULL asks for linking again.';
COMMENT ON COLUMN files.producer_version IS 'What extraction and transformation the facts went through.';
COMMENT ON COLUMN files.total_lines IS 'All lines.';
COMMENT ON COLUMN files.code_lines IS 'Lines with code on them.';
COMMENT ON COLUMN files.comment_lines IS 'Lines with nothing but comment.';
COMMENT ON COLUMN files.blank_lines IS 'Lines with nothing but white space.';
COMMENT ON COLUMN files.is_test IS 'Holds tests, by the rules of discovery.';
COMMENT ON COLUMN files.is_vendored IS 'Copied in from somebody else, by the rules of discovery.';
COMMENT ON COLUMN files.is_generated IS 'Written by a program, by the rules of discovery.';
COMMENT ON COLUMN files.parse_status IS 'parsed, partial (errors inside), skipped or failed.';
COMMENT ON COLUMN files.skip_reason IS 'Why it was skipped or failed.';
COMMENT ON COLUMN files.function_count IS 'Number of its functions.';
COMMENT ON COLUMN files.class_count IS 'Number of its classes.';
COMMENT ON COLUMN files.complexity IS 'Sum of its functions'' cyclomatic complexities; NULL where none is known.';
COMMENT ON COLUMN files.ast_content IS 'The outline or the syntax tree, as configured.';
COMMENT ON COLUMN files.metadata IS 'What a pipeline added: a JSON object.';
COMMENT ON COLUMN files.last_modified IS 'When the file was last modified, by its file system.';
COMMENT ON COLUMN files.created_at IS 'When this row was first written.';
COMMENT ON COLUMN files.updated_at IS 'When this row was last changed.';
CREATE TABLE files_default PARTITION OF files DEFAULT;

CREATE TABLE classes (
    class_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    outer_class_id uuid,
    kind text COLLATE "C" NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    qualified_name text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    namespace text COLLATE "C",
    line_start integer,
    line_end integer,
    column_start integer,
    column_end integer,
    type_parameters text COLLATE "C",
    visibility text COLLATE "C" NOT NULL,
    modifiers text COLLATE "C",
    is_abstract boolean NOT NULL,
    is_interface boolean NOT NULL,
    is_final boolean NOT NULL,
    is_static boolean NOT NULL,
    is_exported boolean NOT NULL,
    is_inner boolean NOT NULL,
    method_count integer NOT NULL,
    field_count integer NOT NULL,
    doc_string text COLLATE "C",
    metadata jsonb,
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT classes_pkey PRIMARY KEY (class_id, repository_id),
    CONSTRAINT classes_kind_check CHECK (kind IN ('class', 'interface', 'trait', 'struct', 'union', 'enum', 'record', 'object', 'annotation', 'type_alias')),
    CONSTRAINT classes_visibility_check CHECK (visibility IN ('unspecified', 'public', 'protected', 'internal', 'private'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE classes IS 'A type: class, interface, trait, struct, union, enum, record, object, annotation or alias.';
COMMENT ON COLUMN classes.class_id IS 'Identity, from repository, path, kind, qualified name and ordinal.';
COMMENT ON COLUMN classes.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN classes.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN classes.outer_class_id IS 'The class that encloses it.';
COMMENT ON COLUMN classes.kind IS 'class, interface, trait, struct, union, enum, record, object, annotation or type_alias.';
COMMENT ON COLUMN classes."name" IS 'The bare name.';
COMMENT ON COLUMN classes.qualified_name IS 'The name with what encloses it.';
COMMENT ON COLUMN classes.ordinal IS 'Number among equals of its file, from 0.';
COMMENT ON COLUMN classes.namespace IS 'The package, module or namespace.';
COMMENT ON COLUMN classes.line_start IS 'First line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN classes.line_end IS 'Last line, from 1.';
COMMENT ON COLUMN classes.column_start IS 'Column of the first byte, from 1, in bytes.';
COMMENT ON COLUMN classes.column_end IS 'Column behind the last byte, from 1, in bytes.';
COMMENT ON COLUMN classes.type_parameters IS 'Type parameters as written.';
COMMENT ON COLUMN classes.visibility IS 'public, protected, internal (package, module, crate), private or unspecified.';
COMMENT ON COLUMN classes.modifiers IS 'Modifiers as written, separated by spaces.';
COMMENT ON COLUMN classes.is_abstract IS 'No objects can be made of it.';
COMMENT ON COLUMN classes.is_interface IS 'It is an interface, trait or annotation.';
COMMENT ON COLUMN classes.is_final IS 'It cannot be inherited from.';
COMMENT ON COLUMN classes.is_static IS 'It belongs to no object of the enclosing class.';
COMMENT ON COLUMN classes.is_exported IS 'Seen outside its file or module, by the rule of its language.';
COMMENT ON COLUMN classes.is_inner IS 'Another class or a function encloses it.';
COMMENT ON COLUMN classes.method_count IS 'Number of its own functions.';
COMMENT ON COLUMN classes.field_count IS 'Number of its own fields.';
COMMENT ON COLUMN classes.doc_string IS 'The documentation that stands with it.';
COMMENT ON COLUMN classes.metadata IS 'What a pipeline added: a JSON object.';
COMMENT ON COLUMN classes.created_at IS 'When this row was first written.';
COMMENT ON COLUMN classes.updated_at IS 'When this row was last changed.';
CREATE TABLE classes_default PARTITION OF classes DEFAULT;

CREATE TABLE functions (
    function_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    class_id uuid,
    parent_function_id uuid,
    kind text COLLATE "C" NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    qualified_name text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    signature text COLLATE "C",
    line_start integer,
    line_end integer,
    column_start integer,
    column_end integer,
    return_type text COLLATE "C",
    parameter_count integer NOT NULL,
    complexity integer,
    complexity_mccabe integer,
    complexity_radon integer,
    complexity_lizard integer,
    cognitive_complexity integer,
    max_nesting integer,
    code_lines integer,
    name_mentions integer,
    body_shape bigint,
    visibility text COLLATE "C" NOT NULL,
    modifiers text COLLATE "C",
    is_abstract boolean NOT NULL,
    is_static boolean NOT NULL,
    is_async boolean NOT NULL,
    is_test boolean NOT NULL,
    is_exported boolean NOT NULL,
    is_entry_point boolean NOT NULL,
    is_override boolean NOT NULL,
    doc_string text COLLATE "C",
    source_code text COLLATE "C",
    metadata jsonb,
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT functions_pkey PRIMARY KEY (function_id, repository_id),
    CONSTRAINT functions_kind_check CHECK (kind IN ('function', 'method', 'constructor', 'destructor', 'accessor', 'operator', 'closure', 'macro')),
    CONSTRAINT functions_visibility_check CHECK (visibility IN ('unspecified', 'public', 'protected', 'internal', 'private'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE functions IS 'A function, method, constructor, accessor, named closure or function-like macro.';
COMMENT ON COLUMN functions.function_id IS 'Identity, from repository, path, kind, qualified name and ordinal.';
COMMENT ON COLUMN functions.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN functions.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN functions.class_id IS 'The class it belongs to.';
COMMENT ON COLUMN functions.parent_function_id IS 'The function that encloses it.';
COMMENT ON COLUMN functions.kind IS 'function, method, constructor, destructor, accessor, operator, closure or macro.';
COMMENT ON COLUMN functions."name" IS 'The bare name.';
COMMENT ON COLUMN functions.qualified_name IS 'The name with what encloses it.';
COMMENT ON COLUMN functions.ordinal IS 'Number among equals of its file, from 0.';
COMMENT ON COLUMN functions.signature IS 'The head as the source has it, white space folded.';
COMMENT ON COLUMN functions.line_start IS 'First line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN functions.line_end IS 'Last line, from 1.';
COMMENT ON COLUMN functions.column_start IS 'Column of the first byte, from 1, in bytes.';
COMMENT ON COLUMN functions.column_end IS 'Column behind the last byte, from 1, in bytes.';
COMMENT ON COLUMN functions.return_type IS 'The declared return type.';
COMMENT ON COLUMN functions.parameter_count IS 'Number of parameters, receivers included where written.';
COMMENT ON COLUMN functions.complexity IS 'Cyclomatic complexity, from 1; see `metric_definitions`.';
COMMENT ON COLUMN functions.complexity_mccabe IS 'Cyclomatic complexity as mccabe 0.7 counts it; Python alone.';
COMMENT ON COLUMN functions.complexity_radon IS 'Cyclomatic complexity as radon 6.0 counts it; Python alone.';
COMMENT ON COLUMN functions.complexity_lizard IS 'Cyclomatic complexity as lizard 1.17 counts it; C, C++, Go, Java, JavaScript, Python.';
COMMENT ON COLUMN functions.cognitive_complexity IS 'Cognitive complexity, from 0; see `metric_definitions`.';
COMMENT ON COLUMN functions.max_nesting IS 'Depth of the deepest control structure inside, from 0.';
COMMENT ON COLUMN functions.code_lines IS 'Lines with code on them.';
COMMENT ON COLUMN functions.name_mentions IS 'How often the file says its name besides the definitions of that name, comments aside.';
COMMENT ON COLUMN functions.body_shape IS 'Digest of its text with all names and numbers taken for alike; NULL for short functions.';
COMMENT ON COLUMN functions.visibility IS 'public, protected, internal (package, module, crate), private or unspecified.';
COMMENT ON COLUMN functions.modifiers IS 'Modifiers as written, separated by spaces.';
COMMENT ON COLUMN functions.is_abstract IS 'Declared without a body.';
COMMENT ON COLUMN functions.is_static IS 'Belongs to the class, not to its objects.';
COMMENT ON COLUMN functions.is_async IS 'Asynchronous.';
COMMENT ON COLUMN functions.is_test IS 'A test, by the conventions of its language.';
COMMENT ON COLUMN functions.is_exported IS 'Seen outside its file or module, by the rule of its language.';
COMMENT ON COLUMN functions.is_entry_point IS 'Called from outside the code: main, and what run-times and frameworks call.';
COMMENT ON COLUMN functions.is_override IS 'Takes the place of a method of a base, or is what a base promises.';
COMMENT ON COLUMN functions.doc_string IS 'The documentation that stands with it.';
COMMENT ON COLUMN functions.source_code IS 'The source text, where it was asked for.';
COMMENT ON COLUMN functions.metadata IS 'What a pipeline added: a JSON object.';
COMMENT ON COLUMN functions.created_at IS 'When this row was first written.';
COMMENT ON COLUMN functions.updated_at IS 'When this row was last changed.';
CREATE TABLE functions_default PARTITION OF functions DEFAULT;

CREATE TABLE parameters (
    function_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "type" text COLLATE "C",
    default_value text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    CONSTRAINT parameters_pkey PRIMARY KEY (function_id, ordinal, repository_id)
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE parameters IS 'A parameter of a function.';
COMMENT ON COLUMN parameters.function_id IS 'The function.';
COMMENT ON COLUMN parameters.ordinal IS 'Position, from 0.';
COMMENT ON COLUMN parameters.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN parameters.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN parameters."name" IS 'The name; empty where the source gives none.';
COMMENT ON COLUMN parameters."type" IS 'The declared type.';
COMMENT ON COLUMN parameters.default_value IS 'The default value''s text.';
COMMENT ON COLUMN parameters.kind IS 'ordinary, positional_only, keyword_only, variadic, keyword_variadic or receiver.';
CREATE TABLE parameters_default PARTITION OF parameters DEFAULT;

CREATE TABLE fields (
    class_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "type" text COLLATE "C",
    default_value text COLLATE "C",
    visibility text COLLATE "C" NOT NULL,
    modifiers text COLLATE "C",
    is_static boolean NOT NULL,
    is_final boolean NOT NULL,
    line_number integer,
    CONSTRAINT fields_pkey PRIMARY KEY (class_id, ordinal, repository_id),
    CONSTRAINT fields_visibility_check CHECK (visibility IN ('unspecified', 'public', 'protected', 'internal', 'private'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE fields IS 'A field, property, enum constant or variant of a class.';
COMMENT ON COLUMN fields.class_id IS 'The class.';
COMMENT ON COLUMN fields.ordinal IS 'Position, from 0.';
COMMENT ON COLUMN fields.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN fields.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN fields."name" IS 'The name.';
COMMENT ON COLUMN fields."type" IS 'The declared type.';
COMMENT ON COLUMN fields.default_value IS 'The initial value''s text.';
COMMENT ON COLUMN fields.visibility IS 'public, protected, internal (package, module, crate), private or unspecified.';
COMMENT ON COLUMN fields.modifiers IS 'Modifiers as written, separated by spaces.';
COMMENT ON COLUMN fields.is_static IS 'Belongs to the class, not to its objects.';
COMMENT ON COLUMN fields.is_final IS 'Cannot be assigned again.';
COMMENT ON COLUMN fields.line_number IS 'Line, from 1; NULL where the producer did not say.';
CREATE TABLE fields_default PARTITION OF fields DEFAULT;

CREATE TABLE annotations (
    file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    function_id uuid,
    class_id uuid,
    "name" text COLLATE "C" NOT NULL,
    arguments text COLLATE "C",
    line_number integer,
    column_number integer,
    CONSTRAINT annotations_pkey PRIMARY KEY (file_id, ordinal, repository_id)
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE annotations IS 'An annotation, attribute or decorator.';
COMMENT ON COLUMN annotations.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN annotations.ordinal IS 'Position in the file, from 0.';
COMMENT ON COLUMN annotations.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN annotations.function_id IS 'The function it stands at.';
COMMENT ON COLUMN annotations.class_id IS 'The class it stands at; both NULL for the file.';
COMMENT ON COLUMN annotations."name" IS 'The name without marks.';
COMMENT ON COLUMN annotations.arguments IS 'The text between its parentheses.';
COMMENT ON COLUMN annotations.line_number IS 'Line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN annotations.column_number IS 'Column, from 1, in bytes.';
CREATE TABLE annotations_default PARTITION OF annotations DEFAULT;

CREATE TABLE comments (
    file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    marker text COLLATE "C",
    line_start integer,
    line_end integer,
    "text" text COLLATE "C",
    CONSTRAINT comments_pkey PRIMARY KEY (file_id, ordinal, repository_id),
    CONSTRAINT comments_kind_check CHECK (kind IN ('line', 'block', 'doc'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE comments IS 'A comment.';
COMMENT ON COLUMN comments.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN comments.ordinal IS 'Position in the file, from 0.';
COMMENT ON COLUMN comments.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN comments.kind IS 'line, block or doc.';
COMMENT ON COLUMN comments.marker IS 'TODO, FIXME, XXX or HACK, the first it holds.';
COMMENT ON COLUMN comments.line_start IS 'First line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN comments.line_end IS 'Last line, from 1.';
COMMENT ON COLUMN comments."text" IS 'The text with its marks, where it was asked for.';
CREATE TABLE comments_default PARTITION OF comments DEFAULT;

CREATE TABLE metrics (
    file_id uuid NOT NULL,
    metric_name text COLLATE "C" NOT NULL,
    repository_id bigint NOT NULL,
    metric_value double precision NOT NULL,
    metric_type text COLLATE "C" NOT NULL,
    calculated_at timestamptz,
    CONSTRAINT metrics_pkey PRIMARY KEY (file_id, metric_name, repository_id),
    CONSTRAINT metrics_metric_type_check CHECK (metric_type IN ('count', 'ratio', 'score'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE metrics IS 'A measure of a file.';
COMMENT ON COLUMN metrics.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN metrics.metric_name IS 'The metric; see `metric_definitions`.';
COMMENT ON COLUMN metrics.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN metrics.metric_value IS 'The value.';
COMMENT ON COLUMN metrics.metric_type IS 'count, ratio or score.';
COMMENT ON COLUMN metrics.calculated_at IS 'When it was calculated.';
CREATE TABLE metrics_default PARTITION OF metrics DEFAULT;

CREATE TABLE parse_issues (
    file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    message text COLLATE "C" NOT NULL,
    line_start integer,
    line_end integer,
    column_start integer,
    column_end integer,
    CONSTRAINT parse_issues_pkey PRIMARY KEY (file_id, ordinal, repository_id),
    CONSTRAINT parse_issues_kind_check CHECK (kind IN ('syntax_error', 'missing_token', 'invalid_utf8', 'nul_byte', 'truncated', 'unreadable', 'over_limit', 'refused', 'key_collision'))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE parse_issues IS 'A piece of a file that could not be understood or stored as it was.';
COMMENT ON COLUMN parse_issues.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN parse_issues.ordinal IS 'Position in the list, from 0.';
COMMENT ON COLUMN parse_issues.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN parse_issues.kind IS 'syntax_error, missing_token, invalid_utf8, nul_byte, truncated, unreadable, over_limit, refused or key_collision.';
COMMENT ON COLUMN parse_issues.message IS 'What is wrong, in words.';
COMMENT ON COLUMN parse_issues.line_start IS 'First line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN parse_issues.line_end IS 'Last line, from 1.';
COMMENT ON COLUMN parse_issues.column_start IS 'Column of the first byte, from 1, in bytes.';
COMMENT ON COLUMN parse_issues.column_end IS 'Column behind the last byte, from 1, in bytes.';
CREATE TABLE parse_issues_default PARTITION OF parse_issues DEFAULT;

CREATE TABLE imports (
    file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    raw text COLLATE "C" NOT NULL,
    module text COLLATE "C" NOT NULL,
    "name" text COLLATE "C",
    alias text COLLATE "C",
    is_relative boolean NOT NULL,
    is_type_only boolean NOT NULL,
    is_system boolean NOT NULL,
    line_number integer,
    column_number integer,
    status text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    candidates integer NOT NULL,
    target_file_id uuid,
    target_function_id uuid,
    target_class_id uuid,
    CONSTRAINT imports_pkey PRIMARY KEY (file_id, ordinal, repository_id),
    CONSTRAINT imports_kind_check CHECK (kind IN ('module', 'name', 'wildcard', 'include', 're_export', 'dynamic')),
    CONSTRAINT imports_status_check CHECK (status IN ('unresolved', 'resolved', 'ambiguous', 'external', 'stdlib')),
    CONSTRAINT imports_origin_check CHECK (origin IN ('none', 'scope', 'member', 'inherited', 'import', 'package', 'include', 'path', 'alias', 'stdlib_list', 'producer')),
    CONSTRAINT imports_target_check CHECK ((status = 'resolved') = (target_file_id IS NOT NULL))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE imports IS 'An import of a module or of one name.';
COMMENT ON COLUMN imports.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN imports.ordinal IS 'Position in the file, from 0.';
COMMENT ON COLUMN imports.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN imports.kind IS 'module, name, wildcard, include, re_export or dynamic.';
COMMENT ON COLUMN imports.raw IS 'The statement as written, white space folded.';
COMMENT ON COLUMN imports.module IS 'The module as written.';
COMMENT ON COLUMN imports."name" IS 'The name taken from it.';
COMMENT ON COLUMN imports.alias IS 'The name given to it here, where it differs.';
COMMENT ON COLUMN imports.is_relative IS 'The module is given relative to this file.';
COMMENT ON COLUMN imports.is_type_only IS 'Types alone are imported.';
COMMENT ON COLUMN imports.is_system IS 'A system search path was asked for.';
COMMENT ON COLUMN imports.line_number IS 'Line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN imports.column_number IS 'Column, from 1, in bytes.';
COMMENT ON COLUMN imports.status IS 'resolved, ambiguous, external, stdlib or unresolved.';
COMMENT ON COLUMN imports.origin IS 'The rule that decided: none, scope, member, inherited, import, package, include, path, alias, stdlib_list or producer.';
COMMENT ON COLUMN imports.candidates IS 'How many targets fitted: 1 when resolved, 2 or more when ambiguous, else 0.';
COMMENT ON COLUMN imports.target_file_id IS 'The file it was resolved to; exactly when the status is resolved.';
COMMENT ON COLUMN imports.target_function_id IS 'The function in that file, where one was named.';
COMMENT ON COLUMN imports.target_class_id IS 'The class in that file, where one was named.';
CREATE TABLE imports_default PARTITION OF imports DEFAULT;

CREATE TABLE inheritance (
    class_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    base_name text COLLATE "C" NOT NULL,
    base_text text COLLATE "C",
    line_number integer,
    status text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    candidates integer NOT NULL,
    target_file_id uuid,
    target_class_id uuid,
    CONSTRAINT inheritance_pkey PRIMARY KEY (class_id, ordinal, repository_id),
    CONSTRAINT inheritance_kind_check CHECK (kind IN ('extends', 'implements', 'mixin', 'embeds')),
    CONSTRAINT inheritance_status_check CHECK (status IN ('unresolved', 'resolved', 'ambiguous', 'external', 'stdlib')),
    CONSTRAINT inheritance_origin_check CHECK (origin IN ('none', 'scope', 'member', 'inherited', 'import', 'package', 'include', 'path', 'alias', 'stdlib_list', 'producer')),
    CONSTRAINT inheritance_target_check CHECK ((status = 'resolved') = (target_file_id IS NOT NULL))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE inheritance IS 'A base class or interface that a class names.';
COMMENT ON COLUMN inheritance.class_id IS 'The class.';
COMMENT ON COLUMN inheritance.ordinal IS 'Position among the bases of the class, from 0.';
COMMENT ON COLUMN inheritance.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN inheritance.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN inheritance.kind IS 'extends, implements, mixin or embeds.';
COMMENT ON COLUMN inheritance.base_name IS 'The base''s name as written, without type arguments.';
COMMENT ON COLUMN inheritance.base_text IS 'The base as written, where it differs from the name.';
COMMENT ON COLUMN inheritance.line_number IS 'Line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN inheritance.status IS 'resolved, ambiguous, external, stdlib or unresolved.';
COMMENT ON COLUMN inheritance.origin IS 'The rule that decided: none, scope, member, inherited, import, package, include, path, alias, stdlib_list or producer.';
COMMENT ON COLUMN inheritance.candidates IS 'How many targets fitted: 1 when resolved, 2 or more when ambiguous, else 0.';
COMMENT ON COLUMN inheritance.target_file_id IS 'The file it was resolved to; exactly when the status is resolved.';
COMMENT ON COLUMN inheritance.target_class_id IS 'The class it was resolved to.';
CREATE TABLE inheritance_default PARTITION OF inheritance DEFAULT;

CREATE TABLE calls (
    file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    function_id uuid,
    kind text COLLATE "C" NOT NULL,
    callee_name text COLLATE "C" NOT NULL,
    callee_text text COLLATE "C",
    argument_count integer NOT NULL,
    line_number integer,
    column_number integer,
    status text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    candidates integer NOT NULL,
    target_file_id uuid,
    target_function_id uuid,
    target_class_id uuid,
    CONSTRAINT calls_pkey PRIMARY KEY (file_id, ordinal, repository_id),
    CONSTRAINT calls_status_check CHECK (status IN ('unresolved', 'resolved', 'ambiguous', 'external', 'stdlib')),
    CONSTRAINT calls_target_check CHECK ((status = 'resolved') = (target_file_id IS NOT NULL))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE calls IS 'A call site.';
COMMENT ON COLUMN calls.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN calls.ordinal IS 'Position in the file, from 0.';
COMMENT ON COLUMN calls.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN calls.function_id IS 'The innermost enclosing function; NULL at the top level.';
COMMENT ON COLUMN calls.kind IS 'function, method, constructor or macro.';
COMMENT ON COLUMN calls.callee_name IS 'The last name of the callee.';
COMMENT ON COLUMN calls.callee_text IS 'The callee as written, where it differs from the name.';
COMMENT ON COLUMN calls.argument_count IS 'Number of arguments written.';
COMMENT ON COLUMN calls.line_number IS 'Line, from 1; NULL where the producer did not say.';
COMMENT ON COLUMN calls.column_number IS 'Column, from 1, in bytes.';
COMMENT ON COLUMN calls.status IS 'resolved, ambiguous, external, stdlib or unresolved.';
COMMENT ON COLUMN calls.origin IS 'The rule that decided: none, scope, member, inherited, import, package, include, path, alias, stdlib_list or producer.';
COMMENT ON COLUMN calls.candidates IS 'How many targets fitted: 1 when resolved, 2 or more when ambiguous, else 0.';
COMMENT ON COLUMN calls.target_file_id IS 'The file it was resolved to; exactly when the status is resolved.';
COMMENT ON COLUMN calls.target_function_id IS 'The function or macro it was resolved to.';
COMMENT ON COLUMN calls.target_class_id IS 'The class it was resolved to, where that has no constructor of its own.';
CREATE TABLE calls_default PARTITION OF calls DEFAULT;

CREATE TABLE dependencies (
    source_file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    dependency_type text COLLATE "C" NOT NULL,
    target_file_id uuid,
    target_module text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    strength double precision NOT NULL,
    site_count integer NOT NULL,
    line_number integer,
    CONSTRAINT dependencies_pkey PRIMARY KEY (source_file_id, ordinal, repository_id),
    CONSTRAINT dependencies_dependency_type_check CHECK (dependency_type IN ('import', 'inheritance', 'interface_implementation', 'composition', 'function_call', 'method_call', 'data_dependency')),
    CONSTRAINT dependencies_status_check CHECK (status IN ('unresolved', 'resolved', 'ambiguous', 'external', 'stdlib')),
    CONSTRAINT dependencies_target_check CHECK ((status = 'resolved') = (target_file_id IS NOT NULL))
) PARTITION BY LIST (repository_id);
COMMENT ON TABLE dependencies IS 'What a file depends on, derived from its imports, bases and calls.';
COMMENT ON COLUMN dependencies.source_file_id IS 'The file that depends.';
COMMENT ON COLUMN dependencies.ordinal IS 'Position in the list, from 0.';
COMMENT ON COLUMN dependencies.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN dependencies.dependency_type IS 'import, inheritance, interface_implementation, composition, function_call, method_call or data_dependency.';
COMMENT ON COLUMN dependencies.target_file_id IS 'The file it depends on; exactly when the status is resolved.';
COMMENT ON COLUMN dependencies.target_module IS 'The module as written, where it is not a file of the repository.';
COMMENT ON COLUMN dependencies.status IS 'resolved, ambiguous, external, stdlib or unresolved.';
COMMENT ON COLUMN dependencies.strength IS 'Share of the file''s sites of this type that this target has, between 0 and 1.';
COMMENT ON COLUMN dependencies.site_count IS 'Number of sites.';
COMMENT ON COLUMN dependencies.line_number IS 'Line, from 1; NULL where the producer did not say.';
CREATE TABLE dependencies_default PARTITION OF dependencies DEFAULT;

CREATE TABLE file_history (
    snapshot_id uuid NOT NULL,
    file_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    file_path text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    change text COLLATE "C" NOT NULL,
    lines_before integer,
    lines_after integer,
    code_lines_before integer,
    code_lines_after integer,
    function_count_before integer,
    function_count_after integer,
    complexity_before integer,
    complexity_after integer,
    changed_at timestamptz NOT NULL,
    CONSTRAINT file_history_pkey PRIMARY KEY (snapshot_id, file_id, repository_id, changed_at),
    CONSTRAINT file_history_change_check CHECK (change IN ('added', 'changed', 'removed')),
    CONSTRAINT file_history_before_check CHECK (change <> 'added' OR coalesce(lines_before, code_lines_before, function_count_before, complexity_before) IS NULL),
    CONSTRAINT file_history_after_check CHECK (change <> 'removed' OR coalesce(lines_after, code_lines_after, function_count_after, complexity_after) IS NULL)
) PARTITION BY RANGE (changed_at);
COMMENT ON TABLE file_history IS 'A file whose content a load changed; a repository''s first snapshot changes nothing.';
COMMENT ON COLUMN file_history.snapshot_id IS 'The snapshot that this change led to; see `snapshots`.';
COMMENT ON COLUMN file_history.file_id IS 'The file; see `files`, where it is there still.';
COMMENT ON COLUMN file_history.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN file_history.file_path IS 'Its path.';
COMMENT ON COLUMN file_history.language IS 'Its language; see `files`.';
COMMENT ON COLUMN file_history.change IS 'added, changed or removed.';
COMMENT ON COLUMN file_history.lines_before IS 'All lines before; NULL where it was added.';
COMMENT ON COLUMN file_history.lines_after IS 'All lines after; NULL where it was removed.';
COMMENT ON COLUMN file_history.code_lines_before IS 'Lines with code on them before.';
COMMENT ON COLUMN file_history.code_lines_after IS 'Lines with code on them after.';
COMMENT ON COLUMN file_history.function_count_before IS 'Number of its functions before.';
COMMENT ON COLUMN file_history.function_count_after IS 'Number of its functions after.';
COMMENT ON COLUMN file_history.complexity_before IS 'Sum of its functions'' cyclomatic complexities before.';
COMMENT ON COLUMN file_history.complexity_after IS 'Sum of its functions'' cyclomatic complexities after.';
COMMENT ON COLUMN file_history.changed_at IS 'When it became visible, as `snapshots` has it.';
CREATE TABLE file_history_default PARTITION OF file_history DEFAULT;

CREATE TABLE function_history (
    snapshot_id uuid NOT NULL,
    function_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    qualified_name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    change text COLLATE "C" NOT NULL,
    lines_before integer,
    lines_after integer,
    complexity_before integer,
    complexity_after integer,
    cognitive_complexity_before integer,
    cognitive_complexity_after integer,
    changed_at timestamptz NOT NULL,
    CONSTRAINT function_history_pkey PRIMARY KEY (snapshot_id, file_id, function_id, repository_id, changed_at),
    CONSTRAINT function_history_change_check CHECK (change IN ('added', 'changed', 'removed')),
    CONSTRAINT function_history_before_check CHECK (change <> 'added' OR coalesce(lines_before, complexity_before, cognitive_complexity_before) IS NULL),
    CONSTRAINT function_history_after_check CHECK (change <> 'removed' OR coalesce(lines_after, complexity_after, cognitive_complexity_after) IS NULL)
) PARTITION BY RANGE (changed_at);
COMMENT ON TABLE function_history IS 'A function that a load changed, in a file whose content it changed; where it stands is no change.';
COMMENT ON COLUMN function_history.snapshot_id IS 'The snapshot that this change led to; see `snapshots`.';
COMMENT ON COLUMN function_history.function_id IS 'The function; see `functions`, where it is there still.';
COMMENT ON COLUMN function_history.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN function_history.file_id IS 'Its file; see `file_history`.';
COMMENT ON COLUMN function_history.qualified_name IS 'The name with what encloses it.';
COMMENT ON COLUMN function_history.kind IS 'Its kind; see `functions`.';
COMMENT ON COLUMN function_history.change IS 'added, changed or removed.';
COMMENT ON COLUMN function_history.lines_before IS 'Lines from first to last before; NULL where it was added.';
COMMENT ON COLUMN function_history.lines_after IS 'Lines from first to last after; NULL where it was removed.';
COMMENT ON COLUMN function_history.complexity_before IS 'Cyclomatic complexity before.';
COMMENT ON COLUMN function_history.complexity_after IS 'Cyclomatic complexity after.';
COMMENT ON COLUMN function_history.cognitive_complexity_before IS 'Cognitive complexity before.';
COMMENT ON COLUMN function_history.cognitive_complexity_after IS 'Cognitive complexity after.';
COMMENT ON COLUMN function_history.changed_at IS 'When it became visible, as `snapshots` has it.';
CREATE TABLE function_history_default PARTITION OF function_history DEFAULT;

CREATE TABLE derived_tables (
    repository_id bigint NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    snapshot_id uuid NOT NULL,
    calculated_at timestamptz,
    CONSTRAINT derived_tables_pkey PRIMARY KEY (repository_id, table_name)
);
COMMENT ON TABLE derived_tables IS 'From which snapshot a derived table was made: it is up to date where that is the repository''s.';
COMMENT ON COLUMN derived_tables.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN derived_tables.table_name IS 'The derived table.';
COMMENT ON COLUMN derived_tables.snapshot_id IS 'The snapshot it was made from; see `snapshots`.';
COMMENT ON COLUMN derived_tables.calculated_at IS 'When it was calculated.';

CREATE TABLE function_fan_in (
    function_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    call_sites bigint NOT NULL,
    calling_functions bigint NOT NULL,
    CONSTRAINT function_fan_in_pkey PRIMARY KEY (function_id, repository_id)
);
COMMENT ON TABLE function_fan_in IS 'How often a function is called; functions that no resolved call reaches have no row.';
COMMENT ON COLUMN function_fan_in.function_id IS 'The function that is called; see `functions`.';
COMMENT ON COLUMN function_fan_in.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN function_fan_in.call_sites IS 'Resolved call sites.';
COMMENT ON COLUMN function_fan_in.calling_functions IS 'Functions that hold one.';

CREATE TABLE function_fan_out (
    function_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    file_id uuid NOT NULL,
    called_functions bigint NOT NULL,
    call_sites bigint NOT NULL,
    CONSTRAINT function_fan_out_pkey PRIMARY KEY (function_id, repository_id)
);
COMMENT ON TABLE function_fan_out IS 'How much a function calls; functions without a resolved call have no row.';
COMMENT ON COLUMN function_fan_out.function_id IS 'The function that calls; see `functions`.';
COMMENT ON COLUMN function_fan_out.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN function_fan_out.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN function_fan_out.called_functions IS 'Functions of the repository that it calls.';
COMMENT ON COLUMN function_fan_out.call_sites IS 'Resolved call sites.';

CREATE TABLE import_cycles (
    file_id uuid NOT NULL,
    repository_id bigint NOT NULL,
    cycle integer NOT NULL,
    file_count integer NOT NULL,
    CONSTRAINT import_cycles_pkey PRIMARY KEY (file_id, repository_id)
);
COMMENT ON TABLE import_cycles IS 'A file that imports itself through others.';
COMMENT ON COLUMN import_cycles.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN import_cycles.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN import_cycles.cycle IS 'Number of the group of files that reach each other, from 1, largest first.';
COMMENT ON COLUMN import_cycles.file_count IS 'Files of that group.';

CREATE TABLE module_dependencies (
    repository_id bigint NOT NULL,
    source_directory text COLLATE "C" NOT NULL,
    target_directory text COLLATE "C" NOT NULL,
    edge_count bigint NOT NULL
);
COMMENT ON TABLE module_dependencies IS 'A directory with files that depend on files of another.';
COMMENT ON COLUMN module_dependencies.repository_id IS 'The repository and ref; part of every key; see `repositories`.';
COMMENT ON COLUMN module_dependencies.source_directory IS 'The directory that depends; see `files`.';
COMMENT ON COLUMN module_dependencies.target_directory IS 'The directory it depends on.';
COMMENT ON COLUMN module_dependencies.edge_count IS 'Rows of `dependencies` between their files.';

CREATE TABLE unused_imports (
    file_id uuid NOT NULL,
    ordinal integer NOT NULL,
    repository_id bigint NOT NULL,
    CONSTRAINT unused_imports_pkey PRIMARY KEY (file_id, ordinal, repository_id)
);
COMMENT ON TABLE unused_imports IS 'An imported function or class whose name is found nowhere in what is recorded of the file.';
COMMENT ON COLUMN unused_imports.file_id IS 'The file; see `files`.';
COMMENT ON COLUMN unused_imports.ordinal IS 'Position of the import in the file; see `imports`.';
COMMENT ON COLUMN unused_imports.repository_id IS 'The repository and ref; part of every key; see `repositories`.';

-- Indexes, on every partition.
CREATE INDEX snapshots_repository_id_idx ON snapshots (repository_id);
CREATE INDEX files_repository_id_idx ON files (repository_id);
CREATE INDEX files_file_path_idx ON files USING spgist (file_path);
CREATE INDEX files_language_idx ON files (language);
CREATE INDEX classes_file_id_idx ON classes (file_id);
CREATE INDEX classes_name_idx ON classes (name, repository_id);
CREATE INDEX classes_qualified_name_idx ON classes (qualified_name);
CREATE INDEX classes_outer_class_id_idx ON classes (outer_class_id) WHERE outer_class_id IS NOT NULL;
CREATE INDEX classes_method_count_idx ON classes (method_count) WHERE method_count > 0;
CREATE INDEX functions_file_id_idx ON functions (file_id);
CREATE INDEX functions_name_idx ON functions (name, repository_id);
CREATE INDEX functions_qualified_name_idx ON functions (qualified_name);
CREATE INDEX functions_class_id_idx ON functions (class_id) WHERE class_id IS NOT NULL;
CREATE INDEX functions_parent_function_id_idx ON functions (parent_function_id) WHERE parent_function_id IS NOT NULL;
CREATE INDEX functions_complexity_idx ON functions (complexity DESC NULLS LAST, function_id);
CREATE INDEX functions_undocumented_idx ON functions (complexity DESC NULLS LAST, function_id) WHERE visibility = 'public' AND doc_string IS NULL;
CREATE INDEX functions_unmentioned_idx ON functions (repository_id, code_lines DESC NULLS LAST, function_id) WHERE name_mentions = 0;
CREATE INDEX functions_body_shape_idx ON functions (repository_id, body_shape) WHERE body_shape IS NOT NULL;
CREATE INDEX functions_lines_idx ON functions ((line_end - line_start) DESC NULLS LAST, function_id);
CREATE INDEX annotations_function_id_idx ON annotations (function_id) WHERE function_id IS NOT NULL;
CREATE INDEX annotations_class_id_idx ON annotations (class_id) WHERE class_id IS NOT NULL;
CREATE INDEX comments_marker_idx ON comments (marker) WHERE marker IS NOT NULL;
CREATE INDEX metrics_metric_name_idx ON metrics (metric_name);
CREATE INDEX imports_target_file_id_idx ON imports (target_file_id) WHERE target_file_id IS NOT NULL;
CREATE INDEX imports_unresolved_idx ON imports (module) WHERE status IN ('unresolved', 'ambiguous');
CREATE INDEX imports_target_function_id_idx ON imports (target_function_id) WHERE target_function_id IS NOT NULL;
CREATE INDEX imports_target_class_id_idx ON imports (target_class_id) WHERE target_class_id IS NOT NULL;
CREATE INDEX inheritance_target_file_id_idx ON inheritance (target_file_id) WHERE target_file_id IS NOT NULL AND target_class_id IS NULL;
CREATE INDEX inheritance_target_class_id_idx ON inheritance (target_class_id) WHERE target_class_id IS NOT NULL;
CREATE INDEX calls_function_id_idx ON calls (function_id) WHERE function_id IS NOT NULL;
CREATE INDEX calls_target_function_id_idx ON calls (target_function_id, function_id, repository_id) WHERE target_function_id IS NOT NULL;
CREATE INDEX calls_target_class_id_idx ON calls (target_class_id) WHERE target_class_id IS NOT NULL;
CREATE INDEX calls_target_file_id_idx ON calls (target_file_id) WHERE target_file_id IS NOT NULL AND target_function_id IS NULL AND target_class_id IS NULL;
CREATE INDEX calls_callee_name_idx ON calls (callee_name) WHERE status <> 'resolved';
CREATE INDEX dependencies_target_file_id_idx ON dependencies (target_file_id, source_file_id, repository_id) WHERE target_file_id IS NOT NULL;
CREATE INDEX dependencies_target_module_idx ON dependencies (target_module) WHERE target_module IS NOT NULL;
CREATE INDEX dependencies_external_idx ON dependencies (target_module) WHERE dependency_type = 'import' AND status = 'external';
CREATE INDEX function_fan_in_top_idx ON function_fan_in (repository_id, call_sites DESC, function_id);
CREATE INDEX function_fan_out_top_idx ON function_fan_out (repository_id, called_functions DESC, function_id);
CREATE INDEX function_fan_out_file_id_idx ON function_fan_out (file_id);
CREATE INDEX import_cycles_repository_id_idx ON import_cycles (repository_id, cycle);
CREATE INDEX module_dependencies_repository_id_idx ON module_dependencies (repository_id);
CREATE INDEX unused_imports_repository_id_idx ON unused_imports (repository_id);

-- Foreign keys within the default partition.
ALTER TABLE classes_default ADD CONSTRAINT classes_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE classes_default ADD CONSTRAINT classes_outer_class_id_fkey
    FOREIGN KEY (outer_class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE functions_default ADD CONSTRAINT functions_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE functions_default ADD CONSTRAINT functions_class_id_fkey
    FOREIGN KEY (class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE functions_default ADD CONSTRAINT functions_parent_function_id_fkey
    FOREIGN KEY (parent_function_id, repository_id) REFERENCES functions_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE parameters_default ADD CONSTRAINT parameters_function_id_fkey
    FOREIGN KEY (function_id, repository_id) REFERENCES functions_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE fields_default ADD CONSTRAINT fields_class_id_fkey
    FOREIGN KEY (class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotations_default ADD CONSTRAINT annotations_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotations_default ADD CONSTRAINT annotations_function_id_fkey
    FOREIGN KEY (function_id, repository_id) REFERENCES functions_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotations_default ADD CONSTRAINT annotations_class_id_fkey
    FOREIGN KEY (class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE comments_default ADD CONSTRAINT comments_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE metrics_default ADD CONSTRAINT metrics_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE parse_issues_default ADD CONSTRAINT parse_issues_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE imports_default ADD CONSTRAINT imports_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE imports_default ADD CONSTRAINT imports_target_file_id_fkey
    FOREIGN KEY (target_file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE imports_default ADD CONSTRAINT imports_target_function_id_fkey
    FOREIGN KEY (target_function_id, repository_id) REFERENCES functions_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE imports_default ADD CONSTRAINT imports_target_class_id_fkey
    FOREIGN KEY (target_class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE inheritance_default ADD CONSTRAINT inheritance_class_id_fkey
    FOREIGN KEY (class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE inheritance_default ADD CONSTRAINT inheritance_target_class_id_fkey
    FOREIGN KEY (target_class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE calls_default ADD CONSTRAINT calls_file_id_fkey
    FOREIGN KEY (file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE calls_default ADD CONSTRAINT calls_function_id_fkey
    FOREIGN KEY (function_id, repository_id) REFERENCES functions_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE calls_default ADD CONSTRAINT calls_target_function_id_fkey
    FOREIGN KEY (target_function_id, repository_id) REFERENCES functions_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE calls_default ADD CONSTRAINT calls_target_class_id_fkey
    FOREIGN KEY (target_class_id, repository_id) REFERENCES classes_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE dependencies_default ADD CONSTRAINT dependencies_source_file_id_fkey
    FOREIGN KEY (source_file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE dependencies_default ADD CONSTRAINT dependencies_target_file_id_fkey
    FOREIGN KEY (target_file_id, repository_id) REFERENCES files_default DEFERRABLE INITIALLY DEFERRED;

-- Syntax trees are the largest values; lz4 packs them twice as fast. Servers before 14, or built without lz4, keep their own
-- way.
DO $$
BEGIN
    EXECUTE 'ALTER TABLE files ALTER COLUMN ast_content SET COMPRESSION lz4';
    EXECUTE 'ALTER TABLE files_default ALTER COLUMN ast_content SET COMPRESSION lz4';
EXCEPTION WHEN syntax_error OR feature_not_supported OR invalid_parameter_value THEN
    NULL;
END
$$;
