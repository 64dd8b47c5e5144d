//! The backend: a pool of connections to one schema of one database.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Dialect, Error, ErrorKind, HealthCheckResult,
    IntegrityResult, IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result,
    RowStream, SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    manifest::Manifest,
};
use sqlx::PgPool;

use crate::{
    CAPABILITIES,
    config::{ClientEnvironment, PostgresConfig},
    connection::{Lease, Outage, Pool},
    error::check_server,
    health::{self, HealthMemory},
    integrity, query,
    schema::{
        catalog,
        further_indexes::FurtherIndexes,
        migrations::{self, LATEST_VERSION},
    },
    session::{self, SessionSettings, repositories},
};

/// A PostgreSQL database that takes facts.
pub struct PostgresBackend {
    config: Option<PostgresConfig>,
    given: Option<PgPool>,
    info: BackendInfo,
    settings: SessionSettings,
    migrates: bool,
    further_indexes: FurtherIndexes,
    pool: RwLock<Option<Pool>>,
    connecting: tokio::sync::Mutex<()>,
    health: HealthMemory,
    outage: Outage,
}

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBackend")
            .field("info", &self.info)
            .field("is_connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

impl PostgresBackend {
    /// A backend with these settings, not connected yet.
    #[must_use]
    pub fn new(config: PostgresConfig) -> Self {
        let settings = SessionSettings {
            partition_rows: config.partition_rows,
            lock_limit: config.timeout,
            history_days: config.history_days,
            materialized: config.materialized.clone().into(),
            in_place_only: Arc::default(),
        };
        Self {
            info: info(config.name.clone(), config.address.clone()),
            settings,
            migrates: config.migrates,
            further_indexes: config.further_indexes,
            config: Some(config),
            given: None,
            pool: RwLock::new(None),
            connecting: tokio::sync::Mutex::new(()),
            health: HealthMemory::default(),
            outage: Outage::default(),
        }
    }

    /// A backend over a pool that the program already has. Tables are looked for, and made, in the first schema of its
    /// connections' `search_path`. `close` lets go of the pool without closing it.
    #[must_use]
    pub fn from_pool(pool: PgPool) -> Self {
        let options = pool.connect_options();
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        let address = format!("postgres://{}:{}/{database}", options.get_host(), options.get_port());
        let settings = SessionSettings {
            partition_rows: SessionSettings::DEFAULT_PARTITION_ROWS,
            lock_limit: SessionSettings::DEFAULT_LOCK_LIMIT,
            history_days: SessionSettings::DEFAULT_HISTORY_DAYS,
            materialized: Arc::default(),
            in_place_only: Arc::default(),
        };
        Self {
            config: None,
            info: info(address.clone(), address),
            settings,
            migrates: true,
            further_indexes: FurtherIndexes::default(),
            given: Some(pool),
            pool: RwLock::new(None),
            connecting: tokio::sync::Mutex::new(()),
            health: HealthMemory::default(),
            outage: Outage::default(),
        }
    }

    /// How many prepared statements the connection kept that came back to the pool last.
    #[must_use]
    pub fn cached_statements(&self) -> usize {
        self.pool().map_or(0, |pool| pool.cached_statements())
    }

    pub(crate) fn pool(&self) -> Result<Pool> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        pool.clone().ok_or_else(|| Error::new(ErrorKind::NotConnected, "the backend is not connected"))
    }

    fn set_pool(&self, pool: Option<Pool>) -> Option<Pool> {
        std::mem::replace(&mut *self.pool.write().unwrap_or_else(PoisonError::into_inner), pool)
    }

    /// What PostgreSQL's own programs reach the connected server with.
    pub(crate) fn environment(&self) -> Result<ClientEnvironment> {
        self.pool()?.client_environment()
    }

    async fn open(&self) -> Result<Pool> {
        match (&self.config, &self.given) {
            (Some(config), _) => Pool::open(config, self.outage.clone()).await,
            (None, Some(given)) => Ok(Pool::given(given.clone(), self.outage.clone())),
            (None, None) => Err(Error::new(ErrorKind::Internal, "a backend has a pool or settings")),
        }
    }

    /// Brings the schema up to date, or refuses it, before a load.
    async fn prepare_schema(&self, pool: &Pool) -> Result<()> {
        let mut lease = Lease::take(pool).await?;
        let state = migrations::read_state(&mut lease).await?;
        lease.give_back();
        if self.migrates && state.version < LATEST_VERSION {
            migrations::migrate(Lease::take(pool).await?, self.schema(), MigrateMode::Apply).await?;
        } else {
            state.refuse_outdated()?;
        }
        if self.migrates { self.ensure_extras(pool).await } else { Ok(()) }
    }

    /// Builds the indexes and the copies of views that the options ask for.
    async fn ensure_extras(&self, pool: &Pool) -> Result<()> {
        let views = &self.settings.materialized;
        if self.further_indexes == FurtherIndexes::default() && views.is_empty() {
            return Ok(());
        }
        let mut lease = Lease::take(pool).await?;
        self.further_indexes.ensure(&mut lease).await?;
        session::materialized::ensure(&mut lease, views).await?;
        lease.give_back();
        Ok(())
    }

    /// Whether slow queries are logged. Over a program's own pool they are: it filters its logs itself.
    fn tells_slow(&self) -> bool {
        self.config.as_ref().is_none_or(PostgresConfig::logs_slow_queries)
    }

    /// Whether there are tables to read. A database without any holds nothing.
    async fn has_tables(&self, pool: &Pool) -> Result<bool> {
        let mut lease = Lease::take(pool).await?;
        let state = migrations::read_state(&mut lease).await?;
        lease.give_back();
        state.refuse_newer()?;
        Ok(state.version > 0)
    }

    fn schema(&self) -> Option<&str> {
        self.config.as_ref().and_then(|config| config.schema.as_deref())
    }
}

fn info(name: String, address: String) -> BackendInfo {
    BackendInfo { kind: "postgres".to_owned(), name, address, dialect: Some(Dialect::Postgres) }
}

/// Checks what a new pool leads to.
async fn verify(pool: &Pool) -> Result<()> {
    let mut lease = Lease::take(pool).await?;
    check_server(lease.get().server_version_num())?;
    let state = migrations::read_state(&mut lease).await?;
    state.refuse_newer()?;
    if state.version == LATEST_VERSION {
        catalog::verify_columns(&mut lease).await?;
    }
    lease.give_back();
    Ok(())
}

#[async_trait]
impl DatabaseBackend for PostgresBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn is_connected(&self) -> bool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn pool_state(&self) -> Option<PoolState> {
        self.pool().ok().map(|pool| pool.state())
    }

    async fn connect(&self) -> Result<()> {
        let _alone = self.connecting.lock().await;
        if self.is_connected() {
            return Ok(());
        }
        let pool = self.open().await?;
        verify(&pool).await.map_err(|error| error.with_operation("connect"))?;
        self.set_pool(Some(pool));
        Ok(())
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        let pool = self.pool()?;
        let migrations = migrations::migrate(Lease::take(&pool).await?, self.schema(), mode).await?;
        if mode == MigrateMode::Apply {
            session::keep_history(&pool, &self.settings).await?;
            self.ensure_extras(&pool).await?;
        }
        Ok(migrations)
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        let pool = self.pool()?;
        Ok(health::check(&pool, &self.health).await)
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        let pool = self.pool()?;
        if !self.has_tables(&pool).await? {
            return Ok(Vec::new());
        }
        repositories::list(&pool).await
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        let pool = self.pool()?;
        if !self.has_tables(&pool).await? {
            return Ok(false);
        }
        session::remove_repository(&pool, repository, &self.settings).await
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        let pool = self.pool()?;
        if !self.has_tables(&pool).await? {
            return Ok(Manifest::default());
        }
        repositories::manifest(&pool, repository).await
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        let pool = self.pool()?;
        self.prepare_schema(&pool).await?;
        session::begin(pool, plan, self.settings.clone()).await
    }

    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult> {
        let pool = self.pool()?;
        self.prepare_schema(&pool).await?;
        let mut session = session::begin_in_place(pool, plan).await?;
        session.write_batch(batch).await?;
        match session.publish(publication).await? {
            PublishResult::Published(result) => Ok(result),
            PublishResult::AlreadyPublished => Ok(WriteResult::default()),
        }
    }

    async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult> {
        query::execute(&self.pool()?, query, self.tells_slow()).await
    }

    async fn stream_sql_query(&self, query: SqlQuery) -> Result<RowStream> {
        query::stream(&self.pool()?, query, self.tells_slow()).await
    }

    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult> {
        let pool = self.pool()?;
        if !self.has_tables(&pool).await? {
            return Ok(IntegrityResult::default());
        }
        integrity::check(&pool, scope).await
    }

    async fn close(&self) -> Result<()> {
        if let Some(pool) = self.set_pool(None) {
            pool.close().await;
        }
        Ok(())
    }
}

/// Repositories whose rows the database refused in the middle of a cold load: the next session loads them in place, where
/// the file at fault can be told from the others.
pub(crate) type InPlaceOnly = Arc<Mutex<HashSet<RepositoryId>>>;
