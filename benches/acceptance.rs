//! Whether this machine keeps what the requirements promise: `cargo xtask acceptance`.
//!
//! Every figure is measured through the public contract, on an SQLite file and on a private PostgreSQL server, both with
//! everything that makes a commit durable; the code loaded is real. The limits are floors that nobody should ever miss, not
//! goals. Exits non-zero when a figure misses its limit.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

mod acquisition;
mod corpus;
mod databases;
mod judgement;
mod questions;
mod row_counter;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use databases::{Databases, batch, load, publication};
use judgement::{Limit, Report};
use snake_pipe_coordinator::{Outcome, Pipeline};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, IntegrityScope, Language, Result,
    load::{LoadPlan, Repository},
};
use snake_pipe_extract::{CacheLocation, ExtractOptions, Extraction, Progress, discover::describe};
use snake_pipe_testkit::{
    fixtures::Generator,
    postgres::{ClusterOptions, PostgresCluster},
};
use tempfile::TempDir;

/// How often each thing that takes milliseconds is done.
const REPETITIONS: usize = 20;
/// Files of a typical batch.
const TYPICAL_BATCH_FILES: u32 = 100;
/// Files of a load whose rows are counted by the minute.
const BULK_FILES: u32 = 2_000;

const ACID_RECORDS_PER_MINUTE: f64 = 5_000.0;
const COPY_RECORDS_PER_MINUTE: f64 = 50_000.0;
const FILES_PER_MINUTE: f64 = 200.0;
const INTEGRITY_MS: f64 = 50.0;
const HEALTH_MS: f64 = 100.0;
const MEMORY_MIB: f64 = 1_024.0;

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(report) => {
            println!("{report}");
            if report.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<Report> {
    let mut report = Report::default();
    let (code, _folder) = real_code()?;
    let cluster = PostgresCluster::start(ClusterOptions::durable())?;
    let databases = Databases::open(&cluster).await?;
    for backend in &databases.backends {
        let kind = &backend.info().kind;
        eprintln!("measuring {kind}");
        measure_integrity(&mut report, backend.as_ref(), "alone in the database").await?;
        measure_directory(&mut report, backend, &code).await?;
        // The first run included.
        questions::measure(&mut report, backend.as_ref(), 0).await?;
        measure_integrity_of_files(&mut report, backend.as_ref()).await?;
        measure_single_files(&mut report, backend.as_ref()).await?;
        measure_bulk(&mut report, backend.as_ref()).await?;
        measure_integrity(&mut report, backend.as_ref(), "beside all of the above").await?;
        measure_health(&mut report, backend.as_ref()).await?;
    }
    acquisition::measure(&mut report, &cluster).await?;
    report.add("memory of this process, at its peak", peak_memory_mib()?, Limit::below(MEMORY_MIB, " MiB"));
    Ok(report)
}

/// The tree to load: the one that was asked for, else Python's standard library without what is installed beside it, else our
/// own code.
fn real_code() -> Result<(PathBuf, Option<TempDir>)> {
    if let Some(path) = std::env::var_os("SNAKE_PIPE_ACCEPTANCE_TREE") {
        return Ok((path.into(), None));
    }
    let python = corpus::sources(Language::Python)?;
    // One file is our test fixture: there is no Python.
    let sources = if python.len() > 1 { python } else { corpus::sources(Language::Rust)? };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for (path, bytes) in sources {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(path, bytes)?;
    }
    Ok((folder.path().to_owned(), Some(folder)))
}

/// From a directory that nobody has seen before to the database.
async fn measure_directory(
    report: &mut Report,
    backend: &Arc<dyn DatabaseBackend>,
    directory: &Path,
) -> Result<()> {
    let begin = Instant::now();
    let options = ExtractOptions {
        cache: CacheLocation::Temporary,
        discover: snake_pipe_extract::discover::DiscoverOptions {
            heed_ignore_files: false,
            ..Default::default()
        },
        ..ExtractOptions::default()
    };
    let extraction = Extraction::scan(directory, "library", options, Arc::new(Progress::default()))?;
    let scope = extraction.inventory().scope();
    let pipeline = Pipeline::from(extraction.facts(|_| true)).scope(scope).to(Arc::clone(backend));
    let summary = pipeline.repository(describe(directory)?.repository()).run().await?;
    let lane = &summary.lanes[0];
    if summary.outcome != Outcome::Success {
        let why = lane.error.as_ref().map_or("no reason given", |error| &error.message);
        return Err(Error::new(ErrorKind::Internal, format!("the code was not loaded: {why}")));
    }
    let (kind, elapsed) = (&backend.info().kind, begin.elapsed());
    add_rate(
        report,
        format!("{kind}: {} files of real code, parsed, linked and loaded", lane.files_written),
        lane.files_written,
        elapsed,
        FILES_PER_MINUTE,
    );
    let figure = format!("{kind}: their {} rows, parsing included", lane.rows);
    add_rate(report, figure, lane.rows, elapsed, COPY_RECORDS_PER_MINUTE);
    Ok(())
}

/// Each file in a durable transaction of its own.
async fn measure_single_files(report: &mut Report, backend: &dyn DatabaseBackend) -> Result<()> {
    let facts = Generator::new(1, TYPICAL_BATCH_FILES).facts();
    let rows = row_counter::count_rows(&facts);
    let begin = Instant::now();
    for file in facts {
        let plan = LoadPlan::partial(Repository::named("single files"), "1");
        backend.write_batch(plan, batch([file]), publication()).await?;
    }
    let figure = format!("{}: records, a durable transaction per file", backend.info().kind);
    add_rate(report, figure, rows, begin.elapsed(), ACID_RECORDS_PER_MINUTE);
    Ok(())
}

/// Many files in one transaction: in place, and as a large new repository that PostgreSQL loads aside.
async fn measure_bulk(report: &mut Report, backend: &dyn DatabaseBackend) -> Result<()> {
    let facts = Generator::new(2, BULK_FILES).facts();
    let rows = row_counter::count_rows(&facts);
    let batch = batch(facts);
    for (name, estimated_rows) in [("in place", 0), ("as a large new repository", u64::MAX)] {
        let plan = LoadPlan { estimated_rows, ..LoadPlan::partial(Repository::named(name), "1") };
        let begin = Instant::now();
        load(backend, plan, &batch).await?;
        let figure = format!("{}: records in bulk, {name}", backend.info().kind);
        add_rate(report, figure, rows, begin.elapsed(), COPY_RECORDS_PER_MINUTE);
    }
    Ok(())
}

/// A typical batch, checked after it was written.
async fn measure_integrity(report: &mut Report, backend: &dyn DatabaseBackend, place: &str) -> Result<()> {
    let repository = Repository::named(format!("typical batch {place}"));
    let batch = batch(Generator::new(3, TYPICAL_BATCH_FILES).facts());
    load(backend, LoadPlan::partial(repository.clone(), "1"), &batch).await?;
    let mut times = Vec::new();
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        let result = backend.check_integrity(IntegrityScope::Repository(repository.id())).await?;
        times.push(begin.elapsed());
        if !result.is_clean() {
            return Err(Error::new(ErrorKind::Internal, format!("rows contradict each other: {result:?}")));
        }
    }
    let figure = format!("{}: integrity of {TYPICAL_BATCH_FILES} files {place}", backend.info().kind);
    report.add_percentile(figure, 95, times, INTEGRITY_MS);
    Ok(())
}

/// The files of a typical batch, within a repository that holds many others.
async fn measure_integrity_of_files(report: &mut Report, backend: &dyn DatabaseBackend) -> Result<()> {
    let held = backend.repositories().await?;
    let Some(large) = held.iter().find(|held| !held.repository.name.starts_with("typical")) else {
        return Ok(());
    };
    let manifest = backend.manifest(large.id).await?;
    let spread = (manifest.files.len() / TYPICAL_BATCH_FILES as usize).max(1);
    let files: Arc<[_]> =
        manifest.files.keys().copied().step_by(spread).take(TYPICAL_BATCH_FILES as usize).collect();
    let mut times = Vec::new();
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        backend.check_integrity(IntegrityScope::Files(large.id, Arc::clone(&files))).await?;
        times.push(begin.elapsed());
    }
    let figure =
        format!("{}: integrity of {} files among {}", backend.info().kind, files.len(), manifest.files.len());
    report.add_percentile(figure, 95, times, INTEGRITY_MS);
    Ok(())
}

async fn measure_health(report: &mut Report, backend: &dyn DatabaseBackend) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        backend.health_check().await?;
        times.push(begin.elapsed());
    }
    report.add_percentile(format!("{}: health check", backend.info().kind), 95, times, HEALTH_MS);
    Ok(())
}

/// Adds how many a minute these were.
fn add_rate(report: &mut Report, figure: impl Into<String>, count: u64, elapsed: Duration, least: f64) {
    report.add(figure, count as f64 / elapsed.as_secs_f64() * 60.0, Limit::at_least(least, "/min"));
}

/// The most memory that this process ever had, as Linux tells it.
fn peak_memory_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    kibibytes.and_then(|number| number.parse::<f64>().ok()).map(|number| number / 1_024.0).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "this system does not say how much memory was used")
    })
}
