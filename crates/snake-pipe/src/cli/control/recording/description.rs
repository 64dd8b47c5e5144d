//! What is run: the pipeline of a repository's loads, and a run as it can be repeated.

use serde_json::{Value as Json, json};
use snake_pipe_core::{load::Repository, secret::redacted_url};
use snake_pipe_metadata::model::{NewPipeline, hash_of};

use crate::{cli::arguments::LoadArguments, config::Config};

/// The pipeline of a repository's loads.
pub(super) fn pipeline_of(repository: &Repository) -> NewPipeline {
    let definition = json!({
        "command": "load",
        "repository": repository.name,
        "ref": repository.ref_name,
    });
    let description = format!("Loads {} into databases.", repository.name);
    NewPipeline { description: Some(description), ..NewPipeline::new(name_of(repository), definition) }
}

/// How a repository's pipeline and dataset are called.
pub(super) fn name_of(repository: &Repository) -> String {
    match repository.ref_name.as_str() {
        "" => repository.name.clone(),
        ref_name => format!("{}@{ref_name}", repository.name),
    }
}

/// The arguments, so that the run can be repeated: paths absolute, passwords left out.
pub(super) fn parameters(arguments: &LoadArguments) -> Json {
    let absolute = |path: &std::path::PathBuf| match path.as_os_str() == "-" {
        true => path.clone(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
    };
    let kept = LoadArguments {
        path: arguments.path.as_ref().map(absolute),
        facts: arguments.facts.as_ref().map(absolute),
        to: arguments.to.iter().map(|to| redacted_url(to)).collect(),
        ..arguments.clone()
    };
    json!({
        "arguments": serde_json::to_value(kept).unwrap_or(Json::Null),
        "directory": std::env::current_dir().ok(),
    })
}

/// The hash of every setting as it may be shown.
pub(super) fn config_hash(config: &Config) -> String {
    let settings = config.settings().into_iter().map(|(key, setting)| {
        let shown = Json::from(setting.shown(&key));
        (key, shown)
    });
    hash_of(&Json::Object(settings.collect()))
}

pub(super) fn source(arguments: &LoadArguments, repository: &Repository) -> Json {
    json!({
        "kind": if arguments.facts.is_some() { "facts" } else { "directory" },
        "repository": repository.name,
        "ref": repository.ref_name,
        "remote": repository.remote,
        "root": repository.root,
        "facts": arguments.facts,
    })
}
