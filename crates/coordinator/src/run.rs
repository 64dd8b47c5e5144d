//! A run as it is carried out: the stream to its end, the lanes to theirs, and what is asked of it meanwhile.

use std::{pin::pin, sync::Arc};

use snake_pipe_core::{
    BackendInfo, DatabaseBackend, Error, ErrorKind, Result, Timestamp,
    load::{PlannedOn, Scope},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Breakers, ErrorSummary, EventKind, LaneStatus, LaneSummary, Outcome, Route, RunSettings, RunSummary,
    fan_out::{Ended, FanOut},
    handle::{Command, run_is_over},
    lag::Lag,
    lane::{Lane, Shared, Working},
    pipeline::FactsStream,
    queue::{Outlet, queue},
    route::{Router, scope_of},
};

/// A backend, and which files it takes.
pub(crate) struct Taker {
    pub(crate) backend: Arc<dyn DatabaseBackend>,
    pub(crate) router: Router,
    /// What it had published when the load was planned.
    pub(crate) planned_on: PlannedOn,
}

pub(crate) struct Run {
    shared: Arc<Shared>,
    breakers: Breakers,
    commands: mpsc::UnboundedReceiver<Command>,
    /// Dropping them aborts them, and with them their sessions.
    tasks: JoinSet<LaneSummary>,
    /// In the order in which the backends were given.
    lanes: Vec<LaneOfRun>,
    /// To the stream, for lanes that come later.
    outlets: mpsc::UnboundedSender<Outlet>,
    arriving: Option<mpsc::UnboundedReceiver<Outlet>>,
}

/// What the run knows of one of its lanes.
struct LaneOfRun {
    backend: Arc<dyn DatabaseBackend>,
    info: Arc<BackendInfo>,
    task: Id,
    /// Cancelled when the backend is removed.
    removal: CancellationToken,
    /// Who waits for the end of the lane.
    waiting: Vec<oneshot::Sender<Result<LaneSummary>>>,
    /// Once it has ended.
    summary: Option<LaneSummary>,
}

impl Run {
    pub(crate) fn new(
        shared: Arc<Shared>,
        breakers: Breakers,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        let (outlets, arriving) = mpsc::unbounded_channel();
        let (tasks, lanes) = (JoinSet::new(), Vec::new());
        Self { shared, breakers, commands, tasks, lanes, outlets, arriving: Some(arriving) }
    }

    pub(crate) async fn carry_out(
        mut self,
        takers: Vec<Taker>,
        stream: FactsStream<'_>,
    ) -> Result<RunSummary> {
        let (started_at, started) = (Timestamp::now(), Instant::now());
        let repository = self.shared.plan.repository.clone();
        self.shared.events.tell(None, || EventKind::RunStarted { repository });
        // Until all lanes have begun, the end of the first few is not the end of all.
        let beginning = Working::begin(&self.shared, &Arc::default());
        for taker in takers {
            self.spawn(taker, false)?;
        }
        drop(beginning);
        let error = self.stream(stream).await;
        self.join().await;
        let lanes: Vec<_> = self.lanes.into_iter().filter_map(|lane| lane.summary).collect();
        let shared = self.shared;
        let outcome = match &error {
            Some(_) => Outcome::Failed,
            None => shared.options.policy.outcome(&lanes),
        };
        tracing::info!(?outcome, "run ended");
        let summary = RunSummary {
            run_id: shared.publication.marker,
            repository_id: shared.plan.repository.id(),
            repository: shared.plan.repository.clone(),
            outcome,
            policy: shared.options.policy,
            settings: RunSettings::new(&shared.options, shared.breaker_options),
            started_at,
            duration_ms: started.elapsed().as_millis() as u64,
            files_received: shared.reporter.subscribe().borrow().files_received,
            error,
            lanes,
        };
        shared.events.tell(None, || EventKind::RunEnded { summary: Box::new(summary.clone()) });
        Ok(summary)
    }

    /// Carries the stream to its end. Returns what made it end early.
    async fn stream(&mut self, stream: FactsStream<'_>) -> Option<ErrorSummary> {
        let arriving = self.arriving.take()?;
        let mut fan_out = FanOut::new(&self.shared, arriving);
        let ended = {
            let mut carried = pin!(fan_out.carry(stream));
            loop {
                tokio::select! {
                    biased;
                    ended = &mut carried => break ended,
                    Some(command) = self.commands.recv() => self.obey(command),
                    Some(ended) = self.tasks.join_next_with_id() => self.lane_ended(ended),
                }
            }
        };
        match ended {
            Ended::Well => {
                self.shared.end_source();
                fan_out.end();
                None
            }
            Ended::Failed(error) => {
                tracing::error!(%error, "the stream of facts failed");
                self.shared.run.cancel();
                Some(ErrorSummary::from(&error))
            }
            Ended::Cancelled | Ended::NobodyLeft => None,
        }
    }

    /// Waits for all lanes to end.
    async fn join(&mut self) {
        while !self.tasks.is_empty() {
            tokio::select! {
                biased;
                Some(command) = self.commands.recv() => self.obey(command),
                Some(ended) = self.tasks.join_next_with_id() => self.lane_ended(ended),
            }
        }
        self.commands.close();
    }

    fn obey(&mut self, command: Command) {
        match command {
            // Whoever asked may have gone away meanwhile.
            Command::Add { backend, route, answer } => drop(answer.send(self.add(backend, &route))),
            Command::Remove { backend, answer } => self.remove(&backend, answer),
        }
    }

    fn add(&mut self, backend: Arc<dyn DatabaseBackend>, route: &Route) -> Result<()> {
        let wrong = |message, help| Err(Error::new(ErrorKind::Configuration, message).with_help(help));
        let is_over = self.shared.run.is_cancelled() || self.shared.nobody_left.is_cancelled();
        if is_over {
            return Err(run_is_over());
        }
        if self.shared.replay.is_none() {
            return wrong(
                "a backend cannot be added to a run that cannot replay its facts",
                "call `replay` before `run`",
            );
        }
        let is_there = |lane: &LaneOfRun| lane.summary.is_none() && Arc::ptr_eq(&lane.backend, &backend);
        if self.lanes.iter().any(is_there) {
            return wrong("the run has this backend already", "remove it first");
        }
        self.spawn(Taker { backend, router: Router::new(route)?, planned_on: PlannedOn::Anything }, true)
    }

    fn remove(&mut self, name: &str, answer: oneshot::Sender<Result<LaneSummary>>) {
        let lane = self.lanes.iter_mut().rev().find(|lane| lane.info.name == name);
        match lane {
            None => {
                let names: Vec<_> = self.lanes.iter().map(|lane| lane.info.name.as_str()).collect();
                let error = Error::new(ErrorKind::NotFound, format!("no lane has a backend named `{name}`"))
                    .with_help(format!("the run has {}", names.join(", ")));
                drop(answer.send(Err(error)));
            }
            Some(LaneOfRun { summary: Some(summary), .. }) => drop(answer.send(Ok(summary.clone()))),
            Some(lane) => {
                tracing::info!(backend = name, "backend is removed from the run");
                lane.removal.cancel();
                lane.waiting.push(answer);
            }
        }
    }

    /// Begins the lane of a backend; of a late one it has missed what the stream brought so far.
    fn spawn(&mut self, taker: Taker, is_late: bool) -> Result<()> {
        let shared = &self.shared;
        let plan = &shared.plan;
        let scope = match &plan.scope {
            Scope::Complete(files) if !taker.router.route.is_default() => {
                scope_of(&taker.router, &plan.repository.name, files, shared.listing.as_deref())?
            }
            scope => scope.clone(),
        };
        let backend = taker.backend;
        let info = Arc::new(backend.info().clone());
        let index = shared.reporter.add_lane(&info);
        let router = (!taker.router.route.is_default()).then(|| Arc::new(taker.router));
        // Without a replay, a backend that leaves the stream is incomplete until the next run.
        let share = shared.replay.as_ref().map(|_| f64::from(shared.options.lag_percent) / 100.0);
        let lag = Lag::new(shared.options.lag_limit, share);
        let (mut outlet, inlet) = queue(shared.options.lane_bytes, router.clone(), lag);
        let (removal, breaker) = (shared.run.child_token(), self.breakers.of(&info));
        let working = Working::begin(shared, &inlet.flags);
        let mut lane = Lane::new(index, backend.clone(), shared.clone(), breaker, removal.clone())
            .with_route(router, scope)
            .planned_on(taker.planned_on);
        if is_late {
            lane.miss_the_beginning();
        }
        if shared.source_ended.is_cancelled() {
            outlet.end();
        }
        // When the stream has ended, nobody takes it, which its lane knows.
        drop(self.outlets.send(outlet));
        let span = tracing::info_span!("lane", backend = %info.name, kind = %info.kind);
        let task = self.tasks.spawn(lane.run(inlet, working).instrument(span)).id();
        self.lanes.push(LaneOfRun { backend, info, task, removal, waiting: Vec::new(), summary: None });
        Ok(())
    }

    fn lane_ended(&mut self, ended: Result<(Id, LaneSummary), JoinError>) {
        let (id, summary) = match ended {
            Ok((id, summary)) => (id, Some(summary)),
            Err(error) => (error.id(), None),
        };
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.task == id) else { return };
        let summary = summary.unwrap_or_else(|| panicked(&lane.info));
        for waiting in lane.waiting.drain(..) {
            drop(waiting.send(Ok(summary.clone())));
        }
        let info = &lane.info;
        self.shared.events.tell(Some(info), || EventKind::LaneEnded { summary: Box::new(summary.clone()) });
        lane.summary = Some(summary);
    }
}

fn panicked(info: &BackendInfo) -> LaneSummary {
    let error = Error::new(ErrorKind::Internal, "the backend panicked")
        .with_help("report this to the author of the backend's plugin");
    LaneSummary { error: Some(ErrorSummary::from(&error)), ..LaneSummary::new(info, LaneStatus::Failed) }
}
