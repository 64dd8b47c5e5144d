//! A backend that is too slow for the stream.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use snake_pipe_coordinator::{CoordinatorOptions, EventKind, Lacking, LaneStatus, LaneSummary, Outcome};
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
async fn a_backend_that_is_only_slower_sets_the_pace_where_it_could_not_catch_up() {
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

/// How long a backend's lane took that needs ten seconds for each of a hundred batches, beside this other one, whose lane comes too.
async fn beside(other: &Faulty, options: CoordinatorOptions) -> (u64, LaneSummary) {
    let pipeline = pipeline(many(200)).options(options).replay(|| many(200));
    let summary = pipeline.to(Arc::new(slow(10))).to(Arc::new(other.clone())).run().await.unwrap();
    let mut lanes = summary.lanes.into_iter();
    let (own, other) = (lanes.next().unwrap(), lanes.next().unwrap());
    assert_eq!((own.status, own.left_behind, own.files_written), (LaneStatus::Published, false, 200));
    (own.duration_ms, other)
}

#[tokio::test(start_paused = true)]
async fn however_slow_a_backend_is_another_one_takes_five_percent_longer_at_most() {
    for seconds in [11, 20, 100, 299] {
        let slow = slow(seconds);
        let (fast_ms, lane) = beside(&slow, small()).await;
        assert!((1_000_000..1_050_000).contains(&fast_ms), "{fast_ms} ms beside one of {seconds} s");
        assert_eq!((lane.status, lane.left_behind, lane.files_written), (LaneStatus::Published, true, 200));
        // Its time is its own: nothing is written twice, and nobody is waited for.
        assert_eq!(slow.calls("write_batch"), 100);
        assert!(lane.duration_ms < (seconds * 100 + 10) * 1000, "{} ms at {seconds} s", lane.duration_ms);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_hardly_slower_stays_in_the_stream() {
    let hardly = Faulty::new(|call| match call.operation {
        "write_batch" => Fault::Slow(Duration::from_millis(10_200)),
        _ => Fault::None,
    });
    let (fast_ms, lane) = beside(&hardly, small()).await;
    assert!((1_000_000..1_050_000).contains(&fast_ms), "{fast_ms} ms");
    assert_eq!((lane.status, lane.left_behind), (LaneStatus::Published, false));
}

#[tokio::test(start_paused = true)]
async fn what_the_lanes_hold_makes_good_for_a_pause() {
    // A pause of ninety seconds, when the other one has ten batches to write yet.
    let pausing = Faulty::new(|call| match call {
        call if call.is("write_batch", 20) => Fault::Slow(Duration::from_secs(90)),
        call if call.operation == "write_batch" => Fault::Slow(Duration::from_secs(10)),
        _ => Fault::None,
    });
    let lane_bytes = 20 * facts("0000").approximate_bytes() + 10_240;
    let (fast_ms, lane) = beside(&pausing, CoordinatorOptions { lane_bytes, ..small() }).await;
    assert!((1_000_000..1_001_000).contains(&fast_ms), "{fast_ms} ms");
    assert_eq!((lane.status, lane.left_behind), (LaneStatus::Published, false));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_dead_or_silent_takes_no_time_from_another_one() {
    let dead = Faulty::new(|_| Fault::before(ErrorKind::Connection));
    let (fast_ms, lane) = beside(&dead, small()).await;
    assert!((1_000_000..1_001_000).contains(&fast_ms), "{fast_ms} ms");
    assert_eq!((lane.status, lane.owed_files), (LaneStatus::Failed, 200));

    for operation in ["connect", "begin_load", "write_batch"] {
        let silent =
            Faulty::new(move |call| if call.operation == operation { Fault::Hang } else { Fault::None });
        let (fast_ms, lane) = beside(&silent, small()).await;
        assert!((1_000_000..1_050_000).contains(&fast_ms), "{fast_ms} ms beside one silent at {operation}");
        assert_eq!((lane.status, lane.owed_files), (LaneStatus::Failed, 200), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_hundred_percent_the_slowest_sets_the_pace() {
    let options = CoordinatorOptions { lag_percent: 100, ..small() };
    let (fast_ms, lane) = beside(&slow(20), options).await;
    assert!(fast_ms >= 1_900_000, "{fast_ms} ms");
    assert_eq!((lane.status, lane.left_behind), (LaneStatus::Published, false));
}

#[tokio::test(start_paused = true)]
async fn only_what_it_lacks_is_asked_for_again() {
    let (asked, told) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (again, events) = (asked.clone(), told.clone());
    let pipeline = pipeline(many(20)).options(small()).replay_lacking(move |lacking: Lacking| {
        let missing: Vec<_> = (0..20)
            .map(|n| facts(&format!("{n:04}")))
            .filter(|facts| lacking.contains(facts.key()))
            .collect();
        again.lock().unwrap().push(missing.len());
        futures::stream::iter(missing.into_iter().map(Ok))
    });
    let pipeline = pipeline.observe(move |event| {
        if matches!(event.kind, EventKind::LeftBehind) {
            events.lock().unwrap().push(event.backend.as_ref().unwrap().name.clone());
        }
    });
    let slow = slow(100);
    let summary = pipeline.to(shared(&MemoryBackend::new())).to(Arc::new(slow.clone())).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    // Three batches of two had been handed to it.
    assert_eq!(*asked.lock().unwrap(), [14]);
    assert_eq!(*told.lock().unwrap(), ["faulty"]);
    assert_eq!(paths(slow.inner()).len(), 20);
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
