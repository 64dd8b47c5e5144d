//! The judges: which program says what is right, on which code.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    corpora::{self, Source},
    fact::Places,
    measures::MEASURES,
};
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

/// Every judge.
pub(crate) static JUDGES: &[Judge] = &[
    Judge {
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
        places: Places::Whole,
        command: python,
    },
    Judge {
        language: "typescript",
        extracted: &["typescript"],
        name: "the parser of the TypeScript compiler",
        corpus: &[
            Source::Npm("@tanstack/query-core@5.40.0"),
            Source::Npm("@tanstack/react-query@5.40.0"),
            Source::Npm("@tanstack/table-core@8.17.3"),
            Source::Npm("@reduxjs/toolkit@2.2.5"),
            Source::Npm("effect@3.2.8"),
            Source::Npm("ethers@6.13.0"),
            Source::Npm("rxjs@7.8.1"),
            Source::Npm("viem@2.13.7"),
        ],
        corpus_name: "eight packages that ship their sources, declaration files included",
        goal: 0.999,
        places: Places::Whole,
        command: |corpus| typescript(corpus, &["ts", "tsx", "mts", "cts"]),
    },
    Judge {
        language: "javascript",
        extracted: &["javascript"],
        name: "the parser of the TypeScript compiler",
        corpus: &[
            Source::Npm("core-js@3.37.1"),
            Source::Npm("eslint@9.4.0"),
            Source::Npm("express@4.19.2"),
            Source::Npm("graphql@16.8.1"),
            Source::Npm("knex@3.1.0"),
            Source::Npm("lodash@4.17.21"),
            Source::Npm("mongoose@8.4.1"),
            Source::Npm("ol@9.2.4"),
            Source::Npm("sequelize@6.37.3"),
            Source::Npm("three@0.165.0"),
            Source::Npm("webpack@5.91.0"),
            Source::Npm("yjs@13.6.16"),
        ],
        corpus_name: "twelve packages whose sources are JavaScript",
        goal: 0.999,
        places: Places::Whole,
        command: |corpus| typescript(corpus, &["js", "mjs", "cjs", "jsx"]),
    },
    Judge {
        language: "java",
        extracted: &["java"],
        name: "the compiler tree API of the JDK",
        corpus: &[Source::JavaLibrary],
        corpus_name: "five modules of OpenJDK 17 (java.base, java.net.http, java.sql, java.xml, jdk.compiler)",
        goal: 0.999,
        places: Places::Whole,
        command: java,
    },
    Judge {
        language: "rust",
        extracted: &["rust"],
        name: "the crate `syn`",
        corpus: &[Source::RustDependencies],
        corpus_name: "the crates in this repository's lock file",
        goal: 0.999,
        places: Places::Whole,
        command: rust,
    },
    Judge {
        language: "go",
        extracted: &["go"],
        name: "the package `go/ast`",
        corpus: &[
            Source::Debian("golang-1.19-src"),
            Source::Debian("golang-github-gin-gonic-gin-dev"),
            Source::Debian("golang-github-spf13-cobra-dev"),
            Source::Debian("golang-golang-x-net-dev"),
            Source::Debian("golang-golang-x-tools-dev"),
            Source::Debian("golang-google-grpc-dev"),
        ],
        corpus_name: "Go's own sources and five libraries, from Debian 12",
        goal: 0.999,
        places: Places::Whole,
        command: go,
    },
    Judge {
        language: "c",
        extracted: &["c"],
        name: "universal-ctags",
        corpus: &[Source::LinuxSample],
        corpus_name: "every fifteenth file of Linux 6.1 (Debian's `linux-source-6.1`)",
        goal: 0.995,
        places: Places::EndLine,
        command: c,
    },
    Judge {
        language: "cpp",
        extracted: &["cpp", "c"],
        name: "libclang",
        corpus: &[Source::Npm("leveldown@6.1.1")],
        corpus_name: "the C++ in the package `leveldown` of npm: LevelDB and Snappy",
        goal: 0.99,
        places: Places::End,
        command: cpp,
    },
];

/// Every judge, those of numbers included.
pub(crate) fn all() -> impl Iterator<Item = &'static Judge> {
    JUDGES.iter().chain(MEASURES)
}

/// The names of the languages, and of what is measured of them.
pub(crate) fn names() -> Vec<&'static str> {
    all().map(|judge| judge.language).collect()
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

fn python(corpus: &Path) -> Result<(Command, String)> {
    let (program, version) = python_program()?;
    let mut command = Command::new(program);
    command.arg(programs().join("python/facts.py")).arg(corpus);
    Ok((command, format!("CPython {version}")))
}

/// The compiler whose parser judges.
pub(crate) const TYPESCRIPT: &str = "typescript@5.4.5";

fn typescript(corpus: &Path, extensions: &[&str]) -> Result<(Command, String)> {
    let packages = corpora::npm_package(TYPESCRIPT)?;
    let mut command = Command::new("node");
    command.arg(programs().join("typescript/facts.js")).arg(corpus).arg(packages).args(extensions);
    Ok((command, TYPESCRIPT.replace('@', " ")))
}

fn java(corpus: &Path) -> Result<(Command, String)> {
    let version = shell::output(Command::new("java").arg("--version"));
    let version = version.ok_or("no `java` to judge by; install a JDK, 17 or newer")?;
    let mut command = Command::new("java");
    command.arg(programs().join("java/Facts.java")).arg(corpus);
    Ok((command, version.lines().next().unwrap_or_default().to_owned()))
}

fn rust(corpus: &Path) -> Result<(Command, String)> {
    let arguments = ["build", "--quiet", "--package", "xtask", "--example", "rust-facts"];
    shell::run(&mut shell::cargo(&arguments))?;
    let mut command = Command::new(super::build_folder()?.join("debug/examples/rust-facts"));
    command.arg(corpus);
    Ok((command, "syn 3".to_owned()))
}

fn go(corpus: &Path) -> Result<(Command, String)> {
    let version = shell::output(Command::new("go").arg("version"));
    let version = version.ok_or("no `go` to judge by; install Go, 1.18 or newer (Debian's `golang-go`)")?;
    let mut command = Command::new("go");
    command.arg("run").arg(programs().join("go/facts.go")).arg(corpus);
    Ok((command, version))
}

fn c(corpus: &Path) -> Result<(Command, String)> {
    let version = shell::output(Command::new("ctags").arg("--version"));
    let version = version.filter(|version| version.starts_with("Universal Ctags"));
    let version = version.ok_or("no universal-ctags to judge by; install Debian's `universal-ctags`")?;
    let (program, _) = python_program()?;
    let mut command = Command::new(program);
    command.arg(programs().join("c/facts.py")).arg(corpus);
    Ok((command, version.split(',').next().unwrap_or_default().to_owned()))
}

/// The clang that judges.
const LIBCLANG: &str = "libclang==18.1.1";

/// Where the headers of the corpus are.
const CPP_INCLUDES: [&str; 4] = [
    "leveldown-6.1.1/package/deps/leveldb/leveldb-1.20",
    "leveldown-6.1.1/package/deps/leveldb/leveldb-1.20/include",
    "leveldown-6.1.1/package/deps/snappy/linux",
    "leveldown-6.1.1/package/deps/snappy/snappy",
];

fn cpp(corpus: &Path) -> Result<(Command, String)> {
    let mut command = Command::new(corpora::python_packages("libclang", &[LIBCLANG])?);
    command.arg(programs().join("cpp/facts.py")).arg(corpus).arg(".cc,.cpp,.h,.hpp");
    command.args(["-x", "c++", "-std=c++17"]);
    for folder in CPP_INCLUDES {
        command.arg("-I").arg(corpus.join(folder));
    }
    command.args(["-DLEVELDB_PLATFORM_POSIX", "-DOS_LINUX"]);
    // The library comes without the headers of a compiler.
    let headers = shell::output(Command::new("gcc").arg("-print-file-name=include"));
    command.args(["-I", &headers.ok_or("no `gcc`, whose headers clang needs; install Debian's `g++`")?]);
    Ok((command, LIBCLANG.to_owned()))
}
