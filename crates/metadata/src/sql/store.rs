//! The store: where it is, and how its transactions begin.

use std::{fmt, path::Path, sync::Arc};

use snake_pipe_core::{MigrateMode, PoolState, Result};

use super::{
    StoreOptions,
    dialect::Dialect,
    transaction::{Access, Transaction},
};
use crate::{MetadataStore, StoreInfo};

/// Connections that a program already has.
#[derive(Clone, Debug)]
pub enum Pool {
    /// To an SQLite database, with foreign keys enforced.
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    /// To a PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

#[cfg(feature = "sqlite")]
impl From<sqlx::SqlitePool> for Pool {
    fn from(pool: sqlx::SqlitePool) -> Self {
        Self::Sqlite(pool)
    }
}

#[cfg(feature = "postgres")]
impl From<sqlx::PgPool> for Pool {
    fn from(pool: sqlx::PgPool) -> Self {
        Self::Postgres(pool)
    }
}

/// The control plane in PostgreSQL, in an SQLite file, or in memory.
///
/// A store connects when it is first used. Its tables are made by [`migrate`](MetadataStore::migrate).
pub struct SqlStore {
    pub(super) pool: Pool,
    pub(super) is_own_pool: bool,
    dialect: Arc<Dialect>,
    pub(super) options: Arc<StoreOptions>,
    pub(super) info: StoreInfo,
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("info", &self.info).finish_non_exhaustive()
    }
}

impl SqlStore {
    /// A store in memory, with its tables. It is gone with the value.
    ///
    /// # Errors
    /// `Internal` if SQLite cannot be started.
    #[cfg(feature = "sqlite")]
    pub async fn in_memory() -> Result<Self> {
        Self::in_memory_with(StoreOptions::default()).await
    }

    /// A store in memory, with its tables and these options.
    ///
    /// # Errors
    /// As of [`SqlStore::in_memory`].
    #[cfg(feature = "sqlite")]
    pub async fn in_memory_with(options: StoreOptions) -> Result<Self> {
        let info = StoreInfo { kind: "memory".to_owned(), address: "memory".to_owned() };
        let store = Self::new(super::sqlite::memory().into(), true, options, info);
        store.migrate(MigrateMode::Apply).await?;
        Ok(store)
    }

    /// A store in this file, which is made if it is missing.
    ///
    /// # Errors
    /// `Configuration` when its directory does not exist.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(path: impl AsRef<Path>, options: StoreOptions) -> Result<Self> {
        let path = path.as_ref();
        let info = StoreInfo { kind: "sqlite".to_owned(), address: format!("sqlite:{}", path.display()) };
        Ok(Self::new(super::sqlite::file(path)?.into(), true, options, info))
    }

    /// A store in the database at this URL, in the schema that the options name.
    ///
    /// # Errors
    /// `Configuration` for a URL that is not one of PostgreSQL.
    #[cfg(feature = "postgres")]
    pub fn postgres(url: &str, options: StoreOptions) -> Result<Self> {
        Ok(Self::postgres_with(super::postgres::options(url)?, options))
    }

    /// A store in the database that the driver reaches with these options.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn postgres_with(connect: sqlx::postgres::PgConnectOptions, options: StoreOptions) -> Self {
        let info = StoreInfo { kind: "postgres".to_owned(), address: postgres_address(&connect) };
        Self::new(super::postgres::pool(connect).into(), true, options, info)
    }

    /// A store over connections that the program already has: `from_pool(PgPool)` or `from_pool(SqlitePool)`. Closing the
    /// store leaves them open.
    #[must_use]
    pub fn from_pool(pool: impl Into<Pool>, options: StoreOptions) -> Self {
        let pool = pool.into();
        let info = match &pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => StoreInfo {
                kind: "sqlite".to_owned(),
                address: format!("sqlite:{}", pool.connect_options().get_filename().display()),
            },
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                StoreInfo { kind: "postgres".to_owned(), address: postgres_address(&pool.connect_options()) }
            }
        };
        Self::new(pool, false, options, info)
    }

    fn new(pool: Pool, is_own_pool: bool, options: StoreOptions, info: StoreInfo) -> Self {
        let dialect = match &pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => Dialect::sqlite(),
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Dialect::postgres(&options.schema),
        };
        Self { pool, is_own_pool, dialect: Arc::new(dialect), options: Arc::new(options), info }
    }

    pub(super) async fn begin(&self, access: Access) -> Result<Transaction> {
        Transaction::begin(&self.pool, &self.dialect, &self.options, access).await
    }

    pub(super) fn pool_state(&self) -> PoolState {
        let (size, idle, max) = match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
        };
        // Who waits is the driver's secret.
        PoolState { size, idle: u32::try_from(idle).unwrap_or(u32::MAX), max, waiting: 0 }
    }
}

#[cfg(feature = "postgres")]
fn postgres_address(connect: &sqlx::postgres::PgConnectOptions) -> String {
    let database = connect.get_database().unwrap_or_else(|| connect.get_username());
    format!("postgres://{}:{}/{database}", connect.get_host(), connect.get_port())
}
