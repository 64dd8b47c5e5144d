//! The store: where it is, and its operations as transactions.

use std::{
    fmt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use snake_pipe_core::{
    Error, HealthCheckResult, HealthStatus, MigrateMode, Migrations, PoolState, QueryResult, Result,
    Timestamp,
};

use super::{
    Clock, StoreOptions, audit, dead_letters, deliveries,
    dialect::Dialect,
    errors, garbage, lineage, migrations, named, pipelines, positions, recovery,
    retry::Pauses,
    runs, schemas, statistics, tasks,
    transaction::{Access, Transaction},
};
use crate::{
    MetadataStore, StoreInfo,
    model::{
        AuditEntry, AuditFilter, Claim, Dataset, DeadLetter, DeadLetterFilter, DeadLetterId,
        DeadLetterStatus, Delivery, Direction, ErrorFilter, ErrorGroup, ErrorId, ErrorRecord, ErrorStatus,
        Garbage, Heartbeat, LineageStep, NewAuditEntry, NewDataset, NewDeadLetter, NewDelivery, NewError,
        NewLineageEdge, NewPipeline, NewPosition, NewRun, NewSchema, NewTask, Overlap, Pipeline,
        PipelineChange, PipelineFilter, PipelineId, PipelineVersion, Position, PositionFilter, PositionKey,
        Retention, Run, RunEnd, RunFilter, RunId, RunStatistics, RunToken, Sample, SchemaVersion, StartedRun,
        Statistics, StatisticsFilter, Task, TaskEnd, TaskFilter, TaskId, TaskRecord,
    },
};

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
    pool: Pool,
    is_own_pool: bool,
    dialect: Arc<Dialect>,
    options: Arc<StoreOptions>,
    info: StoreInfo,
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

    async fn begin(&self, access: Access) -> Result<Transaction> {
        Transaction::begin(&self.pool, &self.dialect, &self.options, access).await
    }

    fn pool_state(&self) -> PoolState {
        let (size, idle, max) = match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
        };
        PoolState { size, idle: u32::try_from(idle).unwrap_or(u32::MAX), max }
    }
}

#[cfg(feature = "postgres")]
fn postgres_address(connect: &sqlx::postgres::PgConnectOptions) -> String {
    let database = connect.get_database().unwrap_or_else(|| connect.get_username());
    format!("postgres://{}:{}/{database}", connect.get_host(), connect.get_port())
}

/// An operation as a transaction, tried again where it may pass.
macro_rules! transact {
    ($store:expr, $access:expr, $operation:literal, |$transaction:ident| $body:expr) => {{
        let mut pauses = Pauses::of(&$store.options);
        loop {
            let attempt = async {
                let mut begun = $store.begin($access).await?;
                let $transaction = &mut begun;
                match $body.await {
                    Ok(answer) => begun.commit().await.map(|()| answer),
                    Err(error) => {
                        begun.roll_back().await;
                        Err(error)
                    }
                }
            };
            match attempt.await {
                Err(error) if pauses.again(&error).await => {}
                Err(error) => break Err(Error::with_operation(error, $operation)),
                Ok(answer) => break Ok(answer),
            }
        }
    }};
}

#[async_trait]
impl MetadataStore for SqlStore {
    fn info(&self) -> &StoreInfo {
        &self.info
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        // Usually nothing is missing, and then nobody has to be waited for.
        let (planned, is_whole) =
            transact!(self, Access::Read, "migrate", |transaction| migrations::plan(transaction))?;
        if mode == MigrateMode::Plan || (planned.steps.is_empty() && is_whole) {
            return Ok(planned);
        }
        transact!(self, Access::Write, "migrate", |transaction| migrations::apply(transaction))
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        let started = Instant::now();
        let version =
            transact!(self, Access::Read, "health_check", |transaction| migrations::version(transaction))?;
        let is_current = version == migrations::LATEST;
        let warning =
            format!("its tables have version {version}, this program writes {}", migrations::LATEST);
        Ok(HealthCheckResult {
            status: if is_current { HealthStatus::Healthy } else { HealthStatus::Degraded },
            latency: started.elapsed(),
            server_version: None,
            pool: Some(self.pool_state()),
            details: vec![("version".to_owned(), version.to_string())],
            warnings: if is_current { Vec::new() } else { vec![warning] },
        })
    }

    async fn close(&self) -> Result<()> {
        if self.is_own_pool {
            match &self.pool {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(pool) => pool.close().await,
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => pool.close().await,
            }
        }
        Ok(())
    }

    async fn named_query(&self, name: &str, since: Timestamp) -> Result<QueryResult> {
        transact!(self, Access::Read, "named_query", |transaction| named::answer(transaction, name, since))
    }

    async fn now(&self) -> Result<Timestamp> {
        match &self.options.clock {
            Clock::Manual(clock) => Ok(clock.now()),
            Clock::Database => transact!(self, Access::Read, "now", |transaction| {
                std::future::ready(Ok(transaction.now))
            }),
        }
    }

    async fn create_pipeline(&self, new: NewPipeline) -> Result<Pipeline> {
        transact!(self, Access::Write, "create_pipeline", |transaction| pipelines::create(transaction, &new))
    }

    async fn register_pipeline(&self, new: NewPipeline) -> Result<Pipeline> {
        transact!(self, Access::Write, "register_pipeline", |transaction| pipelines::register(
            transaction,
            &new
        ))
    }

    async fn pipeline(&self, name_or_id: &str) -> Result<Pipeline> {
        transact!(self, Access::Read, "pipeline", |transaction| pipelines::get(transaction, name_or_id))
    }

    async fn pipelines(&self, filter: PipelineFilter) -> Result<Vec<Pipeline>> {
        transact!(self, Access::Read, "pipelines", |transaction| pipelines::list(transaction, &filter))
    }

    async fn update_pipeline(&self, id: PipelineId, change: PipelineChange) -> Result<Pipeline> {
        transact!(self, Access::Write, "update_pipeline", |transaction| pipelines::update(
            transaction,
            id,
            &change
        ))
    }

    async fn pipeline_versions(&self, id: PipelineId) -> Result<Vec<PipelineVersion>> {
        transact!(self, Access::Read, "pipeline_versions", |transaction| pipelines::versions(transaction, id))
    }

    async fn delete_pipeline(&self, id: PipelineId) -> Result<()> {
        transact!(self, Access::Write, "delete_pipeline", |transaction| pipelines::delete(transaction, id))
    }

    async fn create_run(&self, new: NewRun) -> Result<Run> {
        transact!(self, Access::Write, "create_run", |transaction| runs::create(transaction, &new))
    }

    async fn start_run(&self, id: RunId, lease: Duration, overlap: Overlap) -> Result<StartedRun> {
        transact!(self, Access::Write, "start_run", |transaction| runs::start(
            transaction,
            id,
            lease,
            overlap
        ))
    }

    async fn heartbeat(
        &self,
        token: RunToken,
        lease: Duration,
        statistics: Option<RunStatistics>,
    ) -> Result<Heartbeat> {
        transact!(self, Access::Write, "heartbeat", |transaction| runs::heartbeat(
            transaction,
            token,
            lease,
            statistics
        ))
    }

    async fn finish_run(&self, token: RunToken, end: RunEnd) -> Result<Run> {
        transact!(self, Access::Write, "finish_run", |transaction| runs::finish(transaction, token, &end))
    }

    async fn cancel_run(&self, id: RunId, reason: &str) -> Result<Run> {
        transact!(self, Access::Write, "cancel_run", |transaction| runs::cancel(transaction, id, reason))
    }

    async fn retry_run(&self, id: RunId) -> Result<Run> {
        transact!(self, Access::Write, "retry_run", |transaction| runs::retry(transaction, id))
    }

    async fn run(&self, id: RunId) -> Result<Run> {
        transact!(self, Access::Read, "run", |transaction| runs::get(transaction, id))
    }

    async fn runs(&self, filter: RunFilter) -> Result<Vec<Run>> {
        transact!(self, Access::Read, "runs", |transaction| runs::list(transaction, &filter))
    }

    async fn recover_runs(&self, pipeline: Option<PipelineId>) -> Result<Vec<Run>> {
        transact!(self, Access::Write, "recover_runs", |transaction| recovery::recover(transaction, pipeline))
    }

    async fn create_tasks(&self, token: RunToken, new: Vec<NewTask>) -> Result<Vec<Task>> {
        transact!(self, Access::Write, "create_tasks", |transaction| tasks::create(transaction, token, &new))
    }

    async fn start_task(&self, token: RunToken, id: TaskId) -> Result<Task> {
        transact!(self, Access::Write, "start_task", |transaction| tasks::start(transaction, token, id))
    }

    async fn finish_task(&self, token: RunToken, id: TaskId, end: TaskEnd) -> Result<Task> {
        transact!(self, Access::Write, "finish_task", |transaction| tasks::finish(
            transaction,
            token,
            id,
            &end
        ))
    }

    async fn record_tasks(&self, token: RunToken, records: Vec<TaskRecord>) -> Result<Vec<Task>> {
        transact!(self, Access::Write, "record_tasks", |transaction| tasks::record(
            transaction,
            token,
            &records
        ))
    }

    async fn tasks(&self, filter: TaskFilter) -> Result<Vec<Task>> {
        transact!(self, Access::Read, "tasks", |transaction| tasks::list(transaction, &filter))
    }

    async fn record_deliveries(&self, token: RunToken, new: Vec<NewDelivery>) -> Result<()> {
        transact!(self, Access::Write, "record_deliveries", |transaction| deliveries::record(
            transaction,
            token,
            &new
        ))
    }

    async fn deliveries(&self, run: RunId) -> Result<Vec<Delivery>> {
        transact!(self, Access::Read, "deliveries", |transaction| deliveries::list(transaction, run))
    }

    async fn put_dataset(&self, new: NewDataset) -> Result<Dataset> {
        transact!(self, Access::Write, "put_dataset", |transaction| lineage::put_dataset(transaction, &new))
    }

    async fn datasets(&self, kind: Option<String>) -> Result<Vec<Dataset>> {
        transact!(self, Access::Read, "datasets", |transaction| lineage::datasets(
            transaction,
            kind.as_deref()
        ))
    }

    async fn record_lineage(&self, new: Vec<NewLineageEdge>) -> Result<()> {
        transact!(self, Access::Write, "record_lineage", |transaction| lineage::record(transaction, &new))
    }

    async fn lineage(
        &self,
        dataset: &str,
        column: Option<String>,
        direction: Direction,
        depth: u64,
    ) -> Result<Vec<LineageStep>> {
        transact!(self, Access::Read, "lineage", |transaction| lineage::follow(
            transaction,
            dataset,
            column.as_deref(),
            direction,
            depth
        ))
    }

    async fn advance_position(&self, token: Option<RunToken>, new: NewPosition) -> Result<Position> {
        transact!(self, Access::Write, "advance_position", |transaction| positions::advance(
            transaction,
            token,
            &new
        ))
    }

    async fn reset_position(&self, new: NewPosition) -> Result<Position> {
        transact!(self, Access::Write, "reset_position", |transaction| positions::reset(transaction, &new))
    }

    async fn position(&self, key: PositionKey) -> Result<Option<Position>> {
        transact!(self, Access::Read, "position", |transaction| positions::get(transaction, &key))
    }

    async fn positions(&self, filter: PositionFilter) -> Result<Vec<Position>> {
        transact!(self, Access::Read, "positions", |transaction| positions::list(transaction, &filter))
    }

    async fn position_history(&self, key: PositionKey, limit: u64) -> Result<Vec<Position>> {
        transact!(self, Access::Read, "position_history", |transaction| positions::history(
            transaction,
            &key,
            limit
        ))
    }

    async fn register_schemas(&self, new: Vec<NewSchema>) -> Result<Vec<SchemaVersion>> {
        transact!(self, Access::Write, "register_schemas", |transaction| schemas::register(transaction, &new))
    }

    async fn schema_versions(&self, schema: &str, table: &str) -> Result<Vec<SchemaVersion>> {
        transact!(self, Access::Read, "schema_versions", |transaction| schemas::versions(
            transaction,
            schema,
            table
        ))
    }

    async fn schemas(&self, schema: Option<String>) -> Result<Vec<SchemaVersion>> {
        transact!(self, Access::Read, "schemas", |transaction| schemas::list(transaction, schema.as_deref()))
    }

    async fn record_errors(&self, new: Vec<NewError>) -> Result<Vec<ErrorRecord>> {
        transact!(self, Access::Write, "record_errors", |transaction| errors::record(transaction, &new))
    }

    async fn error(&self, id: ErrorId) -> Result<ErrorRecord> {
        transact!(self, Access::Read, "error", |transaction| errors::get(transaction, id))
    }

    async fn errors(&self, filter: ErrorFilter) -> Result<Vec<ErrorRecord>> {
        transact!(self, Access::Read, "errors", |transaction| errors::list(transaction, &filter))
    }

    async fn error_groups(&self, filter: ErrorFilter) -> Result<Vec<ErrorGroup>> {
        transact!(self, Access::Read, "error_groups", |transaction| errors::groups(transaction, &filter))
    }

    async fn retried_error(&self, id: ErrorId) -> Result<ErrorRecord> {
        transact!(self, Access::Write, "retried_error", |transaction| errors::retried(transaction, id))
    }

    async fn close_errors(&self, filter: ErrorFilter, status: ErrorStatus, note: &str) -> Result<u64> {
        transact!(self, Access::Write, "close_errors", |transaction| errors::close(
            transaction,
            &filter,
            status,
            note
        ))
    }

    async fn add_dead_letters(&self, new: Vec<NewDeadLetter>) -> Result<Vec<DeadLetter>> {
        transact!(self, Access::Write, "add_dead_letters", |transaction| dead_letters::add(transaction, &new))
    }

    async fn dead_letter(&self, id: DeadLetterId) -> Result<DeadLetter> {
        transact!(self, Access::Read, "dead_letter", |transaction| dead_letters::get(transaction, id))
    }

    async fn dead_letters(&self, filter: DeadLetterFilter) -> Result<Vec<DeadLetter>> {
        transact!(self, Access::Read, "dead_letters", |transaction| dead_letters::list(transaction, &filter))
    }

    async fn claim_dead_letters(
        &self,
        filter: DeadLetterFilter,
        lease: Duration,
    ) -> Result<(Claim, Vec<DeadLetter>)> {
        transact!(self, Access::Write, "claim_dead_letters", |transaction| dead_letters::claim(
            transaction,
            &filter,
            lease
        ))
    }

    async fn release_dead_letter(&self, claim: Claim, id: DeadLetterId, reason: &str) -> Result<DeadLetter> {
        transact!(self, Access::Write, "release_dead_letter", |transaction| dead_letters::release(
            transaction,
            claim,
            id,
            reason
        ))
    }

    async fn resolve_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64> {
        transact!(self, Access::Write, "resolve_dead_letters", |transaction| dead_letters::end(
            transaction,
            &filter,
            DeadLetterStatus::Resolved,
            note
        ))
    }

    async fn discard_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64> {
        transact!(self, Access::Write, "discard_dead_letters", |transaction| dead_letters::end(
            transaction,
            &filter,
            DeadLetterStatus::Discarded,
            note
        ))
    }

    async fn record_samples(&self, samples: Vec<Sample>) -> Result<()> {
        transact!(self, Access::Write, "record_samples", |transaction| statistics::record_samples(
            transaction,
            &samples
        ))
    }

    async fn statistics(&self, filter: StatisticsFilter) -> Result<Statistics> {
        transact!(self, Access::Read, "statistics", |transaction| statistics::collect(transaction, &filter))
    }

    async fn collect_garbage(&self, retention: Retention, is_dry_run: bool) -> Result<Garbage> {
        transact!(self, Access::Write, "collect_garbage", |transaction| garbage::collect(
            transaction,
            retention,
            is_dry_run
        ))
    }

    async fn record_audit(&self, new: NewAuditEntry) -> Result<()> {
        transact!(self, Access::Write, "record_audit", |transaction| audit::record(
            transaction,
            &new.action,
            &new.subject_kind,
            &new.subject,
            new.details.clone()
        ))
    }

    async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>> {
        transact!(self, Access::Read, "audit", |transaction| audit::list(transaction, &filter))
    }
}
