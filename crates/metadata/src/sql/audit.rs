//! Who did what.

use serde_json::Value as Json;
use snake_pipe_core::Result;
use uuid::Uuid;

use super::{
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{AuditEntry, AuditFilter};

/// Records, in the transaction of the deed, that the store's actor did it.
pub(crate) async fn record(
    transaction: &mut Transaction,
    action: &str,
    subject_kind: &str,
    subject: &str,
    details: Json,
) -> Result<()> {
    let (now, actor) = (transaction.now, transaction.options.actor.clone());
    transaction
        .insert(
            "audit",
            &[
                ("id", Uuid::now_v7().into()),
                ("recorded_at", now.into()),
                ("actor", actor.into()),
                ("action", action.into()),
                ("subject_kind", subject_kind.into()),
                ("subject", subject.into()),
                ("details", details.into()),
            ],
        )
        .await
}

pub(crate) async fn list(transaction: &mut Transaction, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
    let rows = transaction
        .all(
            "SELECT * FROM @audit
             WHERE ($1 IS NULL OR actor = $1)
               AND ($2 IS NULL OR action = $2 OR substr(action, 1, length($2) + 1) = $2 || '.')
               AND ($3 IS NULL OR subject = $3)
               AND ($4 IS NULL OR recorded_at >= $4)
             ORDER BY recorded_at DESC, id DESC LIMIT $5",
            &args![
                filter.actor.clone(),
                filter.action.clone(),
                filter.subject.clone(),
                filter.since,
                filter.limit.unwrap_or(i64::MAX as u64)
            ],
        )
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.get("id")?,
        recorded_at: row.get("recorded_at")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject_kind: row.get("subject_kind")?,
        subject: row.get("subject")?,
        details: row.get("details")?,
    })
}
