//! From every version of the schema to the latest, with data in place, while others work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use snake_pipe_core::{
    DatabaseBackend as _, IntegrityScope, MigrateMode, MigrationStep,
    id::Digest,
    load::{LoadPlan, Repository},
    model::TransformedAst,
    schema::{TABLES, VIEWS},
};
use snake_pipe_postgres::PostgresBackend;
use snake_pipe_testkit::postgres::TestDatabase;
use sqlx::PgPool;

use crate::support::{
    app_id, batch, complete, connect, function, library, load, publication, two_files, user,
};

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

/// Files of the repository that is in place when others work during a migration.
const FILES: usize = 700;

/// Takes a schema back to the first version, with its rows: whoever has begun a load goes on with it.
fn take_back(database: &TestDatabase, schema: &str) {
    let views: Vec<_> = VIEWS.iter().map(|view| format!("DROP VIEW {schema}.{}", view.name)).collect();
    let sql = format!(
        "BEGIN; {};
         DROP FUNCTION {schema}.callers_of, {schema}.dependents_of, {schema}.path_between;
         DELETE FROM {schema}.metric_definitions;
         DELETE FROM {schema}.snake_pipe_migrations WHERE version > 1;
         COMMENT ON TABLE {schema}.snake_pipe_migrations IS 'The schema of snake-pipe, version 1.'; COMMIT",
        views.join("; ")
    );
    database.psql(&sql).unwrap();
}

/// `lib.py`, and many files that use it.
fn many_files(changed: &str) -> Vec<Arc<TransformedAst>> {
    let user = |number| {
        let facts = user(&format!("app{number}.py"), "lib.py");
        let functions = facts.functions.iter().cloned().chain([function(changed)]).collect();
        Arc::new(TransformedAst { functions, ..facts })
    };
    let users = (1..FILES).map(user);
    [Arc::new(library("lib.py"))].into_iter().chain(users).collect()
}

/// Runs a statement again and again until it is over, each time with a second to wait for its locks. How often.
async fn repeat(pool: PgPool, statement: &'static str, is_over: Arc<AtomicBool>) -> usize {
    let mut times = 0;
    while !is_over.load(Ordering::Relaxed) {
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("SET LOCAL lock_timeout = '1s'").execute(&mut *transaction).await.unwrap();
        sqlx::query(statement).execute(&mut *transaction).await.expect("nothing waits for a second");
        transaction.commit().await.unwrap();
        times += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times
}

/// The longest wait for a lock on a table that the server shows until it is over, in seconds, and for what.
async fn longest_wait(pool: PgPool, is_over: Arc<AtomicBool>) -> (f64, String) {
    const WAIT: &str = "SELECT extract(epoch FROM clock_timestamp() - l.waitstart)::float8, a.query
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND l.locktype = 'relation' AND l.waitstart IS NOT NULL ORDER BY 1 DESC LIMIT 1";
    let mut longest = (0.0, String::new());
    while !is_over.load(Ordering::Relaxed) {
        let found: Option<(f64, String)> = sqlx::query_as(WAIT).fetch_optional(&pool).await.unwrap();
        longest = found.filter(|found| found.0 > longest.0).unwrap_or(longest);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_migration_for_a_second() {
    let database = TestDatabase::create().unwrap();
    let url = format!("{}&schema=old", database.url());
    let loader = connect(&url).await;
    loader.migrate(MigrateMode::Apply).await.unwrap();
    load(&loader, complete(&many_files("before")), &many_files("before")).await;
    // One load in place and one of a new repository with partitions of its own, both begun before the migration.
    let mut in_place = loader.begin_load(complete(&many_files("after"))).await.unwrap();
    let aside = connect(&format!("{url}&partition_rows=0")).await;
    let other = LoadPlan::partial(Repository::named("other"), "1");
    let mut cold = aside.begin_load(other).await.unwrap();
    take_back(&database, "old");

    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(8)
        .connect(&format!("{}&options[search_path]=old", database.url()))
        .await
        .unwrap();
    // Who reads for long, and stands in the way of whatever wants the table for itself; and one who altered it just now.
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE old.files IN ACCESS SHARE MODE").execute(&mut *reader).await.unwrap();
    let mut altering = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE old.parameters IN SHARE UPDATE EXCLUSIVE MODE")
        .execute(&mut *altering)
        .await
        .unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let waiting = tokio::spawn(longest_wait(pool.clone(), Arc::clone(&is_over)));
    let repeating: Vec<_> = [
        "SELECT count(*) FROM old.files JOIN old.functions USING (file_id)",
        "SELECT count(*) FROM old.calls WHERE target_function_id IS NOT NULL",
        "UPDATE old.snapshots SET branch = branch",
    ]
    .map(|statement| tokio::spawn(repeat(pool.clone(), statement, Arc::clone(&is_over))))
    .into_iter()
    .collect();
    let loading = async {
        in_place.write_batch(batch(&many_files("after"))).await.unwrap();
        cold.write_batch(batch(&many_files("after"))).await.unwrap();
        in_place.publish(publication()).await.unwrap();
        reader.rollback().await.unwrap();
        altering.rollback().await.unwrap();
        cold.publish(publication()).await.unwrap();
    };
    let migrating = connect(&url).await;
    let (migrated, ()) = tokio::join!(migrating.migrate(MigrateMode::Apply), loading);
    assert_eq!(migrated.unwrap().steps.len(), 3);
    is_over.store(true, Ordering::Relaxed);
    for repeated in repeating {
        assert!(repeated.await.unwrap() > 3, "a statement was held up");
    }
    let (seconds, statement) = waiting.await.unwrap();
    assert!(seconds < 1.0, "waited for {seconds} s: {statement}");
    let named = "SELECT count(*) FROM old.function_details WHERE name = 'after'";
    assert_eq!(database.psql(named).unwrap(), (2 * (FILES - 1)).to_string());
    assert!(migrating.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
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
