//! The pool: what becomes of connections, passwords and statements, and what a pooler in between does.

use std::{
    net::TcpListener,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use snake_pipe_core::{DatabaseBackend as _, Error, ErrorKind, load::PublishResult, model::TransformedAst};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::TestDatabase;

use crate::support::{
    app_id, backend, backend_with, batch, connect, count, function, library, load, partial, publication,
    two_files,
};

/// Cuts off whoever is connected.
fn terminate_all(database: &TestDatabase) {
    let sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
        database.name()
    );
    assert_ne!(database.psql(&sql).unwrap(), "0");
}

#[tokio::test]
async fn a_password_that_changes_is_read_again_for_the_next_connection() {
    let database = TestDatabase::create().unwrap();
    let role = format!("rotating_{}", database.name());
    database.psql(&format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'first'")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first\n").unwrap();
    let port = database.cluster().port();
    let url = format!(
        "postgres://{role}@127.0.0.1:{port}/{}?password_file={}",
        database.name(),
        file.path().display()
    );
    let backend = connect(&url).await;
    load(&backend, partial(), &two_files()).await;

    database.psql(&format!("ALTER ROLE {role} PASSWORD 'second'")).unwrap();
    std::fs::write(file.path(), "second\n").unwrap();
    terminate_all(&database);
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);

    database.psql(&format!("ALTER ROLE {role} PASSWORD 'third'")).unwrap();
    terminate_all(&database);
    let error = backend.manifest(app_id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error:?}");
    std::fs::write(file.path(), "third\n").unwrap();
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
}

#[tokio::test]
async fn dead_connections_are_closed_before_anybody_wants_them() {
    let (database, backend) = backend_with("health_interval_seconds=1").await;
    load(&backend, partial(), &two_files()).await;
    assert_ne!(backend.pool_state().unwrap().size, 0);
    terminate_all(&database);
    for _ in 0..100 {
        if backend.pool_state().unwrap().size == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?} after five seconds", backend.pool_state());
}

#[tokio::test]
async fn the_connection_of_a_copy_that_failed_is_closed() {
    let (database, backend) = backend_with("partition_rows=0").await;
    database.psql("ALTER TABLE functions ADD CONSTRAINT rule CHECK (name <> 'forbidden')").unwrap();
    let forbidden = TransformedAst { functions: vec![function("forbidden")], ..library("forbidden.py") };
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&[forbidden.into()])).await.unwrap();
    let writer = format!(
        "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND backend_xid IS NOT NULL",
        database.name()
    );
    let pid = database.cluster().psql(&writer).unwrap();
    assert!(pid.parse::<u32>().is_ok(), "{pid}");
    session.publish(publication()).await.unwrap_err();
    let is_there = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
    for _ in 0..100 {
        if database.cluster().psql(&is_there).unwrap() == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the connection is still there");
}

/// Where an operator made transactions serialisable, publishing may have to give way, and passes when tried again.
#[tokio::test]
async fn a_serialisation_failure_is_busy_and_passes() {
    let (database, first) = backend().await;
    load(&first, partial(), &two_files()).await;
    let cluster = database.cluster();
    let isolation = "default_transaction_isolation = 'serializable'";
    cluster.psql(&format!("ALTER DATABASE {} SET {isolation}", database.name())).unwrap();
    let backend = connect(&database.url()).await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&[library("more.py").into()])).await.unwrap();

    let pool = sqlx::postgres::PgPoolOptions::new().connect(&database.url()).await.unwrap();
    let mut other = pool.begin().await.unwrap();
    sqlx::query("UPDATE repositories SET updated_at = now()").execute(&mut *other).await.unwrap();
    let publication = publication();
    let ending = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        other.commit().await.unwrap();
    };
    let (published, ()) = tokio::join!(session.publish(publication.clone()), ending);
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
    assert!(error.context().any(|pair| pair == ("sqlstate", "40001")), "{error:?}");
    assert!(matches!(session.publish(publication).await.unwrap(), PublishResult::Published(_)));
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 3);
}

#[tokio::test]
async fn limits_that_are_meant_for_questions_do_not_end_a_load() {
    let (database, _owner) = backend().await;
    for limit in ["statement_timeout", "idle_in_transaction_session_timeout"] {
        let sql = format!("ALTER DATABASE {} SET {limit} = '1ms'", database.name());
        database.cluster().psql(&sql).unwrap();
    }
    let loader = connect(&format!("{}&partition_rows=0", database.url())).await;
    let files: Vec<_> = (0..50).map(|number| library(&format!("{number}.py")).into()).collect();
    let mut session = loader.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&files)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(session.publish(publication()).await.unwrap(), PublishResult::Published(_)));
}

#[tokio::test]
async fn a_connection_keeps_no_more_statements_than_allowed() {
    let (database, backend) = backend_with("statement_cache_capacity=2&pool_size=1&max_overflow=0").await;
    load(&backend, partial(), &two_files()).await;
    backend.repositories().await.unwrap();
    backend.manifest(app_id()).await.unwrap();
    assert!((1..=2).contains(&backend.cached_statements()), "{}", backend.cached_statements());
    drop(database);
}

/// PgBouncer before a database, gone with the value.
struct Pooler {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    fn start(database: &TestDatabase, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = database.cluster();
        let ini = format!(
            "[databases]\n{name} = host={sockets} port={server_port} user=postgres\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\n{settings}\n",
            name = database.name(),
            sockets = cluster.folder().display(),
            server_port = cluster.port(),
        );
        // PgBouncer, too, refuses to be root: it runs as the server does.
        let owner = std::fs::metadata(cluster.folder()).unwrap();
        std::os::unix::fs::chown(folder.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, ini).unwrap();
        let process = Command::new("pgbouncer")
            .arg(&file)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
            .uid(owner.uid())
            .gid(owner.gid())
            .stderr(Stdio::null())
            .spawn()
            .expect("PgBouncer is installed: `cargo xtask test` does it on Debian, else `apt-get install pgbouncer`");
        let pooler = Self { process, port, _folder: folder };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return pooler;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("PgBouncer does not answer");
    }

    async fn refusal(&self, database: &TestDatabase) -> Error {
        let url = format!("postgres://u:x@127.0.0.1:{}/{}?retry_attempts=0", self.port, database.name());
        let backend = PostgresBackend::new(PostgresConfig::from_url(&url).unwrap());
        backend.connect().await.unwrap_err()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It ends by itself only when it is told to.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_pooler_that_shares_sessions_is_refused_by_name() {
    let (database, backend) = backend().await;
    for settings in ["", "ignore_startup_parameters = options"] {
        let pooler = Pooler::start(&database, settings);
        let error = pooler.refusal(&database).await;
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
        assert!(error.message().contains("connection pooler"), "{error:?}");
        assert!(error.help().unwrap().contains("PgBouncer"), "{error:?}");
    }
    assert_eq!(count(&backend, "SELECT count(*) FROM files").await, 0);
}
