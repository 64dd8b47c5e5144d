//! Whether a run is still this process's. Who was silent for longer than the lease may have been taken for dead, and another
//! load may have published since: whoever slept must not.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_metadata::{MetadataStore, model::RunToken};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Live, PATIENCE, within};

/// Why the program was ended though nobody interrupted it. Clones are the same.
#[derive(Clone, Default)]
pub(in crate::cli) struct GivenUp(Arc<Mutex<Option<Error>>>);

impl GivenUp {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// The reason, if there is one; told once.
    pub(in crate::cli) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A run's lease. Clones are of the same run.
#[derive(Clone)]
pub(in crate::cli) struct Hold {
    pub(super) store: Arc<dyn MetadataStore>,
    pub(super) token: RunToken,
    pub(super) lease: Duration,
    pub(super) cancelled: CancellationToken,
    pub(super) given_up: GivenUp,
    /// How far the load is.
    pub(super) live: Live,
}

impl Hold {
    /// Keeps the lease until it is aborted.
    pub(super) async fn beat(self) {
        loop {
            tokio::time::sleep(self.lease / 3).await;
            if let Err(error) = self.prolong().await {
                tracing::error!(%error, "this load ends");
                self.given_up.set(error);
                self.cancelled.cancel();
                return;
            }
            let samples = self.live.samples(self.token.run_id);
            if let Ok(Err(error)) = timeout(PATIENCE, self.store.record_samples(samples)).await {
                tracing::debug!(%error, "the use of the pools is not recorded");
            }
        }
    }

    /// Asks whether the run is still this process's, and prolongs the lease. A run that somebody wants to end is cancelled. A
    /// control plane that does not answer stops nobody: then the backends alone decide, by what the load was planned on.
    ///
    /// # Errors
    /// `Fenced` when the run was given up.
    pub(in crate::cli) async fn prolong(&self) -> Result<()> {
        let statistics = Some(self.live.statistics());
        match within(PATIENCE, self.store.heartbeat(self.token, self.lease, statistics)).await {
            Ok(beat) if beat.is_cancel_requested => {
                let reason = beat.cancel_reason.unwrap_or_default();
                tracing::warn!(%reason, "the run is cancelled, as somebody asked for");
                self.cancelled.cancel();
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Fenced => Err(given_up(error)),
            Err(error) => {
                tracing::warn!(%error, "the run's lease is not prolonged");
                Ok(())
            }
        }
    }
}

/// The error of a run that was taken for dead.
pub(super) fn given_up(cause: Error) -> Error {
    Error::new(
        ErrorKind::Fenced,
        "this load was silent for longer than its lease, as a paused process is, and was given up as lost",
    )
    .with_help(
        "load again: what it had not published is still owed; `metadata.lease_seconds` says how long a load may be silent",
    )
    .with_source(cause)
}
