//! Tasks: the steps of a run.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::{Error, ErrorKind, Result, Timestamp};

use super::{RunFailure, RunId};
use crate::words::{id, words};

id! {
    /// The id of a task.
    TaskId, "a task"
}

words! {
    /// The state of a task: pending → running → success | failed | cancelled; a failed one may run again.
    TaskStatus, "status of a task" {
        /// Not started.
        Pending = "pending",
        /// Under way.
        Running = "running",
        /// Done.
        Success = "success",
        /// Not done; may be tried again.
        Failed = "failed",
        /// Will not be done.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Allows or refuses a transition.
    ///
    /// # Errors
    /// `Conflict`, saying what may follow.
    pub fn check_transition(self, to: Self) -> Result<()> {
        let next: &[Self] = match self {
            Self::Pending => &[Self::Running, Self::Cancelled],
            Self::Running => &[Self::Success, Self::Failed, Self::Cancelled],
            Self::Failed => &[Self::Running],
            Self::Success | Self::Cancelled => &[],
        };
        if next.contains(&to) {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Conflict, format!("a task that is {self} cannot become {to}"));
        Err(match next {
            [] => error.with_help("it has ended"),
            next => {
                let next: Vec<_> = next.iter().map(|status| status.as_str()).collect();
                error.with_help(format!("from {self} it becomes {}", next.join(", ")))
            }
        })
    }
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The run.
    pub run_id: RunId,
    /// Its name.
    pub name: String,
    /// What kind of step it is, such as `extract` or `load`.
    pub task_type: String,
    /// Its state.
    pub status: TaskStatus,
    /// Tasks of the same run that have to succeed before it starts.
    pub depends_on: Vec<TaskId>,
    /// How often it was started.
    pub attempt: u64,
    /// How often it may be started.
    pub max_attempts: u64,
    /// What it was given.
    pub input: Json,
    /// What it yielded.
    pub output: Json,
    /// Why it failed the last time.
    pub error: Option<RunFailure>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// From the last start to the end.
    pub duration_ms: Option<u64>,
}

/// A task to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTask {
    /// Its name.
    pub name: String,
    /// What kind of step it is.
    pub task_type: String,
    /// Tasks of the same run that have to succeed before.
    pub depends_on: Vec<TaskId>,
    /// How often it may be started.
    pub max_attempts: u64,
    /// What it is given; no secrets.
    pub input: Json,
}

impl NewTask {
    /// A task that depends on none and may be started three times.
    #[must_use]
    pub fn new(name: impl Into<String>, task_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            task_type: task_type.into(),
            depends_on: Vec::new(),
            max_attempts: 3,
            input: Json::Null,
        }
    }
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskEnd {
    /// Success, failed or cancelled.
    pub status: TaskStatus,
    /// What it yielded.
    pub output: Json,
    /// Why it failed.
    pub error: Option<RunFailure>,
}

impl TaskEnd {
    /// It is done, and yielded this.
    #[must_use]
    pub const fn success(output: Json) -> Self {
        Self { status: TaskStatus::Success, output, error: None }
    }

    /// It is not done.
    #[must_use]
    pub fn failed(error: impl Into<RunFailure>) -> Self {
        Self { status: TaskStatus::Failed, output: Json::Null, error: Some(error.into()) }
    }
}

/// A task that is over, recorded afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// What it was.
    pub task: NewTask,
    /// How it ended.
    pub end: TaskEnd,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// Which tasks to list, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskFilter {
    /// Those of this run.
    pub run_id: Option<RunId>,
    /// Those of this status.
    pub status: Option<TaskStatus>,
    /// Those of this type.
    pub task_type: Option<String>,
    /// At most so many; all if none is given.
    pub limit: Option<u64>,
}
