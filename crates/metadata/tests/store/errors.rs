use std::time::Duration;

use serde_json::json;
use snake_pipe_core::ErrorKind;
use snake_pipe_metadata::model::{ErrorFilter, ErrorStatus, NewError, Operation};

use crate::subject::Subject;

fn refused(row: u64) -> NewError {
    NewError {
        class: "data".into(),
        code: Some("22007".into()),
        message: format!("row {row} has a wrong date"),
        causes: vec!["month 13".into()],
        operation: Some(Operation::Insert),
        dataset: Some("orders".into()),
        record: json!({"id": row, "password": "hunter2"}),
        hint: Some("look at the source".into()),
        max_retries: 2,
        ..NewError::default()
    }
}

pub(crate) async fn an_error_is_recorded_without_secrets_and_grouped(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    let lone = NewError { class: "connection".into(), message: "gone".into(), ..NewError::default() };
    let new = vec![refused(1).in_run(run.id), refused(20).in_run(run.id), lone];
    let recorded = store.record_errors(new).await.unwrap();
    assert_eq!(recorded[0].record, json!({"id": 1, "password": "***"}));
    assert_eq!(
        (recorded[0].pipeline.as_deref(), &recorded[0].causes),
        (Some("etl"), &vec!["month 13".to_owned()])
    );
    assert_eq!((recorded[0].operation, recorded[0].status), (Some(Operation::Insert), ErrorStatus::Open));
    assert_eq!(store.error(recorded[0].id).await.unwrap(), recorded[0]);

    let groups = store.error_groups(ErrorFilter::default()).await.unwrap();
    let counts: Vec<_> = groups.iter().map(|group| (group.class.as_str(), group.count, group.open)).collect();
    assert_eq!(counts, [("data", 2, 2), ("connection", 1, 1)]);
    assert_eq!(groups[0].message, "row 20 has a wrong date");

    let of_run = ErrorFilter { run_id: Some(run.id), limit: Some(1), ..ErrorFilter::default() };
    assert_eq!(store.errors(of_run).await.unwrap(), [recorded[1].clone()]);
    let id = snake_pipe_metadata::model::ErrorId::new();
    assert_eq!(store.error(id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub(crate) async fn an_error_is_retried_on_a_schedule_and_resolved(subject: &Subject) {
    let store = &subject.store;
    let error = store.record_errors(vec![refused(1)]).await.unwrap().remove(0);
    let due = async || {
        let due_at = Some(subject.clock.now());
        store.errors(ErrorFilter { due_at, ..ErrorFilter::default() }).await.unwrap().len()
    };
    assert_eq!(due().await, 1);
    let retried = store.retried_error(error.id).await.unwrap();
    assert_eq!((retried.retries, due().await), (1, 0));
    subject.pass(Duration::from_secs(60));
    assert_eq!(due().await, 1);
    let retried = store.retried_error(error.id).await.unwrap();
    assert_eq!((retried.retries, retried.next_retry_at), (2, None));

    let this = ErrorFilter { id: Some(error.id), ..ErrorFilter::default() };
    assert_eq!(store.close_errors(this.clone(), ErrorStatus::Resolved, "source corrected").await.unwrap(), 1);
    assert_eq!(store.close_errors(this, ErrorStatus::Ignored, "again").await.unwrap(), 0);
    let closed = store.error(error.id).await.unwrap();
    assert_eq!((closed.status, closed.resolved_by.as_deref()), (ErrorStatus::Resolved, Some("me@here")));
    assert_eq!(closed.resolution.as_deref(), Some("source corrected"));
    assert_eq!(store.retried_error(error.id).await.unwrap_err().message(), "the error is resolved, not open");
}
