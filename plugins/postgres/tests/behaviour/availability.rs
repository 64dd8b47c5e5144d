//! A primary, its standby, and what becomes of loads and queries when one of them goes.

use std::time::{Duration, Instant};

use snake_pipe_core::{
    DatabaseBackend as _, ErrorKind, HealthStatus, LoadSession, MigrateMode, Value,
    load::{Publication, PublishResult},
};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

use crate::support::{app_id, batch, complete, connect, count, load, partial, publication, two_files, value};

/// A primary with a standby that streams from it.
fn pair() -> (PostgresCluster, PostgresCluster) {
    let primary = PostgresCluster::start(ClusterOptions::durable()).unwrap();
    let standby = primary.start_standby().unwrap();
    (primary, standby)
}

/// One URL for both, the standby first.
fn url_of_both(primary: &PostgresCluster, standby: &PostgresCluster) -> String {
    format!(
        "postgres://postgres@localhost/postgres?host={},{}&port={},{}",
        standby.folder().display(),
        primary.folder().display(),
        standby.port(),
        primary.port()
    )
}

/// Publishes as the coordinator does: again, until it is done or cannot be done.
async fn publish_patiently(session: &mut Box<dyn LoadSession>, publication: &Publication) -> PublishResult {
    loop {
        match session.publish(publication.clone()).await {
            Ok(result) => return result,
            Err(error) => {
                let kinds = [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::OutcomeUnknown];
                assert!(kinds.contains(&error.kind()), "{error:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_outlives_its_primary() {
    let (primary, standby) = pair();
    let backend = connect(&url_of_both(&primary, &standby)).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    assert_eq!(value(&backend, "SELECT pg_is_in_recovery()").await, Value::Bool(false));

    let mut session = backend.begin_load(complete(&two_files())).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    primary.wait_for_standby(&standby).unwrap();
    primary.kill9().unwrap();
    let killed = Instant::now();
    let promotion = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        standby.promote().unwrap();
        (standby, Instant::now())
    });
    assert!(matches!(publish_patiently(&mut session, &publication()).await, PublishResult::Published(_)));
    let published = Instant::now();
    let (standby, promoted) = promotion.join().unwrap();
    println!(
        "outage {:?}, of which after the promotion {:?}",
        published - killed,
        published.saturating_duration_since(promoted)
    );
    assert!(published.saturating_duration_since(promoted) < Duration::from_secs(10));
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
    let health = backend.health_check().await.unwrap();
    let server = format!("{}:{}", standby.folder().display(), standby.port());
    assert!(health.details.contains(&("server".to_owned(), server)), "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_standby_had_lost_is_loaded_by_the_same_command_again() {
    let (primary, standby) = pair();
    let backend = connect(&url_of_both(&primary, &standby)).await;
    let files = two_files();
    load(&backend, complete(&files[..1]), &files[..1]).await;
    primary.wait_for_standby(&standby).unwrap();

    standby.cut_off().unwrap();
    // Published on the primary alone, and a further load begun there: its fence is unknown to the standby.
    load(&backend, complete(&files), &files).await;
    let mut session = backend.begin_load(complete(&files)).await.unwrap();
    session.write_batch(batch(&files)).await.unwrap();
    primary.kill9().unwrap();
    standby.promote().unwrap();

    let error = loop {
        match session.publish(publication()).await {
            Ok(result) => panic!("{result:?} by a writer that this server does not know"),
            Err(error) if matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Fenced, "{error:?}");
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 1);

    load(&backend, complete(&files), &files).await;
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
    assert_eq!(count(&backend, "SELECT count(*) FROM files").await, 2);
    assert_eq!(count(&backend, "SELECT count(*) FROM functions").await, 2);
    assert_eq!(count(&backend, "SELECT count(*) FROM snapshots").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_go_to_a_standby_as_long_as_it_is_near() {
    let (primary, standby) = pair();
    let url = url_of_both(&primary, &standby);
    let writer = connect(&url).await;
    let reader = connect(&format!("{url}&max_replica_lag_seconds=1")).await;
    load(&writer, partial(), &two_files()).await;
    primary.wait_for_standby(&standby).unwrap();
    const WHERE: &str = "SELECT pg_is_in_recovery()";
    assert_eq!(value(&reader, WHERE).await, Value::Bool(true));
    assert_eq!(value(&writer, WHERE).await, Value::Bool(false));
    assert_eq!(count(&reader, "SELECT count(*) FROM files").await, 2);

    let seeking = connect(&format!("{url}&target_session_attrs=standby")).await;
    assert_eq!(value(&seeking, WHERE).await, Value::Bool(true));
    let error = seeking.begin_load(partial()).await.unwrap_err();
    assert!(error.help().unwrap_or_default().contains("primary"), "{error:?}");
    let health = seeking.health_check().await.unwrap();
    assert_eq!(health.status, HealthStatus::Unhealthy);

    standby.cut_off().unwrap();
    writer.remove_repository(app_id()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(value(&reader, WHERE).await, Value::Bool(false));
    assert_eq!(count(&reader, "SELECT count(*) FROM files").await, 0);

    drop(standby);
    assert_eq!(value(&reader, WHERE).await, Value::Bool(false));
    drop(primary);
    let lost = PostgresConfig::from_url(&format!("{url}&retry_attempts=0")).unwrap();
    let error = PostgresBackend::new(lost).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    let told = error.to_string();
    assert!(told.contains("a server that can be written to is wanted") && told.contains("hosts: "), "{told}");
}
