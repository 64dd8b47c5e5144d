//! The contract of the control plane.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::Serialize;
use snake_pipe_core::{HealthCheckResult, MigrateMode, Migrations, QueryResult, Result, Timestamp};

use crate::model::{
    AuditEntry, AuditFilter, Claim, Dataset, DeadLetter, DeadLetterFilter, DeadLetterId, Delivery, Direction,
    ErrorFilter, ErrorGroup, ErrorId, ErrorRecord, ErrorStatus, Garbage, Heartbeat, LineageStep,
    NewAuditEntry, NewDataset, NewDeadLetter, NewDelivery, NewError, NewLineageEdge, NewPipeline,
    NewPosition, NewRun, NewSchema, NewTask, Overlap, Pipeline, PipelineChange, PipelineFilter, PipelineId,
    PipelineVersion, Position, PositionFilter, PositionKey, Retention, Run, RunEnd, RunFilter, RunId,
    RunStatistics, RunToken, Sample, SchemaVersion, StartedRun, Statistics, StatisticsFilter, Task, TaskEnd,
    TaskFilter, TaskId, TaskRecord,
};

/// What a store is, for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoreInfo {
    /// `sqlite`, `postgres` or `memory`.
    pub kind: String,
    /// Where it is, without credentials.
    pub address: String,
}

/// The bookkeeping of pipelines: what ran, what became of it, what is owed, and who did what.
///
/// Promises:
/// - **Every operation is one transaction**: it happened wholly or not at all, and is durable when it returns. Dropping its
///   future leaves the store usable; the operation then happened or it did not.
/// - **One clock**: times and leases are those of the database, so that processes on several machines agree.
/// - **A fenced writer is refused**: what takes a [`RunToken`] fails with `Fenced` once the run was found lost.
/// - **No wrong state**: a transition that is impossible, a name that is taken, a position that would go back fail with
///   `Conflict`, and say what would be right. What does not exist is `NotFound`.
/// - **What is changed on purpose is audited** in the same transaction.
/// - An operation that meets a lock or a lost connection before its commit is tried again, with growing pauses.
///
/// No operation has a default body, since wrappers would bypass the inner store by it.
#[async_trait]
pub trait MetadataStore: fmt::Debug + Send + Sync {
    /// What it is.
    fn info(&self) -> &StoreInfo;

    /// Brings its tables up to date, or says what is missing. A newer version is refused with `Schema`.
    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations>;

    /// Whether it answers, how fast, and how its pool is.
    async fn health_check(&self) -> Result<HealthCheckResult>;

    /// Lets go of its connections. Afterwards every operation fails with `NotConnected`.
    async fn close(&self) -> Result<()>;

    /// Creates a pipeline. `Conflict` if the name is taken.
    async fn create_pipeline(&self, new: NewPipeline) -> Result<Pipeline>;

    /// Creates a pipeline, or updates the one of this name: a definition that differs becomes a new version; description
    /// and tags are set where any are given.
    async fn register_pipeline(&self, new: NewPipeline) -> Result<Pipeline>;

    /// The pipeline of this name, or with this id.
    async fn pipeline(&self, name_or_id: &str) -> Result<Pipeline>;

    /// Pipelines, sorted by name.
    async fn pipelines(&self, filter: PipelineFilter) -> Result<Vec<Pipeline>>;

    /// Changes a pipeline.
    async fn update_pipeline(&self, id: PipelineId, change: PipelineChange) -> Result<Pipeline>;

    /// Every definition that a pipeline had, oldest first.
    async fn pipeline_versions(&self, id: PipelineId) -> Result<Vec<PipelineVersion>>;

    /// Deletes a pipeline with its runs, tasks and deliveries; errors, dead letters and lineage stay. `Conflict` while it runs.
    async fn delete_pipeline(&self, id: PipelineId) -> Result<()>;

    /// Creates a run that waits to be started. `Conflict` if the pipeline is paused.
    async fn create_run(&self, new: NewRun) -> Result<Run>;

    /// Starts a pending run: finds lost runs of the same pipeline, raises the fence and takes a lease of this length.
    /// `Conflict` if another run of the pipeline is alive and overlapping is refused.
    async fn start_run(&self, id: RunId, lease: Duration, overlap: Overlap) -> Result<StartedRun>;

    /// Prolongs the lease, and takes down the numbers so far.
    async fn heartbeat(
        &self,
        token: RunToken,
        lease: Duration,
        statistics: Option<RunStatistics>,
    ) -> Result<Heartbeat>;

    /// Ends a run. Ending it again in the same way does nothing, so that a lost reply may be asked for again.
    async fn finish_run(&self, token: RunToken, end: RunEnd) -> Result<Run>;

    /// Cancels a pending run at once; a running one is asked to end, which it learns by its next heartbeat. One that then ends as
    /// cancelled shows this reason.
    async fn cancel_run(&self, id: RunId, reason: &str) -> Result<Run>;

    /// Makes a pending run that repeats a failed, cancelled or lost one, with the same parameters.
    async fn retry_run(&self, id: RunId) -> Result<Run>;

    /// A run.
    async fn run(&self, id: RunId) -> Result<Run>;

    /// Runs, youngest first.
    async fn runs(&self, filter: RunFilter) -> Result<Vec<Run>>;

    /// Finds runs whose leases ran out, of one pipeline or of all: they become lost, their fences rise, their running tasks failed
    /// with them, and those that waited are cancelled.
    async fn recover_runs(&self, pipeline: Option<PipelineId>) -> Result<Vec<Run>>;

    /// Creates tasks of a run, in their order.
    async fn create_tasks(&self, token: RunToken, new: Vec<NewTask>) -> Result<Vec<Task>>;

    /// Starts a task. `Conflict` while one that it depends on has not succeeded, or when it has no attempts left.
    async fn start_task(&self, token: RunToken, id: TaskId) -> Result<Task>;

    /// Ends a task.
    async fn finish_task(&self, token: RunToken, id: TaskId, end: TaskEnd) -> Result<Task>;

    /// Records tasks that are over.
    async fn record_tasks(&self, token: RunToken, records: Vec<TaskRecord>) -> Result<Vec<Task>>;

    /// Tasks, oldest first.
    async fn tasks(&self, filter: TaskFilter) -> Result<Vec<Task>>;

    /// Records deliveries of a run.
    async fn record_deliveries(&self, token: RunToken, new: Vec<NewDelivery>) -> Result<()>;

    /// Deliveries of a run, oldest first.
    async fn deliveries(&self, run: RunId) -> Result<Vec<Delivery>>;

    /// Records a dataset, or updates the one of this name.
    async fn put_dataset(&self, new: NewDataset) -> Result<Dataset>;

    /// Datasets, sorted by name; of one kind if one is given.
    async fn datasets(&self, kind: Option<String>) -> Result<Vec<Dataset>>;

    /// Records flows between datasets. One that is known is confirmed; how often that is done makes no difference.
    async fn record_lineage(&self, new: Vec<NewLineageEdge>) -> Result<()>;

    /// The edges that can be reached from the dataset of this name, nearest first, each once; `column` follows the edges of
    /// one column only. Depth 1 are the neighbours.
    async fn lineage(
        &self,
        dataset: &str,
        column: Option<String>,
        direction: Direction,
        depth: u64,
    ) -> Result<Vec<LineageStep>>;

    /// Records how far a pipeline has come. The same position again does nothing; one before it is refused with `Conflict`.
    /// With a token, a lost run is refused.
    async fn advance_position(&self, token: Option<RunToken>, new: NewPosition) -> Result<Position>;

    /// Sets a position whatever it was, to read a source again. Audited.
    async fn reset_position(&self, new: NewPosition) -> Result<Position>;

    /// The position, if there is one.
    async fn position(&self, key: PositionKey) -> Result<Option<Position>>;

    /// Current positions, by key.
    async fn positions(&self, filter: PositionFilter) -> Result<Vec<Position>>;

    /// The positions that a key had, youngest first, the current one included.
    async fn position_history(&self, key: PositionKey, limit: u64) -> Result<Vec<Position>>;

    /// Registers a shape: see [`NewSchema`]. However many do so at once, versions are numbered without gap or twin.
    async fn register_schemas(&self, new: Vec<NewSchema>) -> Result<Vec<SchemaVersion>>;

    /// Versions of a table's schema, youngest first.
    async fn schema_versions(&self, schema: &str, table: &str) -> Result<Vec<SchemaVersion>>;

    /// The latest version of every table, sorted; of one schema if one is given.
    async fn schemas(&self, schema: Option<String>) -> Result<Vec<SchemaVersion>>;

    /// Records errors. What is kept of their records is the store's policy.
    async fn record_errors(&self, new: Vec<NewError>) -> Result<Vec<ErrorRecord>>;

    /// An error.
    async fn error(&self, id: ErrorId) -> Result<ErrorRecord>;

    /// Errors, youngest first.
    async fn errors(&self, filter: ErrorFilter) -> Result<Vec<ErrorRecord>>;

    /// Errors by fingerprint, most frequent first.
    async fn error_groups(&self, filter: ErrorFilter) -> Result<Vec<ErrorGroup>>;

    /// Says that an open error was tried again without success: counts it, and sets the next time, or none if it was the last.
    async fn retried_error(&self, id: ErrorId) -> Result<ErrorRecord>;

    /// Resolves or ignores open errors of this filter; says how many.
    async fn close_errors(&self, filter: ErrorFilter, status: ErrorStatus, note: &str) -> Result<u64>;

    /// Keeps records that were refused: see [`NewDeadLetter`].
    async fn add_dead_letters(&self, new: Vec<NewDeadLetter>) -> Result<Vec<DeadLetter>>;

    /// A dead letter.
    async fn dead_letter(&self, id: DeadLetterId) -> Result<DeadLetter>;

    /// Dead letters, oldest first.
    async fn dead_letters(&self, filter: DeadLetterFilter) -> Result<Vec<DeadLetter>>;

    /// Claims pending dead letters, and those whose claims ran out, for so long. No letter is claimed by two at once.
    async fn claim_dead_letters(
        &self,
        filter: DeadLetterFilter,
        lease: Duration,
    ) -> Result<(Claim, Vec<DeadLetter>)>;

    /// Says that a claimed dead letter was refused again: it is pending, and counts another failure.
    async fn release_dead_letter(&self, claim: Claim, id: DeadLetterId, reason: &str) -> Result<DeadLetter>;

    /// Says that dead letters were processed after all; resolving one again does nothing. How many were open.
    async fn resolve_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64>;

    /// Says that nobody wants open dead letters of this filter any more; how many there were.
    async fn discard_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64>;

    /// Records measurements.
    async fn record_samples(&self, samples: Vec<Sample>) -> Result<()>;

    /// Numbers over a period that ends now.
    async fn statistics(&self, filter: StatisticsFilter) -> Result<Statistics>;

    /// Removes, or only counts, what is older than it has to be kept.
    async fn collect_garbage(&self, retention: Retention, is_dry_run: bool) -> Result<Garbage>;

    /// Records that somebody did something outside the store.
    async fn record_audit(&self, new: NewAuditEntry) -> Result<()>;

    /// Who did what, youngest first.
    async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>>;

    /// The answer of one of the [named queries](crate::named_queries) over the time from `since` on.
    async fn named_query(&self, name: &str, since: Timestamp) -> Result<QueryResult>;

    /// The store's present time.
    async fn now(&self) -> Result<Timestamp>;
}
