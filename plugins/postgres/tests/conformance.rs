//! The promises of every backend, on PostgreSQL.

use std::sync::Arc;

use snake_pipe_core::DatabaseBackend;
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::{
    conformance::{Harness, Store, run_all},
    postgres::TestDatabase,
};

/// A database of the shared cluster for every case, opened with these parameters.
fn harness(parameters: &'static str) -> Harness {
    Harness::new(move || async move {
        let database = TestDatabase::create()?;
        Ok(Store::new(move || {
            let config = PostgresConfig::from_url(&format!("{}&{parameters}", database.url()))?;
            Ok(Arc::new(PostgresBackend::new(config)) as Arc<dyn DatabaseBackend>)
        }))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept() {
    let report = run_all(&harness("pool_size=4")).await;
    println!("{report}");
    report.assert_kept();
}

/// Every new repository gets partitions of its own, however small; and all is in a schema whose name has to be quoted.
#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_by_partitions_in_any_schema_too() {
    let report = run_all(&harness("pool_size=4&partition_rows=0&schema=My+Schema")).await;
    println!("{report}");
    report.assert_kept();
}
