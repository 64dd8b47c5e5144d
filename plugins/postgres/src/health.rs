//! How well the database is: what the server says of itself, and which of it wants attention.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use snake_pipe_core::{HealthCheckResult, HealthStatus, Result, schema::TABLES};
use sqlx::{Row as _, postgres::PgRow};
use tokio::time::timeout;

use crate::{
    connection::{Lease, Pool},
    error::failed,
    schema::{
        migrations::{self, LATEST_VERSION},
        statements::quoted,
    },
};

/// A server that takes longer to answer is not well.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// From here on these want attention.
const SLOW_ROUND_TRIP: Duration = Duration::from_millis(100);
const LONG_TRANSACTION_SECONDS: f64 = 300.0;
const LAG_BYTES: i64 = 64 << 20;
const LAG_SECONDS: f64 = 60.0;
/// So many transactions may lie between the oldest row that is not frozen and now (2³¹), and so many multixacts.
const NUMBERS: i64 = 2_147_483_648;
const OLD_TRANSACTIONS: i64 = 1_500_000_000;
/// What a replication slot keeps the server from removing.
const SLOT_BYTES: i64 = 1 << 30;
/// Dead rows, where they are more than the living ones.
const DEAD_ROWS: i64 = 100_000;
const FULL_SEQUENCE: f64 = 0.75;

const STATE: &str = "
    SELECT current_setting('server_version') AS server_version,
           pg_is_in_recovery() AS is_in_recovery,
           current_setting('transaction_read_only') = 'on' AS is_read_only,
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text
               AS wal_position,
           CASE WHEN pg_is_in_recovery()
                THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS replay_lag_seconds,
           CASE WHEN NOT pg_is_in_recovery() THEN
               (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::bigint FROM pg_stat_replication)
           END AS standby_lag_bytes,
           (SELECT count(*) FROM pg_stat_replication) AS standbys,
           current_user::text AS role_name,
           current_schema()::text AS schema_name,
           CASE WHEN current_schema() IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                ELSE has_schema_privilege(current_schema(), 'CREATE') END AS may_create,
           (SELECT string_agg(DISTINCT needed, ', ')
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN unnest(ARRAY['DELETE', 'INSERT', 'SELECT', 'UPDATE']) AS needed
            WHERE n.nspname = current_schema() AND c.relname = ANY ($1) AND c.relkind IN ('r', 'p')
              AND NOT has_table_privilege(c.oid, needed)) AS missing_rights,
           (SELECT coalesce(bool_or(has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE')), false)
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relname = ANY ($1) AND c.relkind IN ('r', 'p')) AS may_write_some,
           pg_database_size(current_database()) AS database_size_bytes,
           (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()) AS deadlocks,
           (SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0)::float8 FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()) AS longest_transaction_seconds,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS server_connections,
           current_setting('max_connections')::bigint AS server_max_connections,
           (SELECT age(datfrozenxid)::bigint FROM pg_database WHERE datname = current_database()) AS transaction_age,
           (SELECT mxid_age(datminmxid)::bigint FROM pg_database WHERE datname = current_database()) AS multixact_age,
           (SELECT count(*) FROM pg_replication_slots) AS replication_slots,
           (SELECT count(*) FROM pg_replication_slots WHERE NOT active) AS inactive_slots,
           CASE WHEN NOT pg_is_in_recovery() THEN
               (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint FROM pg_replication_slots)
           END AS slot_retained_bytes,
           (SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = current_schema())
               AS dead_rows,
           (SELECT coalesce(sum(n_live_tup), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = current_schema())
               AS live_rows,
           (SELECT max(last_value::float8 / max_value::float8) FROM pg_sequences WHERE increment_by > 0)
               AS fullest_sequence";

/// What has to be remembered from one check to the next.
#[derive(Debug)]
pub(crate) struct HealthMemory {
    deadlocks: AtomicI64,
}

impl Default for HealthMemory {
    fn default() -> Self {
        Self { deadlocks: AtomicI64::new(i64::MAX) }
    }
}

/// Asks the server. Being unwell is an answer.
pub(crate) async fn check(pool: &Pool, memory: &HealthMemory) -> HealthCheckResult {
    let state = pool.state();
    let mut result = match timeout(ANSWER_LIMIT, ask(pool, memory)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => unhealthy(error.to_string()),
        Err(_) => unhealthy(format!("the server does not answer within {} s", ANSWER_LIMIT.as_secs())),
    };
    if state.size >= state.max && state.idle == 0 {
        warn(&mut result, HealthStatus::Degraded, "every connection of the pool is in use".to_owned());
    }
    result.pool = Some(state);
    if let Some(server) = pool.server() {
        result.details.push(("server".to_owned(), server));
        result.details.sort();
    }
    result
}

fn unhealthy(why: String) -> HealthCheckResult {
    HealthCheckResult {
        status: HealthStatus::Unhealthy,
        latency: Duration::ZERO,
        server_version: None,
        pool: None,
        details: Vec::new(),
        warnings: vec![why],
    }
}

async fn ask(pool: &Pool, memory: &HealthMemory) -> Result<HealthCheckResult> {
    let mut lease = Lease::take(pool).await?;
    let begin = Instant::now();
    lease.run("SELECT 1").await.map_err(failed("health_check"))?;
    let latency = begin.elapsed();
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let row = sqlx::query(STATE).bind(tables).fetch_one(lease.get()).await.map_err(failed("health_check"))?;
    let version = migrations::read_state(&mut lease).await?.version;
    lease.give_back();
    let rights = Rights::of(&row, version);
    let mut details = details(&row, version);
    details.extend(rights.details());
    details.sort();
    let mut result = HealthCheckResult {
        status: HealthStatus::Healthy,
        latency,
        server_version: row.get("server_version"),
        pool: None,
        details,
        warnings: Vec::new(),
    };
    judge(&mut result, &row, version, &rights, memory);
    Ok(result)
}

fn details(row: &PgRow, version: u64) -> Vec<(String, String)> {
    let number = |name: &str| row.get::<Option<i64>, _>(name).map(|value| value.to_string());
    let seconds = |name: &str| row.get::<Option<f64>, _>(name).map(|value| format!("{value:.1}"));
    let percent = |name: &str| row.get::<Option<f64>, _>(name).map(|value| format!("{:.1}", value * 100.0));
    let left = |name: &str| row.get::<Option<i64>, _>(name).map(|age| (NUMBERS - age).to_string());
    let all = [
        ("database_size_bytes", number("database_size_bytes")),
        ("dead_rows", number("dead_rows")),
        ("deadlocks", number("deadlocks")),
        ("fullest_sequence_percent", percent("fullest_sequence")),
        ("inactive_slots", number("inactive_slots")),
        ("is_in_recovery", Some(row.get::<bool, _>("is_in_recovery").to_string())),
        ("live_rows", number("live_rows")),
        ("longest_transaction_seconds", seconds("longest_transaction_seconds")),
        ("multixact_age", number("multixact_age")),
        ("multixacts_left", left("multixact_age")),
        ("replication_slots", number("replication_slots")),
        ("slot_retained_bytes", number("slot_retained_bytes")),
        ("replay_lag_seconds", seconds("replay_lag_seconds")),
        ("schema_version", Some(version.to_string())),
        ("server_connections", number("server_connections")),
        ("server_max_connections", number("server_max_connections")),
        ("standbys", number("standbys")),
        ("standby_lag_bytes", number("standby_lag_bytes")),
        ("transaction_age", number("transaction_age")),
        ("transactions_left", left("transaction_age")),
        ("wal_position", row.get("wal_position")),
    ];
    let mut known: Vec<_> =
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    known.sort();
    known
}

/// What the role may do with the tables.
struct Rights {
    schema_name: String,
    role_name: String,
    /// Rights that it lacks on some table.
    missing: Option<String>,
    /// It may ask, and is not meant to write: that is how a reader is, and no fault.
    only_reads: bool,
}

impl Rights {
    fn of(row: &PgRow, version: u64) -> Self {
        let missing = row.get::<Option<String>, _>("missing_rights").filter(|_| version > 0);
        let may_read = missing.as_ref().is_some_and(|rights| !rights.contains("SELECT"));
        Self {
            schema_name: quoted(row.get::<Option<&str>, _>("schema_name").unwrap_or("public")),
            role_name: quoted(row.get("role_name")),
            only_reads: may_read && !row.get::<bool, _>("may_write_some"),
            missing,
        }
    }

    /// What an owner of the tables runs, for this role to load.
    fn grant(&self) -> String {
        let Self { schema_name, role_name, .. } = self;
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema_name} TO {role_name};")
    }

    fn details(&self) -> Vec<(String, String)> {
        match (self.only_reads, &self.missing) {
            (true, _) => vec![
                ("access".to_owned(), "reads only".to_owned()),
                ("grant_for_loads".to_owned(), self.grant()),
            ],
            (false, Some(_)) => Vec::new(),
            (false, None) => vec![("access".to_owned(), "reads and writes".to_owned())],
        }
    }
}

fn judge(result: &mut HealthCheckResult, row: &PgRow, version: u64, rights: &Rights, memory: &HealthMemory) {
    use HealthStatus::{Degraded, Unhealthy};
    let seconds = |name: &str| row.get::<Option<f64>, _>(name).unwrap_or_default();
    let number = |name: &str| row.get::<Option<i64>, _>(name).unwrap_or_default();
    let deadlocks = number("deadlocks");
    let new_deadlocks = deadlocks.saturating_sub(memory.deadlocks.swap(deadlocks, Ordering::Relaxed));
    let (connections, allowed) = (number("server_connections"), number("server_max_connections"));
    let cannot_read = rights.missing.as_ref().is_some_and(|missing| missing.contains("SELECT"));
    let findings = [
        (row.get("is_in_recovery"), Unhealthy, "the server is a standby: it cannot be written to".to_owned()),
        (row.get("is_read_only"), Unhealthy, "transactions only read: it cannot be written to".to_owned()),
        (
            version < LATEST_VERSION && !row.get::<bool, _>("may_create") && !rights.only_reads,
            Unhealthy,
            format!(
                "this role may not create the tables: an owner runs `GRANT USAGE, CREATE ON SCHEMA {} TO {};`",
                rights.schema_name, rights.role_name,
            ),
        ),
        (
            rights.missing.is_some() && !rights.only_reads,
            // Who may write to some tables only is meant to load, and cannot.
            if cannot_read { Unhealthy } else { Degraded },
            format!(
                "this role may not {}, for it lacks {}: for loads, an owner runs `{}`",
                if cannot_read { "read" } else { "write" },
                rights.missing.as_deref().unwrap_or_default(),
                rights.grant(),
            ),
        ),
        (
            version < LATEST_VERSION,
            Degraded,
            format!("the schema has version {version} of {LATEST_VERSION}: run `snake-pipe migrate`"),
        ),
        (result.latency > SLOW_ROUND_TRIP, Degraded, format!("a round trip takes {:?}", result.latency)),
        (
            seconds("longest_transaction_seconds") > LONG_TRANSACTION_SECONDS,
            Degraded,
            "a transaction has been open for more than five minutes".to_owned(),
        ),
        (
            number("standby_lag_bytes") > LAG_BYTES,
            Degraded,
            "a standby is more than 64 MiB behind".to_owned(),
        ),
        (
            seconds("replay_lag_seconds") > LAG_SECONDS,
            Degraded,
            "the standby is more than a minute behind".to_owned(),
        ),
        (new_deadlocks > 0, Degraded, format!("{new_deadlocks} deadlocks since the last check")),
        (
            connections * 10 > allowed * 9,
            Degraded,
            format!("the server has {connections} of {allowed} connections"),
        ),
        (
            number("transaction_age").max(number("multixact_age")) > OLD_TRANSACTIONS,
            Degraded,
            "old rows have to be frozen soon: see VACUUM FREEZE".to_owned(),
        ),
        (
            number("slot_retained_bytes") > SLOT_BYTES,
            Degraded,
            "a replication slot keeps more than 1 GiB of the log: bring its reader back, or drop the slot"
                .to_owned(),
        ),
        (
            number("dead_rows") > DEAD_ROWS.max(number("live_rows")),
            Degraded,
            format!("{} rows are dead: run VACUUM, and see whether autovacuum keeps up", number("dead_rows")),
        ),
        (
            seconds("fullest_sequence") > FULL_SEQUENCE,
            Degraded,
            "a sequence has used three quarters of its numbers".to_owned(),
        ),
    ];
    for (applies, status, words) in findings {
        if applies {
            warn(result, status, words);
        }
    }
}

fn warn(result: &mut HealthCheckResult, status: HealthStatus, words: String) {
    if result.status != HealthStatus::Unhealthy {
        result.status = status;
    }
    result.warnings.push(words);
}
