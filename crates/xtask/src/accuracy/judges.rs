//! The judges: which program says what is right, on which code.

mod commands;
mod table;

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) use self::commands::TYPESCRIPT;
use self::table::JUDGES;
use super::{corpora::Source, fact::Places, measures::MEASURES};
use crate::{Result, debian, shell};

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
    /// What it knows of the place of a definition.
    pub(crate) places: Places,
    /// The program that reads a tree, and its version.
    pub(crate) command: fn(&Path) -> Result<(Command, String)>,
}

/// Every judge, those of numbers included; those of one corpus follow each other, so that it is extracted once.
pub(crate) fn all() -> Vec<&'static Judge> {
    let mut all: Vec<&Judge> = JUDGES.iter().chain(MEASURES).collect();
    all.sort_by_key(|judge| {
        let place = JUDGES.iter().position(|it| it.language == judge.of_facts().language);
        place.unwrap_or(JUDGES.len())
    });
    all
}

/// The names of the languages, and of what is measured of them.
pub(crate) fn names() -> Vec<&'static str> {
    all().iter().map(|judge| judge.language).collect()
}

impl Judge {
    /// The judge of the language's facts, on whose corpus its numbers are compared too unless they have one of their own.
    pub(crate) fn of_facts(&'static self) -> &'static Self {
        if !self.corpus.is_empty() {
            return self;
        }
        let name = self.language.split('-').next().unwrap_or(self.language);
        JUDGES.iter().find(|judge| judge.language == name).unwrap_or(self)
    }
}

/// The folder of the judges' programs.
pub(crate) fn programs() -> PathBuf {
    shell::root().join("crates/xtask/judges")
}

/// Installs a Python where there is none and packages may be installed; else the tests say what is missing.
pub(crate) fn install_python_if_missing() -> Result {
    if python_program().is_err() && debian::may_install() { debian::install(&["python3"]) } else { Ok(()) }
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
