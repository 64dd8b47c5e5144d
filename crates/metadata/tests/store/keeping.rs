use std::time::Duration;

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, MigrateMode, Value};
use snake_pipe_metadata::model::{
    AuditFilter, ClassTrend, ColumnDefinition, DeadLetterFilter, ErrorFilter, ErrorStatus, Garbage,
    NewAuditEntry, NewDataset, NewDeadLetter, NewError, NewPosition, NewSchema, NewTask, OrderKey,
    PositionKey, PositionKind, Retention, RunEnd, RunFilter, RunStatistics, Sample, SchemaDefinition,
    StatisticsFilter,
};

use crate::subject::Subject;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) async fn what_has_ended_goes_after_its_time(subject: &Subject) {
    let store = &subject.store;
    let (old, running) = (subject.running("etl").await, subject.running("other").await);
    store.create_tasks(old.token(), vec![NewTask::new("a", "b")]).await.unwrap();
    let error =
        |message: &str| NewError { class: "io".into(), message: message.into(), ..NewError::default() };
    store.record_errors(vec![error("ignored"), error("open")]).await.unwrap();
    let ignored = store.errors(ErrorFilter::default()).await.unwrap().pop().unwrap();
    let this = ErrorFilter { id: Some(ignored.id), ..ErrorFilter::default() };
    store.close_errors(this, ErrorStatus::Ignored, "").await.unwrap();
    let letter =
        |id: &str| NewDeadLetter { source_id: Some(id.into()), ..NewDeadLetter::new("d", json!(1), "r") };
    store.add_dead_letters(vec![letter("kept"), letter("gone")]).await.unwrap();
    let gone = DeadLetterFilter { source_id: Some("gone".into()), ..DeadLetterFilter::default() };
    store.discard_dead_letters(gone, "").await.unwrap();
    for number in [1, 2] {
        let key = PositionKey::of("s", PositionKind::Batch);
        let order = OrderKey::number(number);
        let new = NewPosition { key, value: json!(number), order, run_id: None };
        store.advance_position(None, new).await.unwrap();
        subject.pass(Duration::from_secs(1));
    }
    store
        .record_samples(vec![Sample { run_id: None, name: "memory_bytes".into(), value: 1.5 }])
        .await
        .unwrap();
    store.finish_run(old.token(), RunEnd::success(RunStatistics::default())).await.unwrap();

    subject.pass(DAY * 29);
    let none = Garbage { is_dry_run: true, ..Garbage::default() };
    assert_eq!(store.collect_garbage(Retention::default(), true).await.unwrap(), none);
    subject.pass(DAY * 2);
    let expected = Garbage {
        is_dry_run: true,
        runs: 1,
        tasks: 1,
        errors: 1,
        dead_letters: 1,
        position_history: 1,
        samples: 1,
        ..Garbage::default()
    };
    assert_eq!(store.collect_garbage(Retention::default(), true).await.unwrap(), expected);
    assert_eq!(store.runs(RunFilter::default()).await.unwrap().len(), 2);
    let done = store.collect_garbage(Retention::default(), false).await.unwrap();
    assert_eq!(done, Garbage { is_dry_run: false, ..expected });
    assert_eq!(store.runs(RunFilter::default()).await.unwrap()[0].id, running.id);
    assert_eq!(store.errors(ErrorFilter::default()).await.unwrap()[0].message, "open");
    let empty = Garbage::default();
    assert_eq!(store.collect_garbage(Retention::default(), false).await.unwrap(), empty);
}

pub(crate) async fn the_last_ten_schema_versions_stay(subject: &Subject) {
    let store = &subject.store;
    for number in 0..12 {
        let column = ColumnDefinition::nullable(format!("column_{number}"), "text");
        let definition = SchemaDefinition { columns: vec![column], ..SchemaDefinition::default() };
        let new = NewSchema { schema_name: "s".into(), table_name: "t".into(), definition, run_id: None };
        store.register_schemas(vec![new]).await.unwrap();
    }
    subject.pass(DAY * 31);
    assert_eq!(store.collect_garbage(Retention::default(), true).await.unwrap().schema_versions, 2);
    assert_eq!(store.collect_garbage(Retention::default(), false).await.unwrap().schema_versions, 2);
    let versions: Vec<_> =
        store.schema_versions("s", "t").await.unwrap().iter().map(|version| version.version).collect();
    assert_eq!(versions, (3..=12).rev().collect::<Vec<u64>>());
}

pub(crate) async fn the_audit_says_who_did_what_and_cannot_be_changed(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    store.cancel_run(run.id, "lunch").await.unwrap();
    let own = NewAuditEntry {
        action: "repository.remove".into(),
        subject_kind: "repository".into(),
        subject: "app".into(),
        details: json!({"backend": "sqlite:a.db"}),
    };
    store.record_audit(own).await.unwrap();
    let entries = store.audit(AuditFilter::default()).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    assert_eq!(
        actions,
        [
            ("me@here", "repository.remove"),
            ("me@here", "run.cancel"),
            ("me@here", "run.start"),
            ("me@here", "pipeline.create")
        ]
    );
    let of_runs = AuditFilter { action: Some("run".into()), limit: Some(1), ..AuditFilter::default() };
    assert_eq!(store.audit(of_runs).await.unwrap()[0].details, json!({"reason": "lunch"}));
}

pub(crate) async fn statistics_count_what_happened(subject: &Subject) {
    let store = &subject.store;
    let since = subject.clock.now();
    let good = subject.running("etl").await;
    subject.pass(Duration::from_secs(2));
    let statistics =
        RunStatistics { processed: 10, inserted: 7, updated: 2, deleted: 1, failed: 0, bytes: 99 };
    store.finish_run(good.token(), RunEnd::success(statistics)).await.unwrap();
    let bad = subject.running("etl").await;
    subject.pass(Duration::from_secs(4));
    let failure = Error::new(ErrorKind::Io, "full");
    store.finish_run(bad.token(), RunEnd::failed(&failure, RunStatistics::default())).await.unwrap();
    store.record_errors(vec![NewError::of(&failure).in_run(bad.id)]).await.unwrap();
    let sample = |value| Sample { run_id: Some(bad.id), name: "memory_bytes".into(), value };
    store.record_samples(vec![sample(1.0), sample(3.0)]).await.unwrap();

    let of = |pipeline: Option<&str>| StatisticsFilter { since, pipeline: pipeline.map(Into::into) };
    let found = store.statistics(of(Some("etl"))).await.unwrap();
    assert_eq!((found.runs, found.runs_success, found.runs_failed, found.runs_open), (2, 1, 1, 0));
    assert_eq!((found.success_rate, found.mean_duration_ms), (Some(0.5), Some(3000.0)));
    assert_eq!((found.records_processed, found.records_inserted, found.bytes), (10, 7, 99));
    assert_eq!(found.errors, [ClassTrend { class: "io".into(), count: 1, open: 1, before: 0 }]);
    let memory = &found.metrics[0];
    assert_eq!((memory.name.as_str(), memory.count, memory.mean, memory.max), ("memory_bytes", 2, 2.0, 3.0));
    let none = store.statistics(of(Some("other"))).await.unwrap();
    assert_eq!((none.runs, none.success_rate, none.errors.len()), (0, None, 0));
    assert_eq!(store.statistics(of(None)).await.unwrap().runs, 2);
}

pub(crate) async fn the_debugging_queries_answer(subject: &Subject) {
    let store = &subject.store;
    let since = subject.clock.now();
    subject.pass(Duration::from_secs(1));
    let run = subject.running("etl").await;
    let statistics = RunStatistics { processed: 4, ..RunStatistics::default() };
    store.finish_run(run.token(), RunEnd::success(statistics)).await.unwrap();
    store.record_errors(vec![NewError::of(&Error::new(ErrorKind::Io, "x"))]).await.unwrap();
    store.add_dead_letters(vec![NewDeadLetter::new("orders", json!(1), "r")]).await.unwrap();
    let text = |text: &str| Value::Text(text.into());
    let answer = store.named_query("run_performance", since).await.unwrap();
    assert_eq!(answer.columns, ["pipeline", "avg_duration_ms", "runs", "total_records"]);
    assert_eq!(answer.rows, [[text("etl"), Value::Real(0.0), Value::Integer(1), Value::Integer(4)]]);
    let answer = store.named_query("error_patterns", since).await.unwrap();
    assert_eq!(answer.rows, [[text("io"), Value::Integer(1), Value::Integer(1)]]);
    let answer = store.named_query("dead_letter_status", since).await.unwrap();
    assert_eq!(
        answer.rows,
        [[text("orders"), text(""), text("pending"), Value::Integer(1), Value::Real(1.0)]]
    );
    let error = store.named_query("error_pattern", since).await.unwrap_err();
    assert_eq!(error.help(), Some("did you mean `error_patterns`?"));
}

pub(crate) async fn values_come_back_as_they_were(subject: &Subject) {
    let properties = json!({"text": "a\u{e9}\u{1f40d} \"'\\", "big": 9_007_199_254_740_993_i64, "half": 0.5, "list": [null, true]});
    let new = NewDataset {
        address: Some("it's \"here\" $1 ? @runs".into()),
        properties: properties.clone(),
        ..NewDataset::new("odd", "table")
    };
    let dataset = subject.store.put_dataset(new).await.unwrap();
    assert_eq!(dataset.properties, properties);
    assert_eq!(dataset.address.as_deref(), Some("it's \"here\" $1 ? @runs"));
    let unknown = subject.store.put_dataset(NewDataset::new("odd", "table")).await.unwrap();
    assert_eq!((unknown.id, unknown.properties), (dataset.id, properties));
}

pub(crate) async fn migrating_again_does_nothing(subject: &Subject) {
    for store in [subject.store.clone(), subject.other()] {
        let migrations = store.migrate(MigrateMode::Apply).await.unwrap();
        assert_eq!((migrations.from_version, migrations.steps.len()), (2, 0));
    }
    let health = subject.store.health_check().await.unwrap();
    assert_eq!(health.status, snake_pipe_core::HealthStatus::Healthy);
}
