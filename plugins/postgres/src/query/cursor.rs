//! Reads a query's rows and hands them over.

use std::time::Duration;

use futures::TryStreamExt as _;
use snake_pipe_core::{Error, PortionSender, Result, SqlQuery};
use sqlx::{AssertSqlSafe, postgres::PgRow};
use tokio::time::timeout;

use super::{
    limit::{GRACE, Stopwatch, explain, time_limit, timeout_error},
    parameters,
    portions::Portions,
    values,
};
use crate::{
    config::SLOW_STATEMENT,
    connection::Lease,
    error::{Author, convert},
};

/// The cursor's name, which all statements show that fetch from it: with the query's name, where it has one.
pub(super) fn name_of(query: &SqlQuery) -> String {
    match query.name {
        Some(name) => format!("\"snake-pipe: {name}\""),
        None => "snake_pipe_query".to_owned(),
    }
}

/// A query whose transaction is open.
pub(super) struct Cursor {
    lease: Lease,
    query: SqlQuery,
    time: Stopwatch,
    portions: Portions,
    /// The parameters of a statement that is no cursor.
    bare: Option<Vec<parameters::Bound>>,
    is_slow_told: bool,
}

/// Why reading ended before the rows did.
enum Stopped {
    /// The server does not say that the time is up, or nobody takes the rows: it may be in the middle of an answer.
    Abandoned(Error),
    Failed(Error),
}

impl Cursor {
    pub(super) const fn new(
        lease: Lease,
        query: SqlQuery,
        time: Stopwatch,
        bare: Option<Vec<parameters::Bound>>,
        is_slow_told: bool,
    ) -> Self {
        let portions = Portions::new(&query);
        Self { lease, query, time, portions, bare, is_slow_told }
    }

    /// Hands over all rows.
    pub(super) async fn run(mut self, mut out: PortionSender) -> Result<()> {
        let answer = self.read(&mut out).await;
        self.tell_if_slow();
        match answer {
            // What the server has still to say is not waited for.
            Ok(()) if self.portions.is_cut() => drop(self.lease),
            Ok(()) if self.query.is_own => self.lease.roll_back().await,
            Ok(()) => self.lease.close().await,
            Err(Stopped::Abandoned(error)) => return Err(error.with_operation("query")),
            Err(Stopped::Failed(error)) => {
                let error = explain(error, &self.query, &self.time).with_operation("query");
                self.lease.close().await;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn read(&mut self, out: &mut PortionSender) -> Result<(), Stopped> {
        if let Some(values) = self.bare.take() {
            return self.take_bare(values, out).await;
        }
        let name = name_of(&self.query);
        while let Some(rows) = self.portions.ask() {
            let fetch = format!("{}; FETCH FORWARD {rows} FROM {name}", time_limit(&self.query, &self.time));
            self.fetch(fetch, out).await?;
            self.hand_over(out).await?;
        }
        Ok(())
    }

    /// Takes the rows of one portion. The first row is that of the time limit's own statement.
    async fn fetch(&mut self, sql: String, out: &mut PortionSender) -> Result<(), Stopped> {
        let Self { lease, query, time, portions, .. } = self;
        let mut answer = {
            use sqlx::Executor as _;
            lease.get().fetch(sqlx::raw_sql(AssertSqlSafe(sql)))
        };
        let mut is_limit = true;
        while let Some(row) = within(time, query, answer.try_next()).await? {
            if std::mem::take(&mut is_limit) {
                continue;
            }
            take(portions, &row)?;
            if portions.is_cut() {
                return Ok(());
            }
            if portions.is_large() {
                hand_over(portions, time, out).await?;
            }
        }
        Ok(())
    }

    /// Takes the rows of `EXPLAIN` or `SHOW`, which are texts and few.
    async fn take_bare(
        &mut self,
        values: Vec<parameters::Bound>,
        out: &mut PortionSender,
    ) -> Result<(), Stopped> {
        let Self { lease, query, time, portions, .. } = self;
        let sql = AssertSqlSafe(query.sql.clone());
        let mut answer = parameters::bind(sqlx::query(sql).persistent(false), values).fetch(lease.get());
        while let Some(row) = within(time, query, answer.try_next()).await? {
            take(portions, &row)?;
        }
        drop(answer);
        self.hand_over(out).await
    }

    async fn hand_over(&mut self, out: &mut PortionSender) -> Result<(), Stopped> {
        hand_over(&mut self.portions, &mut self.time, out).await
    }

    fn tell_if_slow(&self) {
        let elapsed = self.time.elapsed();
        if self.is_slow_told && elapsed >= SLOW_STATEMENT {
            let (query, rows) = (self.query.title(), self.portions.taken_rows());
            tracing::warn!(query = &*query, duration_ms = elapsed.as_millis() as u64, rows, "slow query");
        }
    }
}

/// What the server answers within the query's time.
async fn within<T>(
    time: &Stopwatch,
    query: &SqlQuery,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Stopped> {
    let limit: Duration = time.left(query).saturating_add(GRACE);
    match timeout(limit, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Stopped::Failed(convert(error, Author::User))),
        Err(_) => Err(Stopped::Abandoned(timeout_error(query))),
    }
}

fn take(portions: &mut Portions, row: &PgRow) -> Result<(), Stopped> {
    let (row, bytes) = values::values(row).map_err(|error| Stopped::Failed(convert(error, Author::User)))?;
    portions.take(row, bytes);
    Ok(())
}

/// Hands over what there is, and does not count the time that it takes to be taken.
async fn hand_over(
    portions: &mut Portions,
    time: &mut Stopwatch,
    out: &mut PortionSender,
) -> Result<(), Stopped> {
    if let Some(portion) = portions.hand_over() {
        let counted = time.elapsed();
        out.send(portion).await.map_err(Stopped::Abandoned)?;
        time.go_on(counted);
    }
    Ok(())
}
