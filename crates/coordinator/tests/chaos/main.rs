//! Seeded sequences of faults, and the auditor after each: whatever befalls the loads, at most one repeated command later every
//! backend holds exactly what the source tree says. Here with backends in memory, and a clock that is simulated; the same
//! sequences with SQLite and PostgreSQL are in `tests/chaos` of the whole.
//!
//! Every CI run takes some hundreds of sequences; `cargo xtask chaos` takes as many as it is told, from the seed that it is
//! told. A sequence that fails names its seed: add it to `SEEDS_THAT_FAILED`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say where they were"
)]

mod documents;
mod plan;
mod sequence;
mod soak;
mod subject;

use soak::{number, soak};
use subject::Shelf;

/// Seeds of sequences that found a bug, which was fixed.
const SEEDS_THAT_FAILED: &[u64] = &[8919, 3702];

/// Sequences of every CI run, and the seed of the first.
const SEQUENCES: u64 = 120;
const SEED: u64 = 1;

fn shelf() -> Shelf {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    Shelf { runtime, is_simulated: true, open: None, disturb: None }
}

#[test]
fn after_any_sequence_of_faults_and_one_repetition_every_backend_holds_what_the_source_says() {
    let first = number("CHAOS_SEED", SEED);
    soak(first..first + number("CHAOS_SEQUENCES", SEQUENCES), shelf);
}

#[test]
fn sequences_that_failed_once_fail_no_more() {
    soak(SEEDS_THAT_FAILED.iter().copied(), shelf);
}
