//! What the plugin counts, through the `metrics` facade: whoever runs it chooses where the figures go; without a recorder they
//! go nowhere and cost next to nothing.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use snake_pipe_core::Error;

const ACQUIRE: &str = "snake_pipe_postgres_pool_acquire_seconds";
const ACQUIRE_FAILURES: &str = "snake_pipe_postgres_pool_acquire_failures_total";
const CONNECTIONS: &str = "snake_pipe_postgres_connections_opened_total";
const DEAD: &str = "snake_pipe_postgres_connections_dead_total";
const FAILOVERS: &str = "snake_pipe_postgres_failovers_total";
const READS: &str = "snake_pipe_postgres_reads_total";
const STATEMENTS: &str = "snake_pipe_postgres_cached_statements";
const SIZE: &str = "snake_pipe_postgres_pool_connections";

/// Tells the recorder what the figures mean.
pub fn describe() {
    describe_histogram!(ACQUIRE, Unit::Seconds, "Time until a connection of the pool was to be had.");
    describe_counter!(ACQUIRE_FAILURES, "Connections that were not to be had, by kind of error.");
    describe_counter!(CONNECTIONS, "Connections opened.");
    describe_counter!(DEAD, "Idle connections found dead and closed.");
    describe_counter!(FAILOVERS, "Times that another server had taken over.");
    describe_counter!(READS, "Queries by the server that they went to, where standbys may answer.");
    describe_gauge!(STATEMENTS, "Prepared statements of the connection that came back to the pool last.");
    describe_gauge!(SIZE, "Connections of the pool by state, at the last check.");
}

/// A connection was asked for.
pub(crate) fn acquired(after: Duration, error: Option<&Error>) {
    match error {
        None => histogram!(ACQUIRE).record(after.as_secs_f64()),
        Some(error) => counter!(ACQUIRE_FAILURES, "kind" => error.kind().as_str()).increment(1),
    }
}

/// A connection was opened.
pub(crate) fn connected() {
    counter!(CONNECTIONS).increment(1);
}

/// Another server takes the writes.
pub(crate) fn failed_over() {
    counter!(FAILOVERS).increment(1);
}

/// A query was sent to a standby, or to the primary for want of one.
pub(crate) fn read_routed(to_replica: bool) {
    counter!(READS, "server" => if to_replica { "replica" } else { "primary" }).increment(1);
}

/// The pool was looked over.
pub(crate) fn pool_checked(size: u32, idle: usize, dead: u64) {
    let in_use = (size as usize).saturating_sub(idle);
    gauge!(SIZE, "state" => "idle").set(idle as f64);
    gauge!(SIZE, "state" => "in_use").set(in_use as f64);
    counter!(DEAD).increment(dead);
}

/// A connection came back with so many prepared statements.
pub(crate) fn statements_cached(count: usize) {
    gauge!(STATEMENTS).set(count as f64);
}
