//! From every version of the schema to the latest, with data in place, while others work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use snake_pipe_core::{
    DatabaseBackend as _, IntegrityScope, MigrateMode, MigrationStep, id::Digest, schema::TABLES,
};
use snake_pipe_postgres::PostgresBackend;
use snake_pipe_testkit::postgres::TestDatabase;

use crate::support::{app_id, complete, connect, load, two_files};

/// The table that says which version a schema has, as every version has it.
const HISTORY: &str =
    "CREATE TABLE snake_pipe_migrations (version bigint PRIMARY KEY, description text NOT NULL,
    checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";

/// A database with a schema `new` of the latest version that holds two files, and how it came about.
async fn loaded() -> (TestDatabase, PostgresBackend, Vec<MigrationStep>) {
    let database = TestDatabase::create().unwrap();
    let new = connect(&format!("{}&schema=new", database.url())).await;
    let steps = new.migrate(MigrateMode::Plan).await.unwrap().steps;
    load(&new, complete(&two_files()), &two_files()).await;
    (database, new, steps)
}

/// Makes a schema as it was at the end of these steps, and copies the rows of `new` into it, as far as it has their columns.
fn make_old(database: &TestDatabase, schema: &str, steps: &[MigrationStep]) {
    let mut sql = format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {HISTORY};");
    for step in steps {
        let checksum = Digest::of(step.sql.as_bytes());
        sql += &format!(
            "{};\nINSERT INTO snake_pipe_migrations VALUES ({}, '{}', '{checksum}');
             COMMENT ON TABLE snake_pipe_migrations IS 'The schema of snake-pipe, version {}.';",
            step.sql, step.version, step.description, step.version
        );
    }
    database.psql(&sql).unwrap();
    for table in TABLES.iter().map(|table| table.name) {
        let columns = format!(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = to_regclass('{schema}.{table}') AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        );
        let columns = database.psql(&columns).unwrap();
        // What belongs to no repository came with the steps.
        if columns.contains("repository_id") {
            let copy = format!(
                "INSERT INTO {schema}.{table} ({columns}) SELECT {columns} FROM new.{table} ON CONFLICT DO NOTHING"
            );
            database.psql(&copy).unwrap();
        }
    }
}

/// All rows of a table, in one text.
fn rows(database: &TestDatabase, schema: &str, table: &str) -> String {
    let sql = format!("SELECT string_agg(t::text, chr(10) ORDER BY t::text) FROM {schema}.{table} AS t");
    database.psql(&sql).unwrap()
}

#[tokio::test]
async fn every_version_is_brought_up_to_date_with_its_rows() {
    let (database, _new, steps) = loaded().await;
    for version in 1..steps.len() {
        let schema = format!("old_{version}");
        make_old(&database, &schema, &steps[..version]);
        let old = connect(&format!("{}&schema={schema}", database.url())).await;
        let migrated = old.migrate(MigrateMode::Apply).await.unwrap();
        assert_eq!((migrated.from_version, migrated.to_version), (version as u64, steps.len() as u64));
        for table in TABLES.iter().map(|table| table.name) {
            assert_eq!(
                rows(&database, &schema, table),
                rows(&database, "new", table),
                "{table} from {version}"
            );
        }
        assert_eq!(old.manifest(app_id()).await.unwrap().files.len(), 2);
        assert!(old.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
        load(&old, complete(&two_files()), &two_files()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_migration_for_a_second() {
    let (database, new, steps) = loaded().await;
    make_old(&database, "old", &steps[..1]);
    let old = connect(&format!("{}&schema=old", database.url())).await;
    let slowest_ms = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let pool = sqlx::postgres::PgPoolOptions::new()
        .connect(&format!("{}&options[search_path]=old", database.url()))
        .await
        .unwrap();
    // Who reads for long, and stands in the way of whatever wants the table for itself; and one who altered it just now.
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE old.files IN ACCESS SHARE MODE").execute(&mut *reader).await.unwrap();
    let mut other = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE old.functions IN SHARE UPDATE EXCLUSIVE MODE")
        .execute(&mut *other)
        .await
        .unwrap();
    let statements = [
        "SELECT count(*) FROM old.files JOIN old.functions USING (file_id)",
        "UPDATE old.files SET class_count = class_count",
        "SELECT count(*) FROM old.calls",
    ];
    let watchers: Vec<_> = statements
        .map(|statement| {
            let (pool, slowest_ms, is_over) = (pool.clone(), Arc::clone(&slowest_ms), Arc::clone(&is_over));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let begin = Instant::now();
                    sqlx::query(statement).execute(&pool).await.unwrap();
                    slowest_ms.fetch_max(begin.elapsed().as_millis() as u64, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            })
        })
        .into_iter()
        .collect();
    let loading = tokio::spawn(async move {
        for _ in 0..5 {
            load(&new, complete(&two_files()), &two_files()).await;
        }
    });
    let ending = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        drop((reader, other));
    };
    let (migrated, ()) = tokio::join!(old.migrate(MigrateMode::Apply), ending);
    assert_eq!(migrated.unwrap().steps.len(), steps.len() - 1);
    is_over.store(true, Ordering::Relaxed);
    loading.await.unwrap();
    for watcher in watchers {
        watcher.await.unwrap();
    }
    let slowest_ms = slowest_ms.load(Ordering::Relaxed);
    assert!(slowest_ms < 1_000, "a statement waited for {slowest_ms} ms");
}

#[tokio::test]
async fn a_migration_waits_for_a_lock_in_short_turns() {
    let (database, _new, steps) = loaded().await;
    make_old(&database, "old", &steps[..1]);
    let old = connect(&format!("{}&schema=old", database.url())).await;
    let pool = sqlx::postgres::PgPoolOptions::new().connect(&database.url()).await.unwrap();
    let mut other = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE old.files IN ACCESS EXCLUSIVE MODE").execute(&mut *other).await.unwrap();
    let ending = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        other.rollback().await.unwrap();
    };
    let begin = Instant::now();
    let (migrated, ()) = tokio::join!(old.migrate(MigrateMode::Apply), ending);
    assert_eq!(migrated.unwrap().steps.len(), steps.len() - 1);
    assert!(begin.elapsed() >= Duration::from_millis(1_200));
}
