//! The languages that snake-pipe knows, as they are stored.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// The language of a source file. The stored and displayed form is the lower-case name (`csharp`, `cpp`, …).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Java.
    Java,
    /// Python.
    Python,
    /// JavaScript, JSX included.
    JavaScript,
    /// TypeScript, TSX included.
    TypeScript,
    /// C; `.h` files are C unless their content is C++.
    C,
    /// C++.
    Cpp,
    /// C#.
    CSharp,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// Kotlin.
    Kotlin,
    /// Scala.
    Scala,
    /// No known language: such a file is still a row, with its size and lines.
    #[default]
    Unknown,
}

impl Language {
    /// Every language, `unknown` last.
    pub const ALL: [Self; 12] = [
        Self::Java,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::C,
        Self::Cpp,
        Self::CSharp,
        Self::Go,
        Self::Rust,
        Self::Kotlin,
        Self::Scala,
        Self::Unknown,
    ];

    /// The stored name: `java`, `python`, `javascript`, `typescript`, `c`, `cpp`, `csharp`, `go`, `rust`, `kotlin`,
    /// `scala` or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::CSharp => "csharp",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Kotlin => "kotlin",
            Self::Scala => "scala",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Language {
    type Err = Error;

    /// Reads a stored name, in any case.
    ///
    /// # Errors
    /// `Configuration`, naming the valid choices.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|language| language.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let choices: Vec<_> = Self::ALL.iter().map(|language| language.as_str()).collect();
            Error::new(ErrorKind::Configuration, format!("unknown language `{text}`"))
                .with_help(format!("choose one of {}", choices.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn every_name_reads_back() {
        for language in Language::ALL {
            assert_eq!(language.as_str().parse::<Language>().unwrap(), language);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_choices() {
        let error = "cobol".parse::<Language>().unwrap_err();
        assert!(error.help().unwrap().contains("java, python"));
    }

    #[test]
    fn json_uses_the_stored_name() {
        for language in Language::ALL {
            assert_eq!(serde_json::to_string(&language).unwrap(), format!("\"{language}\""));
        }
    }
}
