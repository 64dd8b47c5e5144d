use std::time::Duration;

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind};
use snake_pipe_metadata::model::{
    LEASE, NewRun, NewTask, Overlap, PipelineChange, PipelineStatus, RunEnd, RunFilter, RunMode,
    RunStatistics, RunStatus, TaskFilter, TaskStatus,
};

use crate::subject::Subject;

const SECOND: Duration = Duration::from_secs(1);

pub(crate) async fn a_run_goes_from_pending_to_success(subject: &Subject) {
    let store = &subject.store;
    let pipeline = subject.pipeline("etl").await;
    let new = NewRun {
        mode: RunMode::Initial,
        parameters: json!({"path": "."}),
        config_hash: Some("abc".into()),
        source: json!({"kind": "directory"}),
        destination: json!(["sqlite:code.db"]),
        ..NewRun::of(pipeline.id)
    };
    let run = store.create_run(new.clone()).await.unwrap();
    assert_eq!((run.id, run.status, run.fence, run.attempt), (new.id, RunStatus::Pending, 0, 1));
    assert_eq!((run.pipeline.as_str(), run.pipeline_version, run.mode), ("etl", 1, RunMode::Initial));
    assert_eq!((&run.parameters, run.config_hash.as_deref()), (&json!({"path": "."}), Some("abc")));

    subject.pass(SECOND);
    let started = store.start_run(run.id, LEASE, Overlap::Refuse).await.unwrap().run;
    assert_eq!((started.status, started.fence), (RunStatus::Running, 1));
    assert_eq!(started.started_at.unwrap().to_string(), "2026-01-15T12:00:01.000000Z");
    assert_eq!(started.lease_expires_at.unwrap().to_string(), "2026-01-15T12:01:01.000000Z");
    assert!(started.instance.is_some() && started.node.is_some());

    subject.pass(SECOND * 2);
    let statistics =
        RunStatistics { processed: 10, inserted: 5, updated: 3, deleted: 1, failed: 1, bytes: 700 };
    let end = RunEnd { outcome: Some("partly".into()), ..RunEnd::success(statistics) };
    let ended = store.finish_run(started.token(), end).await.unwrap();
    assert_eq!(
        (ended.status, ended.duration_ms, ended.lease_expires_at),
        (RunStatus::Success, Some(2000), None)
    );
    assert_eq!((ended.statistics, ended.outcome.as_deref()), (statistics, Some("partly")));
    assert_eq!(store.run(run.id).await.unwrap(), ended);

    let of =
        |status| RunFilter { status: Some(status), pipeline: Some("etl".into()), ..RunFilter::default() };
    assert_eq!(store.runs(of(RunStatus::Success)).await.unwrap(), [ended]);
    assert_eq!(store.runs(of(RunStatus::Failed)).await.unwrap(), []);
}

pub(crate) async fn an_impossible_transition_is_refused_and_says_why(subject: &Subject) {
    let store = &subject.store;
    let pipeline = subject.pipeline("etl").await;
    let pending = store.create_run(NewRun::of(pipeline.id)).await.unwrap();
    let end = || RunEnd::success(RunStatistics::default());
    let error = store.finish_run(pending.token(), end()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "the run is pending, not running"));

    let run = store.start_run(pending.id, LEASE, Overlap::Refuse).await.unwrap().run;
    let error = store.start_run(run.id, LEASE, Overlap::Refuse).await.unwrap_err();
    assert_eq!(error.message(), "a run that is running cannot become running");
    let lost = RunEnd { status: RunStatus::Lost, ..end() };
    assert_eq!(store.finish_run(run.token(), lost).await.unwrap_err().kind(), ErrorKind::Conflict);
    store.finish_run(run.token(), end()).await.unwrap();
    let failed = RunEnd::failed(&Error::new(ErrorKind::Io, "late"), RunStatistics::default());
    assert_eq!(
        store.finish_run(run.token(), failed).await.unwrap_err().message(),
        "the run is success, not running"
    );
    let error = store.cancel_run(run.id, "no").await.unwrap_err();
    assert_eq!(error.message(), "a run that is success cannot become cancelled");
    assert_eq!(store.retry_run(run.id).await.unwrap_err().kind(), ErrorKind::Conflict);
}

pub(crate) async fn a_second_run_waits_for_the_first_or_is_allowed(subject: &Subject) {
    let store = &subject.store;
    let first = subject.running("etl").await;
    let second = store.create_run(NewRun::of(first.pipeline_id)).await.unwrap();
    let error = store.start_run(second.id, LEASE, Overlap::Refuse).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "pipeline `etl` is running already"));
    assert!(error.to_string().contains(&first.id.to_string()), "{error}");
    let second = store.start_run(second.id, LEASE, Overlap::Allow).await.unwrap().run;
    assert_eq!((first.fence, second.fence), (1, 2));
    for run in [first, second] {
        store.finish_run(run.token(), RunEnd::success(RunStatistics::default())).await.unwrap();
    }
}

pub(crate) async fn a_run_without_heartbeat_is_lost_and_its_process_is_refused(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    let tasks = store
        .create_tasks(run.token(), ["parse", "load"].map(|name| NewTask::new(name, "load")).into())
        .await
        .unwrap();
    store.start_task(run.token(), tasks[0].id).await.unwrap();
    subject.pass(LEASE);
    assert_eq!(store.recover_runs(None).await.unwrap(), []);
    subject.pass(SECOND);
    let lost = subject.other().recover_runs(None).await.unwrap();
    assert_eq!((lost.len(), lost[0].id, lost[0].status), (1, run.id, RunStatus::Lost));
    assert_eq!((run.fence, lost[0].fence), (1, 2));
    assert!(lost[0].error.as_ref().unwrap().message.contains("last heard of at 2026-01-15T12:00:00"));
    let tasks = store.tasks(TaskFilter { run_id: Some(run.id), ..TaskFilter::default() }).await.unwrap();
    assert_eq!((tasks[0].status, tasks[1].status), (TaskStatus::Failed, TaskStatus::Cancelled));
    assert_eq!(tasks[0].error, lost[0].error);
    assert_eq!(tasks[0].duration_ms, Some(61_000));
    assert_eq!(store.recover_runs(None).await.unwrap(), []);

    // The process was only asleep.
    let token = run.token();
    let end = RunEnd::success(RunStatistics::default());
    assert_eq!(store.heartbeat(token, LEASE, None).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(store.finish_run(token, end).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(store.create_tasks(token, vec![]).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(store.record_deliveries(token, vec![]).await.unwrap_err().kind(), ErrorKind::Fenced);
}

pub(crate) async fn the_next_run_of_the_pipeline_recovers_the_lost_one(subject: &Subject) {
    let store = &subject.store;
    let (dead, other) = (subject.running("etl").await, subject.running("other").await);
    subject.pass(LEASE + SECOND);
    let next = store.create_run(NewRun::of(dead.pipeline_id)).await.unwrap();
    let started = store.start_run(next.id, LEASE, Overlap::Refuse).await.unwrap();
    assert_eq!(started.recovered, [dead.id]);
    assert!(started.run.fence > dead.fence);
    assert_eq!(store.run(dead.id).await.unwrap().status, RunStatus::Lost);
    assert_eq!(store.run(other.id).await.unwrap().status, RunStatus::Running);
    assert_eq!(store.recover_runs(None).await.unwrap()[0].id, other.id);
}

pub(crate) async fn a_heartbeat_keeps_the_lease_and_brings_the_wish_to_cancel(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    subject.pass(LEASE - SECOND);
    let statistics = RunStatistics { processed: 3, ..RunStatistics::default() };
    let beat = store.heartbeat(run.token(), LEASE, Some(statistics)).await.unwrap();
    assert!(!beat.is_cancel_requested);
    subject.pass(LEASE - SECOND);
    assert_eq!(store.recover_runs(None).await.unwrap(), []);
    assert_eq!(store.run(run.id).await.unwrap().statistics.processed, 3);

    let asked = store.cancel_run(run.id, "the disk is full").await.unwrap();
    assert_eq!((asked.status, asked.is_cancel_requested), (RunStatus::Running, true));
    let beat = store.heartbeat(run.token(), LEASE, None).await.unwrap();
    assert_eq!((beat.is_cancel_requested, beat.cancel_reason.as_deref()), (true, Some("the disk is full")));
    let interrupted = Error::new(ErrorKind::Cancelled, "interrupted").with_help("load again");
    let end = RunEnd { status: RunStatus::Cancelled, ..RunEnd::failed(&interrupted, statistics) };
    let ended = store.finish_run(run.token(), end).await.unwrap();
    let error = ended.error.unwrap();
    assert_eq!((ended.status, error.class.as_str()), (RunStatus::Cancelled, "cancelled"));
    assert_eq!((error.message.as_str(), error.hint.as_deref()), ("the disk is full", Some("load again")));
}

pub(crate) async fn a_retry_is_a_new_run_with_a_parent(subject: &Subject) {
    let store = &subject.store;
    let pipeline = subject.pipeline("etl").await;
    let new = NewRun { parameters: json!({"path": "a"}), ..NewRun::of(pipeline.id) };
    let run = store.create_run(new).await.unwrap();
    assert_eq!(store.retry_run(run.id).await.unwrap_err().message(), "the run is pending still");
    let cancelled = store.cancel_run(run.id, "wrong folder").await.unwrap();
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    assert_eq!(cancelled.error.unwrap().message, "wrong folder");
    let retry = store.retry_run(run.id).await.unwrap();
    assert_eq!((retry.parent_run_id, retry.attempt, retry.status), (Some(run.id), 2, RunStatus::Pending));
    assert_eq!(retry.parameters, json!({"path": "a"}));
}

pub(crate) async fn finishing_twice_is_finishing_once(subject: &Subject) {
    let run = subject.running("etl").await;
    let end = RunEnd::failed(
        &Error::new(ErrorKind::Connection, "gone").with_help("start it"),
        RunStatistics::default(),
    );
    let ended = subject.store.finish_run(run.token(), end.clone()).await.unwrap();
    subject.pass(SECOND);
    assert_eq!(subject.store.finish_run(run.token(), end).await.unwrap(), ended);
    let error = ended.error.unwrap();
    assert_eq!((error.class.as_str(), error.hint.as_deref()), ("connection", Some("start it")));
}

pub(crate) async fn a_paused_pipeline_is_not_run(subject: &Subject) {
    let store = &subject.store;
    let pipeline = subject.pipeline("etl").await;
    let to = |status| PipelineChange { status: Some(status), ..PipelineChange::default() };
    store.update_pipeline(pipeline.id, to(PipelineStatus::Paused)).await.unwrap();
    let error = store.create_run(NewRun::of(pipeline.id)).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "pipeline `etl` is paused"));
    store.update_pipeline(pipeline.id, to(PipelineStatus::Active)).await.unwrap();
    store.create_run(NewRun::of(pipeline.id)).await.unwrap();
}
