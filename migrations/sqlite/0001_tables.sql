-- The tables of the relational model, as `snake_pipe_core::schema::TABLES` has them: names, order and meaning of the
-- columns are the same in every SQL backend. A test compares the two.
--
-- Keys are unique indexes, not PRIMARY KEY constraints: an index can be dropped and built again after the rows of a first,
-- large load, which takes two thirds of the time; a constraint's cannot.
--
-- Lists of words are written with OR, since SQLite looks words of an IN up in a table of its own: for the rows of calls that takes
-- as long again as everything else.
--
-- Rows of a file go with the file. A reference into another file has no ON DELETE action: the writer un-resolves it.

-- One line of history: a project and a ref.
CREATE TABLE repositories (
    repository_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    ref_name TEXT NOT NULL,
    remote TEXT,
    root TEXT,
    fence_number INTEGER,
    fence_owner TEXT,
    marker TEXT,
    snapshot_id TEXT,
    created_at TEXT,
    updated_at TEXT
) STRICT;

-- The state of a repository as one run saw it.
CREATE TABLE snapshots (
    snapshot_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    commit_hash TEXT,
    branch TEXT,
    is_dirty INTEGER CHECK (is_dirty IN (0, 1)),
    positions TEXT,
    producer_version TEXT NOT NULL,
    file_count INTEGER NOT NULL,
    published_at TEXT,
    FOREIGN KEY (repository_id) REFERENCES repositories (repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- What the names in `metrics` and the measures of `functions` mean.
CREATE TABLE metric_definitions (
    metric_name TEXT NOT NULL,
    metric_type TEXT NOT NULL CHECK (
        metric_type = 'count' OR metric_type = 'ratio' OR metric_type = 'score'
    ),
    unit TEXT NOT NULL,
    description TEXT NOT NULL
) STRICT;

-- A source file; skipped and failed ones are rows too.
CREATE TABLE files (
    file_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    file_path TEXT NOT NULL,
    path_bytes TEXT,
    file_name TEXT NOT NULL,
    directory TEXT NOT NULL,
    extension TEXT,
    language TEXT NOT NULL,
    namespace TEXT,
    size_bytes INTEGER,
    hash_md5 TEXT,
    content_hash TEXT NOT NULL,
    link_hash TEXT,
    producer_version TEXT NOT NULL,
    total_lines INTEGER,
    code_lines INTEGER,
    comment_lines INTEGER,
    blank_lines INTEGER,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    is_vendored INTEGER NOT NULL CHECK (is_vendored IN (0, 1)),
    is_generated INTEGER NOT NULL CHECK (is_generated IN (0, 1)),
    parse_status TEXT NOT NULL CHECK (
        parse_status = 'parsed' OR parse_status = 'partial' OR parse_status = 'skipped'
        OR parse_status = 'failed'
    ),
    skip_reason TEXT,
    function_count INTEGER NOT NULL,
    class_count INTEGER NOT NULL,
    complexity INTEGER,
    ast_content TEXT,
    metadata TEXT,
    last_modified TEXT,
    created_at TEXT,
    updated_at TEXT,
    FOREIGN KEY (repository_id) REFERENCES repositories (repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A type: class, interface, trait, struct, union, enum, record, object, annotation or alias.
CREATE TABLE classes (
    class_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    outer_class_id TEXT,
    kind TEXT NOT NULL CHECK (
        kind = 'class' OR kind = 'interface' OR kind = 'trait' OR kind = 'struct' OR kind = 'union'
        OR kind = 'enum' OR kind = 'record' OR kind = 'object' OR kind = 'annotation'
        OR kind = 'type_alias'
    ),
    name TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    namespace TEXT,
    line_start INTEGER,
    line_end INTEGER,
    column_start INTEGER,
    column_end INTEGER,
    type_parameters TEXT,
    visibility TEXT NOT NULL CHECK (
        visibility = 'unspecified' OR visibility = 'public' OR visibility = 'protected'
        OR visibility = 'internal' OR visibility = 'private'
    ),
    modifiers TEXT,
    is_abstract INTEGER NOT NULL CHECK (is_abstract IN (0, 1)),
    is_interface INTEGER NOT NULL CHECK (is_interface IN (0, 1)),
    is_final INTEGER NOT NULL CHECK (is_final IN (0, 1)),
    is_static INTEGER NOT NULL CHECK (is_static IN (0, 1)),
    is_exported INTEGER NOT NULL CHECK (is_exported IN (0, 1)),
    is_inner INTEGER NOT NULL CHECK (is_inner IN (0, 1)),
    method_count INTEGER NOT NULL,
    field_count INTEGER NOT NULL,
    doc_string TEXT,
    metadata TEXT,
    created_at TEXT,
    updated_at TEXT,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (outer_class_id, repository_id) REFERENCES classes (class_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A function, method, constructor, accessor, named closure or function-like macro.
CREATE TABLE functions (
    function_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    class_id TEXT,
    parent_function_id TEXT,
    kind TEXT NOT NULL CHECK (
        kind = 'function' OR kind = 'method' OR kind = 'constructor' OR kind = 'destructor'
        OR kind = 'accessor' OR kind = 'operator' OR kind = 'closure' OR kind = 'macro'
    ),
    name TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    signature TEXT,
    line_start INTEGER,
    line_end INTEGER,
    column_start INTEGER,
    column_end INTEGER,
    return_type TEXT,
    parameter_count INTEGER NOT NULL,
    complexity INTEGER,
    complexity_mccabe INTEGER,
    complexity_radon INTEGER,
    complexity_lizard INTEGER,
    cognitive_complexity INTEGER,
    max_nesting INTEGER,
    code_lines INTEGER,
    name_mentions INTEGER,
    body_shape INTEGER,
    visibility TEXT NOT NULL CHECK (
        visibility = 'unspecified' OR visibility = 'public' OR visibility = 'protected'
        OR visibility = 'internal' OR visibility = 'private'
    ),
    modifiers TEXT,
    is_abstract INTEGER NOT NULL CHECK (is_abstract IN (0, 1)),
    is_static INTEGER NOT NULL CHECK (is_static IN (0, 1)),
    is_async INTEGER NOT NULL CHECK (is_async IN (0, 1)),
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    is_exported INTEGER NOT NULL CHECK (is_exported IN (0, 1)),
    is_entry_point INTEGER NOT NULL CHECK (is_entry_point IN (0, 1)),
    is_override INTEGER NOT NULL CHECK (is_override IN (0, 1)),
    doc_string TEXT,
    source_code TEXT,
    metadata TEXT,
    created_at TEXT,
    updated_at TEXT,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (class_id, repository_id) REFERENCES classes (class_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (parent_function_id, repository_id) REFERENCES functions (function_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A parameter of a function.
CREATE TABLE parameters (
    function_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT,
    default_value TEXT,
    kind TEXT NOT NULL CHECK (
        kind = 'ordinary' OR kind = 'positional_only' OR kind = 'keyword_only' OR kind = 'variadic'
        OR kind = 'keyword_variadic' OR kind = 'receiver'
    ),
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (function_id, repository_id) REFERENCES functions (function_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A field, property, enum constant or variant of a class.
CREATE TABLE fields (
    class_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT,
    default_value TEXT,
    visibility TEXT NOT NULL CHECK (
        visibility = 'unspecified' OR visibility = 'public' OR visibility = 'protected'
        OR visibility = 'internal' OR visibility = 'private'
    ),
    modifiers TEXT,
    is_static INTEGER NOT NULL CHECK (is_static IN (0, 1)),
    is_final INTEGER NOT NULL CHECK (is_final IN (0, 1)),
    line_number INTEGER,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (class_id, repository_id) REFERENCES classes (class_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- An annotation, attribute or decorator.
CREATE TABLE annotations (
    file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    function_id TEXT,
    class_id TEXT,
    name TEXT NOT NULL,
    arguments TEXT,
    line_number INTEGER,
    column_number INTEGER,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (function_id, repository_id) REFERENCES functions (function_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (class_id, repository_id) REFERENCES classes (class_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A comment.
CREATE TABLE comments (
    file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind = 'line' OR kind = 'block' OR kind = 'doc'
    ),
    marker TEXT,
    line_start INTEGER,
    line_end INTEGER,
    text TEXT,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A measure of a file.
CREATE TABLE metrics (
    file_id TEXT NOT NULL,
    metric_name TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    metric_value REAL NOT NULL,
    metric_type TEXT NOT NULL CHECK (
        metric_type = 'count' OR metric_type = 'ratio' OR metric_type = 'score'
    ),
    calculated_at TEXT,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A piece of a file that could not be understood or stored as it was.
CREATE TABLE parse_issues (
    file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind = 'syntax_error' OR kind = 'missing_token' OR kind = 'invalid_utf8' OR kind = 'nul_byte'
        OR kind = 'truncated' OR kind = 'unreadable' OR kind = 'over_limit' OR kind = 'refused'
        OR kind = 'key_collision'
    ),
    message TEXT NOT NULL,
    line_start INTEGER,
    line_end INTEGER,
    column_start INTEGER,
    column_end INTEGER,
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- An import of a module or of one name.
CREATE TABLE imports (
    file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind = 'module' OR kind = 'name' OR kind = 'wildcard' OR kind = 'include' OR kind = 're_export'
        OR kind = 'dynamic'
    ),
    raw TEXT NOT NULL,
    module TEXT NOT NULL,
    name TEXT,
    alias TEXT,
    is_relative INTEGER NOT NULL CHECK (is_relative IN (0, 1)),
    is_type_only INTEGER NOT NULL CHECK (is_type_only IN (0, 1)),
    is_system INTEGER NOT NULL CHECK (is_system IN (0, 1)),
    line_number INTEGER,
    column_number INTEGER,
    status TEXT NOT NULL CHECK (
        status = 'resolved' OR status = 'ambiguous' OR status = 'external' OR status = 'stdlib'
        OR status = 'unresolved'
    ),
    origin TEXT NOT NULL CHECK (
        origin = 'none' OR origin = 'scope' OR origin = 'member' OR origin = 'inherited'
        OR origin = 'import' OR origin = 'package' OR origin = 'include' OR origin = 'path'
        OR origin = 'alias' OR origin = 'stdlib_list' OR origin = 'producer'
    ),
    candidates INTEGER NOT NULL,
    target_file_id TEXT,
    target_function_id TEXT,
    target_class_id TEXT,
    CHECK ((status = 'resolved') = (target_file_id IS NOT NULL)),
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_file_id, repository_id) REFERENCES files (file_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_function_id, repository_id) REFERENCES functions (function_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_class_id, repository_id) REFERENCES classes (class_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A base class or interface that a class names.
CREATE TABLE inheritance (
    class_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind = 'extends' OR kind = 'implements' OR kind = 'mixin' OR kind = 'embeds'
    ),
    base_name TEXT NOT NULL,
    base_text TEXT,
    line_number INTEGER,
    status TEXT NOT NULL CHECK (
        status = 'resolved' OR status = 'ambiguous' OR status = 'external' OR status = 'stdlib'
        OR status = 'unresolved'
    ),
    origin TEXT NOT NULL CHECK (
        origin = 'none' OR origin = 'scope' OR origin = 'member' OR origin = 'inherited'
        OR origin = 'import' OR origin = 'package' OR origin = 'include' OR origin = 'path'
        OR origin = 'alias' OR origin = 'stdlib_list' OR origin = 'producer'
    ),
    candidates INTEGER NOT NULL,
    target_file_id TEXT,
    target_class_id TEXT,
    CHECK ((status = 'resolved') = (target_file_id IS NOT NULL)),
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (class_id, repository_id) REFERENCES classes (class_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_file_id, repository_id) REFERENCES files (file_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_class_id, repository_id) REFERENCES classes (class_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A call site.
CREATE TABLE calls (
    file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    function_id TEXT,
    kind TEXT NOT NULL CHECK (
        kind = 'function' OR kind = 'method' OR kind = 'constructor' OR kind = 'macro'
    ),
    callee_name TEXT NOT NULL,
    callee_text TEXT,
    argument_count INTEGER NOT NULL,
    line_number INTEGER,
    column_number INTEGER,
    status TEXT NOT NULL CHECK (
        status = 'resolved' OR status = 'ambiguous' OR status = 'external' OR status = 'stdlib'
        OR status = 'unresolved'
    ),
    origin TEXT NOT NULL CHECK (
        origin = 'none' OR origin = 'scope' OR origin = 'member' OR origin = 'inherited'
        OR origin = 'import' OR origin = 'package' OR origin = 'include' OR origin = 'path'
        OR origin = 'alias' OR origin = 'stdlib_list' OR origin = 'producer'
    ),
    candidates INTEGER NOT NULL,
    target_file_id TEXT,
    target_function_id TEXT,
    target_class_id TEXT,
    CHECK ((status = 'resolved') = (target_file_id IS NOT NULL)),
    FOREIGN KEY (file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (function_id, repository_id) REFERENCES functions (function_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_file_id, repository_id) REFERENCES files (file_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_function_id, repository_id) REFERENCES functions (function_id, repository_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_class_id, repository_id) REFERENCES classes (class_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- What a file depends on, derived from its imports, bases and calls.
CREATE TABLE dependencies (
    source_file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL,
    dependency_type TEXT NOT NULL CHECK (
        dependency_type = 'import' OR dependency_type = 'inheritance'
        OR dependency_type = 'interface_implementation' OR dependency_type = 'composition'
        OR dependency_type = 'function_call' OR dependency_type = 'method_call'
        OR dependency_type = 'data_dependency'
    ),
    target_file_id TEXT,
    target_module TEXT,
    status TEXT NOT NULL CHECK (
        status = 'resolved' OR status = 'ambiguous' OR status = 'external' OR status = 'stdlib'
        OR status = 'unresolved'
    ),
    strength REAL NOT NULL,
    site_count INTEGER NOT NULL,
    line_number INTEGER,
    CHECK ((status = 'resolved') = (target_file_id IS NOT NULL)),
    FOREIGN KEY (source_file_id, repository_id) REFERENCES files (file_id, repository_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (target_file_id, repository_id) REFERENCES files (file_id, repository_id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- A file whose content a load changed; a repository's first snapshot changes nothing. History has no foreign keys: it names what is
-- gone.
CREATE TABLE file_history (
    snapshot_id TEXT NOT NULL,
    file_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    file_path TEXT NOT NULL,
    language TEXT NOT NULL,
    change TEXT NOT NULL CHECK (change = 'added' OR change = 'changed' OR change = 'removed'),
    lines_before INTEGER,
    lines_after INTEGER,
    code_lines_before INTEGER,
    code_lines_after INTEGER,
    function_count_before INTEGER,
    function_count_after INTEGER,
    complexity_before INTEGER,
    complexity_after INTEGER,
    changed_at TEXT NOT NULL,
    CHECK (change <> 'added' OR coalesce(lines_before, code_lines_before, function_count_before, complexity_before) IS NULL),
    CHECK (change <> 'removed' OR coalesce(lines_after, code_lines_after, function_count_after, complexity_after) IS NULL)
) STRICT;

-- A function that a load changed, in a file whose content it changed; where it stands is no change.
CREATE TABLE function_history (
    snapshot_id TEXT NOT NULL,
    function_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    change TEXT NOT NULL CHECK (change = 'added' OR change = 'changed' OR change = 'removed'),
    lines_before INTEGER,
    lines_after INTEGER,
    complexity_before INTEGER,
    complexity_after INTEGER,
    cognitive_complexity_before INTEGER,
    cognitive_complexity_after INTEGER,
    changed_at TEXT NOT NULL,
    CHECK (change <> 'added' OR coalesce(lines_before, complexity_before, cognitive_complexity_before) IS NULL),
    CHECK (change <> 'removed' OR coalesce(lines_after, complexity_after, cognitive_complexity_after) IS NULL)
) STRICT;

-- From which snapshot a derived table was made: it is up to date where that is the repository's. Derived tables have no foreign
-- keys: they may name what is gone until they are calculated again.
CREATE TABLE derived_tables (
    repository_id INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    snapshot_id TEXT NOT NULL,
    calculated_at TEXT
) STRICT;

-- How often a function is called; functions that no resolved call reaches have no row.
CREATE TABLE function_fan_in (
    function_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    call_sites INTEGER NOT NULL,
    calling_functions INTEGER NOT NULL
) STRICT;

-- How much a function calls; functions without a resolved call have no row.
CREATE TABLE function_fan_out (
    function_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    called_functions INTEGER NOT NULL,
    call_sites INTEGER NOT NULL
) STRICT;

-- A file that imports itself through others.
CREATE TABLE import_cycles (
    file_id TEXT NOT NULL,
    repository_id INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    file_count INTEGER NOT NULL
) STRICT;

-- A directory with files that depend on files of another.
CREATE TABLE module_dependencies (
    repository_id INTEGER NOT NULL,
    source_directory TEXT NOT NULL,
    target_directory TEXT NOT NULL,
    edge_count INTEGER NOT NULL
) STRICT;

-- An imported function or class whose name is found nowhere in what is recorded of the file.
CREATE TABLE unused_imports (
    file_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    repository_id INTEGER NOT NULL
) STRICT;
