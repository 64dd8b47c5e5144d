//! History: what a publication changes, written in its transaction from the staging area and from what is still published.

use snake_pipe_core::{
    Result, Timestamp,
    schema::{HistoryInsert, TableId, Unit, history_inserts},
};

use super::publish::Publishing;

/// Writes what the staged rows change, before they do, and drops what is older than so many days. A repository's first publication
/// changes nothing.
pub(super) async fn write(publishing: &mut Publishing<'_>, snapshot: &str, days: u32) -> Result<()> {
    let is_known = "SELECT EXISTS (SELECT 1 FROM main.repositories WHERE repository_id = ?1 AND snapshot_id IS NOT NULL)";
    if !publishing.is_true(is_known).await? {
        return Ok(());
    }
    let at = publishing.now_literal();
    let removed = HistoryInsert::removed("IN (SELECT file_id FROM staging.removed_files)", &at);
    for insert in removed.into_iter().chain(history_inserts(&at)) {
        publishing.run_with(&insert.sql, snapshot).await?;
    }
    for statement in drop_old(days) {
        publishing.run(&statement).await?;
    }
    Ok(())
}

/// The statements that drop what is older than so many days; none for 0.
fn drop_old(days: u32) -> Vec<String> {
    if days == 0 {
        return Vec::new();
    }
    let age = i64::from(days) * 86_400 * 1_000_000;
    let limit = Timestamp::from_unix_micros(Timestamp::now().unix_micros().saturating_sub(age));
    let tables = TableId::ALL.iter().map(|table| table.table()).filter(|table| table.unit == Unit::History);
    let old = format!(
        "SELECT snapshot_id FROM main.snapshots WHERE repository_id = ?1 AND published_at < '{limit}'"
    );
    tables.map(|table| format!("DELETE FROM main.{} WHERE snapshot_id IN ({old})", table.name)).collect()
}
