//! The adapter: a simple backend as a whole one.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;

use super::{SimpleBackend, session::SimpleSession};
use crate::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, IntegrityResult,
    IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result, SqlQuery,
    StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Publication, PublishResult, Repository, WriteResult},
    manifest::Manifest,
};

/// A session keeps so many bytes of facts before it writes them early, unless told otherwise: 64 MiB.
pub const DEFAULT_SPOOL_BYTES: usize = 64 << 20;

/// A [`SimpleBackend`] as a [`DatabaseBackend`]. A session keeps what it accepts in memory and writes it at publish; above
/// [`spool_bytes`](Self::spool_bytes) it writes early, and readers see a part of the load.
#[derive(Debug)]
pub struct SimpleAdapter<B> {
    backend: Arc<B>,
    connected: Arc<AtomicBool>,
    spool_bytes: usize,
}

impl<B: SimpleBackend + 'static> SimpleAdapter<B> {
    /// Wraps a backend that is not connected yet.
    pub fn new(backend: B) -> Self {
        Self { backend: Arc::new(backend), connected: Arc::default(), spool_bytes: DEFAULT_SPOOL_BYTES }
    }

    /// Sets how many bytes of facts, roughly, a session keeps before it writes them early. With 0 it keeps the last batch
    /// alone.
    #[must_use]
    pub fn spool_bytes(mut self, bytes: usize) -> Self {
        self.spool_bytes = bytes;
        self
    }

    /// The backend that is wrapped.
    pub fn inner(&self) -> &B {
        &self.backend
    }

    fn check_connected(&self, operation: &'static str) -> Result<()> {
        check_connected(&self.connected, operation)
    }

    async fn check_source(&self, plan: &LoadPlan) -> Result<()> {
        let other = |held: &Repository| plan.repository.is_other_source_than(held);
        match stored(&*self.backend, plan.repository.id()).await? {
            Some(held) if other(&held.repository) && !plan.allow_other_source => Err(Error::new(
                ErrorKind::Configuration,
                "a repository of this name was loaded from another remote or root",
            )
            .with_operation("begin_load")
            .with_context("repository", &plan.repository.name)
            .with_help("choose another name for the repository, or allow the plan to take over this one")),
            _ => Ok(()),
        }
    }

    fn unsupported<T>(&self, operation: &'static str, what: &'static str) -> Result<T> {
        self.check_connected(operation)?;
        let kind = &self.backend.info().kind;
        Err(Error::new(ErrorKind::Unsupported, format!("a backend of kind `{kind}` {what}"))
            .with_operation(operation))
    }
}

pub(super) fn check_connected(connected: &AtomicBool, operation: &'static str) -> Result<()> {
    match connected.load(Ordering::SeqCst) {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::NotConnected, "the backend is not connected")
            .with_operation(operation)
            .with_help("call `connect` first")),
    }
}

/// What the backend keeps for the repository.
pub(super) async fn stored(
    backend: &impl SimpleBackend,
    repository: RepositoryId,
) -> Result<Option<StoredRepository>> {
    Ok(backend.repositories().await?.into_iter().find(|held| held.id == repository))
}

#[async_trait]
impl<B: SimpleBackend + 'static> DatabaseBackend for SimpleAdapter<B> {
    fn info(&self) -> &BackendInfo {
        self.backend.info()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { durable: self.backend.is_durable(), ..Capabilities::default() }
    }

    fn is_connected(&self) -> bool {
        self.connected.load(Ordering::SeqCst)
    }

    fn pool_state(&self) -> Option<PoolState> {
        None
    }

    async fn connect(&self) -> Result<()> {
        if !self.is_connected() {
            self.backend.connect().await?;
            self.connected.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    /// There is nothing to migrate: `connect` creates what is needed.
    async fn migrate(&self, _mode: MigrateMode) -> Result<Migrations> {
        self.check_connected("migrate")?;
        Ok(Migrations::default())
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        self.check_connected("health_check")?;
        self.backend.health_check().await
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        self.check_connected("repositories")?;
        let mut stored = self.backend.repositories().await?;
        stored.sort_by(|left, right| {
            let (left, right) = (&left.repository, &right.repository);
            (&left.name, &left.ref_name).cmp(&(&right.name, &right.ref_name))
        });
        Ok(stored)
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        self.check_connected("remove_repository")?;
        let was_there = stored(&*self.backend, repository).await?.is_some()
            || !self.backend.manifest(repository).await?.files.is_empty();
        self.backend.remove_repository(repository).await?;
        Ok(was_there)
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        self.check_connected("manifest")?;
        self.backend.manifest(repository).await
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        self.check_connected("begin_load")?;
        self.check_source(&plan).await?;
        let (backend, connected) = (self.backend.clone(), self.connected.clone());
        Ok(Box::new(SimpleSession::new(backend, connected, plan, self.spool_bytes)))
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
        self.unsupported("execute_sql_query", "does not answer SQL; ask it in its own language")
    }

    async fn check_integrity(&self, _scope: IntegrityScope) -> Result<IntegrityResult> {
        self.unsupported("check_integrity", "has no constraints to check; load again to repair it")
    }

    async fn close(&self) -> Result<()> {
        if self.connected.swap(false, Ordering::SeqCst) {
            self.backend.close().await?;
        }
        Ok(())
    }
}
