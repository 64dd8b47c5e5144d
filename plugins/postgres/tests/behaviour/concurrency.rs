//! Many who write at once: rows and tables are locked in one order, so nobody waits in a circle.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend as _, ErrorKind, IntegrityScope,
    load::{LoadPlan, Repository},
    model::TransformedAst,
};
use snake_pipe_testkit::postgres::TestDatabase;

use crate::support::{backend, batch, connect, count, function, library, publication, user};

/// Writers, two for each repository.
const WRITERS: usize = 6;
/// Loads of each.
const ROUNDS: usize = 4;

/// Files that refer to each other, whose rows differ from round to round, in an order that differs from writer to writer.
fn files(writer: usize, round: usize) -> Vec<Arc<TransformedAst>> {
    let mut files: Vec<_> = (0..12)
        .map(|number| match number % 3 {
            0 => library(&format!("lib{number}.py")),
            _ => user(&format!("app{number}.py"), &format!("lib{}.py", number / 3 * 3)),
        })
        .map(|facts| {
            let changed = function(&format!("of_{writer}_{round}"));
            let functions = facts.functions.iter().cloned().chain([changed]).collect();
            Arc::new(TransformedAst { functions, ..facts })
        })
        .collect();
    if writer.is_multiple_of(2) {
        files.reverse();
    }
    files.rotate_left((writer + round) % 12);
    files
}

/// Loads again and again. How often a load of the same repository that began later took over.
async fn write(url: String, writer: usize) -> usize {
    let backend = connect(&url).await;
    let mut fenced = 0;
    for round in 0..ROUNDS {
        let plan = LoadPlan::partial(Repository::named(format!("shared{}", writer / 2)), "1");
        let loaded = async {
            let mut session = backend.begin_load(plan).await?;
            for part in files(writer, round).chunks(5) {
                session.write_batch(batch(part)).await?;
            }
            session.publish(publication()).await
        };
        match loaded.await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Fenced => fenced += 1,
            Err(error) => panic!("writer {writer}, round {round}: {error:?}"),
        }
    }
    backend.close().await.unwrap();
    fenced
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_of_the_same_tables_and_files_never_wait_in_a_circle() {
    let (database, backend): (TestDatabase, _) = backend().await;
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(database.url(), writer))).collect();
    let mut fenced = 0;
    for writer in writers {
        fenced += writer.await.unwrap();
    }
    assert!(fenced < WRITERS * ROUNDS, "every load was replaced by another");
    assert_eq!(count(&backend, "SELECT count(*) FROM repositories").await, WRITERS as i64 / 2);
    assert_eq!(count(&backend, "SELECT count(*) FROM files").await, WRITERS as i64 / 2 * 12);
    assert!(backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(count(&backend, deadlocks).await, 0);
}
