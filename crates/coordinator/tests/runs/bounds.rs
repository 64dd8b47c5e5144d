//! How much is in memory at once.

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use snake_pipe_coordinator::{CoordinatorOptions, Outcome, Pipeline};
use snake_pipe_core::{JsonText, load::Repository, mock::MockDatabaseBackend, model::TransformedAst};

use crate::faulty::{Fault, Faulty};

const FILE_BYTES: usize = 10_000;

fn big(number: usize) -> TransformedAst {
    let json = format!("\"{}\"", "x".repeat(FILE_BYTES - size_of::<TransformedAst>()));
    let ast_content = Some(JsonText::from_trusted(json));
    TransformedAst { ast_content, ..TransformedAst::new(number.to_string().as_str().into()) }
}

/// A backend that takes a second for a batch and forgets it.
fn forgetful() -> Faulty {
    Faulty::new(|call| match call.operation {
        "write_batch" => Fault::Slow(Duration::from_secs(1)),
        _ => Fault::None,
    })
    .forgetful()
}

#[tokio::test(start_paused = true)]
async fn a_slow_backend_holds_back_the_stream() {
    let (batch_bytes, lane_bytes) = (4 * FILE_BYTES, 20 * FILE_BYTES);
    let options = CoordinatorOptions { batch_bytes, lane_bytes, ..CoordinatorOptions::default() };
    let alive: Arc<Mutex<Vec<Weak<TransformedAst>>>> = Arc::default();
    let most = Arc::new(AtomicUsize::new(0));
    let (watched, peak) = (alive.clone(), most.clone());
    let stream = futures::stream::iter(0..400).map(move |number| {
        let facts = Arc::new(big(number));
        let mut alive = watched.lock().unwrap();
        alive.push(Arc::downgrade(&facts));
        alive.retain(|facts| facts.strong_count() > 0);
        peak.fetch_max(alive.len() * FILE_BYTES, Ordering::SeqCst);
        Ok(facts)
    });
    let pipeline = Pipeline::from(stream).repository(Repository::named("app")).options(options);
    let pipeline = pipeline.to(Arc::new(forgetful())).to(Arc::new(forgetful()));
    assert_eq!(pipeline.run().await.unwrap().outcome, Outcome::Success);
    // What waits in the lanes is shared; beside it, one batch is open and one is being handed over.
    let limit = lane_bytes + 2 * batch_bytes + 2 * FILE_BYTES;
    let most = most.load(Ordering::SeqCst);
    assert!(most <= limit, "{most} bytes, of {limit}");
    assert!(most >= lane_bytes, "{most} bytes: the lanes were never full");
}

#[tokio::test(start_paused = true)]
async fn batches_are_closed_by_age_too() {
    let mock = Arc::new(MockDatabaseBackend::accepting());
    let slowly = futures::stream::iter(0..6).then(|number| async move {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(TransformedAst::new(number.to_string().as_str().into()))
    });
    let pipeline = Pipeline::from(slowly).repository(Repository::named("app"));
    pipeline.to(mock.clone()).run().await.unwrap();
    let sizes: Vec<_> = mock.accepted().iter().map(|batch| batch.files.len()).collect();
    assert_eq!(sizes, [3, 3]);
}
