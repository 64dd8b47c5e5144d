//! Servers that die, connections that break, rows that are refused.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend as _, ErrorKind, MigrateMode, load::PublishResult, model::TransformedAst,
};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

use crate::support::{
    app_id, backend, backend_with, batch, connect, count, function, library, load, partial, publication,
    rows, two_files,
};

/// A backend on a server of its own.
async fn own_server(parameters: &str) -> (PostgresCluster, snake_pipe_postgres::PostgresBackend) {
    let cluster = PostgresCluster::start(ClusterOptions::durable()).unwrap();
    let backend = connect(&format!("{}&timeout_seconds=3&{parameters}", cluster.url())).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    (cluster, backend)
}

/// Enough files for many COPYs.
fn many_files() -> Vec<Arc<TransformedAst>> {
    let file = |number: usize| {
        let functions = (0..200).map(|index| function(&format!("function_{number}_{index}"))).collect();
        Arc::new(TransformedAst { functions, ..library(&format!("file_{number}.py")) })
    };
    (0..400).map(file).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_a_copy_leaves_nothing_and_the_next_load_works() {
    let (cluster, backend) = own_server("partition_rows=0").await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    let copying = tokio::spawn(async move {
        let files = many_files();
        loop {
            if let Err(error) = session.write_batch(batch(&files)).await {
                return error;
            }
        }
    });
    while cluster.psql("SELECT count(*) FROM pg_stat_progress_copy").unwrap() == "0" {}
    cluster.kill9().unwrap();
    assert_eq!(copying.await.unwrap().kind(), ErrorKind::SessionLost);
    cluster.restart().unwrap();
    assert!(backend.manifest(app_id()).await.unwrap().files.is_empty());
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'files\\_4%'";
    assert_eq!(count(&backend, left).await, 0);
    load(&backend, partial(), &two_files()).await;
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_in_place_session_outlives_its_server() {
    let (cluster, backend) = own_server("").await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    cluster.kill9().unwrap();
    let publication = publication();
    let error = session.publish(publication.clone()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout), "{error:?}");
    cluster.restart().unwrap();
    assert!(matches!(session.publish(publication).await.unwrap(), PublishResult::Published(_)));
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
}

#[tokio::test]
async fn connections_that_the_server_closed_are_replaced() {
    let (database, backend) = backend().await;
    load(&backend, partial(), &two_files()).await;
    let terminate = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
        database.name()
    );
    assert_ne!(database.psql(&terminate).unwrap(), "0");
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
}

/// A rule of the database that no validation knows of.
const RULE: &str = "ALTER TABLE functions ADD CONSTRAINT rule CHECK (name <> 'forbidden')";

fn with_a_forbidden_one() -> Vec<Arc<TransformedAst>> {
    let forbidden = TransformedAst { functions: vec![function("forbidden")], ..library("forbidden.py") };
    let mut files = two_files();
    files.push(Arc::new(forbidden));
    files
}

const STATES: &str = "SELECT file_path, parse_status FROM files ORDER BY file_path";

#[tokio::test]
async fn a_file_that_the_database_refuses_is_kept_as_refused_and_the_others_as_they_are() {
    let (database, backend) = backend().await;
    database.psql(RULE).unwrap();
    load(&backend, partial(), &with_a_forbidden_one()).await;
    assert_eq!(rows(&backend, STATES).await, ["app.py|parsed", "forbidden.py|failed", "lib.py|parsed"]);
    let issues = rows(&backend, "SELECT kind, message FROM parse_issues").await;
    assert!(
        issues.len() == 1 && issues[0].contains("refused|") && issues[0].contains("constraint: rule"),
        "{issues:?}"
    );
}

#[tokio::test]
async fn a_cold_load_that_is_refused_is_lost_and_the_next_finds_the_file() {
    let (database, backend) = backend_with("partition_rows=0").await;
    database.psql(RULE).unwrap();
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&with_a_forbidden_one())).await.unwrap();
    assert_eq!(session.publish(publication()).await.unwrap_err().kind(), ErrorKind::SessionLost);
    load(&backend, partial(), &with_a_forbidden_one()).await;
    assert_eq!(rows(&backend, STATES).await, ["app.py|parsed", "forbidden.py|failed", "lib.py|parsed"]);
}

#[tokio::test]
async fn a_session_that_is_dropped_leaves_no_connection_in_a_transaction() {
    let (database, backend) = backend_with("partition_rows=0").await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    drop(session);
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state LIKE 'idle in transaction%'",
        database.name()
    );
    for _ in 0..100 {
        if database.cluster().psql(&open).unwrap() == "0" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a transaction stayed open");
}

#[tokio::test]
async fn a_deadlock_is_busy() {
    let (database, backend) = backend().await;
    load(&backend, partial(), &two_files()).await;
    // Whose time is up first looks for the deadlock, and is the victim: the publication, which has time until then to wait.
    let victim = format!("ALTER DATABASE \"{}\" SET deadlock_timeout = '3s'", database.name());
    database.psql(&victim).unwrap();
    let backend = connect(&database.url()).await;
    let pool = sqlx::postgres::PgPoolOptions::new().connect(&database.url()).await.unwrap();
    let mut other = pool.begin().await.unwrap();
    sqlx::query("SET LOCAL deadlock_timeout = '120s'").execute(&mut *other).await.unwrap();
    // Holds the table, and then waits for the row that the publication holds.
    sqlx::query("LOCK TABLE functions IN EXCLUSIVE MODE").execute(&mut *other).await.unwrap();
    let mut session = backend.begin_load(partial()).await.unwrap();
    let changed = TransformedAst { functions: vec![function("f"), function("g")], ..library("lib.py") };
    session.write_batch(batch(&[Arc::new(changed)])).await.unwrap();
    let publishing = async { session.publish(publication()).await };
    let waiting = async {
        const WAITS: &str = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
            AND relation IN (SELECT relid FROM pg_partition_tree('functions')))";
        while !sqlx::query_scalar::<_, bool>(WAITS).fetch_one(&pool).await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        sqlx::query("SELECT 1 FROM repositories FOR UPDATE").execute(&mut *other).await
    };
    let (published, waited) = tokio::join!(publishing, waiting);
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
    assert!(error.context().any(|pair| pair == ("sqlstate", "40P01")), "{error:?}");
    waited.unwrap();
    // The same again may pass, and does.
    other.rollback().await.unwrap();
    assert!(matches!(session.publish(publication()).await.unwrap(), PublishResult::Published(_)));
}
