//! Positions: how far the sources have been read, committed with the data.

use std::sync::Arc;

use serde_json::json;
use snake_pipe_coordinator::{LaneStatus, Outcome, Pipeline, RunSummary};
use snake_pipe_core::{
    DatabaseBackend, ErrorKind,
    memory::MemoryBackend,
    position::{OrderKey, PositionKey, PositionKind, SourcePosition},
};

use crate::{
    faulty::{Fault, Faulty},
    setup::{files, paths, pipeline, shared},
};

fn at(source: &str, number: u64) -> SourcePosition {
    SourcePosition {
        key: PositionKey::of(source, PositionKind::Stream),
        value: json!(number),
        order: OrderKey::number(number),
    }
}

/// A run that brings these files, having read so far.
fn run(paths: &'static [&'static str], positions: &[SourcePosition]) -> Pipeline<'static> {
    pipeline(files(paths)).positions(positions.to_vec())
}

async fn held(backend: &dyn DatabaseBackend) -> Vec<SourcePosition> {
    let stored = backend.repositories().await.unwrap();
    stored.into_iter().filter_map(|stored| stored.snapshot).flat_map(|snapshot| snapshot.positions).collect()
}

async fn load(backend: &MemoryBackend, run: Pipeline<'static>) -> RunSummary {
    run.to(shared(backend)).run().await.unwrap()
}

#[tokio::test]
async fn a_position_moves_with_the_data_and_also_alone() {
    let backend = MemoryBackend::new();
    let summary = load(&backend, run(&["a"], &[at("orders", 5), at("users", 1)])).await;
    assert_eq!(summary.lanes[0].positions, [at("orders", 5), at("users", 1)]);
    // Nothing new came, up to there.
    let summary = load(&backend, run(&["a"], &[at("orders", 9)])).await;
    assert_eq!(summary.lanes[0].status, LaneStatus::Published);
    assert_eq!(held(&backend).await, [at("orders", 9), at("users", 1)]);
    assert_eq!(summary.reached(), [at("orders", 9), at("users", 1)]);
    // A run without positions keeps them, and one that says the same again writes nothing.
    load(&backend, run(&["b"], &[])).await;
    assert_eq!(held(&backend).await, [at("orders", 9), at("users", 1)]);
    let summary = load(&backend, run(&["b"], &[at("orders", 9)])).await;
    assert_eq!((summary.lanes[0].status, summary.lanes[0].rows), (LaneStatus::Unchanged, 0));
    assert_eq!(summary.reached(), [at("orders", 9), at("users", 1)]);
}

#[tokio::test]
async fn a_position_that_would_go_back_ends_the_lane_before_it_writes() {
    let backend = MemoryBackend::new();
    load(&backend, run(&["a"], &[at("orders", 5)])).await;
    let summary = load(&backend, run(&["b"], &[at("orders", 4)])).await;
    assert_eq!(summary.outcome, Outcome::Failed);
    let error = summary.lanes[0].error.as_ref().unwrap();
    assert_eq!(error.kind, "conflict");
    assert_eq!((paths(&backend), held(&backend).await), (vec!["a".to_owned()], vec![at("orders", 5)]));

    let summary = load(&backend, run(&["b"], &[at("orders", 4)]).reset_positions(true)).await;
    assert_eq!((summary.outcome, held(&backend).await), (Outcome::Success, vec![at("orders", 4)]));
}

#[tokio::test]
async fn a_run_has_come_as_far_as_the_last_of_its_backends() {
    let (first, second) = (MemoryBackend::new().called("first"), MemoryBackend::new().called("second"));
    load(&first, run(&["a"], &[at("orders", 5), at("users", 5)])).await;
    load(&second, run(&["a"], &[at("orders", 3)])).await;
    let summary = pipeline(files(&["a"])).to(shared(&first)).to(shared(&second)).run().await.unwrap();
    assert_eq!(summary.reached(), [at("orders", 3)]);
}

#[tokio::test]
async fn whatever_happens_to_a_publication_the_position_is_that_of_the_data() {
    let faults: [fn() -> Fault; 4] = [
        || Fault::before(ErrorKind::Internal),
        || Fault::before(ErrorKind::OutcomeUnknown),
        || Fault::After(ErrorKind::OutcomeUnknown),
        || Fault::After(ErrorKind::Internal),
    ];
    for fault in faults {
        let backend = Faulty::new(move |call| if call.is("publish", 2) { fault() } else { Fault::None });
        let load = async |run: Pipeline<'static>| run.to(Arc::new(backend.clone())).run().await.unwrap();
        load(run(&["a"], &[at("orders", 1)])).await;
        load(run(&["b"], &[at("orders", 2)])).await;
        let state = (paths(backend.inner()).len() as u64, held(&backend).await);
        assert_eq!(state.1, [at("orders", state.0)], "as many files as the position says");
        load(run(&["b"], &[at("orders", 2)])).await;
        assert_eq!((paths(backend.inner()).len(), held(&backend).await), (2, vec![at("orders", 2)]));
    }
}
