//! The developer's commands: `cargo xtask check | test | bench | acceptance | accuracy | edges | incremental | peers | queries | whole | chaos | replay |
//! fuzz | coverage | package`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]

mod accuracy;
mod bench;
mod chaos;
mod check;
mod coverage;
mod debian;
mod edges;
mod examples;
mod fuzz;
mod links;
mod package;
mod postgres;
mod replay;
mod shell;
mod test;
mod versions;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a command returns; the error is a message for the terminal.
type Result<T = ()> = std::result::Result<T, String>;

/// The developer's commands of snake-pipe.
///
/// Before a commit: `cargo xtask check`, then `cargo xtask test`. Both together are what `.ci/run` does.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, documentation, architecture and links, of the crates in examples/ too: everything but the tests.
    ///
    /// Runs every step even when one fails, and says at the end how to run those that failed alone.
    Check {
        /// Run these steps only.
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(check::step_names()))]
        steps: Vec<String>,
    },

    /// All tests of the workspace and of the crates in examples/, documentation tests included.
    ///
    /// Tests of the PostgreSQL backend start servers of their own and need only the server's programs. Where there are
    /// none, this command installs them if it runs as root on Debian or Ubuntu, and else says what to run.
    #[command(after_help = TEST_EXAMPLES)]
    Test {
        /// The conformance suite alone, on every supported version of PostgreSQL, which npm fetches.
        #[arg(long)]
        all_postgres: bool,
        /// Arguments for `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },

    /// The benchmarks, with optimisation.
    #[command(after_help = BENCH_EXAMPLES)]
    Bench {
        /// Arguments for the benchmarks: a filter, or criterion's options.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },

    /// Whether this machine keeps the figures that the requirements promise: throughput, latencies, memory.
    ///
    /// Loads real code into an SQLite file and into a PostgreSQL server of its own, both durable, prints every figure
    /// beside its limit, and fails when one misses it. Takes minutes, and the machine for itself.
    Acceptance {
        /// The source tree to load; Python's standard library unless given.
        tree: Option<std::path::PathBuf>,
    },

    /// How right the facts are: the extractor against the languages' own parsers on pinned public code.
    ///
    /// Fetches the code through the registries' own clients into the user's cache (once), runs both sides, joins what
    /// they say, and writes precision and recall to docs/accuracy.md. Every difference is kept as a line below
    /// target/accuracy/LANGUAGE/differences/. Takes minutes.
    #[command(after_help = ACCURACY_EXAMPLES)]
    Accuracy(accuracy::Options),

    /// How right the edges are: imports against programs that know which file they mean; the figures go to docs/accuracy.md.
    Edges(edges::Options),

    /// How fast changed files get into a PostgreSQL that holds them: throughput over the Unix socket and over TCP, and one
    /// changed file of a small tree by the command line.
    ///
    /// Starts a durable server of its own, prints every figure beside its limit, and fails when one misses it. Takes two
    /// minutes, and the machine for itself.
    Incremental {
        /// Files of fifty rows that change; 4,000 unless given.
        files: Option<usize>,
        /// Prints the statements on which the server spent most time, by pg_stat_statements.
        #[arg(long)]
        profile: bool,
    },

    /// How fast the same rows get into PostgreSQL by asyncpg, SQLAlchemy, psql and by us, side by side.
    ///
    /// Needs Python 3 with its module venv, and fetches the peers from PyPI into `target/peers`.
    Peers {
        /// Files of the made-up repository; 2,000 unless given, about 300,000 rows.
        files: Option<usize>,
    },

    /// How long every named query and every look-up takes on a database that is there, such as one that holds Linux.
    ///
    /// Only reads. Asks each question twice before it counts and twenty times after, prints the 95th percentile beside its
    /// limit as a table for docs/benchmarks.md, and fails when one misses it. Wants the machine for itself.
    Queries {
        /// The database, as `snake-pipe query --from` takes it.
        url: String,
    },

    /// Seeded sequences of faults: loads are disturbed in every way, and an auditor compares each backend with the source.
    ///
    /// In memory with a simulated clock, with SQLite and PostgreSQL in process, and with the real program and server that are
    /// killed. A sequence that fails names its seed. Takes minutes.
    Chaos {
        /// Sequences in memory; with SQLite a tenth of it, with PostgreSQL a twentieth, with processes a hundredth.
        #[arg(long, default_value_t = 10_000)]
        sequences: u64,
        /// The seed of the first; each that follows has the next number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },

    /// Real histories, step by step: after each, the rows in SQLite and in PostgreSQL are those of a clean load.
    ///
    /// The commits of this repository, and successive releases of packages, fetched through pip once into the user's cache; after each
    /// release a function is changed that other files call, and nothing else. A step after which rows differ is printed
    /// with its tables and rows, and fails the command. Takes the better part of an hour.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(replay::Options),

    /// Inputs that nobody wrote, and real sources with something done to them, against all that reads.
    ///
    /// Extraction in every language, within bounds of time and memory that are printed; facts from elsewhere; the configuration;
    /// rows to a PostgreSQL server and back. Every run of the tests tries a few; this tries more, with optimisation.
    Fuzz(fuzz::Options),

    /// How many lines of the crates and plugins the tests run, crate by crate; fails under 90 %.
    ///
    /// Needs cargo-llvm-cov, which it installs, and LLVM's tools in the version of the compiler, which it looks for
    /// and fetches through rustup where it can. The details by line: target/coverage/html/index.html.
    Coverage,

    /// How a whole tree gets into PostgreSQL: the first load against parsing alone, its peak of memory, the tree unchanged, and one
    /// file changed.
    ///
    /// Starts a durable server of its own, loads by the command line, shows where the time goes, and prints every figure beside
    /// its limit; fails when one misses it. Wants Linux's own source, and the machine for itself.
    Whole {
        /// The source tree; it is left as it is.
        tree: std::path::PathBuf,
    },

    /// Whether every crate and plugin can be packaged, and builds from its own package alone.
    Package,
}

const TEST_EXAMPLES: &str = "\
Examples:
  cargo xtask test                             everything
  cargo xtask test -- fence                    tests with `fence` in their name
  cargo xtask test -- -p snake-pipe-core       one crate
  cargo xtask test -- fence -- --nocapture     with their output
  cargo xtask test --all-postgres              the conformance suite on PostgreSQL 13 to 18";

const BENCH_EXAMPLES: &str = "\
Examples:
  cargo xtask bench                everything: minutes
  cargo xtask bench parse          benchmarks with `parse` in their name
  cargo xtask bench --quick parse  the same, with fewer samples";

const ACCURACY_EXAMPLES: &str = "\
Examples:
  cargo xtask accuracy                             every language that has a judge
  cargo xtask accuracy python                      one language
  cargo xtask accuracy python --corpus ~/project   on code of one's own; prints the figures alone";

const REPLAY_EXAMPLES: &str = "\
Examples:
  cargo xtask replay                                  both histories
  cargo xtask replay releases --steps 50              the last fifty steps of one
  cargo xtask replay commits --repository ~/project   the commits of another repository";

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check { steps } => check::run(&steps),
        Command::Test { all_postgres: true, .. } => versions::run(),
        Command::Test { arguments, .. } => test::run(&arguments),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Acceptance { tree } => bench::acceptance(tree.as_deref()),
        Command::Accuracy(options) => accuracy::run(&options),
        Command::Edges(options) => edges::run(&options),
        Command::Incremental { files, profile } => bench::incremental(files, profile),
        Command::Peers { files } => bench::peers(files),
        Command::Queries { url } => bench::queries(&url),
        Command::Chaos { sequences, seed } => chaos::run(sequences, seed),
        Command::Replay(options) => replay::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Coverage => coverage::run(),
        Command::Whole { tree } => bench::whole(&tree),
        Command::Package => package::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nothing may follow the summary of `test`, which has said all by then.
            if !message.is_empty() {
                eprintln!("error: {message}");
            }
            ExitCode::FAILURE
        }
    }
}
