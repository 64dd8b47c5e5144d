//! Connections on loan from the pool.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use snake_pipe_core::Result;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, pool::PoolConnection};
use tokio::time::timeout;

pub(crate) use outage::Outage;
pub(crate) use pool::Pool;

mod keeper;
mod outage;
mod pool;
mod replicas;
mod route;

/// How long saying goodbye to a server may take.
const GOODBYE_LIMIT: Duration = Duration::from_secs(1);

/// A connection for one piece of work. Unless it is given back it is closed when dropped: a future that was cancelled, or a
/// COPY that failed, may have left it in the middle of something. The server then rolls back.
pub(crate) struct Lease {
    connection: Option<PoolConnection<Postgres>>,
    statements: Arc<AtomicUsize>,
}

impl Lease {
    /// Takes a connection out of the pool, or opens one.
    pub(crate) async fn take(pool: &Pool) -> Result<Self> {
        Ok(Self { connection: Some(pool.acquire().await?), statements: pool.statement_count() })
    }

    /// Takes a connection that only reads: to a standby that is near enough, where the settings allow it, else as
    /// [`Lease::take`].
    pub(crate) async fn take_for_reading(pool: &Pool) -> Result<Self> {
        match pool.acquire_from_replica().await {
            Some(connection) => Ok(Self { connection: Some(connection), statements: pool.statement_count() }),
            None => Self::take(pool).await,
        }
    }

    /// The connection.
    pub(crate) fn get(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a lease holds its connection until it is given back")
    }

    /// Runs statements without parameters; several are separated by semicolons.
    pub(crate) async fn run(&mut self, sql: impl Into<String>) -> Result<(), sqlx::Error> {
        self.get().execute(sqlx::raw_sql(AssertSqlSafe(sql.into()))).await.map(drop)
    }

    /// Puts the connection back: nothing is under way on it.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            let count = connection.cached_statements_size();
            self.statements.store(count, Ordering::Relaxed);
            crate::metrics::statements_cached(count);
        }
    }

    /// Says goodbye and closes the connection: what was done on it is not to reach the next user. The server rolls back.
    pub(crate) async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            // A server that does not listen any more notices by itself.
            let _ = timeout(GOODBYE_LIMIT, connection.close()).await;
        }
    }

    /// Ends the transaction without effect. A connection on which even that fails is closed.
    pub(crate) async fn roll_back(mut self) {
        if self.run("ROLLBACK").await.is_ok() {
            self.give_back();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}
