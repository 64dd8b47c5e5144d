//! A load as a run of the control plane. Without one, or when it does not answer, the load goes on: what a backend holds
//! stands in the backend.

mod deliveries;
mod description;
mod hold;
mod lineage;
mod live;
mod outcome;
mod refused;
mod tasks;

use std::{sync::Arc, time::Duration};

use snake_pipe_coordinator::{LaneStatus, Outcome, RunSummary};
use snake_pipe_core::{
    Error, ErrorKind, MigrateMode, Result,
    load::{Marker, Repository},
    secret::redacted_url,
};
use snake_pipe_metadata::{
    MetadataStore,
    model::{
        NewError, NewPosition, NewRun, Overlap, Run, RunEnd, RunId, RunMode, RunStatistics, RunStatus,
        Sample, StartedRun, TaskStatus,
    },
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use self::{
    description::{config_hash, name_of, parameters, pipeline_of, source},
    hold::given_up,
    outcome::{end_of, errors, peak_memory_bytes},
    tasks::{cancelled, failure_of, unwanted},
};
use super::schemas::own_schemas;
use crate::{
    cli::{Program, arguments::LoadArguments, load},
    config::{BackendSettings, Config},
    control::{Place, cleaning, lease, retention},
};
pub(in crate::cli) use deliveries::Deliveries;
pub(in crate::cli) use hold::{GivenUp, Hold};
pub(in crate::cli) use live::Live;
pub(in crate::cli) use outcome::shortfall;
pub(in crate::cli) use tasks::{DISCOVER, MANIFESTS, READ_FACTS, Tasks};

/// How long a load waits for the control plane at its beginning, and again at its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A load under way, as the control plane knows it.
pub(in crate::cli) struct Recording {
    known: Option<Known>,
    /// Why it is not recorded.
    failure: Option<Error>,
    told: Told,
}

/// What a load tells of itself while it goes on.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Told {
    /// What its backends were given.
    pub(in crate::cli) deliveries: Deliveries,
    /// Its steps.
    pub(in crate::cli) tasks: Tasks,
    /// How far it is.
    pub(in crate::cli) live: Live,
}

struct Known {
    store: Arc<dyn MetadataStore>,
    run: Run,
    repository: String,
    told: Told,
    hold: Hold,
    heart: JoinHandle<()>,
    /// Cancelled at the end; what writes the tasks then ends, too.
    ended: CancellationToken,
    writer: JoinHandle<()>,
}

impl Recording {
    /// Records that a load begins, as the pending run of this id or as a new one. A control plane that is not there yet is made only
    /// where the configuration names it or the first backend `is_ready`: a database that refuses the load is left as it was.
    ///
    /// # Errors
    /// `Configuration`; anything else only where the control plane is required.
    pub(in crate::cli) async fn begin(
        program: &Program,
        arguments: &LoadArguments,
        repository: Repository,
        pending: Option<RunId>,
        is_ready: bool,
    ) -> Result<Self> {
        let settings = program.config.backends(&arguments.to)?;
        for settings in &settings {
            // What is wrongly put is no run.
            program.build(settings)?;
        }
        let place = Place::of(&program.config, &settings)?;
        let is_asked_for = program.config.text("metadata.url").is_some_and(|url| !url.is_empty());
        let told = Told::default();
        if !is_ready && !is_asked_for && !is_made(&place, &program.config).await {
            return Ok(Self { known: None, failure: None, told });
        }
        let Some(store) =
            place.open(&program.config).or_else(|error| match is_required(&program.config) {
                true => Err(error),
                false => Ok(None),
            })?
        else {
            return Ok(Self { known: None, failure: None, told });
        };
        let began = begin(program, arguments, &store, &repository, &settings, pending);
        match within(PATIENCE, began).await {
            Ok(started) => {
                let known = Known::new(program, store, started, &repository, told.clone());
                Ok(Self { known: Some(known), failure: None, told })
            }
            Err(error) if is_required(&program.config) || pending.is_some() => {
                Err(error.with_context("control_plane", &store.info().address))
            }
            Err(error) => {
                let failure = Some(error.with_context("control_plane", &store.info().address));
                Ok(Self { known: None, failure, told })
            }
        }
    }

    /// The run's id, which becomes the marker of its publications.
    pub(in crate::cli) fn marker(&self) -> Marker {
        self.known.as_ref().map_or_else(Marker::random, |known| Marker(known.run.id.0))
    }

    /// The run's lease, where it has one.
    pub(in crate::cli) fn hold(&self) -> Option<&Hold> {
        self.known.as_ref().map(|known| &known.hold)
    }

    /// What it is told.
    pub(in crate::cli) const fn told(&self) -> &Told {
        &self.told
    }

    /// Records how it ended, and hands the result on.
    ///
    /// # Errors
    /// The load's; `Fenced` when the run was given up meanwhile; any other of the control plane only where it is required.
    pub(in crate::cli) async fn end(
        self,
        program: &Program,
        result: Result<(load::Run, Vec<bool>)>,
    ) -> Result<(load::Run, Vec<bool>)> {
        let recorded = match (self.known, self.failure) {
            (Some(known), _) => known.end(program, &result).await,
            (None, Some(failure)) => Err(failure),
            (None, None) => Ok(()),
        };
        match (recorded, &result) {
            (Err(error), Ok(_)) if error.kind() == ErrorKind::Fenced => Err(error),
            (Err(error), Err(end))
                if error.kind() == ErrorKind::Fenced && end.kind() == ErrorKind::Cancelled =>
            {
                Err(error)
            }
            (Err(error), Ok(_)) if is_required(&program.config) => Err(error),
            (Err(error), Ok(_)) => {
                tracing::warn!(%error, "the load is not recorded in the control plane; what it loaded is safe");
                result
            }
            // A load that failed has more to say than that it could not be recorded.
            (_, _) => result,
        }
    }
}

/// Whether there is a control plane already, as far as one can tell.
async fn is_made(place: &Place, config: &Config) -> bool {
    if matches!(place, Place::File(path) if !path.exists()) {
        return false;
    }
    let Ok(Some(store)) = place.open(config) else { return false };
    within(PATIENCE, store.migrate(MigrateMode::Plan)).await.is_ok_and(|plan| plan.from_version > 0)
}

fn is_required(config: &Config) -> bool {
    config.bool("metadata.required")
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, work).await.unwrap_or_else(|elapsed| {
        Err(Error::new(ErrorKind::Timeout, "the control plane does not answer").with_source(elapsed))
    })
}

async fn begin(
    program: &Program,
    arguments: &LoadArguments,
    store: &Arc<dyn MetadataStore>,
    repository: &Repository,
    settings: &[BackendSettings],
    pending: Option<RunId>,
) -> Result<StartedRun> {
    store.migrate(MigrateMode::Apply).await?;
    let id = match pending {
        Some(id) => id,
        None => {
            let pipeline = store.register_pipeline(pipeline_of(repository)).await?;
            let new = NewRun {
                mode: RunMode::Batch,
                parameters: parameters(arguments),
                config_hash: Some(config_hash(&program.config)),
                source: source(arguments, repository),
                destination: settings.iter().map(|one| redacted_url(&one.url)).collect(),
                ..NewRun::of(pipeline.id)
            };
            store.create_run(new).await?.id
        }
    };
    // Two loads of one repository at once are allowed: the backend lets one of them publish, and refuses the other.
    store.start_run(id, lease(&program.config), Overlap::Allow).await
}

impl Known {
    fn new(
        program: &Program,
        store: Arc<dyn MetadataStore>,
        started: StartedRun,
        repository: &Repository,
        told: Told,
    ) -> Self {
        for lost in &started.recovered {
            tracing::warn!(run = %lost, "an earlier load of this repository was lost; this one brings what it owed");
        }
        let run = started.run;
        let hold = Hold {
            store: store.clone(),
            token: run.token(),
            lease: lease(&program.config),
            cancelled: program.cancelled.clone(),
            given_up: program.given_up.clone(),
            live: told.live.clone(),
        };
        let beats = hold.clone().beat();
        let (cleaned, cleaning) = (store.clone(), cleaning(&program.config));
        let heart = async move {
            // The end of the run cleans up anyway.
            let by_timer = async {
                tokio::time::sleep(cleaning.every).await;
                cleaning.go_on(&*cleaned).await;
            };
            tokio::join!(beats, by_timer);
        };
        let ended = CancellationToken::new();
        let writer = tokio::spawn({
            let (tasks, store, token) = (told.tasks.clone(), store.clone(), run.token());
            let ended = ended.clone();
            async move { tasks.keep(&*store, token, &ended).await }
        });
        let heart = tokio::spawn(heart);
        Self { store, run, repository: name_of(repository), told, hold, heart, ended, writer }
    }

    async fn end(mut self, program: &Program, result: &Result<(load::Run, Vec<bool>)>) -> Result<()> {
        self.heart.abort();
        self.end_tasks(result).await;
        let recorded = match self.hold.given_up.take() {
            Some(error) => Err(error),
            None => {
                within(PATIENCE, self.record(program, result)).await.map_err(|error| match error.kind() {
                    ErrorKind::Fenced => given_up(error),
                    _ => error,
                })
            }
        };
        // What was recorded stays recorded whatever closing says.
        let _ = timeout(PATIENCE, self.store.close()).await;
        recorded.map_err(|error| error.with_context("control_plane", &self.store.info().address))
    }

    /// Ends the tasks that are open, and writes all of them down.
    async fn end_tasks(&mut self, result: &Result<(load::Run, Vec<bool>)>) {
        let tasks = &self.told.tasks;
        match result {
            Err(error) => tasks.end_all(error),
            Ok((run, _)) => match (&run.summary.error, run.summary.outcome) {
                (Some(error), _) => tasks.end_open(TaskStatus::Failed, &failure_of(error)),
                (None, Outcome::Cancelled) => tasks.end_open(TaskStatus::Cancelled, &cancelled()),
                (None, Outcome::Success | Outcome::PartlyFailed | Outcome::Failed) => {
                    tasks.end_open(TaskStatus::Cancelled, &unwanted());
                }
            },
        }
        self.ended.cancel();
        // A transaction that is under way is not cut off: it would be written twice.
        let written = timeout(PATIENCE, async {
            let _ = (&mut self.writer).await;
            self.told.tasks.write(&*self.store, self.run.token()).await
        });
        // A run that was given up says so by itself.
        if let Ok(Err(error)) = written.await
            && error.kind() != ErrorKind::Fenced
        {
            tracing::warn!(%error, "the tasks of the run are not recorded whole");
        }
    }

    async fn record(&self, program: &Program, result: &Result<(load::Run, Vec<bool>)>) -> Result<()> {
        let end = match result {
            Ok((run, _)) => {
                self.details(run).await?;
                end_of(run)
            }
            Err(error) => {
                self.store.record_errors(vec![NewError::of(error).in_run(self.run.id)]).await?;
                let status = match error.kind() {
                    ErrorKind::Cancelled => RunStatus::Cancelled,
                    _ => RunStatus::Failed,
                };
                // Nothing was published.
                let processed = self.told.live.statistics().processed;
                let statistics = RunStatistics { processed, ..RunStatistics::default() };
                RunEnd { status, ..RunEnd::failed(error, statistics) }
            }
        };
        let mut samples = self.told.live.samples(self.run.id);
        samples.extend(peak_memory_bytes().map(|value| Sample {
            run_id: Some(self.run.id),
            name: "peak_memory_bytes".to_owned(),
            value,
        }));
        self.store.record_samples(samples).await?;
        self.store.finish_run(self.run.token(), end).await?;
        if program.config.bool("metadata.enable_cleanup") {
            self.store.collect_garbage(retention(&program.config), false).await?;
        }
        Ok(())
    }

    /// Deliveries, errors, dead letters, schemas, lineage and positions.
    async fn details(&self, run: &load::Run) -> Result<()> {
        let (store, token) = (&self.store, self.run.token());
        let lanes = || run.summary.lanes.iter();
        let deliveries = self.told.deliveries.take(&run.summary);
        if !deliveries.is_empty() {
            store.record_deliveries(token, deliveries).await?;
        }
        let errors = errors(&run.summary, self.run.id, &self.told.tasks);
        if !errors.is_empty() {
            store.record_errors(errors).await?;
        }
        self.dead_letters(run).await?;
        if lanes().any(|lane| lane.status == LaneStatus::Published) {
            store.register_schemas(own_schemas(Some(self.run.id))).await?;
            self.record_lineage(&run.summary).await?;
        }
        self.take_positions(&run.summary).await
    }

    /// Takes over how far the sources have been read of what every backend holds. They committed it with the data, so that after
    /// a run that died in between this is made good by the next one, whatever it brings.
    async fn take_positions(&self, summary: &RunSummary) -> Result<()> {
        for position in summary.reached() {
            let new = NewPosition::held(position, Some(self.run.id));
            match self.store.advance_position(Some(self.run.token()), new.clone()).await {
                // A backend that is new, or whose position was reset, has the truth of it.
                Err(error) if error.kind() == ErrorKind::Conflict => self.store.reset_position(new).await?,
                position => position?,
            };
        }
        Ok(())
    }
}
