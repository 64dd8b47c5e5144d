use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend, ErrorKind, LoadSession, MigrateMode,
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot},
    model::{Call, TransformedAst},
};
use sqlx::SqliteConnection;

use super::SqliteSession;
use crate::{Config, SqliteBackend, database::Database, schema::FILE_TABLES};

struct Opened {
    database: Arc<Database>,
    backend: SqliteBackend,
    _directory: tempfile::TempDir,
}

async fn opened() -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(directory.path().join("code.db"));
    let backend = SqliteBackend::new(config.clone());
    backend.connect().await.unwrap();
    backend.migrate(MigrateMode::Apply).await.unwrap();
    Opened { database: Arc::new(Database::open(config).await.unwrap()), backend, _directory: directory }
}

impl Opened {
    async fn session(&self) -> SqliteSession {
        SqliteSession::begin(self.database.clone(), plan(), true).await.unwrap()
    }

    async fn files(&self) -> usize {
        self.backend.manifest(plan().repository.id()).await.unwrap().files.len()
    }
}

fn plan() -> LoadPlan {
    LoadPlan::partial(Repository::named("app"), "1")
}

fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

fn batch(calls: u32) -> Arc<Batch> {
    let calls = (0..calls).map(|line| Call { name: "f".into(), line, ..Call::default() }).collect();
    let facts = TransformedAst { calls, ..TransformedAst::new("a".into()) };
    Arc::new(Batch { files: vec![Arc::new(facts)], ..Batch::default() })
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

const NO_LIMIT: &str = "PRAGMA main.max_page_count = 4294967294; PRAGMA staging.max_page_count = 4294967294";

#[tokio::test]
async fn a_full_disk_while_publishing_leaves_nothing_and_publishing_again_is_enough() {
    // Row by row, and rows before indexes.
    for calls in [2_000, 25_000] {
        let opened = opened().await;
        let mut session = opened.session().await;
        session.write_batch(batch(calls)).await.unwrap();
        run(&mut session.connection, "PRAGMA main.max_page_count = 100").await;
        let error = session.publish(publication()).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Capacity, Some("publish")));
        assert!(error.help().unwrap().contains("free some room"));
        assert_eq!(opened.files().await, 0);
        run(&mut session.connection, NO_LIMIT).await;
        assert!(matches!(session.publish(publication()).await.unwrap(), PublishResult::Published(_)));
        assert_eq!(opened.files().await, 1);
    }
}

#[tokio::test]
async fn a_full_disk_while_staging_refuses_the_batch_and_the_session_goes_on() {
    let opened = opened().await;
    let mut session = opened.session().await;
    run(&mut session.connection, "PRAGMA staging.max_page_count = 100").await;
    let error = session.write_batch(batch(25_000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
    session.write_batch(batch(10)).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(opened.files().await, 1);
}

#[tokio::test]
async fn another_writer_is_waited_for_and_then_reported_as_busy() {
    let opened = opened().await;
    let mut session = opened.session().await;
    session.write_batch(batch(10)).await.unwrap();
    let mut other = opened.database.writer().await.unwrap();
    run(&mut session.connection, "PRAGMA busy_timeout = 50").await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let error = session.publish(publication()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.help().unwrap().contains("timeout_seconds"));
    run(&mut other, "ROLLBACK").await;
    session.publish(publication()).await.unwrap();
    assert_eq!(opened.files().await, 1);
}

#[tokio::test]
async fn a_batch_whose_call_was_cancelled_at_the_commit_is_known_by_its_number() {
    let opened = opened().await;
    let mut session = opened.session().await;
    session.write_batch(batch(10)).await.unwrap();
    // As a cancelled call would leave it: committed, and not taken note of.
    session.staged = super::Staged::default();
    let staged = super::staging::stage(
        &mut session.connection,
        plan().repository.id(),
        "1",
        &Batch { removed: vec!["b".into()], ..Batch::default() },
        &session.staged,
    )
    .await
    .unwrap();
    session.staged.batches = 1;
    session.unsettled = Some(staged);
    session.settle().await.unwrap();
    assert_eq!((session.staged.batches, session.staged.removed.len()), (2, 1));
}

#[tokio::test]
async fn what_breaks_a_check_cannot_be_staged() {
    let opened = opened().await;
    let mut session = opened.session().await;
    session.write_batch(batch(1)).await.unwrap();
    for change in ["kind = 'no such kind'", "status = 'resolved'", "status = 'wrong'", "ordinal = 'text'"] {
        let sql = sqlx::AssertSqlSafe(format!("UPDATE staging.calls SET {change}"));
        let refused = sqlx::raw_sql(sql).execute(&mut session.connection).await.unwrap_err();
        assert_eq!(crate::error::from_driver(refused).kind(), ErrorKind::Data, "{change}");
    }
}

/// A step of a plan that reads a table from end to end says SCAN; staged tables go by the alias `s` or by other names.
#[tokio::test]
async fn publishing_few_files_reads_no_published_table_from_end_to_end() {
    let opened = opened().await;
    let mut session = opened.session().await;
    for loaded in [0, 25_000] {
        session.write_batch(batch(loaded)).await.unwrap();
        session.publish(publication()).await.unwrap();
        super::staging::clear(&mut session.connection).await.unwrap();
        let deletes = FILE_TABLES.iter().map(|table| (table.name(), table.delete_stale.clone()));
        let unresolving = super::references::statements().into_iter().map(|sql| {
            let table = ["imports", "inheritance", "calls", "dependencies"]
                .into_iter()
                .find(|table| sql.contains(&format!("main.{table} ")));
            (table.unwrap(), sql)
        });
        for (table, sql) in deletes.chain(unresolving) {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let steps: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(explain).bind(1_i64).fetch_all(&mut session.connection).await.unwrap();
            let is_scan = |step: &String| step.split(" USING").next() == Some(&format!("SCAN {table}"));
            assert!(!steps.iter().any(|step| is_scan(&step.3)), "{loaded} rows: {sql}\n{steps:#?}");
        }
    }
}
