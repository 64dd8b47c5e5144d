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
        .filter(|name| name != ACCEPTANCE && name != PEERS)
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::benchmarks;
    use crate::shell;

    #[test]
    fn what_judges_is_no_benchmark() {
        let names = benchmarks(&shell::root().join("benches")).unwrap();
        assert!(names.contains(&"load".to_owned()) && !names.contains(&"acceptance".to_owned()), "{names:?}");
    }
}
