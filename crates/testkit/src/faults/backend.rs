//! The wrapper that brings the faults about.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, IntegrityResult,
    IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result, RowStream,
    SqlQuery, StoredRepository,
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
        Some(Fault::HoldAnswer) => {
            drop(work.await);
            std::future::pending().await
        }
        Some(Fault::Abandon { polls }) => abandoned(work, polls)
            .await
            .unwrap_or_else(|| Err(error(kind_of_abandoned(operation), operation))),
        Some(Fault::Disconnect) => {
            faults.disconnect();
            Err(error(kind_of_broken(operation), operation))
        }
    }
}

/// What the work gives; none where it takes more polls.
async fn abandoned<T>(work: impl Future<Output = T>, polls: u32) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match work.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            // The last poll leaves nobody to be woken.
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

const fn kind_of_abandoned(operation: Operation) -> ErrorKind {
    match operation {
        Operation::SessionWrite => ErrorKind::SessionLost,
        Operation::Publish | Operation::Write => ErrorKind::OutcomeUnknown,
        Operation::Connect
        | Operation::Migrate
        | Operation::HealthCheck
        | Operation::Repositories
        | Operation::RemoveRepository
        | Operation::Manifest
        | Operation::BeginLoad
        | Operation::Query
        | Operation::CheckIntegrity
        | Operation::Close
        | Operation::Abort => ErrorKind::Timeout,
    }
}

const fn kind_of_broken(operation: Operation) -> ErrorKind {
    match operation {
        Operation::SessionWrite | Operation::Publish | Operation::Abort => ErrorKind::SessionLost,
        Operation::Connect
        | Operation::Migrate
        | Operation::HealthCheck
        | Operation::Repositories
        | Operation::RemoveRepository
        | Operation::Manifest
        | Operation::BeginLoad
        | Operation::Write
        | Operation::Query
        | Operation::CheckIntegrity
        | Operation::Close => ErrorKind::Connection,
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

    fn pool_state(&self) -> Option<PoolState> {
        self.inner.pool_state()
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
        let (faults, begun) = (self.faults.clone(), self.faults.disconnected());
        Ok(Box::new(FaultySession { inner: Some(session), faults, begun }))
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

    async fn stream_sql_query(&self, query: SqlQuery) -> Result<RowStream> {
        with_fault(&self.faults, Operation::Query, self.inner.stream_sql_query(query)).await
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
    /// None once it is lost.
    inner: Option<Box<dyn LoadSession>>,
    faults: Arc<Faults>,
    /// How often the connection had broken when it began.
    begun: u64,
}

impl FaultySession {
    /// The session, unless its connection broke.
    fn live(&mut self) -> Result<&mut Box<dyn LoadSession>> {
        if self.faults.disconnected() != self.begun {
            self.inner = None;
        }
        self.inner.as_mut().ok_or_else(|| Error::new(ErrorKind::SessionLost, "a test broke the connection"))
    }
}

#[async_trait]
impl LoadSession for FaultySession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let faults = Arc::clone(&self.faults);
        let work = async {
            let session = self.live()?;
            faults.check(&batch)?;
            session.write_batch(batch).await
        };
        with_fault(&faults, Operation::SessionWrite, work).await
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        let faults = Arc::clone(&self.faults);
        let work = async { self.live()?.publish(publication).await };
        with_fault(&faults, Operation::Publish, work).await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        let faults = Arc::clone(&self.faults);
        let work = async {
            self.live()?;
            match self.inner.take() {
                Some(session) => session.abort().await,
                None => Ok(()),
            }
        };
        with_fault(&faults, Operation::Abort, work).await
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

    #[tokio::test(start_paused = true)]
    async fn a_held_answer_hides_work_that_was_done() {
        let backend = connected().await;
        backend.faults().next(Operation::SessionWrite, Fault::HoldAnswer);
        let mut session = backend.begin_load(plan()).await.unwrap();
        let held = tokio::time::timeout(Duration::from_secs(60), session.write_batch(batch())).await;
        assert!(held.is_err());
        session
            .publish(Publication { marker: Marker::random(), snapshot: Snapshot::default() })
            .await
            .unwrap();
        assert_eq!(backend.manifest(Repository::named("shop").id()).await.unwrap().files.len(), 1);
    }

    #[tokio::test]
    async fn a_broken_connection_loses_every_session_and_lets_others_begin() {
        let backend = connected().await;
        let mut lost = backend.begin_load(plan()).await.unwrap();
        lost.write_batch(batch()).await.unwrap();
        backend.faults().next(Operation::Manifest, Fault::Disconnect);
        let error = backend.manifest(Repository::named("shop").id()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
        assert_eq!(lost.publish(publication).await.unwrap_err().kind(), ErrorKind::SessionLost);
        let mut next = backend.begin_load(plan()).await.unwrap();
        next.write_batch(batch()).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_is_abandoned_stops_where_it_is() {
        let steps = std::sync::atomic::AtomicU32::new(0);
        let work = async {
            for _ in 0..5 {
                steps.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(abandoned(work, 3).await, None);
        assert_eq!(steps.into_inner(), 3);
        assert_eq!(abandoned(async { 7 }, 1).await, Some(7));
    }
}
