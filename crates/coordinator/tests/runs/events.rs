//! What an observer is told.

use std::sync::{Arc, Mutex};

use snake_pipe_coordinator::{
    BreakerOptions, Breakers, EventKind, LaneState, Metrics, Outcome, Pipeline, RunEvent,
};
use snake_pipe_core::{ErrorKind, memory::MemoryBackend};

use crate::{
    faulty::{Fault, Faulty},
    setup::{files, many, pipeline, shared},
};

/// The events of a run, in a word each, those of the lanes' states with the state.
fn words(pipeline: Pipeline<'static>) -> (Pipeline<'static>, Arc<Mutex<Vec<String>>>) {
    let words: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = words.clone();
    let observe = move |event: &RunEvent| {
        let json = serde_json::to_value(event).unwrap();
        let kind = &json["kind"];
        let more = ["state", "path"].map(|name| kind[name].as_str()).into_iter().flatten().next();
        let word = kind["event"].as_str().unwrap();
        told.lock().unwrap().push(more.map_or(word.to_owned(), |more| format!("{word} {more}")));
    };
    (pipeline.observe(observe), words)
}

#[tokio::test]
async fn a_plain_run_tells_its_course() {
    let (run, words) = words(pipeline(files(&["a"])).to(shared(&MemoryBackend::new())));
    run.run().await.unwrap();
    assert_eq!(
        *words.lock().unwrap(),
        [
            "run_started",
            "lane_state writing",
            "delivery_accepted",
            "lane_state publishing",
            "lane_state done",
            "lane_ended",
            "run_ended"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_file_a_retry_and_a_lost_session_are_told() {
    let backend = Faulty::new(|call| match call.number {
        1 if call.operation == "connect" => Fault::before(ErrorKind::Connection),
        1 | 2 if call.operation == "write_batch" => Fault::before(ErrorKind::Data),
        1 if call.operation == "publish" => Fault::before(ErrorKind::SessionLost),
        _ => Fault::None,
    });
    let run = pipeline(files(&["a", "b"])).replay(|| files(&["a", "b"])).to(Arc::new(backend));
    let (run, words) = words(run);
    assert_eq!(run.run().await.unwrap().outcome, Outcome::PartlyFailed);
    let words = words.lock().unwrap();
    let told = |word: &str| words.iter().filter(|told| told.starts_with(word)).count();
    assert_eq!((told("retry"), told("session_lost"), told("file_refused a")), (2, 1, 1), "{words:?}");
}

#[tokio::test(start_paused = true)]
async fn metrics_count_over_runs_and_know_the_breaker() {
    let metrics = Metrics::default();
    let breakers = Breakers::new(BreakerOptions { failures: 2, ..BreakerOptions::default() });
    let run = |backend: Faulty| {
        let run = pipeline(many(3)).breakers(breakers.clone()).observe(metrics.observer());
        run.to(Arc::new(backend)).run()
    };
    run(Faulty::new(|_| Fault::None)).await.unwrap();
    run(Faulty::new(|_| Fault::before(ErrorKind::Connection))).await.unwrap();
    let snapshot = metrics.snapshot();
    assert_eq!((snapshot.runs["success"], snapshot.runs["failed"]), (1, 1));
    let lane = &snapshot.lanes["faulty"];
    assert_eq!((lane.files, lane.owed_files, lane.state), (3, 3, Some(LaneState::Stopped)));
    assert!(lane.breaker_opened >= 1, "{lane:?}");
    assert!(metrics.to_prometheus().contains("snake_pipe_lane_breaker_open{backend=\"faulty\"} 1"));
}

#[tokio::test]
async fn every_observer_is_told_everything_with_the_run_and_the_backend() {
    let (first, second): (Arc<Mutex<u32>>, Arc<Mutex<u32>>) = Default::default();
    let count = |counter: &Arc<Mutex<u32>>| {
        let counter = counter.clone();
        move |event: &RunEvent| {
            let of_run = matches!(event.kind, EventKind::RunStarted { .. } | EventKind::RunEnded { .. });
            assert_eq!(event.backend.is_none(), of_run);
            *counter.lock().unwrap() += 1;
        }
    };
    let run = pipeline(files(&["a"])).observe(count(&first)).observe(count(&second));
    run.to(shared(&MemoryBackend::new())).run().await.unwrap();
    assert_eq!(*first.lock().unwrap(), *second.lock().unwrap());
    assert!(*first.lock().unwrap() > 3);
}
