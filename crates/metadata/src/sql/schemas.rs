//! Versions of schemas.

use serde_json::json;
use snake_pipe_core::Result;

use super::{
    transaction::Transaction,
    value::{Row, args},
};
use crate::{
    diff::{created, diff},
    model::{NewSchema, SchemaVersion, SchemaVersionId},
};

pub(crate) async fn register(transaction: &mut Transaction, new: &[NewSchema]) -> Result<Vec<SchemaVersion>> {
    // One after the other: the next version is known only once the one before is there.
    transaction.lock("schemas").await?;
    let mut registered = Vec::new();
    for schema in new {
        registered.push(register_one(transaction, schema).await?);
    }
    Ok(registered)
}

async fn register_one(transaction: &mut Transaction, new: &NewSchema) -> Result<SchemaVersion> {
    let latest = latest(transaction, &new.schema_name, &new.table_name).await?;
    let hash = new.definition.hash();
    let difference = match &latest {
        Some(latest) if latest.hash == hash => return Ok(SchemaVersion { is_new: false, ..latest.clone() }),
        Some(latest) => diff(&latest.definition, &new.definition),
        None => created(),
    };
    let previous_version = latest.map(|latest| latest.version);
    let version = SchemaVersion {
        id: SchemaVersionId::new(),
        schema_name: new.schema_name.clone(),
        table_name: new.table_name.clone(),
        version: previous_version.unwrap_or(0) + 1,
        definition: new.definition.clone(),
        hash,
        evolution: difference.evolution,
        changes: difference.changes,
        compatibility: difference.compatibility,
        reasons: difference.reasons,
        previous_version,
        run_id: new.run_id,
        registered_at: transaction.now,
        is_new: true,
    };
    insert(transaction, &version).await?;
    Ok(version)
}

async fn insert(transaction: &mut Transaction, version: &SchemaVersion) -> Result<()> {
    transaction
        .insert(
            "schema_versions",
            &[
                ("id", version.id.into()),
                ("schema_name", (&version.schema_name).into()),
                ("table_name", (&version.table_name).into()),
                ("version", version.version.into()),
                ("definition", json!(version.definition).into()),
                ("hash", (&version.hash).into()),
                ("evolution", version.evolution.as_str().into()),
                ("changes", json!(version.changes).into()),
                ("compatibility", version.compatibility.as_str().into()),
                ("reasons", json!(version.reasons).into()),
                ("previous_version", version.previous_version.into()),
                ("run_id", version.run_id.into()),
                ("registered_at", version.registered_at.into()),
            ],
        )
        .await
}

async fn latest(transaction: &mut Transaction, schema: &str, table: &str) -> Result<Option<SchemaVersion>> {
    let sql = "SELECT * FROM @schema_versions WHERE schema_name = $1 AND table_name = $2
        ORDER BY version DESC LIMIT 1";
    transaction.optional(sql, &args![schema, table]).await?.as_ref().map(read).transpose()
}

pub(crate) async fn versions(
    transaction: &mut Transaction,
    schema: &str,
    table: &str,
) -> Result<Vec<SchemaVersion>> {
    let sql = "SELECT * FROM @schema_versions WHERE schema_name = $1 AND table_name = $2
        ORDER BY version DESC";
    transaction.all(sql, &args![schema, table]).await?.iter().map(read).collect()
}

pub(crate) async fn list(transaction: &mut Transaction, schema: Option<&str>) -> Result<Vec<SchemaVersion>> {
    let sql = "SELECT v.* FROM @schema_versions v
        WHERE ($1 IS NULL OR v.schema_name = $1)
          AND v.version = (SELECT max(o.version) FROM @schema_versions o
                           WHERE o.schema_name = v.schema_name AND o.table_name = v.table_name)
        ORDER BY v.schema_name, v.table_name";
    transaction.all(sql, &args![schema]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<SchemaVersion> {
    Ok(SchemaVersion {
        id: row.get("id")?,
        schema_name: row.get("schema_name")?,
        table_name: row.get("table_name")?,
        version: row.get("version")?,
        definition: row.structure("definition")?,
        hash: row.get("hash")?,
        evolution: row.word("evolution")?,
        changes: row.structure("changes")?,
        compatibility: row.word("compatibility")?,
        reasons: row.structure("reasons")?,
        previous_version: row.get("previous_version")?,
        run_id: row.get("run_id")?,
        registered_at: row.get("registered_at")?,
        is_new: false,
    })
}
