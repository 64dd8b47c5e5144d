//! Runs: their states, leases and fences.

use std::time::Duration;

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, Result, Timestamp};

use super::{
    audit, pipelines, recovery,
    transaction::Transaction,
    value::{Row, args},
};
use crate::model::{
    Heartbeat, NewRun, Overlap, PipelineStatus, RecordPolicy, Run, RunEnd, RunFailure, RunFilter, RunId,
    RunStatistics, RunStatus, RunToken, StartedRun, TaskId,
};

const SELECT: &str =
    "SELECT r.*, p.name AS pipeline FROM @runs r JOIN @pipelines p ON p.id = r.pipeline_id WHERE";

pub(crate) async fn create(transaction: &mut Transaction, new: &NewRun) -> Result<Run> {
    insert(transaction, new, None).await
}

async fn insert(transaction: &mut Transaction, new: &NewRun, parent: Option<&Run>) -> Result<Run> {
    let pipeline = pipelines::by_id(transaction, new.pipeline_id).await?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no pipeline {}", new.pipeline_id))
    })?;
    if pipeline.status == PipelineStatus::Paused {
        return Err(Error::new(ErrorKind::Conflict, format!("pipeline `{}` is paused", pipeline.name))
            .with_help("set it to active again: `snake-pipe pipelines update NAME --status active`"));
    }
    let now = transaction.now;
    transaction
        .insert(
            "runs",
            &[
                ("id", new.id.into()),
                ("pipeline_id", new.pipeline_id.into()),
                ("pipeline_version", pipeline.version.into()),
                ("parent_run_id", parent.map(|parent| parent.id).into()),
                ("attempt", parent.map_or(1, |parent| parent.attempt + 1).into()),
                ("mode", new.mode.as_str().into()),
                ("status", RunStatus::Pending.as_str().into()),
                ("parameters", (&new.parameters).into()),
                ("config_hash", new.config_hash.clone().into()),
                ("source", RecordPolicy::Secrets.apply(new.source.clone()).into()),
                ("destination", RecordPolicy::Secrets.apply(new.destination.clone()).into()),
                ("fence", 0_u64.into()),
                ("is_cancel_requested", false.into()),
                ("created_at", now.into()),
                ("records_processed", 0_u64.into()),
                ("records_inserted", 0_u64.into()),
                ("records_updated", 0_u64.into()),
                ("records_deleted", 0_u64.into()),
                ("records_failed", 0_u64.into()),
                ("bytes", 0_u64.into()),
            ],
        )
        .await?;
    get(transaction, new.id).await
}

pub(crate) async fn start(
    transaction: &mut Transaction,
    id: RunId,
    lease: Duration,
    overlap: Overlap,
) -> Result<StartedRun> {
    let run = get(transaction, id).await?;
    // One after the other for each pipeline: of two that start at once, the second sees the first.
    let sql = "SELECT fence FROM @pipelines WHERE id = $1 {for update}";
    transaction.one(sql, &args![run.pipeline_id]).await?;
    locked(transaction, id).await?.status.check_transition(RunStatus::Running)?;
    let recovered = recovery::recover(transaction, Some(run.pipeline_id)).await?;
    if overlap == Overlap::Refuse {
        refuse_another(transaction, &run).await?;
    }
    let fence = raise_fence(transaction, &run).await?;
    let (now, options) = (transaction.now, transaction.options.clone());
    transaction
        .execute(
            "UPDATE @runs SET status = 'running', fence = $2, started_at = $3, heartbeat_at = $3, lease_expires_at = $4,
                instance = $5, node = $6 WHERE id = $1",
            &args![id, fence, now, later(now, lease), options.instance.as_str(), options.node.as_str()],
        )
        .await?;
    audit::record(transaction, "run.start", "run", &id.to_string(), json!({"pipeline": run.pipeline}))
        .await?;
    Ok(StartedRun {
        run: get(transaction, id).await?,
        recovered: recovered.into_iter().map(|run| run.id).collect(),
    })
}

async fn refuse_another(transaction: &mut Transaction, run: &Run) -> Result<()> {
    let sql =
        "SELECT id, instance, lease_expires_at FROM @runs WHERE pipeline_id = $1 AND status = 'running'";
    let Some(other) = transaction.optional(sql, &args![run.pipeline_id]).await? else { return Ok(()) };
    let (id, instance, expires_at): (RunId, Option<String>, Timestamp) =
        (other.get("id")?, other.get("instance")?, other.get("lease_expires_at")?);
    Err(Error::new(ErrorKind::Conflict, format!("pipeline `{}` is running already", run.pipeline))
        .with_context("run", id)
        .with_context("instance", instance.unwrap_or_default())
        .with_context("lease_until", expires_at)
        .with_help(
            "wait for it, or cancel it: `snake-pipe runs cancel ID`; a dead one is lost when its lease ends",
        ))
}

/// The next fence of a run's pipeline.
pub(crate) async fn raise_fence(transaction: &mut Transaction, run: &Run) -> Result<u64> {
    transaction
        .execute("UPDATE @pipelines SET fence = fence + 1 WHERE id = $1", &args![run.pipeline_id])
        .await?;
    let sql = "SELECT fence FROM @pipelines WHERE id = $1";
    transaction.one(sql, &args![run.pipeline_id]).await?.get("fence")
}

pub(crate) async fn heartbeat(
    transaction: &mut Transaction,
    token: RunToken,
    lease: Duration,
    statistics: Option<RunStatistics>,
) -> Result<Heartbeat> {
    let run = held(transaction, token).await?;
    let now = transaction.now;
    let expires_at = later(now, lease);
    let sql = "UPDATE @runs SET heartbeat_at = $2, lease_expires_at = $3 WHERE id = $1";
    transaction.execute(sql, &args![token.run_id, now, expires_at]).await?;
    if let Some(statistics) = statistics {
        set_statistics(transaction, token.run_id, &statistics).await?;
    }
    Ok(Heartbeat {
        expires_at,
        is_cancel_requested: run.is_cancel_requested,
        cancel_reason: run.cancel_reason,
    })
}

pub(crate) async fn finish(transaction: &mut Transaction, token: RunToken, end: &RunEnd) -> Result<Run> {
    let run = locked(transaction, token.run_id).await?;
    // The reply to the first attempt may have been lost.
    if run.fence == token.fence && run.status == end.status && run.status.is_ended() {
        return Ok(run);
    }
    check_held(&run, token)?;
    if end.status == RunStatus::Lost {
        return Err(Error::new(ErrorKind::Conflict, "a run does not lose itself")
            .with_help("a run ends as success, failed or cancelled"));
    }
    run.status.check_transition(end.status)?;
    set_statistics(transaction, run.id, &end.statistics).await?;
    let error = match (&run.cancel_reason, end.status) {
        // Whoever wanted it to end knows why; the process knows only that it was to.
        (Some(reason), RunStatus::Cancelled) => {
            let hint = end.error.as_ref().and_then(|error| error.hint.clone());
            Some(RunFailure { hint, ..cancelled(reason) })
        }
        _ => end.error.clone(),
    };
    end_run(transaction, &run, end.status, end.outcome.as_deref(), error.as_ref()).await?;
    let (id, details) = (run.id.to_string(), json!({"status": end.status, "pipeline": run.pipeline}));
    audit::record(transaction, "run.finish", "run", &id, details).await?;
    get(transaction, run.id).await
}

/// Sets the state, the end and the cause. Tasks that were not started are cancelled; one that was running failed with the run if
/// that is lost, else it is cancelled too.
pub(crate) async fn end_run(
    transaction: &mut Transaction,
    run: &Run,
    status: RunStatus,
    outcome: Option<&str>,
    error: Option<&RunFailure>,
) -> Result<()> {
    let now = transaction.now;
    transaction
        .execute(
            "UPDATE @runs SET status = $2, outcome = $3, ended_at = $4, duration_ms = $5, lease_expires_at = NULL,
                error_class = $6, error_message = $7, error_hint = $8 WHERE id = $1",
            &args![
                run.id,
                status.as_str(),
                outcome,
                now,
                run.started_at.map(|started| millis_between(started, now)),
                error.map(|error| error.class.clone()),
                error.map(|error| error.message.clone()),
                error.and_then(|error| error.hint.clone())
            ],
        )
        .await?;
    end_tasks(transaction, run, status, error).await
}

async fn end_tasks(
    transaction: &mut Transaction,
    run: &Run,
    status: RunStatus,
    error: Option<&RunFailure>,
) -> Result<()> {
    let now = transaction.now;
    if status == RunStatus::Lost {
        let running = "SELECT id, started_at FROM @tasks WHERE run_id = $1 AND status = 'running'";
        for task in transaction.all(running, &args![run.id]).await? {
            let (id, started_at): (TaskId, Option<Timestamp>) = (task.get("id")?, task.get("started_at")?);
            transaction
                .execute(
                    "UPDATE @tasks SET status = 'failed', ended_at = $2, duration_ms = $3, error_class = $4,
                        error_message = $5, error_hint = $6 WHERE id = $1",
                    &args![
                        id,
                        now,
                        started_at.map(|started| millis_between(started, now)),
                        error.map(|error| error.class.clone()),
                        error.map(|error| error.message.clone()),
                        error.and_then(|error| error.hint.clone())
                    ],
                )
                .await?;
        }
    }
    transaction
        .execute(
            "UPDATE @tasks SET status = 'cancelled', ended_at = $2
             WHERE run_id = $1 AND status IN ('pending', 'running')",
            &args![run.id, now],
        )
        .await
        .map(drop)
}

async fn set_statistics(transaction: &mut Transaction, id: RunId, statistics: &RunStatistics) -> Result<()> {
    let RunStatistics { processed, inserted, updated, deleted, failed, bytes } = *statistics;
    transaction
        .execute(
            "UPDATE @runs SET records_processed = $2, records_inserted = $3, records_updated = $4,
                records_deleted = $5, records_failed = $6, bytes = $7 WHERE id = $1",
            &args![id, processed, inserted, updated, deleted, failed, bytes],
        )
        .await
        .map(drop)
}

pub(crate) async fn cancel(transaction: &mut Transaction, id: RunId, reason: &str) -> Result<Run> {
    let run = locked(transaction, id).await?;
    match run.status {
        RunStatus::Pending => {
            let error = cancelled(reason);
            end_run(transaction, &run, RunStatus::Cancelled, None, Some(&error)).await?;
        }
        RunStatus::Running => {
            let sql = "UPDATE @runs SET is_cancel_requested = $2, cancel_reason = $3 WHERE id = $1";
            transaction.execute(sql, &args![id, true, reason]).await?;
        }
        ended => ended.check_transition(RunStatus::Cancelled)?,
    }
    audit::record(transaction, "run.cancel", "run", &id.to_string(), json!({"reason": reason})).await?;
    get(transaction, id).await
}

fn cancelled(reason: &str) -> RunFailure {
    RunFailure { class: "cancelled".to_owned(), message: reason.to_owned(), hint: None }
}

pub(crate) async fn retry(transaction: &mut Transaction, id: RunId) -> Result<Run> {
    let run = locked(transaction, id).await?;
    match run.status {
        RunStatus::Failed | RunStatus::Cancelled | RunStatus::Lost => {}
        RunStatus::Pending | RunStatus::Running => {
            return Err(Error::new(ErrorKind::Conflict, format!("the run is {} still", run.status))
                .with_help(
                    "cancel it first: `snake-pipe runs cancel ID`; a dead one: `snake-pipe recover`",
                ));
        }
        RunStatus::Success => {
            return Err(Error::new(ErrorKind::Conflict, "the run succeeded, there is nothing to try again")
                .with_help("start the pipeline anew"));
        }
    }
    let new = NewRun {
        id: RunId::new(),
        pipeline_id: run.pipeline_id,
        mode: run.mode,
        parameters: run.parameters.clone(),
        config_hash: run.config_hash.clone(),
        source: run.source.clone(),
        destination: run.destination.clone(),
    };
    let retry = insert(transaction, &new, Some(&run)).await?;
    audit::record(transaction, "run.retry", "run", &id.to_string(), json!({"new_run": retry.id})).await?;
    Ok(retry)
}

pub(crate) async fn list(transaction: &mut Transaction, filter: &RunFilter) -> Result<Vec<Run>> {
    let sql = format!(
        "{SELECT} ($1 IS NULL OR p.name = $1) AND ($2 IS NULL OR r.status = $2)
            AND ($3 IS NULL OR r.created_at >= $3)
         ORDER BY r.created_at DESC, r.id DESC LIMIT $4"
    );
    let args = args![
        filter.pipeline.clone(),
        filter.status.map(RunStatus::as_str),
        filter.since,
        filter.limit.unwrap_or(i64::MAX as u64)
    ];
    transaction.all(&sql, &args).await?.iter().map(read).collect()
}

pub(crate) async fn get(transaction: &mut Transaction, id: RunId) -> Result<Run> {
    let row = transaction.optional(&format!("{SELECT} r.id = $1"), &args![id]).await?;
    read(&row.ok_or_else(|| unknown(id))?)
}

/// The run, which nobody else changes until the end of the transaction.
async fn locked(transaction: &mut Transaction, id: RunId) -> Result<Run> {
    transaction.all("SELECT id FROM @runs WHERE id = $1 {for update}", &args![id]).await?;
    get(transaction, id).await
}

/// The run, if this process still has it; locked.
pub(crate) async fn held(transaction: &mut Transaction, token: RunToken) -> Result<Run> {
    let run = locked(transaction, token.run_id).await?;
    check_held(&run, token)?;
    Ok(run)
}

fn check_held(run: &Run, token: RunToken) -> Result<()> {
    let help = "this process was thought dead; what it has not published will be loaded by the next run";
    if run.status == RunStatus::Lost || (run.fence != token.fence && run.fence != 0) {
        return Err(Error::new(ErrorKind::Fenced, "the run was given up, and its fence was raised")
            .with_context("run", run.id)
            .with_context("fence", token.fence)
            .with_help(help));
    }
    match run.status {
        RunStatus::Running => Ok(()),
        status => Err(Error::new(ErrorKind::Conflict, format!("the run is {status}, not running"))
            .with_context("run", run.id)),
    }
}

fn read(row: &Row) -> Result<Run> {
    Ok(Run {
        id: row.get("id")?,
        pipeline_id: row.get("pipeline_id")?,
        pipeline: row.get("pipeline")?,
        pipeline_version: row.get("pipeline_version")?,
        parent_run_id: row.get("parent_run_id")?,
        attempt: row.get("attempt")?,
        mode: row.word("mode")?,
        status: row.word("status")?,
        outcome: row.get("outcome")?,
        parameters: row.get("parameters")?,
        config_hash: row.get("config_hash")?,
        source: row.get("source")?,
        destination: row.get("destination")?,
        instance: row.get("instance")?,
        node: row.get("node")?,
        fence: row.get("fence")?,
        lease_expires_at: row.get("lease_expires_at")?,
        heartbeat_at: row.get("heartbeat_at")?,
        is_cancel_requested: row.get("is_cancel_requested")?,
        cancel_reason: row.get("cancel_reason")?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        duration_ms: row.get("duration_ms")?,
        statistics: RunStatistics {
            processed: row.get("records_processed")?,
            inserted: row.get("records_inserted")?,
            updated: row.get("records_updated")?,
            deleted: row.get("records_deleted")?,
            failed: row.get("records_failed")?,
            bytes: row.get("bytes")?,
        },
        error: failure(row)?,
    })
}

/// The failure in the columns that runs and tasks have for it.
pub(crate) fn failure(row: &Row) -> Result<Option<RunFailure>> {
    let class: Option<String> = row.get("error_class")?;
    class
        .map(|class| {
            let message: Option<String> = row.get("error_message")?;
            Ok(RunFailure { class, message: message.unwrap_or_default(), hint: row.get("error_hint")? })
        })
        .transpose()
}

/// A time so much later.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(time.unix_micros().saturating_add(micros))
}

/// Milliseconds from one time to another, 0 if it is not later.
pub(crate) fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from((to.unix_micros() - from.unix_micros()) / 1000).unwrap_or(0)
}

fn unknown(id: RunId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no run {id}")).with_help("see `snake-pipe runs list`")
}
