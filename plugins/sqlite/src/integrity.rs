//! Rows that contradict each other. The constraints and their names are those of every SQL backend.

use std::time::Instant;

use snake_pipe_core::{
    ConstraintResult, IntegrityResult, IntegrityScope, Result,
    schema::{Table, TableId},
};
use sqlx::{Row, SqliteConnection};

use crate::{
    database::Database,
    error::during,
    schema::{FILE_TABLES, file_column},
};

/// Up to so many keys of rows that break a constraint are shown.
const EXAMPLES: usize = 10;

/// A column that names a row of another table.
struct Reference {
    table: TableId,
    column: &'static str,
    target: TableId,
}

const fn reference(table: TableId, column: &'static str, target: TableId) -> Reference {
    Reference { table, column, target }
}

/// Every foreign key of the schema, and one that it cannot have, since a snapshot refers back to its repository.
const REFERENCES: &[Reference] = &[
    reference(TableId::Classes, "file_id", TableId::Files),
    reference(TableId::Classes, "outer_class_id", TableId::Classes),
    reference(TableId::Functions, "file_id", TableId::Files),
    reference(TableId::Functions, "class_id", TableId::Classes),
    reference(TableId::Functions, "parent_function_id", TableId::Functions),
    reference(TableId::Parameters, "function_id", TableId::Functions),
    reference(TableId::Fields, "class_id", TableId::Classes),
    reference(TableId::Annotations, "file_id", TableId::Files),
    reference(TableId::Annotations, "function_id", TableId::Functions),
    reference(TableId::Annotations, "class_id", TableId::Classes),
    reference(TableId::Comments, "file_id", TableId::Files),
    reference(TableId::Metrics, "file_id", TableId::Files),
    reference(TableId::ParseIssues, "file_id", TableId::Files),
    reference(TableId::Imports, "file_id", TableId::Files),
    reference(TableId::Imports, "target_file_id", TableId::Files),
    reference(TableId::Imports, "target_function_id", TableId::Functions),
    reference(TableId::Imports, "target_class_id", TableId::Classes),
    reference(TableId::Inheritance, "class_id", TableId::Classes),
    reference(TableId::Inheritance, "target_class_id", TableId::Classes),
    reference(TableId::Calls, "file_id", TableId::Files),
    reference(TableId::Calls, "function_id", TableId::Functions),
    reference(TableId::Calls, "target_function_id", TableId::Functions),
    reference(TableId::Calls, "target_class_id", TableId::Classes),
    reference(TableId::Dependencies, "source_file_id", TableId::Files),
    reference(TableId::Dependencies, "target_file_id", TableId::Files),
    reference(TableId::Parameters, "file_id", TableId::Files),
    reference(TableId::Fields, "file_id", TableId::Files),
    reference(TableId::Inheritance, "file_id", TableId::Files),
    reference(TableId::Inheritance, "target_file_id", TableId::Files),
    reference(TableId::Calls, "target_file_id", TableId::Files),
    reference(TableId::Files, "repository_id", TableId::Repositories),
    reference(TableId::Snapshots, "repository_id", TableId::Repositories),
    reference(TableId::Repositories, "snapshot_id", TableId::Snapshots),
];

/// A question whose rows break a constraint. `r` is the table that is looked at.
struct Question {
    name: String,
    table: TableId,
    /// What follows `FROM table r`: joins, and the condition that breaks the constraint.
    broken: String,
}

/// Looks for rows that contradict each other.
pub(crate) async fn check(database: &Database, scope: IntegrityScope) -> Result<IntegrityResult> {
    let started = Instant::now();
    let mut result = IntegrityResult::default();
    let Some(mut reader) = database.reader_of_tables().await? else { return Ok(result) };
    for question in questions() {
        result.constraints.push(ask(&mut reader, &question, scope).await?);
    }
    if scope == IntegrityScope::All {
        result.constraints.push(file_itself(&mut reader).await?);
    }
    result.duration = started.elapsed();
    Ok(result)
}

async fn ask(
    connection: &mut SqliteConnection,
    question: &Question,
    scope: IntegrityScope,
) -> Result<ConstraintResult> {
    let asking = during("check_integrity");
    let (filter, repository) = match scope {
        IntegrityScope::All => ("?1 IS NULL", None),
        IntegrityScope::Repository(repository) => ("r.repository_id = ?1", Some(repository.get())),
    };
    let table = question.table.table();
    let key: Vec<_> = table.key.iter().map(|column| format!("r.{column}")).collect();
    let sql = format!(
        "SELECT concat_ws('/', {}) AS key, count(*) OVER () FROM {} r {} AND {filter} ORDER BY key LIMIT {EXAMPLES}",
        key.join(", "),
        table.name,
        question.broken
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(repository)
        .fetch_all(connection)
        .await
        .map_err(&asking)?;
    let mut result = ConstraintResult { name: question.name.clone(), violations: 0, examples: Vec::new() };
    for row in rows {
        result.examples.push(row.try_get(0).map_err(&asking)?);
        result.violations = row.try_get::<i64, _>(1).map_err(&asking)?.unsigned_abs();
    }
    Ok(result)
}

/// Whether SQLite finds its own file in order; the tables' checks are looked at too.
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

fn questions() -> Vec<Question> {
    let exists = REFERENCES.iter().map(exists);
    exists.chain(targets()).chain(same_files()).chain(counts()).chain([sites(), snapshots()]).collect()
}

/// What a column refers to is there.
fn exists(reference: &Reference) -> Question {
    let (table, target) = (reference.table.table(), reference.target.table());
    let same = match reference.target {
        TableId::Repositories => "",
        _ => " AND t.repository_id = r.repository_id",
    };
    Question {
        name: format!("{}.{} exists", table.name, reference.column),
        table: reference.table,
        broken: format!(
            "WHERE r.{0} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {1} t WHERE t.{2} = r.{0}{same})",
            reference.column, target.name, target.key[0]
        ),
    }
}

/// Exactly what is resolved has a target, and the target lies in the file that is named.
fn targets() -> impl Iterator<Item = Question> {
    let referring = FILE_TABLES.iter().map(|table| table.id).filter(|id| has(id.table(), "target_file_id"));
    referring.flat_map(|id| {
        let name = id.table().name;
        let status = Question {
            name: format!("{name}.target_file_id fits status"),
            table: id,
            broken: "WHERE (r.status = 'resolved') <> (r.target_file_id IS NOT NULL)".to_owned(),
        };
        let entities = [("target_function_id", TableId::Functions), ("target_class_id", TableId::Classes)];
        let entities = entities.into_iter().filter(move |(column, _)| has(id.table(), column));
        let in_file = entities.map(move |(column, target)| Question {
            name: format!("{name}.{column} lies in target_file_id"),
            table: id,
            broken: format!(
                "JOIN {} t ON t.{} = r.{column} AND t.repository_id = r.repository_id
                 WHERE t.file_id IS NOT r.target_file_id",
                target.table().name,
                target.table().key[0]
            ),
        });
        std::iter::once(status).chain(in_file)
    })
}

/// What belongs together lies in one file.
fn same_files() -> impl Iterator<Item = Question> {
    let within = REFERENCES.iter().filter(|reference| {
        !reference.column.starts_with("target_")
            && matches!(reference.target, TableId::Functions | TableId::Classes)
    });
    within.map(|reference| Question {
        name: format!("{}.{} lies in its file", reference.table.table().name, reference.column),
        table: reference.table,
        broken: format!(
            "JOIN {} t ON t.{} = r.{} AND t.repository_id = r.repository_id WHERE t.file_id <> r.{}",
            reference.target.table().name,
            reference.target.table().key[0],
            reference.column,
            file_column(reference.table.table())
        ),
    })
}

/// Numbers of rows are what the columns say.
fn counts() -> impl Iterator<Item = Question> {
    let counts = [
        (TableId::Files, "function_count", TableId::Functions, "file_id"),
        (TableId::Files, "class_count", TableId::Classes, "file_id"),
        (TableId::Classes, "method_count", TableId::Functions, "class_id"),
        (TableId::Classes, "field_count", TableId::Fields, "class_id"),
        (TableId::Functions, "parameter_count", TableId::Parameters, "function_id"),
    ];
    counts.into_iter().map(|(table, column, counted, by)| Question {
        name: format!("{}.{column} counts {}", table.table().name, counted.table().name),
        table,
        broken: format!(
            "WHERE r.{column} <> (SELECT count(*) FROM {} t WHERE t.{by} = r.{} AND t.repository_id = r.repository_id)",
            counted.table().name,
            table.table().key[0]
        ),
    })
}

/// Edges between files count their sites. A file that asks for linking again is left out: its sites have changed since.
fn sites() -> Question {
    Question {
        name: "dependencies.site_count counts resolved sites".to_owned(),
        table: TableId::Dependencies,
        broken: "
             JOIN files f ON f.file_id = r.source_file_id AND f.repository_id = r.repository_id
             WHERE r.status = 'resolved' AND f.link_hash IS NOT NULL
               AND r.site_count <> CASE
                   WHEN r.dependency_type = 'import' THEN (
                       SELECT count(*) FROM imports s
                       WHERE s.file_id = r.source_file_id AND s.repository_id = r.repository_id
                         AND s.target_file_id = r.target_file_id)
                   WHEN r.dependency_type IN ('inheritance', 'interface_implementation') THEN (
                       SELECT count(*) FROM inheritance s
                       WHERE s.file_id = r.source_file_id AND s.repository_id = r.repository_id
                         AND s.target_file_id = r.target_file_id
                         AND (s.kind = 'implements') = (r.dependency_type = 'interface_implementation'))
                   WHEN r.dependency_type IN ('function_call', 'method_call') THEN (
                       SELECT count(*) FROM calls s
                       WHERE s.file_id = r.source_file_id AND s.repository_id = r.repository_id
                         AND s.target_file_id = r.target_file_id
                         AND (s.kind IN ('function', 'macro')) = (r.dependency_type = 'function_call'))
                   ELSE r.site_count
               END"
        .to_owned(),
    }
}

/// The state that the tables show has as many files as it says.
fn snapshots() -> Question {
    Question {
        name: "repositories.snapshot_id counts files".to_owned(),
        table: TableId::Repositories,
        broken: "
             JOIN snapshots s ON s.snapshot_id = r.snapshot_id AND s.repository_id = r.repository_id
             WHERE s.file_count <> (SELECT count(*) FROM files f WHERE f.repository_id = r.repository_id)"
            .to_owned(),
    }
}

fn has(table: &Table, column: &str) -> bool {
    table.position(column).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_has_a_name_of_its_own() {
        let mut names: Vec<_> = questions().into_iter().map(|question| question.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
