//! What is kept for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long ended runs and what belongs to them are kept, unless told otherwise, in days.
pub const RETENTION_DAYS: u64 = 30;
/// How many versions of each schema are kept whatever their age.
pub const SCHEMA_VERSIONS_KEPT: u64 = 10;

/// The pause from one clean-up of a long-lived process to the next, unless told otherwise.
pub const CLEANING_PAUSE: Duration = Duration::from_secs(3600);

/// What is kept for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// What ended longer ago goes. Default: 30 days.
    pub days: u64,
    /// So many versions of each schema stay whatever their age. Default: 10.
    pub schema_versions: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: RETENTION_DAYS, schema_versions: SCHEMA_VERSIONS_KEPT }
    }
}

/// What was removed, or would be: rows by table. What is open (running runs, open errors, pending dead letters, current
/// positions) and the audit stay whatever their age.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Garbage {
    /// Whether nothing was removed.
    pub is_dry_run: bool,
    /// Ended runs.
    pub runs: u64,
    /// Their tasks.
    pub tasks: u64,
    /// Their deliveries.
    pub deliveries: u64,
    /// Resolved and ignored errors.
    pub errors: u64,
    /// Resolved and discarded dead letters.
    pub dead_letters: u64,
    /// Positions that were left behind.
    pub position_history: u64,
    /// Versions of schemas beyond those kept.
    pub schema_versions: u64,
    /// Samples of metrics.
    pub samples: u64,
    /// Partitions dropped as a whole; their rows are among the counts above.
    pub partitions: u64,
}

impl Garbage {
    /// All rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.runs
            + self.tasks
            + self.deliveries
            + self.errors
            + self.dead_letters
            + self.position_history
            + self.schema_versions
            + self.samples
    }
}
