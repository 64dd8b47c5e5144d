//! How each judge is run, and what it needs for that.

use std::{env, path::Path, process::Command};

use super::{programs, python_program};
use crate::{Result, accuracy::corpora, shell};

pub(super) fn python(corpus: &Path) -> Result<(Command, String)> {
    let (program, version) = python_program()?;
    let mut command = Command::new(program);
    command.arg(programs().join("python/facts.py")).arg(corpus);
    Ok((command, format!("CPython {version}")))
}

/// The compiler whose parser judges.
pub(crate) const TYPESCRIPT: &str = "typescript@5.4.5";

pub(super) fn typescript(corpus: &Path, extensions: &[&str]) -> Result<(Command, String)> {
    let packages = corpora::npm_package(TYPESCRIPT)?;
    let mut command = Command::new("node");
    command.arg(programs().join("typescript/facts.js")).arg(corpus).arg(packages).args(extensions);
    Ok((command, TYPESCRIPT.replace('@', " ")))
}

pub(super) fn java(corpus: &Path) -> Result<(Command, String)> {
    let version = shell::output(Command::new("java").arg("--version"));
    let version = version.ok_or("no `java` to judge by; install a JDK, 17 or newer")?;
    let mut command = Command::new("java");
    command.arg(programs().join("java/Facts.java")).arg(corpus);
    Ok((command, version.lines().next().unwrap_or_default().to_owned()))
}

pub(super) fn rust(corpus: &Path) -> Result<(Command, String)> {
    let arguments =
        ["build", "--quiet", "--package", "xtask", "--features", "rust-judge", "--bin", "rust-facts"];
    shell::run(&mut shell::cargo(&arguments))?;
    let mut command = Command::new(crate::accuracy::build_folder()?.join("debug/rust-facts"));
    command.arg(corpus);
    Ok((command, "syn 3".to_owned()))
}

pub(super) fn go(corpus: &Path) -> Result<(Command, String)> {
    let version = shell::output(Command::new("go").arg("version"));
    let version = version.ok_or("no `go` to judge by; install Go, 1.18 or newer (Debian's `golang-go`)")?;
    let mut command = Command::new("go");
    command.arg("run").arg(programs().join("go/facts.go")).arg(corpus);
    Ok((command, version))
}

pub(super) fn c(corpus: &Path) -> Result<(Command, String)> {
    ctags("c/facts.py", corpus)
}

/// The clang that judges.
const LIBCLANG: &str = "libclang==18.1.1";

/// Where the headers of the corpus of C++ are.
const CPP_INCLUDES: [&str; 4] = [
    "leveldown-6.1.1/package/deps/leveldb/leveldb-1.20",
    "leveldown-6.1.1/package/deps/leveldb/leveldb-1.20/include",
    "leveldown-6.1.1/package/deps/snappy/linux",
    "leveldown-6.1.1/package/deps/snappy/snappy",
];

pub(super) fn cpp(corpus: &Path) -> Result<(Command, String)> {
    let told = ["-x", "c++", "-std=c++17", "-DLEVELDB_PLATFORM_POSIX", "-DOS_LINUX"];
    clang(corpus, ".cc,.cpp,.h,.hpp", &told, &CPP_INCLUDES)
}

/// Where the headers of the corpus of C are.
const C_INCLUDES: [&str; 8] = [
    "argon2-0.31.2/package/argon2/include",
    "iltorb-2.4.5/package/brotli/c/include",
    "libxmljs2-0.35.0/package/vendor/libxml",
    "libxmljs2-0.35.0/package/vendor/libxml/include",
    "lz4-0.6.5/package/deps/lz4/lib",
    "node-expat-2.4.1/package/deps/libexpat",
    "node-expat-2.4.1/package/deps/libexpat/lib",
    "lz4-0.6.5/package/deps/lz4/programs",
];

pub(super) fn c_clang(corpus: &Path) -> Result<(Command, String)> {
    clang(corpus, ".c,.h", &["-x", "c", "-std=gnu11", "-DHAVE_EXPAT_CONFIG_H"], &C_INCLUDES)
}

fn clang(corpus: &Path, extensions: &str, told: &[&str], includes: &[&str]) -> Result<(Command, String)> {
    let mut command = Command::new(corpora::python_packages("libclang", &[LIBCLANG])?);
    command.arg(programs().join("cpp/facts.py")).arg(corpus).arg(extensions).args(told);
    for folder in includes {
        command.arg("-I").arg(corpus.join(folder));
    }
    // The library comes without the headers of a compiler.
    let headers = shell::output(Command::new("gcc").arg("-print-file-name=include"));
    command.args(["-I", &headers.ok_or("no `gcc`, whose headers clang needs; install Debian's `g++`")?]);
    Ok((command, LIBCLANG.to_owned()))
}

/// A judge by universal-ctags.
fn ctags(program: &str, corpus: &Path) -> Result<(Command, String)> {
    let version = shell::output(Command::new("ctags").arg("--version"));
    let version = version.filter(|version| version.starts_with("Universal Ctags"));
    let version = version.ok_or("no universal-ctags to judge by; install Debian's `universal-ctags`")?;
    let (python, _) = python_program()?;
    let mut command = Command::new(python);
    command.arg(programs().join(program)).arg(corpus);
    Ok((command, version.split(',').next().unwrap_or_default().to_owned()))
}

pub(super) fn csharp(corpus: &Path) -> Result<(Command, String)> {
    ctags("csharp/facts.py", corpus)
}

/// The compiler that judges Kotlin, and what it needs.
const KOTLIN: [&str; 2] = ["kotlin=1.3.31+ds1-1", "libtrove-intellij-java=1.0.20190514-2"];

/// Where these have what the parser needs.
const KOTLIN_LIBRARIES: [&str; 3] = ["kotlin-compiler.jar", "kotlin-stdlib.jar", "libtrove-intellij.jar"];

pub(super) fn kotlin(corpus: &Path) -> Result<(Command, String)> {
    let folders = corpora::debian_packages("kotlin", &KOTLIN)?;
    let libraries = folders
        .iter()
        .flat_map(|folder| KOTLIN_LIBRARIES.iter().map(|name| folder.join("usr/share/java").join(name)));
    let path = env::join_paths(libraries.filter(|library| library.exists()));
    let path = path.map_err(|error| format!("a folder cannot be in a class path: {error}"))?;
    let mut command = Command::new("java");
    command.arg("-cp").arg(path).arg(programs().join("kotlin/Facts.java")).arg(corpus);
    Ok((command, "Kotlin 1.3.31".to_owned()))
}

/// The parser that judges Scala.
const SCALAMETA: &str = "scalameta-parsers@4.14.2";

pub(super) fn scala(corpus: &Path) -> Result<(Command, String)> {
    let packages = corpora::npm_package(SCALAMETA)?;
    let mut command = Command::new("node");
    command.arg(programs().join("scala/facts.js")).arg(corpus).arg(packages);
    Ok((command, SCALAMETA.replace('@', " ")))
}
