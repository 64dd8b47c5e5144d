//! Runs whose processes were not heard of until their leases ran out.

use serde_json::json;
use snake_pipe_core::Result;

use super::{audit, runs, transaction::Transaction, value::args};
use crate::model::{PipelineId, Run, RunFailure, RunId, RunStatus};

/// Makes them lost and raises their fences: a process that wakes up shows one that nobody has.
pub(crate) async fn recover(transaction: &mut Transaction, pipeline: Option<PipelineId>) -> Result<Vec<Run>> {
    let now = transaction.now;
    // In the order of their ids, so that two that recover at once do not wait for each other in a ring.
    let rows = transaction
        .all(
            "SELECT id FROM @runs
             WHERE status = 'running' AND lease_expires_at < $1 AND ($2 IS NULL OR pipeline_id = $2)
             ORDER BY id {skip locked}",
            &args![now, pipeline],
        )
        .await?;
    let mut lost = Vec::new();
    for row in &rows {
        let id: RunId = row.get("id")?;
        let run = runs::get(transaction, id).await?;
        let fence = runs::raise_fence(transaction, &run).await?;
        let error = silence(&run);
        runs::end_run(transaction, &run, RunStatus::Lost, None, Some(&error)).await?;
        transaction.execute("UPDATE @runs SET fence = $2 WHERE id = $1", &args![id, fence]).await?;
        let details = json!({"pipeline": run.pipeline, "instance": run.instance, "fence": fence});
        audit::record(transaction, "run.lost", "run", &id.to_string(), details).await?;
        lost.push(runs::get(transaction, id).await?);
    }
    Ok(lost)
}

fn silence(run: &Run) -> RunFailure {
    let heard = run.heartbeat_at.map(|time| time.to_string()).unwrap_or_default();
    RunFailure {
        class: "lost".to_owned(),
        message: format!(
            "its process {} was last heard of at {heard}",
            run.instance.as_deref().unwrap_or("")
        ),
        hint: Some("load again: what it had not published is still owed".to_owned()),
    }
}
