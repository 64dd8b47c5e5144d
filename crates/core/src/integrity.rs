//! Rows that contradict each other.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::id::{FileKey, RepositoryId};

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntegrityScope {
    /// Every row of every table.
    All,
    /// The rows of one repository's files: the time depends on its size, not on that of others. Rows that have lost their
    /// file may be found by [`IntegrityScope::All`] only.
    Repository(RepositoryId),
    /// The rows of some of its files, such as those of a batch: the time depends on their number.
    Files(RepositoryId, Arc<[FileKey]>),
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IntegrityResult {
    /// The constraints that were looked at, each with the rows that break it, in a fixed order.
    pub constraints: Vec<ConstraintResult>,
    /// Time spent.
    pub duration: Duration,
}

impl IntegrityResult {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.constraints.iter().all(|constraint| constraint.violations == 0)
    }
}

/// One constraint and what breaks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConstraintResult {
    /// Its name, such as `calls.target_function_id exists`.
    pub name: String,
    /// Number of rows that break it.
    pub violations: u64,
    /// Up to ten keys of such rows.
    pub examples: Vec<String>,
}
