//! Runs in which nothing goes wrong but what they are given.

use std::sync::Arc;

use futures::{StreamExt, stream};
use snake_pipe_coordinator::{CoordinatorOptions, LaneState, LaneStatus, Outcome, Pipeline, Policy};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind,
    id::{Digest, FileKey},
    load::{LoadPlan, Repository, Snapshot},
    memory::MemoryBackend,
    mock::MockDatabaseBackend,
    model::{Entity, Import, Origin, Resolution, Target, TransformedAst},
};

use crate::{
    faulty::{Fault, Faulty},
    setup::{app, complete, facts, files, load, many, paths, pipeline, shared},
};

#[tokio::test]
async fn every_backend_holds_what_the_stream_brings() {
    let (one, two) = (MemoryBackend::new(), MemoryBackend::new());
    let summary = pipeline(files(&["a", "b"])).to(shared(&one)).to(shared(&two)).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!(summary.files_received, 2);
    for lane in &summary.lanes {
        assert_eq!((lane.status, lane.files_written, lane.rows), (LaneStatus::Published, 2, 2));
        assert_eq!(lane.transaction.as_deref(), Some(summary.run_id.to_string().as_str()));
        assert_eq!(lane.tables, ["files"]);
    }
    assert_eq!(paths(&one), ["a", "b"]);
    assert_eq!(one.rows(app()).unwrap(), two.rows(app()).unwrap());
}

#[tokio::test]
async fn the_function_does_what_the_pipeline_does() {
    let backend = MemoryBackend::new();
    let plan = LoadPlan::partial(Repository::named("app"), "1");
    let options = CoordinatorOptions::default();
    let backends = [shared(&backend)];
    let summary = snake_pipe_coordinator::load(files(&["a"]), plan, Snapshot::default(), &backends, options)
        .await
        .unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!(paths(&backend), ["a"]);
}

#[tokio::test]
async fn a_reload_of_an_unchanged_tree_begins_no_session() {
    let backend = Faulty::new(|_| Fault::None);
    let run = || pipeline(files(&["a"])).scope(complete(&["a"])).to(Arc::new(backend.clone())).run();
    run().await.unwrap();
    let summary = run().await.unwrap();
    assert_eq!(backend.calls("begin_load"), 1);
    assert_eq!(summary.outcome, Outcome::Success);
    assert_eq!((summary.lanes[0].status, summary.lanes[0].files_unchanged), (LaneStatus::Unchanged, 1));
}

#[tokio::test]
async fn facts_whose_references_lead_nowhere_are_loaded_once() {
    let backend = MemoryBackend::new();
    let gone = Target { file: FileKey::of(b"gone"), entity: Entity::File };
    let import = Import { resolution: Resolution::resolved(gone, Origin::Import), ..Import::default() };
    let facts = TransformedAst {
        imports: vec![import],
        link_hash: Some(Digest::of(b"linked")),
        ..TransformedAst::new("a".into())
    };
    let run = || pipeline(stream::iter([Ok(facts.clone())])).to(shared(&backend)).run();
    let first = run().await.unwrap();
    assert_eq!((first.lanes[0].status, first.lanes[0].files_written), (LaneStatus::Published, 1));
    let lane = &run().await.unwrap().lanes[0];
    assert_eq!((lane.status, lane.files_written, lane.files_unchanged), (LaneStatus::Unchanged, 0, 1));
    assert_eq!((lane.rows, lane.transaction.as_deref()), (0, None));
}

#[tokio::test]
async fn a_new_snapshot_is_recorded_though_no_file_changed() {
    let backend = Faulty::new(|_| Fault::None);
    let run = |commit: &str| {
        let snapshot = Snapshot { commit: Some(commit.into()), ..Snapshot::default() };
        pipeline(files(&["a"])).snapshot(snapshot).to(Arc::new(backend.clone())).run()
    };
    for (commit, sessions) in [("1", 1), ("1", 1), ("2", 2)] {
        assert_eq!(run(commit).await.unwrap().outcome, Outcome::Success);
        assert_eq!(backend.calls("begin_load"), sessions);
        let stored = backend.inner().repositories().await.unwrap();
        assert_eq!(stored[0].snapshot.as_ref().unwrap().commit.as_deref(), Some(commit));
    }
}

#[tokio::test]
async fn another_producer_version_makes_every_file_owed() {
    let backend = MemoryBackend::new();
    load(&backend, &["a"]).await;
    let summary = pipeline(files(&["a"])).producer_version("2").to(shared(&backend)).run().await.unwrap();
    assert_eq!(summary.lanes[0].files_written, 1);
}

#[tokio::test]
async fn a_complete_load_removes_what_it_does_not_list() {
    let backend = MemoryBackend::new();
    load(&backend, &["a", "b", "c"]).await;
    let summary =
        pipeline(files(&["d"])).scope(complete(&["a", "d"])).to(shared(&backend)).run().await.unwrap();
    let lane = &summary.lanes[0];
    assert_eq!((lane.files_written, lane.files_unchanged, lane.files_removed), (1, 1, 2));
    assert_eq!(paths(&backend), ["a", "d"]);
}

#[tokio::test]
async fn files_to_remove_come_in_batches_too() {
    let backend = Faulty::new(|_| Fault::None);
    load(backend.inner(), &["a", "b", "c", "d", "e"]).await;
    let options = CoordinatorOptions { batch_bytes: 256, ..CoordinatorOptions::default() };
    let pipeline = pipeline(files(&[])).scope(complete(&[])).options(options);
    pipeline.to(Arc::new(backend.clone())).run().await.unwrap();
    assert_eq!(backend.calls("write_batch"), 3);
    assert_eq!(paths(backend.inner()), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_stream_writes_nothing_but_a_complete_load_of_nothing_empties() {
    let backend = MemoryBackend::new();
    load(&backend, &["a"]).await;
    assert_eq!(load(&backend, &[]).await.lanes[0].status, LaneStatus::Unchanged);
    assert_eq!(paths(&backend), ["a"]);
    let summary = pipeline(files(&[])).scope(complete(&[])).to(shared(&backend)).run().await.unwrap();
    assert_eq!(summary.lanes[0].files_removed, 1);
    assert_eq!(paths(&backend), Vec::<String>::new());
}

#[tokio::test]
async fn a_backend_is_given_only_what_it_lacks() {
    let (new, old) = (MemoryBackend::new(), Faulty::new(|_| Fault::None));
    load(old.inner(), &["a", "b"]).await;
    let summary =
        pipeline(files(&["a", "b", "c"])).to(shared(&new)).to(Arc::new(old.clone())).run().await.unwrap();
    assert_eq!((summary.lanes[0].files_written, summary.lanes[0].files_unchanged), (3, 0));
    assert_eq!((summary.lanes[1].files_written, summary.lanes[1].files_unchanged), (1, 2));
    assert_eq!(paths(old.inner()), paths(&new));
}

#[tokio::test]
async fn backends_that_want_all_files_share_their_batches() {
    let mocks = [Arc::new(MockDatabaseBackend::accepting()), Arc::new(MockDatabaseBackend::accepting())];
    let summary = pipeline(files(&["a", "b"])).to(mocks[0].clone()).to(mocks[1].clone()).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Success);
    let (one, two) = (mocks[0].accepted(), mocks[1].accepted());
    assert_eq!(one.len(), 1);
    assert!(Arc::ptr_eq(&one[0], &two[0]));
}

#[tokio::test]
async fn the_later_facts_of_a_file_hold() {
    let options = CoordinatorOptions { batch_bytes: 1, ..CoordinatorOptions::default() };
    let sized = |size| TransformedAst { size_bytes: Some(size), ..facts("a") };
    let backend = MemoryBackend::new();
    let stream = stream::iter([Ok(sized(1)), Ok(facts("b")), Ok(sized(2))]);
    let summary = pipeline(stream).options(options).to(shared(&backend)).run().await.unwrap();
    assert_eq!(summary.lanes[0].files_written, 2);
    let held = backend.facts(app());
    assert_eq!(held.iter().find(|facts| facts.path.as_str() == "a").unwrap().size_bytes, Some(2));
}

#[tokio::test]
async fn a_stream_that_fails_publishes_nothing() {
    let (one, two) = (MemoryBackend::new(), MemoryBackend::new());
    let options = CoordinatorOptions { batch_bytes: 1, ..CoordinatorOptions::default() };
    let failing = many(50).chain(stream::iter([Err(Error::new(ErrorKind::Io, "disk gone"))]));
    let summary = pipeline(failing).options(options).to(shared(&one)).to(shared(&two)).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
    assert_eq!(summary.error.unwrap().message, "disk gone");
    assert!(summary.lanes.iter().all(|lane| lane.status == LaneStatus::Cancelled && lane.error.is_none()));
    assert_eq!((paths(&one), paths(&two)), (vec![], vec![]));
}

#[tokio::test]
async fn a_file_beyond_the_complete_scope_is_a_contradiction() {
    let backend = MemoryBackend::new();
    let summary =
        pipeline(files(&["a", "b"])).scope(complete(&["a"])).to(shared(&backend)).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Failed);
    assert!(summary.error.unwrap().message.contains("path: b"));
    assert_eq!(paths(&backend), Vec::<String>::new());
}

#[tokio::test]
async fn a_listed_file_that_nobody_brings_is_owed() {
    let backend = MemoryBackend::new();
    let summary =
        pipeline(files(&["a"])).scope(complete(&["a", "b"])).to(shared(&backend)).run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::PartlyFailed);
    assert_eq!((summary.lanes[0].status, summary.lanes[0].owed_files), (LaneStatus::Published, 1));
}

#[tokio::test]
async fn integrity_is_checked_on_request() {
    let backend = MemoryBackend::new();
    let options = CoordinatorOptions { check_integrity: true, ..CoordinatorOptions::default() };
    let summary = pipeline(files(&["a"])).options(options).to(shared(&backend)).run().await.unwrap();
    assert_eq!(summary.lanes[0].integrity_violations, Some(0));
}

#[tokio::test]
async fn a_pipeline_that_makes_no_sense_is_an_error() {
    let backend = shared(&MemoryBackend::new());
    let message = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        error.message().to_owned()
    };
    let error = pipeline(files(&[])).run().await.unwrap_err();
    assert_eq!(message(error), "a pipeline needs a backend");
    let error = Pipeline::from(files(&[])).to(backend.clone()).run().await.unwrap_err();
    assert_eq!(message(error), "a pipeline needs a repository");
    let error = pipeline(files(&[])).to(backend.clone()).to(backend.clone()).run().await.unwrap_err();
    assert_eq!(message(error), "a backend is given twice");
    let options = CoordinatorOptions { policy: Policy::Quorum(2), ..CoordinatorOptions::default() };
    let error = pipeline(files(&[])).to(backend).options(options).run().await.unwrap_err();
    assert_eq!(message(error), "a quorum of 2 cannot be had with 1 backends");
}

#[tokio::test]
async fn progress_can_be_watched() {
    let pipeline = pipeline(many(10)).to(shared(&MemoryBackend::new()));
    let progress = pipeline.progress();
    pipeline.run().await.unwrap();
    let progress = progress.borrow();
    assert_eq!(progress.files_received, 10);
    assert_eq!((progress.lanes[0].files, progress.lanes[0].queued_bytes), (10, 0));
    assert_eq!(progress.lanes[0].state, LaneState::Done);
}

#[tokio::test]
async fn the_summary_in_json_has_stable_names() {
    let backend = MemoryBackend::new();
    let summary = pipeline(files(&["a"])).to(shared(&backend)).run().await.unwrap();
    let json = serde_json::to_value(&summary).unwrap();
    let run = "duration_ms error files_received lanes outcome policy repository repository_id run_id settings started_at";
    assert_eq!(names(&json), run);
    let lane = "address backend batches breaker bytes dead_letters duration_ms error files_elsewhere files_refused files_removed \
                files_unchanged files_written integrity_violations kind left_behind owed_files phases positions replays retries returns route rows status \
                tables transaction";
    assert_eq!(names(&json["lanes"][0]), lane);
    assert_eq!((json["outcome"].as_str(), json["policy"].as_str()), (Some("success"), Some("all")));
    assert_eq!(json["lanes"][0]["status"], "published");
    let back: snake_pipe_coordinator::RunSummary = serde_json::from_value(json).unwrap();
    assert_eq!(back, summary);
}

fn names(object: &serde_json::Value) -> String {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}
