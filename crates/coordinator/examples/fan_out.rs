//! What a second backend costs the first one: `cargo run --release -p snake-pipe-coordinator --example fan_out`.
//!
//! The backends take their time as a database does that works on another machine: they wait. So the figures are those of the
//! coordinator itself; what two databases on one machine take from each other's processor comes on top.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::stream;
use snake_pipe_coordinator::{CoordinatorOptions, LaneSummary, Pipeline, RetryOptions};
use snake_pipe_core::{
    DatabaseBackend, ErrorKind, JsonText, Result, load::Repository, mock::MockDatabaseBackend,
    model::TransformedAst,
};
use snake_pipe_testkit::faults::{Fault, FaultyBackend, Operation};

const FILES: usize = 4_000;
const FILE_BYTES: usize = 20_000;
/// Files in a batch.
const BATCH: usize = 20;
const ROUNDS: usize = 5;

/// A file of so many bytes.
fn facts(number: usize, text: &JsonText) -> Arc<TransformedAst> {
    let path = format!("{number:06}.py");
    Arc::new(TransformedAst { ast_content: Some(text.clone()), ..TransformedAst::new(path.as_str().into()) })
}

fn options() -> CoordinatorOptions {
    CoordinatorOptions {
        batch_bytes: BATCH * FILE_BYTES,
        lane_bytes: 4 * BATCH * FILE_BYTES,
        lag_limit: Duration::from_millis(200),
        retry: RetryOptions { attempts: 1, base: Duration::from_millis(10), ..RetryOptions::default() },
        ..CoordinatorOptions::default()
    }
}

/// A backend that takes so long for a batch.
fn paced(each: Duration) -> Arc<dyn DatabaseBackend> {
    let backend = FaultyBackend::new(Arc::new(MockDatabaseBackend::accepting()));
    backend.faults().always(Operation::SessionWrite, Fault::Delay(each));
    Arc::new(backend)
}

fn dead() -> Arc<dyn DatabaseBackend> {
    let backend = FaultyBackend::new(Arc::new(MockDatabaseBackend::accepting()));
    backend.faults().always(Operation::Connect, Fault::Fail(ErrorKind::Connection));
    Arc::new(backend)
}

/// How long the first of these backends takes, by its own lane.
async fn first_lane(backends: Vec<Arc<dyn DatabaseBackend>>) -> Result<LaneSummary> {
    let text = JsonText::from_trusted(format!("\"{}\"", "x".repeat(FILE_BYTES - 1_000)));
    let facts = (0..FILES).map(move |number| Ok(facts(number, &text)));
    let pipeline =
        Pipeline::from(stream::iter(facts)).repository(Repository::named("app")).options(options());
    let summary = backends.into_iter().fold(pipeline, Pipeline::to).run().await?;
    Ok(summary.lanes.into_iter().next().expect("there is a lane for each backend"))
}

/// The median time of some runs, in milliseconds.
async fn median(backends: impl Fn() -> Vec<Arc<dyn DatabaseBackend>>) -> Result<u64> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(first_lane(backends()).await?.duration_ms);
    }
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}

#[tokio::main]
async fn main() -> Result<()> {
    let (slower, faster) = (Duration::from_millis(10), Duration::from_millis(7));
    let started = Instant::now();
    let alone = median(|| vec![paced(slower)]).await?;
    let cases = [
        ("beside a faster one", median(|| vec![paced(slower), paced(faster)]).await?),
        ("beside an equal one", median(|| vec![paced(slower), paced(slower)]).await?),
        ("beside one that is dead", median(|| vec![paced(slower), dead()]).await?),
        ("beside one ten times as slow", median(|| vec![paced(slower), paced(10 * slower)]).await?),
    ];
    let batches = FILES / BATCH;
    println!(
        "{FILES} files of {FILE_BYTES} bytes in {batches} batches, {slower:?} each; medians of {ROUNDS} runs"
    );
    println!("alone: {alone} ms");
    for (case, time) in cases {
        println!("{case}: {time} ms ({:+.1} %)", (time as f64 / alone as f64 - 1.0) * 100.0);
    }
    println!("measured in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}
