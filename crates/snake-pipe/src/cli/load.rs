//! `load`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, future::join_all, stream::BoxStream};
use snake_pipe_coordinator::{CoordinatorOptions, Pipeline, Policy, RetryOptions, RunSummary, Timeouts};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, Result,
    id::FileKey,
    load::{Repository, Scope},
    manifest::Manifest,
    model::TransformedAst,
    secret::redacted_url,
};
use snake_pipe_extract::{
    Extraction, Inventory, Progress,
    discover::{SourceDescription, describe},
    facts::Quarantined,
};

use super::{
    Program, arguments::LoadArguments, extract::blocking, facts, failure::Exit, migrate_if_allowed,
    progress::Display, report::Report, summary::SharedCounts,
};
use crate::{
    config::BackendSettings,
    load::{ExtractFlags, extract_options},
};

/// Rows are estimated from bytes of source: Linux 6.1 has 1.2 GB and about eight million rows.
const SOURCE_BYTES_PER_ROW: u64 = 150;

pub(super) type Facts = BoxStream<'static, Result<Arc<TransformedAst>>>;

pub(super) async fn run(program: &Program, arguments: LoadArguments) -> Result<Exit> {
    let started = Instant::now();
    let input = Input::of(program, &arguments)?;
    let backends = program.until_cancelled(connect(program, &arguments)).await?;
    let run = match input {
        Input::Tree(source) => load_tree(program, &arguments, *source, &backends).await?,
        Input::Facts(facts, repository) => {
            load_facts(program, &arguments, &facts, repository, &backends).await?
        }
    };
    for backend in &backends {
        // What was published stays published whatever closing says.
        let _ = backend.close().await;
    }
    let answers_sql = backends.iter().map(|backend| backend.capabilities().sql).collect();
    let report = Report::new(run, answers_sql, started.elapsed());
    report.print(arguments.format, arguments.timings)?;
    Ok(report.exit())
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
                    facts::open(path)?;
                }
                Ok(Self::Facts(path.clone(), repository))
            }
            (None, Some(path)) => Ok(Self::Tree(Box::new(Source::new(program, arguments, path)?))),
            (None, None) => Err(Error::new(ErrorKind::Configuration, "nothing to load was named")),
        }
    }
}

/// What a load did.
pub(super) struct Run {
    pub(super) summary: RunSummary,
    pub(super) counts: super::summary::Counts,
    /// Files and bytes that the source holds; none for facts from elsewhere.
    pub(super) source: Option<(u64, u64)>,
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) phases: Vec<(&'static str, Duration)>,
    /// How the backends are called on the command line; empty where a command finds the only one by itself.
    pub(super) asked: Vec<String>,
}

fn asked(program: &Program, arguments: &LoadArguments) -> Result<Vec<String>> {
    let settings = program.config.backends(&arguments.to)?;
    if arguments.to.is_empty() && settings.len() == 1 {
        return Ok(Vec::new());
    }
    Ok(settings.into_iter().map(|one| one.name.unwrap_or_else(|| redacted_url(&one.url))).collect())
}

/// The backends, connected and migrated where that is allowed. One of several that fails is left to the coordinator, which
/// reports it; the only one that fails ends the command.
async fn connect(program: &Program, arguments: &LoadArguments) -> Result<Vec<Arc<dyn DatabaseBackend>>> {
    let settings = program.config.backends(&arguments.to)?;
    let built = settings.iter().map(|settings| program.build(settings)).collect::<Result<Vec<_>>>()?;
    let prepared =
        join_all(built.iter().zip(&settings).map(|(backend, settings)| prepare(backend, settings))).await;
    let is_only = built.len() == 1;
    for (backend, prepared) in built.iter().zip(prepared) {
        match prepared {
            Err(error) if is_only => return Err(error.with_context("backend", &backend.info().address)),
            Err(error) => tracing::warn!(backend = %backend.info().address, %error, "backend is not ready"),
            Ok(()) => {}
        }
    }
    Ok(built)
}

async fn prepare(backend: &Arc<dyn DatabaseBackend>, settings: &BackendSettings) -> Result<()> {
    backend.connect().await?;
    migrate_if_allowed(backend.as_ref(), settings).await
}

async fn load_tree(
    program: &Program,
    arguments: &LoadArguments,
    source: Source,
    backends: &[Arc<dyn DatabaseBackend>],
) -> Result<Run> {
    let mut phases = Vec::new();
    let mut clock = Instant::now();
    let mut phase = |name| {
        phases.push((name, clock.elapsed()));
        clock = Instant::now();
    };
    let repository = source.repository(arguments);
    let display = Display::of_extraction(&source.progress);
    let extraction = program.until_cancelled(source.scan()).await?;
    phase("discover and read");
    let inventory = Arc::clone(extraction.inventory());
    for warning in inventory.warnings.iter().chain(&source.description.warning) {
        tracing::warn!("{warning}");
    }
    let manifests = program.until_cancelled(manifests(backends, &repository)).await?;
    phase("manifests");
    let version = extraction.producer_version();
    let is_held = manifests.iter().all(|manifest| inventory.is_held_by(manifest, &version));
    let scope = scope(&inventory, &manifests);
    let counts = Arc::new(SharedCounts::default());
    let facts: Facts = match is_held {
        true => futures::stream::empty().boxed(),
        false => owed(extraction, &manifests, &version).boxed(),
    };
    let facts = counted(linked_for_now(facts, &inventory, &manifests), &counts);
    let source = Arc::new(source);
    let bytes: u64 = inventory.files.iter().filter_map(|file| file.size_bytes).sum();
    let summary = pipeline(program, arguments, facts, backends)?
        .repository(repository)
        .scope(scope)
        .snapshot(source.description.snapshot())
        .producer_version(version)
        .estimated_rows(bytes / SOURCE_BYTES_PER_ROW)
        .replay({
            let source = Arc::clone(&source);
            move || source.again()
        })
        .run()
        .await?;
    phase("parse, link and load");
    display.finish();
    let source = Some((inventory.files.len() as u64, bytes));
    let asked = asked(program, arguments)?;
    Ok(Run { summary, counts: counts.get(), source, quarantined: Vec::new(), phases, asked })
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

    /// The tree's facts once more, for a backend that lost what it had accepted. They come from the cache.
    fn again(self: &Arc<Self>) -> Facts {
        let source = Arc::clone(self);
        let facts = async move { source.scan().await.map(|extraction| extraction.facts(|_| true)) };
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

/// What each backend that answers holds.
async fn manifests(backends: &[Arc<dyn DatabaseBackend>], repository: &Repository) -> Result<Vec<Manifest>> {
    let id = repository.id();
    let answers = join_all(backends.iter().map(|backend| backend.manifest(id))).await;
    match answers.len() {
        1 => answers.into_iter().collect(),
        // Of several, one that does not answer is the coordinator's to report.
        _ => Ok(answers.into_iter().filter_map(Result::ok).collect()),
    }
}

/// All of the tree; where only some languages are asked for, files of the others stay as they are while they are on disk.
fn scope(inventory: &Inventory, manifests: &[Manifest]) -> Scope {
    match inventory.scope() {
        Scope::Complete(_) if !inventory.languages.is_empty() => {
            let is_held = |key: &FileKey| manifests.iter().any(|manifest| manifest.files.contains_key(key));
            let files =
                inventory.files.iter().map(|file| (file.path.key(), inventory.is_asked_for(file.language)));
            let kept = files.filter(|(key, is_asked_for)| *is_asked_for || is_held(key)).map(|(key, _)| key);
            Scope::Complete(Arc::new(kept.collect()))
        }
        scope => scope,
    }
}

/// Facts whose references were linked against files that a backend holds otherwise, or not at all, are to be linked again by
/// the next load: they carry no link hash.
fn linked_for_now(facts: Facts, inventory: &Inventory, manifests: &[Manifest]) -> Facts {
    if inventory.languages.is_empty()
        || manifests.iter().all(|manifest| inventory.others_are_held_by(manifest))
    {
        return facts;
    }
    let without =
        |facts: Arc<TransformedAst>| Arc::new(TransformedAst { link_hash: None, ..(*facts).clone() });
    facts.map_ok(without).boxed()
}

/// The facts of the files that some backend lacks.
fn owed(
    extraction: Extraction,
    manifests: &[Manifest],
    version: &str,
) -> impl futures::Stream<Item = Result<Arc<TransformedAst>>> + Send + use<> {
    let (manifests, version) = (manifests.to_vec(), version.to_owned());
    extraction.facts(move |stamp| {
        manifests.is_empty()
            || manifests
                .iter()
                .any(|manifest| manifest.owes_file(stamp.key, stamp.content_hash, stamp.link_hash, &version))
    })
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
) -> Result<Pipeline<'static>> {
    let pipeline = Pipeline::from(facts)
        .options(options(program, backends.len())?)
        .allow_other_source(arguments.allow_other_source)
        .cancelled_by(program.cancelled.clone());
    Ok(backends.iter().fold(pipeline, |pipeline, backend| pipeline.to(Arc::clone(backend))))
}

fn options(program: &Program, backends: usize) -> Result<CoordinatorOptions> {
    let config = &program.config;
    let defaults = CoordinatorOptions::default();
    let bytes = |key: &str, default: usize| {
        config.integer(key).and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(default)
    };
    let policy = match config.text("load.policy") {
        Some("quorum") => Policy::Quorum(backends / 2 + 1),
        Some(policy) => policy.parse()?,
        None => Policy::All,
    };
    let write = config.integer("load.timeout_seconds").map_or(defaults.timeouts.write, Duration::from_secs);
    let attempts = config.integer("load.retry_attempts").and_then(|attempts| u32::try_from(attempts).ok());
    Ok(CoordinatorOptions {
        policy,
        batch_bytes: bytes("load.batch_bytes", defaults.batch_bytes),
        lane_bytes: bytes("load.lane_bytes", defaults.lane_bytes),
        timeouts: Timeouts { write, ..defaults.timeouts },
        retry: RetryOptions { attempts: attempts.unwrap_or(defaults.retry.attempts), ..defaults.retry },
        ..defaults
    })
}

async fn load_facts(
    program: &Program,
    arguments: &LoadArguments,
    facts: &Path,
    repository: Repository,
    backends: &[Arc<dyn DatabaseBackend>],
) -> Result<Run> {
    let quarantined = Arc::new(Mutex::new(Vec::new()));
    let records = facts::records(arguments, facts)?;
    let scope = facts::scope(arguments, facts).await?;
    let counts = Arc::new(SharedCounts::default());
    let stream = facts::stream(records, &quarantined);
    let version = format!("facts-{}", env!("CARGO_PKG_VERSION"));
    let started = Instant::now();
    let summary = pipeline(program, arguments, counted(stream, &counts), backends)?
        .repository(repository)
        .scope(scope)
        .producer_version(version)
        .run()
        .await?;
    let quarantined = std::mem::take(&mut *quarantined.lock().unwrap_or_else(PoisonError::into_inner));
    let phases = vec![("read and load", started.elapsed())];
    let asked = asked(program, arguments)?;
    Ok(Run { summary, counts: counts.get(), source: None, quarantined, phases, asked })
}
