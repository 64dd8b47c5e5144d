//! Dead letters.

use std::time::Duration;

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, Result};
use uuid::Uuid;

use super::{
    audit,
    runs::later,
    transaction::Transaction,
    value::{Arg, Row, args},
};
use crate::model::{Claim, DeadLetter, DeadLetterFilter, DeadLetterId, DeadLetterStatus, NewDeadLetter};

/// What a filter says, with its values from `$1` to `$6`.
const MATCHES: &str = "($1 IS NULL OR d.id = $1) AND ($2 IS NULL OR d.dataset = $2)
    AND ($3 IS NULL OR d.backend = $3) AND ($4 IS NULL OR d.status = $4)
    AND ($5 IS NULL OR d.source_id = $5) AND ($6 IS NULL OR d.run_id = $6)";

fn values(filter: &DeadLetterFilter) -> Vec<Arg> {
    args![
        filter.id,
        filter.dataset.clone(),
        filter.backend.clone(),
        filter.status.map(DeadLetterStatus::as_str),
        filter.source_id.clone(),
        filter.run_id
    ]
    .to_vec()
}

pub(crate) async fn add(transaction: &mut Transaction, new: &[NewDeadLetter]) -> Result<Vec<DeadLetter>> {
    let mut added = Vec::new();
    for letter in new {
        let id = insert(transaction, letter).await?;
        added.push(get(transaction, id).await?);
    }
    Ok(added)
}

/// An open letter of the same record counts another failure, and whoever claimed it has lost it. The index that finds it leaves out letters without a source id.
async fn insert(transaction: &mut Transaction, new: &NewDeadLetter) -> Result<DeadLetterId> {
    let now = transaction.now;
    let row = transaction
        .one(
            "INSERT INTO @dead_letters AS d (id, dataset, backend, operation, source_id, record, run_id, error_id, reason,
                failures, status, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 'pending', $10, $10)
             ON CONFLICT (dataset, backend, source_id) WHERE source_id IS NOT NULL AND ended_at IS NULL
             DO UPDATE SET failures = d.failures + 1, operation = excluded.operation, record = excluded.record,
                run_id = excluded.run_id, error_id = excluded.error_id, reason = excluded.reason,
                status = 'pending', claim = NULL, claimed_by = NULL, claim_expires_at = NULL,
                updated_at = excluded.updated_at
             RETURNING id",
            &args![
                DeadLetterId::new(),
                &new.dataset,
                new.backend.clone().unwrap_or_default(),
                new.operation.as_str(),
                new.source_id.clone(),
                &new.record,
                new.run_id,
                new.error_id,
                &new.reason,
                now
            ],
        )
        .await?;
    row.get("id")
}

pub(crate) async fn get(transaction: &mut Transaction, id: DeadLetterId) -> Result<DeadLetter> {
    let filter = DeadLetterFilter { id: Some(id), ..DeadLetterFilter::default() };
    list(transaction, &filter).await?.pop().ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no dead letter {id}"))
            .with_help("see `snake-pipe dead-letters list`")
    })
}

pub(crate) async fn list(
    transaction: &mut Transaction,
    filter: &DeadLetterFilter,
) -> Result<Vec<DeadLetter>> {
    let sql = format!("SELECT d.* FROM @dead_letters d WHERE {MATCHES} ORDER BY d.created_at, d.id LIMIT $7");
    let mut values = values(filter);
    values.push(filter.limit.unwrap_or(i64::MAX as u64).into());
    transaction.all(&sql, &values).await?.iter().map(read).collect()
}

pub(crate) async fn claim(
    transaction: &mut Transaction,
    filter: &DeadLetterFilter,
    lease: Duration,
) -> Result<(Claim, Vec<DeadLetter>)> {
    let sql = format!(
        "SELECT d.id FROM @dead_letters d
         WHERE {MATCHES} AND (d.status = 'pending' OR (d.status = 'processing' AND d.claim_expires_at < $7))
         ORDER BY d.created_at, d.id LIMIT $8 {{skip locked}}"
    );
    let (now, holder) = (transaction.now, transaction.options.instance.clone());
    let mut values = values(filter);
    values.extend(args![now, filter.limit.unwrap_or(i64::MAX as u64)]);
    let claim = Claim(Uuid::now_v7());
    let mut claimed = Vec::new();
    for row in transaction.all(&sql, &values).await? {
        let id: DeadLetterId = row.get("id")?;
        transaction
            .execute(
                "UPDATE @dead_letters SET status = 'processing', claim = $2, claimed_by = $3, claim_expires_at = $4,
                    updated_at = $5 WHERE id = $1",
                &args![id, claim, holder.as_str(), later(now, lease), now],
            )
            .await?;
        claimed.push(get(transaction, id).await?);
    }
    if !claimed.is_empty() {
        let details = json!({"count": claimed.len()});
        audit::record(transaction, "dead_letter.claim", "dead_letter", &subject(filter), details).await?;
    }
    Ok((claim, claimed))
}

pub(crate) async fn release(
    transaction: &mut Transaction,
    claim: Claim,
    id: DeadLetterId,
    reason: &str,
) -> Result<DeadLetter> {
    let now = transaction.now;
    let changed = transaction
        .execute(
            "UPDATE @dead_letters SET status = 'pending', claim = NULL, claimed_by = NULL, claim_expires_at = NULL,
                failures = failures + 1, reason = $3, updated_at = $4 WHERE id = $1 AND claim = $2",
            &args![id, claim, reason, now],
        )
        .await?;
    let letter = get(transaction, id).await?;
    match changed {
        0 => Err(Error::new(
            ErrorKind::Conflict,
            format!("the dead letter is {}, and not claimed by this", letter.status),
        )
        .with_help("the claim ran out, and somebody else took it; claim it again")),
        _ => Ok(letter),
    }
}

/// Resolves or discards open letters.
pub(crate) async fn end(
    transaction: &mut Transaction,
    filter: &DeadLetterFilter,
    status: DeadLetterStatus,
    note: &str,
) -> Result<u64> {
    if let Some(id) = filter.id {
        // Says so if there is none; one that has ended already is no error.
        get(transaction, id).await?;
    }
    let sql = format!(
        "UPDATE @dead_letters AS d SET status = $7, claim = NULL, claimed_by = NULL, claim_expires_at = NULL,
            ended_at = $8, updated_at = $8, resolution = $9
         WHERE d.ended_at IS NULL AND {MATCHES}"
    );
    let now = transaction.now;
    let mut values = values(filter);
    values.extend(args![status.as_str(), now, note]);
    let ended = transaction.execute(&sql, &values).await?;
    let action = match status {
        DeadLetterStatus::Discarded => "dead_letter.discard",
        _ => "dead_letter.resolve",
    };
    if ended > 0 {
        let details = json!({"count": ended, "note": note});
        audit::record(transaction, action, "dead_letter", &subject(filter), details).await?;
    }
    Ok(ended)
}

fn subject(filter: &DeadLetterFilter) -> String {
    let parts = [
        filter.id.map(|id| id.to_string()),
        filter.dataset.clone(),
        filter.backend.clone(),
        filter.source_id.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn read(row: &Row) -> Result<DeadLetter> {
    let backend: String = row.get("backend")?;
    Ok(DeadLetter {
        id: row.get("id")?,
        dataset: row.get("dataset")?,
        backend: Some(backend).filter(|backend| !backend.is_empty()),
        operation: row.word("operation")?,
        source_id: row.get("source_id")?,
        record: row.get("record")?,
        run_id: row.get("run_id")?,
        error_id: row.get("error_id")?,
        reason: row.get("reason")?,
        failures: row.get("failures")?,
        status: row.word("status")?,
        claimed_by: row.get("claimed_by")?,
        claim_expires_at: row.get("claim_expires_at")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        ended_at: row.get("ended_at")?,
        resolution: row.get("resolution")?,
    })
}
