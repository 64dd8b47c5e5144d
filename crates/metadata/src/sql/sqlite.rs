//! SQLite's side: opening, binding, reading.

use std::{path::Path, sync::Arc, time::Duration};

use snake_pipe_core::{Error, ErrorKind, Result, Value};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Decode, Row as _, Sqlite, SqliteConnection, SqlitePool,
    TypeInfo as _, ValueRef as _,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

use super::{
    error::convert,
    value::{Arg, Row},
};

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pool of a file. It is made if it is missing, but its directory is not.
pub(crate) fn file(path: &Path) -> Result<SqlitePool> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if directory.is_some_and(|directory| !directory.is_dir()) {
        return Err(Error::new(ErrorKind::Configuration, "the control plane's directory does not exist")
            .with_context("path", path.display())
            .with_help("create it, or name another place with `metadata.url`"));
    }
    // Normal: a crash of the machine may take back the last moments of bookkeeping, but breaks nothing.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .disable_statement_logging();
    // Two connections: operations are short, and SQLite has one writer anyway.
    Ok(SqlitePoolOptions::new().max_connections(2).connect_lazy_with(options))
}

/// The pool of a database that lives as long as the pool does: its one connection is never closed.
pub(crate) fn memory() -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true).disable_statement_logging();
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

/// Statements without values; several are separated by semicolons.
pub(crate) async fn run(connection: &mut SqliteConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop).map_err(convert)
}

pub(crate) async fn execute(connection: &mut SqliteConnection, sql: String, args: &[Arg]) -> Result<u64> {
    let done = bound(sql, args).execute(connection).await.map_err(convert)?;
    Ok(done.rows_affected())
}

pub(crate) async fn fetch(connection: &mut SqliteConnection, sql: String, args: &[Arg]) -> Result<Vec<Row>> {
    let rows = bound(sql, args).fetch_all(connection).await.map_err(convert)?;
    let names: Arc<[String]> = rows
        .first()
        .map(|row| row.columns().iter().map(|column| column.name().to_owned()).collect())
        .unwrap_or_default();
    rows.iter().map(|row| read(row, &names)).collect()
}

fn bound(sql: String, args: &[Arg]) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(sql));
    args.iter().cloned().fold(query, |query, arg| match arg {
        Arg::Bool(value) => query.bind(value),
        Arg::Integer(value) => query.bind(value),
        Arg::Real(value) => query.bind(value),
        Arg::Text(value) | Arg::Json(value) => query.bind(value),
        Arg::Uuid(value) => query.bind(value.map(|id| id.to_string())),
        Arg::Time(value) => query.bind(value.map(|time| time.to_string())),
    })
}

fn read(row: &SqliteRow, names: &Arc<[String]>) -> Result<Row> {
    let values = (0..row.len()).map(|index| {
        let raw = row.try_get_raw(index).map_err(convert)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info().name().to_owned();
        let value = match kind.as_str() {
            "INTEGER" => <i64 as Decode<Sqlite>>::decode(raw).map(Value::Integer),
            "REAL" => <f64 as Decode<Sqlite>>::decode(raw).map(Value::Real),
            _ => <String as Decode<Sqlite>>::decode(raw).map(Value::Text),
        };
        value.map_err(|source| convert(sqlx::Error::Decode(source)))
    });
    Ok(Row { names: Arc::clone(names), values: values.collect::<Result<_>>()? })
}
