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
use snake_pipe_coordinator::{CoordinatorOptions, Pipeline, RetryOptions};
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

/// How long each of these backends takes, by its own lane, in milliseconds. The facts can be had again, as those of a source tree.
async fn lanes(backends: Vec<Arc<dyn DatabaseBackend>>) -> Result<Vec<u64>> {
    let text = JsonText::from_trusted(format!("\"{}\"", "x".repeat(FILE_BYTES - 1_000)));
    let files = move || {
        let text = text.clone();
        stream::iter((0..FILES).map(move |number| Ok(facts(number, &text))))
    };
    let pipeline = Pipeline::from(files()).replay(files).repository(Repository::named("app"));
    let summary = backends.into_iter().fold(pipeline.options(options()), Pipeline::to).run().await?;
    Ok(summary.lanes.iter().map(|lane| lane.duration_ms).collect())
}

/// The median times of some runs, in milliseconds: those of the first backend, and of the last.
async fn median(backends: impl Fn() -> Vec<Arc<dyn DatabaseBackend>>) -> Result<(u64, u64)> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let times = lanes(backends()).await?;
        first.extend(times.first());
        last.extend(times.last());
    }
    first.sort_unstable();
    last.sort_unstable();
    Ok((first[ROUNDS / 2], last[ROUNDS / 2]))
}

#[tokio::main]
async fn main() -> Result<()> {
    let (own, faster) = (Duration::from_millis(10), Duration::from_millis(7));
    let started = Instant::now();
    let alone = median(|| vec![paced(own)]).await?.0;
    println!(
        "{FILES} files of {FILE_BYTES} bytes in {} batches, {own:?} each; medians of {ROUNDS} runs",
        FILES / BATCH
    );
    println!("alone: {alone} ms");
    let of =
        |time: u64, alone: u64| format!("{time} ms ({:+.1} %)", (time as f64 / alone as f64 - 1.0) * 100.0);
    for (case, other) in [("a faster one", faster), ("an equal one", own)] {
        let time = median(|| vec![paced(own), paced(other)]).await?.0;
        println!("beside {case}: {}", of(time, alone));
    }
    println!("beside one that is dead: {}", of(median(|| vec![paced(own), dead()]).await?.0, alone));
    for times in [2, 10] {
        let other_alone = median(|| vec![paced(times * own)]).await?.0;
        let (time, other) = median(|| vec![paced(own), paced(times * own)]).await?;
        println!(
            "beside one {times} times as slow: {}; that one: {} against {other_alone} ms alone",
            of(time, alone),
            of(other, other_alone)
        );
    }
    println!("measured in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}
