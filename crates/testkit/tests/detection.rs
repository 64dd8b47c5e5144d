//! The suite held against backends that are known to be wrong: it must find what is wrong with each.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, HealthCheckResult, IntegrityResult,
    IntegrityScope, LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result, RowStream,
    SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Marker, PlannedOn, Publication, PublishResult, WriteResult},
    manifest::Manifest,
    memory::MemoryBackend,
    model::{Metric, TransformedAst},
};
use snake_pipe_testkit::conformance::{Harness, Store, run_all};
use uuid::Uuid;

/// What is wrong with a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    /// What a session accepts is visible at once.
    PublishesEarly,
    /// Files are not removed.
    ForgetsRemovals,
    /// The last file of a batch of several is lost.
    LosesFiles,
    /// A measure is rounded, as a decimal column would.
    RoundsMeasures,
    /// Every call of `publish` publishes again.
    IgnoresMarkers,
    /// A session is renewed when it was fenced.
    IgnoresFences,
    /// A load goes on whatever was published since it was planned.
    IgnoresPlans,
    /// Everything works without connecting.
    ConnectsByItself,
    /// The first repository is everybody's.
    MixesRepositories,
    /// A write goes on when it is cancelled, and nothing waits for it.
    LandsLate,
}

/// Fails unless each of these cases finds the defect.
async fn assert_found(defect: Defect, cases: &[&str]) {
    for case in cases {
        let report = run_all(&harness(defect).only(*case)).await;
        assert!(report.broken().any(|broken| broken == *case), "{defect:?} goes unnoticed:\n{report}");
    }
}

fn harness(defect: Defect) -> Harness {
    Harness::new(move || async move {
        let name = Uuid::new_v4().to_string();
        let reader = MemoryBackend::named(&name);
        let open = move || {
            let inner = Arc::new(MemoryBackend::named(&name));
            Ok(Arc::new(Defective { inner, defect }) as Arc<dyn DatabaseBackend>)
        };
        Ok(Store::new(open).with_rows(move |table, repository| {
            let rows = reader.rows(repository);
            async move { Ok(rows?.remove(&table).unwrap_or_default()) }
        }))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn early_visibility_is_found() {
    let cases = ["nothing_is_visible_before_publishing", "an_aborted_session_leaves_nothing"];
    assert_found(Defect::PublishesEarly, &cases).await;
    assert_found(Defect::PublishesEarly, &["a_dropped_session_leaves_nothing"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_stay_or_get_lost_are_found() {
    let cases = ["a_removed_file_leaves_nothing", "a_complete_load_leaves_nothing_else"];
    assert_found(Defect::ForgetsRemovals, &cases).await;
    assert_found(Defect::ForgetsRemovals, &["editing_step_by_step_ends_like_a_clean_load"]).await;
    assert_found(Defect::LosesFiles, &["rows_equal_facts", "any_batches_in_any_order_give_the_same_rows"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_change_on_the_way_are_found() {
    assert_found(Defect::RoundsMeasures, &["every_odd_value_is_stored", "odd_values_spoil_no_batch"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_and_fences_without_effect_are_found() {
    assert_found(Defect::IgnoresMarkers, &["publishing_twice_is_publishing_once"]).await;
    let cases = ["a_replaced_session_is_fenced", "a_fence_holds_between_processes"];
    assert_found(Defect::IgnoresFences, &cases).await;
    assert_found(Defect::IgnoresPlans, &["an_older_load_does_not_overwrite_a_newer_one"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_without_a_connection_is_found() {
    let cases = ["nothing_works_before_connecting", "nothing_works_after_closing"];
    assert_found(Defect::ConnectsByItself, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_that_run_into_each_other_are_found() {
    let cases = ["one_path_in_two_repositories_is_two_files", "every_repository_is_listed"];
    assert_found(Defect::MixesRepositories, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_write_that_lands_late_is_found() {
    assert_found(Defect::LandsLate, &["a_cancelled_write_never_lands_on_a_newer_one"]).await;
}

/// A right backend made wrong.
#[derive(Debug)]
struct Defective {
    inner: Arc<MemoryBackend>,
    defect: Defect,
}

impl Defective {
    async fn before(&self) -> Result<()> {
        if self.defect == Defect::ConnectsByItself { self.inner.connect().await } else { Ok(()) }
    }

    fn plan(&self, mut plan: LoadPlan) -> LoadPlan {
        if self.defect == Defect::MixesRepositories {
            plan.repository.ref_name.clear();
        }
        if self.defect == Defect::IgnoresPlans {
            plan.planned_on = PlannedOn::Anything;
        }
        plan
    }
}

#[async_trait]
impl DatabaseBackend for Defective {
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
        self.inner.connect().await
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        self.before().await?;
        self.inner.migrate(mode).await
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        self.before().await?;
        self.inner.health_check().await
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        self.inner.repositories().await
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        self.inner.remove_repository(repository).await
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        self.inner.manifest(repository).await
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        let plan = self.plan(plan);
        let session = self.inner.begin_load(plan.clone()).await?;
        Ok(Box::new(DefectiveSession { inner: self.inner.clone(), plan, session, defect: self.defect }))
    }

    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult> {
        let (inner, plan) = (self.inner.clone(), self.plan(plan));
        if self.defect != Defect::LandsLate {
            return inner.write_batch(plan, batch, publication).await;
        }
        let write = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(batch.len() as u64)).await;
            inner.write_batch(plan, batch, publication).await
        });
        write.await.unwrap_or_else(|cause| Err(Error::new(ErrorKind::Internal, cause.to_string())))
    }

    async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult> {
        self.inner.execute_sql_query(query).await
    }

    async fn stream_sql_query(&self, query: SqlQuery) -> Result<RowStream> {
        self.inner.stream_sql_query(query).await
    }

    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult> {
        self.inner.check_integrity(scope).await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

#[derive(Debug)]
struct DefectiveSession {
    inner: Arc<MemoryBackend>,
    plan: LoadPlan,
    session: Box<dyn LoadSession>,
    defect: Defect,
}

fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Default::default() }
}

fn rounded(file: &TransformedAst) -> TransformedAst {
    let round = |metric: &Metric| Metric { value: (metric.value * 100.0).round() / 100.0, ..metric.clone() };
    TransformedAst { metrics: file.metrics.iter().map(round).collect(), ..file.clone() }
}

#[async_trait]
impl LoadSession for DefectiveSession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let mut batch = Batch::clone(&batch);
        match self.defect {
            Defect::ForgetsRemovals => batch.removed.clear(),
            Defect::LosesFiles if batch.files.len() > 1 => drop(batch.files.pop()),
            Defect::RoundsMeasures => batch.files.iter_mut().for_each(|file| *file = Arc::new(rounded(file))),
            _ => {}
        }
        let result = self.session.write_batch(Arc::new(batch)).await?;
        if self.defect == Defect::PublishesEarly {
            self.session.publish(publication()).await?;
        }
        Ok(result)
    }

    async fn publish(&mut self, mut wanted: Publication) -> Result<PublishResult> {
        match self.defect {
            Defect::IgnoresMarkers => wanted.marker = Marker::random(),
            Defect::IgnoresFences => {
                let renewed = self.inner.begin_load(self.plan.clone()).await?;
                self.session = renewed;
            }
            _ => {}
        }
        self.session.publish(wanted).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.session.abort().await
    }
}
