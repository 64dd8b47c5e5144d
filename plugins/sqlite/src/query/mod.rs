//! Questions that only read.

mod scan;
mod values;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use snake_pipe_core::{
    Error, ErrorKind, PortionSender, QueryResult, Result, RowPortion, RowStream, SqlQuery, Value,
};
use sqlx::{
    Arguments, Column, Executor, SqlSafeStr, Sqlite, Statement,
    pool::PoolConnection,
    sqlite::{SqliteArguments, SqliteStatement},
};

use self::values::Reader;
use crate::{
    config::SqlLogging,
    database::{Database, SLOW_STATEMENT},
    error::{from_driver, message_of, result_code},
};

/// How often SQLite looks whether a query's time is up: after so many steps of its machine, some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Bytes that a portion has at most, but for its last row.
const PORTION_BYTES: usize = 4 << 20;
/// Rows of a portion at most.
const PORTION_ROWS: usize = 4096;

/// Runs one statement that only reads, and collects its rows.
pub(crate) async fn execute(database: Arc<Database>, query: SqlQuery) -> Result<QueryResult> {
    let started = Instant::now();
    let answer = stream(database, query).await?.collect().await?;
    Ok(QueryResult { duration: started.elapsed(), ..answer })
}

/// Runs one statement that only reads, and hands out its rows as they come.
pub(crate) async fn stream(database: Arc<Database>, query: SqlQuery) -> Result<RowStream> {
    let parameters = scan::check(&query.sql)?;
    query.check_parameter_count(parameters).map_err(|error| error.with_operation("execute_sql_query"))?;
    let mut connection = database.reader().await?;
    let limit = Limit::start(query.timeout);
    let is_within = limit.is_within();
    connection.lock_handle().await.map_err(from_driver)?.set_progress_handler(STEPS_BETWEEN_LOOKS, is_within);
    let sql = sqlx::AssertSqlSafe(query.sql.as_str()).into_sql_str();
    let prepared = (&mut *connection).prepare(sql).await;
    let question = Question { database, connection, query, limit };
    match prepared {
        Ok(statement) => {
            let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
            Ok(RowStream::produced(columns, |out| question.run(statement, out)))
        }
        Err(error) => question.end::<RowStream>(Err(error)).await,
    }
}

/// A statement on its connection.
struct Question {
    database: Arc<Database>,
    connection: PoolConnection<Sqlite>,
    query: SqlQuery,
    limit: Limit,
}

impl Question {
    /// Hands over all rows.
    async fn run(mut self, statement: SqliteStatement, mut out: PortionSender) -> Result<()> {
        let answer = match self.read(&statement, &mut out).await {
            Ok(rows) => Ok(rows),
            Err(Stopped::Failed(error)) => Err(error),
            Err(Stopped::Unwanted(error)) => return Err(error),
        };
        let elapsed = self.limit.elapsed();
        if self.database.config().sql_logging != SqlLogging::Off && elapsed >= SLOW_STATEMENT {
            let (query, rows) = (self.query.title(), answer.as_ref().copied().unwrap_or_default());
            tracing::warn!(query = &*query, duration_ms = elapsed.as_millis() as u64, rows, "slow query");
        }
        self.end(answer).await.map(drop)
    }

    /// How many rows there were.
    async fn read(&mut self, statement: &SqliteStatement, out: &mut PortionSender) -> Result<usize, Stopped> {
        let Self { connection, query, limit, .. } = self;
        let reader = Reader::of(statement.columns());
        let arguments = arguments(&query.parameters).map_err(sqlx::Error::Encode)?;
        let mut portion = RowPortion::default();
        let (mut all_rows, mut all_bytes, mut portion_bytes) = (0, 0_usize, 0);
        let mut rows = statement.query_with(arguments).fetch(&mut **connection);
        loop {
            let row = match rows.try_next().await {
                Ok(Some(row)) => reader.read(&row)?,
                Ok(None) => break,
                // Rows that came before the error are an answer too.
                Err(error) => {
                    limit.hand_over(portion, out).await?;
                    return Err(error.into());
                }
            };
            let bytes = row.iter().map(size_bytes).sum::<usize>();
            all_bytes = all_bytes.saturating_add(bytes);
            if all_rows == query.max_rows || all_bytes > query.max_bytes {
                portion.truncated = true;
                break;
            }
            all_rows += 1;
            portion_bytes += bytes;
            portion.rows.push(row);
            if portion_bytes >= PORTION_BYTES || portion.rows.len() == PORTION_ROWS {
                portion_bytes = 0;
                limit.hand_over(std::mem::take(&mut portion), out).await?;
            }
        }
        if !portion.rows.is_empty() || portion.truncated {
            limit.hand_over(portion, out).await?;
        }
        Ok(all_rows)
    }

    /// Gives the connection back, without this query's limit, and says what went wrong.
    async fn end<T>(mut self, answer: Result<T, sqlx::Error>) -> Result<T> {
        let answer = answer.map_err(|error| self.limit.explain(error));
        if let Ok(mut handle) = self.connection.lock_handle().await {
            handle.remove_progress_handler();
        }
        if answer.as_ref().is_err_and(|error| error.message().starts_with("no such table")) {
            // Whoever asks before the first load is told so.
            drop(self.connection);
            self.database.ensure_tables().await?;
        }
        answer
    }
}

/// Why reading ended before the rows did.
enum Stopped {
    Failed(sqlx::Error),
    /// Nobody takes the rows any more.
    Unwanted(Error),
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

/// What a value counts for in [`SqlQuery::max_bytes`].
const fn size_bytes(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Text(text) => text.len(),
    }
}

fn arguments(values: &[Value]) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(None::<i64>)?,
            Value::Bool(value) => arguments.add(*value)?,
            Value::Integer(value) => arguments.add(*value)?,
            Value::Real(value) => arguments.add(*value)?,
            Value::Text(value) => arguments.add(value.as_str())?,
        }
    }
    Ok(arguments)
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Query, message).with_operation("execute_sql_query")
}

/// How long a query may run. The time that its rows wait to be taken does not count. Dropping it, by cancelling the query, ends
/// it at SQLite's next look.
struct Limit {
    started: Instant,
    timeout: Duration,
    waited_us: Arc<AtomicU64>,
    is_cancelled: Arc<AtomicBool>,
}

impl Limit {
    fn start(timeout: Duration) -> Self {
        Self { started: Instant::now(), timeout, waited_us: Arc::default(), is_cancelled: Arc::default() }
    }

    fn is_within(&self) -> impl FnMut() -> bool + Send + 'static {
        let (started, timeout) = (self.started, self.timeout);
        let (waited_us, is_cancelled) = (Arc::clone(&self.waited_us), Arc::clone(&self.is_cancelled));
        move || !is_cancelled.load(Ordering::Relaxed) && counted(started, &waited_us) < timeout
    }

    fn elapsed(&self) -> Duration {
        counted(self.started, &self.waited_us)
    }

    /// SQLite works ahead by few rows only, so it stands still meanwhile.
    async fn hand_over(&self, portion: RowPortion, out: &mut PortionSender) -> Result<(), Stopped> {
        let begin = Instant::now();
        out.send(portion).await.map_err(Stopped::Unwanted)?;
        self.waited_us.fetch_add(begin.elapsed().as_micros() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn explain(&self, source: sqlx::Error) -> Error {
        let error = match result_code(&source).map(|code| code & 0xff) {
            Some(9) => Error::new(
                ErrorKind::Timeout,
                format!("the query took longer than its limit of {:?}", self.timeout),
            )
            .with_help("allow more time, or ask for less")
            .with_source(source),
            Some(8) => refused("only statements that read are run".to_owned()).with_source(source),
            // ERROR: a wrong statement; RANGE: a wrong parameter; TOOBIG: what it makes is too long.
            Some(1 | 18 | 25) => refused(message_of(&source)).with_source(source),
            Some(_) => from_driver(source),
            None => match source {
                sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Io(_) => from_driver(source),
                _ => refused(message_of(&source)).with_source(source),
            },
        };
        error.with_operation("execute_sql_query")
    }
}

fn counted(started: Instant, waited_us: &AtomicU64) -> Duration {
    started.elapsed().saturating_sub(Duration::from_micros(waited_us.load(Ordering::Relaxed)))
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}
