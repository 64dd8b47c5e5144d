//! How far a run has come, for whoever watches.

use serde::Serialize;
use snake_pipe_core::BackendInfo;
use tokio::sync::watch;

use crate::BreakerState;

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunProgress {
    /// Files that the stream has brought.
    pub files_received: u64,
    /// Each backend, in the order in which they were given.
    pub lanes: Vec<LaneProgress>,
}

/// How far a backend has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LaneProgress {
    /// The backend's name.
    pub backend: String,
    /// What it is doing.
    pub state: LaneState,
    /// Files accepted, removed ones included.
    pub files: u64,
    /// Bytes of facts accepted.
    pub bytes: u64,
    /// Batches accepted.
    pub batches: u64,
    /// Bytes of facts that wait for it or are being written.
    pub queued_bytes: u64,
    /// Calls that were tried again.
    pub retries: u64,
    /// Files that it refused.
    pub refused: u64,
    /// What its circuit breaker does with calls.
    pub breaker: BreakerState,
}

/// What a lane is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    /// Connecting and reading the manifest.
    Connecting,
    /// Writing what comes.
    Writing,
    /// Taking from the replayed facts what it lacks.
    CatchingUp,
    /// Publishing.
    Publishing,
    /// Waiting for a backend that does not answer, to catch up when it is back.
    Waiting,
    /// Done: all that it was owed is visible.
    Done,
    /// Stopped by an error or by cancellation.
    Stopped,
}

/// The sending side.
#[derive(Clone, Debug)]
pub(crate) struct Reporter(watch::Sender<RunProgress>);

impl Reporter {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(RunProgress::default()))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<RunProgress> {
        self.0.subscribe()
    }

    /// Adds a lane; returns its number.
    pub(crate) fn add_lane(&self, info: &BackendInfo) -> usize {
        let lane = LaneProgress {
            backend: info.name.clone(),
            state: LaneState::Connecting,
            files: 0,
            bytes: 0,
            batches: 0,
            queued_bytes: 0,
            retries: 0,
            refused: 0,
            breaker: BreakerState::Closed,
        };
        let mut index = 0;
        self.0.send_modify(|progress| {
            index = progress.lanes.len();
            progress.lanes.push(lane);
        });
        index
    }

    pub(crate) fn received(&self) {
        self.0.send_modify(|progress| progress.files_received += 1);
    }

    pub(crate) fn lane(&self, index: usize, change: impl FnOnce(&mut LaneProgress)) {
        self.0.send_modify(|progress| {
            if let Some(lane) = progress.lanes.get_mut(index) {
                change(lane);
            }
        });
    }
}
