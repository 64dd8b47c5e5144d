//! Circuit breakers: a backend that keeps failing is left alone for a while.
//!
//! A run's own retries end long before a breaker opens; breakers are for processes that load again and again, and share
//! [`Breakers`] between their runs. While a breaker is open, its backend's lane fails at once, and what it is owed is
//! reported as ever.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use snake_pipe_core::{BackendInfo, Error, ErrorKind};
use tokio::time::Instant;

/// When a breaker opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// So many failures in a row open it. Default: 5.
    pub failures: u32,
    /// It stays open for so long. Default: 60 s.
    pub open_for: Duration,
    /// Then so many calls are let through to try. Default: 3.
    pub half_open_calls: u32,
    /// So many of them must succeed to close it; one failure opens it again. Default: 2.
    pub successes: u32,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_secs(60), half_open_calls: 3, successes: 2 }
    }
}

impl BreakerOptions {
    /// Checks that a breaker that opened can close again.
    ///
    /// # Errors
    /// `Configuration`, naming the field and what it takes.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |message: String, help: &'static str| {
            Err(Error::new(ErrorKind::Configuration, message).with_help(help))
        };
        if self.failures == 0 {
            return wrong("breaker.failures is 0".into(), "give at least 1; 5 is the default");
        }
        if self.successes == 0 || self.successes > self.half_open_calls {
            let Self { successes, half_open_calls, .. } = self;
            return wrong(
                format!(
                    "breaker.successes ({successes}) is not from 1 to breaker.half_open_calls ({half_open_calls})"
                ),
                "so many of the calls that try have to succeed; 2 of 3 is the default",
            );
        }
        Ok(())
    }
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Lets them through.
    Closed,
    /// Lets none through.
    Open,
    /// Lets some through, to try.
    HalfOpen,
}

/// The breaker of one backend.
#[derive(Debug)]
pub struct Breaker {
    options: BreakerOptions,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen { since: Instant, calls: u32, successes: u32 },
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Self {
        Self { options, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// What it does with calls now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        match *self.lock() {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until } if Instant::now() < until => BreakerState::Open,
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Asks to make a call, whose result is then to be told.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub fn permit(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut state = self.lock();
        match &mut *state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if now < *until => Err(*until - now),
            State::HalfOpen { since, calls, .. }
                if *calls >= self.options.half_open_calls && now < *since + self.options.open_for =>
            {
                Err(*since + self.options.open_for - now)
            }
            State::HalfOpen { calls, .. } if *calls < self.options.half_open_calls => {
                *calls += 1;
                Ok(())
            }
            // Also where those who were let through never told their result, since they were cancelled.
            State::Open { .. } | State::HalfOpen { .. } => {
                *state = State::HalfOpen { since: now, calls: 1, successes: 0 };
                Ok(())
            }
        }
    }

    /// How long no call will be let through.
    #[must_use]
    pub fn wait(&self) -> Duration {
        match *self.lock() {
            State::Open { until } => until.saturating_duration_since(Instant::now()),
            State::Closed { .. } | State::HalfOpen { .. } => Duration::ZERO,
        }
    }

    /// Tells that the backend answered.
    pub fn succeeded(&self) {
        let mut state = self.lock();
        match &mut *state {
            State::Closed { failures } => *failures = 0,
            State::HalfOpen { successes, .. } => {
                *successes += 1;
                if *successes >= self.options.successes {
                    *state = State::Closed { failures: 0 };
                }
            }
            State::Open { .. } => {}
        }
    }

    /// Tells that a probe of the backend was answered: an open breaker lets calls through again, to try.
    pub fn answered(&self) {
        let mut state = self.lock();
        if let State::Open { .. } = *state {
            *state = State::HalfOpen { since: Instant::now(), calls: 0, successes: 0 };
        }
    }

    /// Tells that the backend did not answer.
    pub fn failed(&self) {
        let mut state = self.lock();
        let failures = match *state {
            State::Closed { failures } => failures + 1,
            State::HalfOpen { .. } => self.options.failures,
            State::Open { .. } => return,
        };
        *state = match failures >= self.options.failures {
            true => State::Open { until: Instant::now() + self.options.open_for },
            false => State::Closed { failures },
        };
    }

    /// Tells how a call ended. An error that is an answer, such as refused data, is none of the breaker's business.
    pub(crate) fn record<T>(&self, result: &Result<T, Error>) {
        match result.as_ref().map_err(Error::kind) {
            Err(
                ErrorKind::Connection
                | ErrorKind::Timeout
                | ErrorKind::SessionLost
                | ErrorKind::OutcomeUnknown
                | ErrorKind::Capacity,
            ) => self.failed(),
            Ok(_) | Err(_) => self.succeeded(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The breakers of all backends of a process, by kind, name and address. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Breakers {
    options: BreakerOptions,
    breakers: Arc<Mutex<HashMap<[String; 3], Arc<Breaker>>>>,
}

impl Breakers {
    /// No breakers yet.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Self {
        Self { options, breakers: Arc::default() }
    }

    /// When they open and close.
    #[must_use]
    pub const fn options(&self) -> BreakerOptions {
        self.options
    }

    /// The breaker of this backend.
    #[must_use]
    pub fn of(&self, info: &BackendInfo) -> Arc<Breaker> {
        let key = [info.kind.clone(), info.name.clone(), info.address.clone()];
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        breakers.entry(key).or_insert_with(|| Arc::new(Breaker::new(self.options))).clone()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn fail(breaker: &Breaker, times: u32) {
        (0..times).for_each(|_| breaker.failed());
    }

    #[test]
    fn a_breaker_that_could_never_close_is_refused() {
        assert!(BreakerOptions::default().validate().is_ok());
        for (failures, half_open_calls, successes) in [(0, 3, 2), (5, 0, 0), (5, 1, 2)] {
            let wrong = BreakerOptions { failures, half_open_calls, successes, ..BreakerOptions::default() };
            assert_eq!(wrong.validate().unwrap_err().kind(), ErrorKind::Configuration);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_open_it() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 4);
        breaker.succeeded();
        fail(&breaker, 4);
        assert_eq!(breaker.state(), BreakerState::Closed);
        breaker.failed();
        assert_eq!(breaker.state(), BreakerState::Open);
        assert_eq!(breaker.permit(), Err(Duration::from_secs(60)));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_minute_three_calls_may_try_and_two_successes_close_it() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 5);
        advance(Duration::from_secs(59)).await;
        assert_eq!(breaker.permit(), Err(Duration::from_secs(1)));
        advance(Duration::from_secs(1)).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!((0..3).all(|_| breaker.permit().is_ok()));
        assert!(breaker.permit().is_err());
        breaker.succeeded();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.permit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_while_half_open_opens_it_again() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 5);
        advance(Duration::from_secs(60)).await;
        breaker.permit().unwrap();
        breaker.failed();
        assert_eq!(breaker.wait(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answered_probe_ends_the_minute_early_but_closes_nothing() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 5);
        breaker.answered();
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.permit().unwrap();
        breaker.failed();
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_never_told_their_result_do_not_block_it_for_ever() {
        let breaker = Breaker::new(BreakerOptions::default());
        fail(&breaker, 5);
        advance(Duration::from_secs(60)).await;
        assert!((0..3).all(|_| breaker.permit().is_ok()));
        assert_eq!(breaker.permit(), Err(Duration::from_secs(60)));
        advance(Duration::from_secs(60)).await;
        assert!(breaker.permit().is_ok());
    }

    #[test]
    fn only_a_backend_that_does_not_answer_counts() {
        let breaker = Breaker::new(BreakerOptions { failures: 1, ..BreakerOptions::default() });
        breaker.record::<()>(&Err(Error::new(ErrorKind::Data, "refused")));
        assert_eq!(breaker.state(), BreakerState::Closed);
        breaker.record::<()>(&Err(Error::new(ErrorKind::Connection, "gone")));
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn a_backend_keeps_its_breaker() {
        let info = |name: &str| BackendInfo {
            kind: "k".into(),
            name: name.into(),
            address: "a".into(),
            dialect: None,
        };
        let breakers = Breakers::default();
        assert!(Arc::ptr_eq(&breakers.of(&info("x")), &breakers.clone().of(&info("x"))));
        assert!(!Arc::ptr_eq(&breakers.of(&info("x")), &breakers.of(&info("y"))));
    }
}
