//! Rows that contradict each other.

use std::time::Instant;

use snake_pipe_core::{
    ConstraintResult, IntegrityResult, IntegrityScope, Result,
    schema::{TABLES, Table},
};
use sqlx::{Row, SqliteConnection};

use crate::{database::Database, error::during};

/// Up to so many keys of rows that break a constraint are shown.
const EXAMPLES: usize = 10;

/// A column that names a row of another table: table, column, the other table and its column.
const REFERENCES: &[(&str, &str, &str, &str)] = &[
    ("snapshots", "repository_id", "repositories", "repository_id"),
    ("files", "repository_id", "repositories", "repository_id"),
    ("classes", "file_id", "files", "file_id"),
    ("classes", "outer_class_id", "classes", "class_id"),
    ("functions", "file_id", "files", "file_id"),
    ("functions", "class_id", "classes", "class_id"),
    ("functions", "parent_function_id", "functions", "function_id"),
    ("parameters", "file_id", "files", "file_id"),
    ("parameters", "function_id", "functions", "function_id"),
    ("fields", "file_id", "files", "file_id"),
    ("fields", "class_id", "classes", "class_id"),
    ("annotations", "file_id", "files", "file_id"),
    ("annotations", "function_id", "functions", "function_id"),
    ("annotations", "class_id", "classes", "class_id"),
    ("comments", "file_id", "files", "file_id"),
    ("metrics", "file_id", "files", "file_id"),
    ("parse_issues", "file_id", "files", "file_id"),
    ("imports", "file_id", "files", "file_id"),
    ("imports", "target_file_id", "files", "file_id"),
    ("imports", "target_function_id", "functions", "function_id"),
    ("imports", "target_class_id", "classes", "class_id"),
    ("inheritance", "file_id", "files", "file_id"),
    ("inheritance", "class_id", "classes", "class_id"),
    ("inheritance", "target_file_id", "files", "file_id"),
    ("inheritance", "target_class_id", "classes", "class_id"),
    ("calls", "file_id", "files", "file_id"),
    ("calls", "function_id", "functions", "function_id"),
    ("calls", "target_file_id", "files", "file_id"),
    ("calls", "target_function_id", "functions", "function_id"),
    ("calls", "target_class_id", "classes", "class_id"),
    ("dependencies", "source_file_id", "files", "file_id"),
    ("dependencies", "target_file_id", "files", "file_id"),
];

/// Further conditions: the table, what is constrained, and the condition that a row `t` meets when it breaks it.
const CONDITIONS: &[(&str, &str, &str)] = &[
    (
        "repositories",
        "snapshot_id exists",
        "t.snapshot_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM snapshots s WHERE s.snapshot_id = t.snapshot_id AND s.repository_id = t.repository_id)",
    ),
    (
        "repositories",
        "snapshot_id file_count matches",
        "EXISTS (
            SELECT 1 FROM snapshots s WHERE s.snapshot_id = t.snapshot_id AND s.repository_id = t.repository_id
            AND s.file_count <> (SELECT count(*) FROM files f WHERE f.repository_id = t.repository_id))",
    ),
    (
        "files",
        "function_count matches",
        "t.function_count <> (SELECT count(*) FROM functions u WHERE u.file_id = t.file_id AND u.repository_id = t.repository_id)",
    ),
    (
        "files",
        "class_count matches",
        "t.class_count <> (SELECT count(*) FROM classes c WHERE c.file_id = t.file_id AND c.repository_id = t.repository_id)",
    ),
    (
        "functions",
        "parameter_count matches",
        "t.parameter_count <> (
            SELECT count(*) FROM parameters p WHERE p.function_id = t.function_id AND p.repository_id = t.repository_id)",
    ),
    ("imports", "status matches target", "(t.status = 'resolved') <> (t.target_file_id IS NOT NULL)"),
    ("inheritance", "status matches target", "(t.status = 'resolved') <> (t.target_file_id IS NOT NULL)"),
    ("calls", "status matches target", "(t.status = 'resolved') <> (t.target_file_id IS NOT NULL)"),
    ("dependencies", "status matches target", "(t.status = 'resolved') <> (t.target_file_id IS NOT NULL)"),
    // Only of files that are linked: where a target went, the sites are un-resolved and the file is owed again.
    (
        "dependencies",
        "site_count matches",
        "t.dependency_type IN ('function_call', 'method_call') AND t.target_file_id IS NOT NULL
         AND EXISTS (
            SELECT 1 FROM files f
            WHERE f.file_id = t.source_file_id AND f.repository_id = t.repository_id AND f.link_hash IS NOT NULL)
         AND t.site_count <> (
            SELECT count(*) FROM calls k
            WHERE k.file_id = t.source_file_id AND k.repository_id = t.repository_id
            AND k.target_file_id = t.target_file_id
            AND (k.kind IN ('function', 'macro')) = (t.dependency_type = 'function_call'))",
    ),
];

/// Looks for rows that contradict each other.
pub(crate) async fn check(database: &Database, scope: IntegrityScope) -> Result<IntegrityResult> {
    let started = Instant::now();
    let mut result = IntegrityResult::default();
    let Some(mut reader) = database.reader_of_tables().await? else { return Ok(result) };
    for (table, column, other, key) in REFERENCES {
        let is_same_repository =
            if *column == "repository_id" { "" } else { "AND o.repository_id = t.repository_id" };
        let broken = format!(
            "t.{column} IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM {other} o WHERE o.{key} = t.{column} {is_same_repository})"
        );
        let name = format!("{table}.{column} exists");
        result.constraints.push(constraint(&mut reader, scope, definition(table), name, &broken).await?);
    }
    for (table, what, broken) in CONDITIONS {
        let name = format!("{table}.{what}");
        result.constraints.push(constraint(&mut reader, scope, definition(table), name, broken).await?);
    }
    if scope == IntegrityScope::All {
        result.constraints.push(file_itself(&mut reader).await?);
    }
    result.duration = started.elapsed();
    Ok(result)
}

fn definition(name: &str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).expect("the constraints name tables of the schema")
}

async fn constraint(
    connection: &mut SqliteConnection,
    scope: IntegrityScope,
    table: &Table,
    name: String,
    broken: &str,
) -> Result<ConstraintResult> {
    let checking = during("check_integrity");
    let key: Vec<_> = table.key.iter().map(|column| format!("t.{column}")).collect();
    let repository = match scope {
        IntegrityScope::All => None,
        IntegrityScope::Repository(id) => Some(id.get()),
    };
    let within = if repository.is_some() { "t.repository_id = ?1 AND" } else { "" };
    let sql = format!(
        "SELECT concat_ws('/', {}), count(*) OVER () FROM {} t WHERE {within} ({broken}) LIMIT {EXAMPLES}",
        key.join(", "),
        table.name
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    if let Some(repository) = repository {
        query = query.bind(repository);
    }
    let rows = query.fetch_all(connection).await.map_err(&checking)?;
    let mut result = ConstraintResult { name, violations: 0, examples: Vec::new() };
    for row in rows {
        result.examples.push(row.try_get(0).map_err(&checking)?);
        result.violations = row.try_get::<i64, _>(1).map_err(&checking)?.unsigned_abs();
    }
    Ok(result)
}

/// Whether SQLite finds its own file in order.
async fn file_itself(connection: &mut SqliteConnection) -> Result<ConstraintResult> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(100)")
        .fetch_all(connection)
        .await
        .map_err(during("check_integrity"))?;
    let examples: Vec<_> = found.into_iter().filter(|line| line != "ok").collect();
    Ok(ConstraintResult {
        name: "database file is sound".to_owned(),
        violations: examples.len() as u64,
        examples: examples.into_iter().take(EXAMPLES).collect(),
    })
}
