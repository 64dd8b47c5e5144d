//! Running the benchmarks.

use std::{fs, path::Path};

use crate::{
    Result, postgres,
    shell::{self, cargo},
};

/// The program that judges instead of measuring, and takes no arguments.
const ACCEPTANCE: &str = "acceptance";

/// Runs the benchmark programs alone: unit tests would only add noise.
pub(crate) fn run(arguments: &[String]) -> Result {
    postgres::install_if_missing()?;
    let names = benchmarks(&shell::root().join("benches"))?;
    let mut command = cargo(&["bench", "--all-features"]);
    command.args(names.iter().flat_map(|name| ["--bench", name]));
    shell::run(command.arg("--").args(arguments))
}

/// Measures what the requirements promise, and fails when a figure misses its limit.
pub(crate) fn acceptance() -> Result {
    postgres::install_if_missing()?;
    shell::run(&mut cargo(&["bench", "--all-features", "--bench", ACCEPTANCE]))
}

/// The names of the benchmark programs, sorted.
fn benchmarks(folder: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != ACCEPTANCE)
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
