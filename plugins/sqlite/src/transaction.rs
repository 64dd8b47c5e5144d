//! Transactions that end well whatever becomes of them.

use std::ops::{Deref, DerefMut};

use futures::FutureExt;
use sqlx::SqliteConnection;

/// A transaction; dropping it rolls it back.
///
/// The driver's own counts how deep it is and loses count where SQLite rolls back by itself, as it does when the disk is full
/// (<https://www.sqlite.org/lang_transaction.html>, section 3): such a connection could never begin again. This one counts
/// nothing.
#[derive(Debug)]
pub(crate) struct Transaction<'c> {
    connection: &'c mut SqliteConnection,
    is_open: bool,
}

impl<'c> Transaction<'c> {
    /// Begins to read; writing elsewhere than into attached databases of one's own begins by `immediate`.
    pub(crate) async fn deferred(connection: &'c mut SqliteConnection) -> sqlx::Result<Self> {
        Self::begin(connection, "BEGIN").await
    }

    /// Begins to write, once no other writer holds the database.
    pub(crate) async fn immediate(connection: &'c mut SqliteConnection) -> sqlx::Result<Self> {
        Self::begin(connection, "BEGIN IMMEDIATE").await
    }

    async fn begin(connection: &'c mut SqliteConnection, statement: &'static str) -> sqlx::Result<Self> {
        // There before the statement is sent: cancelled in between, it is rolled back too.
        let transaction = Self { connection, is_open: true };
        sqlx::raw_sql(statement).execute(&mut *transaction.connection).await?;
        Ok(transaction)
    }

    /// Makes it last. After an error it is rolled back.
    pub(crate) async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::raw_sql("COMMIT").execute(&mut *self.connection).await?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // A single look puts the statement into the connection's queue, behind whatever was cancelled; nobody waits for its
            // end. Where there is nothing to roll back, it fails without effect.
            drop(sqlx::raw_sql("ROLLBACK").execute(&mut *self.connection).now_or_never());
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

    use super::*;

    async fn connection() -> SqliteConnection {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE t (a)").execute(&mut connection).await.unwrap();
        connection
    }

    async fn insert(connection: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::raw_sql("INSERT INTO t VALUES (1)").execute(connection).await.map(drop)
    }

    async fn rows(connection: &mut SqliteConnection) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn dropped_it_never_was_and_committed_it_lasts() {
        let mut connection = connection().await;
        let mut transaction = Transaction::immediate(&mut connection).await.unwrap();
        insert(&mut transaction).await.unwrap();
        drop(transaction);
        assert_eq!(rows(&mut connection).await, 0);
        let mut transaction = Transaction::deferred(&mut connection).await.unwrap();
        insert(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(rows(&mut connection).await, 1);
    }

    #[tokio::test]
    async fn cancelled_at_its_beginning_it_does_not_stay_open() {
        let mut connection = connection().await;
        // One look sends the statement; then the call is given up.
        assert!(Transaction::immediate(&mut connection).now_or_never().is_none());
        insert(&mut connection).await.unwrap();
        let transaction = Transaction::immediate(&mut connection).await.unwrap();
        transaction.commit().await.unwrap();
    }

    #[tokio::test]
    async fn after_a_full_disk_the_connection_begins_again() {
        let mut connection = connection().await;
        sqlx::raw_sql("PRAGMA max_page_count = 10").execute(&mut connection).await.unwrap();
        let mut transaction = Transaction::immediate(&mut connection).await.unwrap();
        let full = sqlx::raw_sql("INSERT INTO t VALUES (zeroblob(1000000))").execute(&mut *transaction).await;
        assert!(full.is_err());
        drop(transaction);
        let mut transaction = Transaction::immediate(&mut connection).await.unwrap();
        insert(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(rows(&mut connection).await, 1);
    }
}
