//! `runs` and `tasks`.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value as Json;
use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_metadata::model::{Delivery, Run, RunFilter, RunId, TaskFilter};

use super::{
    super::{Program, arguments::LoadArguments, failure::Exit, load},
    arguments::{RetryArguments, RunsCommand, TasksArguments},
    listing::{ListColumn, print_list, print_one},
    open, since,
};

pub(super) const RUN_COLUMNS: &[ListColumn] = &[
    ("run", "/id"),
    ("pipeline", "/pipeline"),
    ("status", "/status"),
    ("started", "/started_at"),
    ("ms", "/duration_ms"),
    ("files", "/statistics/processed"),
    ("new", "/statistics/inserted"),
    ("changed", "/statistics/updated"),
    ("removed", "/statistics/deleted"),
    ("failed", "/statistics/failed"),
    ("error", "/error/message"),
];

const TASK_COLUMNS: &[ListColumn] = &[
    ("task", "/name"),
    ("type", "/task_type"),
    ("status", "/status"),
    ("attempt", "/attempt"),
    ("started", "/started_at"),
    ("ms", "/duration_ms"),
    ("error", "/error/message"),
];

/// A run with what was delivered.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    run: Run,
    deliveries: Vec<Delivery>,
}

pub(super) async fn run(program: &Program, command: RunsCommand) -> Result<Exit> {
    match command {
        RunsCommand::List { pipeline, status, since: from, limit, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let from = match from {
                Some(text) => Some(since(store.as_ref(), &text).await?),
                None => None,
            };
            let runs = store.runs(RunFilter { pipeline, status, since: from, limit: Some(limit) }).await?;
            print_list(&runs, RUN_COLUMNS, "run", arguments.format)?;
        }
        RunsCommand::Show { run, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let shown = Shown { run: store.run(run).await?, deliveries: store.deliveries(run).await? };
            print_one(&shown, arguments.format)?;
        }
        RunsCommand::Cancel { run, reason, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            print_one(&store.cancel_run(run, &reason).await?, arguments.format)?;
        }
        RunsCommand::Retry(arguments) => return retry(program, arguments).await,
    }
    Ok(Exit::Done)
}

pub(super) async fn retry(program: &Program, arguments: RetryArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let run = store.run(arguments.run).await?;
    let load = load_of(&run, &arguments.to, arguments.store.format)?;
    let pending = store.retry_run(run.id).await?;
    store.close().await?;
    load::run_as(program, load, Some(pending.id)).await
}

/// The load that a run was, to be carried out again.
pub(super) fn load_of(
    run: &Run,
    to: &[String],
    format: super::super::arguments::Format,
) -> Result<LoadArguments> {
    let wrong = |what: String| Error::new(ErrorKind::Conflict, what).with_context("run", run.id);
    let mut load: LoadArguments = serde_json::from_value(run.parameters["arguments"].clone())
        .map_err(|source| wrong("the run is no load of this program".to_owned()).with_source(source))?;
    if load.facts.as_ref().is_some_and(|facts| facts.as_os_str() == "-") {
        return Err(wrong("the run read its facts from standard input, which is gone".to_owned())
            .with_help("load them again with `snake-pipe load --facts`"));
    }
    if !to.is_empty() {
        load.to = to.to_vec();
    }
    if let Some(hidden) = load.to.iter().find(|url| url.contains(":***@") || url.contains("=***")) {
        return Err(wrong(format!("the password of `{hidden}` was not kept"))
            .with_help("repeat it with --to, or configure the backend under a name"));
    }
    load.to = load.to.iter().map(|url| absolute(url, &run.parameters["directory"])).collect();
    load.format = format;
    Ok(load)
}

/// A file's URL as it was meant in the directory of the run.
fn absolute(url: &str, directory: &Json) -> String {
    match (url.strip_prefix("sqlite:"), directory.as_str()) {
        (Some(path), Some(directory)) if !path.starts_with('/') && !path.contains(":memory:") => {
            format!("sqlite:{}", PathBuf::from(directory).join(path).display())
        }
        _ => url.to_owned(),
    }
}

pub(super) async fn tasks(program: &Program, arguments: TasksArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let youngest = || async {
        let runs = store.runs(RunFilter { limit: Some(1), ..RunFilter::default() }).await?;
        Ok::<Option<RunId>, Error>(runs.first().map(|run| run.id))
    };
    let run_id = match arguments.run {
        Some(id) => Some(store.run(id).await?.id),
        None => youngest().await?,
    };
    let tasks = match run_id {
        None => Vec::new(),
        run_id => {
            store.tasks(TaskFilter { run_id, status: arguments.status, ..TaskFilter::default() }).await?
        }
    };
    print_list(&tasks, TASK_COLUMNS, "task", arguments.store.format)?;
    Ok(Exit::Done)
}
