//! The pipeline as a whole, into an SQLite file.

use std::{fs, path::Path};

use enrich_pipeline::{Owners, connect, load};
use snake_pipe::{
    coordinator::{Outcome, RunSummary},
    core::SqlQuery,
    extract::{CacheLocation, ExtractOptions},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_loaded_with_its_owner_and_again_when_that_changes() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("app");
    fs::create_dir_all(source.join("src")).unwrap();
    fs::write(source.join("src/app.py"), "def run():\n    return 1\n").unwrap();
    fs::write(source.join("notes.txt"), "to do\n").unwrap();
    let url = format!("sqlite:{}", folder.path().join("code.db").display());

    let first = run(&source, &url, "* everybody\nsrc/ team-a\n").await;
    assert_eq!((first.outcome, first.lanes[0].files_written), (Outcome::Success, 2));
    assert_eq!(metadata(&url).await, ["notes.txt everybody", "src/app.py team-a"]);

    let again = run(&source, &url, "* everybody\nsrc/ team-a\n").await;
    assert_eq!((again.outcome, again.lanes[0].files_written), (Outcome::Success, 0));

    let moved = run(&source, &url, "* everybody\nsrc/ team-b\n").await;
    assert_eq!((moved.outcome, moved.lanes[0].files_written), (Outcome::Success, 2));
    assert_eq!(metadata(&url).await, ["notes.txt everybody", "src/app.py team-b"]);
}

async fn run(source: &Path, url: &str, owners: &str) -> RunSummary {
    let options = ExtractOptions { cache: CacheLocation::Temporary, ..ExtractOptions::default() };
    load(source, options, Owners::parse(owners).unwrap(), connect(url).await.unwrap()).await.unwrap()
}

/// Each file with its owner, as the database holds them.
async fn metadata(url: &str) -> Vec<String> {
    let backend = connect(url).await.unwrap();
    let sql = "SELECT file_path || ' ' || json_extract(metadata, '$.owner') FROM files ORDER BY 1";
    let answer = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap();
    answer.rows.iter().map(|row| row[0].to_string()).collect()
}
