//! Changing the backends of a run while it goes on.

use std::sync::Arc;

use snake_pipe_core::{DatabaseBackend, Error, ErrorKind, Result};
use tokio::sync::{mpsc, oneshot};

use crate::{LaneSummary, Route};

/// Adds backends to a run and removes them while it goes on. Clones are of the same run.
#[derive(Clone, Debug)]
pub struct PipelineHandle {
    commands: mpsc::UnboundedSender<Command>,
}

/// What the run is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Add { backend: Arc<dyn DatabaseBackend>, route: Route, answer: oneshot::Sender<Result<()>> },
    Remove { backend: String, answer: oneshot::Sender<Result<LaneSummary>> },
}

impl PipelineHandle {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        (Self { commands }, receiver)
    }

    /// Adds a backend: it takes of the stream what comes from now on, and afterwards, by the difference to its manifest,
    /// what it lacks of the rest. It is the last in the summary.
    ///
    /// # Errors
    /// `Configuration` when the run cannot [replay](crate::Pipeline::replay) its facts, has the backend already, or the route
    /// makes no sense; `Cancelled` when the run has ended or is about to.
    pub async fn add(&self, backend: Arc<dyn DatabaseBackend>, route: Route) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.ask(Command::Add { backend, route, answer }, answered).await
    }

    /// Removes the backend of this name: its session is aborted, nothing of it becomes visible, and what it did not publish
    /// stays owed to it by its manifest. Returns when its lane has ended, with what became of it: a lane that had published
    /// before says so. The policy decides by the others. A backend that does not answer to being aborted is waited for no
    /// longer than the limit for connecting.
    ///
    /// # Errors
    /// `NotFound` when no lane has this backend; `Cancelled` when the run has ended.
    pub async fn remove(&self, backend: &str) -> Result<LaneSummary> {
        let (answer, answered) = oneshot::channel();
        self.ask(Command::Remove { backend: backend.to_owned(), answer }, answered).await
    }

    async fn ask<T>(&self, command: Command, answered: oneshot::Receiver<Result<T>>) -> Result<T> {
        if self.commands.send(command).is_err() {
            return Err(run_is_over());
        }
        answered.await.unwrap_or_else(|_| Err(run_is_over()))
    }
}

pub(crate) fn run_is_over() -> Error {
    Error::new(ErrorKind::Cancelled, "the run has ended")
        .with_help("begin another run with the backends that it is to have")
}
