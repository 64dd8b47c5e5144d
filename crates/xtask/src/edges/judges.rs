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
    /// Whether the goal is one of precision alone.
    pub(super) is_of_precision: bool,
    /// Whether the judge says what a file reaches through others, not what it imports itself.
    pub(super) is_closure: bool,
    /// What `link_report` is asked for.
    pub(super) asked: &'static str,
    /// What has edges, for the report.
    pub(super) of: &'static str,
    pub(super) command: fn(&Path) -> Result<Command>,
}

/// What the judges of imports have in common.
const IMPORTS: Judge = Judge {
    name: "",
    title: "",
    what: "file imports file",
    corpus_name: "",
    corpus: || corpora::folder("none"),
    goal: None,
    is_of_precision: false,
    is_closure: false,
    asked: "--modules",
    of: "files",
    command: c,
};

/// Every judge.
pub(super) static JUDGES: &[Judge] = &[
    Judge {
        name: "python-imports",
        title: "grimp 3.19",
        corpus_name: "ten source distributions",
        corpus: || Ok(corpora::fetch_all("python-imports", PYTHON)?.folder),
        goal: Some(0.995),
        command: python,
        ..IMPORTS
    },
    Judge {
        name: "typescript-imports",
        title: "`ts.resolveModuleName` of TypeScript 5.4.5",
        corpus_name: "ten packages of npm, in JavaScript and TypeScript",
        corpus: || Ok(corpora::fetch_all("typescript-imports", NPM)?.folder),
        goal: Some(0.995),
        command: typescript,
        ..IMPORTS
    },
    Judge {
        name: "rust-modules",
        title: "rustc's dep-info, as the last build of this workspace left it",
        what: "crate has file",
        corpus_name: "twelve crates that this workspace depends on",
        corpus: || locked("rust-modules", &CRATES),
        is_closure: true,
        command: rust,
        ..IMPORTS
    },
    Judge {
        name: "c-includes",
        title: "`gcc -MM`",
        what: "file includes file, through others too",
        corpus_name: "the C library of tree-sitter",
        corpus: || locked("c-includes", &["tree-sitter"]),
        is_closure: true,
        command: c,
        ..IMPORTS
    },
    Judge {
        name: "python-bases",
        title: "CPython, which imports every module of the packages",
        what: "class extends class",
        corpus_name: "celery, docutils, networkx, pylint and Sphinx, as pip installs them",
        corpus: python_installed,
        goal: Some(0.99),
        is_of_precision: true,
        asked: "--resolved-bases",
        of: "classes",
        command: python_bases,
        ..IMPORTS
    },
    Judge {
        name: "typescript-bases",
        title: "the type checker of TypeScript 5.4.5",
        what: "class or interface extends or implements another",
        corpus_name: "the sources of five packages of npm",
        corpus: || Ok(corpora::fetch_all("typescript-types", TYPED)?.folder),
        goal: Some(0.99),
        is_of_precision: true,
        asked: "--resolved-bases",
        of: "classes",
        command: |corpus| typescript_types(corpus, "bases"),
        ..IMPORTS
    },
    Judge {
        name: "typescript-calls",
        title: "the type checker of TypeScript 5.4.5",
        what: "call said to be resolved",
        corpus_name: "the sources of five packages of npm",
        corpus: || Ok(corpora::fetch_all("typescript-types", TYPED)?.folder),
        goal: Some(0.97),
        is_of_precision: true,
        asked: "--resolved-calls",
        of: "calls of which the checker knows the declaration",
        command: |corpus| typescript_types(corpus, "calls"),
        ..IMPORTS
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

/// Packages that ship their sources in TypeScript.
const TYPED: &[Source] = &[
    Source::Npm("@tanstack/query-core@5.40.0"),
    Source::Npm("@tanstack/table-core@8.17.3"),
    Source::Npm("@reduxjs/toolkit@2.2.5"),
    Source::Npm("rxjs@7.8.1"),
    Source::Npm("viem@2.13.7"),
];

fn typescript_types(corpus: &Path, what: &str) -> Result<Command> {
    let packages = corpora::npm_package(judges::TYPESCRIPT)?;
    let mut command = Command::new("node");
    command.arg(judges::programs().join("edges/typescript_types.js")).arg(corpus).arg(packages).arg(what);
    Ok(command)
}

/// Packages that can be imported whole, with what they need.
const PYTHON_INSTALLED: [&str; 5] =
    ["celery==5.4.0", "docutils==0.21.2", "networkx==3.3", "pylint==3.2.2", "Sphinx==7.3.7"];

/// The packages' own folders where the judging Python imports them from.
fn python_installed() -> Result<PathBuf> {
    let interpreter = corpora::python_packages("python-bases", &PYTHON_INSTALLED)?;
    let place = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let installed = shell::output(Command::new(interpreter).args(["-c", place]));
    let installed = PathBuf::from(installed.ok_or("the judging Python does not say where its packages are")?);
    let folder = corpora::folder("python-bases")?;
    for package in PYTHON_INSTALLED {
        let name = package.split("==").next().unwrap_or(package).to_lowercase();
        let copy = folder.join(&name);
        if !copy.exists() {
            shell::run(Command::new("cp").arg("-r").arg(installed.join(&name)).arg(&copy))?;
        }
    }
    Ok(folder)
}

fn python_bases(corpus: &Path) -> Result<Command> {
    let mut command = Command::new(corpora::python_packages("python-bases", &PYTHON_INSTALLED)?);
    command.arg(judges::programs().join("edges/python_bases.py")).arg(corpus);
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
    let folder = corpora::folder(name)?;
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
