//! A run, as it is put together and carried out.

use std::{collections::HashSet, fmt, sync::Arc};

use futures::{FutureExt, Stream, StreamExt, stream::BoxStream};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, Language, Result, SourcePath,
    id::FileKey,
    load::{LoadPlan, Marker, PlannedOn, Publication, Repository, Scope, Snapshot},
    model::TransformedAst,
    position::SourcePosition,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Breakers, CoordinatorOptions, PipelineHandle, Route, RunEvent, RunProgress, RunSummary,
    events::{Events, Observer},
    handle::Command,
    lane::{Permission, Replay, Shared},
    progress::Reporter,
    route::Router,
    run::{Run, Taker},
};

/// A stream of facts.
pub type FactsStream<'a> = BoxStream<'a, Result<Arc<TransformedAst>>>;

/// The files whose facts a backend lacks, when it catches up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lacking {
    has: Arc<HashSet<FileKey>>,
}

impl Lacking {
    pub(crate) fn all_but(has: HashSet<FileKey>) -> Self {
        Self { has: Arc::new(has) }
    }

    /// Whether the file is one of them.
    #[must_use]
    pub fn contains(&self, file: FileKey) -> bool {
        !self.has.contains(&file)
    }
}

/// A run before it begins: where facts come from, what they are, and which backends take them.
#[must_use = "a pipeline does nothing before `run`"]
pub struct Pipeline<'a> {
    stream: FactsStream<'a>,
    repository: Option<Repository>,
    scope: Scope,
    snapshot: Snapshot,
    positions: Vec<SourcePosition>,
    resets_positions: bool,
    producer_version: String,
    estimated_rows: u64,
    allow_other_source: bool,
    backends: Vec<(Arc<dyn DatabaseBackend>, Route, PlannedOn)>,
    listing: Option<Vec<(SourcePath, Language)>>,
    options: CoordinatorOptions,
    replay: Option<Replay>,
    permission: Option<Permission>,
    cancellation: CancellationToken,
    breakers: Breakers,
    run_id: Marker,
    reporter: Reporter,
    observers: Vec<Observer>,
    /// The handle that others are cloned from, until the run begins.
    handle: PipelineHandle,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl fmt::Debug for Pipeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("run_id", &self.run_id)
            .field("repository", &self.repository)
            .field("backends", &self.backends)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<'a> Pipeline<'a> {
    /// A pipeline of these facts, as values or shared. Each file comes once; where it comes again, the later facts hold. An
    /// error of the stream ends the run, and nothing is published.
    pub fn from<T: Into<Arc<TransformedAst>>>(stream: impl Stream<Item = Result<T>> + Send + 'a) -> Self {
        let (handle, commands) = PipelineHandle::new();
        Self {
            stream: stream.map(|facts| facts.map(Into::into)).boxed(),
            repository: None,
            scope: Scope::Partial,
            snapshot: Snapshot::default(),
            positions: Vec::new(),
            resets_positions: false,
            producer_version: "1".to_owned(),
            estimated_rows: 0,
            allow_other_source: false,
            backends: Vec::new(),
            listing: None,
            options: CoordinatorOptions::default(),
            replay: None,
            permission: None,
            cancellation: CancellationToken::new(),
            breakers: Breakers::default(),
            run_id: Marker::random(),
            reporter: Reporter::new(),
            observers: Vec::new(),
            handle,
            commands,
        }
    }

    /// Sets what is loaded. Required.
    pub fn repository(mut self, repository: Repository) -> Self {
        self.repository = Some(repository);
        self
    }

    /// Sets which files the load speaks of. Default: those that the stream brings.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the state that is loaded. A backend that is owed nothing but has recorded another state records this one.
    /// Default: nothing is known.
    pub fn snapshot(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = snapshot;
        self
    }

    /// Sets how far the sources have been read that the facts come from. Each backend commits it with the data, in one transaction
    /// where it has any; [`LaneSummary::positions`](crate::LaneSummary::positions) and a backend's last snapshot say where to go
    /// on. Positions in other sources stay. A position that would go back ends the lane before it writes. Default: none.
    pub fn positions(mut self, positions: impl IntoIterator<Item = SourcePosition>) -> Self {
        self.positions = positions.into_iter().collect();
        self
    }

    /// Takes positions as they are given, even where they go back: to read a source again. Default: no.
    pub fn reset_positions(mut self, reset: bool) -> Self {
        self.resets_positions = reset;
        self
    }

    /// Sets what extraction and transformation the facts went through. A file that a backend holds from another version is
    /// owed again. Default: `1`.
    pub fn producer_version(mut self, version: impl Into<String>) -> Self {
        self.producer_version = version.into();
        self
    }

    /// Sets roughly how many rows are to be expected. Default: 0, nobody knows.
    pub fn estimated_rows(mut self, rows: u64) -> Self {
        self.estimated_rows = rows;
        self
    }

    /// Takes over a repository of the same name that was loaded from another remote or root. Default: no.
    pub fn allow_other_source(mut self, allow: bool) -> Self {
        self.allow_other_source = allow;
        self
    }

    /// Sets repository, scope, producer version and the rest at once.
    pub fn plan(mut self, plan: LoadPlan) -> Self {
        self.repository = Some(plan.repository);
        self.scope = plan.scope;
        self.producer_version = plan.producer_version;
        self.estimated_rows = plan.estimated_rows;
        self.allow_other_source = plan.allow_other_source;
        self
    }

    /// Adds a backend, connected or not. The first one is the primary. It stays connected after the run.
    pub fn to(self, backend: Arc<dyn DatabaseBackend>) -> Self {
        self.to_routed(backend, Route::default())
    }

    /// Adds a backend that takes those files alone that fit its route. For a complete load whose routes look at files, call
    /// [`listing`](Self::listing) too.
    pub fn to_routed(self, backend: Arc<dyn DatabaseBackend>, route: Route) -> Self {
        self.to_planned(backend, route, PlannedOn::Anything)
    }

    /// As [`to_routed`](Self::to_routed), for a backend that was looked at before the source was read. Where it has published
    /// something else when the run comes to write to it, the run is refused there with `Fenced`: what it brings may be older.
    ///
    /// With `Anything`, what counts is what the run itself finds at its beginning, and that must not be of a later run than this
    /// one, by the time in their ids.
    pub fn to_planned(
        mut self,
        backend: Arc<dyn DatabaseBackend>,
        route: Route,
        planned_on: PlannedOn,
    ) -> Self {
        self.backends.push((backend, route, planned_on));
        self
    }

    /// Sets path and language of every file of the repository, for the routes of a complete load: most files do not come by
    /// in the stream, since the backends hold them already. The languages are to be those of the facts.
    pub fn listing(mut self, files: impl IntoIterator<Item = (SourcePath, Language)>) -> Self {
        self.listing = Some(files.into_iter().collect());
        self
    }

    /// Sets how the run goes about its work.
    pub fn options(mut self, options: CoordinatorOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets where the facts can be had once more, for a backend that lost its session or left the stream: the same files,
    /// each once, in any order. Without it, such a backend is owed everything until the next run.
    pub fn replay<F, S, T>(self, facts: F) -> Self
    where
        F: Fn() -> S + Send + Sync + 'static,
        S: Stream<Item = Result<T>> + Send + 'static,
        T: Into<Arc<TransformedAst>>,
    {
        self.replay_lacking(move |_| facts())
    }

    /// As [`replay`](Self::replay), for facts that can be had by file: those of other files than these may be left out.
    pub fn replay_lacking<F, S, T>(mut self, facts: F) -> Self
    where
        F: Fn(Lacking) -> S + Send + Sync + 'static,
        S: Stream<Item = Result<T>> + Send + 'static,
        T: Into<Arc<TransformedAst>>,
    {
        self.replay =
            Some(Arc::new(move |lacking| facts(lacking).map(|facts| facts.map(Into::into)).boxed()));
        self
    }

    /// Asks this before each attempt to publish. With an error nothing is published, and the backend has failed with it: so a
    /// process that was replaced while it slept is stopped even where the backend knows nothing of it.
    pub fn ask_before_publishing<F, Fut>(mut self, ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.permission = Some(Arc::new(move || ask().boxed()));
        self
    }

    /// Ends the run when this token is cancelled: sessions are aborted, and what was not published stays invisible.
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Shares circuit breakers with other runs of the process. Default: breakers of its own.
    pub fn breakers(mut self, breakers: Breakers) -> Self {
        self.breakers = breakers;
        self
    }

    /// Sets the run's id, which becomes the marker of its publications. Default: a random one. Must not be used twice.
    pub fn run_id(mut self, id: Marker) -> Self {
        self.run_id = id;
        self
    }

    /// Tells everything that happens to this function: see [`EventKind`](crate::EventKind). Called again, to that one too. It is
    /// called from the tasks of the run and must not block: hand on through a channel what takes time.
    pub fn observe(mut self, observer: impl Fn(&RunEvent) + Send + Sync + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// A handle that adds and removes backends while the run goes on. To be called before `run`.
    #[must_use]
    pub fn handle(&self) -> PipelineHandle {
        self.handle.clone()
    }

    /// Where to watch how far the run has come. To be called before `run`.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<RunProgress> {
        self.reporter.subscribe()
    }

    /// Carries out the run, within a Tokio runtime. What happens to single backends, a failing stream included, is in the
    /// summary. Dropping the future aborts all sessions.
    ///
    /// # Errors
    /// `Configuration` when there is no repository or no backend, a backend comes twice, or the options make no sense.
    pub async fn run(mut self) -> Result<RunSummary> {
        let plan = self.checked_plan()?;
        let span = tracing::info_span!("load", repository = %plan.repository.name, run = %self.run_id);
        let takers = self.takers()?;
        let (stream, run) = self.into_run(plan);
        run.carry_out(takers, stream).instrument(span).await
    }

    fn checked_plan(&mut self) -> Result<LoadPlan> {
        let wrong =
            |message: &'static str, help| Err(Error::new(ErrorKind::Configuration, message).with_help(help));
        let Some(repository) = self.repository.take() else {
            return wrong("a pipeline needs a repository", "call `repository` before `run`");
        };
        if self.backends.is_empty() {
            return wrong("a pipeline needs a backend", "call `to` before `run`");
        }
        for (index, (backend, ..)) in self.backends.iter().enumerate() {
            if self.backends[..index].iter().any(|(other, ..)| Arc::ptr_eq(other, backend)) {
                return wrong("a backend is given twice", "call `to` once for each backend");
            }
        }
        self.options.validate(self.backends.len())?;
        self.breakers.options().validate()?;
        Ok(LoadPlan {
            repository,
            scope: self.scope.clone(),
            producer_version: self.producer_version.clone(),
            estimated_rows: self.estimated_rows,
            allow_other_source: self.allow_other_source,
            // Each backend has its own.
            planned_on: PlannedOn::Anything,
        })
    }

    fn takers(&self) -> Result<Vec<Taker>> {
        let taker = |(backend, route, planned_on): &(Arc<dyn DatabaseBackend>, Route, PlannedOn)| {
            Ok(Taker { backend: backend.clone(), router: Router::new(route)?, planned_on: *planned_on })
        };
        self.backends.iter().map(taker).collect()
    }

    fn into_run(mut self, plan: LoadPlan) -> (FactsStream<'a>, Run) {
        let events = Events {
            run_id: self.run_id,
            repository_id: plan.repository.id(),
            observers: self.observers.into(),
        };
        self.snapshot.positions.append(&mut self.positions);
        let shared = Shared {
            plan,
            listing: self.listing,
            publication: Publication { marker: self.run_id, snapshot: self.snapshot },
            resets_positions: self.resets_positions,
            options: Arc::new(self.options),
            breaker_options: self.breakers.options(),
            replay: self.replay,
            permission: self.permission,
            run: self.cancellation.child_token(),
            source_ended: CancellationToken::new(),
            source_ended_at: Default::default(),
            nobody_left: CancellationToken::new(),
            working: Default::default(),
            reporter: self.reporter,
            events,
        };
        (self.stream, Run::new(Arc::new(shared), self.breakers, self.commands))
    }
}

/// Loads the facts into every backend: [`Pipeline`] as a function.
///
/// # Errors
/// As of [`Pipeline::run`].
pub async fn load<T: Into<Arc<TransformedAst>>>(
    facts: impl Stream<Item = Result<T>> + Send,
    plan: LoadPlan,
    snapshot: Snapshot,
    backends: &[Arc<dyn DatabaseBackend>],
    options: CoordinatorOptions,
) -> Result<RunSummary> {
    let pipeline = Pipeline::from(facts).plan(plan).snapshot(snapshot).options(options);
    backends.iter().cloned().fold(pipeline, Pipeline::to).run().await
}
