//! What happens in a run, told as it happens, for whoever keeps books: deliveries, refused files, retries, breakers, the
//! state of every lane.
//!
//! ```
//! # use snake_pipe_coordinator::{EventKind, Pipeline};
//! # use snake_pipe_core::{Result, load::Repository, memory::MemoryBackend, model::TransformedAst};
//! # use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let delivered = Arc::new(AtomicU64::new(0));
//! let files = delivered.clone();
//! Pipeline::from(futures::stream::iter([Ok(TransformedAst::new("src/app.py".into()))]))
//!     .repository(Repository::named("app"))
//!     .to(Arc::new(MemoryBackend::new()))
//!     .observe(move |event| {
//!         if let EventKind::DeliveryAccepted { files: accepted, .. } = &event.kind {
//!             files.fetch_add(*accepted, Ordering::Relaxed);
//!         }
//!     })
//!     .run()
//!     .await?;
//! assert_eq!(delivered.load(Ordering::Relaxed), 1);
//! # Ok(())
//! # }
//! ```

use std::{fmt, sync::Arc};

use serde::Serialize;
use snake_pipe_core::{
    BackendInfo, SourcePath, Timestamp,
    id::RepositoryId,
    load::{Marker, Repository},
};

use crate::{BreakerState, ErrorSummary, LaneState, LaneSummary, RunSummary};

/// Something that happened in a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunEvent {
    /// The run: also the marker of its publications.
    pub run_id: Marker,
    /// The id of what is loaded.
    pub repository_id: RepositoryId,
    /// When.
    pub at: Timestamp,
    /// The backend that it concerns; none where it concerns the run.
    pub backend: Option<Arc<BackendInfo>>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
///
/// Of one lane events come in the order in which they happened; those of different lanes come as they come. What a session
/// accepted counts only once its lane is `Published`: after `SessionLost` the deliveries before it count no more.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The run begins. The first event.
    RunStarted {
        /// What is loaded.
        repository: Repository,
    },
    /// A lane does something else now. `Waiting` and `Stopped` say that the backend is owed what it did not get.
    LaneState {
        /// What it does now.
        state: LaneState,
    },
    /// The backend's session accepted a batch.
    DeliveryAccepted {
        /// The batch's number in its run. Parts of one batch have the same.
        sequence: u64,
        /// Files, removed ones included.
        files: u64,
        /// Bytes of facts.
        bytes: u64,
        /// Rows, as the backend counts them; an estimate where the session spools.
        rows: u64,
        /// How long the call took, in milliseconds.
        duration_ms: u64,
    },
    /// The backend refuses a file: a dead letter, once the lane has published. A file is told once for each run.
    FileRefused {
        /// The file.
        path: SourcePath,
        /// Why, in the backend's words.
        reason: String,
    },
    /// A call failed with an error that may pass, and is tried again after a pause.
    Retry {
        /// The error.
        error: ErrorSummary,
        /// How long the pause is, in milliseconds.
        pause_ms: u64,
    },
    /// The session is gone with what it had accepted; another begins, and is given the same again.
    SessionLost {
        /// Why.
        error: ErrorSummary,
        /// Files that it had accepted.
        files: u64,
    },
    /// The backend is slower than the others: the stream has gone on without it, and the lane catches up afterwards.
    LeftBehind,
    /// The backend does not answer; the lane waits for it, and catches up when it is back.
    Unreachable {
        /// The error that the lane met.
        error: ErrorSummary,
    },
    /// The backend that the lane waited for answers again.
    Returned,
    /// The backend's circuit breaker changed.
    Breaker {
        /// What it does with calls now.
        state: BreakerState,
    },
    /// The lane has ended.
    LaneEnded {
        /// What became of the backend.
        summary: Box<LaneSummary>,
    },
    /// The run has ended. The last event.
    RunEnded {
        /// What became of it.
        summary: Box<RunSummary>,
    },
}

/// Is told what happens. Called from the tasks of the lanes: it must not block, and hands on what takes time.
pub(crate) type Observer = Arc<dyn Fn(&RunEvent) + Send + Sync>;

/// Tells the observers of a run.
#[derive(Clone)]
pub(crate) struct Events {
    pub(crate) run_id: Marker,
    pub(crate) repository_id: RepositoryId,
    pub(crate) observers: Arc<[Observer]>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("run_id", &self.run_id).finish_non_exhaustive()
    }
}

impl Events {
    /// Tells an event of this backend, or of the run. The event is made only where somebody listens.
    pub(crate) fn tell(&self, backend: Option<&Arc<BackendInfo>>, kind: impl FnOnce() -> EventKind) {
        if self.observers.is_empty() {
            return;
        }
        let event = RunEvent {
            run_id: self.run_id,
            repository_id: self.repository_id,
            at: Timestamp::now(),
            backend: backend.cloned(),
            kind: kind(),
        };
        self.observers.iter().for_each(|observer| observer(&event));
    }
}
