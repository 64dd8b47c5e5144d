//! Pipelines, their versions and tags.

use std::collections::BTreeMap;

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, Result};

use super::{
    audit,
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{
    NewPipeline, Pipeline, PipelineChange, PipelineFilter, PipelineId, PipelineStatus, PipelineVersion,
    hash_of,
};

pub(crate) async fn create(transaction: &mut Transaction, new: &NewPipeline) -> Result<Pipeline> {
    check_name(&new.name)?;
    transaction.lock(&format!("pipeline {}", new.name)).await?;
    if by_name(transaction, &new.name).await?.is_some() {
        return Err(name_is_taken(&new.name));
    }
    insert(transaction, new).await
}

pub(crate) async fn register(transaction: &mut Transaction, new: &NewPipeline) -> Result<Pipeline> {
    check_name(&new.name)?;
    transaction.lock(&format!("pipeline {}", new.name)).await?;
    let Some(held) = by_name(transaction, &new.name).await? else {
        return insert(transaction, new).await;
    };
    let change = PipelineChange {
        description: new.description.clone().filter(|text| held.description.as_ref() != Some(text)),
        definition: Some(new.definition.clone()).filter(|new| hash_of(new) != held.definition_hash),
        tags: Some(new.tags.clone()).filter(|tags| !tags.is_empty() && *tags != held.tags),
        ..PipelineChange::default()
    };
    match change == PipelineChange::default() {
        true => Ok(held),
        false => update(transaction, held.id, &change).await,
    }
}

pub(crate) async fn get(transaction: &mut Transaction, name_or_id: &str) -> Result<Pipeline> {
    if let Some(pipeline) = by_name(transaction, name_or_id).await? {
        return Ok(pipeline);
    }
    let by_id = match name_or_id.parse::<PipelineId>() {
        Ok(id) => by_id(transaction, id).await?,
        Err(_) => None,
    };
    by_id.ok_or_else(|| unknown(name_or_id))
}

pub(crate) async fn list(transaction: &mut Transaction, filter: &PipelineFilter) -> Result<Vec<Pipeline>> {
    let sql = "SELECT * FROM @pipelines WHERE ($1 IS NULL OR status = $1) ORDER BY name";
    let rows = transaction.all(sql, &args![filter.status.map(PipelineStatus::as_str)]).await?;
    let mut pipelines = Vec::new();
    for row in &rows {
        let pipeline = read(transaction, row).await?;
        let is_tagged = |(name, value): &(String, Option<String>)| {
            pipeline.tags.get(name).is_some_and(|held| value.as_ref().is_none_or(|value| value == held))
        };
        let is_named = |part: &String| pipeline.name.contains(part);
        if filter.tag.as_ref().is_none_or(is_tagged) && filter.name_contains.as_ref().is_none_or(is_named) {
            pipelines.push(pipeline);
        }
    }
    Ok(pipelines)
}

pub(crate) async fn update(
    transaction: &mut Transaction,
    id: PipelineId,
    change: &PipelineChange,
) -> Result<Pipeline> {
    let held = by_id(transaction, id).await?.ok_or_else(|| unknown(&id.to_string()))?;
    if let Some(name) = change.name.as_ref().filter(|name| **name != held.name) {
        check_name(name)?;
        transaction.lock(&format!("pipeline {name}")).await?;
        if by_name(transaction, name).await?.is_some() {
            return Err(name_is_taken(name));
        }
    }
    let definition = change.definition.as_ref().filter(|new| hash_of(new) != held.definition_hash);
    let version = held.version + u64::from(definition.is_some());
    let description = change.description.clone().or(held.description.clone());
    let now = transaction.now;
    transaction
        .execute(
            "UPDATE @pipelines SET name = $2, description = $3, definition = $4, definition_hash = $5, version = $6,
                status = $7, updated_at = $8 WHERE id = $1",
            &args![
                id,
                change.name.as_ref().unwrap_or(&held.name),
                description.filter(|text| !text.is_empty()),
                definition.unwrap_or(&held.definition),
                definition.map_or(held.definition_hash, hash_of),
                version,
                change.status.unwrap_or(held.status).as_str(),
                now
            ],
        )
        .await?;
    if let Some(definition) = definition {
        insert_version(transaction, id, version, definition).await?;
    }
    if let Some(tags) = &change.tags {
        set_tags(transaction, id, tags).await?;
    }
    let details = json!({"name": change.name, "status": change.status, "version": version});
    audit::record(transaction, "pipeline.update", "pipeline", &held.name, details).await?;
    by_id(transaction, id).await?.ok_or_else(|| unknown(&id.to_string()))
}

pub(crate) async fn versions(transaction: &mut Transaction, id: PipelineId) -> Result<Vec<PipelineVersion>> {
    let sql = "SELECT * FROM @pipeline_versions WHERE pipeline_id = $1 ORDER BY version";
    let rows = transaction.all(sql, &args![id]).await?;
    rows.iter()
        .map(|row| {
            Ok(PipelineVersion {
                pipeline_id: row.get("pipeline_id")?,
                version: row.get("version")?,
                definition: row.get("definition")?,
                definition_hash: row.get("definition_hash")?,
                created_at: row.get("created_at")?,
            })
        })
        .collect()
}

pub(crate) async fn delete(transaction: &mut Transaction, id: PipelineId) -> Result<()> {
    let held = by_id(transaction, id).await?.ok_or_else(|| unknown(&id.to_string()))?;
    let sql = "SELECT count(*) AS running FROM @runs WHERE pipeline_id = $1 AND status = 'running'";
    let running: u64 = transaction.one(sql, &args![id]).await?.get("running")?;
    if running > 0 {
        return Err(Error::new(ErrorKind::Conflict, format!("pipeline `{}` is running", held.name))
            .with_help("cancel its runs first: `snake-pipe runs cancel ID`; or `snake-pipe recover` if they are lost"));
    }
    transaction.execute("DELETE FROM @pipelines WHERE id = $1", &args![id]).await?;
    audit::record(transaction, "pipeline.delete", "pipeline", &held.name, json!({"id": id})).await
}

/// The pipeline, locked to the end of a writing transaction.
pub(crate) async fn by_id(transaction: &mut Transaction, id: PipelineId) -> Result<Option<Pipeline>> {
    let row = transaction.optional("SELECT * FROM @pipelines WHERE id = $1", &args![id]).await?;
    match row {
        Some(row) => read(transaction, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn by_name(transaction: &mut Transaction, name: &str) -> Result<Option<Pipeline>> {
    let row = transaction.optional("SELECT * FROM @pipelines WHERE name = $1", &args![name]).await?;
    match row {
        Some(row) => read(transaction, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn insert(transaction: &mut Transaction, new: &NewPipeline) -> Result<Pipeline> {
    let (id, now) = (PipelineId::new(), transaction.now);
    transaction
        .insert(
            "pipelines",
            &[
                ("id", id.into()),
                ("name", (&new.name).into()),
                ("description", new.description.clone().into()),
                ("definition", (&new.definition).into()),
                ("definition_hash", hash_of(&new.definition).into()),
                ("version", 1_u64.into()),
                ("status", PipelineStatus::Active.as_str().into()),
                ("fence", 0_u64.into()),
                ("created_at", now.into()),
                ("updated_at", now.into()),
            ],
        )
        .await?;
    insert_version(transaction, id, 1, &new.definition).await?;
    set_tags(transaction, id, &new.tags).await?;
    audit::record(transaction, "pipeline.create", "pipeline", &new.name, json!({"id": id})).await?;
    by_id(transaction, id).await?.ok_or_else(|| unknown(&new.name))
}

async fn insert_version(
    transaction: &mut Transaction,
    id: PipelineId,
    version: u64,
    definition: &serde_json::Value,
) -> Result<()> {
    let now = transaction.now;
    transaction
        .insert(
            "pipeline_versions",
            &[
                ("pipeline_id", id.into()),
                ("version", version.into()),
                ("definition", definition.into()),
                ("definition_hash", hash_of(definition).into()),
                ("created_at", now.into()),
            ],
        )
        .await
}

async fn set_tags(
    transaction: &mut Transaction,
    id: PipelineId,
    tags: &BTreeMap<String, String>,
) -> Result<()> {
    transaction.execute("DELETE FROM @pipeline_tags WHERE pipeline_id = $1", &args![id]).await?;
    for (name, value) in tags {
        let values = [("pipeline_id", id.into()), ("name", name.into()), ("value", value.into())];
        transaction.insert("pipeline_tags", &values).await?;
    }
    Ok(())
}

async fn read(transaction: &mut Transaction, row: &Row) -> Result<Pipeline> {
    let id: PipelineId = row.get("id")?;
    let sql = "SELECT name, value FROM @pipeline_tags WHERE pipeline_id = $1";
    let tags = transaction.all(sql, &args![id]).await?;
    Ok(Pipeline {
        id,
        name: row.get("name")?,
        description: row.get("description")?,
        definition: row.get("definition")?,
        definition_hash: row.get("definition_hash")?,
        version: row.get("version")?,
        status: row.word("status")?,
        tags: tags.iter().map(|tag| Ok((tag.get("name")?, tag.get("value")?))).collect::<Result<_>>()?,
        fence: row.get("fence")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn check_name(name: &str) -> Result<()> {
    match name.trim().is_empty() {
        true => Err(Error::new(ErrorKind::Configuration, "a pipeline needs a name")),
        false => Ok(()),
    }
}

fn name_is_taken(name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("a pipeline is named `{name}` already"))
        .with_help("choose another name, or register the pipeline to update it")
}

fn unknown(pipeline: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("no pipeline is named `{pipeline}`"))
        .with_help("see `snake-pipe pipelines list`")
}
