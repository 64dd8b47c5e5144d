//! The promises of every backend, on PostgreSQL.

use std::sync::Arc;

use snake_pipe_core::{DatabaseBackend, Result};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::{
    conformance::{Harness, Store, run_all},
    postgres::TestDatabase,
};

/// A store in a database of the shared cluster, opened with these parameters.
fn store(database: Arc<TestDatabase>, parameters: &'static str) -> Store {
    Store::new(move || {
        let config = PostgresConfig::from_url(&format!("{}&{parameters}", database.url()))?;
        Ok(Arc::new(PostgresBackend::new(config)) as Arc<dyn DatabaseBackend>)
    })
}

/// Adds a trigger that refuses functions of a name.
async fn refuse(database: Arc<TestDatabase>, function: &str) -> Result<()> {
    let trigger = format!(
        "CREATE FUNCTION forbids() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.name = '{function}' THEN
             RAISE check_violation USING MESSAGE = 'no function may be called so';
           END IF;
           RETURN NEW;
         END $$;
         CREATE TRIGGER forbids BEFORE INSERT ON functions FOR EACH ROW EXECUTE FUNCTION forbids()"
    );
    database.psql(&trigger).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept() {
    let harness = Harness::new(|| async {
        let database = Arc::new(TestDatabase::create()?);
        let refusing = Arc::clone(&database);
        Ok(store(database, "pool_size=4")
            .with_refusal(move |function| refuse(Arc::clone(&refusing), function)))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
}

/// Every new repository gets partitions of its own, however small; and all is in a schema whose name has to be quoted.
#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_by_partitions_in_any_schema_too() {
    let harness = Harness::new(|| async {
        Ok(store(Arc::new(TestDatabase::create()?), "pool_size=4&partition_rows=0&schema=My+Schema"))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
}
