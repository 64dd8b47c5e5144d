//! A backend that is too slow for the stream.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use snake_pipe_coordinator::{CoordinatorOptions, LaneStatus, Outcome};
use snake_pipe_core::{Error, ErrorKind, memory::MemoryBackend};
use tokio::time::Instant;

use crate::{
    faulty::{Fault, Faulty},
    setup::{facts, many, paths, pipeline, shared},
};

/// Takes `seconds` for every batch.
fn slow(seconds: u64) -> Faulty {
    Faulty::new(move |call| match call.operation {
        "write_batch" => Fault::Slow(Duration::from_secs(seconds)),
        _ => Fault::None,
    })
}

/// Batches of two files, of which a lane holds two.
fn small() -> CoordinatorOptions {
    let bytes = facts("0000").approximate_bytes();
    CoordinatorOptions {
        batch_bytes: 2 * bytes,
        lane_bytes: 4 * bytes + 1024,
        ..CoordinatorOptions::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_only_slower_sets_the_pace() {
    let (fast, slow) = (MemoryBackend::new(), slow(10));
    let pipeline = pipeline(many(20)).options(small()).to(shared(&fast)).to(Arc::new(slow.clone()));
    let summary = pipeline.run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!(paths(slow.inner()), paths(&fast));
}

#[tokio::test(start_paused = true)]
async fn a_backend_beyond_the_lag_limit_is_left_behind_and_owed() {
    let (fast, slow) = (MemoryBackend::new(), slow(100));
    let started = Instant::now();
    let pipeline = pipeline(many(20)).options(small()).to(shared(&fast)).to(Arc::new(slow.clone()));
    let summary = pipeline.run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::PartlyFailed);
    assert_eq!(summary.lanes[0].status, LaneStatus::Published);
    assert_eq!((summary.lanes[1].status, summary.lanes[1].owed_files), (LaneStatus::Lagging, 20));
    assert!(summary.lanes[0].duration_ms < 40_000, "{} ms", summary.lanes[0].duration_ms);
    assert!(started.elapsed() < Duration::from_secs(500));
    assert_eq!(paths(slow.inner()), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn with_a_replay_it_catches_up_in_its_own_time() {
    let (fast, slow) = (MemoryBackend::new(), slow(100));
    let pipeline = pipeline(many(20)).options(small()).replay(|| many(20));
    let summary = pipeline.to(shared(&fast)).to(Arc::new(slow.clone())).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert!(summary.lanes[0].duration_ms < 40_000, "{} ms", summary.lanes[0].duration_ms);
    assert_eq!((summary.lanes[1].status, summary.lanes[1].files_written), (LaneStatus::Published, 20));
    assert_eq!(paths(slow.inner()), paths(&fast));
    // What it had taken of the stream is not written again.
    assert_eq!(slow.calls("write_batch"), 10);
}

#[tokio::test(start_paused = true)]
async fn a_backend_alone_is_waited_for() {
    let slow = slow(100);
    let summary = pipeline(many(20)).options(small()).to(Arc::new(slow.clone())).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!(paths(slow.inner()).len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_backend_makes_nobody_lag() {
    let (slow, dead) = (slow(100), Faulty::once("connect", 1, ErrorKind::Authentication));
    let pipeline = pipeline(many(20)).options(small()).to(Arc::new(dead)).to(Arc::new(slow.clone()));
    let summary = pipeline.run().await.unwrap();
    assert_eq!((summary.lanes[0].status, summary.lanes[0].owed_files), (LaneStatus::Failed, 20));
    assert_eq!(summary.lanes[1].status, LaneStatus::Published);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_caught_up_waits_for_the_end_of_the_stream_which_may_be_a_bad_one() {
    let (fast, slow) = (MemoryBackend::new(), slow(100));
    let failing_late = futures::stream::once(async {
        tokio::time::sleep(Duration::from_secs(100_000)).await;
        Err(Error::new(ErrorKind::Io, "disk gone"))
    });
    let pipeline = pipeline(many(20).chain(failing_late)).options(small()).replay(|| many(20));
    let summary = pipeline.to(shared(&fast)).to(Arc::new(slow.clone())).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
    assert_eq!(slow.calls("write_batch"), 10);
    assert_eq!(paths(slow.inner()), Vec::<String>::new());
}
