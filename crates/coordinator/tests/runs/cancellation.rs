//! Runs that end early.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use snake_pipe_coordinator::{CoordinatorOptions, LaneStatus, Outcome};
use snake_pipe_core::{ErrorKind, memory::MemoryBackend};
use tokio_util::sync::CancellationToken;

use crate::{
    faulty::{Fault, Faulty},
    setup::{facts, load, many, paths, pipeline, shared},
};

/// A backend every call of which takes a millisecond.
fn steady() -> Faulty {
    Faulty::new(|_| Fault::Slow(Duration::from_millis(1)))
}

fn small() -> CoordinatorOptions {
    CoordinatorOptions { batch_bytes: 2 * facts("0000").approximate_bytes(), ..CoordinatorOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn cancelled_at_any_point_a_run_is_wholly_visible_or_not_at_all() {
    let mut outcomes = Vec::new();
    for after in 0..20 {
        let backends = [steady(), steady()];
        for backend in &backends {
            load(backend.inner(), &["old"]).await;
        }
        let token = CancellationToken::new();
        let pipeline = pipeline(many(10)).options(small()).cancelled_by(token.clone());
        let run = backends.iter().fold(pipeline, |run, backend| run.to(Arc::new(backend.clone()))).run();
        let cancel = async {
            tokio::time::sleep(Duration::from_micros(500 + 1000 * after)).await;
            token.cancel();
        };
        let (summary, ()) = tokio::join!(run, cancel);
        let summary = summary.unwrap();
        for (backend, lane) in backends.iter().zip(&summary.lanes) {
            let held = paths(backend.inner()).len();
            assert!(held == 1 || held == 11, "{held} files after {after} ms");
            assert_eq!(held == 11, lane.status == LaneStatus::Published, "after {after} ms");
        }
        outcomes.push(summary.outcome);
    }
    assert_eq!((outcomes[0], outcomes[19]), (Outcome::Cancelled, Outcome::Success));
    assert!(outcomes.is_sorted_by_key(|outcome| *outcome == Outcome::Success));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_aborts_its_sessions_and_leaves_the_backend_usable() {
    let backend = steady();
    let token = CancellationToken::new();
    let stream = many(10).chain(futures::stream::pending());
    let run =
        pipeline(stream).options(small()).cancelled_by(token.clone()).to(Arc::new(backend.clone())).run();
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        token.cancel();
    };
    let (summary, ()) = tokio::join!(run, cancel);
    let summary = summary.unwrap();
    assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Cancelled, LaneStatus::Cancelled));
    assert_eq!(backend.calls("abort"), 1);
    assert_eq!(load(backend.inner(), &["a"]).await.outcome, Outcome::Success);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_run_drops_its_sessions() {
    let backend = steady();
    let stream = many(10).chain(futures::stream::pending());
    let run = pipeline(stream).options(small()).to(Arc::new(backend.clone())).run();
    assert!(tokio::time::timeout(Duration::from_secs(5), run).await.is_err());
    let calls = backend.calls("write_batch");
    assert_eq!(calls, 5);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(paths(backend.inner()), Vec::<String>::new());
    assert_eq!(backend.calls("write_batch"), calls);
}

#[tokio::test]
async fn a_backend_that_says_cancelled_ends_the_run_for_all() {
    let (one, two) = (Faulty::once("begin_load", 1, ErrorKind::Cancelled), steady());
    let stream = many(10).chain(futures::stream::pending());
    let pipeline = pipeline(stream).options(small()).to(Arc::new(one)).to(Arc::new(two.clone()));
    let summary = pipeline.run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Cancelled);
    assert_eq!(summary.lanes[0].error.as_ref().unwrap().operation.as_deref(), Some("begin_load"));
    assert_eq!(summary.lanes[1].error, None);
    assert_eq!(paths(two.inner()), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_run_cancelled_while_it_publishes_says_so() {
    let backend = Faulty::new(|call| if call.is("publish", 1) { Fault::Hang } else { Fault::None });
    let token = CancellationToken::new();
    let run = pipeline(many(1)).cancelled_by(token.clone()).to(Arc::new(backend)).run();
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        token.cancel();
    };
    let (summary, ()) = tokio::join!(run, cancel);
    let lane = &summary.unwrap().lanes[0];
    assert_eq!(lane.status, LaneStatus::Cancelled);
    assert!(lane.error.as_ref().unwrap().message.contains("while the backend published"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_several_threads_a_cancelled_run_is_all_or_nothing_too() {
    for round in 0..100_u64 {
        let backend = MemoryBackend::new();
        let token = CancellationToken::new();
        let run = pipeline(many(50)).options(small()).cancelled_by(token.clone()).to(shared(&backend)).run();
        let run = tokio::spawn(run);
        tokio::time::sleep(Duration::from_micros(round * 20)).await;
        token.cancel();
        let summary = run.await.unwrap().unwrap();
        let expected = if summary.lanes[0].status == LaneStatus::Published { 50 } else { 0 };
        let is_known = summary.lanes[0].error.is_none();
        assert!(!is_known || paths(&backend).len() == expected, "{:?}", summary.lanes[0]);
        assert!(matches!(paths(&backend).len(), 0 | 50));
    }
}
