//! The backend: a handle to a store that others may share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use super::{CAPABILITIES, info, session::MemorySession, store::Store};
use crate::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, HealthStatus,
    IntegrityResult, IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result,
    SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    manifest::Manifest,
    model::TransformedAst,
    schema::OwnedRows,
};

/// A backend that holds published facts in memory. Clones share what they hold and whether they are connected.
#[derive(Clone, Debug)]
pub struct MemoryBackend {
    info: BackendInfo,
    shared: Shared,
}

/// What a backend and its sessions share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    connected: Arc<AtomicBool>,
    store: Arc<Mutex<Store>>,
}

impl Shared {
    /// The store, if the backend is connected.
    pub(super) fn store(&self, operation: &'static str) -> Result<MutexGuard<'_, Store>> {
        if !self.connected.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::NotConnected, "the backend is not connected")
                .with_operation(operation)
                .with_help("call `connect` first"));
        }
        Ok(self.unchecked())
    }

    /// The store is consistent between any two statements that can panic, so that a poisoned lock is sound.
    fn unchecked(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryBackend {
    /// An empty backend of its own, not connected yet.
    #[must_use]
    pub fn new() -> Self {
        Self { info: info("memory:".to_owned()), shared: Shared::default() }
    }

    /// A handle, not connected yet, to what the process holds under this name. It lives as long as the process.
    #[must_use]
    pub fn named(name: &str) -> Self {
        static NAMED: Mutex<BTreeMap<String, Arc<Mutex<Store>>>> = Mutex::new(BTreeMap::new());
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        let store = named.entry(name.to_owned()).or_default().clone();
        Self { info: info(format!("memory:{name}")), shared: Shared { store, ..Shared::default() } }
    }

    /// The same under another name in messages and results.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.info.name);
        self
    }

    /// The published facts of a repository, in the order of their keys. References whose targets are gone are un-resolved,
    /// and facts without a content hash have got their own digest for one. Connected or not.
    #[must_use]
    pub fn facts(&self, repository: RepositoryId) -> Vec<Arc<TransformedAst>> {
        self.shared.unchecked().facts(repository)
    }

    /// The rows that a SQL backend holding the same would have in the tables of files: in the order of the files' keys, with
    /// the Unix epoch in every column that records a time of writing. Connected or not.
    ///
    /// # Errors
    /// None that the mapping of stored facts could meet.
    pub fn rows(&self, repository: RepositoryId) -> Result<OwnedRows> {
        self.shared.unchecked().rows(repository)
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl DatabaseBackend for MemoryBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn is_connected(&self) -> bool {
        self.shared.connected.load(Ordering::SeqCst)
    }

    fn pool_state(&self) -> Option<PoolState> {
        None
    }

    async fn connect(&self) -> Result<()> {
        self.shared.connected.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn migrate(&self, _mode: MigrateMode) -> Result<Migrations> {
        drop(self.shared.store("migrate")?);
        Ok(Migrations { from_version: 1, to_version: 1, steps: Vec::new() })
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        let details = self.shared.store("health_check")?.details();
        Ok(HealthCheckResult {
            status: HealthStatus::Healthy,
            latency: Duration::ZERO,
            server_version: None,
            pool: None,
            details,
            warnings: Vec::new(),
        })
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        Ok(self.shared.store("repositories")?.repositories())
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        Ok(self.shared.store("remove_repository")?.remove(repository))
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        Ok(self.shared.store("manifest")?.manifest(repository))
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        let fence = self.shared.store("begin_load")?.begin(&plan)?;
        Ok(Box::new(MemorySession::new(self.shared.clone(), plan, fence)))
    }

    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult> {
        let mut session = self.begin_load(plan).await?;
        session.write_batch(batch).await?;
        match session.publish(publication).await? {
            PublishResult::Published(result) => Ok(result),
            PublishResult::AlreadyPublished => Ok(WriteResult::default()),
        }
    }

    async fn execute_sql_query(&self, _query: SqlQuery) -> Result<QueryResult> {
        drop(self.shared.store("execute_sql_query")?);
        Err(Error::new(ErrorKind::Unsupported, "a memory backend does not answer SQL")
            .with_operation("execute_sql_query")
            .with_help("load into a SQLite file to ask questions"))
    }

    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult> {
        Ok(self.shared.store("check_integrity")?.check(&scope))
    }

    async fn close(&self) -> Result<()> {
        self.shared.connected.store(false, Ordering::SeqCst);
        Ok(())
    }
}
