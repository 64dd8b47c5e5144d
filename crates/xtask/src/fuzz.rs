//! Trying more inputs than every run of the tests has time for.

use std::path::Path;

use crate::{
    Result, postgres,
    shell::{self, cargo},
};

/// What the command is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Cases of every property; of sources in each language, of rows that go through a server a tenth.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    cases: u32,

    /// A folder of sources that are changed and extracted besides those that stand here.
    #[arg(long, value_name = "DIRECTORY")]
    corpus: Option<std::path::PathBuf>,
}

/// Runs the properties one after the other; the first that does not hold ends the command, with the smallest input that shows it.
pub(crate) fn run(options: &Options) -> Result {
    postgres::install_if_missing()?;
    let corpus = options.corpus.as_deref().map(Path::canonicalize).transpose();
    let corpus = corpus.map_err(|error| format!("cannot read the corpus: {error}"))?;
    for property in PROPERTIES {
        let mut test = cargo(&["test", "--release", "-p"]);
        test.args(property.arguments).args(["--", property.filter, "--nocapture"]);
        test.env("PROPTEST_CASES", options.cases.div_ceil(property.part).to_string());
        if let Some(corpus) = &corpus {
            test.env("FUZZ_CORPUS", corpus);
        }
        shell::run(&mut test)?;
    }
    Ok(())
}

/// Tests that take their number of cases from the environment.
struct Property {
    arguments: &'static [&'static str],
    filter: &'static str,
    /// Of so many cases that are asked for it tries one.
    part: u32,
}

/// Sources in every language and facts from elsewhere; the configuration; rows by COPY and by parameters, there and back.
const PROPERTIES: [Property; 3] = [
    Property { arguments: &["snake-pipe-extract", "--test", "fuzz"], filter: "any_", part: 1 },
    Property { arguments: &["snake-pipe", "--lib"], filter: "any_file_and_any_environment", part: 1 },
    Property {
        arguments: &["snake-pipe-postgres", "--test", "behaviour"],
        filter: "values_come_back",
        part: 10,
    },
];
