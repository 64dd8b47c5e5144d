//! The judges: which program says what is right, on which code.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::corpora::Source;
use crate::{Result, shell};

/// A judge of one language.
pub(crate) struct Judge {
    /// The language's name, as the command takes it.
    pub(crate) language: &'static str,
    /// The names under which the extractor knows the files.
    pub(crate) extracted: &'static [&'static str],
    /// Who judges, for the report.
    pub(crate) name: &'static str,
    /// What is fetched to compare on.
    pub(crate) corpus: &'static [Source],
    /// What the corpus is, for the report.
    pub(crate) corpus_name: &'static str,
    /// The share that precision and recall have to reach.
    pub(crate) goal: f64,
    /// The program that reads a tree, and its version.
    pub(crate) command: fn(&Path) -> Result<(Command, String)>,
}

/// Every judge.
pub(crate) static JUDGES: &[Judge] = &[Judge {
    language: "python",
    extracted: &["python"],
    name: "the module `ast` of CPython",
    corpus: &[
        Source::PythonLibrary,
        Source::PyPi("ansible-core==2.17.0"),
        Source::PyPi("celery==5.4.0"),
        Source::PyPi("dask==2024.5.2"),
        Source::PyPi("distributed==2024.5.2"),
        Source::PyPi("Django==5.0.6"),
        Source::PyPi("docutils==0.21.2"),
        Source::PyPi("Faker==25.8.0"),
        Source::PyPi("jedi==0.19.1"),
        Source::PyPi("mypy==1.10.0"),
        Source::PyPi("networkx==3.3"),
        Source::PyPi("nltk==3.8.1"),
        Source::PyPi("nova==29.0.2"),
        Source::PyPi("pylint==3.2.2"),
        Source::PyPi("pytest==8.2.2"),
        Source::PyPi("Scrapy==2.11.2"),
        Source::PyPi("Sphinx==7.3.7"),
        Source::PyPi("SQLAlchemy==2.0.30"),
        Source::PyPi("sympy==1.12.1"),
        Source::PyPi("transformers==4.41.2"),
        Source::PyPi("Twisted==24.3.0"),
    ],
    corpus_name: "the standard library of the judging Python, and twenty source distributions",
    goal: 0.9995,
    command: python,
}];

/// The names of the languages.
pub(crate) fn names() -> Vec<&'static str> {
    JUDGES.iter().map(|judge| judge.language).collect()
}

/// The folder of the judges' programs.
pub(crate) fn programs() -> PathBuf {
    shell::root().join("crates/xtask/judges")
}

/// The newest Python that is there, from 3.12 on if there is one: before, places inside f-strings are wrong.
pub(crate) fn python_program() -> Result<(PathBuf, String)> {
    let versions = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let asked = env::var("JUDGE_PYTHON").ok();
    let candidates = asked.as_deref().into_iter().chain([
        "python3.14",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3",
    ]);
    candidates
        .filter_map(|program| {
            let version = shell::output(Command::new(program).args(["-c", versions]))?;
            Some((PathBuf::from(program), version))
        })
        .next()
        .ok_or_else(|| "no python3 to judge by; install one, or name it in JUDGE_PYTHON".to_owned())
}

fn python(corpus: &Path) -> Result<(Command, String)> {
    let (program, version) = python_program()?;
    let mut command = Command::new(program);
    command.arg(programs().join("python/facts.py")).arg(corpus);
    Ok((command, format!("CPython {version}")))
}
