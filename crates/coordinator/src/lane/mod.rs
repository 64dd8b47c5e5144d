//! One backend's way through a run: connect, read the manifest, take what is owed, publish.

mod calls;
mod publish;
mod state;
mod write;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::StreamExt;
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, LoadSession, Result, SourcePath, StoredRepository,
    id::FileKey,
    load::{Batch, LoadPlan, Publication, WriteResult},
    manifest::Manifest,
    model::TransformedAst,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Breaker, CoordinatorOptions, LaneState, LaneStatus, LaneSummary, RetryOptions,
    pipeline::FactsStream,
    progress::Reporter,
    queue::{Flags, Inlet, Message},
    retry::Backoff,
};
use calls::Calls;

/// Where the facts can be had once more.
pub(crate) type Replay = Arc<dyn Fn() -> FactsStream<'static> + Send + Sync>;

/// What all lanes of a run have in common.
pub(crate) struct Shared {
    pub(crate) plan: LoadPlan,
    pub(crate) publication: Publication,
    pub(crate) options: Arc<CoordinatorOptions>,
    pub(crate) replay: Option<Replay>,
    pub(crate) run: CancellationToken,
    /// Cancelled when the stream ended well: nothing may be published before.
    pub(crate) source_ended: CancellationToken,
    /// Cancelled when `working` comes to 0.
    pub(crate) nobody_left: CancellationToken,
    /// Lanes that may still write.
    pub(crate) working: AtomicUsize,
    pub(crate) reporter: Reporter,
}

/// One backend's way through a run.
pub(crate) struct Lane {
    index: usize,
    backend: Arc<dyn DatabaseBackend>,
    shared: Arc<Shared>,
    calls: Calls,
    /// What the backend holds; none before it was read.
    manifest: Option<Manifest>,
    /// The publication that the manifest shows.
    last: Option<StoredRepository>,
    session: Option<Box<dyn LoadSession>>,
    /// Owed facts that do not fill a batch yet.
    pending: Vec<Arc<TransformedAst>>,
    pending_keys: HashSet<FileKey>,
    pending_bytes: usize,
    sequence: u64,
    /// Files that the stream brought and the backend was owed.
    owed: HashSet<FileKey>,
    /// Files that the session accepted.
    written: HashSet<FileKey>,
    /// What the session accepted, by its own count.
    accepted: WriteResult,
    /// Files that the backend refuses, with the reason.
    refused: BTreeMap<SourcePath, String>,
    /// Paths that are not what they show, by what they show.
    odd_paths: HashMap<String, SourcePath>,
    /// Files that the stream brought and the backend held already.
    passed_over: u64,
    /// Whether facts went by that the session lacks: they are to be replayed.
    incomplete: bool,
    /// Whether an attempt to publish may have succeeded unheard.
    maybe_published: bool,
    /// Whether the stream went on without this lane.
    left: bool,
    replay_pauses: Backoff,
    summary: LaneSummary,
}

/// As long as it is there, the lane may still write. A lane that panics drops it too.
struct Working {
    shared: Arc<Shared>,
    flags: Arc<Flags>,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.flags.stopped.store(true, Ordering::SeqCst);
        if self.shared.working.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.shared.nobody_left.cancel();
        }
    }
}

impl Lane {
    pub(crate) fn new(
        index: usize,
        backend: Arc<dyn DatabaseBackend>,
        shared: Arc<Shared>,
        breaker: Arc<Breaker>,
    ) -> Self {
        let summary = LaneSummary::new(backend.info(), LaneStatus::Failed);
        Self {
            index,
            backend,
            calls: Calls::new(index, &shared, breaker),
            manifest: None,
            last: None,
            session: None,
            pending: Vec::new(),
            pending_keys: HashSet::new(),
            pending_bytes: 0,
            sequence: 0,
            owed: HashSet::new(),
            written: HashSet::new(),
            accepted: WriteResult::default(),
            refused: BTreeMap::new(),
            odd_paths: HashMap::new(),
            passed_over: 0,
            incomplete: false,
            maybe_published: false,
            left: false,
            replay_pauses: Backoff::new(RetryOptions {
                attempts: shared.options.max_replays,
                ..shared.options.retry
            }),
            shared,
            summary,
        }
    }

    /// Follows the stream to its end, and says what became of the backend.
    pub(crate) async fn run(mut self, mut inlet: Inlet) -> LaneSummary {
        let started = Instant::now();
        let working = Working { shared: self.shared.clone(), flags: inlet.flags.clone() };
        let result = self.load(&mut inlet).await;
        drop(working);
        if result.is_err() {
            self.state(LaneState::Stopped);
            self.abort().await;
            self.count_owed(&mut inlet).await;
        }
        self.summary.duration_ms = started.elapsed().as_millis() as u64;
        let unseen = inlet.flags.unseen.load(Ordering::SeqCst);
        self.finish(result, unseen)
    }

    async fn load(&mut self, inlet: &mut Inlet) -> Result<LaneStatus> {
        self.read_state().await?;
        self.state(LaneState::Writing);
        self.follow(inlet).await?;
        loop {
            if std::mem::take(&mut self.incomplete) {
                self.catch_up().await?;
            }
            self.flush().await?;
            self.remove_absent().await?;
            // A lagging lane can be done before the stream is, which may fail yet.
            self.calls.unless_cancelled(self.shared.source_ended.cancelled()).await?;
            if self.incomplete {
                continue;
            }
            if !self.has_news() {
                return Ok(LaneStatus::Unchanged);
            }
            if self.publish().await? {
                return Ok(LaneStatus::Published);
            }
        }
    }

    async fn follow(&mut self, inlet: &mut Inlet) -> Result<()> {
        while let Some(message) = self.calls.unless_cancelled(inlet.messages.recv()).await? {
            match message {
                Message::End => return Ok(()),
                Message::Batch(delivery) => {
                    self.take(&delivery.batch).await?;
                    let bytes = delivery.bytes as u64;
                    self.report(|lane| lane.queued_bytes = lane.queued_bytes.saturating_sub(bytes));
                }
            }
        }
        // Without an end, the stream has gone on without this lane, or has come to a bad one.
        self.calls.unless_cancelled(std::future::ready(())).await?;
        self.left = true;
        self.incomplete = true;
        Ok(())
    }

    /// Takes from the replayed facts what the session lacks. Where the session is lost meanwhile, the caller begins again.
    async fn catch_up(&mut self) -> Result<()> {
        let Some(replay) = self.shared.replay.clone() else {
            return Err(Error::new(ErrorKind::Timeout, "the backend was too slow for the stream of facts")
                .with_help("run the load again: the manifest says what the backend is owed"));
        };
        self.state(LaneState::CatchingUp);
        tracing::info!("catching up from the replayed facts");
        self.passed_over = 0;
        let had = self.written.clone();
        let mut facts = replay();
        while let Some(facts) = self.calls.unless_cancelled(facts.next()).await? {
            let facts = facts?;
            if !had.contains(&facts.key()) {
                self.take(&Arc::new(Batch { files: vec![facts], ..Batch::default() })).await?;
            }
            if self.incomplete {
                break;
            }
        }
        Ok(())
    }

    /// Reads on without writing, so that the stream goes on for the others and what is owed gets known.
    async fn count_owed(&mut self, inlet: &mut Inlet) {
        while let Ok(Some(Message::Batch(delivery))) =
            self.calls.unless_cancelled(inlet.messages.recv()).await
        {
            for facts in &delivery.batch.files {
                self.is_owed(facts);
            }
            let bytes = delivery.bytes as u64;
            self.report(|lane| lane.queued_bytes = lane.queued_bytes.saturating_sub(bytes));
        }
    }

    /// Gives up the session. A backend that does not answer cannot hold up the end of the run.
    async fn abort(&mut self) {
        if let Some(session) = self.session.take()
            && let Err(error) = timeout(self.shared.options.timeouts.connect, session.abort())
                .await
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, "aborting took too long")))
        {
            tracing::warn!(%error, "aborting the session failed; it is dropped");
        }
    }

    fn state(&self, state: LaneState) {
        self.report(|lane| lane.state = state);
    }

    fn report(&self, change: impl FnOnce(&mut crate::LaneProgress)) {
        self.shared.reporter.lane(self.index, change);
    }
}
