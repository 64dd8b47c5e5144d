//! Connections on loan from the pool.

use snake_pipe_core::Result;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres, pool::PoolConnection};

use crate::error::failed;

/// A connection for one piece of work. Unless it is given back it is closed when dropped: a future that was cancelled, or a
/// COPY that failed, may have left it in the middle of something. The server then rolls back.
pub(crate) struct Lease {
    connection: Option<PoolConnection<Postgres>>,
}

impl Lease {
    /// Takes a connection out of the pool, or opens one.
    pub(crate) async fn take(pool: &PgPool) -> Result<Self> {
        let connection = pool.acquire().await.map_err(failed("connect"))?;
        Ok(Self { connection: Some(connection) })
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
        drop(self.connection.take());
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
