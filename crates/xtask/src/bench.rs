//! Running the benchmarks.

use crate::{
    Result, postgres,
    shell::{self, cargo},
};

/// Runs the benchmark programs alone: unit tests would only add noise.
pub(crate) fn run(arguments: &[String]) -> Result {
    postgres::install_if_missing()?;
    shell::run(cargo(&["bench", "--workspace", "--all-features", "--bench", "*", "--"]).args(arguments))
}
