//! The suite that every backend passes.

use std::sync::Arc;

use snake_pipe_core::DatabaseBackend;
use snake_pipe_sqlite::{Config, SqliteBackend};
use snake_pipe_testkit::conformance::{Harness, Store, run_all};

#[tokio::test(flavor = "multi_thread")]
async fn keeps_every_promise() {
    let harness = Harness::new(|| async {
        let folder = tempfile::tempdir()?;
        Ok(Store::new(move || {
            let backend = SqliteBackend::new(Config::new(folder.path().join("code.db")));
            Ok(Arc::new(backend) as Arc<dyn DatabaseBackend>)
        }))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
}
