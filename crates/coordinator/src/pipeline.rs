//! A run, as it is put together and carried out.

use std::{collections::HashMap, fmt, sync::Arc};

use futures::{Stream, StreamExt, stream::BoxStream};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, Result, Timestamp,
    load::{LoadPlan, Marker, Publication, Repository, Scope, Snapshot},
    model::TransformedAst,
};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Breakers, CoordinatorOptions, ErrorSummary, LaneStatus, LaneSummary, Outcome, RunProgress, RunSummary,
    fan_out::{Ended, FanOut},
    lane::{Lane, Replay, Shared},
    progress::Reporter,
    queue::queue,
};

/// A stream of facts.
pub type FactsStream<'a> = BoxStream<'a, Result<Arc<TransformedAst>>>;

/// A run before it begins: where facts come from, what they are, and which backends take them.
#[must_use = "a pipeline does nothing before `run`"]
pub struct Pipeline<'a> {
    stream: FactsStream<'a>,
    repository: Option<Repository>,
    scope: Scope,
    snapshot: Snapshot,
    producer_version: String,
    estimated_rows: u64,
    allow_other_source: bool,
    backends: Vec<Arc<dyn DatabaseBackend>>,
    options: CoordinatorOptions,
    replay: Option<Replay>,
    cancellation: CancellationToken,
    breakers: Breakers,
    run_id: Marker,
    reporter: Reporter,
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
        Self {
            stream: stream.map(|facts| facts.map(Into::into)).boxed(),
            repository: None,
            scope: Scope::Partial,
            snapshot: Snapshot::default(),
            producer_version: "1".to_owned(),
            estimated_rows: 0,
            allow_other_source: false,
            backends: Vec::new(),
            options: CoordinatorOptions::default(),
            replay: None,
            cancellation: CancellationToken::new(),
            breakers: Breakers::default(),
            run_id: Marker::random(),
            reporter: Reporter::new(),
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
    pub fn to(mut self, backend: Arc<dyn DatabaseBackend>) -> Self {
        self.backends.push(backend);
        self
    }

    /// Sets how the run goes about its work.
    pub fn options(mut self, options: CoordinatorOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets where the facts can be had once more, for a backend that lost its session or left the stream: the same files,
    /// each once, in any order. Without it, such a backend is owed everything until the next run.
    pub fn replay<F, S, T>(mut self, facts: F) -> Self
    where
        F: Fn() -> S + Send + Sync + 'static,
        S: Stream<Item = Result<T>> + Send + 'static,
        T: Into<Arc<TransformedAst>>,
    {
        self.replay = Some(Arc::new(move || facts().map(|facts| facts.map(Into::into)).boxed()));
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
        self.run_checked(plan).instrument(span).await
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
        for (index, backend) in self.backends.iter().enumerate() {
            if self.backends[..index].iter().any(|other| Arc::ptr_eq(other, backend)) {
                return wrong("a backend is given twice", "call `to` once for each backend");
            }
        }
        self.options.validate(self.backends.len())?;
        Ok(LoadPlan {
            repository,
            scope: self.scope.clone(),
            producer_version: self.producer_version.clone(),
            estimated_rows: self.estimated_rows,
            allow_other_source: self.allow_other_source,
        })
    }

    async fn run_checked(self, plan: LoadPlan) -> Result<RunSummary> {
        let (started_at, started) = (Timestamp::now(), Instant::now());
        let run = self.cancellation.child_token();
        let nobody_left = CancellationToken::new();
        let options = Arc::new(self.options);
        let (repository, scope) = (plan.repository.clone(), plan.scope.clone());
        let shared = Arc::new(Shared {
            plan,
            publication: Publication { marker: self.run_id, snapshot: self.snapshot },
            options: options.clone(),
            replay: self.replay,
            run: run.clone(),
            source_ended: CancellationToken::new(),
            nobody_left: nobody_left.clone(),
            working: self.backends.len().into(),
            reporter: self.reporter.clone(),
        });
        let (outlets, lanes) = spawn_lanes(&self.backends, &shared, &self.breakers);
        let reporter = self.reporter.clone();
        let mut fan_out = FanOut { outlets, options, scope, run: run.clone(), nobody_left, reporter };
        let ended = fan_out.carry(self.stream).await;
        let error = match ended {
            Ended::Well => {
                shared.source_ended.cancel();
                fan_out.outlets.iter_mut().for_each(|outlet| outlet.end());
                None
            }
            Ended::Failed(error) => {
                tracing::error!(%error, "the stream of facts failed");
                run.cancel();
                Some(ErrorSummary::from(&error))
            }
            Ended::Cancelled | Ended::NobodyLeft => None,
        };
        drop(fan_out);
        let lanes = lanes.join(&self.backends).await;
        let outcome = match &error {
            Some(_) => Outcome::Failed,
            None => shared.options.policy.outcome(&lanes),
        };
        tracing::info!(?outcome, "run ended");
        Ok(RunSummary {
            run_id: self.run_id,
            repository_id: repository.id(),
            repository,
            outcome,
            policy: shared.options.policy,
            started_at,
            duration_ms: started.elapsed().as_millis() as u64,
            files_received: self.reporter.subscribe().borrow().files_received,
            error,
            lanes,
        })
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

/// The lanes at work. Dropping them aborts them, and with them their sessions.
struct Lanes {
    tasks: JoinSet<LaneSummary>,
    indices: HashMap<tokio::task::Id, usize>,
}

fn spawn_lanes(
    backends: &[Arc<dyn DatabaseBackend>],
    shared: &Arc<Shared>,
    breakers: &Breakers,
) -> (Vec<crate::queue::Outlet>, Lanes) {
    let mut lanes = Lanes { tasks: JoinSet::new(), indices: HashMap::new() };
    let mut outlets = Vec::new();
    for (index, backend) in backends.iter().enumerate() {
        let info = backend.info();
        shared.reporter.add_lane(info);
        let (outlet, inlet) = queue(shared.options.lane_bytes);
        outlets.push(outlet);
        let span = tracing::info_span!("lane", backend = %info.name, kind = %info.kind);
        let lane = Lane::new(index, backend.clone(), shared.clone(), breakers.of(info));
        let task = lanes.tasks.spawn(lane.run(inlet).instrument(span));
        lanes.indices.insert(task.id(), index);
    }
    (outlets, lanes)
}

impl Lanes {
    /// The summaries, in the order of the backends.
    async fn join(mut self, backends: &[Arc<dyn DatabaseBackend>]) -> Vec<LaneSummary> {
        let mut summaries: Vec<_> =
            backends.iter().map(|backend| LaneSummary::new(backend.info(), LaneStatus::Failed)).collect();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let (id, summary) = match ended {
                Ok((id, summary)) => (id, Ok(summary)),
                Err(error) => (error.id(), Err(error)),
            };
            let Some(slot) = self.indices.get(&id).and_then(|index| summaries.get_mut(*index)) else {
                continue;
            };
            match summary {
                Ok(summary) => *slot = summary,
                Err(_) => {
                    let error = Error::new(ErrorKind::Internal, "the backend panicked")
                        .with_help("report this to the author of the backend's plugin");
                    slot.error = Some(ErrorSummary::from(&error));
                }
            }
        }
        summaries
    }
}
