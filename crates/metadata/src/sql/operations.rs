//! The store's operations, each a transaction that is tried again where it may pass. What an operation does stands in the module of
//! its subject.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use snake_pipe_core::{
    Error, HealthCheckResult, HealthStatus, MigrateMode, Migrations, QueryResult, Result, Timestamp,
};

use super::{
    Clock, Pool, SqlStore, audit, dead_letters, deliveries, errors, garbage, lineage, migrations, named,
    pipelines, positions, recovery, retry::Pauses, runs, schemas, statistics, tasks, transaction::Access,
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

/// An operation that changes nothing.
macro_rules! read {
    ($store:expr, $operation:literal, |$transaction:ident| $body:expr) => {
        transact!($store, Access::Read, $operation, |$transaction| $body)
    };
}

/// An operation that changes something.
macro_rules! change {
    ($store:expr, $operation:literal, |$transaction:ident| $body:expr) => {
        transact!($store, Access::Write, $operation, |$transaction| $body)
    };
}

#[async_trait]
impl MetadataStore for SqlStore {
    fn info(&self) -> &StoreInfo {
        &self.info
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        // Usually nothing is missing, and then nobody has to be waited for.
        let (planned, is_whole) = read!(self, "migrate", |t| migrations::plan(t))?;
        if mode == MigrateMode::Plan || (planned.steps.is_empty() && is_whole) {
            return Ok(planned);
        }
        change!(self, "migrate", |t| migrations::apply(t))
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        let started = Instant::now();
        let version = read!(self, "health_check", |t| migrations::version(t))?;
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
        read!(self, "named_query", |t| named::answer(t, name, since))
    }

    async fn now(&self) -> Result<Timestamp> {
        match &self.options.clock {
            Clock::Manual(clock) => Ok(clock.now()),
            Clock::Database => read!(self, "now", |t| { std::future::ready(Ok(t.now)) }),
        }
    }

    async fn create_pipeline(&self, new: NewPipeline) -> Result<Pipeline> {
        change!(self, "create_pipeline", |t| pipelines::create(t, &new))
    }

    async fn register_pipeline(&self, new: NewPipeline) -> Result<Pipeline> {
        change!(self, "register_pipeline", |t| pipelines::register(t, &new))
    }

    async fn pipeline(&self, name_or_id: &str) -> Result<Pipeline> {
        read!(self, "pipeline", |t| pipelines::get(t, name_or_id))
    }

    async fn pipelines(&self, filter: PipelineFilter) -> Result<Vec<Pipeline>> {
        read!(self, "pipelines", |t| pipelines::list(t, &filter))
    }

    async fn update_pipeline(&self, id: PipelineId, change: PipelineChange) -> Result<Pipeline> {
        change!(self, "update_pipeline", |t| pipelines::update(t, id, &change))
    }

    async fn pipeline_versions(&self, id: PipelineId) -> Result<Vec<PipelineVersion>> {
        read!(self, "pipeline_versions", |t| pipelines::versions(t, id))
    }

    async fn delete_pipeline(&self, id: PipelineId) -> Result<()> {
        change!(self, "delete_pipeline", |t| pipelines::delete(t, id))
    }

    async fn create_run(&self, new: NewRun) -> Result<Run> {
        change!(self, "create_run", |t| runs::create(t, &new))
    }

    async fn start_run(&self, id: RunId, lease: Duration, overlap: Overlap) -> Result<StartedRun> {
        change!(self, "start_run", |t| runs::start(t, id, lease, overlap))
    }

    async fn heartbeat(
        &self,
        token: RunToken,
        lease: Duration,
        statistics: Option<RunStatistics>,
    ) -> Result<Heartbeat> {
        change!(self, "heartbeat", |t| runs::heartbeat(t, token, lease, statistics))
    }

    async fn finish_run(&self, token: RunToken, end: RunEnd) -> Result<Run> {
        change!(self, "finish_run", |t| runs::finish(t, token, &end))
    }

    async fn cancel_run(&self, id: RunId, reason: &str) -> Result<Run> {
        change!(self, "cancel_run", |t| runs::cancel(t, id, reason))
    }

    async fn retry_run(&self, id: RunId) -> Result<Run> {
        change!(self, "retry_run", |t| runs::retry(t, id))
    }

    async fn run(&self, id: RunId) -> Result<Run> {
        read!(self, "run", |t| runs::get(t, id))
    }

    async fn runs(&self, filter: RunFilter) -> Result<Vec<Run>> {
        read!(self, "runs", |t| runs::list(t, &filter))
    }

    async fn recover_runs(&self, pipeline: Option<PipelineId>) -> Result<Vec<Run>> {
        change!(self, "recover_runs", |t| recovery::recover(t, pipeline))
    }

    async fn create_tasks(&self, token: RunToken, new: Vec<NewTask>) -> Result<Vec<Task>> {
        change!(self, "create_tasks", |t| tasks::create(t, token, &new))
    }

    async fn start_task(&self, token: RunToken, id: TaskId) -> Result<Task> {
        change!(self, "start_task", |t| tasks::start(t, token, id))
    }

    async fn finish_task(&self, token: RunToken, id: TaskId, end: TaskEnd) -> Result<Task> {
        change!(self, "finish_task", |t| tasks::finish(t, token, id, &end))
    }

    async fn record_tasks(&self, token: RunToken, records: Vec<TaskRecord>) -> Result<Vec<Task>> {
        change!(self, "record_tasks", |t| tasks::record(t, token, &records))
    }

    async fn tasks(&self, filter: TaskFilter) -> Result<Vec<Task>> {
        read!(self, "tasks", |t| tasks::list(t, &filter))
    }

    async fn record_deliveries(&self, token: RunToken, new: Vec<NewDelivery>) -> Result<()> {
        change!(self, "record_deliveries", |t| deliveries::record(t, token, &new))
    }

    async fn deliveries(&self, run: RunId) -> Result<Vec<Delivery>> {
        read!(self, "deliveries", |t| deliveries::list(t, run))
    }

    async fn put_dataset(&self, new: NewDataset) -> Result<Dataset> {
        change!(self, "put_dataset", |t| lineage::put_dataset(t, &new))
    }

    async fn datasets(&self, kind: Option<String>) -> Result<Vec<Dataset>> {
        read!(self, "datasets", |t| lineage::datasets(t, kind.as_deref()))
    }

    async fn record_lineage(&self, new: Vec<NewLineageEdge>) -> Result<()> {
        change!(self, "record_lineage", |t| lineage::record(t, &new))
    }

    async fn lineage(
        &self,
        dataset: &str,
        column: Option<String>,
        direction: Direction,
        depth: u64,
    ) -> Result<Vec<LineageStep>> {
        read!(self, "lineage", |t| lineage::follow(t, dataset, column.as_deref(), direction, depth))
    }

    async fn advance_position(&self, token: Option<RunToken>, new: NewPosition) -> Result<Position> {
        change!(self, "advance_position", |t| positions::advance(t, token, &new))
    }

    async fn reset_position(&self, new: NewPosition) -> Result<Position> {
        change!(self, "reset_position", |t| positions::reset(t, &new))
    }

    async fn position(&self, key: PositionKey) -> Result<Option<Position>> {
        read!(self, "position", |t| positions::get(t, &key))
    }

    async fn positions(&self, filter: PositionFilter) -> Result<Vec<Position>> {
        read!(self, "positions", |t| positions::list(t, &filter))
    }

    async fn position_history(&self, key: PositionKey, limit: u64) -> Result<Vec<Position>> {
        read!(self, "position_history", |t| positions::history(t, &key, limit))
    }

    async fn register_schemas(&self, new: Vec<NewSchema>) -> Result<Vec<SchemaVersion>> {
        change!(self, "register_schemas", |t| schemas::register(t, &new))
    }

    async fn schema_versions(&self, schema: &str, table: &str) -> Result<Vec<SchemaVersion>> {
        read!(self, "schema_versions", |t| schemas::versions(t, schema, table))
    }

    async fn schemas(&self, schema: Option<String>) -> Result<Vec<SchemaVersion>> {
        read!(self, "schemas", |t| schemas::list(t, schema.as_deref()))
    }

    async fn record_errors(&self, new: Vec<NewError>) -> Result<Vec<ErrorRecord>> {
        change!(self, "record_errors", |t| errors::record(t, &new))
    }

    async fn error(&self, id: ErrorId) -> Result<ErrorRecord> {
        read!(self, "error", |t| errors::get(t, id))
    }

    async fn errors(&self, filter: ErrorFilter) -> Result<Vec<ErrorRecord>> {
        read!(self, "errors", |t| errors::list(t, &filter))
    }

    async fn error_groups(&self, filter: ErrorFilter) -> Result<Vec<ErrorGroup>> {
        read!(self, "error_groups", |t| errors::groups(t, &filter))
    }

    async fn retried_error(&self, id: ErrorId) -> Result<ErrorRecord> {
        change!(self, "retried_error", |t| errors::retried(t, id))
    }

    async fn close_errors(&self, filter: ErrorFilter, status: ErrorStatus, note: &str) -> Result<u64> {
        change!(self, "close_errors", |t| errors::close(t, &filter, status, note))
    }

    async fn add_dead_letters(&self, new: Vec<NewDeadLetter>) -> Result<Vec<DeadLetter>> {
        change!(self, "add_dead_letters", |t| dead_letters::add(t, &new))
    }

    async fn dead_letter(&self, id: DeadLetterId) -> Result<DeadLetter> {
        read!(self, "dead_letter", |t| dead_letters::get(t, id))
    }

    async fn dead_letters(&self, filter: DeadLetterFilter) -> Result<Vec<DeadLetter>> {
        read!(self, "dead_letters", |t| dead_letters::list(t, &filter))
    }

    async fn claim_dead_letters(
        &self,
        filter: DeadLetterFilter,
        lease: Duration,
    ) -> Result<(Claim, Vec<DeadLetter>)> {
        change!(self, "claim_dead_letters", |t| dead_letters::claim(t, &filter, lease))
    }

    async fn release_dead_letter(&self, claim: Claim, id: DeadLetterId, reason: &str) -> Result<DeadLetter> {
        change!(self, "release_dead_letter", |t| dead_letters::release(t, claim, id, reason))
    }

    async fn resolve_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64> {
        change!(self, "resolve_dead_letters", |t| dead_letters::end(
            t,
            &filter,
            DeadLetterStatus::Resolved,
            note
        ))
    }

    async fn discard_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64> {
        change!(self, "discard_dead_letters", |t| dead_letters::end(
            t,
            &filter,
            DeadLetterStatus::Discarded,
            note
        ))
    }

    async fn record_samples(&self, samples: Vec<Sample>) -> Result<()> {
        change!(self, "record_samples", |t| statistics::record_samples(t, &samples))
    }

    async fn statistics(&self, filter: StatisticsFilter) -> Result<Statistics> {
        read!(self, "statistics", |t| statistics::collect(t, &filter))
    }

    async fn collect_garbage(&self, retention: Retention, is_dry_run: bool) -> Result<Garbage> {
        change!(self, "collect_garbage", |t| garbage::collect(t, retention, is_dry_run))
    }

    async fn record_audit(&self, new: NewAuditEntry) -> Result<()> {
        change!(self, "record_audit", |t| audit::record(
            t,
            &new.action,
            &new.subject_kind,
            &new.subject,
            new.details.clone()
        ))
    }

    async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>> {
        read!(self, "audit", |t| audit::list(t, &filter))
    }
}
