//! Rows that contradict each other: what the database's own keys and checks hold is looked at all the same, since they can be
//! dropped or switched off.

use std::time::Instant;

use snake_pipe_core::{
    ConstraintResult, IntegrityResult, IntegrityScope, Result,
    schema::{Table, TableId},
};
use sqlx::{AssertSqlSafe, Row as _};

use crate::{
    connection::{Lease, Pool},
    error::failed,
    schema::{
        keys::{FOREIGN_KEYS, ForeignKey},
        statements::{file_column, file_tables},
    },
};

/// References that no foreign key guards.
const UNGUARDED: &[ForeignKey] = &[
    ForeignKey { table: TableId::Parameters, column: "file_id", target: TableId::Files },
    ForeignKey { table: TableId::Fields, column: "file_id", target: TableId::Files },
    ForeignKey { table: TableId::Inheritance, column: "file_id", target: TableId::Files },
    ForeignKey { table: TableId::Inheritance, column: "target_file_id", target: TableId::Files },
    ForeignKey { table: TableId::Calls, column: "target_file_id", target: TableId::Files },
    ForeignKey { table: TableId::Files, column: "repository_id", target: TableId::Repositories },
    ForeignKey { table: TableId::Snapshots, column: "repository_id", target: TableId::Repositories },
    ForeignKey { table: TableId::Repositories, column: "snapshot_id", target: TableId::Snapshots },
];

/// A question whose rows break a constraint. `r` is the table that is looked at.
struct Question {
    name: String,
    table: TableId,
    /// What follows `FROM table r`: joins, and the condition that breaks the constraint.
    broken: String,
}

/// Looks at everything in one snapshot of the database.
pub(crate) async fn check(pool: &Pool, scope: IntegrityScope) -> Result<IntegrityResult> {
    let begin = Instant::now();
    let mut lease = Lease::take(pool).await?;
    let failed = || failed("check_integrity");
    lease.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(failed())?;
    let mut constraints = Vec::new();
    for question in questions() {
        constraints.push(ask(&mut lease, &question, scope).await?);
    }
    lease.run("COMMIT").await.map_err(failed())?;
    lease.give_back();
    Ok(IntegrityResult { constraints, duration: begin.elapsed() })
}

async fn ask(lease: &mut Lease, question: &Question, scope: IntegrityScope) -> Result<ConstraintResult> {
    let (filter, repository) = match scope {
        IntegrityScope::All => ("$1::bigint IS NULL", None),
        IntegrityScope::Repository(repository) => ("r.repository_id = $1::bigint", Some(repository.get())),
    };
    let table = question.table.table();
    let key: Vec<_> = table.key.iter().map(|column| format!("r.{column}")).collect();
    let sql = format!(
        "WITH broken AS MATERIALIZED (
             SELECT concat_ws('/', {}) AS key FROM {} r {} AND {filter}
         )
         SELECT (SELECT count(*) FROM broken), ARRAY(SELECT key FROM broken ORDER BY key LIMIT 10)",
        key.join(", "),
        table.name,
        question.broken
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(repository)
        // Dozens of statements, once in a while: they would push others out of the connection's cache.
        .persistent(false)
        .fetch_one(lease.get())
        .await
        .map_err(failed("check_integrity"))?;
    Ok(ConstraintResult {
        name: question.name.clone(),
        violations: row.get::<i64, _>(0).unsigned_abs(),
        examples: row.get(1),
    })
}

fn questions() -> Vec<Question> {
    let exists = FOREIGN_KEYS.iter().chain(UNGUARDED).map(exists);
    exists.chain(targets()).chain(same_files()).chain(counts()).chain([sites()]).collect()
}

/// What a column refers to is there.
fn exists(key: &ForeignKey) -> Question {
    let (table, target) = (key.table.table(), key.target.table());
    // The repository's own id leads its key; every other id is unique together with the repository.
    let id = target.key[0];
    let same = match key.target {
        TableId::Repositories => String::new(),
        _ => " AND t.repository_id = r.repository_id".to_owned(),
    };
    Question {
        name: format!("{}.{} exists", table.name, key.column),
        table: key.table,
        broken: format!(
            "WHERE r.{0} IS NOT NULL AND NOT EXISTS (SELECT FROM {1} t WHERE t.{id} = r.{0}{same})",
            key.column, target.name
        ),
    }
}

/// Exactly what is resolved has a target, and the target lies in the file that is named.
fn targets() -> impl Iterator<Item = Question> {
    let referring =
        file_tables().filter(|table| has(table.table(), "status") && has(table.table(), "target_file_id"));
    referring.flat_map(|table| {
        let name = table.table().name;
        let status = Question {
            name: format!("{name}.target_file_id fits status"),
            table,
            broken: "WHERE (r.status = 'resolved') <> (r.target_file_id IS NOT NULL)".to_owned(),
        };
        let entities = [("target_function_id", TableId::Functions), ("target_class_id", TableId::Classes)];
        let entities = entities.into_iter().filter(move |(column, _)| has(table.table(), column));
        let in_file = entities.map(move |(column, target)| Question {
            name: format!("{name}.{column} lies in target_file_id"),
            table,
            broken: format!(
                "JOIN {} t ON t.{} = r.{column} AND t.repository_id = r.repository_id
                 WHERE t.file_id IS DISTINCT FROM r.target_file_id",
                target.table().name,
                target.table().key[0]
            ),
        });
        std::iter::once(status).chain(in_file)
    })
}

/// What belongs together lies in one file.
fn same_files() -> impl Iterator<Item = Question> {
    let within = FOREIGN_KEYS.iter().filter(|key| {
        !key.column.starts_with("target_")
            && !matches!(key.target, TableId::Files)
            && has(key.table.table(), "file_id")
    });
    within.map(|key| Question {
        name: format!("{}.{} lies in its file", key.table.table().name, key.column),
        table: key.table,
        broken: format!(
            "JOIN {} t ON t.{} = r.{} AND t.repository_id = r.repository_id WHERE t.file_id <> r.{}",
            key.target.table().name,
            key.target.table().key[0],
            key.column,
            file_column(key.table)
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
            "LEFT JOIN (SELECT {by} AS id, repository_id, count(*) AS number FROM {} GROUP BY 1, 2) t
             ON t.id = r.{} AND t.repository_id = r.repository_id
             WHERE r.{column} <> coalesce(t.number, 0)",
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
             LEFT JOIN (
                 SELECT file_id, repository_id, target_file_id, dependency_type, count(*) AS number
                 FROM (
                     SELECT file_id, repository_id, target_file_id, 'import' AS dependency_type FROM imports
                     UNION ALL
                     SELECT file_id, repository_id, target_file_id,
                            CASE kind WHEN 'implements' THEN 'interface_implementation' ELSE 'inheritance' END
                     FROM inheritance
                     UNION ALL
                     SELECT file_id, repository_id, target_file_id,
                            CASE WHEN kind IN ('function', 'macro') THEN 'function_call' ELSE 'method_call' END
                     FROM calls
                 ) s
                 WHERE target_file_id IS NOT NULL
                 GROUP BY 1, 2, 3, 4
             ) t ON t.file_id = r.source_file_id AND t.repository_id = r.repository_id
                AND t.target_file_id = r.target_file_id AND t.dependency_type = r.dependency_type
             WHERE r.status = 'resolved' AND f.link_hash IS NOT NULL
               AND r.dependency_type IN
                   ('import', 'inheritance', 'interface_implementation', 'function_call', 'method_call')
               AND r.site_count <> coalesce(t.number, 0)"
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
        assert!(names.iter().any(|name| name == "calls.target_function_id exists"));
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
