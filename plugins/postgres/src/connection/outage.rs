//! How long a server is waited for.
//!
//! The rule: a server that refuses the first connection is tried `retry_attempts` times more, with pauses of 0.2, 0.4, 0.8 s
//! and so on. One that went away while it was in use, as for a restart, is waited for up to `timeout_seconds`. That
//! patience is for the outage and not for each call: once it is used up, further calls fail within a second until the server
//! answers again. So a server that is down holds a load as long as the limit says, however often its calls are tried again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use snake_pipe_core::{Error, ErrorKind};
use sqlx::PgPool;

/// A call takes so long at least before it gives up: a server that is up answers within it.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// An outage that nobody met with for so long is over, or another one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// What a backend knows of its server being away. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outage(Arc<Mutex<Option<Known>>>);

#[derive(Clone, Copy, Debug)]
struct Known {
    began: Instant,
    last_met: Instant,
}

impl Outage {
    /// Begins to wait for a connection of the pool, with what is left of the patience.
    pub(super) fn wait<'a>(&'a self, pool: &'a PgPool) -> Wait<'a> {
        let patience = self.patience_left(pool.options().get_acquire_timeout());
        Wait { outage: self, pool, begin: Instant::now(), patience, is_over: false }
    }

    /// Whether the server is known to be away.
    pub(super) fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// Notes that the server was away at least since then.
    pub(super) fn met(&self, since: Instant) {
        let began = self.known().map_or(since, |known| known.began);
        self.set(Some(Known { began, last_met: Instant::now() }));
    }

    /// Notes that the server answers.
    pub(super) fn end(&self) {
        self.set(None);
    }

    fn patience_left(&self, patience: Duration) -> Duration {
        let used = self.known().map_or(Duration::ZERO, |known| known.began.elapsed());
        patience.saturating_sub(used).max(LEAST_PATIENCE)
    }

    fn known(&self) -> Option<Known> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|known| known.last_met.elapsed() < FORGOTTEN_AFTER)
    }

    fn set(&self, known: Option<Known>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// A wait for a connection. When it is dropped before the server answered, as by a caller's own limit, that counts as waited;
/// unless the pool is used up, for then it is not the server that keeps the caller waiting.
#[derive(Debug)]
pub(super) struct Wait<'a> {
    outage: &'a Outage,
    pool: &'a PgPool,
    begin: Instant,
    patience: Duration,
    is_over: bool,
}

impl Wait<'_> {
    /// What is left of the patience.
    pub(super) fn left(&self) -> Duration {
        self.patience.saturating_sub(self.begin.elapsed())
    }

    /// Whether every connection of the pool is in use.
    pub(super) fn is_for_the_pool(&self) -> bool {
        self.pool.size() >= self.pool.options().get_max_connections()
    }

    /// The server answered.
    pub(super) fn answered(mut self) {
        self.is_over = true;
        self.outage.end();
    }

    /// The error of a server that did not come back.
    pub(super) fn in_vain(&self, reason: &str) -> Error {
        let waited = self.outage.known().map_or(self.begin, |known| known.began).elapsed();
        let message = format!("the server went away and cannot be reached: {reason}");
        Error::new(ErrorKind::Connection, message)
            .with_operation("connect")
            .with_context("waited_seconds", waited.as_secs())
            .with_help("look whether the server runs; `timeout_seconds` says how long one that went away is waited for")
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let was_long = self.begin.elapsed() >= LEAST_PATIENCE / 2;
        if !self.is_over && was_long && !self.is_for_the_pool() {
            self.outage.met(self.begin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn patience_is_for_the_outage_and_not_for_each_call() {
        let (outage, limit) = (Outage::default(), Duration::from_secs(30));
        assert_eq!(outage.patience_left(limit), limit);
        outage.met(ago(20));
        let left = outage.patience_left(limit);
        assert!(left > Duration::from_secs(9) && left <= Duration::from_secs(10), "{left:?}");
        assert_eq!(outage.patience_left(Duration::from_secs(5)), LEAST_PATIENCE);
        outage.end();
        assert_eq!(outage.patience_left(limit), limit);
    }

    #[test]
    fn an_outage_that_nobody_met_with_for_a_while_is_another_one() {
        let outage = Outage::default();
        outage.set(Some(Known { began: ago(70), last_met: ago(60) }));
        assert!(!outage.is_known());
        outage.set(Some(Known { began: ago(70), last_met: ago(50) }));
        assert!(outage.is_known());
    }
}
