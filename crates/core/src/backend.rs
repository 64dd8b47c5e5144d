//! The contract of a database backend.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Result,
    health::{HealthCheckResult, PoolState},
    id::RepositoryId,
    integrity::{IntegrityResult, IntegrityScope},
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot, WriteResult},
    manifest::Manifest,
    query::{Dialect, QueryResult, SqlQuery},
    row_stream::RowStream,
};

/// What a backend is, for messages and results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackendInfo {
    /// The kind's name, such as `sqlite`.
    pub kind: String,
    /// The name given in the configuration, or the redacted address.
    pub name: String,
    /// Where it is, without credentials.
    pub address: String,
    /// The SQL it understands, if any.
    pub dialect: Option<Dialect>,
}

/// Which promises a backend gives. A promise that is not given is reported as such, never silently missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Readers see a run wholly or not at all.
    pub atomic_publish: bool,
    /// A writer that was replaced is refused.
    pub fence: bool,
    /// `execute_sql_query` answers.
    pub sql: bool,
    /// `check_integrity` looks at constraints and counts.
    pub integrity: bool,
    /// A write is one transaction: all of it or nothing.
    pub transactions: bool,
    /// What was published survives the end of the process.
    pub durable: bool,
}

impl Capabilities {
    /// No promise at all: the base for constants, `Capabilities { durable: true, ..Capabilities::NONE }`.
    pub const NONE: Self = Self {
        atomic_publish: false,
        fence: false,
        sql: false,
        integrity: false,
        transactions: false,
        durable: false,
    };
}

/// What `migrate` may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrateMode {
    /// Apply what is missing.
    Apply,
    /// Say what is missing, change nothing.
    Plan,
}

/// The state of a database's schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Migrations {
    /// Version before; 0 for none.
    pub from_version: u64,
    /// Version after, or after applying what is planned.
    pub to_version: u64,
    /// What was applied, or is missing, in order.
    pub steps: Vec<MigrationStep>,
}

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigrationStep {
    /// Its version.
    pub version: u64,
    /// What it does.
    pub description: String,
    /// Its statements.
    pub sql: String,
}

/// A repository that a backend holds, with its last publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRepository {
    /// Its id.
    pub id: RepositoryId,
    /// What it is.
    pub repository: Repository,
    /// The state that was published last; none before the first publication.
    pub snapshot: Option<Snapshot>,
    /// The marker of the last publication: tells whether somebody else published in between.
    pub marker: Option<Marker>,
}

/// A connected database that takes facts. The names of the operations follow the life of a load: `connect`, `migrate`,
/// `manifest`, `begin_load`, then the session's, at last `close`.
///
/// Promises, tested by the conformance suite for every one that [`Capabilities`] claims:
/// - **The source file is the unit.** After a write the file's rows equal its facts; a removed file has none. Writing twice
///   is the same as writing once. A reference of another file whose target went is un-resolved, not deleted, and the link
///   hash of that file becomes none in the manifest.
/// - **Publish is atomic.** A reader sees the state before a run or after it. A crash before it leaves nothing visible,
///   and what it left behind is cleaned up by the next session.
/// - **Ok means what it says.** What a session accepts counts only once published; `publish` and this trait's own
///   `write_batch` are durable when they return.
/// - **A fenced writer is refused.** `begin_load` takes over: an older session of the same repository fails with `Fenced`
///   at its next write or at publish, without effect.
/// - **An older load does not overwrite a newer one.** A plan says what had been published when it was made; where something
///   else was published since, `begin_load` fails with `Fenced` and takes nothing over.
/// - **Same facts, same rows**, in any order and any batches: ids come from content and place.
/// - Loads of different repositories do not disturb each other. Cancelling any future at any await point leaves the
///   backend usable.
///
/// Every operation may be called from any task at any time; before `connect` and after `close` all but `info`,
/// `capabilities`, `is_connected` and `connect` fail with `NotConnected`. There are no default bodies but one, since a default
/// lets a wrapper bypass what it wraps; conveniences belong into an extension trait.
#[async_trait]
pub trait DatabaseBackend: fmt::Debug + Send + Sync {
    /// What it is.
    fn info(&self) -> &BackendInfo;

    /// Which promises it gives.
    fn capabilities(&self) -> Capabilities;

    /// Whether `connect` succeeded and `close` was not called since.
    fn is_connected(&self) -> bool;

    /// How its pool of connections is at this moment, without asking the database; none before `connect`, and for a backend that
    /// has no pool.
    fn pool_state(&self) -> Option<PoolState>;

    /// Connects. Does nothing when connected. Does not change the database, but for creating an embedded database's file.
    ///
    /// # Errors
    /// `Connection`, `Authentication`, `Configuration`; `Schema` when the database belongs to a newer version.
    async fn connect(&self) -> Result<()>;

    /// Brings the schema up to date, or says what is missing. Two processes may call it at once.
    ///
    /// # Errors
    /// `Permission`, with the statements that would grant it; `Schema` when a table of ours is somebody else's.
    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations>;

    /// Answers whether the database is well. Being unwell is an answer, not an error.
    ///
    /// # Errors
    /// `NotConnected` only.
    async fn health_check(&self) -> Result<HealthCheckResult>;

    /// The repositories it holds, sorted by name and ref.
    ///
    /// # Errors
    /// As of any reading.
    async fn repositories(&self) -> Result<Vec<StoredRepository>>;

    /// Removes all rows of a repository, atomically. Whether it was there.
    ///
    /// # Errors
    /// As of any writing.
    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool>;

    /// What it holds of a repository as published; empty for an unknown one.
    ///
    /// # Errors
    /// As of any reading.
    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest>;

    /// Begins a load and fences older sessions of the same repository.
    ///
    /// # Errors
    /// `Configuration` when the repository's name was loaded from another remote or root and the plan does not allow it;
    /// `Fenced` when something was published since the load was planned, see [`LoadPlan::check_planned_on`].
    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>>;

    /// Begins, writes and publishes at once, in one transaction where there are transactions.
    ///
    /// # Errors
    /// As of `begin_load`, the session's `write_batch` and `publish`.
    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult>;

    /// Runs one statement that only reads.
    ///
    /// # Errors
    /// `Unsupported` without SQL; `Query` for a wrong or a writing statement; `Configuration` when the values given are more or
    /// fewer than it has parameters; `Timeout`.
    async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult>;

    /// Runs one statement that only reads, and hands out its rows as they come: what is held in memory is a portion, however
    /// many rows there are. The query's limits hold as for [`execute_sql_query`](Self::execute_sql_query), but for the time that
    /// the receiver takes. The stream holds a connection and the database's snapshot until it ends or is dropped.
    ///
    /// This is the one operation with a default body, which collects: a backend without SQL need not know of it. A wrapper
    /// hands it on like every other.
    ///
    /// # Errors
    /// As of [`execute_sql_query`](Self::execute_sql_query), at once or as the stream's last item. What came before an error
    /// are whole rows.
    async fn stream_sql_query(&self, query: SqlQuery) -> Result<RowStream> {
        self.execute_sql_query(query).await.map(RowStream::from)
    }

    /// Looks for rows that contradict each other.
    ///
    /// # Errors
    /// As of any reading; findings are an answer, not an error.
    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult>;

    /// Closes all connections. Does nothing when closed.
    ///
    /// # Errors
    /// None that matter; the backend is closed afterwards in any case.
    async fn close(&self) -> Result<()>;
}

/// One run's writes to one backend. Dropping it aborts it.
#[async_trait]
pub trait LoadSession: fmt::Debug + Send {
    /// Accepts a batch. A file that was accepted before is replaced. Nothing is visible before `publish`. After an error
    /// other than `SessionLost`, `Fenced` and `OutcomeUnknown` the session is as it was before the call.
    ///
    /// # Errors
    /// `Data` when some file is refused; `SessionLost` when everything has to be sent again.
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult>;

    /// Makes all that was accepted visible at once, with the marker. May be called again after an error: a marker that is
    /// already in the database is answered by `AlreadyPublished`. A session without any batch records the snapshot only
    /// if it differs from the last one.
    ///
    /// # Errors
    /// `Fenced` when a newer session began; `OutcomeUnknown` when the reply to the commit was lost; `SessionLost`.
    async fn publish(&mut self, publication: Publication) -> Result<PublishResult>;

    /// Gives up what was accepted.
    ///
    /// # Errors
    /// None that matter; nothing was or becomes visible.
    async fn abort(self: Box<Self>) -> Result<()>;
}
