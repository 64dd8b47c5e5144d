//! How the server goes about the named queries, on as many rows as make it choose.

use std::collections::BTreeMap;

use snake_pipe_core::{
    DatabaseBackend as _, SqlQuery, Value,
    queries::{NamedQuery, ParameterDefault, QUERIES, named},
};
use snake_pipe_postgres::PostgresBackend;
use snake_pipe_testkit::postgres::TestDatabase;

use crate::support::{backend, backend_with, rows};

/// A repository of 3,000 files, 30,000 functions and classes and 120,000 calls, and beside it one of ten files: made by the server
/// itself, in seconds. The first function of all is called from everywhere.
const ROWS: &str = "
SET session_replication_role = replica;
CREATE FUNCTION pg_temp.id(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$SELECT md5(kind || number)::uuid$$;
CREATE TEMP TABLE f AS
    SELECT n, CASE WHEN n < 3000 THEN 1 ELSE 2 END AS repository_id, pg_temp.id('file', n) AS file_id
    FROM generate_series(0, 3009) n;
INSERT INTO repositories (repository_id, name, ref_name, marker, snapshot_id)
    SELECT n, 'r' || n, '', pg_temp.id('snapshot', n), pg_temp.id('snapshot', n) FROM generate_series(1, 2) n;
INSERT INTO files (file_id, repository_id, file_path, file_name, directory, language, content_hash, producer_version, is_test,
                   is_vendored, is_generated, parse_status, function_count, class_count, complexity, size_bytes)
    SELECT file_id, repository_id, 'd' || n % 100 || '/f' || n, 'f' || n, 'd' || n % 100, 'c', '', '1', n % 50 = 0, false, false,
           'parsed', 10, 1, 50, 1000
    FROM f;
INSERT INTO classes (class_id, repository_id, file_id, kind, name, qualified_name, ordinal, visibility, is_abstract,
                     is_interface, is_final, is_static, is_exported, is_inner, method_count, field_count)
    SELECT pg_temp.id('class', n * 10 + m), repository_id, file_id, 'class', 'C' || n, 'C' || n, 0, 'public', false, false, false,
           false, true, false, CASE WHEN n % 100 = 0 AND m = 0 THEN 25 ELSE 3 END, 0
    FROM f, generate_series(0, 9) m;
CREATE TEMP TABLE g AS
    SELECT f.n * 10 + m AS n, f.repository_id, f.file_id, f.n AS file, pg_temp.id('function', f.n * 10 + m) AS function_id
    FROM f, generate_series(0, 9) m;
INSERT INTO functions (function_id, repository_id, file_id, class_id, kind, name, qualified_name, ordinal, line_start, line_end,
                       parameter_count, complexity, visibility, is_abstract, is_static, is_async, is_test,
                       is_exported, is_entry_point, is_override, signature, doc_string)
    SELECT function_id, repository_id, file_id, pg_temp.id('class', file * 10), 'function', 'f' || n, 'q.f' || n, 0, 1, 1 + n % 400, 0,
           n % 60, 'public', false, false, false, file % 50 = 0, true, false, n % 7 = 0, repeat('a signature ', 12), CASE WHEN n % 3 = 0 THEN 'said' END
    FROM g;
INSERT INTO calls (file_id, ordinal, repository_id, function_id, kind, callee_name, argument_count, status, origin, candidates,
                   target_file_id, target_function_id)
    SELECT g.file_id, g.n % 10 * 4 + m, g.repository_id, g.function_id, 'function', 'f', 0, 'resolved', 'scope', 1, t.file_id,
           t.function_id
    FROM g
    CROSS JOIN generate_series(0, 3) m
    JOIN g t ON t.n = CASE WHEN m = 0 AND g.repository_id = 1 THEN 0 ELSE g.n - g.n % 10 + (g.n * 7 + m) % 10 END;
INSERT INTO imports (file_id, ordinal, repository_id, kind, raw, module, is_relative, is_type_only, is_system, status, origin,
                     candidates, target_file_id)
    SELECT f.file_id, m, f.repository_id, 'module', 'm', 'm' || (f.n + m) % 500, false, false, false,
           CASE WHEN (f.n + m) % 40 = 0 THEN 'unresolved' ELSE 'resolved' END, 'import', 1,
           CASE WHEN (f.n + m) % 40 <> 0 THEN t.file_id END
    FROM f CROSS JOIN generate_series(0, 3) m JOIN f t ON t.n = f.n - f.n % 10 + m;
INSERT INTO dependencies (source_file_id, ordinal, repository_id, dependency_type, target_file_id, target_module, status,
                          strength, site_count)
    SELECT f.file_id, m, f.repository_id, CASE WHEN m < 2 THEN 'import' ELSE 'function_call' END,
           CASE WHEN NOT x.is_external THEN t.file_id END, CASE WHEN x.is_external THEN 'm' || f.n % 30 END,
           CASE WHEN x.is_external THEN 'external' ELSE 'resolved' END, 1, 1
    FROM f CROSS JOIN generate_series(0, 5) m
    CROSS JOIN LATERAL (SELECT m = 0 AND f.n % 10 = 0 AS is_external) x
    JOIN f t ON t.n = (f.n / 10 * 10 + m) % 3000;
INSERT INTO inheritance (class_id, ordinal, repository_id, file_id, kind, base_name, status, origin, candidates, target_file_id,
                         target_class_id)
    SELECT pg_temp.id('class', n * 10), 0, repository_id, file_id, 'extends', 'C', 'resolved', 'scope', 1,
           pg_temp.id('file', n - 1), pg_temp.id('class', n * 10 - 10)
    FROM f WHERE n % 20 BETWEEN 1 AND 3;
INSERT INTO comments (file_id, ordinal, repository_id, kind, marker, line_start)
    SELECT file_id, m, repository_id, 'line', CASE WHEN n % 20 = 0 AND m = 0 THEN 'TODO' END, m
    FROM f, generate_series(0, 9) m;
INSERT INTO snapshots (snapshot_id, repository_id, commit_hash, producer_version, file_count, published_at)
    SELECT CASE WHEN n = 100 THEN pg_temp.id('snapshot', r) ELSE pg_temp.id('snapshot', r * 1000 + n) END, r, 'c' || n, '1', 0,
           '2026-01-01Z'::timestamptz + n * interval '1 hour'
    FROM generate_series(1, 2) r, generate_series(1, 100) n;
INSERT INTO file_history (snapshot_id, file_id, repository_id, file_path, language, change, lines_before, lines_after, changed_at)
    SELECT s.snapshot_id, f.file_id, s.repository_id, 'd' || f.n % 100 || '/f' || f.n, 'c', 'changed', 1, f.n, s.published_at
    FROM snapshots s JOIN f ON f.repository_id = s.repository_id AND f.n % 10 = extract(hour FROM s.published_at)::bigint % 10;
INSERT INTO function_history (snapshot_id, function_id, repository_id, file_id, qualified_name, kind, change, changed_at)
    SELECT h.snapshot_id, g.function_id, h.repository_id, h.file_id, 'f', 'function', 'changed', h.changed_at
    FROM file_history h JOIN g ON g.file_id = h.file_id WHERE h.repository_id = 1 AND g.n % 10 < 2;
INSERT INTO function_fan_in
    SELECT target_function_id, repository_id, count(*), count(DISTINCT function_id) FROM calls GROUP BY 1, 2;
INSERT INTO function_fan_out
    SELECT function_id, repository_id, file_id, count(DISTINCT target_function_id), count(*) FROM calls GROUP BY 1, 2, 3;
INSERT INTO import_cycles SELECT file_id, repository_id, n / 10 + 1, 10 FROM f WHERE n < 500;
INSERT INTO module_dependencies SELECT 1, 'd' || n, 'd' || m, 3 FROM generate_series(1, 100) n, generate_series(1, 10) m;
INSERT INTO derived_tables
    SELECT r, t, pg_temp.id('snapshot', r), now()
    FROM generate_series(1, 2) r,
         unnest(ARRAY['function_fan_in', 'function_fan_out', 'import_cycles', 'module_dependencies', 'unused_imports']) t;
ANALYZE;
";

/// Makes the rows, and then what else is said. Vacuumed as the server does by itself before long: index-only scans need it, and so do
/// indexes whose new entries wait in a list.
fn fill(database: &TestDatabase, more: &str) {
    database.psql(&format!("{ROWS}{more}")).unwrap();
    database.psql("VACUUM ANALYZE").unwrap();
}

/// The tables that are not read as a whole. `files` is not among them: it has a hundredth of the rows, and is summed up.
const LARGE: &[&str] = &[
    "functions",
    "calls",
    "dependencies",
    "imports",
    "comments",
    "classes",
    "function_fan_in",
    "function_fan_out",
    "file_history",
    "function_history",
];

#[tokio::test]
async fn no_named_query_reads_a_large_table_from_end_to_end() {
    let (database, backend) = backend().await;
    fill(&database, "");
    for query in QUERIES {
        for repository in [None, Some("r2")] {
            let plan = plan(&backend, query, repository).await;
            let is_read = |table: &&&str| {
                let scans = [format!("Seq Scan on {table}_default "), format!("Seq Scan on {table} ")];
                plan.iter().any(|line| scans.iter().any(|scan| line.contains(scan)))
            };
            let large: Vec<_> = LARGE.iter().filter(is_read).collect();
            assert!(
                large.is_empty(),
                "{} of {repository:?} reads {large:?}:\n{}",
                query.name,
                plan.join("\n")
            );
        }
    }
    // What is asked most is read in the order of an index.
    for (name, index) in [
        ("complex-functions", "functions_default_complexity"),
        ("largest-functions", "functions_default_expr"),
        ("undocumented-functions", "functions_default_complexity"),
        ("fan-in", "function_fan_in_top_idx"),
        ("fan-out", "function_fan_out_top_idx"),
        ("largest-changes", "file_history_default_pkey"),
        ("callers", "calls_default_target_function_id"),
        ("blast-radius", "dependencies_default_target_file_id"),
        ("search-names", "functions_default_name"),
    ] {
        let plan = plan(&backend, named(name).unwrap(), Some("r1")).await.join("\n");
        assert!(plan.contains(index), "{name}:\n{plan}");
    }
}

#[tokio::test]
async fn files_are_found_by_their_path_and_by_how_it_begins() {
    let (database, backend) = backend().await;
    fill(&database, "");
    for condition in ["file_path = 'd7/f7'", "file_path IN ('d7/f7', 'd8/f8')", "file_path LIKE 'd7/f7%'"] {
        let sql = format!("EXPLAIN SELECT file_id FROM files WHERE {condition}");
        let result = backend.execute_sql_query(SqlQuery::new(&sql)).await.unwrap();
        let plan: Vec<_> = result.rows.iter().map(|row| row[0].to_string()).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("files_default_file_path_idx"), "{condition}:\n{plan}");
    }
}

/// Files of classes with a method each, as outlines.
const OUTLINES: &str = "
UPDATE files SET ast_content = jsonb_build_object('definitions', jsonb_build_array(jsonb_build_object(
    'kind', 'class', 'name', 'C' || file_name, 'children',
    jsonb_build_array(jsonb_build_object('kind', 'method', 'name', 'm' || file_name)))));
ANALYZE;";

/// What docs/query-guide.md asks of syntax trees.
const AST_QUERIES: [&str; 2] = [
    r#"ast_content @> '{"definitions": [{"kind": "class", "name": "Cf77"}]}'"#,
    r#"ast_content @@ '$.definitions[*].children[*].name == "mf77"'"#,
];

#[tokio::test]
async fn files_are_found_by_what_their_outlines_hold_where_that_is_indexed() {
    let (database, backend) = backend_with("ast_index=on").await;
    fill(&database, OUTLINES);
    for condition in AST_QUERIES {
        let sql = format!("SELECT file_path FROM files WHERE {condition}");
        assert_eq!(rows(&backend, &sql).await, ["d77/f77"], "{condition}");
        let plan = rows(&backend, &format!("EXPLAIN {sql}")).await.join("\n");
        assert!(plan.contains("Bitmap Index Scan on files_default_ast_content_idx"), "{condition}:\n{plan}");
    }
}

#[tokio::test]
async fn words_are_found_by_trigrams_where_these_are_indexed() {
    let (database, backend) = backend_with("search_index=on").await;
    fill(&database, "");
    for (name, words, index) in [
        ("search-names", "f29999", "functions_default_lower_idx"),
        ("search-paths", "d77 f2977", "files_default_lower_idx"),
    ] {
        let given = BTreeMap::from([("words".to_owned(), words.to_owned())]);
        let plan = plan_with(&backend, named(name).unwrap(), given.clone()).await.join("\n");
        assert!(plan.contains(&format!("Bitmap Index Scan on {index}")), "{name}:\n{plan}");
        assert_eq!(named(name).unwrap().run(&backend, &given).await.unwrap().rows.len(), 1);
    }
}

/// The plan, line by line.
async fn plan(backend: &PostgresBackend, query: &NamedQuery, repository: Option<&str>) -> Vec<String> {
    let required =
        query.parameters.iter().filter(|parameter| parameter.default == ParameterDefault::Required);
    let value = |name: &str| if name == "files" { "d0/f0, d1/f1" } else { "f0" };
    let mut given: BTreeMap<String, String> =
        required.map(|parameter| (parameter.name.to_owned(), value(parameter.name).to_owned())).collect();
    given.extend(repository.map(|name| ("repository".to_owned(), name.to_owned())));
    if query.parameters.iter().any(|parameter| parameter.name == "depth") {
        given.insert("depth".to_owned(), "1".to_owned());
    }
    plan_with(backend, query, given).await
}

async fn plan_with(
    backend: &PostgresBackend,
    query: &NamedQuery,
    given: BTreeMap<String, String>,
) -> Vec<String> {
    let statement = query.statement(backend, &given).await.unwrap();
    let mut sql = statement.sql;
    for (index, value) in statement.parameters.iter().enumerate() {
        sql = sql.replace(&format!("${}", index + 1), &format!("'{value}'"));
    }
    let answer = backend.execute_sql_query(SqlQuery::new(format!("EXPLAIN {sql}"))).await.unwrap();
    answer.rows.iter().map(|row| row.iter().map(Value::to_string).collect()).collect()
}
