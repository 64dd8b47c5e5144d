//! A backend that does what a script says before, instead of or after the in-memory reference.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, IntegrityResult,
    IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result, RowStream,
    SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    manifest::Manifest,
    memory::MemoryBackend,
};

/// What happens to a call.
pub(crate) enum Fault {
    None,
    /// Fails without effect.
    Before(Error),
    /// Takes effect, and fails.
    After(ErrorKind),
    /// Is answered after this time.
    Slow(Duration),
    /// Is never answered.
    Hang,
    Panic,
}

impl Fault {
    pub(crate) fn before(kind: ErrorKind) -> Self {
        Self::Before(Error::new(kind, "told to fail"))
    }
}

/// A call of an operation: the `number`-th from 1, with its batch.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static str,
    pub(crate) number: usize,
    pub(crate) batch: Option<&'a Batch>,
}

impl Call<'_> {
    pub(crate) fn is(&self, operation: &str, number: usize) -> bool {
        self.operation == operation && self.number == number
    }

    pub(crate) fn brings(&self, path: &str) -> bool {
        self.batch.is_some_and(|batch| batch.files.iter().any(|file| file.path.as_str() == path))
    }
}

type Script = dyn Fn(&Call<'_>) -> Fault + Send + Sync;

#[derive(Clone)]
pub(crate) struct Faulty {
    inner: MemoryBackend,
    script: Arc<Script>,
    /// Whether batches reach the reference.
    keeps: bool,
    counts: Arc<Mutex<HashMap<&'static str, usize>>>,
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl Faulty {
    pub(crate) fn new(script: impl Fn(&Call<'_>) -> Fault + Send + Sync + 'static) -> Self {
        let inner = MemoryBackend::new().called("faulty");
        Self { inner, script: Arc::new(script), keeps: true, counts: Arc::default() }
    }

    /// Accepts batches without keeping them.
    pub(crate) fn forgetful(mut self) -> Self {
        self.keeps = false;
        self
    }

    /// Fails at this one call with this kind of error.
    pub(crate) fn once(operation: &'static str, number: usize, kind: ErrorKind) -> Self {
        Self::new(move |call| if call.is(operation, number) { Fault::before(kind) } else { Fault::None })
    }

    pub(crate) fn inner(&self) -> &MemoryBackend {
        &self.inner
    }

    /// How often an operation was called.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.counts.lock().unwrap().get(operation).copied().unwrap_or(0)
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        batch: Option<&Batch>,
        inner: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let number = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(operation).or_default();
            *count += 1;
            *count
        };
        match (self.script)(&Call { operation, number, batch }) {
            Fault::None => inner.await,
            Fault::Before(error) => Err(error),
            Fault::After(kind) => {
                inner.await?;
                Err(Error::new(kind, "told to fail afterwards"))
            }
            Fault::Slow(time) => {
                tokio::time::sleep(time).await;
                inner.await
            }
            Fault::Hang => std::future::pending().await,
            Fault::Panic => panic!("told to panic"),
        }
    }
}

#[async_trait]
impl DatabaseBackend for Faulty {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }

    fn pool_state(&self) -> Option<PoolState> {
        self.inner.pool_state()
    }

    async fn connect(&self) -> Result<()> {
        self.call("connect", None, self.inner.connect()).await
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        self.inner.migrate(mode).await
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        self.inner.health_check().await
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        self.call("repositories", None, self.inner.repositories()).await
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        self.inner.remove_repository(repository).await
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        self.call("manifest", None, self.inner.manifest(repository)).await
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        let session = self.call("begin_load", None, self.inner.begin_load(plan)).await?;
        Ok(Box::new(FaultySession { backend: self.clone(), session: Some(session) }))
    }

    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult> {
        self.inner.write_batch(plan, batch, publication).await
    }

    async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult> {
        self.inner.execute_sql_query(query).await
    }

    async fn stream_sql_query(&self, query: SqlQuery) -> Result<RowStream> {
        self.inner.stream_sql_query(query).await
    }

    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult> {
        self.call("check_integrity", None, self.inner.check_integrity(scope)).await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

#[derive(Debug)]
struct FaultySession {
    backend: Faulty,
    /// None once it is lost, and what it accepted with it.
    session: Option<Box<dyn LoadSession>>,
}

impl FaultySession {
    fn lose<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::SessionLost) {
            self.session = None;
        }
        result
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::SessionLost, "the session is gone")
}

#[async_trait]
impl LoadSession for FaultySession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let session = self.session.as_mut().ok_or_else(lost)?;
        let keeps = self.backend.keeps;
        let inner = async {
            if keeps { session.write_batch(batch.clone()).await } else { Ok(WriteResult::default()) }
        };
        let result = self.backend.call("write_batch", Some(&batch), inner).await;
        self.lose(result)
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        let session = self.session.as_mut().ok_or_else(lost)?;
        let result = self.backend.call("publish", None, session.publish(publication)).await;
        self.lose(result)
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.backend.call("abort", None, async { Ok(()) }).await
    }
}
