use serde_json::{Value as Json, json};
use snake_pipe_core::{Error, ErrorKind};
use snake_pipe_metadata::model::{
    DeliveryStatus, NewDelivery, NewTask, TaskEnd, TaskFilter, TaskRecord, TaskStatus,
};

use crate::subject::Subject;

pub(crate) async fn a_task_waits_for_those_it_depends_on(subject: &Subject) {
    let store = &subject.store;
    let token = subject.running("etl").await.token();
    let extract = NewTask { input: json!({"table": "orders"}), ..NewTask::new("extract", "connector") };
    let extract = store.create_tasks(token, vec![extract]).await.unwrap().remove(0);
    let load = NewTask { depends_on: vec![extract.id], ..NewTask::new("load", "load") };
    let load = store.create_tasks(token, vec![load]).await.unwrap().remove(0);
    assert_eq!((load.status, &load.depends_on), (TaskStatus::Pending, &vec![extract.id]));
    let error = store.start_task(token, load.id).await.unwrap_err();
    assert_eq!(error.message(), "task `load` waits for others: `extract` is pending");
    let error = store.finish_task(token, extract.id, TaskEnd::success(Json::Null)).await.unwrap_err();
    assert_eq!(error.message(), "a task that is pending cannot become success");

    store.start_task(token, extract.id).await.unwrap();
    let done = store.finish_task(token, extract.id, TaskEnd::success(json!({"rows": 10}))).await.unwrap();
    assert_eq!(
        (done.status, &done.input, &done.output),
        (TaskStatus::Success, &json!({"table": "orders"}), &json!({"rows": 10}))
    );
    assert_eq!(store.start_task(token, load.id).await.unwrap().status, TaskStatus::Running);

    let other = subject.running("other").await.token();
    let error = store.start_task(other, load.id).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "task `load` belongs to another run"));
}

pub(crate) async fn a_failed_task_is_started_again_until_its_attempts_are_used_up(subject: &Subject) {
    let store = &subject.store;
    let token = subject.running("etl").await.token();
    let new = NewTask { max_attempts: 2, ..NewTask::new("load", "load") };
    let id = store.create_tasks(token, vec![new]).await.unwrap()[0].id;
    for attempt in [1, 2] {
        assert_eq!(store.start_task(token, id).await.unwrap().attempt, attempt);
        let end = TaskEnd::failed(&Error::new(ErrorKind::Busy, "locked"));
        assert_eq!(store.finish_task(token, id, end).await.unwrap().error.unwrap().message, "locked");
    }
    let error = store.start_task(token, id).await.unwrap_err();
    assert_eq!(error.message(), "task `load` was started 2 times, and may not be again");
}

pub(crate) async fn tasks_and_deliveries_are_recorded_afterwards(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    let started_at = subject.clock.now();
    subject.pass(std::time::Duration::from_millis(250));
    let record = TaskRecord {
        task: NewTask::new("parse", "extract"),
        end: TaskEnd::success(json!({"files": 2})),
        started_at,
        ended_at: subject.clock.now(),
    };
    let tasks = store.record_tasks(run.token(), vec![record]).await.unwrap();
    assert_eq!(
        (tasks[0].status, tasks[0].duration_ms, tasks[0].attempt),
        (TaskStatus::Success, Some(250), 1)
    );
    assert_eq!(
        store.tasks(TaskFilter { run_id: Some(run.id), ..TaskFilter::default() }).await.unwrap(),
        tasks
    );

    let delivery = NewDelivery {
        batches: 2,
        records: 3,
        rows: 40,
        bytes: 500,
        transaction: Some("735".into()),
        ..NewDelivery::to("sqlite:code.db", DeliveryStatus::Published)
    };
    let batch = NewDelivery { sequence: Some(0), ..NewDelivery::to("b", DeliveryStatus::Accepted) };
    store.record_deliveries(run.token(), vec![delivery, batch]).await.unwrap();
    let deliveries = store.deliveries(run.id).await.unwrap();
    assert_eq!(deliveries.len(), 2);
    assert_eq!((deliveries[0].rows, deliveries[0].transaction.as_deref()), (40, Some("735")));
    assert_eq!((deliveries[1].sequence, deliveries[1].status), (Some(0), DeliveryStatus::Accepted));
}
