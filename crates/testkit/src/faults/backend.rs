//! The wrapper that brings the faults about.

use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, IntegrityResult,
    IntegrityScope, LoadSession, MigrateMode, Migrations, QueryResult, Result, SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    manifest::Manifest,
};

use super::script::{Fault, Faults, Operation};

/// A backend that fails when it is told to, and else does what the one inside does.
#[derive(Clone, Debug)]
pub struct FaultyBackend {
    inner: Arc<dyn DatabaseBackend>,
    faults: Arc<Faults>,
}

impl FaultyBackend {
    /// Wraps a backend, without any fault yet.
    #[must_use]
    pub fn new(inner: Arc<dyn DatabaseBackend>) -> Self {
        Self { inner, faults: Arc::default() }
    }

    /// Which calls are to fail. Clones and sessions have the same faults.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// Does the work as the fault for this call has it.
async fn with_fault<T>(
    faults: &Faults,
    operation: Operation,
    work: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    match faults.call(operation) {
        None => work.await,
        Some(Fault::Fail(kind)) => Err(error(kind, operation)),
        Some(Fault::FailAfterwards(kind)) => work.await.and(Err(error(kind, operation))),
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            work.await
        }
        Some(Fault::Hang) => std::future::pending().await,
    }
}

fn error(kind: ErrorKind, operation: Operation) -> Error {
    Error::new(kind, "a test wants this to fail").with_context("operation", format!("{operation:?}"))
}

#[async_trait]
impl DatabaseBackend for FaultyBackend {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn is_connected(&self) -> bool {
        self.inner.is_connected()
    }

    async fn connect(&self) -> Result<()> {
        with_fault(&self.faults, Operation::Connect, self.inner.connect()).await
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        with_fault(&self.faults, Operation::Migrate, self.inner.migrate(mode)).await
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        with_fault(&self.faults, Operation::HealthCheck, self.inner.health_check()).await
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        with_fault(&self.faults, Operation::Repositories, self.inner.repositories()).await
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        with_fault(&self.faults, Operation::RemoveRepository, self.inner.remove_repository(repository)).await
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        with_fault(&self.faults, Operation::Manifest, self.inner.manifest(repository)).await
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        let session = with_fault(&self.faults, Operation::BeginLoad, self.inner.begin_load(plan)).await?;
        Ok(Box::new(FaultySession { inner: session, faults: self.faults.clone() }))
    }

    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult> {
        let work = async {
            self.faults.check(&batch)?;
            self.inner.write_batch(plan, batch, publication).await
        };
        with_fault(&self.faults, Operation::Write, work).await
    }

    async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult> {
        with_fault(&self.faults, Operation::Query, self.inner.execute_sql_query(query)).await
    }

    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult> {
        with_fault(&self.faults, Operation::CheckIntegrity, self.inner.check_integrity(scope)).await
    }

    async fn close(&self) -> Result<()> {
        with_fault(&self.faults, Operation::Close, self.inner.close()).await
    }
}

#[derive(Debug)]
struct FaultySession {
    inner: Box<dyn LoadSession>,
    faults: Arc<Faults>,
}

#[async_trait]
impl LoadSession for FaultySession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let work = async {
            self.faults.check(&batch)?;
            self.inner.write_batch(batch).await
        };
        with_fault(&self.faults, Operation::SessionWrite, work).await
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        with_fault(&self.faults, Operation::Publish, self.inner.publish(publication)).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        with_fault(&self.faults, Operation::Abort, self.inner.abort()).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use snake_pipe_core::{
        load::{Marker, Repository, Snapshot},
        memory::MemoryBackend,
    };

    use super::*;
    use crate::fixtures::shop_file;

    async fn connected() -> FaultyBackend {
        let backend = FaultyBackend::new(Arc::new(MemoryBackend::new()));
        backend.connect().await.unwrap();
        backend
    }

    fn plan() -> LoadPlan {
        LoadPlan::partial(Repository::named("shop"), "1")
    }

    fn batch() -> Arc<Batch> {
        Arc::new(Batch { files: vec![Arc::new(shop_file("README"))], ..Batch::default() })
    }

    #[tokio::test]
    async fn faults_come_in_order_and_then_the_lasting_one() {
        let backend = connected().await;
        let faults = backend.faults();
        faults.next(Operation::HealthCheck, Fault::Fail(ErrorKind::Busy));
        faults.next_passes(Operation::HealthCheck);
        faults.next(Operation::HealthCheck, Fault::Fail(ErrorKind::Timeout));
        faults.always(Operation::HealthCheck, Fault::Fail(ErrorKind::Connection));
        let mut kinds = Vec::new();
        for _ in 0..5 {
            kinds.push(backend.health_check().await.err().map(|error| error.kind()));
        }
        let lasting = Some(ErrorKind::Connection);
        assert_eq!(kinds, [Some(ErrorKind::Busy), None, Some(ErrorKind::Timeout), lasting, lasting]);
        faults.clear();
        backend.health_check().await.unwrap();
        assert_eq!(faults.calls(Operation::HealthCheck), 6);
    }

    #[tokio::test]
    async fn a_lost_reply_hides_a_publication_that_happened() {
        let backend = connected().await;
        let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
        backend.faults().next(Operation::Publish, Fault::FailAfterwards(ErrorKind::OutcomeUnknown));
        let mut session = backend.begin_load(plan()).await.unwrap();
        session.write_batch(batch()).await.unwrap();
        let error = session.publish(publication.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(session.publish(publication).await.unwrap(), PublishResult::AlreadyPublished);
    }

    #[tokio::test]
    async fn a_poisoned_file_is_refused_with_its_path() {
        let backend = connected().await;
        backend.faults().poison("README");
        let mut session = backend.begin_load(plan()).await.unwrap();
        let error = session.write_batch(batch()).await.unwrap_err();
        assert_eq!((error.kind(), error.context().next()), (ErrorKind::Data, Some(("path", "README"))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_passes_and_a_hang_does_not() {
        let backend = connected().await;
        backend.faults().next(Operation::Manifest, Fault::Delay(Duration::from_secs(60)));
        backend.faults().next(Operation::Manifest, Fault::Hang);
        let id = Repository::named("shop").id();
        backend.manifest(id).await.unwrap();
        let hanging = tokio::time::timeout(Duration::from_secs(3_600), backend.manifest(id)).await;
        assert!(hanging.is_err());
    }
}
