//! A backend that dies and comes back during a run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use snake_pipe_coordinator::{
    BreakerState, CoordinatorOptions, LaneStatus, Outcome, Pipeline, ReturnOptions,
};
use snake_pipe_core::{ErrorKind, Result, memory::MemoryBackend, model::TransformedAst};
use tokio::time::{Instant, sleep};

use crate::{
    faulty::{Fault, Faulty},
    setup::{load, many, paths, pipeline, shared},
};

/// A backend, and whether it answers.
fn mortal() -> (Faulty, Arc<AtomicBool>) {
    let alive = Arc::new(AtomicBool::new(true));
    let answers = alive.clone();
    let backend = Faulty::new(move |_| match answers.load(Ordering::SeqCst) {
        true => Fault::None,
        false => Fault::before(ErrorKind::Connection),
    });
    (backend, alive)
}

/// A file in a second, each a batch of its own.
fn slowly(count: usize) -> impl futures::Stream<Item = Result<TransformedAst>> + Send + 'static {
    many(count).then(|facts| async {
        sleep(Duration::from_secs(1)).await;
        facts
    })
}

fn run(count: usize, within: Duration) -> Pipeline<'static> {
    let returning = ReturnOptions { within, ..ReturnOptions::default() };
    let options = CoordinatorOptions { batch_bytes: 1, returning, ..CoordinatorOptions::default() };
    pipeline(slowly(count)).options(options).replay(move || many(count))
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_returns_while_the_stream_goes_on_is_completed_in_the_same_run() {
    let ((backend, alive), other) = (mortal(), MemoryBackend::new());
    let run = run(60, Duration::ZERO).to(shared(&other)).to(Arc::new(backend.clone()));
    let fate = async {
        sleep(Duration::from_secs(5)).await;
        alive.store(false, Ordering::SeqCst);
        sleep(Duration::from_secs(40)).await;
        alive.store(true, Ordering::SeqCst);
    };
    let (summary, ()) = tokio::join!(run.run(), fate);
    let summary = summary.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    let lane = &summary.lanes[1];
    assert_eq!((lane.returns, lane.files_written, lane.breaker), (1, 60, BreakerState::Closed));
    assert_eq!(paths(backend.inner()), paths(&other));
    // The other one was not held up: the stream alone takes a minute.
    assert!(summary.lanes[0].duration_ms < 61_000, "{} ms", summary.lanes[0].duration_ms);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_held_open_completes_a_backend_within_30_s_of_its_return() {
    let ((backend, alive), other) = (mortal(), MemoryBackend::new());
    let run = run(10, Duration::from_secs(600)).to(shared(&other)).to(Arc::new(backend.clone()));
    let fate = async {
        alive.store(false, Ordering::SeqCst);
        sleep(Duration::from_secs(300)).await;
        alive.store(true, Ordering::SeqCst);
        Instant::now()
    };
    let (summary, back) = tokio::join!(run.run(), fate);
    assert_eq!(summary.unwrap().outcome, Outcome::Success);
    assert!(back.elapsed() < Duration::from_secs(30), "{:?}", back.elapsed());
    assert_eq!(paths(backend.inner()).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_does_not_return_ends_with_its_error_and_is_owed() {
    for (within, least) in [(0, 10), (100, 110)] {
        let ((backend, alive), other) = (mortal(), MemoryBackend::new());
        load(backend.inner(), &["0000"]).await;
        alive.store(false, Ordering::SeqCst);
        let started = Instant::now();
        let run = run(10, Duration::from_secs(within)).to(shared(&other)).to(Arc::new(backend.clone()));
        let summary = run.run().await.unwrap();
        assert_eq!(summary.outcome, Outcome::PartlyFailed);
        let lane = &summary.lanes[1];
        assert_eq!((lane.status, lane.owed_files, lane.returns), (LaneStatus::Failed, 10, 0));
        assert_eq!(lane.error.as_ref().unwrap().kind, "connection");
        let seconds = started.elapsed().as_secs();
        assert!((least..least + 5).contains(&seconds), "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_without_any_backend_that_answers_ends_unless_it_is_held_open() {
    let (backend, alive) = mortal();
    alive.store(false, Ordering::SeqCst);
    let ended = run(1_000, Duration::ZERO).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!(ended.outcome, Outcome::Failed);
    assert!(ended.duration_ms < 60_000, "{} ms", ended.duration_ms);

    let held = run(10, Duration::from_secs(600)).to(Arc::new(backend.clone()));
    let fate = async {
        sleep(Duration::from_secs(60)).await;
        alive.store(true, Ordering::SeqCst);
    };
    let (summary, ()) = tokio::join!(held.run(), fate);
    assert_eq!(summary.unwrap().outcome, Outcome::Success);
    assert_eq!(paths(backend.inner()).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_a_publication_that_is_lost_for_good_is_found_out_after_the_return() {
    let alive = Arc::new(AtomicBool::new(true));
    let answers = alive.clone();
    let backend = Faulty::new(move |call| match (call.operation, answers.load(Ordering::SeqCst)) {
        ("publish", true) if call.number == 1 => {
            answers.store(false, Ordering::SeqCst);
            Fault::After(ErrorKind::OutcomeUnknown)
        }
        (_, true) => Fault::None,
        (_, false) => Fault::before(ErrorKind::Connection),
    });
    let run = run(5, Duration::from_secs(600)).to(Arc::new(backend.clone()));
    let fate = async {
        sleep(Duration::from_secs(60)).await;
        alive.store(true, Ordering::SeqCst);
    };
    let (summary, ()) = tokio::join!(run.run(), fate);
    let summary = summary.unwrap();
    assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Success, LaneStatus::Published));
    assert_eq!(paths(backend.inner()).len(), 5);
}
