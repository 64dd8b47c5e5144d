//! Lost sessions and lost replies.

use std::sync::Arc;

use snake_pipe_coordinator::{CoordinatorOptions, LaneStatus, Outcome, RunSummary};
use snake_pipe_core::ErrorKind;

use crate::{
    faulty::{Fault, Faulty},
    setup::{facts, files, many, paths, pipeline},
};

/// Batches of two files, so that sessions are lost with something in them.
fn small() -> CoordinatorOptions {
    let bytes = facts("0000").approximate_bytes();
    CoordinatorOptions { batch_bytes: 2 * bytes, ..CoordinatorOptions::default() }
}

async fn run_with_replay(backend: &Faulty) -> RunSummary {
    let pipeline = pipeline(many(10)).options(small()).replay(|| many(10));
    pipeline.to(Arc::new(backend.clone())).run().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lost_session_is_replayed_and_nothing_is_missing() {
    for number in 1..=5 {
        let backend = Faulty::once("write_batch", number, ErrorKind::SessionLost);
        let summary = run_with_replay(&backend).await;
        assert_eq!(summary.outcome, Outcome::Success, "{:?}", summary.lanes);
        assert_eq!((summary.lanes[0].replays, summary.lanes[0].files_written), (1, 10));
        assert_eq!(paths(backend.inner()).len(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_lost_at_publish_is_replayed() {
    let backend = Faulty::once("publish", 1, ErrorKind::SessionLost);
    let summary = run_with_replay(&backend).await;
    assert_eq!((summary.outcome, summary.lanes[0].replays), (Outcome::Success, 1));
    assert_eq!(paths(backend.inner()).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_session_lost_before_it_accepted_anything_needs_no_replay() {
    let backend = Faulty::once("write_batch", 1, ErrorKind::SessionLost);
    let summary = pipeline(many(10)).options(small()).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!((summary.outcome, summary.lanes[0].replays), (Outcome::Success, 1));
    assert_eq!(paths(backend.inner()).len(), 10);
}

#[tokio::test]
async fn without_a_replay_a_lost_session_leaves_everything_owed() {
    let backend = Faulty::once("write_batch", 2, ErrorKind::SessionLost);
    let summary = pipeline(many(10)).options(small()).to(Arc::new(backend.clone())).run().await.unwrap();
    let lane = &summary.lanes[0];
    assert_eq!((lane.status, lane.owed_files), (LaneStatus::Failed, 10));
    assert!(lane.error.as_ref().unwrap().help.as_ref().unwrap().contains("run the load again"));
    assert_eq!(paths(backend.inner()), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn sessions_are_not_replayed_for_ever() {
    let backend = Faulty::new(|call| match call.operation == "write_batch" && call.number % 3 == 0 {
        true => Fault::before(ErrorKind::SessionLost),
        false => Fault::None,
    });
    let summary = run_with_replay(&backend).await;
    assert_eq!((summary.lanes[0].status, summary.lanes[0].replays), (LaneStatus::Failed, 3));
    assert_eq!(summary.lanes[0].owed_files, 10);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_takes_too_long_loses_its_session() {
    let backend = Faulty::new(|call| if call.is("write_batch", 2) { Fault::Hang } else { Fault::None });
    let summary = run_with_replay(&backend).await;
    assert_eq!((summary.outcome, summary.lanes[0].replays), (Outcome::Success, 1));
    assert_eq!(paths(backend.inner()).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_the_marker_tells_whether_it_happened() {
    let happened = Faulty::new(|call| match call.is("publish", 1) {
        true => Fault::After(ErrorKind::OutcomeUnknown),
        false => Fault::None,
    });
    let not = Faulty::once("publish", 1, ErrorKind::OutcomeUnknown);
    for backend in [happened, not] {
        let summary = pipeline(files(&["a"])).to(Arc::new(backend.clone())).run().await.unwrap();
        assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Success, LaneStatus::Published));
        assert_eq!(backend.calls("publish"), 2);
        assert_eq!(paths(backend.inner()), ["a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_publication_that_takes_too_long_is_asked_for() {
    let backend = Faulty::new(|call| if call.is("publish", 1) { Fault::Hang } else { Fault::None });
    let summary = pipeline(files(&["a"])).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!((summary.outcome, backend.calls("publish")), (Outcome::Success, 2));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_and_then_a_lost_session_end_in_one_publication() {
    for committed in [true, false] {
        let backend = Faulty::new(move |call| match (call.operation, call.number) {
            ("publish", 1) if committed => Fault::After(ErrorKind::OutcomeUnknown),
            ("publish", 1) => Fault::before(ErrorKind::OutcomeUnknown),
            ("publish", 2) => Fault::before(ErrorKind::SessionLost),
            _ => Fault::None,
        });
        let summary = run_with_replay(&backend).await;
        assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Success, LaneStatus::Published));
        assert_eq!(paths(backend.inner()).len(), 10);
        // What was committed is not written again.
        assert_eq!(backend.calls("write_batch"), if committed { 5 } else { 10 });
    }
}
