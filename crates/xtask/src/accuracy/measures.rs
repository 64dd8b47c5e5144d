//! The judges of numbers: tools that measure functions, and `tokei` for lines. Each works on the corpus of its language's facts.

use std::{path::Path, process::Command};

use super::{
    corpora::{self, Source},
    fact::Places,
    judges::{Judge, programs, python_program},
};
use crate::Result;

/// The share of functions, or of files, of which a tool and we have to say the same.
const GOAL: f64 = 0.999;

/// The tools that measure functions.
const TOOLS: [&str; 4] = ["mccabe==0.7.0", "radon==6.0.1", "lizard==1.17.10", "cognitive_complexity==1.3.0"];

/// What measures lines.
const TOKEI: &str = "15.0.0";

/// Every judge of numbers.
pub(crate) static MEASURES: &[Judge] = &[
    Judge {
        language: "python-numbers",
        name: "mccabe 0.7.0, radon 6.0.1, lizard 1.17.10, cognitive_complexity 1.3.0",
        extracted: &["python"],
        corpus: &[Source::PythonLibrary],
        corpus_name: "the standard library of the judging Python",
        command: python_numbers,
        ..NUMBERS
    },
    Judge { language: "javascript-numbers", command: |corpus| lizard(corpus, &["js"]), ..NUMBERS },
    Judge { language: "java-numbers", command: |corpus| lizard(corpus, &["java"]), ..NUMBERS },
    Judge { language: "go-numbers", command: |corpus| lizard(corpus, &["go"]), ..NUMBERS },
    Judge { language: "c-numbers", command: |corpus| lizard(corpus, &["c", "h"]), ..NUMBERS },
    Judge {
        language: "python-lines",
        extracted: &["python"],
        corpus: &[Source::PythonLibrary],
        corpus_name: "the standard library of the judging Python",
        command: |corpus| tokei(corpus, &["Python"]),
        ..LINES
    },
    Judge { language: "typescript-lines", command: |corpus| tokei(corpus, &["TypeScript", "TSX"]), ..LINES },
    Judge { language: "javascript-lines", command: |corpus| tokei(corpus, &["JavaScript", "JSX"]), ..LINES },
    Judge { language: "java-lines", command: |corpus| tokei(corpus, &["Java"]), ..LINES },
    Judge { language: "rust-lines", command: |corpus| tokei(corpus, &["Rust"]), ..LINES },
    Judge { language: "go-lines", command: |corpus| tokei(corpus, &["Go"]), ..LINES },
    Judge { language: "c-lines", command: |corpus| tokei(corpus, &["C", "C Header"]), ..LINES },
    Judge {
        language: "cpp-lines",
        command: |corpus| tokei(corpus, &["C++", "C++ Header", "C Header"]),
        ..LINES
    },
    Judge { language: "csharp-lines", command: |corpus| tokei(corpus, &["C#"]), ..LINES },
    Judge { language: "kotlin-lines", command: |corpus| tokei(corpus, &["Kotlin"]), ..LINES },
    Judge { language: "scala-lines", command: |corpus| tokei(corpus, &["Scala"]), ..LINES },
];

const NUMBERS: Judge = Judge { name: "lizard 1.17.10", ..LINES };

const LINES: Judge = Judge {
    language: "",
    extracted: &[],
    name: "tokei 15.0.0",
    corpus: &[],
    corpus_name: "",
    goal: GOAL,
    places: Places::Whole,
    command: |corpus| tokei(corpus, &[]),
};

fn python_numbers(corpus: &Path) -> Result<(Command, String)> {
    tool("python/numbers.py", corpus)
}

fn lizard(corpus: &Path, extensions: &[&str]) -> Result<(Command, String)> {
    let (mut command, version) = tool("lizard/functions.py", corpus)?;
    command.args(extensions);
    Ok((command, version))
}

/// A program in the environment that has the tools.
fn tool(program: &str, corpus: &Path) -> Result<(Command, String)> {
    let (_, version) = python_program()?;
    let mut command = Command::new(corpora::python_packages("measures", &TOOLS)?);
    command.arg(programs().join(program)).arg(corpus);
    Ok((command, format!("on CPython {version}")))
}

fn tokei(corpus: &Path, languages: &[&str]) -> Result<(Command, String)> {
    let (python, _) = python_program()?;
    let mut command = Command::new(python);
    command.arg(programs().join("lines/tokei.py")).arg(corpora::crate_program("tokei", TOKEI)?).arg(corpus);
    command.args(languages);
    Ok((command, format!("tokei {TOKEI}")))
}
