//! The suite that every backend passes.

use std::{path::PathBuf, sync::Arc};

use snake_pipe_core::{DatabaseBackend, Error, ErrorKind, Result};
use snake_pipe_sqlite::{Config, SqliteBackend};
use snake_pipe_testkit::conformance::{Harness, Store, run_all};
use sqlx::{Connection as _, SqliteConnection};

/// Adds a trigger that refuses functions of a name.
async fn refuse(path: PathBuf, function: &str) -> Result<()> {
    let trigger = format!(
        "CREATE TRIGGER forbids BEFORE INSERT ON functions WHEN NEW.name = '{function}'
         BEGIN SELECT RAISE(ABORT, 'no function may be called so'); END"
    );
    let added = async {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&mut connection).await?;
        connection.close().await
    };
    added.await.map_err(|error| Error::new(ErrorKind::Internal, "no trigger was added").with_source(error))
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_every_promise() {
    let harness = Harness::new(|| async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("code.db");
        let store = Store::new({
            let path = path.clone();
            move || {
                let _is_kept = &folder;
                let backend = SqliteBackend::new(Config::new(path.clone()));
                Ok(Arc::new(backend) as Arc<dyn DatabaseBackend>)
            }
        });
        Ok(store.with_refusal(move |function| refuse(path.clone(), function)))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
}
