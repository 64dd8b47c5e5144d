//! `pipelines`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_metadata::model::{NewPipeline, PipelineChange, PipelineFilter};

use super::{
    super::{Program, failure::Exit},
    arguments::PipelinesCommand,
    listing::{ListColumn, print_list, print_one},
    open,
};

const COLUMNS: &[ListColumn] = &[
    ("pipeline", "/name"),
    ("version", "/version"),
    ("status", "/status"),
    ("tags", "/tags"),
    ("changed", "/updated_at"),
    ("description", "/description"),
];

pub(super) async fn run(program: &Program, command: PipelinesCommand) -> Result<Exit> {
    match command {
        PipelinesCommand::List { tag, name, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let tag = tag.map(|tag| match tag.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (tag, None),
            });
            let filter = PipelineFilter { tag, name_contains: name, ..PipelineFilter::default() };
            print_list(&store.pipelines(filter).await?, COLUMNS, "pipeline", arguments.format)?;
        }
        PipelinesCommand::Show { pipeline, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            print_one(&store.pipeline(&pipeline).await?, arguments.format)?;
        }
        PipelinesCommand::Create { name, description, definition, tag, store: arguments } => {
            let new =
                NewPipeline { description, tags: tags(&tag)?, ..NewPipeline::new(name, read(&definition)?) };
            let store = open(program, arguments.from.as_ref()).await?;
            print_one(&store.create_pipeline(new).await?, arguments.format)?;
        }
        PipelinesCommand::Update {
            pipeline,
            name,
            description,
            definition,
            status,
            tag,
            store: arguments,
        } => {
            let definition = definition.as_deref().map(read).transpose()?;
            let tags = if tag.is_empty() { None } else { Some(tags(&tag)?) };
            let store = open(program, arguments.from.as_ref()).await?;
            let id = store.pipeline(&pipeline).await?.id;
            let change = PipelineChange { name, description, definition, status, tags };
            print_one(&store.update_pipeline(id, change).await?, arguments.format)?;
        }
        PipelinesCommand::Delete { pipeline, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let pipeline = store.pipeline(&pipeline).await?;
            store.delete_pipeline(pipeline.id).await?;
            print_one(&json!({"deleted": pipeline.name, "id": pipeline.id}), arguments.format)?;
        }
    }
    Ok(Exit::Done)
}

fn read(definition: &str) -> Result<Json> {
    serde_json::from_str(definition).map_err(|source| {
        Error::new(ErrorKind::Configuration, "a definition is JSON")
            .with_source(source)
            .with_help("such as '{\"steps\": [\"extract\", \"load\"]}'")
    })
}

fn tags(given: &[String]) -> Result<BTreeMap<String, String>> {
    let tag = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("a tag is name=value, not `{text}`"))
        })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    given.iter().map(tag).collect()
}
