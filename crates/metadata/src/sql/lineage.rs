//! Datasets, and what flows from one into another.

use std::collections::{BTreeMap, HashMap};

use snake_pipe_core::{Error, ErrorKind, Result, secret::redacted_url};
use uuid::Uuid;

use super::{
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{
    Dataset, DatasetId, Direction, LineageEdge, LineageEdgeId, LineageStep, NewDataset, NewLineageEdge,
    PipelineId,
};

pub(crate) async fn put_dataset(transaction: &mut Transaction, new: &NewDataset) -> Result<Dataset> {
    let id = upsert(transaction, new).await?;
    if !new.tags.is_empty() {
        transaction.execute("DELETE FROM @dataset_tags WHERE dataset_id = $1", &args![id]).await?;
        for (name, value) in &new.tags {
            let values = [("dataset_id", id.into()), ("name", name.into()), ("value", value.into())];
            transaction.insert("dataset_tags", &values).await?;
        }
    }
    let row = transaction.one("SELECT * FROM @datasets WHERE id = $1", &args![id]).await?;
    read_dataset(transaction, &row).await
}

/// What a caller does not know of a dataset stays as it is recorded.
async fn upsert(transaction: &mut Transaction, new: &NewDataset) -> Result<DatasetId> {
    let now = transaction.now;
    let row = transaction
        .one(
            "INSERT INTO @datasets AS d (id, name, kind, address, properties, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, address = coalesce(excluded.address, d.address),
                properties = CASE WHEN $7 THEN d.properties ELSE excluded.properties END, updated_at = excluded.updated_at
             RETURNING id",
            &args![
                DatasetId::new(),
                &new.name,
                &new.kind,
                new.address.as_deref().map(redacted_url),
                &new.properties,
                now,
                new.properties.is_null()
            ],
        )
        .await?;
    row.get("id")
}

pub(crate) async fn datasets(transaction: &mut Transaction, kind: Option<&str>) -> Result<Vec<Dataset>> {
    let sql = "SELECT * FROM @datasets WHERE ($1 IS NULL OR kind = $1) ORDER BY name";
    let rows = transaction.all(sql, &args![kind]).await?;
    let mut datasets = Vec::new();
    for row in &rows {
        datasets.push(read_dataset(transaction, row).await?);
    }
    Ok(datasets)
}

async fn read_dataset(transaction: &mut Transaction, row: &Row) -> Result<Dataset> {
    let id: DatasetId = row.get("id")?;
    let sql = "SELECT name, value FROM @dataset_tags WHERE dataset_id = $1";
    let tags = transaction.all(sql, &args![id]).await?;
    Ok(Dataset {
        id,
        name: row.get("name")?,
        kind: row.get("kind")?,
        address: row.get("address")?,
        properties: row.get("properties")?,
        tags: tags
            .iter()
            .map(|tag| Ok((tag.get("name")?, tag.get("value")?)))
            .collect::<Result<BTreeMap<_, _>>>()?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// How many edges are written by one statement.
const EDGES_PER_STATEMENT: usize = 100;

/// Ends of an edge: ids and names of columns, which are empty for whole datasets.
type Ends<'a> = (DatasetId, &'a str, DatasetId, &'a str, Option<PipelineId>);

pub(crate) async fn record(transaction: &mut Transaction, new: &[NewLineageEdge]) -> Result<()> {
    // Two that record the same datasets in another order would wait for each other in a ring.
    transaction.lock("lineage").await?;
    let mut ids = HashMap::new();
    for edge in new {
        if !(0.0..=1.0).contains(&edge.confidence) {
            return Err(Error::new(ErrorKind::Configuration, "a confidence is a number from 0 to 1")
                .with_context("confidence", edge.confidence));
        }
        for dataset in [&edge.source, &edge.destination] {
            if ids.get(&dataset.name).is_none_or(|(known, _)| *known != dataset) {
                ids.insert(dataset.name.clone(), (dataset, upsert(transaction, dataset).await?));
            }
        }
    }
    // One statement must not meet the same edge twice; the later one holds.
    let mut edges: BTreeMap<Ends<'_>, &NewLineageEdge> = BTreeMap::new();
    for edge in new {
        let (source, destination) = (ids[&edge.source.name].1, ids[&edge.destination.name].1);
        edges.insert((source, "", destination, "", edge.pipeline_id), edge);
        for (from, to) in &edge.columns {
            edges.insert((source, from, destination, to, edge.pipeline_id), edge);
        }
    }
    let edges: Vec<_> = edges.into_iter().collect();
    for edges in edges.chunks(EDGES_PER_STATEMENT) {
        put_edges(transaction, edges).await?;
    }
    Ok(())
}

async fn put_edges(transaction: &mut Transaction, edges: &[(Ends<'_>, &NewLineageEdge)]) -> Result<()> {
    let now = transaction.now;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for ((source, from, destination, to, pipeline), edge) in edges {
        let row = args![
            LineageEdgeId::new(),
            *source,
            *from,
            *destination,
            *to,
            pipeline.map_or(Uuid::nil(), |id| id.0),
            *pipeline,
            edge.run_id,
            edge.transformation.clone(),
            edge.provenance.as_str(),
            edge.confidence,
            now,
            now
        ];
        let numbers = (1..=row.len()).map(|number| format!("${}", values.len() + number));
        rows.push(format!("({})", numbers.collect::<Vec<_>>().join(", ")));
        values.extend(row);
    }
    let sql = format!(
        "INSERT INTO @lineage_edges AS e (id, source_id, source_column, destination_id, destination_column, pipeline_key,
            pipeline_id, run_id, transformation, provenance, confidence, first_seen_at, last_seen_at)
         VALUES {}
         ON CONFLICT (source_id, destination_id, source_column, destination_column, pipeline_key)
         DO UPDATE SET run_id = coalesce(excluded.run_id, e.run_id),
            transformation = coalesce(excluded.transformation, e.transformation),
            provenance = excluded.provenance, confidence = excluded.confidence, last_seen_at = excluded.last_seen_at",
        rows.join(", ")
    );
    transaction.execute(&sql, &values).await.map(drop)
}

pub(crate) async fn follow(
    transaction: &mut Transaction,
    dataset: &str,
    column: Option<&str>,
    direction: Direction,
    depth: u64,
) -> Result<Vec<LineageStep>> {
    let known = transaction.optional("SELECT id FROM @datasets WHERE name = $1", &args![dataset]).await?;
    if known.is_none() {
        return Err(Error::new(ErrorKind::NotFound, format!("no dataset is named `{dataset}`"))
            .with_help("see `snake-pipe lineage` without a name for those that there are"));
    }
    let (near, far) = match direction {
        Direction::Upstream => ("destination", "source"),
        Direction::Downstream => ("source", "destination"),
    };
    // An edge of whole datasets leads on to every edge; one of columns to edges of the same column only.
    let sql = format!(
        "WITH RECURSIVE reached (edge_id, dataset_id, column_name, depth) AS (
             SELECT e.id, e.{far}_id, e.{far}_column, CAST(1 AS bigint)
             FROM @lineage_edges e JOIN @datasets d ON d.id = e.{near}_id
             WHERE d.name = $1 AND ($2 IS NULL OR e.{near}_column = $2)
             UNION
             SELECT e.id, e.{far}_id, e.{far}_column, r.depth + 1
             FROM reached r JOIN @lineage_edges e
               ON e.{near}_id = r.dataset_id AND (r.column_name = '' OR e.{near}_column = r.column_name)
             WHERE r.depth < $3
         ), nearest AS (SELECT edge_id, min(depth) AS depth FROM reached GROUP BY edge_id)
         SELECT n.depth, e.*, s.name AS source, t.name AS destination
         FROM nearest n JOIN @lineage_edges e ON e.id = n.edge_id
         JOIN @datasets s ON s.id = e.source_id JOIN @datasets t ON t.id = e.destination_id
         ORDER BY n.depth, s.name, t.name, e.source_column, e.destination_column, e.id"
    );
    transaction.all(&sql, &args![dataset, column, depth]).await?.iter().map(read_step).collect()
}

fn read_step(row: &Row) -> Result<LineageStep> {
    let column = |name: &str| -> Result<Option<String>> {
        Ok(Some(row.get::<String>(name)?).filter(|column| !column.is_empty()))
    };
    let edge = LineageEdge {
        id: row.get("id")?,
        source: row.get("source")?,
        source_column: column("source_column")?,
        destination: row.get("destination")?,
        destination_column: column("destination_column")?,
        pipeline_id: row.get("pipeline_id")?,
        run_id: row.get("run_id")?,
        transformation: row.get("transformation")?,
        provenance: row.word("provenance")?,
        confidence: row.get("confidence")?,
        first_seen_at: row.get("first_seen_at")?,
        last_seen_at: row.get("last_seen_at")?,
    };
    Ok(LineageStep { depth: row.get("depth")?, edge })
}
