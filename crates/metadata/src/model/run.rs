//! Runs: executions of a pipeline.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::{Error, ErrorKind, Result, Timestamp};

use super::{PipelineId, RecordPolicy};
use crate::words::{id, words};

/// How long a run holds its lease without a heartbeat, unless told otherwise.
pub const LEASE: Duration = Duration::from_secs(60);

id! {
    /// The id of a run. A load uses it as the marker of its publications, so that a snapshot in a backend names its run.
    RunId, "a run"
}

words! {
    /// The state of a run: pending → running → success | failed | cancelled | lost.
    RunStatus, "status of a run" {
        /// Created, not started.
        Pending = "pending",
        /// Under way, by a process that holds a lease.
        Running = "running",
        /// Ended, and everything was done.
        Success = "success",
        /// Ended, and something was not done.
        Failed = "failed",
        /// Ended because somebody wanted it to.
        Cancelled = "cancelled",
        /// Its process was not heard of until its lease ran out.
        Lost = "lost",
    }
}

impl RunStatus {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        match self {
            Self::Pending | Self::Running => false,
            Self::Success | Self::Failed | Self::Cancelled | Self::Lost => true,
        }
    }

    /// The states that may follow.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Running, Self::Cancelled],
            Self::Running => &[Self::Success, Self::Failed, Self::Cancelled, Self::Lost],
            Self::Success | Self::Failed | Self::Cancelled | Self::Lost => &[],
        }
    }

    /// Allows or refuses a transition.
    ///
    /// # Errors
    /// `Conflict`, saying what may follow.
    pub fn check_transition(self, to: Self) -> Result<()> {
        if self.next().contains(&to) {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Conflict, format!("a run that is {self} cannot become {to}"));
        Err(match self.next() {
            [] => error.with_help("it has ended; `snake-pipe runs retry` makes a new run of it"),
            next => {
                let next: Vec<_> = next.iter().map(|status| status.as_str()).collect();
                error.with_help(format!("from {self} it becomes {}", next.join(", ")))
            }
        })
    }
}

words! {
    /// How a run takes its source.
    RunMode, "mode of a run" {
        /// As a stream without an end.
        Stream = "stream",
        /// What changed since the last time.
        Batch = "batch",
        /// Everything, for the first time.
        Initial = "initial",
    }
}

/// Numbers of a run. A record is what the pipeline counts; for a load of source code it is a source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatistics {
    /// Records that were looked at.
    pub processed: u64,
    /// Records that were new.
    pub inserted: u64,
    /// Records that were there and changed.
    pub updated: u64,
    /// Records that were removed.
    pub deleted: u64,
    /// Records that were refused or are still owed.
    pub failed: u64,
    /// Bytes that were carried.
    pub bytes: u64,
}

/// An execution of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The pipeline.
    pub pipeline_id: PipelineId,
    /// The pipeline's name.
    pub pipeline: String,
    /// The version of the pipeline's definition that was run.
    pub pipeline_version: u64,
    /// The run that this one repeats.
    pub parent_run_id: Option<RunId>,
    /// From 1; one more than the parent's.
    pub attempt: u64,
    /// How it takes its source.
    pub mode: RunMode,
    /// Its state.
    pub status: RunStatus,
    /// What the pipeline itself calls its end, such as `partly_failed`.
    pub outcome: Option<String>,
    /// What it was told.
    pub parameters: Json,
    /// The hash of the configuration that it ran with.
    pub config_hash: Option<String>,
    /// Where it reads, without credentials.
    pub source: Json,
    /// Where it writes, without credentials.
    pub destination: Json,
    /// The process: host and process id, or what the environment calls it.
    pub instance: Option<String>,
    /// The machine.
    pub node: Option<String>,
    /// The number by which a replaced process is refused; 0 before the start.
    pub fence: u64,
    /// Until when the process may be silent; none before the start and after the end.
    pub lease_expires_at: Option<Timestamp>,
    /// When the process was last heard of.
    pub heartbeat_at: Option<Timestamp>,
    /// Whether somebody asked it to end.
    pub is_cancel_requested: bool,
    /// Why, in their words.
    pub cancel_reason: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// From start to end.
    pub duration_ms: Option<u64>,
    /// Its numbers.
    pub statistics: RunStatistics,
    /// What ended it, if not success.
    pub error: Option<RunFailure>,
}

impl Run {
    /// What its process shows with everything that it writes.
    #[must_use]
    pub const fn token(&self) -> RunToken {
        RunToken { run_id: self.id, fence: self.fence }
    }
}

/// Why a run or a task failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailure {
    /// The kind in a word, such as `connection`.
    pub class: String,
    /// What went wrong, with its circumstances, without secrets.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

impl From<&Error> for RunFailure {
    fn from(error: &Error) -> Self {
        Self {
            class: error.kind().as_str().to_owned(),
            message: error.to_string(),
            hint: error.help().map(str::to_owned),
        }
    }
}

/// A run to be. `Debug` shows what it is told, reads and writes without secrets.
#[derive(Clone, PartialEq)]
pub struct NewRun {
    /// Its id; a new one unless the caller has to know it beforehand.
    pub id: RunId,
    /// The pipeline.
    pub pipeline_id: PipelineId,
    /// How it takes its source.
    pub mode: RunMode,
    /// What it is told; no secrets.
    pub parameters: Json,
    /// The hash of its configuration.
    pub config_hash: Option<String>,
    /// Where it reads. What credentials it holds is not kept.
    pub source: Json,
    /// Where it writes. What credentials it holds is not kept.
    pub destination: Json,
}

impl fmt::Debug for NewRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRun")
            .field("id", &self.id)
            .field("pipeline_id", &self.pipeline_id)
            .field("mode", &self.mode)
            .field("parameters", &RecordPolicy::Secrets.apply(self.parameters.clone()))
            .field("config_hash", &self.config_hash)
            .field("source", &RecordPolicy::Secrets.apply(self.source.clone()))
            .field("destination", &RecordPolicy::Secrets.apply(self.destination.clone()))
            .finish()
    }
}

impl NewRun {
    /// A run of this pipeline that says nothing more of itself.
    #[must_use]
    pub fn of(pipeline_id: PipelineId) -> Self {
        Self {
            id: RunId::new(),
            pipeline_id,
            mode: RunMode::Batch,
            parameters: Json::Null,
            config_hash: None,
            source: Json::Null,
            destination: Json::Null,
        }
    }
}

/// What starting a run does about another one of the same pipeline that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// The start is refused, and says who runs.
    #[default]
    Refuse,
    /// Both run: the backends' fences decide whose writes count.
    Allow,
}

/// A run that was started, and what was cleared away for it.
#[derive(Clone, Debug, PartialEq)]
pub struct StartedRun {
    /// The run, with its fence and lease.
    pub run: Run,
    /// Runs of the same pipeline whose leases had run out; they are lost now.
    pub recovered: Vec<RunId>,
}

/// Shown by a process with everything that it writes of its run. After its run was found lost it is refused with `Fenced`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunToken {
    /// The run.
    pub run_id: RunId,
    /// The fence that the run was started with.
    pub fence: u64,
}

/// The answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Until when the process may be silent now.
    pub expires_at: Timestamp,
    /// Whether somebody asked the run to end.
    pub is_cancel_requested: bool,
    /// Why, in their words.
    pub cancel_reason: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// Success, failed or cancelled.
    pub status: RunStatus,
    /// What the pipeline itself calls it.
    pub outcome: Option<String>,
    /// Its numbers.
    pub statistics: RunStatistics,
    /// What ended it, if not success.
    pub error: Option<RunFailure>,
}

impl RunEnd {
    /// Everything was done.
    #[must_use]
    pub const fn success(statistics: RunStatistics) -> Self {
        Self { status: RunStatus::Success, outcome: None, statistics, error: None }
    }

    /// Something was not done.
    #[must_use]
    pub fn failed(error: impl Into<RunFailure>, statistics: RunStatistics) -> Self {
        Self { status: RunStatus::Failed, outcome: None, statistics, error: Some(error.into()) }
    }
}

/// Which runs to list, youngest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// Those of the pipeline of this name.
    pub pipeline: Option<String>,
    /// Those of this status.
    pub status: Option<RunStatus>,
    /// Those created at this time or later.
    pub since: Option<Timestamp>,
    /// At most so many; all if none is given.
    pub limit: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transitions_are_these_and_no_others() {
        let allowed: Vec<_> = RunStatus::ALL
            .iter()
            .flat_map(|from| RunStatus::ALL.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from.check_transition(*to).is_ok())
            .map(|(from, to)| format!("{from} → {to}"))
            .collect();
        assert_eq!(
            allowed,
            [
                "pending → running",
                "pending → cancelled",
                "running → success",
                "running → failed",
                "running → cancelled",
                "running → lost"
            ]
        );
    }

    #[test]
    fn an_impossible_transition_says_what_is_possible() {
        let error = RunStatus::Pending.check_transition(RunStatus::Success).unwrap_err();
        assert_eq!(error.message(), "a run that is pending cannot become success");
        assert_eq!(error.help(), Some("from pending it becomes running, cancelled"));
        let error = RunStatus::Lost.check_transition(RunStatus::Running).unwrap_err();
        assert!(error.help().unwrap().contains("runs retry"));
    }
}
