//! What a lane does about each class of errors, and that the others go on.

use std::{sync::Arc, time::Duration};

use snake_pipe_coordinator::{
    BreakerOptions, BreakerState, Breakers, CoordinatorOptions, LaneStatus, Outcome, RetryOptions,
};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, memory::MemoryBackend, mock::MockDatabaseBackend, model::ParseStatus,
};
use tokio::time::Instant;

use crate::{
    faulty::{Fault, Faulty},
    setup::{app, files, many, paths, pipeline, shared},
};

#[tokio::test(start_paused = true)]
async fn a_dead_backend_does_not_stop_the_other() {
    let alive = MemoryBackend::new();
    let dead = Faulty::new(|call| match call.operation {
        "connect" => Fault::before(ErrorKind::Connection),
        _ => Fault::None,
    });
    let summary = pipeline(many(100)).to(Arc::new(dead)).to(shared(&alive)).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::PartlyFailed);
    let lane = &summary.lanes[0];
    assert_eq!((lane.status, lane.owed_files, lane.retries), (LaneStatus::Failed, 100, 3));
    let error = lane.error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.operation.as_deref()), ("connection", Some("connect")));
    assert_eq!(paths(&alive).len(), 100);
}

#[tokio::test(start_paused = true)]
async fn all_backends_down_is_no_success() {
    let mocks =
        [ErrorKind::Connection, ErrorKind::Capacity].map(|kind| Arc::new(MockDatabaseBackend::failing(kind)));
    let summary = pipeline(many(3)).to(mocks[0].clone()).to(mocks[1].clone()).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
    assert!(summary.lanes.iter().all(|lane| lane.owed_files == 3));
}

#[tokio::test]
async fn a_stream_without_end_ends_when_no_backend_is_left() {
    let dead = Arc::new(MockDatabaseBackend::failing(ErrorKind::Authentication));
    let broken = Faulty::new(|call| if call.is("write_batch", 1) { Fault::Panic } else { Fault::None });
    let endless = futures::stream::unfold(0_u64, |number| async move {
        tokio::task::yield_now().await;
        Some((Ok(crate::setup::facts(&number.to_string())), number + 1))
    });
    let options = CoordinatorOptions { batch_bytes: 1, ..CoordinatorOptions::default() };
    let summary = pipeline(endless).options(options).to(dead).to(Arc::new(broken)).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    for operation in ["connect", "repositories", "manifest", "begin_load", "write_batch", "publish"] {
        for kind in [ErrorKind::Connection, ErrorKind::Busy, ErrorKind::Timeout] {
            let backend = Faulty::once(operation, 1, kind);
            let summary = pipeline(files(&["a"])).to(Arc::new(backend.clone())).run().await.unwrap();
            assert_eq!(summary.outcome, Outcome::Success, "{operation} {kind}");
            assert_eq!(summary.lanes[0].retries, 1);
            assert_eq!(paths(backend.inner()), ["a"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tries_are_limited_in_number_and_time() {
    let started = Instant::now();
    let backend = Faulty::new(|call| match call.operation {
        "publish" => Fault::before(ErrorKind::Busy),
        _ => Fault::None,
    });
    let summary = pipeline(files(&["a"])).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!(backend.calls("publish"), 4);
    assert_eq!(backend.calls("abort"), 1);
    assert_eq!(summary.lanes[0].status, LaneStatus::Failed);
    assert!(started.elapsed() <= Duration::from_millis(100 + 200 + 400 + 100));
}

#[tokio::test]
async fn one_refused_file_of_a_hundred_becomes_a_row_that_says_so() {
    let backend = Faulty::new(|call| {
        let is_whole = call.batch.is_some_and(|batch| batch.files.iter().any(|f| f.skip_reason.is_none()));
        match call.brings("0042") && is_whole {
            true => Fault::before(ErrorKind::Data),
            false => Fault::None,
        }
    });
    let summary = pipeline(many(100)).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::PartlyFailed);
    let lane = &summary.lanes[0];
    assert_eq!((lane.status, lane.files_written, lane.files_refused), (LaneStatus::Published, 99, 1));
    assert_eq!(lane.dead_letters[0].path.as_str(), "0042");
    assert_eq!(lane.dead_letters[0].reason, "told to fail");
    let held = backend.inner().facts(app());
    assert_eq!(held.len(), 100);
    let refused = held.iter().find(|facts| facts.path.as_str() == "0042").unwrap();
    assert_eq!(
        (refused.parse_status, refused.skip_reason.as_deref()),
        (ParseStatus::Failed, Some("told to fail"))
    );
    // Halving finds one of 100 within 2·⌈log₂ 100⌉ + 2 calls.
    assert!(backend.calls("write_batch") <= 16, "{}", backend.calls("write_batch"));
}

#[tokio::test]
async fn a_refused_file_is_owed_again_by_the_next_run() {
    let backend = Faulty::new(|call| match call.is("write_batch", 1) || call.is("write_batch", 2) {
        true => Fault::before(ErrorKind::Data),
        false => Fault::None,
    });
    let run = || pipeline(files(&["a", "b"])).to(Arc::new(backend.clone())).run();
    assert_eq!(run().await.unwrap().lanes[0].files_refused, 1);
    let again = run().await.unwrap();
    assert_eq!((again.outcome, again.lanes[0].files_written), (Outcome::Success, 1));
    assert!(backend.inner().facts(app()).iter().all(|facts| facts.parse_status == ParseStatus::Parsed));
}

#[tokio::test]
async fn an_error_that_names_its_file_spares_the_halving() {
    let backend = Faulty::new(|call| match call.brings("0042") && call.number <= 2 {
        true => Fault::Before(Error::new(ErrorKind::Data, "too odd").with_context("path", "0042")),
        false => Fault::None,
    });
    let summary = pipeline(many(100)).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!(summary.lanes[0].dead_letters[0].reason, "too odd (path: 0042)");
    assert_eq!(backend.calls("write_batch"), 4);
}

#[tokio::test]
async fn a_file_that_is_refused_only_at_publish_is_replaced_and_published() {
    let backend = Faulty::new(|call| match call.is("publish", 1) {
        true => Fault::Before(Error::new(ErrorKind::Data, "too odd").with_context("path", "b")),
        false => Fault::None,
    });
    let summary = pipeline(files(&["a", "b"])).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!((summary.lanes[0].status, summary.lanes[0].files_refused), (LaneStatus::Published, 1));
    let held = backend.inner().facts(app());
    assert_eq!(
        held.iter().find(|facts| facts.path.as_str() == "b").unwrap().parse_status,
        ParseStatus::Failed
    );
}

#[tokio::test]
async fn a_backend_that_refuses_too_much_is_stopped() {
    let backend = Arc::new(MockDatabaseBackend::failing(ErrorKind::Data));
    let options = CoordinatorOptions { max_refused_files: 2, ..CoordinatorOptions::default() };
    let summary = pipeline(many(10)).options(options).to(backend).run().await.unwrap();
    let lane = &summary.lanes[0];
    assert_eq!((lane.status, lane.owed_files, lane.files_refused), (LaneStatus::Failed, 10, 3));
    assert!(lane.error.as_ref().unwrap().message.contains("refused_files: 3"));
}

#[tokio::test]
async fn a_fenced_writer_stops_at_once() {
    let backend = Faulty::once("write_batch", 1, ErrorKind::Fenced);
    let summary = pipeline(files(&["a"])).to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!((summary.outcome, summary.lanes[0].retries), (Outcome::Failed, 0));
    assert_eq!(summary.lanes[0].error.as_ref().unwrap().kind, "fenced");
    assert_eq!(paths(backend.inner()), Vec::<String>::new());
}

#[tokio::test]
async fn a_backend_that_panics_is_reported_and_the_other_goes_on() {
    let alive = MemoryBackend::new();
    let broken = Faulty::new(|call| if call.is("write_batch", 1) { Fault::Panic } else { Fault::None });
    let summary = pipeline(files(&["a"])).to(Arc::new(broken)).to(shared(&alive)).run().await.unwrap();
    assert_eq!(summary.lanes[0].status, LaneStatus::Failed);
    assert_eq!(summary.lanes[0].error.as_ref().unwrap().message, "the backend panicked");
    assert_eq!(summary.lanes[1].status, LaneStatus::Published);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_never_answers_is_given_up() {
    for operation in ["connect", "manifest", "begin_load"] {
        let backend = Faulty::new(move |call| match call.operation == operation {
            true => Fault::Hang,
            false => Fault::None,
        });
        let summary = pipeline(files(&["a"])).to(Arc::new(backend.clone())).run().await.unwrap();
        assert_eq!(summary.lanes[0].error.as_ref().unwrap().kind, "timeout", "{operation}");
        assert_eq!(backend.calls(operation), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_fails_a_run_at_once_and_reports_what_is_owed() {
    let breakers = Breakers::new(BreakerOptions::default());
    let options = || CoordinatorOptions {
        retry: RetryOptions { attempts: 4, ..RetryOptions::default() },
        ..CoordinatorOptions::default()
    };
    let backend = Faulty::new(|call| match call.operation == "connect" && call.number <= 5 {
        true => Fault::before(ErrorKind::Connection),
        false => Fault::None,
    });
    let run = || {
        let pipeline = pipeline(files(&["a"])).options(options()).breakers(breakers.clone());
        pipeline.to(Arc::new(backend.clone())).run()
    };
    run().await.unwrap();
    assert_eq!(breakers.of(backend.info()).state(), BreakerState::Open);
    let options_without_retry = CoordinatorOptions {
        retry: RetryOptions { attempts: 0, ..RetryOptions::default() },
        ..CoordinatorOptions::default()
    };
    let pipeline = pipeline(files(&["a"])).options(options_without_retry).breakers(breakers.clone());
    let summary = pipeline.to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!(backend.calls("connect"), 5);
    assert_eq!(summary.lanes[0].owed_files, 1);
    assert!(summary.lanes[0].error.as_ref().unwrap().message.contains("left alone for 60 s"));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(run().await.unwrap().outcome, Outcome::Success);
    assert_eq!(breakers.of(backend.info()).state(), BreakerState::Closed);
}
