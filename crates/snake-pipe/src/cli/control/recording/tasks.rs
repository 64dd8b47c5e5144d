//! The steps of a load as tasks of its run, written down as they begin and end.
//!
//! Whoever carries out a step says so on the board, without waiting; a task of its own brings the control plane up to date. What it
//! could not write it writes the next time, so that a short outage leaves no gap.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};
use snake_pipe_coordinator::{ErrorSummary, EventKind, LaneStatus, LaneSummary, RunEvent};
use snake_pipe_core::{BackendInfo, Error, ErrorKind, Result};
use snake_pipe_extract::{Phase, Progress};
use snake_pipe_metadata::{
    MetadataStore,
    model::{NewTask, RunFailure, RunToken, TaskEnd, TaskId, TaskStatus},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What the steps are called.
pub(in crate::cli) const DISCOVER: &str = "discover and read";
pub(in crate::cli) const MANIFESTS: &str = "manifests";
pub(in crate::cli) const READ_FACTS: &str = "read facts";
const PARSE: &str = "parse";
const LINK: &str = "link";

/// The steps of a load. Clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Tasks(Arc<Board>);

#[derive(Debug, Default)]
struct Board {
    steps: Mutex<Vec<Step>>,
    changed: Notify,
}

/// A step, as it is and as it is written down.
#[derive(Clone, Debug)]
struct Step {
    name: String,
    kind: &'static str,
    /// The step that ended before it could begin.
    after: Option<&'static str>,
    input: Json,
    end: Option<TaskEnd>,
    id: Option<TaskId>,
    is_started: bool,
    is_ended: bool,
}

impl Tasks {
    /// Says that a step of this type begins. A step is begun once: facts that are replayed are no further one.
    pub(in crate::cli) fn begin(
        &self,
        name: impl Into<String>,
        kind: &'static str,
        after: Option<&'static str>,
        input: Json,
    ) {
        let name = name.into();
        let mut steps = self.steps();
        if steps.iter().all(|step| step.name != name) {
            let (id, end) = (None, None);
            steps.push(Step { name, kind, after, input, end, id, is_started: false, is_ended: false });
            self.0.changed.notify_one();
        }
    }

    /// Says how a step ended. Of one that has ended already, or never began, there is nothing to say.
    pub(in crate::cli) fn end(&self, name: &str, end: TaskEnd) {
        let mut steps = self.steps();
        if let Some(step) = steps.iter_mut().find(|step| step.name == name && step.end.is_none()) {
            step.end = Some(end);
            self.0.changed.notify_one();
        }
    }

    /// Says that a step is done, and what it yielded.
    pub(in crate::cli) fn done(&self, name: &str, output: Json) {
        self.end(name, TaskEnd::success(output));
    }

    /// Begins the step of each backend's lane.
    pub(in crate::cli) fn begin_lanes<'a>(
        &self,
        backends: impl IntoIterator<Item = &'a BackendInfo>,
        after: Option<&'static str>,
        files: Option<usize>,
    ) {
        for info in backends {
            let input =
                json!({"backend": info.name, "kind": info.kind, "address": info.address, "files": files});
            self.begin(name_of(&info.name), "load", after, input);
        }
    }

    /// Ends what is open: what failed with this error, or was cut short by it.
    pub(in crate::cli) fn end_all(&self, error: &Error) {
        let status = match error.kind() {
            ErrorKind::Cancelled => TaskStatus::Cancelled,
            _ => TaskStatus::Failed,
        };
        self.end_open(status, &RunFailure::from(error));
    }

    /// Ends what is open in this way.
    pub(super) fn end_open(&self, status: TaskStatus, failure: &RunFailure) {
        for step in self.steps().iter_mut().filter(|step| step.end.is_none()) {
            step.end = Some(TaskEnd { status, output: Json::Null, error: Some(failure.clone()) });
        }
        self.0.changed.notify_one();
    }

    /// The task of a backend's lane, once it is written down.
    pub(super) fn id_of(&self, backend: &str) -> Option<TaskId> {
        let name = name_of(backend);
        self.steps().iter().find(|step| step.name == name)?.id
    }

    /// Follows an extraction through the phases in which it parses and links.
    pub(in crate::cli) fn follow(&self, progress: &Progress) {
        let tasks = self.clone();
        progress.observe(move |phase, before| match phase {
            Phase::Parse => {
                let input = json!({"files": before.files_total, "bytes": before.bytes_total});
                tasks.begin(PARSE, "extract", Some(MANIFESTS), input);
            }
            Phase::Link => {
                let output = json!({"files": before.files_parsed, "bytes": before.bytes_done});
                tasks.done(PARSE, output);
                tasks.begin(LINK, "link", Some(PARSE), Json::Null);
            }
            Phase::Done => tasks.done(LINK, json!({"files": before.files_done})),
            Phase::Discover | Phase::Read | Phase::Stream => {}
        });
    }

    /// What `Pipeline::observe` takes.
    pub(in crate::cli) fn observer(&self) -> impl Fn(&RunEvent) + Send + Sync + use<> {
        let tasks = self.clone();
        move |event| {
            if let EventKind::LaneEnded { summary } = &event.kind {
                tasks.end(&name_of(&summary.backend), end_of(summary));
            }
        }
    }

    /// Keeps the control plane up to date until the load has ended.
    pub(super) async fn keep(&self, store: &dyn MetadataStore, token: RunToken, ended: &CancellationToken) {
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                () = self.0.changed.notified() => {}
            }
            if let Err(error) = self.write(store, token).await {
                tracing::debug!(%error, "the tasks are written down later");
            }
        }
    }

    /// Writes down what is not yet.
    ///
    /// # Errors
    /// Those of the store; what was written before is not written again.
    pub(super) async fn write(&self, store: &dyn MetadataStore, token: RunToken) -> Result<()> {
        for index in 0.. {
            let Some(step) = self.steps().get(index).cloned() else { break };
            let id = match step.id {
                Some(id) => id,
                None => {
                    let created = store.create_tasks(token, vec![self.task_of(&step)]).await?;
                    let Some(task) = created.first() else { continue };
                    self.steps()[index].id = Some(task.id);
                    task.id
                }
            };
            if !step.is_started {
                store.start_task(token, id).await?;
                self.steps()[index].is_started = true;
            }
            if let (Some(end), false) = (step.end, step.is_ended) {
                store.finish_task(token, id, end).await?;
                self.steps()[index].is_ended = true;
            }
        }
        Ok(())
    }

    fn task_of(&self, step: &Step) -> NewTask {
        let steps = self.steps();
        let before = step.after.and_then(|name| steps.iter().find(|other| other.name == name)?.id);
        NewTask {
            depends_on: before.into_iter().collect(),
            // The next load does what this one did not.
            max_attempts: 1,
            input: step.input.clone(),
            ..NewTask::new(step.name.clone(), step.kind)
        }
    }

    fn steps(&self) -> MutexGuard<'_, Vec<Step>> {
        self.0.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name_of(backend: &str) -> String {
    format!("load {backend}")
}

/// How a lane's step ended: what the backend did not take makes it fail.
fn end_of(lane: &LaneSummary) -> TaskEnd {
    let status = match lane.status {
        LaneStatus::Published | LaneStatus::Unchanged if lane.is_whole() => TaskStatus::Success,
        LaneStatus::Cancelled | LaneStatus::Removed => TaskStatus::Cancelled,
        LaneStatus::Published | LaneStatus::Unchanged | LaneStatus::Failed | LaneStatus::Lagging => {
            TaskStatus::Failed
        }
    };
    let output = json!({
        "status": lane.status,
        "files_written": lane.files_written,
        "files_unchanged": lane.files_unchanged,
        "files_removed": lane.files_removed,
        "files_refused": lane.files_refused,
        "owed_files": lane.owed_files,
        "rows": lane.rows,
        "bytes": lane.bytes,
        "batches": lane.batches,
        "retries": lane.retries,
    });
    let error = match (status, &lane.error) {
        (TaskStatus::Success, _) => None,
        (_, Some(error)) => Some(failure_of(error)),
        (TaskStatus::Cancelled, None) => Some(cancelled()),
        (_, None) => Some(super::outcome::shortfall(lane.files_refused, lane.owed_files)),
    };
    TaskEnd { status, output, error }
}

/// Why a step failed that was given up with this error.
pub(super) fn failure_of(error: &ErrorSummary) -> RunFailure {
    RunFailure { class: error.kind.clone(), message: error.message.clone(), hint: error.help.clone() }
}

/// Why a step was given up that nobody was left to take the result of.
pub(super) fn unwanted() -> RunFailure {
    RunFailure {
        class: "cancelled".to_owned(),
        message: "no backend was left to take the facts".to_owned(),
        hint: None,
    }
}

/// Why a step did not end by itself.
pub(super) fn cancelled() -> RunFailure {
    RunFailure {
        class: "cancelled".to_owned(),
        message: "the load was interrupted".to_owned(),
        hint: Some("load again: what was not published is still owed".to_owned()),
    }
}
