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

CREATE INDEX files_path ON files (repository_id, file_path);
CREATE INDEX files_file_name ON files (file_name);
CREATE INDEX files_language ON files (language);

CREATE INDEX classes_file ON classes (file_id);
CREATE INDEX classes_name ON classes (name);

CREATE INDEX functions_file ON functions (file_id);
CREATE INDEX functions_class ON functions (class_id) WHERE class_id IS NOT NULL;
CREATE INDEX functions_name ON functions (name);
CREATE INDEX functions_qualified_name ON functions (qualified_name);
CREATE INDEX functions_complexity ON functions (complexity);

CREATE INDEX annotations_name ON annotations (name);
CREATE INDEX comments_marker ON comments (marker) WHERE marker IS NOT NULL;
CREATE INDEX metrics_name ON metrics (metric_name, metric_value);

CREATE INDEX imports_module ON imports (module);
CREATE INDEX imports_target_file ON imports (target_file_id) WHERE target_file_id IS NOT NULL;

CREATE INDEX inheritance_target_file ON inheritance (target_file_id) WHERE target_file_id IS NOT NULL;
CREATE INDEX inheritance_target_class ON inheritance (target_class_id) WHERE target_class_id IS NOT NULL;

CREATE INDEX calls_target_function ON calls (target_function_id) WHERE target_function_id IS NOT NULL;
CREATE INDEX calls_target_class ON calls (target_class_id) WHERE target_class_id IS NOT NULL;
-- Targets that are files as a whole: the two indexes above find all others, since ids of one file begin alike.
CREATE INDEX calls_target_file ON calls (target_file_id)
    WHERE target_file_id IS NOT NULL AND target_function_id IS NULL AND target_class_id IS NULL;

CREATE INDEX dependencies_target_file ON dependencies (target_file_id) WHERE target_file_id IS NOT NULL;
CREATE INDEX dependencies_target_module ON dependencies (target_module) WHERE target_module IS NOT NULL;
