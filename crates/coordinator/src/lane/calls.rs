//! Calls of a backend: each can be cancelled, takes no longer than its limit, and is told to the breaker.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use snake_pipe_core::{BackendInfo, Error, ErrorKind, Result};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::{
    Breaker, BreakerState, EventKind, RetryOptions,
    events::Events,
    progress::Reporter,
    reaction::{Phase, Reaction, kind_of_timeout, reaction},
    retry::Backoff,
};

/// How one lane calls its backend. Cheap to clone.
#[derive(Clone)]
pub(super) struct Calls {
    index: usize,
    info: Arc<BackendInfo>,
    run: CancellationToken,
    /// The lane's own, cancelled with the run too.
    lane: CancellationToken,
    breaker: Arc<Breaker>,
    /// What was told of the breaker last.
    told: Arc<Mutex<BreakerState>>,
    events: Events,
    retry: RetryOptions,
    retries: Arc<AtomicU64>,
    reporter: Reporter,
}

/// A call: its name, what the lane is doing, and how long it may take.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) operation: &'static str,
    pub(super) phase: Phase,
    pub(super) limit: Duration,
}

impl Calls {
    pub(super) fn new(
        index: usize,
        info: Arc<BackendInfo>,
        shared: &Shared,
        breaker: Arc<Breaker>,
        lane: CancellationToken,
    ) -> Self {
        Self {
            index,
            info,
            run: shared.run.clone(),
            lane,
            told: Arc::new(Mutex::new(breaker.state())),
            breaker,
            events: shared.events.clone(),
            retry: shared.options.retry,
            retries: Arc::default(),
            reporter: shared.reporter.clone(),
        }
    }

    /// Makes the call once.
    pub(super) async fn once<T>(&self, call: Call, future: impl Future<Output = Result<T>>) -> Result<T> {
        let permit = self.breaker.permit();
        self.watch_breaker();
        if let Err(wait) = permit {
            let wait = wait.as_secs_f64().ceil();
            return Err(Error::new(
                ErrorKind::Connection,
                format!("the backend kept failing and is left alone for {wait} s more"),
            )
            .with_operation(call.operation)
            .with_help("run the load again later: the manifest says what the backend is owed"));
        }
        let result = self.unless_cancelled(timeout(call.limit, future)).await?;
        let result = result.unwrap_or_else(|_| Err(over_limit(call)));
        self.breaker.record(&result);
        self.watch_breaker();
        result.map_err(|error| error.with_operation(call.operation))
    }

    /// Makes the call until it succeeds, or what it fails with is not going to pass.
    pub(super) async fn retrying<T, F: Future<Output = Result<T>>>(
        &self,
        call: Call,
        mut future: impl FnMut() -> F,
    ) -> Result<T> {
        let mut backoff = self.backoff();
        loop {
            let error = match self.once(call, future()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match reaction(error.kind(), call.phase) {
                Reaction::Again => self.pause(&mut backoff, error).await?,
                Reaction::EndRun => return Err(self.end_run(error)),
                Reaction::Refuse | Reaction::Replay | Reaction::Stop => return Err(error),
            }
        }
    }

    pub(super) const fn backoff(&self) -> Backoff {
        Backoff::new(self.retry)
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The error itself when there is to be no further try.
    pub(super) async fn pause(&self, backoff: &mut Backoff, error: Error) -> Result<()> {
        let Some(pause) = backoff.next(self.breaker.wait()) else { return Err(error) };
        tracing::warn!(%error, kind = %error.kind(), pause_ms = pause.as_millis() as u64, "trying again");
        self.retries.fetch_add(1, Ordering::Relaxed);
        self.reporter.lane(self.index, |lane| lane.retries += 1);
        let pause_ms = pause.as_millis() as u64;
        self.events.tell(Some(&self.info), || EventKind::Retry { error: (&error).into(), pause_ms });
        self.unless_cancelled(sleep(pause)).await
    }

    /// Waits for the future, but not beyond the end of the run or the removal of the backend.
    ///
    /// # Errors
    /// `Cancelled`.
    pub(super) async fn unless_cancelled<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.lane.cancelled() => Err(self.cancelled()),
            answer = future => Ok(answer),
        }
    }

    fn cancelled(&self) -> Error {
        let message = match self.is_removed() {
            true => "the backend was removed from the run",
            false => "the run was cancelled",
        };
        Error::new(ErrorKind::Cancelled, message)
    }

    /// Whether this lane alone is to end.
    pub(super) fn is_removed(&self) -> bool {
        self.lane.is_cancelled() && !self.run.is_cancelled()
    }

    /// The backend answered a question that was asked beside the calls.
    pub(super) fn answered(&self) {
        self.breaker.answered();
        self.watch_breaker();
    }

    pub(super) fn breaker_state(&self) -> BreakerState {
        self.breaker.state()
    }

    /// Tells of the breaker if it has changed.
    fn watch_breaker(&self) {
        let state = self.breaker.state();
        let before = std::mem::replace(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner), state);
        if before != state {
            tracing::warn!(?state, "circuit breaker changed");
            self.reporter.lane(self.index, |lane| lane.breaker = state);
            self.events.tell(Some(&self.info), || EventKind::Breaker { state });
        }
    }

    /// Ends the run for every lane, unless this one alone is to end.
    pub(super) fn end_run(&self, error: Error) -> Error {
        if !self.is_removed() {
            self.run.cancel();
        }
        error
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }
}

fn over_limit(call: Call) -> Error {
    let limit = call.limit.as_secs_f64();
    Error::new(kind_of_timeout(call.phase), format!("`{}` took longer than {limit} s", call.operation))
        .with_help("look at the database's load, or allow the call more time")
}
