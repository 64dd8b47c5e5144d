//! The connections to one file: readers from a pool, one writer at a time.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use snake_pipe_core::{Error, ErrorKind, PoolState, Result};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    config::{Config, Durability, MigrationPolicy, SqlLogging},
    error::during,
    schema,
};

/// What a connection keeps of the file in memory.
const CACHE_KIB: u32 = 64 << 10;
/// The write-ahead log is cut back to this size once its content is in the database.
const WAL_LIMIT_BYTES: u32 = 64 << 20;
/// Every table has an INSERT of its own; the rest are few.
const CACHED_STATEMENTS: usize = 200;
pub(crate) const SLOW_STATEMENT: Duration = Duration::from_secs(1);
/// Between two attempts to turn a new file to WAL.
const PAUSE: Duration = Duration::from_millis(20);

/// A file that was found to be usable, and its connections.
#[derive(Debug)]
pub(crate) struct Database {
    config: Config,
    readers: SqlitePool,
    /// Callers that wait for one of them.
    waiting: AtomicU32,
    /// Writers of this process queue here, in order, instead of polling for SQLite's lock.
    writing: Mutex<()>,
}

impl Database {
    /// Opens the file, creating an empty one where there is none, and sees whether it is ours to use.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        check_directory(&config.path)?;
        let mut connection =
            options(&config).create_if_missing(true).connect().await.map_err(during("connect"))?;
        schema::state(&mut connection).await?;
        connection.close().await.map_err(during("connect"))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(config.pool_size)
            .acquire_timeout(config.timeout)
            .connect_lazy_with(options(&config).read_only(true).pragma("query_only", "ON"));
        Ok(Self { config, readers, waiting: AtomicU32::new(0), writing: Mutex::new(()) })
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// How the readers' pool is at this moment.
    pub(crate) fn pool_state(&self) -> PoolState {
        let size = self.readers.size();
        PoolState {
            size,
            idle: u32::try_from(self.readers.num_idle()).unwrap_or(u32::MAX).min(size),
            max: self.config.pool_size,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// A connection for reading, without a limit of time.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>> {
        let waits = Waits::begin(&self.waiting);
        let mut connection = self.readers.acquire().await.map_err(during("acquire a connection"))?;
        drop(waits);
        // A query that was cancelled may have left its own behind.
        connection.lock_handle().await.map_err(during("acquire a connection"))?.remove_progress_handler();
        Ok(connection)
    }

    /// A connection for reading if the schema is there; none for a file without tables.
    pub(crate) async fn reader_of_tables(&self) -> Result<Option<PoolConnection<Sqlite>>> {
        let mut connection = self.reader().await?;
        let state = schema::state(&mut connection).await?;
        match state.version {
            0 => Ok(None),
            _ if state.is_current() => Ok(Some(connection)),
            version => Err(outdated(version)),
        }
    }

    /// # Errors
    /// `Schema` when the tables are not there, or not up to date.
    pub(crate) async fn ensure_tables(&self) -> Result<()> {
        match self.reader_of_tables().await? {
            Some(_) => Ok(()),
            None => Err(outdated(0)),
        }
    }

    /// A new connection for writing to a file that is ours. Foreign keys are not enforced on it: sessions hold them by
    /// un-resolving what dangles, at a fraction of the cost.
    pub(crate) async fn writer(&self) -> Result<SqliteConnection> {
        let started = Instant::now();
        loop {
            // The first writer of a file turns it to WAL, for which SQLite waits for nobody.
            match self.connect_writer(true, self.config.timeout).await {
                Err(error) if error.kind() == ErrorKind::Busy && started.elapsed() < self.config.timeout => {
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
    }

    /// A connection for trying whether the file could be written to: without patience for other writers, and without a change.
    pub(crate) async fn writer_on_trial(&self) -> Result<SqliteConnection> {
        self.connect_writer(false, Duration::ZERO).await
    }

    async fn connect_writer(&self, in_wal: bool, patience: Duration) -> Result<SqliteConnection> {
        let synchronous = match self.config.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        };
        let options = options(&self.config)
            .busy_timeout(patience)
            .synchronous(synchronous)
            .foreign_keys(false)
            .pragma("journal_size_limit", WAL_LIMIT_BYTES.to_string())
            .pragma("threads", "2")
            .statement_cache_capacity(CACHED_STATEMENTS);
        let options = if in_wal { options.journal_mode(SqliteJournalMode::Wal) } else { options };
        options.connect().await.map_err(during("connect for writing"))
    }

    /// A connection for writing to tables that are up to date.
    pub(crate) async fn writer_of_tables(&self) -> Result<SqliteConnection> {
        let mut probe = self.reader().await?;
        let state = schema::state(&mut probe).await?;
        drop(probe);
        if state.is_current() {
            return self.writer().await;
        }
        match self.config.migrations {
            MigrationPolicy::Check => Err(outdated(state.version)),
            MigrationPolicy::Auto => {
                let mut connection = self.writer().await?;
                let _turn = self.turn().await?;
                schema::apply(&mut connection).await?;
                Ok(connection)
            }
        }
    }

    /// Waits until no other writer of this process holds the database.
    pub(crate) async fn turn(&self) -> Result<MutexGuard<'_, ()>> {
        tokio::time::timeout(self.config.timeout, self.writing.lock()).await.map_err(|elapsed| {
            Error::new(ErrorKind::Busy, "another writer of this process holds the database")
                .with_help("SQLite has one writer at a time: wait for it, or raise `timeout_seconds`")
                .with_source(elapsed)
        })
    }

    /// # Errors
    /// `NotConnected` after [`Database::close`].
    pub(crate) fn ensure_open(&self) -> Result<()> {
        if self.readers.is_closed() { Err(not_connected()) } else { Ok(()) }
    }

    /// Closes the connections, and puts what stands in the write-ahead log into the file: whoever copies the file alone
    /// then has everything. Where another process uses the database, or this one may only read it, the log stays.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        // SQLite folds the log in and deletes it when the last connection that may write closes.
        let last = options(&self.config).create_if_missing(false).busy_timeout(Duration::ZERO);
        let Ok(mut connection) = last.connect().await else { return };
        let folded = sqlx::raw_sql("PRAGMA main.wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
        if let Err(error) = folded {
            tracing::debug!(%error, "the write-ahead log stays");
        }
        // What was published is there either way.
        let _ = connection.close().await;
    }
}

/// Counts a caller that waits for a connection, also one that gives up.
struct Waits<'a>(&'a AtomicU32);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicU32) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn not_connected() -> Error {
    Error::new(ErrorKind::NotConnected, "the backend is not connected").with_help("call `connect` first")
}

fn outdated(version: u64) -> Error {
    let message = match version {
        0 => "the database has no tables yet".to_owned(),
        _ => format!("the database has schema version {version}, this program needs {}", schema::LATEST),
    };
    Error::new(ErrorKind::Schema, message)
        .with_help("run `snake-pipe migrate`, or load with `migrations = auto`")
}

fn options(config: &Config) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(&config.path)
        .busy_timeout(config.timeout)
        .pragma("cache_size", format!("-{CACHE_KIB}"));
    let levels = match config.sql_logging {
        SqlLogging::Off => ["OFF", "OFF"],
        SqlLogging::Slow => ["OFF", "WARN"],
        SqlLogging::All => ["DEBUG", "WARN"],
    };
    let [all, slow] = levels.map(|level| level.parse().expect("these are names of levels"));
    options.log_statements(all).log_slow_statements(slow, SLOW_STATEMENT)
}

/// SQLite says no more than that it cannot open the file; people want to know why.
fn check_directory(path: &Path) -> Result<()> {
    let refused = |message: &str, help: String| {
        Err(Error::new(ErrorKind::Configuration, message.to_owned())
            .with_context("path", path.display())
            .with_help(help))
    };
    if path.is_dir() {
        return refused("the database's path is a directory", "name a file in it".to_owned());
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        let help = format!("create it: mkdir -p '{}'", directory.display());
        return refused("the database's directory does not exist", help);
    }
    Ok(())
}
