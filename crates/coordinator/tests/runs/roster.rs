//! Backends that come and go during a run.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use snake_pipe_coordinator::{CoordinatorOptions, LaneStatus, Outcome, Pipeline, Route};
use snake_pipe_core::{ErrorKind, Result, memory::MemoryBackend, model::TransformedAst};
use tokio::time::sleep;

use crate::{
    faulty::{Fault, Faulty},
    setup::{facts, many, paths, pipeline, shared},
};

/// Ten files, one in a second, each a batch of its own.
fn slowly() -> impl futures::Stream<Item = Result<TransformedAst>> + Send + 'static {
    many(10).then(|facts| async {
        sleep(Duration::from_secs(1)).await;
        facts
    })
}

fn slow_run() -> Pipeline<'static> {
    let options = CoordinatorOptions { batch_bytes: 1, ..CoordinatorOptions::default() };
    pipeline(slowly()).options(options).replay(|| many(10))
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_added_during_the_run_gets_everything() {
    let (first, second) = (MemoryBackend::new().called("first"), MemoryBackend::new().called("second"));
    let run = slow_run().to(shared(&first));
    let handle = run.handle();
    let add = async {
        sleep(Duration::from_millis(5_500)).await;
        handle.add(shared(&second), Route::default()).await.unwrap();
    };
    let (summary, ()) = tokio::join!(run.run(), add);
    let summary = summary.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!((summary.lanes[1].backend.as_str(), summary.lanes[1].files_written), ("second", 10));
    assert_eq!(paths(&second), paths(&first));
}

#[tokio::test(start_paused = true)]
async fn an_added_backend_gets_what_its_manifest_lacks() {
    let (first, second) = (MemoryBackend::new().called("first"), Faulty::new(|_| Fault::None));
    crate::setup::load(second.inner(), &["0000", "0001", "0002"]).await;
    let run = slow_run().to(shared(&first));
    let handle = run.handle();
    let add = async {
        sleep(Duration::from_secs(5)).await;
        handle.add(Arc::new(second.clone()), Route::default()).await.unwrap();
    };
    let (summary, ()) = tokio::join!(run.run(), add);
    assert_eq!(summary.unwrap().lanes[1].files_written, 7);
    assert_eq!(paths(second.inner()), paths(&first));
}

#[tokio::test(start_paused = true)]
async fn a_removed_backend_is_as_before_and_owed_everything() {
    let (kept, gone) = (MemoryBackend::new().called("kept"), Faulty::new(|_| Fault::None));
    let run = slow_run().to(shared(&kept)).to(Arc::new(gone.clone()));
    let handle = run.handle();
    let remove = async {
        sleep(Duration::from_millis(5_500)).await;
        handle.remove("faulty").await.unwrap()
    };
    let (summary, lane) = tokio::join!(run.run(), remove);
    assert_eq!((lane.status, lane.owed_files), (LaneStatus::Removed, 5));
    assert_eq!(gone.calls("abort"), 1);
    assert_eq!(paths(gone.inner()), Vec::<String>::new());
    let summary = summary.unwrap();
    assert_eq!((summary.outcome, summary.lanes[1].status), (Outcome::Success, LaneStatus::Removed));
    assert_eq!(paths(&kept).len(), 10);
    // The next run brings it up to date.
    let again = pipeline(many(10)).to(Arc::new(gone.clone())).run().await.unwrap();
    assert_eq!((again.outcome, paths(gone.inner()).len()), (Outcome::Success, 10));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_hangs_can_be_removed_and_the_run_ends() {
    let hanging = Faulty::new(|call| if call.is("write_batch", 2) { Fault::Hang } else { Fault::None });
    let kept = MemoryBackend::new().called("kept");
    let run = slow_run().to(Arc::new(hanging)).to(shared(&kept));
    let handle = run.handle();
    let remove = async {
        sleep(Duration::from_secs(5)).await;
        handle.remove("faulty").await.unwrap().status
    };
    let started = tokio::time::Instant::now();
    let (summary, status) = tokio::join!(run.run(), remove);
    assert_eq!((summary.unwrap().outcome, status), (Outcome::Success, LaneStatus::Removed));
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_last_backend_can_be_removed_which_ends_the_run() {
    let backend = MemoryBackend::new().called("only");
    let run = pipeline(futures::stream::pending()).to(shared(&backend));
    let handle = run.handle();
    let remove = async {
        sleep(Duration::from_secs(1)).await;
        handle.remove("only").await.unwrap().status
    };
    let (summary, status) = tokio::join!(run.run(), remove);
    assert_eq!((summary.unwrap().outcome, status), (Outcome::Failed, LaneStatus::Removed));
    let error = handle.remove("only").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_added_or_removed_says_why() {
    let backend = MemoryBackend::new().called("there");
    let run = pipeline(slowly()).to(shared(&backend));
    let handle = run.handle();
    let ask = async {
        let another = shared(&MemoryBackend::new());
        let add = handle.add(another, Route::default()).await.unwrap_err();
        assert!(add.help().unwrap().contains("replay"));
        let remove = handle.remove("elsewhere").await.unwrap_err();
        assert_eq!(remove.help(), Some("the run has there"));
        assert_eq!(remove.message(), "no lane has a backend named `elsewhere`");
    };
    let (summary, ()) = tokio::join!(run.run(), ask);
    assert_eq!(summary.unwrap().outcome, Outcome::Success);
    let options = CoordinatorOptions { batch_bytes: facts("0").approximate_bytes(), ..Default::default() };
    assert!(options.validate(1).is_ok());
}
