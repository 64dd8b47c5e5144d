//! Connecting, and what goes wrong there.

use std::time::{Duration, Instant};

use snake_pipe_core::{DatabaseBackend as _, ErrorKind, MigrateMode, registry::Registry};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig, register};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, StopMode, TestDatabase};

use crate::support::{app_id, connect, load, partial, two_files};

async fn error_of(url: &str) -> snake_pipe_core::Error {
    let backend = PostgresBackend::new(PostgresConfig::from_url(url).unwrap());
    backend.connect().await.unwrap_err()
}

#[tokio::test]
async fn a_wrong_password_is_an_authentication_error_that_shows_no_password() {
    let database = TestDatabase::create().unwrap();
    let mut url = url::Url::parse(&database.tcp_url()).unwrap();
    url.set_password(Some("wr0ng-secret")).unwrap();
    let error = error_of(url.as_str()).await;
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error:?}");
    assert!(!format!("{error:?}").contains("wr0ng-secret"));
}

#[tokio::test]
async fn a_database_that_is_not_there_says_how_to_make_it() {
    let database = TestDatabase::create().unwrap();
    let error = error_of(&database.cluster().database_url("nowhere")).await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help().unwrap().contains("createdb"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connection_error() {
    let error = error_of("postgres://u@127.0.0.1:1/db?retry_attempts=1").await;
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.help().unwrap().contains("host and port"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_refuses_is_tried_again_and_then_known_to_be_down() {
    let backend = PostgresBackend::new(PostgresConfig::from_url("postgres://u@127.0.0.1:2/db").unwrap());
    let begin = Instant::now();
    assert_eq!(backend.connect().await.unwrap_err().kind(), ErrorKind::Connection);
    assert!(begin.elapsed() >= Duration::from_millis(1400), "{:?}", begin.elapsed());
    // Who asks again a moment later, as a load of several backends does, is answered at once.
    let begin = Instant::now();
    assert_eq!(backend.connect().await.unwrap_err().kind(), ErrorKind::Connection);
    assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_server_that_went_away_is_waited_for_once_and_found_when_it_is_back() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let backend = connect(&format!("{}?timeout_seconds=3", cluster.tcp_url())).await;
    cluster.stop(StopMode::Fast).unwrap();
    let begin = Instant::now();
    let error = backend.manifest(app_id()).await.unwrap_err();
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(6), "{waited:?}");
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    assert!(error.message().starts_with("the server went away and cannot be reached: "), "{error:?}");
    assert!(error.help().unwrap().contains("`timeout_seconds`"), "{error:?}");
    // The limit is for the outage, not for each of the calls that are tried again.
    let begin = Instant::now();
    backend.manifest(app_id()).await.unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    cluster.restart().unwrap();
    backend.manifest(app_id()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_is_waited_for_also_by_its_socket() {
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    for url in [cluster.url() + "&timeout_seconds=20", cluster.tcp_url() + "?timeout_seconds=20"] {
        let backend = connect(&url).await;
        cluster.stop(StopMode::Fast).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(700));
                cluster.restart().unwrap();
            });
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(backend.manifest(app_id())).unwrap();
            });
        });
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let database = TestDatabase::create().unwrap();
    let error = error_of(&format!("{}?sslmode=verify-full&retry_attempts=0", database.tcp_url())).await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help().unwrap().contains("sslmode=disable"), "{error:?}");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    let database = TestDatabase::create().unwrap();
    let error =
        error_of(&format!("{}?sslmode=verify-full&sslrootcert=/no/such.pem", database.tcp_url())).await;
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("/no/such.pem"), "{error:?}");
}

#[tokio::test]
async fn the_password_may_stand_in_a_file() {
    let database = TestDatabase::create().unwrap();
    let url = url::Url::parse(&database.tcp_url()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}\n", url.password().unwrap())).unwrap();
    let mut without = url;
    without.set_password(None).unwrap();
    let options = [("password_file".to_owned(), file.path().display().to_string())];
    let mut registry = Registry::empty();
    register(&mut registry).unwrap();
    let backend = registry.build(without.as_str(), Some("team".into()), options).unwrap();
    backend.connect().await.unwrap();
    assert_eq!(backend.info().name, "team");
}

#[tokio::test]
async fn a_pool_of_the_program_is_used_and_not_closed() {
    let database = TestDatabase::create().unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().connect(&database.url()).await.unwrap();
    let backend = PostgresBackend::from_pool(pool.clone());
    backend.connect().await.unwrap();
    backend.migrate(MigrateMode::Apply).await.unwrap();
    load(&backend, partial(), &two_files()).await;
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
    backend.close().await.unwrap();
    assert!(!backend.is_connected() && !pool.is_closed());
}

#[tokio::test]
async fn a_small_load_over_tcp_stays_below_a_tenth_of_a_second_per_table() {
    let database = TestDatabase::create().unwrap();
    let backend = connect(&database.tcp_url()).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    load(&backend, partial(), &two_files()).await;
    // A COPY for each of the ten tables would cost 44 ms each: small loads bind arrays.
    let mut fastest = Duration::MAX;
    for name in ["a.py", "b.py", "c.py", "d.py", "e.py"] {
        let begin = Instant::now();
        load(&backend, partial(), &[std::sync::Arc::new(crate::support::library(name))]).await;
        fastest = fastest.min(begin.elapsed());
    }
    assert!(fastest < Duration::from_millis(300), "{fastest:?}");
}
