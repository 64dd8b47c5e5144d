//! Deliveries.

use snake_pipe_core::Result;

use super::{
    runs,
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{Delivery, DeliveryId, NewDelivery, RunId, RunToken};

pub(crate) async fn record(
    transaction: &mut Transaction,
    token: RunToken,
    new: &[NewDelivery],
) -> Result<()> {
    runs::held(transaction, token).await?;
    let now = transaction.now;
    for delivery in new {
        transaction
            .insert(
                "deliveries",
                &[
                    ("id", DeliveryId::new().into()),
                    ("run_id", token.run_id.into()),
                    ("backend", (&delivery.backend).into()),
                    ("status", delivery.status.as_str().into()),
                    ("sequence", delivery.sequence.into()),
                    ("batches", delivery.batches.into()),
                    ("records", delivery.records.into()),
                    ("rows", delivery.rows.into()),
                    ("bytes", delivery.bytes.into()),
                    ("duration_ms", delivery.duration_ms.into()),
                    ("retries", delivery.retries.into()),
                    ("transaction_id", delivery.transaction.clone().into()),
                    ("delivered_at", delivery.delivered_at.unwrap_or(now).into()),
                ],
            )
            .await?;
    }
    Ok(())
}

pub(crate) async fn list(transaction: &mut Transaction, run: RunId) -> Result<Vec<Delivery>> {
    let sql = "SELECT * FROM @deliveries WHERE run_id = $1 ORDER BY delivered_at, id";
    transaction.all(sql, &args![run]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        backend: row.get("backend")?,
        status: row.word("status")?,
        sequence: row.get("sequence")?,
        batches: row.get("batches")?,
        records: row.get("records")?,
        rows: row.get("rows")?,
        bytes: row.get("bytes")?,
        duration_ms: row.get("duration_ms")?,
        retries: row.get("retries")?,
        transaction: row.get("transaction_id")?,
        delivered_at: row.get("delivered_at")?,
    })
}
