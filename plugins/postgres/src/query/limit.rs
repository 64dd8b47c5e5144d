//! How long a query may take.

use std::time::{Duration, Instant};

use snake_pipe_core::{Error, ErrorKind, SqlQuery};

/// How long after its own limit the server may take to say so.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// By how much the server's clock, which counts whole milliseconds, may be ahead of ours.
const CLOCK_SLACK: Duration = Duration::from_millis(20);

/// The time that the server takes. It stands while whoever takes the rows is busy with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch {
    before: Duration,
    since: Instant,
}

impl Stopwatch {
    /// Runs from now on.
    pub(super) fn start() -> Self {
        Self { before: Duration::ZERO, since: Instant::now() }
    }

    /// What has been counted; to be gone on with from a later moment by [`Stopwatch::go_on`].
    pub(super) fn elapsed(&self) -> Duration {
        self.before + self.since.elapsed()
    }

    /// Leaves out the time since that much had been counted.
    pub(super) fn go_on(&mut self, counted: Duration) {
        *self = Self { before: counted, since: Instant::now() };
    }

    /// What is left of the query's time.
    pub(super) fn left(&self, query: &SqlQuery) -> Duration {
        query.timeout.saturating_sub(self.elapsed())
    }
}

/// Sets what is left of the time. A statement may have changed the setting, so this stands before every portion; as a function,
/// so that the server's statistics count every number as the same statement.
pub(super) fn time_limit(query: &SqlQuery, time: &Stopwatch) -> String {
    let left_ms = time.left(query).as_millis().clamp(1, i32::MAX as u128);
    format!("SELECT pg_catalog.set_config('statement_timeout', '{left_ms}', true)")
}

/// Says of a statement that the server ended whether its time was up.
pub(super) fn explain(error: Error, query: &SqlQuery, time: &Stopwatch) -> Error {
    match error.kind() {
        ErrorKind::Cancelled if time.elapsed() + CLOCK_SLACK >= query.timeout => timeout_error(query),
        _ => error,
    }
}

/// The query's time is up.
pub(super) fn timeout_error(query: &SqlQuery) -> Error {
    Error::new(ErrorKind::Timeout, "the query took longer than allowed")
        .with_context("limit", format!("{:?}", query.timeout))
        .with_help("allow more time, or ask for less")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_whoever_takes_the_rows_does_not_count() {
        let mut time = Stopwatch::start();
        time.go_on(Duration::from_secs(7));
        let query = SqlQuery { timeout: Duration::from_secs(10), ..SqlQuery::new("SELECT 1") };
        let left = time.left(&query);
        assert!(left <= Duration::from_secs(3) && left > Duration::from_secs(2), "{left:?}");
    }
}
