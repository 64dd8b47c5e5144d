//! Other processes on the same file: some are killed.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use snake_pipe_core::{
    DatabaseBackend, IntegrityScope,
    model::{Call, TransformedAst},
};
use snake_pipe_sqlite::{Config, SqliteBackend};

use super::fixture::{Fixture, batch, file_with, plan_of, publication};

const PATH: &str = "SNAKE_PIPE_TEST_PATH";
const REPOSITORY: &str = "SNAKE_PIPE_TEST_REPOSITORY";

fn files() -> Vec<TransformedAst> {
    let call = |line| Call { name: "callee".into(), line, ..Call::default() };
    let file = |number: u32| TransformedAst {
        calls: (1..=300).map(call).collect(),
        ..file_with(&format!("file_{number}"), &["f", "g"])
    };
    (0..100).map(file).collect()
}

/// What the other process does: it stages, says so, and publishes.
#[tokio::test]
#[ignore = "run by the other tests of this module, in processes of their own"]
async fn child() {
    let backend = SqliteBackend::new(Config::new(std::env::var(PATH).unwrap()));
    backend.connect().await.unwrap();
    let mut session = backend.begin_load(plan_of(&std::env::var(REPOSITORY).unwrap())).await.unwrap();
    session.write_batch(batch(&files(), &[])).await.unwrap();
    println!("staged");
    session.publish(publication()).await.unwrap();
}

/// Starts another process that loads this repository, and waits until it publishes.
fn publishing(path: &Path, repository: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["processes::child", "--exact", "--ignored", "--nocapture"])
        .env(PATH, path)
        .env(REPOSITORY, repository)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("staged")), "the other process ended early");
    // It must not stop for want of a reader.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_publishes_leaves_all_or_nothing() {
    let mut outcomes = Vec::new();
    for milliseconds in [0, 5, 20, 50, 100, 200, 400, 2000] {
        let fixture = Fixture::new().await;
        fixture.load(&[file_with("before", &["f"])], &[]).await;
        let mut child = publishing(&fixture.config.path, "killed");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        let held = fixture.number("SELECT count(*) FROM files").await - 1;
        assert!([0, 100].contains(&held), "{held} files after {milliseconds} ms");
        assert_eq!(fixture.number("SELECT count(*) FROM calls").await, held * 300);
        assert!(fixture.backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
        // The next load of the same repository finds nothing in its way.
        fixture.backend.write_batch(plan_of("killed"), batch(&files(), &[]), publication()).await.unwrap();
        assert_eq!(fixture.number("SELECT count(*) FROM files").await, 101);
        let names = std::fs::read_dir(fixture.config.path.parent().unwrap()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|name| name.starts_with("code.db")), "{names:?}");
        outcomes.push(held);
    }
    assert_eq!(outcomes.first(), Some(&0), "killed at once, it cannot have published");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_load_different_repositories_wait_for_each_other() {
    let fixture = Fixture::new().await;
    let mut children: Vec<_> =
        ["one", "two", "three"].map(|name| publishing(&fixture.config.path, name)).into();
    fixture.backend.write_batch(plan_of("own"), batch(&files(), &[]), publication()).await.unwrap();
    for child in &mut children {
        let mut errors = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            stderr.read_to_string(&mut errors).unwrap();
        }
        assert!(child.wait().unwrap().success(), "{errors}");
    }
    assert_eq!(fixture.number("SELECT count(*) FROM files").await, 400);
    assert_eq!(fixture.backend.repositories().await.unwrap().len(), 4);
}
