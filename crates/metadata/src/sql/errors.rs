//! Errors.

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, Result, Timestamp, secret::redacted_text};
use std::time::Duration;

use super::{
    audit,
    runs::later,
    transaction::Transaction,
    value::{Arg, Row, args},
};
use crate::model::{ErrorFilter, ErrorGroup, ErrorId, ErrorRecord, ErrorStatus, NewError, fingerprint_of};

/// The pause before the second time that an error's operation is tried again; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// What a filter says, with its values from `$1` to `$8`.
const MATCHES: &str = "($1 IS NULL OR e.id = $1) AND ($2 IS NULL OR e.run_id = $2) AND ($3 IS NULL OR e.class = $3)
    AND ($4 IS NULL OR e.status = $4) AND ($5 IS NULL OR e.fingerprint = $5) AND ($6 IS NULL OR e.dataset = $6)
    AND ($7 IS NULL OR e.occurred_at >= $7)
    AND ($8 IS NULL OR (e.status = 'open' AND e.next_retry_at <= $8))";

fn values(filter: &ErrorFilter) -> Vec<Arg> {
    args![
        filter.id,
        filter.run_id,
        filter.class.clone(),
        filter.status.map(ErrorStatus::as_str),
        filter.fingerprint.clone(),
        filter.dataset.clone(),
        filter.since,
        filter.due_at
    ]
    .to_vec()
}

pub(crate) async fn record(transaction: &mut Transaction, new: &[NewError]) -> Result<Vec<ErrorRecord>> {
    let mut recorded = Vec::new();
    for error in new {
        let id = insert(transaction, error).await?;
        recorded.push(get(transaction, id).await?);
    }
    Ok(recorded)
}

async fn insert(transaction: &mut Transaction, new: &NewError) -> Result<ErrorId> {
    let (id, now) = (ErrorId::new(), transaction.now);
    let record = transaction.options.records.apply(new.record.clone());
    // What drivers say is not ours to vouch for.
    let message = redacted_text(&new.message);
    let causes: Vec<_> = new.causes.iter().map(|cause| redacted_text(cause)).collect();
    let fingerprint = fingerprint_of(&new.class, new.code.as_deref(), new.attempted.as_deref(), &new.message);
    let next_retry_at: Option<Timestamp> = (new.max_retries > 0).then_some(now);
    transaction
        .insert(
            "errors",
            &[
                ("id", id.into()),
                ("run_id", new.run_id.into()),
                ("task_id", new.task_id.into()),
                ("class", (&new.class).into()),
                ("code", new.code.clone().into()),
                ("message", (&message).into()),
                ("causes", json!(causes).into()),
                ("attempted", new.attempted.clone().into()),
                ("operation", new.operation.map(|operation| operation.as_str()).into()),
                ("dataset", new.dataset.clone().into()),
                ("record", record.into()),
                ("fingerprint", fingerprint.into()),
                ("hint", new.hint.clone().into()),
                ("retries", 0_u64.into()),
                ("max_retries", new.max_retries.into()),
                ("next_retry_at", next_retry_at.into()),
                ("status", ErrorStatus::Open.as_str().into()),
                ("occurred_at", now.into()),
            ],
        )
        .await?;
    Ok(id)
}

pub(crate) async fn get(transaction: &mut Transaction, id: ErrorId) -> Result<ErrorRecord> {
    let filter = ErrorFilter { id: Some(id), ..ErrorFilter::default() };
    list(transaction, &filter).await?.pop().ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no error {id}"))
            .with_help("see `snake-pipe errors list`")
    })
}

pub(crate) async fn list(transaction: &mut Transaction, filter: &ErrorFilter) -> Result<Vec<ErrorRecord>> {
    let sql = format!(
        "SELECT e.*, p.name AS pipeline FROM @errors e
         LEFT JOIN @runs r ON r.id = e.run_id LEFT JOIN @pipelines p ON p.id = r.pipeline_id
         WHERE {MATCHES} ORDER BY e.occurred_at DESC, e.id DESC LIMIT $9"
    );
    let mut values = values(filter);
    values.push(filter.limit.unwrap_or(i64::MAX as u64).into());
    transaction.all(&sql, &values).await?.iter().map(read).collect()
}

pub(crate) async fn groups(transaction: &mut Transaction, filter: &ErrorFilter) -> Result<Vec<ErrorGroup>> {
    let sql = format!(
        "SELECT g.*, (SELECT m.message FROM @errors m WHERE m.fingerprint = g.fingerprint
                      ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1) AS message
         FROM (SELECT e.fingerprint, min(e.class) AS class, count(*) AS count,
                      count(CASE WHEN e.status = 'open' THEN 1 END) AS open,
                      min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at
               FROM @errors e WHERE {MATCHES} GROUP BY e.fingerprint) g
         ORDER BY g.count DESC, g.last_at DESC LIMIT $9"
    );
    let mut values = values(filter);
    values.push(filter.limit.unwrap_or(i64::MAX as u64).into());
    let rows = transaction.all(&sql, &values).await?;
    rows.iter()
        .map(|row| {
            Ok(ErrorGroup {
                fingerprint: row.get("fingerprint")?,
                class: row.get("class")?,
                message: row.get("message")?,
                count: row.get("count")?,
                open: row.get("open")?,
                first_at: row.get("first_at")?,
                last_at: row.get("last_at")?,
            })
        })
        .collect()
}

pub(crate) async fn retried(transaction: &mut Transaction, id: ErrorId) -> Result<ErrorRecord> {
    transaction.all("SELECT id FROM @errors WHERE id = $1 {for update}", &args![id]).await?;
    let error = get(transaction, id).await?;
    if error.status != ErrorStatus::Open {
        return Err(Error::new(ErrorKind::Conflict, format!("the error is {}, not open", error.status)));
    }
    let retries = error.retries + 1;
    let doublings = u32::try_from(retries - 1).unwrap_or(u32::MAX).min(16);
    let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
    let next = (retries < error.max_retries).then(|| later(transaction.now, pause));
    let sql = "UPDATE @errors SET retries = $2, next_retry_at = $3 WHERE id = $1";
    transaction.execute(sql, &args![id, retries, next]).await?;
    get(transaction, id).await
}

pub(crate) async fn close(
    transaction: &mut Transaction,
    filter: &ErrorFilter,
    status: ErrorStatus,
    note: &str,
) -> Result<u64> {
    if status == ErrorStatus::Open {
        return Err(Error::new(ErrorKind::Conflict, "an error is closed as resolved or ignored"));
    }
    let sql = format!(
        "UPDATE @errors AS e SET status = $9, resolved_at = $10, resolved_by = $11, resolution = $12, next_retry_at = NULL
         WHERE e.status = 'open' AND {MATCHES}"
    );
    let (now, actor) = (transaction.now, transaction.options.actor.clone());
    let mut values = values(filter);
    values.extend(args![status.as_str(), now, actor, note]);
    let closed = transaction.execute(&sql, &values).await?;
    let subject = filter.id.map(|id| id.to_string()).or_else(|| filter.fingerprint.clone());
    let action = match status {
        ErrorStatus::Ignored => "error.ignore",
        ErrorStatus::Open | ErrorStatus::Resolved => "error.resolve",
    };
    let details = json!({"count": closed, "note": note});
    audit::record(transaction, action, "error", &subject.unwrap_or_default(), details).await?;
    Ok(closed)
}

fn read(row: &Row) -> Result<ErrorRecord> {
    Ok(ErrorRecord {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        task_id: row.get("task_id")?,
        pipeline: row.get("pipeline")?,
        class: row.get("class")?,
        code: row.get("code")?,
        message: row.get("message")?,
        causes: row.structure("causes")?,
        attempted: row.get("attempted")?,
        operation: row.optional_word("operation")?,
        dataset: row.get("dataset")?,
        record: row.get("record")?,
        fingerprint: row.get("fingerprint")?,
        hint: row.get("hint")?,
        retries: row.get("retries")?,
        max_retries: row.get("max_retries")?,
        next_retry_at: row.get("next_retry_at")?,
        status: row.word("status")?,
        occurred_at: row.get("occurred_at")?,
        resolved_at: row.get("resolved_at")?,
        resolved_by: row.get("resolved_by")?,
        resolution: row.get("resolution")?,
    })
}
