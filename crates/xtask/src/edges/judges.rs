//! The judges of edges: which program knows the file that an import means, on which code.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    accuracy::{
        corpora::{self, Source},
        judges,
    },
    shell::{self, cargo},
};

/// A judge of imports.
pub(super) struct Judge {
    pub(super) name: &'static str,
    /// Who judges, for the report.
    pub(super) title: &'static str,
    /// What an edge is, for the report.
    pub(super) what: &'static str,
    /// What the corpus is, for the report.
    pub(super) corpus_name: &'static str,
    /// Fetches the code to compare on.
    pub(super) corpus: fn() -> Result<PathBuf>,
    /// The share that precision and recall have to reach; none where there is no goal.
    pub(super) goal: Option<f64>,
    /// Whether the judge says what a file reaches through others, not what it imports itself.
    pub(super) is_closure: bool,
    pub(super) command: fn(&Path) -> Result<Command>,
}

/// Every judge.
pub(super) static JUDGES: &[Judge] = &[
    Judge {
        name: "python-imports",
        title: "grimp 3.19",
        what: "file imports file",
        corpus_name: "ten source distributions",
        corpus: || corpora::fetch_all("python-imports", PYTHON),
        goal: Some(0.995),
        is_closure: false,
        command: python,
    },
    Judge {
        name: "typescript-imports",
        title: "`ts.resolveModuleName` of TypeScript 5.4.5",
        what: "file imports file",
        corpus_name: "ten packages of npm, in JavaScript and TypeScript",
        corpus: || corpora::fetch_all("typescript-imports", NPM),
        goal: Some(0.995),
        is_closure: false,
        command: typescript,
    },
    Judge {
        name: "rust-modules",
        title: "rustc's dep-info, as the last build of this workspace left it",
        what: "crate has file",
        corpus_name: "twelve crates that this workspace depends on",
        corpus: || locked("rust-modules", &CRATES),
        goal: None,
        is_closure: true,
        command: rust,
    },
    Judge {
        name: "c-includes",
        title: "`gcc -MM`",
        what: "file includes file, through others too",
        corpus_name: "the C library of tree-sitter",
        corpus: || locked("c-includes", &["tree-sitter"]),
        goal: None,
        is_closure: true,
        command: c,
    },
];

/// The names of the judges.
pub(super) fn names() -> Vec<&'static str> {
    JUDGES.iter().map(|judge| judge.name).collect()
}

const PYTHON: &[Source] = &[
    Source::PyPi("celery==5.4.0"),
    Source::PyPi("dask==2024.5.2"),
    Source::PyPi("Django==5.0.6"),
    Source::PyPi("Faker==25.8.0"),
    Source::PyPi("jedi==0.19.1"),
    Source::PyPi("mypy==1.10.0"),
    Source::PyPi("networkx==3.3"),
    Source::PyPi("pylint==3.2.2"),
    Source::PyPi("Scrapy==2.11.2"),
    Source::PyPi("Sphinx==7.3.7"),
];

const NPM: &[Source] = &[
    Source::Npm("@tanstack/query-core@5.40.0"),
    Source::Npm("@tanstack/table-core@8.17.3"),
    Source::Npm("@reduxjs/toolkit@2.2.5"),
    Source::Npm("effect@3.2.8"),
    Source::Npm("eslint@9.4.0"),
    Source::Npm("ethers@6.13.0"),
    Source::Npm("express@4.19.2"),
    Source::Npm("rxjs@7.8.1"),
    Source::Npm("viem@2.13.7"),
    Source::Npm("webpack@5.91.0"),
];

/// Where the packages stand in those source distributions.
const PYTHON_PACKAGES: [&str; 10] = [
    "celery-5.4.0/celery-5.4.0/celery",
    "dask-2024.5.2/dask-2024.5.2/dask",
    "Django-5.0.6/Django-5.0.6/django",
    "Faker-25.8.0/Faker-25.8.0/faker",
    "jedi-0.19.1/jedi-0.19.1/jedi",
    "mypy-1.10.0/mypy-1.10.0/mypy",
    "networkx-3.3/networkx-3.3/networkx",
    "pylint-3.2.2/pylint-3.2.2/pylint",
    "Scrapy-2.11.2/scrapy-2.11.2/scrapy",
    "Sphinx-7.3.7/sphinx-7.3.7/sphinx",
];

fn python(corpus: &Path) -> Result<Command> {
    let mut command = Command::new(corpora::python_packages("python-imports", &["grimp==3.19"])?);
    command.arg(judges::programs().join("edges/python.py")).arg(corpus).args(PYTHON_PACKAGES);
    Ok(command)
}

fn typescript(corpus: &Path) -> Result<Command> {
    let packages = corpora::npm_package(judges::TYPESCRIPT)?;
    let mut command = Command::new("node");
    command.arg(judges::programs().join("edges/typescript.js")).arg(corpus).arg(packages);
    Ok(command)
}

/// Crates of some size.
const CRATES: [&str; 12] = [
    "clap_builder",
    "futures-util",
    "hashbrown",
    "ignore",
    "proptest",
    "rayon",
    "regex-automata",
    "regex-syntax",
    "serde_json",
    "sqlx-core",
    "syn",
    "tokio",
];

/// Copies crates that this workspace depends on, in the versions that it is locked to.
fn locked(name: &str, crates: &[&str]) -> Result<PathBuf> {
    let folder = corpora::fetch_all(name, &[])?;
    let registry = registry()?;
    for package in packages()? {
        let is_meant = package["name"].as_str().is_some_and(|name| crates.contains(&name));
        let source = package["manifest_path"].as_str().and_then(|manifest| Path::new(manifest).parent());
        let Some(source) = source.filter(|source| is_meant && source.starts_with(&registry)) else {
            continue;
        };
        let copy = folder.join(source.file_name().unwrap_or_default());
        if !copy.exists() {
            shell::run(Command::new("cp").arg("-r").arg(source).arg(&copy))?;
        }
    }
    Ok(folder)
}

/// The folder in which cargo keeps the sources of dependencies.
fn registry() -> Result<PathBuf> {
    let packages = packages()?;
    let mut manifests = packages.iter().filter_map(|package| package["manifest_path"].as_str());
    let folder = manifests.next().and_then(|manifest| Path::new(manifest).ancestors().nth(2));
    Ok(folder.ok_or("no dependency has sources")?.to_owned())
}

/// What this workspace depends on, from registries.
fn packages() -> Result<Vec<serde_json::Value>> {
    let metadata = shell::output(&mut cargo(&["metadata", "--format-version", "1", "--locked"]))
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .ok_or("`cargo metadata` failed")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages.filter(|package| package["source"].is_string()).cloned().collect())
}

fn rust(corpus: &Path) -> Result<Command> {
    let (program, _) = judges::python_program()?;
    let mut command = Command::new(program);
    let target = shell::root().join("target/debug/deps");
    if fs::read_dir(&target).is_err() {
        return Err(format!("{} holds no build: run `cargo build` first", target.display()));
    }
    command.arg(judges::programs().join("edges/rust.py")).arg(corpus).arg(target).arg(registry()?);
    Ok(command)
}

fn c(corpus: &Path) -> Result<Command> {
    let (program, _) = judges::python_program()?;
    let mut command = Command::new(program);
    command.arg(judges::programs().join("edges/c.py")).arg(corpus);
    Ok(command)
}
