//! A mock of the store's contract, for unit tests of what calls it. Where behaviour matters, not calls, use
//! `SqlStore::in_memory`.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use mockall::mock;
use snake_pipe_core::{HealthCheckResult, MigrateMode, Migrations, QueryResult, Result, Timestamp};

use crate::{
    MetadataStore, StoreInfo,
    model::{
        AuditEntry, AuditFilter, Claim, Dataset, DeadLetter, DeadLetterFilter, DeadLetterId, Delivery,
        Direction, ErrorFilter, ErrorGroup, ErrorId, ErrorRecord, ErrorStatus, Garbage, Heartbeat,
        LineageStep, NewAuditEntry, NewDataset, NewDeadLetter, NewDelivery, NewError, NewLineageEdge,
        NewPipeline, NewPosition, NewRun, NewSchema, NewTask, Overlap, Pipeline, PipelineChange,
        PipelineFilter, PipelineId, PipelineVersion, Position, PositionFilter, PositionKey, Retention, Run,
        RunEnd, RunFilter, RunId, RunStatistics, RunToken, Sample, SchemaVersion, StartedRun, Statistics,
        StatisticsFilter, Task, TaskEnd, TaskFilter, TaskId, TaskRecord,
    },
};

mock! {
    /// A store that does what a test tells it.
    pub MetadataStore {}

    impl fmt::Debug for MetadataStore {
        fn fmt<'a>(&self, f: &mut fmt::Formatter<'a>) -> fmt::Result;
    }

    #[async_trait]
    impl MetadataStore for MetadataStore {
        fn info(&self) -> &StoreInfo;
        async fn migrate(&self, mode: MigrateMode) -> Result<Migrations>;
        async fn health_check(&self) -> Result<HealthCheckResult>;
        async fn close(&self) -> Result<()>;
        async fn create_pipeline(&self, new: NewPipeline) -> Result<Pipeline>;
        async fn register_pipeline(&self, new: NewPipeline) -> Result<Pipeline>;
        async fn pipeline(&self, name_or_id: &str) -> Result<Pipeline>;
        async fn pipelines(&self, filter: PipelineFilter) -> Result<Vec<Pipeline>>;
        async fn update_pipeline(&self, id: PipelineId, change: PipelineChange) -> Result<Pipeline>;
        async fn pipeline_versions(&self, id: PipelineId) -> Result<Vec<PipelineVersion>>;
        async fn delete_pipeline(&self, id: PipelineId) -> Result<()>;
        async fn create_run(&self, new: NewRun) -> Result<Run>;
        async fn start_run(&self, id: RunId, lease: Duration, overlap: Overlap) -> Result<StartedRun>;
        async fn heartbeat(&self, token: RunToken, lease: Duration, statistics: Option<RunStatistics>) -> Result<Heartbeat>;
        async fn finish_run(&self, token: RunToken, end: RunEnd) -> Result<Run>;
        async fn cancel_run(&self, id: RunId, reason: &str) -> Result<Run>;
        async fn retry_run(&self, id: RunId) -> Result<Run>;
        async fn run(&self, id: RunId) -> Result<Run>;
        async fn runs(&self, filter: RunFilter) -> Result<Vec<Run>>;
        async fn recover_runs(&self, pipeline: Option<PipelineId>) -> Result<Vec<Run>>;
        async fn create_tasks(&self, token: RunToken, new: Vec<NewTask>) -> Result<Vec<Task>>;
        async fn start_task(&self, token: RunToken, id: TaskId) -> Result<Task>;
        async fn finish_task(&self, token: RunToken, id: TaskId, end: TaskEnd) -> Result<Task>;
        async fn record_tasks(&self, token: RunToken, records: Vec<TaskRecord>) -> Result<Vec<Task>>;
        async fn tasks(&self, filter: TaskFilter) -> Result<Vec<Task>>;
        async fn record_deliveries(&self, token: RunToken, new: Vec<NewDelivery>) -> Result<()>;
        async fn deliveries(&self, run: RunId) -> Result<Vec<Delivery>>;
        async fn put_dataset(&self, new: NewDataset) -> Result<Dataset>;
        async fn datasets(&self, kind: Option<String>) -> Result<Vec<Dataset>>;
        async fn record_lineage(&self, new: Vec<NewLineageEdge>) -> Result<()>;
        async fn lineage(&self, dataset: &str, column: Option<String>, direction: Direction, depth: u64) -> Result<Vec<LineageStep>>;
        async fn advance_position(&self, token: Option<RunToken>, new: NewPosition) -> Result<Position>;
        async fn reset_position(&self, new: NewPosition) -> Result<Position>;
        async fn position(&self, key: PositionKey) -> Result<Option<Position>>;
        async fn positions(&self, filter: PositionFilter) -> Result<Vec<Position>>;
        async fn position_history(&self, key: PositionKey, limit: u64) -> Result<Vec<Position>>;
        async fn register_schemas(&self, new: Vec<NewSchema>) -> Result<Vec<SchemaVersion>>;
        async fn schema_versions(&self, schema: &str, table: &str) -> Result<Vec<SchemaVersion>>;
        async fn schemas(&self, schema: Option<String>) -> Result<Vec<SchemaVersion>>;
        async fn record_errors(&self, new: Vec<NewError>) -> Result<Vec<ErrorRecord>>;
        async fn error(&self, id: ErrorId) -> Result<ErrorRecord>;
        async fn errors(&self, filter: ErrorFilter) -> Result<Vec<ErrorRecord>>;
        async fn error_groups(&self, filter: ErrorFilter) -> Result<Vec<ErrorGroup>>;
        async fn retried_error(&self, id: ErrorId) -> Result<ErrorRecord>;
        async fn close_errors(&self, filter: ErrorFilter, status: ErrorStatus, note: &str) -> Result<u64>;
        async fn add_dead_letters(&self, new: Vec<NewDeadLetter>) -> Result<Vec<DeadLetter>>;
        async fn dead_letter(&self, id: DeadLetterId) -> Result<DeadLetter>;
        async fn dead_letters(&self, filter: DeadLetterFilter) -> Result<Vec<DeadLetter>>;
        async fn claim_dead_letters(&self, filter: DeadLetterFilter, lease: Duration) -> Result<(Claim, Vec<DeadLetter>)>;
        async fn release_dead_letter(&self, claim: Claim, id: DeadLetterId, reason: &str) -> Result<DeadLetter>;
        async fn resolve_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64>;
        async fn discard_dead_letters(&self, filter: DeadLetterFilter, note: &str) -> Result<u64>;
        async fn record_samples(&self, samples: Vec<Sample>) -> Result<()>;
        async fn statistics(&self, filter: StatisticsFilter) -> Result<Statistics>;
        async fn collect_garbage(&self, retention: Retention, is_dry_run: bool) -> Result<Garbage>;
        async fn record_audit(&self, new: NewAuditEntry) -> Result<()>;
        async fn audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>>;
        async fn named_query(&self, name: &str, since: Timestamp) -> Result<QueryResult>;
        async fn now(&self) -> Result<Timestamp>;
    }
}
