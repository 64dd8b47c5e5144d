//! A transaction on either database.

use std::sync::Arc;

use futures::FutureExt as _;
use snake_pipe_core::{Error, ErrorKind, Result, Timestamp};
#[cfg(feature = "postgres")]
use sqlx::Connection as _;
use sqlx::pool::PoolConnection;

use super::{
    Clock, Pool, StoreOptions,
    dialect::Dialect,
    value::{Arg, Row, args},
};

/// What a transaction is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A transaction. Dropped without a commit, it has no effect.
pub(crate) struct Transaction {
    connection: Option<Connection>,
    dialect: Arc<Dialect>,
    pub(crate) options: Arc<StoreOptions>,
    /// The time of the transaction, by the store's clock.
    pub(crate) now: Timestamp,
}

enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(PoolConnection<sqlx::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(PoolConnection<sqlx::Postgres>),
}

impl Transaction {
    pub(crate) async fn begin(
        pool: &Pool,
        dialect: &Arc<Dialect>,
        options: &Arc<StoreOptions>,
        access: Access,
    ) -> Result<Self> {
        let (connection, begin) = match pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => {
                let connection = pool.acquire().await.map_err(super::error::convert)?;
                // A writer that had only read so far could not become one beside another.
                let begin = if access == Access::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
                (Connection::Sqlite(connection), begin)
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                if pool.size() == 0 {
                    // A pool asks a server that refuses again and again until its limit; a connection of its own says at once
                    // that the server is down.
                    let probe = sqlx::PgConnection::connect_with(&pool.connect_options()).await;
                    let probe = probe.map_err(super::error::convert)?;
                    probe.close().await.map_err(super::error::convert)?;
                }
                let connection = pool.acquire().await.map_err(super::error::convert)?;
                let begin = if access == Access::Write {
                    "BEGIN ISOLATION LEVEL READ COMMITTED"
                } else {
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                };
                (Connection::Postgres(connection), begin)
            }
        };
        let mut transaction = Self {
            connection: Some(connection),
            dialect: Arc::clone(dialect),
            options: Arc::clone(options),
            now: Timestamp::now(),
        };
        transaction.run(begin).await?;
        transaction.now = transaction.read_clock().await?;
        Ok(transaction)
    }

    async fn read_clock(&mut self) -> Result<Timestamp> {
        let clock = self.options.clock.clone();
        match (clock, &self.connection) {
            (Clock::Manual(clock), _) => Ok(clock.now()),
            #[cfg(feature = "postgres")]
            (Clock::Database, Some(Connection::Postgres(_))) => {
                self.one("SELECT clock_timestamp() AS now", &args![]).await?.get("now")
            }
            // An SQLite file is used by processes of one machine.
            (Clock::Database, _) => Ok(Timestamp::now()),
        }
    }

    /// Makes it last. If the connection breaks meanwhile, nobody knows whether it does.
    pub(crate) async fn commit(mut self) -> Result<()> {
        self.run("COMMIT").await.map_err(|error| match error.kind() {
            ErrorKind::Connection => Error::new(
                ErrorKind::OutcomeUnknown,
                "the control plane did not answer whether it took the change",
            )
            .with_source(error),
            _ => error,
        })?;
        // Nothing is under way: the connection goes back into its pool.
        drop(self.connection.take());
        Ok(())
    }

    /// Ends it without effect.
    pub(crate) async fn roll_back(mut self) {
        if self.run("ROLLBACK").await.is_ok() {
            drop(self.connection.take());
        }
    }

    pub(crate) fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Runs statements without values; several are separated by semicolons.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<()> {
        let sql = self.dialect.render(sql);
        match self.connection()? {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => super::sqlite::run(connection, sql).await,
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => super::postgres::run(connection, sql).await,
        }
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: &[Arg]) -> Result<u64> {
        let sql = self.dialect.render(sql);
        match self.connection()? {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => super::sqlite::execute(connection, sql, args).await,
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => super::postgres::execute(connection, sql, args).await,
        }
    }

    /// The rows of a statement.
    pub(crate) async fn all(&mut self, sql: &str, args: &[Arg]) -> Result<Vec<Row>> {
        let sql = self.dialect.render(sql);
        match self.connection()? {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => super::sqlite::fetch(connection, sql, args).await,
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => super::postgres::fetch(connection, sql, args).await,
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn optional(&mut self, sql: &str, args: &[Arg]) -> Result<Option<Row>> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// The first row of a statement that always has one.
    pub(crate) async fn one(&mut self, sql: &str, args: &[Arg]) -> Result<Row> {
        self.optional(sql, args)
            .await?
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a statement that has a row had none"))
    }

    /// Inserts a row.
    pub(crate) async fn insert(&mut self, table: &str, values: &[(&str, Arg)]) -> Result<()> {
        let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
        let places: Vec<_> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let sql = format!("INSERT INTO @{table} ({}) VALUES ({})", names.join(", "), places.join(", "));
        let args: Vec<_> = values.iter().map(|(_, arg)| arg.clone()).collect();
        self.execute(&sql, &args).await.map(drop)
    }

    /// Waits until no other transaction holds this name, and holds it to the end. SQLite's single writer holds everything.
    pub(crate) async fn lock(&mut self, name: &str) -> Result<()> {
        match self.connection()? {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => {
                let name = format!("snake_pipe metadata {}{name}", self.dialect.prefix());
                let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
                self.execute(sql, &args![name]).await.map(drop)
            }
        }
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        self.connection
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a transaction was used after its end"))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        match self.connection.take() {
            #[cfg(feature = "sqlite")]
            Some(Connection::Sqlite(mut connection)) => {
                // A single look puts the statement into the connection's queue, behind whatever was cancelled.
                drop(sqlx::raw_sql("ROLLBACK").execute(&mut *connection).now_or_never());
            }
            #[cfg(feature = "postgres")]
            // A connection that may be in the middle of something is closed; the server rolls back.
            Some(Connection::Postgres(connection)) => drop(connection.detach()),
            None => {}
        }
    }
}
