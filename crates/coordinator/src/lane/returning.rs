//! Waiting for a backend that does not answer.

use std::{pin::pin, sync::Arc, sync::atomic::Ordering, time::Duration};

use snake_pipe_core::{DatabaseBackend, Error, ErrorKind, Result, load::WriteResult};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Lane, Shared, Working};
use crate::{
    EventKind, LaneState,
    queue::{Inlet, Message},
};

impl Lane {
    /// Whether the lane waits for the backend to be itself again, rather than leaving the rest to the next run.
    pub(super) fn may_return(&self, error: &Error) -> bool {
        let is_over = self.shared.run.is_cancelled() || self.calls.is_removed();
        let may_pass = match error.kind() {
            ErrorKind::Connection
            | ErrorKind::NotConnected
            | ErrorKind::Timeout
            | ErrorKind::Capacity
            | ErrorKind::SessionLost
            | ErrorKind::OutcomeUnknown => true,
            ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::Configuration
            | ErrorKind::Schema
            | ErrorKind::Busy
            | ErrorKind::Data
            | ErrorKind::Fenced
            | ErrorKind::Unsupported
            | ErrorKind::NotFound
            | ErrorKind::Query
            | ErrorKind::Cancelled
            | ErrorKind::Io
            | ErrorKind::Conflict
            | ErrorKind::Internal => false,
        };
        may_pass && !is_over && self.shared.replay.is_some()
    }

    /// Waits until the backend answers again; meanwhile reads on, so that the stream goes on for the others.
    ///
    /// # Errors
    /// The error that the lane met, when the run does not wait any longer; `Cancelled`.
    pub(super) async fn await_return(
        &mut self,
        inlet: &mut Inlet,
        working: &mut Option<Working>,
        error: Error,
    ) -> Result<()> {
        self.abort().await;
        self.state(LaneState::Waiting);
        self.tell(|| EventKind::Unreachable { error: (&error).into() });
        tracing::warn!(%error, "backend does not answer; the lane waits for it");
        let within = self.shared.options.returning.within;
        inlet.flags.stopped.store(true, Ordering::SeqCst);
        if within.is_zero() {
            // The run does not go on for this lane alone.
            *working = None;
        }
        self.forget_session();
        if !self.read_on_until_answered(inlet, within).await? {
            return Err(error);
        }
        match working {
            Some(_) => inlet.flags.stopped.store(false, Ordering::SeqCst),
            None => *working = Some(Working::begin(&self.shared, &inlet.flags)),
        }
        self.calls.answered();
        self.summary.returns += 1;
        self.tell(|| EventKind::Returned);
        tracing::info!("backend answers again");
        Ok(())
    }

    /// What the session had accepted is gone with it.
    fn forget_session(&mut self) {
        self.session = None;
        self.written.clear();
        self.pending.clear();
        self.pending_keys.clear();
        self.pending_bytes = 0;
        self.accepted = WriteResult::default();
        self.incomplete = true;
    }

    /// False when the run does not wait any longer.
    async fn read_on_until_answered(&mut self, inlet: &mut Inlet, within: Duration) -> Result<bool> {
        let (shared, backend) = (self.shared.clone(), self.backend.clone());
        let mut answered = pin!(answered(&shared, backend));
        let mut over = pin!(over(&shared, within));
        let calls = self.calls.clone();
        loop {
            let message = tokio::select! {
                biased;
                cancelled = calls.unless_cancelled(std::future::pending::<()>()) => {
                    cancelled?;
                    continue;
                }
                () = &mut answered => return Ok(true),
                () = &mut over => return Ok(false),
                message = inlet.messages.recv(), if !self.ended => message,
            };
            match message {
                Some(Message::Batch(delivery)) => self.count_delivery(&delivery),
                Some(Message::End) | None => self.ended = true,
            }
        }
    }
}

/// Asks again and again, until the backend answers.
async fn answered(shared: &Shared, backend: Arc<dyn DatabaseBackend>) {
    let limit = shared.options.timeouts.connect;
    loop {
        sleep(shared.options.returning.ask_every).await;
        // A pool that was connected once says so whatever became of its server: only a reading shows that it answers.
        let question = async {
            backend.connect().await?;
            backend.repositories().await
        };
        if let Ok(Ok(_)) = timeout(limit, question).await {
            return;
        }
    }
}

/// Until the run does not wait any longer.
async fn over(shared: &Shared, within: Duration) {
    let held_open = async {
        shared.source_ended.cancelled().await;
        let ended_at = *shared.source_ended_at.get_or_init(Instant::now);
        sleep_until(ended_at + within).await;
    };
    tokio::select! {
        () = shared.nobody_left.cancelled() => {}
        () = held_open => {}
    }
}
