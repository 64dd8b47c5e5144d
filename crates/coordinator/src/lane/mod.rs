//! One backend's way through a run: connect, read the manifest, take what is owed, publish.

mod calls;
mod publish;
mod returning;
mod routing;
mod state;
mod times;
mod write;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{StreamExt, future::BoxFuture};
use snake_pipe_core::{
    BackendInfo, DatabaseBackend, Error, ErrorKind, Language, LoadSession, Result, SourcePath,
    StoredRepository,
    id::FileKey,
    load::{Batch, LoadPlan, PlannedOn, Publication, Scope, Snapshot, WriteResult},
    manifest::Manifest,
    model::TransformedAst,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Breaker, BreakerOptions, CoordinatorOptions, EventKind, LaneState, LaneStatus, LaneSummary, RetryOptions,
    events::Events,
    pipeline::{FactsStream, Lacking},
    progress::Reporter,
    queue::{Delivery, Flags, Inlet, Message, Unseen},
    retry::Backoff,
    route::Router,
};
use calls::Calls;
use times::LaneTimes;

/// Where the facts can be had once more.
pub(crate) type Replay = Arc<dyn Fn(Lacking) -> FactsStream<'static> + Send + Sync>;

/// Asked before anything is published.
pub(crate) type Permission = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// What all lanes of a run have in common.
pub(crate) struct Shared {
    pub(crate) plan: LoadPlan,
    /// Path and language of every file of the repository, where they are known.
    pub(crate) listing: Option<Vec<(SourcePath, Language)>>,
    pub(crate) publication: Publication,
    /// Whether positions are taken as they are given, even where they go back.
    pub(crate) resets_positions: bool,
    pub(crate) options: Arc<CoordinatorOptions>,
    pub(crate) breaker_options: BreakerOptions,
    pub(crate) replay: Option<Replay>,
    pub(crate) permission: Option<Permission>,
    pub(crate) run: CancellationToken,
    /// Cancelled when the stream ended well: nothing may be published before.
    pub(crate) source_ended: CancellationToken,
    /// When that was.
    pub(crate) source_ended_at: OnceLock<Instant>,
    /// Cancelled when `working` comes to 0.
    pub(crate) nobody_left: CancellationToken,
    /// Lanes that may still write.
    pub(crate) working: AtomicUsize,
    pub(crate) reporter: Reporter,
    pub(crate) events: Events,
}

impl Shared {
    /// Says that the stream ended well.
    pub(crate) fn end_source(&self) {
        self.source_ended_at.get_or_init(Instant::now);
        self.source_ended.cancel();
    }
}

/// One backend's way through a run.
pub(crate) struct Lane {
    index: usize,
    backend: Arc<dyn DatabaseBackend>,
    info: Arc<BackendInfo>,
    shared: Arc<Shared>,
    /// The run's, with the files that the backend takes.
    plan: LoadPlan,
    /// Which files it takes; none where it takes all.
    router: Option<Arc<Router>>,
    calls: Calls,
    /// What the backend holds; none before it was read.
    manifest: Option<Manifest>,
    /// The publication that the manifest shows.
    last: Option<StoredRepository>,
    /// Whether the first thing that was seen of the backend is of a later run.
    is_overtaken: bool,
    /// The run's snapshot, with the positions that the backend is to hold.
    snapshot: Snapshot,
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
    /// Files that a partial load brought and the route does not take: to be removed where the backend holds them.
    elsewhere: BTreeMap<FileKey, SourcePath>,
    /// Whether facts went by that the session lacks: they are to be replayed.
    incomplete: bool,
    /// Whether all that was sent was there already.
    wrote_nothing: bool,
    /// Whether an attempt to publish may have succeeded unheard.
    maybe_published: bool,
    /// Whether the stream went on without this lane.
    left: bool,
    /// Whether the stream has nothing more for this lane.
    ended: bool,
    replay_pauses: Backoff,
    times: LaneTimes,
    summary: LaneSummary,
}

/// As long as it is there, the lane may still write. A lane that panics drops it too.
pub(crate) struct Working {
    shared: Arc<Shared>,
    flags: Arc<Flags>,
}

impl Working {
    pub(crate) fn begin(shared: &Arc<Shared>, flags: &Arc<Flags>) -> Self {
        shared.working.fetch_add(1, Ordering::SeqCst);
        flags.stopped.store(false, Ordering::SeqCst);
        Self { shared: shared.clone(), flags: flags.clone() }
    }
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
        removal: CancellationToken,
    ) -> Self {
        let info = Arc::new(backend.info().clone());
        let summary = LaneSummary::new(&info, LaneStatus::Failed);
        Self {
            index,
            backend,
            calls: Calls::new(index, info.clone(), &shared, breaker, removal),
            info,
            plan: shared.plan.clone(),
            router: None,
            manifest: None,
            last: None,
            is_overtaken: false,
            snapshot: shared.publication.snapshot.clone(),
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
            elsewhere: BTreeMap::new(),
            incomplete: false,
            wrote_nothing: false,
            maybe_published: false,
            left: false,
            ended: false,
            replay_pauses: Backoff::new(RetryOptions {
                attempts: shared.options.max_replays,
                ..shared.options.retry
            }),
            shared,
            times: LaneTimes::default(),
            summary,
        }
    }

    /// The lane of a backend that takes the files of this route alone.
    pub(crate) fn with_route(mut self, router: Option<Arc<Router>>, scope: Scope) -> Self {
        self.summary.route = router.as_ref().map(|router| router.route.clone());
        self.router = router;
        self.plan.scope = scope;
        self
    }

    /// The lane of a backend that had published this when the load was planned.
    pub(crate) fn planned_on(mut self, planned_on: PlannedOn) -> Self {
        self.plan.planned_on = planned_on;
        self
    }

    /// The lane of a backend that came when the stream had begun already.
    pub(crate) fn miss_the_beginning(&mut self) {
        self.incomplete = true;
    }

    /// Follows the stream to its end, and says what became of the backend.
    pub(crate) async fn run(mut self, mut inlet: Inlet, working: Working) -> LaneSummary {
        let started = Instant::now();
        let mut working = Some(working);
        let result = loop {
            let error = match self.load(&mut inlet).await {
                Err(error) if self.may_return(&error) => error,
                result => break result,
            };
            if let Err(error) = self.await_return(&mut inlet, &mut working, error).await {
                break Err(error);
            }
        };
        drop(working);
        if result.is_err() {
            self.state(LaneState::Stopped);
            self.abort().await;
            self.count_owed(&mut inlet).await;
        }
        let elapsed = started.elapsed();
        self.summary.duration_ms = elapsed.as_millis() as u64;
        self.summary.phases = self.times.phases(elapsed);
        if result.is_err() {
            self.count_unseen(inlet.flags.take_unseen());
        }
        self.finish(result)
    }

    async fn load(&mut self, inlet: &mut Inlet) -> Result<LaneStatus> {
        self.read_state().await?;
        self.state(LaneState::Writing);
        if !self.ended {
            self.follow(inlet).await?;
        }
        loop {
            if std::mem::take(&mut self.incomplete) {
                let started = Instant::now();
                self.catch_up().await?;
                self.times.catching_up += started.elapsed();
            }
            let started = Instant::now();
            self.flush().await?;
            self.remove_absent().await?;
            self.times.writing += started.elapsed();
            let started = Instant::now();
            // A lagging lane can be done before the stream is, which may fail yet.
            self.calls.unless_cancelled(end_of_source(&self.shared)).await??;
            self.times.waiting += started.elapsed();
            if self.incomplete {
                continue;
            }
            if !self.has_news() {
                return Ok(LaneStatus::Unchanged);
            }
            let started = Instant::now();
            let is_published = self.publish().await?;
            self.times.publishing += started.elapsed();
            if is_published {
                return Ok(if self.wrote_nothing { LaneStatus::Unchanged } else { LaneStatus::Published });
            }
        }
    }

    async fn follow(&mut self, inlet: &mut Inlet) -> Result<()> {
        let mut waiting_since = Instant::now();
        while let Some(message) = self.calls.unless_cancelled(inlet.messages.recv()).await? {
            let received = Instant::now();
            self.times.waiting += received - waiting_since;
            match message {
                Message::End => {
                    self.ended = true;
                    return Ok(());
                }
                Message::Batch(delivery) => {
                    let taken = self.take(&delivery.batch).await;
                    let bytes = delivery.bytes as u64;
                    self.report(|lane| lane.queued_bytes = lane.queued_bytes.saturating_sub(bytes));
                    waiting_since = Instant::now();
                    self.times.writing += waiting_since - received;
                    taken?;
                }
            }
        }
        self.ended = true;
        // Without an end, the stream has gone on without this lane, or has come to a bad one.
        self.calls.unless_cancelled(std::future::ready(())).await?;
        self.left = true;
        self.incomplete = true;
        self.summary.left_behind = true;
        self.tell(|| EventKind::LeftBehind);
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
        let lacking = Lacking::all_but(self.written.clone());
        let mut facts = replay(lacking.clone());
        while let Some(facts) = self.calls.unless_cancelled(facts.next()).await? {
            let facts = facts?;
            if lacking.contains(facts.key()) {
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
            self.count_delivery(&delivery);
        }
        // A lane that was left behind has no more messages, but what the others still get is owed to it too.
        if self.left {
            drop(self.calls.unless_cancelled(end_of_source(&self.shared)).await);
        }
    }

    /// Counts what the stream brought after it had gone on without this lane.
    fn count_unseen(&mut self, unseen: HashMap<FileKey, Unseen>) {
        for (file, Unseen { content, link_hash }) in unseen {
            let is_listed = match &self.plan.scope {
                Scope::Complete(files) => files.contains(&file),
                Scope::Partial => true,
            };
            let version = &self.plan.producer_version;
            let is_held = self
                .manifest
                .as_ref()
                .is_some_and(|manifest| !manifest.owes_file(file, content, link_hash, version));
            if is_listed && !is_held {
                self.owed.insert(file);
            }
        }
    }

    fn count_delivery(&mut self, delivery: &Delivery) {
        for facts in &delivery.batch.files {
            if let Some(facts) = self.routed(facts) {
                self.is_owed(&facts);
            }
        }
        let bytes = delivery.bytes as u64;
        self.report(|lane| lane.queued_bytes = lane.queued_bytes.saturating_sub(bytes));
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
        self.tell(|| EventKind::LaneState { state });
    }

    fn tell(&self, kind: impl FnOnce() -> EventKind) {
        self.shared.events.tell(Some(&self.info), kind);
    }

    fn report(&self, change: impl FnOnce(&mut crate::LaneProgress)) {
        self.shared.reporter.lane(self.index, change);
    }
}

/// Waits until the stream has ended well.
///
/// # Errors
/// `Connection` when the stream was given up, since for a moment no lane was left to write anything.
async fn end_of_source(shared: &Shared) -> Result<()> {
    tokio::select! {
        biased;
        () = shared.source_ended.cancelled() => Ok(()),
        () = shared.nobody_left.cancelled() => {
            Err(Error::new(ErrorKind::Connection, "the stream was given up before the backend was back")
                .with_help("run the load again: the manifest says what the backend is owed"))
        }
    }
}
