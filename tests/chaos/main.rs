//! Seeded sequences of faults with real databases, and the auditor after each: whatever befalls the loads, at most one repeated
//! command later every backend holds exactly what the source tree says. In process with SQLite and PostgreSQL (those in memory
//! are in `crates/coordinator/tests/chaos`), and with the real program and a real server that are killed.
//!
//! Every CI run takes a few of each; `cargo xtask chaos` takes as many as it is told, from the seed that it is told.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say where they were"
)]

#[expect(dead_code, reason = "another test compares with the rows of the whole tree")]
#[path = "../big_tree/mod.rs"]
mod big_tree;
#[path = "../../crates/coordinator/tests/chaos/documents.rs"]
mod documents;
mod failpoints;
#[path = "../../crates/coordinator/tests/chaos/plan.rs"]
mod plan;
mod positions;
mod processes;
#[expect(dead_code, reason = "another test compares by panicking")]
#[path = "../program/mod.rs"]
mod program;
#[path = "../../crates/coordinator/tests/chaos/sequence.rs"]
mod sequence;
mod server;
#[path = "../small_disk/mod.rs"]
mod small_disk;
#[path = "../../crates/coordinator/tests/chaos/soak.rs"]
mod soak;
#[path = "../../crates/coordinator/tests/chaos/subject.rs"]
mod subject;

use std::path::Path;

use rand::Rng as _;
use snake_pipe_testkit::postgres::{Cut, PostgresProxy, TestDatabase, shared};
use soak::{number, soak};
use subject::Shelf;

/// Sequences of every CI run, and the seed of the first.
const SQLITE: u64 = 15;
const POSTGRES: u64 = 4;
const SEED: u64 = 1;

/// Databases work in threads and processes of their own, which a simulated clock would not wait for.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn sqlite() -> Shelf {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    let open = move |name: &str| {
        let url = format!("sqlite:{}", folder.path().join("chaos.db").display());
        snake_pipe::registry().unwrap().build(&url, Some(name.to_owned()), []).unwrap()
    };
    Shelf { runtime, is_simulated: false, open: Some(Box::new(open)), disturb: None }
}

/// Behind a proxy that cuts a connection in half of the runs.
fn postgres() -> Shelf {
    let database = TestDatabase::create().unwrap();
    let proxy = std::rc::Rc::new(PostgresProxy::start(shared().unwrap()).unwrap());
    let cutting = proxy.clone();
    let open = move |name: &str| {
        let url = proxy.url(database.name());
        snake_pipe::registry().unwrap().build(&url, Some(name.to_owned()), []).unwrap()
    };
    let disturb = move |random: Option<&mut rand::rngs::StdRng>| match random {
        None => cutting.pass(),
        Some(random) => match random.random_range(0..6) {
            0 => cutting.cut(Cut::ReplyToCommit),
            1 => cutting.cut(Cut::Message(random.random_range(1..60))),
            2 => cutting.cut(Cut::ReplyToMessage(random.random_range(1..60))),
            _ => {}
        },
    };
    Shelf { runtime, is_simulated: false, open: Some(Box::new(open)), disturb: Some(Box::new(disturb)) }
}

fn seeds(sequences: &str, default: u64) -> std::ops::Range<u64> {
    let first = number("CHAOS_SEED", SEED);
    first..first + number(sequences, default)
}

#[test]
fn after_any_sequence_of_faults_and_one_repetition_sqlite_holds_what_the_source_says() {
    soak(seeds("CHAOS_SQLITE", SQLITE), sqlite);
}

#[test]
fn after_any_sequence_of_faults_and_one_repetition_postgres_holds_what_the_source_says() {
    soak(seeds("CHAOS_POSTGRES", POSTGRES), postgres);
}
