//! Connecting, and what goes wrong there.

use snake_pipe_core::{DatabaseBackend as _, ErrorKind, MigrateMode, registry::Registry};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig, register};
use snake_pipe_testkit::postgres::TestDatabase;

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
    let mut fastest = std::time::Duration::MAX;
    for name in ["a.py", "b.py", "c.py", "d.py", "e.py"] {
        let begin = std::time::Instant::now();
        load(&backend, partial(), &[std::sync::Arc::new(crate::support::library(name))]).await;
        fastest = fastest.min(begin.elapsed());
    }
    assert!(fastest < std::time::Duration::from_millis(300), "{fastest:?}");
}
