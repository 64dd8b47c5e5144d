//! `load`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, future::join_all, stream::BoxStream};
use serde_json::json;
use snake_pipe_coordinator::{Breakers, Lacking, LanePhase, Metrics, Pipeline, Route, RunSummary};
use snake_pipe_core::{
    Action, BackendInfo, DatabaseBackend, Error, ErrorKind, Result,
    id::FileKey,
    load::{Marker, PhaseClock, PhaseTime, PlannedOn, Repository, Scope},
    model::TransformedAst,
    position::SourcePosition,
    secret::redacted_url,
};
use snake_pipe_extract::{
    Extraction, Inventory, Progress,
    discover::{SourceDescription, describe},
    facts::Quarantined,
};
use snake_pipe_metadata::model::{RunId, TaskEnd};

use super::{
    Program,
    arguments::LoadArguments,
    control::{DISCOVER, Hold, MANIFESTS, READ_FACTS, Recording, Told as ToldOf, shortfall},
    extract::blocking,
    facts::{self, Coverage},
    failure::Exit,
    held::{Held, scope},
    metrics::MetricsFile,
    migrate_if_allowed,
    planned::planned_on,
    position,
    progress::Display,
    report::Report,
    summary::SharedCounts,
};
use crate::{
    config::BackendSettings,
    load::{ExtractFlags, breaker_options, coordinator_options, extract_options},
};

/// Rows are estimated from bytes of source: Linux 6.1 has 1.2 GB and about eight million rows.
const SOURCE_BYTES_PER_ROW: u64 = 150;

pub(super) type Facts = BoxStream<'static, Result<Arc<TransformedAst>>>;

pub(super) async fn run(program: &Program, arguments: LoadArguments) -> Result<Exit> {
    run_as(program, arguments, None).await
}

/// Carries out a load, as the run that was made for it, or as one of its own.
pub(super) async fn run_as(
    program: &Program,
    arguments: LoadArguments,
    pending: Option<RunId>,
) -> Result<Exit> {
    let started = Instant::now();
    let metrics = arguments.metrics_file.clone().map(MetricsFile::new).transpose()?;
    positions(&arguments)?;
    let input = Input::of(program, &arguments)?;
    let mut clock = PhaseClock::default();
    let connected = program.until_cancelled(connect(program, &arguments)).await;
    let is_ready = connected.as_ref().is_ok_and(|connected| connected.is_first_ready);
    let repository = input.repository(&arguments);
    // Before anything of the source is read, and before the run has an id: later markers are of later plans.
    let planned_on = match &connected {
        Ok(connected) => planned_on(&connected.backends, repository.id()).await,
        Err(_) => Vec::new(),
    };
    clock.end("connect and migrate");
    let recording = Recording::begin(program, &arguments, repository, pending, is_ready).await?;
    clock.end("control plane");
    let told = Told {
        planned_on: &planned_on,
        hold: recording.hold(),
        marker: recording.marker(),
        recording: recording.told(),
        metrics: metrics.as_ref().map(MetricsFile::runs),
    };
    let run = match connected {
        Ok(connected) => load(program, &arguments, input, &connected.backends, told).await,
        Err(error) => {
            // The lanes failed before they began.
            recording.told().tasks.begin_lanes(&infos(program, &arguments)?, None, None);
            Err(error)
        }
    };
    let loaded = Instant::now();
    let run = recording.end(program, run).await;
    let recorded = loaded.elapsed();
    if let Some(metrics) = &metrics {
        metrics.write()?;
    }
    let (mut run, answers_sql) = run?;
    run.add_around(clock.take(), recorded);
    let report = Report::new(run, answers_sql, started.elapsed());
    report.print(arguments.format, arguments.timings)?;
    Ok(report.exit())
}

/// How a run is known elsewhere.
#[derive(Clone, Copy)]
struct Told<'a> {
    /// To the backends and the control plane.
    marker: Marker,
    /// To each backend: what it had published before.
    planned_on: &'a [PlannedOn],
    /// To the control plane, before anything is published.
    hold: Option<&'a Hold>,
    /// To the control plane, as it goes on.
    recording: &'a ToldOf,
    /// To whoever reads its figures.
    metrics: Option<&'a Metrics>,
}

/// The load itself, and which backends answer SQL.
async fn load(
    program: &Program,
    arguments: &LoadArguments,
    input: Input,
    backends: &[Arc<dyn DatabaseBackend>],
    told: Told<'_>,
) -> Result<(Run, Vec<bool>)> {
    told.recording.live.follow_pools(backends);
    let run = match input {
        Input::Tree(source) => load_tree(program, arguments, *source, backends, told).await?,
        Input::Facts(facts, repository) => {
            load_facts(program, arguments, &facts, repository, backends, told).await?
        }
    };
    told.recording.live.note_pools();
    for backend in backends {
        // What was published stays published whatever closing says.
        let _ = backend.close().await;
    }
    Ok((run, backends.iter().map(|backend| backend.capabilities().sql).collect()))
}

/// What is loaded. A wrong path ends the command before any database is made or touched.
enum Input {
    Tree(Box<Source>),
    Facts(PathBuf, Repository),
}

impl Input {
    fn of(program: &Program, arguments: &LoadArguments) -> Result<Self> {
        match (&arguments.facts, &arguments.path) {
            (Some(path), _) => {
                let repository = named(facts::repository(arguments, path)?, arguments);
                if path != Path::new("-") {
                    facts::check(arguments, path)?;
                }
                Ok(Self::Facts(path.clone(), repository))
            }
            (None, Some(path)) => Ok(Self::Tree(Box::new(Source::new(program, arguments, path)?))),
            (None, None) => Err(Error::new(ErrorKind::Configuration, "nothing to load was named")),
        }
    }
}

impl Input {
    fn repository(&self, arguments: &LoadArguments) -> Repository {
        match self {
            Self::Tree(source) => source.repository(arguments),
            Self::Facts(_, repository) => repository.clone(),
        }
    }
}

/// What a load did.
pub(super) struct Run {
    pub(super) summary: RunSummary,
    pub(super) counts: super::summary::Counts,
    /// Files and bytes that the source holds; none for facts from elsewhere.
    pub(super) source: Option<(u64, u64)>,
    /// Files among those written that a backend held already, otherwise than now.
    pub(super) updated: u64,
    /// The files that the source brought, where it does not speak of all there are.
    pub(super) brought: Option<BTreeSet<FileKey>>,
    pub(super) quarantined: Vec<Quarantined>,
    /// Why `--complete` removed nothing, if it was to.
    pub(super) nothing_removed: Option<String>,
    /// What it took its time for, in detail.
    pub(super) phases: Vec<PhaseTime>,
    /// How the backends are called on the command line; empty where a command finds the only one by itself.
    pub(super) asked: Vec<String>,
}

impl Run {
    /// Puts what was done before the load in front, and adds the recording of its end to that of its beginning.
    fn add_around(&mut self, mut before: Vec<PhaseTime>, recorded: Duration) {
        if let Some(last) = before.last_mut() {
            last.duration += recorded;
        }
        self.phases.splice(..0, before);
    }
}

/// The phases of the backend that took longest: the others were loaded meanwhile. `facts` says what it waited for.
fn phases_of(summary: &RunSummary, facts: &'static str) -> impl Iterator<Item = PhaseTime> {
    let slowest = summary.lanes.iter().max_by_key(|lane| lane.duration_ms);
    let phases = slowest.map(|lane| lane.phases.clone()).unwrap_or_default();
    phases.into_iter().map(move |LanePhase { phase, seconds }| PhaseTime {
        phase: if phase == LanePhase::WAIT { facts.into() } else { phase },
        duration: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
    })
}

fn infos(program: &Program, arguments: &LoadArguments) -> Result<Vec<BackendInfo>> {
    let settings = program.config.backends(&arguments.to)?;
    settings.iter().map(|settings| Ok(program.build(settings)?.info().clone())).collect()
}

fn asked(program: &Program, arguments: &LoadArguments) -> Result<Vec<String>> {
    let settings = program.config.backends(&arguments.to)?;
    if arguments.to.is_empty() && settings.len() == 1 {
        return Ok(Vec::new());
    }
    Ok(settings.into_iter().map(|one| one.name.unwrap_or_else(|| redacted_url(&one.url))).collect())
}

/// The backends of a load.
struct Connected {
    backends: Vec<Arc<dyn DatabaseBackend>>,
    /// Whether the first can be loaded into, as far as one knows before: beside it the control plane may be made.
    is_first_ready: bool,
}

/// The backends, connected and migrated where that is allowed. One of several that fails is left to the coordinator, which
/// reports it; the only one that fails ends the command.
async fn connect(program: &Program, arguments: &LoadArguments) -> Result<Connected> {
    let settings = program.config.backends(&arguments.to)?;
    let built = settings.iter().map(|settings| program.build(settings)).collect::<Result<Vec<_>>>()?;
    let prepared =
        join_all(built.iter().zip(&settings).map(|(backend, settings)| prepare(backend, settings))).await;
    let is_only = built.len() == 1;
    let is_first_ready = prepared.first().is_some_and(Result::is_ok);
    for (backend, prepared) in built.iter().zip(prepared) {
        match prepared {
            Err(error) if is_only => return Err(error.with_context("backend", &backend.info().address)),
            // The report says so, with the way out.
            Err(error) => tracing::info!(backend = %backend.info().address, %error, "backend is not ready"),
            Ok(()) => {}
        }
    }
    Ok(Connected { backends: built, is_first_ready })
}

async fn prepare(backend: &Arc<dyn DatabaseBackend>, settings: &BackendSettings) -> Result<()> {
    backend.connect().await?;
    match migrate_if_allowed(backend.as_ref(), settings).await {
        // A broken connection is replaced by the next call, and migrating twice is the same as migrating once.
        Err(error) if may_pass(&error) => migrate_if_allowed(backend.as_ref(), settings).await,
        done => done,
    }
}

fn may_pass(error: &Error) -> bool {
    matches!(error.kind().action(), Action::Retry | Action::Replay | Action::ReadMarker)
}

async fn load_tree(
    program: &Program,
    arguments: &LoadArguments,
    source: Source,
    backends: &[Arc<dyn DatabaseBackend>],
    told: Told<'_>,
) -> Result<Run> {
    let mut clock = PhaseClock::default();
    let repository = source.repository(arguments);
    let display = Display::of_extraction(&source.progress);
    let tasks = &told.recording.tasks;
    tasks.follow(&source.progress);
    told.recording.live.follow_extraction(&source.progress);
    tasks.begin(DISCOVER, "discover", None, json!({"path": source.path}));
    let extraction = program.until_cancelled(source.scan()).await?;
    clock.end("discover and read");
    let inventory = Arc::clone(extraction.inventory());
    let bytes: u64 = inventory.files.iter().filter_map(|file| file.size_bytes).sum();
    tasks.done(DISCOVER, discovered(&inventory, bytes, &source.progress));
    tasks.begin(MANIFESTS, "compare", Some(DISCOVER), json!({"backends": backends.len()}));
    for warning in inventory.warnings.iter().chain(&source.description.warning) {
        tracing::warn!("{warning}");
    }
    let routes = routes(program, arguments)?;
    let answers = Held::ask(backends, &routes, &repository, &inventory);
    let held = Arc::new(program.until_cancelled(answers).await?);
    clock.end("manifests");
    tasks.done(MANIFESTS, json!({"answered": held.len()}));
    tasks.begin_lanes(
        backends.iter().map(|backend| backend.info()),
        Some(MANIFESTS),
        Some(inventory.files.len()),
    );
    let version = extraction.producer_version();
    let scope = scope(&inventory, &held);
    let counts = Arc::new(SharedCounts::default());
    let facts: Facts = match held.iter().all(|held| held.is_current(&inventory, &version)) {
        true => futures::stream::empty().boxed(),
        false => owed(extraction, &held, &version).boxed(),
    };
    let is_linked = held.iter().all(|held| held.has_others(&inventory));
    let facts = as_linked(facts, is_linked);
    let (updated, known) = (Arc::new(AtomicU64::new(0)), Arc::clone(&held));
    let facts = counted(facts, &counts).inspect_ok({
        let updated = Arc::clone(&updated);
        move |facts| {
            let is_known = known.iter().any(|held| held.knows(facts.key()));
            updated.fetch_add(is_known.into(), Ordering::Relaxed);
        }
    });
    let source = Arc::new(source);
    let pipeline = pipeline(program, arguments, facts.boxed(), backends, told)?;
    told.recording.live.follow_run(pipeline.progress(), Arc::clone(&updated));
    let summary = pipeline
        .repository(repository)
        .scope(scope)
        .listing(inventory.files.iter().map(|file| (file.path.clone(), file.language)))
        .snapshot(source.description.snapshot())
        .producer_version(version)
        .estimated_rows(bytes / SOURCE_BYTES_PER_ROW)
        .replay_lacking({
            let source = Arc::clone(&source);
            move |lacking| as_linked(source.again(lacking), is_linked)
        })
        .run()
        .await?;
    let mut phases = clock.take();
    phases.extend(phases_of(&summary, "parse and link"));
    display.finish();
    let source = Some((inventory.files.len() as u64, bytes));
    let (asked, updated) = (asked(program, arguments)?, updated.load(Ordering::Relaxed));
    let (counts, quarantined) = (counts.get(), Vec::new());
    let (brought, nothing_removed) = (None, None);
    Ok(Run { summary, counts, source, updated, brought, quarantined, nothing_removed, phases, asked })
}

/// What discovering yielded.
fn discovered(inventory: &Inventory, bytes: u64, progress: &Progress) -> serde_json::Value {
    let read = progress.snapshot().files_read;
    json!({"files": inventory.files.len(), "bytes": bytes, "files_read": read, "warnings": inventory.warnings.len()})
}

/// A source tree and how it is read.
struct Source {
    description: SourceDescription,
    options: snake_pipe_extract::ExtractOptions,
    path: PathBuf,
    progress: Arc<Progress>,
}

impl Source {
    fn new(program: &Program, arguments: &LoadArguments, path: &Path) -> Result<Self> {
        let flags = ExtractFlags {
            languages: arguments.language.clone(),
            ast: arguments.ast.clone(),
            store_source: arguments.store_source,
        };
        let settings = program.config.backends(&arguments.to)?;
        let options = extract_options(&program.config, &flags, &settings)?;
        let description = describe(path)?;
        Ok(Self { description, options, path: path.to_owned(), progress: Arc::default() })
    }

    fn repository(&self, arguments: &LoadArguments) -> Repository {
        named(self.description.repository(), arguments)
    }

    /// The facts of these files of the tree once more, for a backend that lost what it had accepted, or was slower than the
    /// stream. They come from the cache.
    fn again(self: &Arc<Self>, lacking: Lacking) -> Facts {
        let source = Arc::clone(self);
        let facts = async move {
            let extraction = source.scan().await?;
            Ok::<_, Error>(extraction.facts(move |stamp| lacking.contains(stamp.key)))
        };
        futures::stream::once(facts).try_flatten().boxed()
    }

    async fn scan(&self) -> Result<Extraction> {
        let (path, name) = (self.path.clone(), self.description.name.clone());
        let (options, progress) = (self.options.clone(), Arc::clone(&self.progress));
        blocking(move || Extraction::scan(&path, &name, options, progress)).await
    }
}

fn named(found: Repository, arguments: &LoadArguments) -> Repository {
    Repository {
        name: arguments.repository.clone().unwrap_or(found.name),
        ref_name: arguments.ref_name.clone().unwrap_or(found.ref_name),
        ..found
    }
}

/// The facts of the files that some backend lacks.
fn owed(
    extraction: Extraction,
    held: &Arc<Vec<Held>>,
    version: &str,
) -> impl futures::Stream<Item = Result<Arc<TransformedAst>>> + Send + use<> {
    let (held, version) = (Arc::clone(held), version.to_owned());
    extraction.facts(move |stamp| held.is_empty() || held.iter().any(|held| held.is_owed(stamp, &version)))
}

/// The facts as they are stored, by whether their references were linked against what the backends hold.
fn as_linked(facts: Facts, is_linked: bool) -> Facts {
    if is_linked { facts } else { facts.map_ok(to_be_linked_again).boxed() }
}

/// Facts whose references were linked against files that a backend holds otherwise, or not at all, are to be linked again by
/// the next load: they carry no link hash.
fn to_be_linked_again(facts: Arc<TransformedAst>) -> Arc<TransformedAst> {
    Arc::new(TransformedAst { link_hash: None, ..(*facts).clone() })
}

fn positions(arguments: &LoadArguments) -> Result<Vec<SourcePosition>> {
    arguments.position.iter().map(|text| position::parse(text)).collect()
}

/// Which files each backend takes.
fn routes(program: &Program, arguments: &LoadArguments) -> Result<Vec<Route>> {
    let settings = program.config.backends(&arguments.to)?;
    Ok(settings.into_iter().map(|settings| settings.route).collect())
}

fn counted(facts: Facts, counts: &Arc<SharedCounts>) -> Facts {
    let counts = Arc::clone(counts);
    facts
        .inspect(move |facts| {
            if let Ok(facts) = facts {
                counts.add(facts);
            }
        })
        .boxed()
}

fn pipeline(
    program: &Program,
    arguments: &LoadArguments,
    facts: Facts,
    backends: &[Arc<dyn DatabaseBackend>],
    told: Told<'_>,
) -> Result<Pipeline<'static>> {
    let pipeline = Pipeline::from(facts)
        .run_id(told.marker)
        .options(coordinator_options(&program.config, backends.len())?)
        .breakers(Breakers::new(breaker_options(&program.config)))
        .allow_other_source(arguments.allow_other_source)
        .positions(positions(arguments)?)
        .reset_positions(arguments.reset_positions)
        .cancelled_by(program.cancelled.clone())
        .observe(told.recording.deliveries.observer())
        .observe(told.recording.tasks.observer())
        .observe(told.recording.live.observer());
    let pipeline = match told.metrics {
        Some(metrics) => pipeline.observe(metrics.observer()),
        None => pipeline,
    };
    let pipeline = match told.hold.cloned() {
        Some(hold) => pipeline.ask_before_publishing(move || {
            let hold = hold.clone();
            async move { hold.prolong().await }
        }),
        None => pipeline,
    };
    let routed = backends.iter().zip(routes(program, arguments)?).zip(told.planned_on);
    Ok(routed.fold(pipeline, |pipeline, ((backend, route), planned_on)| {
        pipeline.to_planned(Arc::clone(backend), route, *planned_on)
    }))
}

async fn load_facts(
    program: &Program,
    arguments: &LoadArguments,
    facts: &Path,
    repository: Repository,
    backends: &[Arc<dyn DatabaseBackend>],
    told: Told<'_>,
) -> Result<Run> {
    let quarantined = Arc::new(Mutex::new(Vec::new()));
    let records = facts::records(arguments, facts)?;
    let Coverage { scope, listing, nothing_removed } = facts::scope(arguments, facts).await?;
    if let Some(why) = &nothing_removed {
        tracing::warn!("{why}");
    }
    let counts = Arc::new(SharedCounts::default());
    let tasks = &told.recording.tasks;
    tasks.begin(READ_FACTS, "extract", None, json!({"facts": facts}));
    tasks.begin_lanes(backends.iter().map(|backend| backend.info()), None, None);
    let stream = facts::stream(records, &quarantined);
    let version = format!("facts-{}", env!("CARGO_PKG_VERSION"));
    let brought = Arc::new(Mutex::new(BTreeSet::new()));
    let (is_partial, keys) = (scope == Scope::Partial, Arc::clone(&brought));
    let stream = counted(stream, &counts).inspect_ok(move |facts| {
        if is_partial {
            keys.lock().unwrap_or_else(PoisonError::into_inner).insert(facts.key());
        }
    });
    let stream = stream.chain(at_the_end({
        let (tasks, counts, quarantined) = (tasks.clone(), Arc::clone(&counts), Arc::clone(&quarantined));
        move || {
            let refused = quarantined.lock().unwrap_or_else(PoisonError::into_inner).len() as u64;
            tasks.end(READ_FACTS, facts_read(&counts.get(), refused));
        }
    }));
    let pipeline = pipeline(program, arguments, stream.boxed(), backends, told)?;
    told.recording.live.follow_run(pipeline.progress(), Arc::default());
    let summary =
        pipeline.repository(repository).scope(scope).listing(listing).producer_version(version).run().await?;
    let quarantined = std::mem::take(&mut *quarantined.lock().unwrap_or_else(PoisonError::into_inner));
    let phases = phases_of(&summary, "read the facts").collect();
    let (asked, counts) = (asked(program, arguments)?, counts.get());
    let brought = std::mem::take(&mut *brought.lock().unwrap_or_else(PoisonError::into_inner));
    let brought = is_partial.then_some(brought);
    let (source, updated) = (None, 0);
    Ok(Run { summary, counts, source, updated, brought, quarantined, nothing_removed, phases, asked })
}

/// A stream of nothing that does something when it is reached.
fn at_the_end<T>(act: impl FnOnce()) -> impl futures::Stream<Item = T> {
    let mut act = Some(act);
    futures::stream::poll_fn(move |_| {
        if let Some(act) = act.take() {
            act();
        }
        Poll::Ready(None)
    })
}

/// How reading facts ended: records that are none make it fail.
fn facts_read(counts: &super::summary::Counts, refused: u64) -> TaskEnd {
    let output = json!({"files": counts.files, "bytes": counts.bytes, "refused": refused});
    match refused {
        0 => TaskEnd::success(output),
        _ => TaskEnd { output, ..TaskEnd::failed(shortfall(refused, 0)) },
    }
}
