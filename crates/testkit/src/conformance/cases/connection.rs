//! Connecting, migrating, closing.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend, ErrorKind, HealthStatus, IntegrityScope, MigrateMode, Result, SqlQuery,
    id::RepositoryId,
    load::{Batch, LoadPlan, Repository},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{Subject, assert_fails, publication},
    },
    fixtures::shop,
};

pub(super) async fn connecting_twice_is_connecting_once(store: Store) -> Result<()> {
    let backend = store.open()?;
    assert!(!backend.is_connected(), "connected before `connect`");
    backend.connect().await?;
    backend.connect().await?;
    assert!(backend.is_connected(), "not connected after `connect`");
    backend.migrate(MigrateMode::Apply).await?;
    backend.connect().await
}

pub(super) async fn nothing_works_before_connecting(store: Store) -> Result<()> {
    let backend = store.open()?;
    assert!(!backend.info().kind.is_empty() && !backend.info().name.is_empty(), "{:?}", backend.info());
    assert_not_connected(&*backend).await;
    Ok(())
}

pub(super) async fn nothing_works_after_closing(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    subject.backend.close().await?;
    assert!(!subject.backend.is_connected(), "connected after `close`");
    assert_not_connected(&*subject.backend).await;
    subject.backend.close().await
}

pub(super) async fn a_closed_backend_connects_again(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.backend.close().await?;
    subject.backend.connect().await?;
    assert!(subject.backend.is_connected(), "not connected after `connect`");
    subject.backend.migrate(MigrateMode::Apply).await?;
    subject.load(&shop()).await?;
    subject.assert_holds(&shop()).await
}

pub(super) async fn migrating_twice_is_migrating_once(store: Store) -> Result<()> {
    let backend = store.open()?;
    backend.connect().await?;
    let planned = backend.migrate(MigrateMode::Plan).await?;
    assert_eq!(backend.migrate(MigrateMode::Plan).await?, planned, "a plan changed the database");
    let applied = backend.migrate(MigrateMode::Apply).await?;
    assert_eq!(applied, planned, "what was applied, and what was planned");
    for mode in [MigrateMode::Plan, MigrateMode::Apply] {
        let again = backend.migrate(mode).await?;
        assert!(again.steps.is_empty(), "{mode:?} finds steps in a database that is up to date: {again:?}");
        assert_eq!((again.from_version, again.to_version), (applied.to_version, applied.to_version));
    }
    Ok(())
}

pub(super) async fn two_processes_may_migrate_at_once(store: Store) -> Result<()> {
    let (one, other) = (store.open()?, store.open()?);
    futures::try_join!(one.connect(), other.connect())?;
    futures::try_join!(one.migrate(MigrateMode::Apply), other.migrate(MigrateMode::Apply))?;
    assert!(one.migrate(MigrateMode::Plan).await?.steps.is_empty());
    assert!(other.migrate(MigrateMode::Plan).await?.steps.is_empty());
    Ok(())
}

pub(super) async fn a_health_check_answers(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let health = subject.backend.health_check().await?;
    assert!(matches!(health.status, HealthStatus::Healthy | HealthStatus::Degraded), "{health:?}");
    let names: Vec<_> = health.details.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted(), "details are sorted by name: {names:?}");
    if let Some(pool) = health.pool {
        assert!(pool.idle <= pool.size && pool.size <= pool.max, "{pool:?}");
    }
    Ok(())
}

async fn assert_not_connected(backend: &dyn DatabaseBackend) {
    const KIND: ErrorKind = ErrorKind::NotConnected;
    let id = RepositoryId::of("shop", "");
    let plan = || LoadPlan::partial(Repository::named("shop"), "1");
    let batch = Arc::new(Batch::default());
    assert_fails(backend.migrate(MigrateMode::Apply).await, KIND, "migrate");
    assert_fails(backend.health_check().await, KIND, "health_check");
    assert_fails(backend.repositories().await, KIND, "repositories");
    assert_fails(backend.remove_repository(id).await, KIND, "remove_repository");
    assert_fails(backend.manifest(id).await, KIND, "manifest");
    assert_fails(backend.begin_load(plan()).await, KIND, "begin_load");
    assert_fails(backend.write_batch(plan(), batch, publication()).await, KIND, "write_batch");
    assert_fails(backend.execute_sql_query(SqlQuery::new("SELECT 1")).await, KIND, "execute_sql_query");
    assert_fails(backend.check_integrity(IntegrityScope::All).await, KIND, "check_integrity");
}
