use std::collections::BTreeMap;

use serde_json::json;
use snake_pipe_core::ErrorKind;
use snake_pipe_metadata::model::{
    NewDeadLetter, NewPipeline, PipelineChange, PipelineFilter, RunEnd, RunFilter, RunStatistics, TaskFilter,
};

use crate::subject::Subject;

pub(crate) async fn a_pipeline_is_found_by_name_id_and_tag(subject: &Subject) {
    let store = &subject.store;
    let new = NewPipeline {
        description: Some("Every night".into()),
        ..NewPipeline::new("daily_etl", json!({"steps": [1]}))
    };
    let daily = store.create_pipeline(new.tag("team", "data").tag("env", "production")).await.unwrap();
    subject.pipeline("other").await;
    assert_eq!(daily.description.as_deref(), Some("Every night"));
    assert_eq!(
        daily.tags,
        BTreeMap::from([("env".into(), "production".into()), ("team".into(), "data".into())])
    );
    assert_eq!(store.pipeline("daily_etl").await.unwrap(), daily);
    assert_eq!(store.pipeline(&daily.id.to_string()).await.unwrap(), daily);

    let names = async |filter: PipelineFilter| -> Vec<String> {
        store.pipelines(filter).await.unwrap().into_iter().map(|pipeline| pipeline.name).collect()
    };
    assert_eq!(names(PipelineFilter::default()).await, ["daily_etl", "other"]);
    let tagged = |value: Option<&str>| PipelineFilter {
        tag: Some(("team".into(), value.map(Into::into))),
        ..PipelineFilter::default()
    };
    assert_eq!(names(tagged(None)).await, ["daily_etl"]);
    assert_eq!(names(tagged(Some("web"))).await, [""; 0]);
    let named = PipelineFilter { name_contains: Some("the".into()), ..PipelineFilter::default() };
    assert_eq!(names(named).await, ["other"]);

    let error = store.pipeline("weekly").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "no pipeline is named `weekly`"));
}

pub(crate) async fn another_definition_is_another_version(subject: &Subject) {
    let store = &subject.store;
    let register = |definition| store.register_pipeline(NewPipeline::new("etl", definition));
    let first = register(json!({"a": 1, "b": 2})).await.unwrap();
    let same = register(json!({"b": 2, "a": 1})).await.unwrap();
    assert_eq!((first.version, same.version, same.id), (1, 1, first.id));
    let other = register(json!({"a": 3})).await.unwrap();
    assert_eq!((other.version, other.id), (2, first.id));
    assert_ne!(other.definition_hash, first.definition_hash);
    let versions = store.pipeline_versions(first.id).await.unwrap();
    let held: Vec<_> = versions.iter().map(|version| (version.version, &version.definition)).collect();
    assert_eq!(held, [(1, &json!({"a": 1, "b": 2})), (2, &json!({"a": 3}))]);
}

pub(crate) async fn a_name_is_given_once(subject: &Subject) {
    let store = &subject.store;
    let etl = store.create_pipeline(NewPipeline::new("etl", json!({}))).await.unwrap();
    let error = store.create_pipeline(NewPipeline::new("etl", json!({}))).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "a pipeline is named `etl` already"));
    let other = subject.pipeline("other").await;
    let renamed = |name: &str| PipelineChange { name: Some(name.into()), ..PipelineChange::default() };
    assert_eq!(
        store.update_pipeline(other.id, renamed("etl")).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let renamed = store.update_pipeline(etl.id, renamed("nightly")).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.version), ("nightly", 1));
}

pub(crate) async fn deleting_a_pipeline_takes_its_runs_and_leaves_what_is_owed(subject: &Subject) {
    let store = &subject.store;
    let run = subject.running("etl").await;
    let letter =
        NewDeadLetter { run_id: Some(run.id), ..NewDeadLetter::new("orders", json!({"id": 1}), "bad") };
    store.add_dead_letters(vec![letter]).await.unwrap();
    let error = store.delete_pipeline(run.pipeline_id).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "pipeline `etl` is running"));
    store.finish_run(run.token(), RunEnd::success(RunStatistics::default())).await.unwrap();
    store.delete_pipeline(run.pipeline_id).await.unwrap();
    assert_eq!(store.runs(RunFilter::default()).await.unwrap(), []);
    assert_eq!(store.tasks(TaskFilter::default()).await.unwrap(), []);
    let letters = store.dead_letters(Default::default()).await.unwrap();
    assert_eq!((letters.len(), letters[0].run_id), (1, None));
}
