//! Positions.

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, Result};

use super::{
    audit, runs,
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{
    NewPosition, OrderKey, Position, PositionFilter, PositionId, PositionKey, PositionKind, RunToken,
};

pub(crate) async fn advance(
    transaction: &mut Transaction,
    token: Option<RunToken>,
    new: &NewPosition,
) -> Result<Position> {
    if let Some(token) = token {
        runs::held(transaction, token).await?;
    }
    transaction.lock(&lock_name(&new.key)).await?;
    match get(transaction, &new.key).await? {
        Some(held) if new.order < held.order => Err(Error::new(
            ErrorKind::Conflict,
            format!("the position would go back from {} to {}", held.order.as_str(), new.order.as_str()),
        )
        .with_context("source", &new.key.source)
        .with_help("to read the source again, reset the position")),
        Some(held) if new.order == held.order && new.value == held.value => Ok(held),
        _ => put(transaction, new).await,
    }
}

pub(crate) async fn reset(transaction: &mut Transaction, new: &NewPosition) -> Result<Position> {
    transaction.lock(&lock_name(&new.key)).await?;
    let before = get(transaction, &new.key).await?.map(|held| held.value);
    let details = json!({"key": new.key, "before": before, "after": new.value});
    audit::record(transaction, "position.reset", "position", &new.key.source, details).await?;
    put(transaction, new).await
}

async fn put(transaction: &mut Transaction, new: &NewPosition) -> Result<Position> {
    let (now, key) = (transaction.now, &new.key);
    let place = args![&key.source, &key.schema, &key.table, key.kind.as_str()];
    let value = args![&new.value, new.order.as_str(), new.run_id, now];
    let args: Vec<_> = args![PositionId::new()].into_iter().chain(place).chain(value).collect();
    transaction
        .execute(
            "INSERT INTO @positions (id, source, schema_name, table_name, kind, value, order_key, run_id, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (source, schema_name, table_name, kind) DO UPDATE SET value = excluded.value,
                order_key = excluded.order_key, run_id = excluded.run_id, recorded_at = excluded.recorded_at",
            &args,
        )
        .await?;
    transaction
        .execute(
            "INSERT INTO @position_history
                (id, source, schema_name, table_name, kind, value, order_key, run_id, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &args,
        )
        .await?;
    get(transaction, &new.key)
        .await?
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a position that was written is not there"))
}

fn lock_name(key: &PositionKey) -> String {
    format!("position {} {} {} {}", key.source, key.schema, key.table, key.kind)
}

pub(crate) async fn get(transaction: &mut Transaction, key: &PositionKey) -> Result<Option<Position>> {
    let sql = "SELECT * FROM @positions
        WHERE source = $1 AND schema_name = $2 AND table_name = $3 AND kind = $4";
    let args = args![&key.source, &key.schema, &key.table, key.kind.as_str()];
    transaction.optional(sql, &args).await?.as_ref().map(read).transpose()
}

pub(crate) async fn list(transaction: &mut Transaction, filter: &PositionFilter) -> Result<Vec<Position>> {
    let rows = transaction
        .all(
            "SELECT * FROM @positions
             WHERE ($1 IS NULL OR source = $1) AND ($2 IS NULL OR schema_name = $2)
               AND ($3 IS NULL OR table_name = $3) AND ($4 IS NULL OR kind = $4)
             ORDER BY source, schema_name, table_name, kind",
            &args![
                filter.source.clone(),
                filter.schema.clone(),
                filter.table.clone(),
                filter.kind.map(PositionKind::as_str)
            ],
        )
        .await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn history(
    transaction: &mut Transaction,
    key: &PositionKey,
    limit: u64,
) -> Result<Vec<Position>> {
    let sql = "SELECT * FROM @position_history
        WHERE source = $1 AND schema_name = $2 AND table_name = $3 AND kind = $4
        ORDER BY recorded_at DESC, id DESC LIMIT $5";
    let args = args![&key.source, &key.schema, &key.table, key.kind.as_str(), limit];
    transaction.all(sql, &args).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Position> {
    Ok(Position {
        id: row.get("id")?,
        key: PositionKey {
            source: row.get("source")?,
            schema: row.get("schema_name")?,
            table: row.get("table_name")?,
            kind: row.word("kind")?,
        },
        value: row.get("value")?,
        order: OrderKey::text(row.get::<String>("order_key")?),
        run_id: row.get("run_id")?,
        recorded_at: row.get("recorded_at")?,
    })
}
