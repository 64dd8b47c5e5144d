//! Health and integrity.

use snake_pipe_core::{DatabaseBackend as _, HealthStatus, IntegrityScope, MigrateMode};
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
    let result = backend.check_integrity(IntegrityScope::Repository(app_id())).await.unwrap();
    let broken: Vec<_> = result
        .constraints
        .iter()
        .filter(|constraint| constraint.violations > 0)
        .map(|constraint| (constraint.name.as_str(), constraint.violations, constraint.examples.len()))
        .collect();
    assert_eq!(
        broken,
        [
            ("parameters.function_id exists", 1, 1),
            ("calls.target_function_id exists", 1, 1),
            ("files.function_count counts functions", 1, 1),
            ("files.class_count counts classes", 1, 1),
            ("dependencies.site_count counts resolved sites", 1, 1),
        ]
    );
}
