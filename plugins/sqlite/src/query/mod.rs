//! Questions that only read.

mod scan;
mod values;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use snake_pipe_core::{Error, ErrorKind, QueryResult, Result, SqlQuery, Value};
use sqlx::{
    Arguments, Column, Executor, SqlSafeStr, SqliteConnection, Statement,
    sqlite::{SqliteArguments, SqliteStatement},
};

use self::values::Reader;
use crate::{
    database::Database,
    error::{from_driver, message_of, result_code},
};

/// How often SQLite looks whether a query's time is up: after so many steps of its machine, some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Runs one statement that only reads.
pub(crate) async fn execute(database: &Database, query: SqlQuery) -> Result<QueryResult> {
    let started = Instant::now();
    let parameters = scan::check(&query.sql)?;
    query.check_parameter_count(parameters).map_err(|error| error.with_operation("execute_sql_query"))?;
    let mut connection = database.reader().await?;
    let limit = Limit::start(started, query.timeout);
    let is_within = limit.is_within();
    connection.lock_handle().await.map_err(from_driver)?.set_progress_handler(STEPS_BETWEEN_LOOKS, is_within);
    let answer = run(&mut connection, &query).await.map_err(|error| limit.explain(error));
    // What is given back to the pool must not be interrupted by this query's limit.
    if let Ok(mut handle) = connection.lock_handle().await {
        handle.remove_progress_handler();
    }
    let answer = match answer {
        Err(error) if error.message().starts_with("no such table") => {
            // Whoever asks before the first load is told so.
            drop(connection);
            database.ensure_tables().await?;
            Err(error)
        }
        other => other,
    };
    answer.map(|result| QueryResult { duration: started.elapsed(), ..result })
}

async fn run(connection: &mut SqliteConnection, query: &SqlQuery) -> Result<QueryResult, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(query.sql.as_str()).into_sql_str();
    let statement: SqliteStatement = (&mut *connection).prepare(sql.clone()).await?;
    let columns: Vec<String> = statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let reader = Reader::of(statement.columns());
    let arguments = arguments(&query.parameters).map_err(sqlx::Error::Encode)?;
    let mut result = QueryResult { columns, ..QueryResult::default() };
    let mut rows = sqlx::query_with(sql, arguments).fetch(connection);
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await? {
        let row = reader.read(&row)?;
        bytes += row.iter().map(size_bytes).sum::<usize>();
        if result.rows.len() == query.max_rows || bytes > query.max_bytes {
            result.truncated = true;
            break;
        }
        result.rows.push(row);
    }
    Ok(result)
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

/// Until when a query may run. Dropping it, by cancelling the query, ends it at SQLite's next look.
struct Limit {
    deadline: Instant,
    timeout: Duration,
    is_cancelled: Arc<AtomicBool>,
}

impl Limit {
    fn start(started: Instant, timeout: Duration) -> Self {
        // A limit that the clock cannot hold is none.
        let deadline = started.checked_add(timeout).unwrap_or(started + Duration::from_secs(1 << 30));
        Self { deadline, timeout, is_cancelled: Arc::default() }
    }

    fn is_within(&self) -> impl FnMut() -> bool + Send + 'static {
        let (deadline, is_cancelled) = (self.deadline, Arc::clone(&self.is_cancelled));
        move || !is_cancelled.load(Ordering::Relaxed) && Instant::now() < deadline
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

impl Drop for Limit {
    fn drop(&mut self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}
