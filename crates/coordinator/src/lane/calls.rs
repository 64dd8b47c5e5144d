//! Calls of a backend: each can be cancelled, takes no longer than its limit, and is told to the breaker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use snake_pipe_core::{Error, ErrorKind, Result};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::{
    Breaker, RetryOptions,
    progress::Reporter,
    reaction::{Phase, Reaction, kind_of_timeout, reaction},
    retry::Backoff,
};

/// How one lane calls its backend. Cheap to clone.
#[derive(Clone)]
pub(super) struct Calls {
    index: usize,
    run: CancellationToken,
    breaker: Arc<Breaker>,
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
    pub(super) fn new(index: usize, shared: &Shared, breaker: Arc<Breaker>) -> Self {
        Self {
            index,
            run: shared.run.clone(),
            breaker,
            retry: shared.options.retry,
            retries: Arc::default(),
            reporter: shared.reporter.clone(),
        }
    }

    /// Makes the call once.
    pub(super) async fn once<T>(&self, call: Call, future: impl Future<Output = Result<T>>) -> Result<T> {
        if let Err(wait) = self.breaker.permit() {
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
        self.unless_cancelled(sleep(pause)).await
    }

    /// Waits for the future, but not beyond the end of the run.
    ///
    /// # Errors
    /// `Cancelled`.
    pub(super) async fn unless_cancelled<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.run.cancelled() => Err(Error::new(ErrorKind::Cancelled, "the run was cancelled")),
            answer = future => Ok(answer),
        }
    }

    /// Ends the run for every lane.
    pub(super) fn end_run(&self, error: Error) -> Error {
        self.run.cancel();
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
