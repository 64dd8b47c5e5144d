//! Health and integrity.

use snake_pipe_core::{DatabaseBackend as _, HealthStatus, IntegrityScope, MigrateMode, SourcePath};
use snake_pipe_postgres::PostgresBackend;
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, StopMode};

use crate::support::{app_id, backend, connect, load, partial, two_files};

#[tokio::test]
async fn a_fresh_server_is_healthy_and_says_how_it_is() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let backend = connect(&cluster.url()).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    let health = backend.health_check().await.unwrap();
    assert_eq!((health.status, &health.warnings), (HealthStatus::Healthy, &Vec::new()));
    assert!(health.server_version.is_some());
    for name in ["wal_position", "database_size_bytes", "deadlocks", "schema_version", "standbys"] {
        assert!(health.details.iter().any(|(detail, _)| detail == name), "{name}");
    }
    assert_eq!(health.pool.unwrap().max, 30);
}

#[tokio::test]
async fn a_schema_that_is_missing_wants_attention() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let health = connect(&cluster.url()).await.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Degraded);
    assert!(health.warnings[0].contains("snake-pipe migrate"), "{health:?}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_unhealthy_and_no_error() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let backend = connect(&format!("{}&timeout_seconds=1", cluster.url())).await;
    cluster.stop(StopMode::Fast).unwrap();
    let health = backend.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
    assert!(!health.warnings.is_empty());
}

#[tokio::test]
async fn a_server_that_only_reads_is_unhealthy() {
    let cluster =
        PostgresCluster::start(ClusterOptions::fast().setting("default_transaction_read_only", "on"))
            .unwrap();
    let health = connect(&cluster.url()).await.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);
}

/// The constraints that are broken, with the numbers of rows and examples.
async fn broken(backend: &PostgresBackend, scope: IntegrityScope) -> Vec<(String, u64, usize)> {
    let result = backend.check_integrity(scope).await.unwrap();
    let broken = result.constraints.into_iter().filter(|constraint| constraint.violations > 0);
    broken.map(|constraint| (constraint.name, constraint.violations, constraint.examples.len())).collect()
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_found_with_their_keys() {
    let (database, backend) = backend().await;
    load(&backend, partial(), &two_files()).await;
    assert!(backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
    let damage = "SET session_replication_role = replica;
        DELETE FROM functions WHERE name = 'f';
        UPDATE files SET class_count = 7 WHERE file_path = 'app.py';
        UPDATE dependencies SET site_count = 5 WHERE dependency_type = 'import'";
    database.psql(damage).unwrap();
    let found = [
        ("files.function_count counts functions".to_owned(), 1, 1),
        ("files.class_count counts classes".to_owned(), 1, 1),
        ("parameters.function_id exists".to_owned(), 1, 1),
        ("calls.target_function_id exists".to_owned(), 1, 1),
        ("dependencies.site_count counts resolved sites".to_owned(), 1, 1),
    ];
    assert_eq!(broken(&backend, IntegrityScope::All).await, found);
    // A parameter without its function belongs to no file any more.
    let found: Vec<_> = found.into_iter().filter(|(name, ..)| !name.starts_with("parameters")).collect();
    assert_eq!(broken(&backend, IntegrityScope::Repository(app_id())).await, found);
    let files = two_files().iter().map(|facts| facts.key()).collect();
    assert_eq!(broken(&backend, IntegrityScope::Files(app_id(), files)).await, found);
    let none = IntegrityScope::Files(app_id(), [SourcePath::from("other").key()].into());
    assert_eq!(broken(&backend, none).await, []);
}
