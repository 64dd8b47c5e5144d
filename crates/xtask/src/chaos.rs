//! Long sequences of faults: what every CI run does in small, as long as one likes.

use crate::{
    Result, postgres,
    shell::{self, cargo},
};

/// The smallest number of sequences against real processes that says anything.
const LEAST_PROCESSES: u64 = 3;

/// Runs the sequences: `sequences` in memory, and of those that take longer a part.
pub(crate) fn run(sequences: u64, seed: u64) -> Result {
    postgres::install_if_missing()?;
    let parts = Parts::of(sequences);
    println!(
        "{sequences} sequences in memory, {} with SQLite, {} with PostgreSQL, {} with processes that are killed; from seed {seed}",
        parts.sqlite, parts.postgres, parts.processes
    );
    let mut in_memory = cargo(&["test", "--release", "-p", "snake-pipe-coordinator", "--test", "chaos"]);
    in_memory.args(["--", "--nocapture"]);
    in_memory.env("CHAOS_SEED", seed.to_string()).env("CHAOS_SEQUENCES", sequences.to_string());
    shell::run(&mut in_memory)?;
    let mut with_databases = cargo(&["test", "--release", "-p", "snake-pipe", "--test", "chaos"]);
    with_databases.args(["--", "--nocapture", "--test-threads=1"]);
    with_databases
        .env("CHAOS_SEED", seed.to_string())
        .env("CHAOS_STRIDE", "1")
        .env("CHAOS_SQLITE", parts.sqlite.to_string())
        .env("CHAOS_POSTGRES", parts.postgres.to_string())
        .env("CHAOS_PROCESSES", parts.processes.to_string());
    shell::run(&mut with_databases)
}

/// How many of the slower sequences belong to so many in memory.
struct Parts {
    sqlite: u64,
    postgres: u64,
    processes: u64,
}

impl Parts {
    const fn of(sequences: u64) -> Self {
        let processes = sequences / 100;
        Self {
            sqlite: sequences / 10,
            postgres: sequences / 20,
            processes: if processes < LEAST_PROCESSES { LEAST_PROCESSES } else { processes },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    #[test]
    fn ten_thousand_sequences_are_a_hundred_with_processes() {
        let parts = Parts::of(10_000);
        assert_eq!((parts.sqlite, parts.postgres, parts.processes), (1_000, 500, 100));
        assert_eq!(Parts::of(10).processes, 3);
    }
}
