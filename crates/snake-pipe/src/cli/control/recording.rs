//! A load as a run of the control plane. Without one, or when it does not answer, the load goes on: what a backend holds
//! stands in the backend.

use std::{sync::Arc, time::Duration};

use serde_json::{Value as Json, json};
use snake_pipe_coordinator::{LaneStatus, LaneSummary, Outcome, RunSummary};
use snake_pipe_core::{
    Error, ErrorKind, MigrateMode, Result, SourcePath, Timestamp,
    id::FileKey,
    load::{Marker, Repository},
    secret::redacted_url,
};
use snake_pipe_extract::facts::Quarantined;
use snake_pipe_metadata::{
    MetadataStore,
    model::{
        DeadLetter, DeadLetterFilter, DeadLetterStatus, DeliveryStatus, NewDataset, NewDeadLetter,
        NewDelivery, NewError, NewLineageEdge, NewPipeline, NewRun, NewTask, Overlap, Run, RunEnd,
        RunFailure, RunId, RunMode, RunStatistics, RunStatus, Sample, StartedRun, TaskEnd, TaskRecord,
        hash_of,
    },
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::schemas::own_schemas;
use crate::{
    cli::{Program, arguments::LoadArguments, load},
    config::{BackendSettings, Config},
    control::{Place, lease, retention},
};

/// How long a load waits for the control plane at its beginning, and again at its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A load under way, as the control plane knows it.
pub(in crate::cli) struct Recording {
    known: Option<Known>,
    /// Why it is not recorded.
    failure: Option<Error>,
}

struct Known {
    store: Arc<dyn MetadataStore>,
    run: Run,
    repository: String,
    began_at: Timestamp,
    heart: JoinHandle<()>,
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
        if !is_ready && !is_asked_for && !is_made(&place, &program.config).await {
            return Ok(Self { known: None, failure: None });
        }
        let Some(store) =
            place.open(&program.config).or_else(|error| match is_required(&program.config) {
                true => Err(error),
                false => Ok(None),
            })?
        else {
            return Ok(Self { known: None, failure: None });
        };
        let began = begin(program, arguments, &store, &repository, &settings, pending);
        match within(PATIENCE, began).await {
            Ok(started) => {
                Ok(Self { known: Some(Known::new(program, store, started, &repository)), failure: None })
            }
            Err(error) if is_required(&program.config) || pending.is_some() => {
                Err(error.with_context("control_plane", &store.info().address))
            }
            Err(error) => {
                let failure = Some(error.with_context("control_plane", &store.info().address));
                Ok(Self { known: None, failure })
            }
        }
    }

    /// The run's id, which becomes the marker of its publications.
    pub(in crate::cli) fn marker(&self) -> Marker {
        self.known.as_ref().map_or_else(Marker::random, |known| Marker(known.run.id.0))
    }

    /// Records how it ended, and hands the result on.
    ///
    /// # Errors
    /// The load's; the control plane's only where it is required.
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
    // Two loads of one repository at once are allowed: the backend's fence lets the later one win.
    store.start_run(id, lease(&program.config), Overlap::Allow).await
}

/// The pipeline of a repository's loads.
fn pipeline_of(repository: &Repository) -> NewPipeline {
    let definition = json!({
        "command": "load",
        "repository": repository.name,
        "ref": repository.ref_name,
    });
    let description = format!("Loads {} into databases.", repository.name);
    NewPipeline { description: Some(description), ..NewPipeline::new(name_of(repository), definition) }
}

/// How a repository's pipeline and dataset are called.
fn name_of(repository: &Repository) -> String {
    match repository.ref_name.as_str() {
        "" => repository.name.clone(),
        ref_name => format!("{}@{ref_name}", repository.name),
    }
}

/// The arguments, so that the run can be repeated: paths absolute, passwords left out.
fn parameters(arguments: &LoadArguments) -> Json {
    let absolute = |path: &std::path::PathBuf| match path.as_os_str() == "-" {
        true => path.clone(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
    };
    let kept = LoadArguments {
        path: arguments.path.as_ref().map(absolute),
        facts: arguments.facts.as_ref().map(absolute),
        to: arguments.to.iter().map(|to| redacted_url(to)).collect(),
        ..arguments.clone()
    };
    json!({
        "arguments": serde_json::to_value(kept).unwrap_or(Json::Null),
        "directory": std::env::current_dir().ok(),
    })
}

/// The hash of every setting as it may be shown.
fn config_hash(config: &Config) -> String {
    let settings = config.settings().into_iter().map(|(key, setting)| {
        let shown = Json::from(setting.shown(&key));
        (key, shown)
    });
    hash_of(&Json::Object(settings.collect()))
}

fn source(arguments: &LoadArguments, repository: &Repository) -> Json {
    json!({
        "kind": if arguments.facts.is_some() { "facts" } else { "directory" },
        "repository": repository.name,
        "ref": repository.ref_name,
        "remote": repository.remote,
        "root": repository.root,
        "facts": arguments.facts,
    })
}

impl Known {
    fn new(
        program: &Program,
        store: Arc<dyn MetadataStore>,
        started: StartedRun,
        repository: &Repository,
    ) -> Self {
        for lost in &started.recovered {
            tracing::warn!(run = %lost, "an earlier load of this repository was lost; this one brings what it owed");
        }
        let run = started.run;
        let beats = beat(store.clone(), run.clone(), lease(&program.config), program.cancelled.clone());
        Self {
            store,
            run,
            repository: name_of(repository),
            began_at: Timestamp::now(),
            heart: tokio::spawn(beats),
        }
    }

    async fn end(self, program: &Program, result: &Result<(load::Run, Vec<bool>)>) -> Result<()> {
        self.heart.abort();
        let recorded = within(PATIENCE, self.record(program, result)).await;
        // What was recorded stays recorded whatever closing says.
        let _ = timeout(PATIENCE, self.store.close()).await;
        recorded.map_err(|error| error.with_context("control_plane", &self.store.info().address))
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
                RunEnd { status, ..RunEnd::failed(error, RunStatistics::default()) }
            }
        };
        if let Some(bytes) = peak_memory_bytes() {
            let sample =
                Sample { run_id: Some(self.run.id), name: "peak_memory_bytes".to_owned(), value: bytes };
            self.store.record_samples(vec![sample]).await?;
        }
        self.store.finish_run(self.run.token(), end).await?;
        if program.config.bool("metadata.enable_cleanup") {
            self.store.collect_garbage(retention(&program.config), false).await?;
        }
        Ok(())
    }

    /// Tasks, deliveries, errors, dead letters, schemas and lineage.
    async fn details(&self, run: &load::Run) -> Result<()> {
        let (store, token) = (&self.store, self.run.token());
        store.record_tasks(token, tasks(run, self.began_at)).await?;
        let lanes = || run.summary.lanes.iter();
        let deliveries: Vec<_> = lanes().filter(|lane| lane.batches > 0).map(delivery).collect();
        if !deliveries.is_empty() {
            store.record_deliveries(token, deliveries).await?;
        }
        let errors = errors(&run.summary, self.run.id);
        if !errors.is_empty() {
            store.record_errors(errors).await?;
        }
        self.dead_letters(run).await?;
        if lanes().any(|lane| lane.status == LaneStatus::Published) {
            store.register_schemas(own_schemas(Some(self.run.id))).await?;
            store.record_lineage(self.lineage(&run.summary)).await?;
        }
        Ok(())
    }

    /// Keeps what was refused, and resolves what no longer is.
    async fn dead_letters(&self, run: &load::Run) -> Result<()> {
        let mut refused: Vec<_> = run.summary.lanes.iter().flat_map(|lane| self.refused_by(lane)).collect();
        refused.extend(run.quarantined.iter().map(|piece| self.quarantined(piece)));
        let refused = match refused.is_empty() {
            true => Vec::new(),
            false => self.store.add_dead_letters(refused).await?,
        };
        let note = format!("no longer refused in run {}", self.run.id);
        for letter in self.open_letters().await? {
            if is_put_right(&letter, run) && !refused.iter().any(|other| other.id == letter.id) {
                let this = DeadLetterFilter { id: Some(letter.id), ..DeadLetterFilter::default() };
                self.store.resolve_dead_letters(this, &note).await?;
            }
        }
        Ok(())
    }

    async fn open_letters(&self) -> Result<Vec<DeadLetter>> {
        let mut open = Vec::new();
        for status in [DeadLetterStatus::Pending, DeadLetterStatus::Processing] {
            let filter = DeadLetterFilter {
                dataset: Some(self.repository.clone()),
                status: Some(status),
                ..DeadLetterFilter::default()
            };
            open.extend(self.store.dead_letters(filter).await?);
        }
        Ok(open)
    }

    /// A record of facts that is none.
    fn quarantined(&self, piece: &Quarantined) -> NewDeadLetter {
        let path = piece.path.as_ref();
        let record = json!({
            "path": path.map(SourcePath::as_str),
            "key": path.map(SourcePath::key),
            "line": piece.line,
            "field": piece.field,
        });
        NewDeadLetter {
            source_id: path.map(|path| path.as_str().to_owned()),
            run_id: Some(self.run.id),
            ..NewDeadLetter::new(&self.repository, record, piece.to_string())
        }
    }

    fn refused_by(&self, lane: &LaneSummary) -> Vec<NewDeadLetter> {
        let letter = |letter: &snake_pipe_coordinator::DeadLetter| NewDeadLetter {
            backend: Some(lane.backend.clone()),
            source_id: Some(letter.path.as_str().to_owned()),
            run_id: Some(self.run.id),
            ..NewDeadLetter::new(
                &self.repository,
                json!({"path": letter.path.as_str(), "key": letter.path.key()}),
                &letter.reason,
            )
        };
        lane.dead_letters.iter().map(letter).collect()
    }

    fn lineage(&self, summary: &RunSummary) -> Vec<NewLineageEdge> {
        let address = summary.repository.remote.clone().or(summary.repository.root.clone());
        let source = NewDataset { address, ..NewDataset::new(&self.repository, "source_tree") };
        let published = summary.lanes.iter().filter(|lane| lane.status == LaneStatus::Published);
        published
            .map(|lane| NewLineageEdge {
                pipeline_id: Some(self.run.pipeline_id),
                run_id: Some(self.run.id),
                ..NewLineageEdge::observed(
                    source.clone(),
                    NewDataset {
                        address: Some(lane.address.clone()),
                        ..NewDataset::new(&lane.backend, &lane.kind)
                    },
                )
            })
            .collect()
    }
}

/// Whether a load has brought what was refused before: its backend holds the load, which spoke of the file.
fn is_put_right(letter: &DeadLetter, run: &load::Run) -> bool {
    let lanes = || run.summary.lanes.iter();
    let is_held = match &letter.backend {
        Some(backend) => lanes().any(|lane| lane.backend == *backend && lane.is_held()),
        None => lanes().all(LaneSummary::is_held),
    };
    let key = serde_json::from_value::<FileKey>(letter.record["key"].clone()).ok();
    let is_spoken_of =
        run.brought.as_ref().is_none_or(|brought| key.is_some_and(|key| brought.contains(&key)));
    is_held && is_spoken_of
}

/// Keeps the run's lease until it is aborted; a run that somebody wants to end is cancelled.
async fn beat(store: Arc<dyn MetadataStore>, run: Run, lease: Duration, cancelled: CancellationToken) {
    loop {
        tokio::time::sleep(lease / 3).await;
        match store.heartbeat(run.token(), lease, None).await {
            Ok(beat) if beat.is_cancel_requested => {
                tracing::warn!("the run is cancelled, as somebody asked for");
                cancelled.cancel();
            }
            Ok(_) => {}
            // The backends' fences decide whether this load may still publish.
            Err(error) => tracing::warn!(%error, "the run's lease is not prolonged"),
        }
    }
}

fn tasks(run: &load::Run, began_at: Timestamp) -> Vec<TaskRecord> {
    let mut at = began_at;
    run.phases
        .iter()
        .map(|(name, duration)| {
            let started_at = at;
            at = Timestamp::from_unix_micros(
                at.unix_micros().saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
            );
            TaskRecord {
                task: NewTask::new(*name, "load"),
                end: TaskEnd::success(Json::Null),
                started_at,
                ended_at: at,
            }
        })
        .collect()
}

fn delivery(lane: &LaneSummary) -> NewDelivery {
    let status = match lane.status {
        LaneStatus::Published | LaneStatus::Unchanged => DeliveryStatus::Published,
        LaneStatus::Failed | LaneStatus::Lagging | LaneStatus::Cancelled | LaneStatus::Removed => {
            DeliveryStatus::Withdrawn
        }
    };
    NewDelivery {
        batches: lane.batches,
        records: lane.files_written + lane.files_removed,
        rows: lane.rows,
        bytes: lane.bytes,
        duration_ms: lane.duration_ms,
        retries: lane.retries,
        transaction: lane.transaction.clone(),
        ..NewDelivery::to(&lane.backend, status)
    }
}

fn errors(summary: &RunSummary, run: RunId) -> Vec<NewError> {
    let lanes =
        summary.lanes.iter().filter_map(|lane| Some((lane.error.as_ref()?, Some(lane.backend.clone()))));
    let of_stream = summary.error.iter().map(|error| (error, None));
    lanes
        .chain(of_stream)
        .map(|(error, dataset)| NewError {
            run_id: Some(run),
            class: error.kind.clone(),
            message: error.message.clone(),
            attempted: error.operation.clone(),
            hint: error.help.clone(),
            dataset,
            ..NewError::default()
        })
        .collect()
}

fn end_of(run: &load::Run) -> RunEnd {
    let summary = &run.summary;
    let status = match summary.outcome {
        Outcome::Success if run.quarantined.is_empty() => RunStatus::Success,
        Outcome::Success | Outcome::PartlyFailed | Outcome::Failed => RunStatus::Failed,
        Outcome::Cancelled => RunStatus::Cancelled,
    };
    let outcome = serde_json::to_value(summary.outcome).ok();
    RunEnd {
        status,
        outcome: outcome.and_then(|word| word.as_str().map(str::to_owned)),
        statistics: statistics(run),
        error: (status != RunStatus::Success).then(|| failure(run)),
    }
}

/// What the run did, in source files; of several backends, what the busiest had to do.
fn statistics(run: &load::Run) -> RunStatistics {
    let most = |number: fn(&LaneSummary) -> u64| run.summary.lanes.iter().map(number).max().unwrap_or(0);
    let written = most(|lane| if lane.is_held() { lane.files_written } else { 0 });
    let updated = run.updated.min(written);
    RunStatistics {
        processed: run.source.map_or(run.summary.files_received, |(files, _)| files),
        inserted: written - updated,
        updated,
        deleted: most(|lane| if lane.is_held() { lane.files_removed } else { 0 }),
        failed: most(|lane| lane.files_refused + lane.owed_files) + run.quarantined.len() as u64,
        bytes: most(|lane| lane.bytes),
    }
}

/// The first cause, in a sentence.
fn failure(run: &load::Run) -> RunFailure {
    let summary = &run.summary;
    let error = summary.error.as_ref().or_else(|| summary.lanes.iter().find_map(|lane| lane.error.as_ref()));
    if let Some(error) = error {
        let (class, message) = (error.kind.clone(), error.message.clone());
        return RunFailure { class, message, hint: error.help.clone() };
    }
    let refused: u64 = summary.lanes.iter().map(|lane| lane.files_refused).sum();
    let refused = refused + run.quarantined.len() as u64;
    let owed: u64 = summary.lanes.iter().map(|lane| lane.owed_files).sum();
    RunFailure {
        class: if refused > 0 { "data" } else { "owed" }.to_owned(),
        message: format!("{refused} refused, {owed} owed"),
        hint: Some("see `snake-pipe dead-letters list`; the next load tries again".to_owned()),
    }
}

/// The most memory that the process had, where the system says so.
fn peak_memory_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}
