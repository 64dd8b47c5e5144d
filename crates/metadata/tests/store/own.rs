//! What only one of the databases has, and what lies beneath the contract.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use snake_pipe_core::{ErrorKind, MigrateMode};
use snake_pipe_metadata::{
    Clock, ManualClock, MetadataStore, SqlStore, StoreOptions,
    model::{
        DeliveryStatus, Garbage, LEASE, NewDelivery, NewPipeline, NewRun, Overlap, PipelineFilter, Retention,
        RunEnd, RunStatistics, Sample,
    },
};
use snake_pipe_testkit::postgres::TestDatabase;
use sqlx::Executor as _;

/// No message may show it.
const PASSWORD: &str = "hunter2";

fn options(clock: &Arc<ManualClock>) -> StoreOptions {
    StoreOptions { clock: Clock::Manual(Arc::clone(clock)), ..StoreOptions::default() }
}

fn january() -> Arc<ManualClock> {
    ManualClock::at("2026-01-15T12:00:00Z".parse().unwrap())
}

async fn delivered(store: &SqlStore) {
    let pipeline = store.register_pipeline(NewPipeline::new("etl", json!({}))).await.unwrap();
    let run = store.create_run(NewRun::of(pipeline.id)).await.unwrap();
    let run = store.start_run(run.id, LEASE, Overlap::Refuse).await.unwrap().run;
    let delivery = NewDelivery::to("b", DeliveryStatus::Published);
    store.record_deliveries(run.token(), vec![delivery.clone(), delivery]).await.unwrap();
    store.record_samples(vec![Sample { run_id: None, name: "m".into(), value: 1.0 }]).await.unwrap();
    store.finish_run(run.token(), RunEnd::success(RunStatistics::default())).await.unwrap();
}

#[tokio::test]
async fn the_database_itself_says_what_every_table_and_column_is() {
    let database = TestDatabase::create().unwrap();
    let store = SqlStore::postgres(&database.url(), StoreOptions::default()).unwrap();
    store.migrate(MigrateMode::Apply).await.unwrap();
    // Partitions are their table's.
    let sql = "SELECT string_agg(c.relname || coalesce('.' || a.attname, ''), ' ') FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND (a.attnum > 0 AND NOT a.attisdropped)
        WHERE c.relnamespace = 'snake_pipe'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)";
    assert_eq!(database.psql(sql).unwrap(), "");
    let columns = "SELECT count(*) > 150 FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
        WHERE c.relnamespace = 'snake_pipe'::regnamespace AND d.objsubid > 0";
    assert_eq!(database.psql(columns).unwrap(), "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_tables_are_partitioned_by_month_and_past_months_are_dropped() {
    let (database, clock) = (TestDatabase::create().unwrap(), january());
    let store = SqlStore::postgres(&database.url(), options(&clock)).unwrap();
    store.migrate(MigrateMode::Apply).await.unwrap();
    let partitions = |table: &str| {
        let sql = format!(
            "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text)
             FROM pg_inherits WHERE inhparent = 'snake_pipe.{table}'::regclass"
        );
        database.psql(&sql).unwrap()
    };
    assert_eq!(
        partitions("deliveries"),
        "snake_pipe.deliveries_2026_01 snake_pipe.deliveries_2026_02 snake_pipe.deliveries_2026_03 \
         snake_pipe.deliveries_2026_04 snake_pipe.deliveries_default"
    );
    delivered(&store).await;
    assert_eq!(database.psql("SELECT count(*) FROM snake_pipe.deliveries_2026_01").unwrap(), "2");

    clock.advance(Duration::from_secs(100 * 86_400));
    let planned = store.collect_garbage(Retention::default(), true).await.unwrap();
    // January and February of four tables; the audit stays.
    let expected = Garbage { runs: 1, deliveries: 2, samples: 1, partitions: 8, ..Garbage::default() };
    assert_eq!(planned, Garbage { is_dry_run: true, ..expected.clone() });
    assert_eq!(store.collect_garbage(Retention::default(), false).await.unwrap(), expected);
    assert_eq!(
        partitions("deliveries"),
        "snake_pipe.deliveries_2026_03 snake_pipe.deliveries_2026_04 snake_pipe.deliveries_2026_05 \
         snake_pipe.deliveries_2026_06 snake_pipe.deliveries_2026_07 snake_pipe.deliveries_default"
    );
    assert!(partitions("audit").contains("audit_2026_01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_make_no_months_writes_all_the_same_and_an_owner_goes_on_later() {
    let (database, clock) = (TestDatabase::create().unwrap(), january());
    let owner = SqlStore::postgres(&database.url(), options(&clock)).unwrap();
    owner.migrate(MigrateMode::Apply).await.unwrap();
    let role = format!("writer_of_{}", database.name());
    database
        .psql(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA snake_pipe TO {role};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA snake_pipe TO {role};
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA snake_pipe TO {role}"
        ))
        .unwrap();
    clock.advance(Duration::from_secs(200 * 86_400));
    let url = database.url().replacen("postgres@", &format!("{role}@"), 1);
    let writer = SqlStore::postgres(&url, options(&clock)).unwrap();
    writer.migrate(MigrateMode::Apply).await.unwrap();
    delivered(&writer).await;
    let waiting = "SELECT count(*) FROM snake_pipe.deliveries_default";
    assert_eq!(database.psql(waiting).unwrap(), "2");
    assert_eq!(writer.collect_garbage(Retention::default(), false).await.unwrap().partitions, 0);
    owner.migrate(MigrateMode::Apply).await.unwrap();
    // What waits in the default partition stays there; the months that are to come are made.
    assert_eq!(database.psql(waiting).unwrap(), "2");
    let made = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ '^deliveries_2026_(0[89]|1.)$'";
    assert_eq!(database.psql(made).unwrap(), "deliveries_2026_09 deliveries_2026_10 deliveries_2026_11");
    clock.advance(Duration::from_secs(40 * 86_400));
    delivered(&owner).await;
    assert_eq!(database.psql("SELECT count(*) FROM snake_pipe.deliveries_2026_09").unwrap(), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_make_the_schema_is_told_what_to_run() {
    let (database, clock) = (TestDatabase::create().unwrap(), january());
    let role = format!("stranger_to_{}", database.name());
    database.psql(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    let url = database.url().replacen("postgres@", &format!("{role}@"), 1);
    let error =
        SqlStore::postgres(&url, options(&clock)).unwrap().migrate(MigrateMode::Apply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.help().unwrap().contains(&format!("AUTHORIZATION {role};")), "{error:?}");
    database.psql(&format!("CREATE SCHEMA snake_pipe AUTHORIZATION {role}")).unwrap();
    SqlStore::postgres(&url, options(&clock)).unwrap().migrate(MigrateMode::Apply).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_the_owner_changes_the_audit() {
    let database = TestDatabase::create().unwrap();
    let store = SqlStore::postgres(&database.url(), StoreOptions::default()).unwrap();
    store.migrate(MigrateMode::Apply).await.unwrap();
    delivered(&store).await;
    for sql in [
        "UPDATE snake_pipe.audit SET actor = 'nobody'",
        "DELETE FROM snake_pipe.audit",
        "TRUNCATE snake_pipe.audit",
    ] {
        let error = database.psql(sql).unwrap_err().to_string();
        assert!(error.contains("the audit is append-only"), "{sql}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.control");
    let store = SqlStore::sqlite(&path, StoreOptions::default()).unwrap();
    store.migrate(MigrateMode::Apply).await.unwrap();
    delivered(&store).await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    for sql in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"] {
        let error = pool.execute(sql).await.unwrap_err().to_string();
        assert!(error.contains("the audit is append-only"), "{sql}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_foreign_key_has_an_index_that_begins_with_it() {
    let database = TestDatabase::create().unwrap();
    let store = SqlStore::postgres(&database.url(), StoreOptions::default()).unwrap();
    store.migrate(MigrateMode::Apply).await.unwrap();
    let missing = database
        .psql(
            "SELECT c.conrelid::regclass, c.conname FROM pg_constraint c
             WHERE c.contype = 'f' AND c.connamespace = 'snake_pipe'::regnamespace AND NOT EXISTS (
                 SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
                   AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] = c.conkey)",
        )
        .unwrap();
    assert_eq!(missing, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gives_its_own_pool_and_names_its_schema() {
    let database = TestDatabase::create().unwrap();
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    let in_schema = |schema: &str| {
        let options = StoreOptions { schema: schema.into(), ..StoreOptions::default() };
        SqlStore::from_pool(pool.clone(), options)
    };
    let (one, other) = (in_schema("one"), in_schema("it's \"other\""));
    for store in [&one, &other] {
        store.migrate(MigrateMode::Apply).await.unwrap();
    }
    one.create_pipeline(NewPipeline::new("etl", json!({}))).await.unwrap();
    assert_eq!(one.pipelines(PipelineFilter::default()).await.unwrap().len(), 1);
    assert_eq!(other.pipelines(PipelineFilter::default()).await.unwrap().len(), 0);
    one.close().await.unwrap();
    assert!(!pool.is_closed());

    let pool =
        sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let store = SqlStore::from_pool(pool, StoreOptions::default());
    store.migrate(MigrateMode::Apply).await.unwrap();
    assert_eq!(store.info().kind, "sqlite");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_migrate_at_once() {
    let database = TestDatabase::create().unwrap();
    let migrations = (0..8).map(|_| async {
        let store = SqlStore::postgres(&database.url(), StoreOptions::default()).unwrap();
        store.migrate(MigrateMode::Apply).await.unwrap()
    });
    let applied = futures::future::join_all(migrations).await;
    assert_eq!(applied.iter().filter(|done| !done.steps.is_empty()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_store_is_refused() {
    let database = TestDatabase::create().unwrap();
    let store = SqlStore::postgres(&database.url(), StoreOptions::default()).unwrap();
    store.migrate(MigrateMode::Apply).await.unwrap();
    database.psql("INSERT INTO snake_pipe.metadata_migrations VALUES (99, 'later', 'x', now())").unwrap();
    let error = store.migrate(MigrateMode::Apply).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.help()),
        (ErrorKind::Schema, Some("use the newer snake-pipe that made it"))
    );
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_an_error_without_the_password() {
    let url = format!("postgres://me:{PASSWORD}@127.0.0.1:1/code");
    let options = StoreOptions { retry_attempts: 1, ..StoreOptions::default() };
    let store = SqlStore::postgres(&url, options).unwrap();
    let error = store.now().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    for text in [format!("{store:?}"), format!("{error:?}"), error.to_string(), store.info().address.clone()]
    {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    let error = SqlStore::postgres(&format!("postgres://me:{PASSWORD}@/\0"), StoreOptions::default());
    assert!(!format!("{error:?}").contains(PASSWORD));
}
