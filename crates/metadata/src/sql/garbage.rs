//! What is older than it has to be kept.

use serde_json::json;
use snake_pipe_core::{Dialect as Language, Result, Timestamp};

use super::{audit, partitions, transaction::Transaction, value::args};
use crate::model::{Garbage, Retention};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What goes, by table: everything that has ended before `$1`. What belongs to a run goes with it.
const RULES: &[(&str, &str)] = &[
    ("samples", "recorded_at < $1"),
    ("deliveries", "run_id IN (SELECT id FROM @runs WHERE ended_at < $1)"),
    ("tasks", "run_id IN (SELECT id FROM @runs WHERE ended_at < $1)"),
    ("errors", "status <> 'open' AND occurred_at < $1"),
    ("dead_letters", "ended_at < $1"),
    (
        "position_history",
        "recorded_at < $1 AND id NOT IN (SELECT h.id FROM @position_history h JOIN @positions p
            ON p.source = h.source AND p.schema_name = h.schema_name AND p.table_name = h.table_name
            AND p.kind = h.kind AND p.recorded_at = h.recorded_at)",
    ),
    ("runs", "ended_at < $1"),
];

pub(crate) async fn collect(
    transaction: &mut Transaction,
    retention: Retention,
    is_dry_run: bool,
) -> Result<Garbage> {
    if !is_dry_run {
        transaction.lock("garbage").await?;
        partitions::ensure(transaction).await?;
    }
    let age = MICROS_PER_DAY.saturating_mul(i64::try_from(retention.days).unwrap_or(i64::MAX));
    let cutoff = Timestamp::from_unix_micros(transaction.now.unix_micros().saturating_sub(age));
    let mut garbage = Garbage { is_dry_run, ..Garbage::default() };
    for (table, rule) in RULES {
        let count = match is_dry_run {
            true => count(transaction, table, rule, cutoff).await?,
            false => {
                let sql = format!("DELETE FROM @{table} WHERE {rule}");
                transaction.execute(&sql, &args![cutoff]).await?
            }
        };
        *place_of(&mut garbage, table) = count;
    }
    garbage.schema_versions = old_schema_versions(transaction, retention, cutoff, is_dry_run).await?;
    garbage.partitions = empty_partitions(transaction, cutoff, is_dry_run).await?;
    if !is_dry_run && garbage.rows() + garbage.partitions > 0 {
        audit::record(transaction, "gc", "store", "", json!(garbage)).await?;
    }
    Ok(garbage)
}

fn place_of<'a>(garbage: &'a mut Garbage, table: &str) -> &'a mut u64 {
    match table {
        "samples" => &mut garbage.samples,
        "deliveries" => &mut garbage.deliveries,
        "tasks" => &mut garbage.tasks,
        "errors" => &mut garbage.errors,
        "dead_letters" => &mut garbage.dead_letters,
        "position_history" => &mut garbage.position_history,
        _ => &mut garbage.runs,
    }
}

async fn count(transaction: &mut Transaction, table: &str, rule: &str, cutoff: Timestamp) -> Result<u64> {
    let sql = format!("SELECT count(*) AS count FROM @{table} WHERE {rule}");
    transaction.one(&sql, &args![cutoff]).await?.get("count")
}

async fn old_schema_versions(
    transaction: &mut Transaction,
    retention: Retention,
    cutoff: Timestamp,
    is_dry_run: bool,
) -> Result<u64> {
    const RULE: &str = "registered_at < $1 AND version <= (SELECT max(o.version) FROM @schema_versions o
            WHERE o.schema_name = @schema_versions.schema_name AND o.table_name = @schema_versions.table_name) - $2";
    let args = args![cutoff, retention.schema_versions];
    if is_dry_run {
        let sql = format!("SELECT count(*) AS count FROM @schema_versions WHERE {RULE}");
        return transaction.one(&sql, &args).await?.get("count");
    }
    transaction.execute(&format!("DELETE FROM @schema_versions WHERE {RULE}"), &args).await
}

/// Partitions of past months that nothing is left in are dropped; the audit's stay.
async fn empty_partitions(transaction: &mut Transaction, cutoff: Timestamp, is_dry_run: bool) -> Result<u64> {
    if transaction.dialect().language != Language::Postgres || !partitions::may_make(transaction).await? {
        return Ok(0);
    }
    let mut dropped = 0;
    for (table, _) in partitions::PARTITIONED.iter().filter(|(table, _)| *table != "audit") {
        for partition in partitions::before(transaction, table, cutoff).await? {
            let rule = RULES.iter().find(|(known, _)| known == table).map_or("", |(_, rule)| rule);
            let sql = match is_dry_run {
                true => format!("SELECT count(*) AS kept FROM @{partition} WHERE NOT ({rule})"),
                false => format!("SELECT count(*) AS kept FROM @{partition} WHERE $1 IS NOT NULL"),
            };
            if transaction.one(&sql, &args![cutoff]).await?.get::<u64>("kept")? > 0 {
                continue;
            }
            if !is_dry_run {
                transaction.run(&format!("DROP TABLE @{partition}")).await?;
            }
            dropped += 1;
        }
    }
    Ok(dropped)
}
