//! How publications wait for locks on tables: shortly, and again. Whoever waits for a strong lock makes everybody behind it
//! wait too.

use std::time::Duration;

/// How long a lock is waited for at a time.
pub(crate) const LOCK_WAIT_MS: u64 = 500;
/// How long others go first between two attempts.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(250);
