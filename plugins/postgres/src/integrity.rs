//! Rows that contradict each other: what core says of them, looked at in one snapshot of the database.

use std::time::Instant;

use snake_pipe_core::{
    ConstraintResult, Dialect, IntegrityResult, IntegrityScope, Result,
    id::{EntityId, RepositoryId},
    schema::{IntegrityRows, IntegrityStatement, integrity_statements},
};
use sqlx::{AssertSqlSafe, Row as _, postgres::PgArguments};
use uuid::Uuid;

use crate::{
    connection::{Lease, Pool},
    error::failed,
    schema::partition,
};

/// Up to so many files are looked up one by one. Their rows are few, but the statistics do not always know it: a plan that reads
/// whole tables would cost what these hold.
const FEW_FILES: usize = 2_000;
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
                        SET LOCAL enable_mergejoin = off; SET LOCAL jit = off";

/// Where many rows are read, the row before in a list is found by a hash of its whole key: a merge on the file alone, for which the
/// planner finds the rows in order, compares every row of a file with every other.
const BY_HASH: &str = "SET LOCAL enable_mergejoin = off";

/// Which rows the statements look at, and the values of their parameters.
struct Question {
    rows: IntegrityRows,
    repository: Option<RepositoryId>,
    files: Option<Vec<Uuid>>,
    /// Whether there are few rows.
    is_small: bool,
}

/// Looks for rows that contradict each other.
pub(crate) async fn check(pool: &Pool, scope: IntegrityScope) -> Result<IntegrityResult> {
    let begin = Instant::now();
    let mut lease = Lease::take(pool).await?;
    lease.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(failed("check_integrity"))?;
    let question = Question::of(&mut lease, scope).await?;
    let by = if question.is_small { BY_INDEX } else { BY_HASH };
    lease.run(by).await.map_err(failed("check_integrity"))?;
    let mut constraints = Vec::new();
    for statement in integrity_statements(Dialect::Postgres, question.rows) {
        question.ask(&mut lease, &statement, &mut constraints).await?;
    }
    lease.run("COMMIT").await.map_err(failed("check_integrity"))?;
    lease.give_back();
    Ok(IntegrityResult { constraints, duration: begin.elapsed() })
}

impl Question {
    async fn of(lease: &mut Lease, scope: IntegrityScope) -> Result<Self> {
        let (repository, keys) = match scope {
            IntegrityScope::All => {
                return Ok(Self { rows: IntegrityRows::All, repository: None, files: None, is_small: false });
            }
            IntegrityScope::Repository(repository) => (repository, None),
            IntegrityScope::Files(repository, keys) => (repository, Some(keys)),
        };
        let rows = match keys {
            Some(_) => IntegrityRows::OfFiles,
            // Partitions hold nothing else: reading them finds rows that have lost their file, too.
            None if !partition::own_partitions(lease, repository).await?.is_empty() => {
                IntegrityRows::OfRepository
            }
            None => IntegrityRows::OfRepositoryFiles,
        };
        let files: Option<Vec<Uuid>> =
            keys.map(|keys| keys.iter().map(|key| EntityId::file(repository, *key).uuid()).collect());
        let is_small = match (&files, rows) {
            (Some(files), _) => files.len() <= FEW_FILES,
            (None, IntegrityRows::OfRepositoryFiles) => has_few_files(lease, repository).await?,
            (None, _) => false,
        };
        Ok(Self { rows, repository: Some(repository), files, is_small })
    }

    async fn ask(
        &self,
        lease: &mut Lease,
        statement: &IntegrityStatement,
        constraints: &mut Vec<ConstraintResult>,
    ) -> Result<()> {
        let counts =
            self.query(statement.count()).fetch_one(lease.get()).await.map_err(failed("check_integrity"))?;
        for (index, name) in statement.names().enumerate() {
            let violations = counts.get::<i64, _>(index).unsigned_abs();
            let mut examples = Vec::new();
            if violations > 0 {
                let rows = self.query(statement.examples(index)).fetch_all(lease.get()).await;
                examples.extend(
                    rows.map_err(failed("check_integrity"))?.iter().map(|row| row.get::<String, _>(0)),
                );
            }
            constraints.push(ConstraintResult { name: name.to_owned(), violations, examples });
        }
        Ok(())
    }

    fn query(&self, sql: String) -> sqlx::query::Query<'static, sqlx::Postgres, PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        if let Some(repository) = self.repository {
            query = query.bind(repository.get());
        }
        if let Some(files) = &self.files {
            query = query.bind(files.clone());
        }
        // Run once in a while: they would push others out of the connection's cache.
        query.persistent(false)
    }
}

async fn has_few_files(lease: &mut Lease, repository: RepositoryId) -> Result<bool> {
    const FILES: &str = "SELECT count(*) FROM (SELECT FROM files WHERE repository_id = $1 LIMIT $2) f";
    let limit = FEW_FILES as i64 + 1;
    let files: i64 = sqlx::query_scalar(FILES)
        .bind(repository.get())
        .bind(limit)
        .fetch_one(lease.get())
        .await
        .map_err(failed("check_integrity"))?;
    Ok(files < limit)
}
