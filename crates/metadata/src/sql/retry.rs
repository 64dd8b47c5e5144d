//! When an operation is tried again.

use std::time::Duration;

use rand::Rng as _;
use snake_pipe_core::{Error, ErrorKind};

use super::StoreOptions;

/// The longest pause.
const CAP: Duration = Duration::from_secs(5);

/// The pauses between the attempts of one operation: exponential, with full jitter.
pub(crate) struct Pauses {
    left: u32,
    longest: Duration,
}

impl Pauses {
    pub(crate) const fn of(options: &StoreOptions) -> Self {
        Self { left: options.retry_attempts, longest: options.retry_pause }
    }

    /// Whether the operation is tried again after this error. All that may be is what failed before its commit: then nothing
    /// has happened.
    pub(crate) async fn again(&mut self, error: &Error) -> bool {
        let may_pass = matches!(error.kind(), ErrorKind::Busy | ErrorKind::Connection);
        if !may_pass || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let pause = rand::rng().random_range(Duration::ZERO..=self.longest);
        self.longest = (self.longest * 2).min(CAP);
        tracing::debug!(%error, ?pause, "the control plane is tried again");
        tokio::time::sleep(pause).await;
        true
    }
}
