//! Running the benchmarks.

use std::{fs, path::Path, process::Command};

use crate::{
    Result, postgres,
    shell::{self, cargo},
};

/// The program that judges instead of measuring, and takes no arguments.
const ACCEPTANCE: &str = "acceptance";
/// The program that measures others beside us, which need to be fetched.
const PEERS: &str = "peers";
/// The program that judges loads of changed files.
const INCREMENTAL: &str = "incremental";
/// The program that judges answers of a database that is there.
const QUERIES: &str = "queries";
/// The program that judges loads of a whole tree.
const WHOLE: &str = "whole";
/// Programs that take no arguments of criterion.
const OTHERS: [&str; 5] = [ACCEPTANCE, PEERS, INCREMENTAL, QUERIES, WHOLE];

/// Runs the benchmark programs alone: unit tests would only add noise.
pub(crate) fn run(arguments: &[String]) -> Result {
    postgres::install_if_missing()?;
    let names = benchmarks(&shell::root().join("benches"))?;
    let mut command = cargo(&["bench", "--all-features"]);
    command.args(names.iter().flat_map(|name| ["--bench", name]));
    shell::run(command.arg("--").args(arguments))
}

/// Measures what the requirements promise, on this tree or on one that the program finds, and fails when a figure misses its
/// limit.
pub(crate) fn acceptance(tree: Option<&Path>) -> Result {
    postgres::install_if_missing()?;
    let mut command = cargo(&["bench", "--all-features", "--bench", ACCEPTANCE]);
    if let Some(tree) = tree {
        let tree = tree.canonicalize().map_err(|error| format!("cannot read {}: {error}", tree.display()))?;
        command.env("SNAKE_PIPE_ACCEPTANCE_TREE", tree);
    }
    shell::run(&mut command)
}

/// Measures loads of changed files into a PostgreSQL of its own, and fails when a figure misses its limit.
pub(crate) fn incremental(files: Option<usize>, is_profiled: bool) -> Result {
    postgres::install_if_missing()?;
    let mut command = cargo(&["bench", "--all-features", "--bench", INCREMENTAL]);
    if let Some(files) = files {
        command.env("SNAKE_PIPE_INCREMENTAL_FILES", files.to_string());
    }
    if is_profiled {
        command.env("SNAKE_PIPE_INCREMENTAL_PROFILE", "1");
    }
    shell::run(&mut command)
}

/// Parses a tree alone, then loads it into a PostgreSQL of its own, and fails when a figure misses its limit.
pub(crate) fn whole(tree: &Path) -> Result {
    postgres::install_if_missing()?;
    let tree = tree.canonicalize().map_err(|error| format!("cannot read {}: {error}", tree.display()))?;
    // Built before, so that nothing but the measured programs runs.
    shell::run(&mut cargo(&["bench", "--all-features", "--bench", WHOLE, "--no-run"]))?;
    let mut parsing =
        cargo(&["run", "--release", "--package", "snake-pipe-extract", "--example", "parse_floor"]);
    parsing.args(["--", "--threads", "0"]).arg(&tree);
    let told = shell::output(&mut parsing)
        .ok_or("parsing alone failed: run the example `parse_floor` to see why")?;
    println!("{told}");
    let seconds = floor_seconds(&told).ok_or("`parse_floor` does not say how long parsing took")?;
    let mut command = cargo(&["bench", "--all-features", "--bench", WHOLE]);
    command.env("SNAKE_PIPE_WHOLE_TREE", tree).env("SNAKE_PIPE_WHOLE_FLOOR_SECONDS", seconds);
    shell::run(&mut command)
}

/// The time in `parse only, 2 threads: 33.60 s, …`.
fn floor_seconds(told: &str) -> Option<&str> {
    let line = told.lines().find(|line| line.starts_with("parse only, "))?;
    line.split_once("threads: ")?.1.split_once(" s").map(|(seconds, _)| seconds)
}

/// Measures every question on a database that is there, and fails when one misses its limit.
pub(crate) fn queries(url: &str) -> Result {
    let mut command = cargo(&["bench", "--all-features", "--bench", QUERIES]);
    // Not shown with the command: it may hold a password.
    shell::run_with_secret(&mut command, "SNAKE_PIPE_QUERIES_URL", url)
}

/// Loads the same rows by our peers and by us, side by side. Their programs come from PyPI, into an environment of their own
/// below `target/`.
pub(crate) fn peers(files: Option<usize>) -> Result {
    postgres::install_if_missing()?;
    let folder = shell::root().join("benches/peers");
    let environment = shell::root().join("target/peers");
    let python = environment.join("bin/python");
    if !python.exists() {
        shell::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let requirements = folder.join("requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    shell::run(Command::new(&python).args(install).arg(requirements))?;
    let mut command = cargo(&["bench", "--all-features", "--bench", PEERS]);
    command.env("SNAKE_PIPE_PEERS_PYTHON", python);
    if let Some(files) = files {
        command.env("SNAKE_PIPE_PEERS_FILES", files.to_string());
    }
    shell::run(&mut command)
}

/// The names of the benchmark programs, sorted.
fn benchmarks(folder: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| !OTHERS.contains(&name.as_str()))
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{benchmarks, floor_seconds};
    use crate::shell;

    #[test]
    fn the_floor_is_read_from_what_parsing_alone_prints() {
        let told = "found and hashed in 1.00 s\nparse only, 2 threads: 33.60 s, 66.30 s of cores, 35.1 MB/s";
        assert_eq!(floor_seconds(told), Some("33.60"));
        assert_eq!(floor_seconds("nothing"), None);
    }

    #[test]
    fn what_judges_is_no_benchmark() {
        let names = benchmarks(&shell::root().join("benches")).unwrap();
        assert!(names.contains(&"load".to_owned()) && !names.contains(&"acceptance".to_owned()), "{names:?}");
    }
}
