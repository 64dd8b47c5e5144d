//! Rows that contradict each other: what core says of them. The same constraints, by the same names, as in every SQL backend.

use std::time::Instant;

use snake_pipe_core::{
    ConstraintResult, Dialect, IntegrityResult, IntegrityScope, Result,
    id::{EntityId, RepositoryId},
    schema::{IntegrityRows, IntegrityStatement, integrity_statements},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteArguments};
use uuid::Uuid;

use crate::{database::Database, error::during};

/// Up to so many findings about the file are shown.
const EXAMPLES: usize = 10;

/// Which rows the statements look at, and the values of their parameters.
struct Question {
    rows: IntegrityRows,
    repository: Option<RepositoryId>,
    /// The ids of the files, as a JSON array.
    files: Option<String>,
}

/// Looks for rows that contradict each other.
pub(crate) async fn check(database: &Database, scope: IntegrityScope) -> Result<IntegrityResult> {
    let started = Instant::now();
    let mut result = IntegrityResult::default();
    let Some(mut reader) = database.reader_of_tables().await? else { return Ok(result) };
    let question = Question::of(&scope);
    for statement in integrity_statements(Dialect::Sqlite, question.rows) {
        question.ask(&mut reader, &statement, &mut result.constraints).await?;
    }
    if scope == IntegrityScope::All {
        result.constraints.push(file_itself(&mut reader).await?);
    }
    result.duration = started.elapsed();
    Ok(result)
}

impl Question {
    fn of(scope: &IntegrityScope) -> Self {
        match scope {
            IntegrityScope::All => Self { rows: IntegrityRows::All, repository: None, files: None },
            IntegrityScope::Repository(repository) => {
                Self { rows: IntegrityRows::OfRepositoryFiles, repository: Some(*repository), files: None }
            }
            IntegrityScope::Files(repository, keys) => {
                let ids: Vec<Uuid> =
                    keys.iter().map(|key| EntityId::file(*repository, *key).uuid()).collect();
                let files = serde_json::to_string(&ids).expect("a list of ids is JSON");
                Self { rows: IntegrityRows::OfFiles, repository: Some(*repository), files: Some(files) }
            }
        }
    }

    async fn ask(
        &self,
        connection: &mut SqliteConnection,
        statement: &IntegrityStatement,
        constraints: &mut Vec<ConstraintResult>,
    ) -> Result<()> {
        let asking = during("check_integrity");
        let counts = self.query(statement.count()).fetch_one(&mut *connection).await.map_err(&asking)?;
        for (index, name) in statement.names().enumerate() {
            let violations = counts.try_get::<i64, _>(index).map_err(&asking)?.unsigned_abs();
            let mut examples = Vec::new();
            if violations > 0 {
                let rows = self.query(statement.examples(index)).fetch_all(&mut *connection).await;
                for row in rows.map_err(&asking)? {
                    examples.push(row.try_get(0).map_err(&asking)?);
                }
            }
            constraints.push(ConstraintResult { name: name.to_owned(), violations, examples });
        }
        Ok(())
    }

    fn query(&self, sql: String) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        if let Some(repository) = self.repository {
            query = query.bind(repository.get());
        }
        if let Some(files) = &self.files {
            query = query.bind(files.clone());
        }
        query.persistent(false)
    }
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
