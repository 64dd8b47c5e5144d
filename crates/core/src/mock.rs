//! Mocks of the backend contract, for unit tests of what calls it.
//!
//! Two presets cover most tests: [`MockDatabaseBackend::accepting`] takes everything and keeps it for the test to look at,
//! [`MockDatabaseBackend::failing`] fails whenever something is to be written. Further expectations are set as `mockall` has
//! it. Where behaviour matters, not calls, use [`MemoryBackend`](crate::memory::MemoryBackend).

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use mockall::mock;

use crate::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, HealthStatus,
    IntegrityResult, IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result,
    SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    manifest::Manifest,
};

mock! {
    /// A backend that does what a test tells it.
    pub DatabaseBackend {
        /// The batches that were accepted so far, in order, published or not. Set by
        /// [`MockDatabaseBackend::accepting`].
        pub fn accepted(&self) -> Vec<Arc<Batch>>;

        /// What was published so far, in order. Set by [`MockDatabaseBackend::accepting`].
        pub fn published(&self) -> Vec<Publication>;
    }

    impl fmt::Debug for DatabaseBackend {
        fn fmt<'a>(&self, f: &mut fmt::Formatter<'a>) -> fmt::Result;
    }

    #[async_trait]
    impl DatabaseBackend for DatabaseBackend {
        fn info(&self) -> &BackendInfo;
        fn capabilities(&self) -> Capabilities;
        fn is_connected(&self) -> bool;
        fn pool_state(&self) -> Option<PoolState>;
        async fn connect(&self) -> Result<()>;
        async fn migrate(&self, mode: MigrateMode) -> Result<Migrations>;
        async fn health_check(&self) -> Result<HealthCheckResult>;
        async fn repositories(&self) -> Result<Vec<StoredRepository>>;
        async fn remove_repository(&self, repository: RepositoryId) -> Result<bool>;
        async fn manifest(&self, repository: RepositoryId) -> Result<Manifest>;
        async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>>;
        async fn write_batch(
            &self,
            plan: LoadPlan,
            batch: Arc<Batch>,
            publication: Publication,
        ) -> Result<WriteResult>;
        async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult>;
        async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult>;
        async fn close(&self) -> Result<()>;
    }
}

mock! {
    /// A load session that does what a test tells it.
    pub LoadSession {}

    impl fmt::Debug for LoadSession {
        fn fmt<'a>(&self, f: &mut fmt::Formatter<'a>) -> fmt::Result;
    }

    #[async_trait]
    impl LoadSession for LoadSession {
        async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult>;
        async fn publish(&mut self, publication: Publication) -> Result<PublishResult>;
        async fn abort(self: Box<Self>) -> Result<()>;
    }
}

/// What an accepting mock was given.
#[derive(Clone, Default)]
struct Record {
    batches: Arc<Mutex<Vec<Arc<Batch>>>>,
    publications: Arc<Mutex<Vec<Publication>>>,
}

impl Record {
    fn accept(&self, batch: Arc<Batch>) -> WriteResult {
        let files = batch.len() as u64;
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        WriteResult { files, ..WriteResult::default() }
    }

    fn publish(&self, publication: Publication) {
        self.publications.lock().unwrap_or_else(PoisonError::into_inner).push(publication);
    }

    fn batches(&self) -> Vec<Arc<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn publications(&self) -> Vec<Publication> {
        self.publications.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl MockDatabaseBackend {
    /// An empty backend that takes everything. [`accepted`](Self::accepted) and [`published`](Self::published) tell what
    /// it was given; its manifest stays empty.
    #[must_use]
    pub fn accepting() -> Self {
        let record = Record::default();
        let mut mock = Self::answering("accepting");
        let own = record.clone();
        mock.expect_accepted().returning(move || own.batches());
        let own = record.clone();
        mock.expect_published().returning(move || own.publications());
        let own = record.clone();
        mock.expect_begin_load().returning(move |_| Ok(Box::new(MockLoadSession::recording(own.clone()))));
        mock.expect_write_batch().returning(move |_, batch, publication| {
            record.publish(publication);
            Ok(record.accept(batch))
        });
        mock
    }

    /// An empty backend that connects and begins loads, but fails with this kind of error whenever something is to be
    /// written or published.
    #[must_use]
    pub fn failing(kind: ErrorKind) -> Self {
        let mut mock = Self::answering("failing");
        mock.expect_begin_load().returning(move |_| Ok(Box::new(MockLoadSession::failing(kind))));
        mock.expect_write_batch().returning(move |_, _, _| Err(told(kind)));
        mock
    }

    /// All but what writes: connected, well, and empty.
    fn answering(name: &str) -> Self {
        let mut mock = Self::new();
        mock.expect_fmt().returning(|f| f.write_str("MockDatabaseBackend"));
        mock.expect_info().return_const(BackendInfo {
            kind: "mock".to_owned(),
            name: name.to_owned(),
            address: format!("mock:{name}"),
            dialect: None,
        });
        mock.expect_capabilities().return_const(Capabilities::default());
        mock.expect_is_connected().return_const(true);
        mock.expect_pool_state().return_const(None);
        mock.expect_connect().returning(|| Ok(()));
        mock.expect_close().returning(|| Ok(()));
        mock.expect_migrate().returning(|_| Ok(Migrations::default()));
        mock.expect_repositories().returning(|| Ok(Vec::new()));
        mock.expect_remove_repository().returning(|_| Ok(false));
        mock.expect_manifest().returning(|_| Ok(Manifest::default()));
        mock.expect_check_integrity().returning(|_| Ok(IntegrityResult::default()));
        mock.expect_execute_sql_query().returning(|_| Err(told(ErrorKind::Unsupported)));
        mock.expect_health_check().returning(|| {
            Ok(HealthCheckResult {
                status: HealthStatus::Healthy,
                latency: std::time::Duration::ZERO,
                server_version: None,
                pool: None,
                details: Vec::new(),
                warnings: Vec::new(),
            })
        });
        mock
    }
}

impl MockLoadSession {
    /// A session that takes everything.
    #[must_use]
    pub fn accepting() -> Self {
        Self::recording(Record::default())
    }

    /// A session that fails with this kind of error whenever something is to be written or published.
    #[must_use]
    pub fn failing(kind: ErrorKind) -> Self {
        let mut mock = Self::ending();
        mock.expect_write_batch().returning(move |_| Err(told(kind)));
        mock.expect_publish().returning(move |_| Err(told(kind)));
        mock
    }

    fn recording(record: Record) -> Self {
        let mut mock = Self::ending();
        let own = record.clone();
        mock.expect_write_batch().returning(move |batch| Ok(own.accept(batch)));
        mock.expect_publish().returning(move |publication| {
            record.publish(publication);
            Ok(PublishResult::Published(WriteResult::default()))
        });
        mock
    }

    fn ending() -> Self {
        let mut mock = Self::new();
        mock.expect_fmt().returning(|f| f.write_str("MockLoadSession"));
        mock.expect_abort().returning(|| Ok(()));
        mock
    }
}

fn told(kind: ErrorKind) -> Error {
    Error::new(kind, "the mock was told to fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BackendExt,
        load::{LoadPlan, Repository},
        model::TransformedAst,
    };

    fn plan() -> LoadPlan {
        LoadPlan::partial(Repository::named("app"), "1")
    }

    #[tokio::test]
    async fn an_accepting_mock_tells_what_it_was_given() {
        let mock = MockDatabaseBackend::accepting();
        mock.write_all(plan(), vec![TransformedAst::new("a".into())]).await.unwrap();
        mock.write_ast(plan(), TransformedAst::new("b".into())).await.unwrap();
        let paths: Vec<_> = mock.accepted().iter().map(|batch| batch.files[0].path.to_string()).collect();
        assert_eq!(paths, ["a", "b"]);
        assert_eq!(mock.published().len(), 2);
    }

    #[tokio::test]
    async fn a_failing_mock_fails_at_the_first_write() {
        let mock: Arc<dyn DatabaseBackend> = Arc::new(MockDatabaseBackend::failing(ErrorKind::Capacity));
        mock.connect().await.unwrap();
        let error = mock.write_all(plan(), vec![TransformedAst::new("a".into())]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Capacity);
        Box::new(MockLoadSession::accepting()).abort().await.unwrap();
    }
}
