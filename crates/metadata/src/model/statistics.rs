//! Numbers over a period.

use serde::{Deserialize, Serialize};
use snake_pipe_core::Timestamp;

use super::RunId;

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The run that was measured.
    pub run_id: Option<RunId>,
    /// What was measured, such as `memory_bytes` or `pool_in_use`.
    pub name: String,
    /// The value, in the unit that the name ends in.
    pub value: f64,
}

/// Over what.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsFilter {
    /// From this time.
    pub since: Timestamp,
    /// Only this pipeline, by name.
    pub pipeline: Option<String>,
}

/// Numbers over a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// From this time.
    pub since: Timestamp,
    /// To this time.
    pub until: Timestamp,
    /// Runs that were created.
    pub runs: u64,
    /// Of them, those that are under way or wait.
    pub runs_open: u64,
    /// Those that succeeded.
    pub runs_success: u64,
    /// Those that failed.
    pub runs_failed: u64,
    /// Those that were cancelled.
    pub runs_cancelled: u64,
    /// Those that were lost.
    pub runs_lost: u64,
    /// Succeeded of those that succeeded, failed or were lost, from 0 to 1; none if there were none.
    pub success_rate: Option<f64>,
    /// Of runs that repeat another one: succeeded of those that ended, from 0 to 1; none if there were none.
    pub retry_success_rate: Option<f64>,
    /// Mean time of ended runs.
    pub mean_duration_ms: Option<f64>,
    /// Records that were looked at.
    pub records_processed: u64,
    /// Records that were new.
    pub records_inserted: u64,
    /// Records that changed.
    pub records_updated: u64,
    /// Records that were removed.
    pub records_deleted: u64,
    /// Records that were refused or are owed.
    pub records_failed: u64,
    /// Bytes that were carried.
    pub bytes: u64,
    /// Errors by class, in this period and in the one of equal length before it.
    pub errors: Vec<ClassTrend>,
    /// Dead letters that are open now.
    pub dead_letters_open: u64,
    /// Measurements, by name.
    pub metrics: Vec<MetricSummary>,
}

/// How often errors of a class happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassTrend {
    /// The class.
    pub class: String,
    /// In the period.
    pub count: u64,
    /// Of those, open.
    pub open: u64,
    /// In the period of equal length before.
    pub before: u64,
}

/// Measurements of one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// What was measured.
    pub name: String,
    /// How often.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// The highest.
    pub max: f64,
}
