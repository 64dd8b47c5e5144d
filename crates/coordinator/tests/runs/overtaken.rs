//! Loads that were overtaken: while they were read, or slept, another one published.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt};
use snake_pipe_coordinator::{LaneStatus, Outcome, Pipeline, Route, RunSummary};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, Result,
    load::{Batch, LoadPlan, Marker, PlannedOn, Publication, Repository, Snapshot},
    memory::MemoryBackend,
    model::TransformedAst,
    simple::SimpleAdapter,
};

use crate::{
    documents::Documents,
    faulty::{Fault, Faulty},
    setup::{complete, facts, files, load, many, paths, pipeline, shared},
};

/// What was published last.
async fn last(backend: &dyn DatabaseBackend) -> Option<Marker> {
    backend.repositories().await.unwrap().first().and_then(|stored| stored.marker)
}

/// The load has failed with `fenced` and a way out.
fn assert_refused(summary: &RunSummary) {
    let lane = &summary.lanes[0];
    assert_eq!((summary.outcome, lane.status), (Outcome::Failed, LaneStatus::Failed), "{lane:?}");
    let error = lane.error.as_ref().unwrap();
    assert_eq!(error.kind, "fenced");
    assert!(error.help.as_ref().unwrap().starts_with("run the load again"), "{error:?}");
}

/// Files, then another load that publishes, then files.
fn overtaken(
    backend: &MemoryBackend,
    before: &'static [&'static str],
    other: &'static [&'static str],
    after: &'static [&'static str],
) -> impl Stream<Item = Result<TransformedAst>> + Send + use<> {
    let backend = backend.clone();
    let meanwhile = async move {
        // The lane works off what came before: time passes only when nobody has anything to do.
        tokio::time::sleep(Duration::from_millis(1)).await;
        load(&backend, other).await;
    };
    let nothing = meanwhile.into_stream().filter_map(|()| async { None });
    files(before).chain(nothing).chain(files(after))
}

#[tokio::test(start_paused = true)]
async fn a_load_that_was_overtaken_while_it_read_publishes_nothing() {
    for can_replay in [false, true] {
        let backend = MemoryBackend::new();
        load(&backend, &["a"]).await;
        // It passes over `a`, which is held; by the time it has something to write another load has published.
        let run = pipeline(overtaken(&backend, &["a"], &["b"], &["c"])).scope(complete(&["a", "c"]));
        let run = if can_replay { run.replay(|| files(&["a", "c"])) } else { run };
        assert_refused(&run.to(shared(&backend)).run().await.unwrap());
        assert_eq!(paths(&backend), ["a", "b"]);

        let again = pipeline(files(&["a", "c"])).scope(complete(&["a", "c"])).to(shared(&backend));
        assert_eq!(again.run().await.unwrap().outcome, Outcome::Success);
        assert_eq!(paths(&backend), ["a", "c"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_has_nothing_to_write_is_not_refused() {
    let backend = MemoryBackend::new();
    load(&backend, &["a"]).await;
    let summary =
        pipeline(overtaken(&backend, &["a"], &["b"], &[])).to(shared(&backend)).run().await.unwrap();
    assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Success, LaneStatus::Unchanged));
    assert_eq!(paths(&backend), ["a", "b"]);
}

/// A load that was planned, slept while another one published, and is carried out now.
async fn woken(backend: Arc<dyn DatabaseBackend>, planned_on: PlannedOn) -> RunSummary {
    let run = pipeline(files(&["old"])).replay(|| files(&["old"]));
    run.to_planned(backend, Route::default(), planned_on).run().await.unwrap()
}

#[tokio::test]
async fn a_load_that_slept_since_it_was_planned_publishes_nothing() {
    let backend = MemoryBackend::new();
    load(&backend, &["a"]).await;
    let first = PlannedOn::held(last(&backend).await);
    load(&backend, &["new"]).await;
    let published = last(&backend).await;
    for planned_on in [first, PlannedOn::Nothing] {
        assert_refused(&woken(shared(&backend), planned_on).await);
        assert_eq!(
            (last(&backend).await, paths(&backend)),
            (published, vec!["a".to_owned(), "new".to_owned()])
        );
    }
    let summary = woken(shared(&backend), PlannedOn::held(published)).await;
    assert_eq!(summary.outcome, Outcome::Success);
}

#[tokio::test]
async fn it_is_refused_by_a_backend_without_fences_too() {
    let backend: Arc<dyn DatabaseBackend> = Arc::new(SimpleAdapter::new(Documents::new("documents")));
    let run = |paths| pipeline(files(paths)).to(backend.clone()).run();
    assert_eq!(run(&["a"]).await.unwrap().outcome, Outcome::Success);
    let planned_on = PlannedOn::held(last(&*backend).await);
    assert_eq!(run(&["new"]).await.unwrap().outcome, Outcome::Success);
    let published = last(&*backend).await;
    assert_refused(&woken(backend.clone(), planned_on).await);
    assert_eq!(last(&*backend).await, published);
    assert_eq!(backend.manifest(Repository::named("app").id()).await.unwrap().files.len(), 2);
}

#[tokio::test]
async fn a_load_that_nobody_planned_does_not_follow_a_later_one() {
    let backend = MemoryBackend::new();
    let early = pipeline(files(&["old"])).to(shared(&backend));
    load(&backend, &["new"]).await;
    let published = last(&backend).await;
    assert_refused(&early.run().await.unwrap());
    assert_eq!((last(&backend).await, paths(&backend)), (published, vec!["new".to_owned()]));
}

#[tokio::test]
async fn without_permission_nothing_is_published() {
    let (one, other) = (MemoryBackend::new(), MemoryBackend::new());
    let is_ours = Arc::new(AtomicBool::new(true));
    let run = |paths| {
        let is_ours = is_ours.clone();
        let pipeline: Pipeline<'_> = pipeline(files(paths)).to(shared(&one)).to(shared(&other));
        let ask = move || {
            let is_ours = is_ours.load(Ordering::SeqCst);
            async move {
                if is_ours { Ok(()) } else { Err(Error::new(ErrorKind::Fenced, "the run was given up")) }
            }
        };
        pipeline.ask_before_publishing(ask).run()
    };
    assert_eq!(run(&["a"]).await.unwrap().outcome, Outcome::Success);
    is_ours.store(false, Ordering::SeqCst);
    let summary = run(&["b"]).await.unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
    for (lane, backend) in summary.lanes.iter().zip([&one, &other]) {
        assert_eq!(lane.error.as_ref().unwrap().message, "the run was given up");
        assert_eq!(paths(backend), ["a"]);
    }
}

/// A commit that nobody heard of may be seen only after the lane has looked: it is its own all the same.
#[tokio::test(start_paused = true)]
async fn a_publication_of_the_run_itself_does_not_overtake_it() {
    let (marker, store) = (Marker::random(), Arc::new(OnceLock::<MemoryBackend>::new()));
    let commits_late = store.clone();
    let backend = Faulty::new(move |call| match (call.operation, call.number) {
        ("publish", 1) => Fault::before(ErrorKind::SessionLost),
        ("begin_load", 2) => {
            let plan = LoadPlan::partial(Repository::named("app"), "1");
            let files = (0..10).map(|number| Arc::new(facts(&format!("{number:04}")))).collect();
            let batch = Arc::new(Batch { files, ..Batch::default() });
            let publication = Publication { marker, snapshot: Snapshot::default() };
            let backend = commits_late.get().unwrap();
            backend.write_batch(plan, batch, publication).now_or_never().unwrap().unwrap();
            Fault::None
        }
        _ => Fault::None,
    });
    store.set(backend.inner().clone()).unwrap();
    let run = pipeline(many(10)).run_id(marker).replay(|| many(10)).to(Arc::new(backend.clone()));
    let summary = run.run().await.unwrap();
    assert_eq!((summary.outcome, summary.lanes[0].status), (Outcome::Success, LaneStatus::Published));
    assert_eq!((last(backend.inner()).await, paths(backend.inner()).len()), (Some(marker), 10));
}
