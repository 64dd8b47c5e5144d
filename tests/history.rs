//! What changed between two snapshots, the same in every database.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use snake_pipe::core::{
    DatabaseBackend, Language, MigrateMode, SqlQuery, Value,
    load::{Batch, LoadPlan, Marker, Publication, Repository, Snapshot},
    model::{FunctionKind, LineCounts, TransformedAst},
    queries::named,
};
use snake_pipe_testkit::{fixtures::FactsBuilder, postgres::TestDatabase};

/// A file of so many lines with these functions: name, first line, last line, complexity.
fn file(path: &str, total: u32, functions: &[(&str, u32, u32, u32)]) -> Arc<TransformedAst> {
    let mut file = FactsBuilder::new(path, Language::Python);
    for (name, first, last, complexity) in functions {
        let function = file.function(FunctionKind::Function, name, None, (*first, *last));
        file.facts.functions[function as usize].complexity = Some(*complexity);
    }
    file.facts.lines = Some(LineCounts { total, code: total, comment: 0, blank: 0 });
    Arc::new(file.finish())
}

/// Four states of a repository, by commit.
fn states() -> [(&'static str, Vec<Arc<TransformedAst>>); 4] {
    let kept = file("kept.py", 1, &[("k", 1, 1, 1)]);
    let a = |f: u32, moved: u32| {
        file("a.py", 10 + f, &[("f", 1 + moved, 9 + moved, f), ("same", 20 + moved, 21 + moved, 1)])
    };
    [
        ("c1", vec![kept.clone(), a(2, 0), file("b.py", 30, &[("g", 1, 30, 4)])]),
        (
            "c2",
            vec![
                kept.clone(),
                a(7, 0),
                file("b.py", 30, &[("g", 1, 30, 4)]),
                file("c.py", 5, &[("h", 1, 5, 1)]),
            ],
        ),
        ("c3", vec![kept.clone(), a(3, 5)]),
        ("c4", vec![kept, a(3, 5), file("b.py", 3, &[("g", 1, 3, 1)])]),
    ]
}

async fn load(backend: &dyn DatabaseBackend, commit: &str, files: &[Arc<TransformedAst>]) {
    let plan = LoadPlan::complete(Repository::named("app"), "1", files.iter().map(|facts| facts.key()));
    let batch = Batch { files: files.to_vec(), ..Batch::default() };
    let snapshot = Snapshot { commit: Some(commit.to_owned()), ..Snapshot::default() };
    let mut session = backend.begin_load(plan).await.unwrap();
    session.write_batch(Arc::new(batch)).await.unwrap();
    session.publish(Publication { marker: Marker::random(), snapshot }).await.unwrap();
}

/// Both databases, with the four states one after the other.
struct Databases {
    backends: Vec<Arc<dyn DatabaseBackend>>,
    _folder: tempfile::TempDir,
    _database: TestDatabase,
}

impl Databases {
    async fn new() -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::create().unwrap());
        let urls = [format!("sqlite:{}", folder.path().join("past.db").display()), database.url()];
        let mut backends = Vec::new();
        for url in urls {
            let backend = snake_pipe::registry().unwrap().build(&url, None, []).unwrap();
            backend.connect().await.unwrap();
            backend.migrate(MigrateMode::Apply).await.unwrap();
            for (commit, files) in states() {
                load(backend.as_ref(), commit, &files).await;
            }
            backends.push(backend);
        }
        Self { backends, _folder: folder, _database: database }
    }

    /// The answer on which both agree, each row with its values separated by ` | `.
    async fn largest_changes(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        let given: BTreeMap<_, _> =
            parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.agreed(async |backend| {
            named("largest-changes").unwrap().run(backend, &given).await.unwrap().rows
        })
        .await
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        self.agreed(async |backend| backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap().rows).await
    }

    async fn agreed(&self, ask: impl AsyncFn(&dyn DatabaseBackend) -> Vec<Vec<Value>>) -> Vec<String> {
        let line = |row: Vec<Value>| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
        let mut answers = Vec::new();
        for backend in &self.backends {
            answers.push(ask(backend.as_ref()).await.into_iter().map(line).collect::<Vec<_>>());
        }
        assert_eq!(answers[0], answers[1]);
        answers.remove(0)
    }
}

#[tokio::test]
async fn the_largest_changes_are_those_between_two_snapshots() {
    let databases = Databases::new().await;
    let asked = [("from", "c1"), ("to", "c2")];
    let changed = "app | a.py | python | changed | 12 | 17 | 3 | 8 | 1";
    assert_eq!(
        databases.largest_changes(&asked).await,
        [changed, "app | c.py | python | added |  | 5 |  | 1 | 1"]
    );
    // What came and went in between is left out, and what changed twice is compared with what it was at first.
    let asked = [("from", "c1"), ("to", "c3")];
    assert_eq!(
        databases.largest_changes(&asked).await,
        [
            "app | b.py | python | removed | 30 |  | 4 |  | 1",
            "app | a.py | python | changed | 12 | 13 | 3 | 4 | 1"
        ]
    );
    let last = "app | b.py | python | added |  | 3 |  | 1 | 1";
    assert_eq!(databases.largest_changes(&[]).await, [last]);
    assert_eq!(databases.largest_changes(&[("from", "c3"), ("limit", "1")]).await, [last]);
    // Nothing is known of what led to the first.
    assert_eq!(databases.largest_changes(&[("to", "c1")]).await, [""; 0]);
    assert_eq!(databases.largest_changes(&[("repository", "other")]).await, [""; 0]);
}

#[tokio::test]
async fn history_says_what_each_load_changed_and_not_what_only_moved() {
    let databases = Databases::new().await;
    let files =
        "SELECT s.commit_hash, h.file_path, h.change, h.lines_before, h.lines_after, h.function_count_after
                 FROM file_history h JOIN snapshots s ON s.snapshot_id = h.snapshot_id
                 ORDER BY s.commit_hash, h.file_path";
    assert_eq!(
        databases.rows(files).await,
        [
            "c2 | a.py | changed | 12 | 17 | 2",
            "c2 | c.py | added |  | 5 | 1",
            "c3 | a.py | changed | 17 | 13 | 2",
            "c3 | b.py | removed | 30 |  | ",
            "c3 | c.py | removed | 5 |  | ",
            "c4 | b.py | added |  | 3 | 1",
        ]
    );
    let functions = "SELECT s.commit_hash, h.qualified_name, h.change, h.lines_before, h.lines_after,
                            h.complexity_before, h.complexity_after
                     FROM function_history h JOIN snapshots s ON s.snapshot_id = h.snapshot_id
                     ORDER BY s.commit_hash, h.qualified_name";
    assert_eq!(
        databases.rows(functions).await,
        [
            "c2 | f | changed | 9 | 9 | 2 | 7",
            "c2 | h | added |  | 5 |  | 1",
            "c3 | f | changed | 9 | 9 | 7 | 3",
            "c3 | g | removed | 30 |  | 4 | ",
            "c3 | h | removed | 5 |  | 1 | ",
            "c4 | g | added |  | 3 |  | 1",
        ]
    );
}

#[tokio::test]
async fn what_is_loaded_again_without_a_change_leaves_no_history() {
    let databases = Databases::new().await;
    let [.., (_, files)] = states();
    for backend in &databases.backends {
        load(backend.as_ref(), "c5", &files).await;
    }
    let count = "SELECT count(*) FROM file_history h JOIN snapshots s ON s.snapshot_id = h.snapshot_id
                 WHERE s.commit_hash = 'c5'";
    assert_eq!(databases.rows(count).await, ["0"]);
    assert_eq!(databases.largest_changes(&[]).await, [""; 0]);
    for backend in &databases.backends {
        assert!(backend.remove_repository(Repository::named("app").id()).await.unwrap());
    }
    let left = "SELECT (SELECT count(*) FROM file_history) + (SELECT count(*) FROM function_history)";
    assert_eq!(databases.rows(left).await, ["0"]);
}
