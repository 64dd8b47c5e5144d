-- The tables' keys, by which rows are compared and parents are found. Id first: a constant leading column doubles the cost of
-- building an index.
CREATE UNIQUE INDEX repositories_key ON repositories (repository_id);
CREATE UNIQUE INDEX snapshots_key ON snapshots (snapshot_id, repository_id);
CREATE UNIQUE INDEX metric_definitions_key ON metric_definitions (metric_name);
CREATE UNIQUE INDEX files_key ON files (file_id, repository_id);
CREATE UNIQUE INDEX classes_key ON classes (class_id, repository_id);
CREATE UNIQUE INDEX functions_key ON functions (function_id, repository_id);
CREATE UNIQUE INDEX parameters_key ON parameters (function_id, ordinal, repository_id);
CREATE UNIQUE INDEX fields_key ON fields (class_id, ordinal, repository_id);
CREATE UNIQUE INDEX annotations_key ON annotations (file_id, ordinal, repository_id);
CREATE UNIQUE INDEX comments_key ON comments (file_id, ordinal, repository_id);
CREATE UNIQUE INDEX metrics_key ON metrics (file_id, metric_name, repository_id);
CREATE UNIQUE INDEX parse_issues_key ON parse_issues (file_id, ordinal, repository_id);
CREATE UNIQUE INDEX imports_key ON imports (file_id, ordinal, repository_id);
CREATE UNIQUE INDEX inheritance_key ON inheritance (class_id, ordinal, repository_id);
CREATE UNIQUE INDEX calls_key ON calls (file_id, ordinal, repository_id);
CREATE UNIQUE INDEX dependencies_key ON dependencies (source_file_id, ordinal, repository_id);

-- What people look up. Partial indexes leave out the rows that nobody looks up that way.
CREATE UNIQUE INDEX repositories_name ON repositories (name, ref_name);
CREATE INDEX snapshots_repository ON snapshots (repository_id, published_at);

-- What a run needs to know of each file: read without the rows, which hold the syntax trees.
CREATE INDEX files_path ON files (
    repository_id, file_path, path_bytes, content_hash, link_hash, producer_version, file_id
);
-- What files are summed up by.
CREATE INDEX files_summary ON files (
    repository_id, language, parse_status, skip_reason, directory, size_bytes, total_lines, code_lines, function_count,
    class_count, complexity
);
CREATE INDEX files_file_name ON files (file_name);
CREATE INDEX files_language ON files (language);

CREATE INDEX classes_file ON classes (file_id);
-- With the repository: names are searched for without a look at the rows.
CREATE INDEX classes_name ON classes (name, repository_id);
CREATE INDEX classes_method_count ON classes (repository_id, method_count) WHERE method_count > 0;

CREATE INDEX functions_file ON functions (file_id);
CREATE INDEX functions_class ON functions (class_id) WHERE class_id IS NOT NULL;
CREATE INDEX functions_name ON functions (name, repository_id);
CREATE INDEX functions_qualified_name ON functions (qualified_name);
-- The first of a repository: by complexity, by lines, and without documentation.
CREATE INDEX functions_complexity ON functions (repository_id, complexity DESC, function_id);
CREATE INDEX functions_unmentioned ON functions (repository_id, code_lines DESC, function_id) WHERE name_mentions = 0;
CREATE INDEX functions_body_shape ON functions (repository_id, body_shape) WHERE body_shape IS NOT NULL;
CREATE INDEX functions_lines ON functions (repository_id, line_end - line_start DESC, function_id);
CREATE INDEX functions_undocumented ON functions (repository_id, complexity DESC, function_id)
    WHERE visibility = 'public' AND doc_string IS NULL;

CREATE INDEX annotations_name ON annotations (name);
CREATE INDEX comments_marker ON comments (marker) WHERE marker IS NOT NULL;
CREATE INDEX metrics_name ON metrics (metric_name, metric_value);

CREATE INDEX imports_module ON imports (module);
CREATE INDEX imports_unresolved ON imports (repository_id, module) WHERE status IN ('unresolved', 'ambiguous');
CREATE INDEX imports_target_function ON imports (target_function_id) WHERE target_function_id IS NOT NULL;
CREATE INDEX imports_target_class ON imports (target_class_id) WHERE target_class_id IS NOT NULL;
CREATE INDEX imports_target_file ON imports (target_file_id) WHERE target_file_id IS NOT NULL;

CREATE INDEX inheritance_target_file ON inheritance (target_file_id) WHERE target_file_id IS NOT NULL;
CREATE INDEX inheritance_target_class ON inheritance (target_class_id) WHERE target_class_id IS NOT NULL;

-- Who calls what, without a look at the rows: the most called functions have tens of thousands of call sites.
CREATE INDEX calls_target_function ON calls (target_function_id, function_id, repository_id)
    WHERE target_function_id IS NOT NULL;
CREATE INDEX calls_target_class ON calls (target_class_id) WHERE target_class_id IS NOT NULL;
-- Targets that are files as a whole: the two indexes above find all others, since ids of one file begin alike.
CREATE INDEX calls_target_file ON calls (target_file_id)
    WHERE target_file_id IS NOT NULL AND target_function_id IS NULL AND target_class_id IS NULL;

CREATE INDEX dependencies_target_file ON dependencies (target_file_id, source_file_id, repository_id)
    WHERE target_file_id IS NOT NULL;
CREATE INDEX dependencies_external ON dependencies (target_module)
    WHERE dependency_type = 'import' AND status = 'external';
CREATE INDEX dependencies_target_module ON dependencies (target_module) WHERE target_module IS NOT NULL;

CREATE UNIQUE INDEX file_history_key ON file_history (snapshot_id, file_id, repository_id, changed_at);
CREATE UNIQUE INDEX function_history_key ON function_history (snapshot_id, file_id, function_id, repository_id, changed_at);
CREATE UNIQUE INDEX derived_tables_key ON derived_tables (repository_id, table_name);
CREATE UNIQUE INDEX function_fan_in_key ON function_fan_in (function_id, repository_id);
CREATE INDEX function_fan_in_top ON function_fan_in (repository_id, call_sites DESC, function_id);
CREATE UNIQUE INDEX function_fan_out_key ON function_fan_out (function_id, repository_id);
CREATE INDEX function_fan_out_top ON function_fan_out (repository_id, called_functions DESC, function_id);
CREATE INDEX function_fan_out_file ON function_fan_out (file_id);
CREATE UNIQUE INDEX import_cycles_key ON import_cycles (file_id, repository_id);
CREATE INDEX import_cycles_cycle ON import_cycles (repository_id, cycle);
CREATE UNIQUE INDEX module_dependencies_key ON module_dependencies (repository_id, source_directory, target_directory);
CREATE UNIQUE INDEX unused_imports_key ON unused_imports (file_id, ordinal, repository_id);
CREATE INDEX unused_imports_repository ON unused_imports (repository_id);

-- Until a database is analysed the planner takes every index for equally choosy. These are not: most of a table may be of one
-- repository (<https://www.sqlite.org/fileformat2.html#stat1tab>).
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('files', 'files_path', '100000 10000 1 1 1 1 1 1'),
    ('files', 'files_summary', '100000 10000 1000 800 800 20 2 1 1 1 1 1'),
    ('classes', 'classes_method_count', '100000 10000 300'),
    ('functions', 'functions_complexity', '1000000 100000 2000 1'),
    ('functions', 'functions_lines', '1000000 100000 1000 1'),
    ('functions', 'functions_undocumented', '300000 30000 600 1'),
    ('imports', 'imports_unresolved', '30000 3000 3');
ANALYZE sqlite_schema;
