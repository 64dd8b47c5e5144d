//! How fast changed files get into a PostgreSQL that holds them: `cargo xtask incremental`.
//!
//! Files of fifty rows, loaded before, with keys, indexes and history in place, on a private server with everything that makes a
//! commit durable: all of them change at once, first in every row, then in a tenth of them, over the Unix socket and over TCP in
//! turn. What is measured ends when the derived tables are up to date, after the commit. Then one file of a small tree changes,
//! and the command line loads it. Exits non-zero when a figure misses its limit.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

mod fifty_rows;
mod judgement;
mod row_counter;
#[path = "incremental/small_tree.rs"]
mod small_tree;

use std::{
    fs,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use fifty_rows::Version;
use judgement::{Limit, Report};
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, MigrateMode, Result,
    load::{Batch, LoadPlan, Marker, PhaseTime, Publication, PublishResult, Repository, Snapshot},
    model::TransformedAst,
};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

/// Files unless `SNAKE_PIPE_INCREMENTAL_FILES` says otherwise.
const FILES: usize = 4_000;
/// How often each way of changing them is measured; the median counts.
const ROUNDS: usize = 3;
const FILES_PER_BATCH: usize = 500;
const DATABASE: &str = "incremental";

const WHOLE_FILES_PER_SECOND: f64 = 1_000.0;
const TENTH_FILES_PER_SECOND: f64 = 2_000.0;
const TCP_SHARE: f64 = 0.8;

/// What a change leaves as it was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// Nothing: every row differs.
    Whole,
    /// Nine tenths of the rows.
    Tenth,
}

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
    let files = std::env::var("SNAKE_PIPE_INCREMENTAL_FILES").ok().and_then(|text| text.parse().ok());
    let files = files.unwrap_or(FILES);
    let is_profiled = std::env::var_os("SNAKE_PIPE_INCREMENTAL_PROFILE").is_some();
    let mut options =
        ClusterOptions::durable().setting("max_wal_size", "4GB").setting("track_commit_timestamp", "on");
    if is_profiled {
        options = options.setting("shared_preload_libraries", "pg_stat_statements");
    }
    let cluster = PostgresCluster::start(options)?;
    let mut report = Report::default();
    measure_changes(&mut report, &cluster, files, is_profiled).await?;
    small_tree::measure(&mut report, &cluster)?;
    println!("load average {}", load_average());
    Ok(report)
}

async fn measure_changes(
    report: &mut Report,
    cluster: &PostgresCluster,
    files: usize,
    is_profiled: bool,
) -> Result<()> {
    let ways = [
        ("Unix socket", connect(&cluster.create_database(DATABASE)?).await?),
        ("TCP", connect(&cluster.database_tcp_url(DATABASE)).await?),
    ];
    let mut version = Version::default();
    load(&ways[0].1, &facts(files, version)?).await?;
    for (edit, title, least) in [
        (Edit::Whole, "changed files of 50 rows, every row different", WHOLE_FILES_PER_SECOND),
        (Edit::Tenth, "changed files of 50 rows, 5 rows different", TENTH_FILES_PER_SECOND),
    ] {
        if is_profiled {
            cluster.psql_in(
                DATABASE,
                "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()",
            )?;
        }
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for ((name, backend), rates) in ways.iter().zip(&mut rates) {
                match edit {
                    Edit::Whole => version.whole += 1,
                    Edit::Tenth => version.tenth += 1,
                }
                let (elapsed, phases) = load(backend, &facts(files, version)?).await?;
                eprintln!("{title}, {name}: {elapsed:.2?}, of which {}", shown(&phases));
                rates.push(files as f64 / elapsed.as_secs_f64());
            }
        }
        let [socket, tcp] = rates.map(median);
        report.add(format!("{title}, over the Unix socket"), socket, Limit::at_least(least, "/s"));
        report.add(format!("{title}, over TCP ÷ socket"), tcp / socket, Limit::at_least(TCP_SHARE, ""));
        if is_profiled {
            println!("{title}: milliseconds, calls, rows, statement\n{}", statements(cluster)?);
        }
    }
    for (_, backend) in ways {
        backend.close().await?;
    }
    Ok(())
}

async fn connect(url: &str) -> Result<PostgresBackend> {
    let backend = PostgresBackend::new(PostgresConfig::from_url(url)?);
    backend.connect().await?;
    backend.migrate(MigrateMode::Apply).await?;
    Ok(backend)
}

fn facts(files: usize, version: Version) -> Result<Vec<Arc<TransformedAst>>> {
    let facts: Vec<_> = (0..files).map(|number| Arc::new(fifty_rows::file(number, files, version))).collect();
    let rows = row_counter::count_rows(facts.iter().map(|facts| &**facts));
    if rows != fifty_rows::ROWS * files as u64 {
        return Err(Error::new(ErrorKind::Internal, format!("{files} files became {rows} rows")));
    }
    Ok(facts)
}

/// Loads whole files as one run does. How long it took to the end, and what of it publishing.
async fn load(
    backend: &PostgresBackend,
    facts: &[Arc<TransformedAst>],
) -> Result<(Duration, Vec<PhaseTime>)> {
    let begin = Instant::now();
    let files = facts.iter().map(|facts| facts.key());
    let mut session =
        backend.begin_load(LoadPlan::complete(Repository::named("changing"), "1", files)).await?;
    for files in facts.chunks(FILES_PER_BATCH) {
        session.write_batch(Arc::new(Batch { files: files.to_vec(), ..Batch::default() })).await?;
    }
    let publication = Publication { marker: Marker::random(), snapshot: Snapshot::default() };
    match session.publish(publication).await? {
        PublishResult::Published(result) if result.files == facts.len() as u64 => {
            Ok((begin.elapsed(), result.phases))
        }
        other => Err(Error::new(ErrorKind::Internal, format!("the load ended otherwise: {other:?}"))),
    }
}

fn shown(phases: &[PhaseTime]) -> String {
    let shown = phases.iter().map(|phase| format!("{} {:.2?}", phase.phase, phase.duration));
    shown.collect::<Vec<_>>().join(", ")
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// The statements on which the server spent most time.
fn statements(cluster: &PostgresCluster) -> Result<String> {
    cluster.psql_in(
        DATABASE,
        "SELECT round(total_exec_time), calls, rows, left(regexp_replace(query, '\\s+', ' ', 'g'), 110)
         FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 40",
    )
}

fn load_average() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".to_owned()).trim_end().to_owned()
}
