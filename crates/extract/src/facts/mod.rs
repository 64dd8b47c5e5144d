//! Facts that another program made: reading, checking and writing them.
//!
//! Two forms are read. NDJSON is the interchange format of snake-pipe itself: one [`TransformedAst`] a line, as
//! `docs/facts.schema.json` describes it. The other is what the snake_pipe Java parser writes
//! ([`SnakePipeJsonReader`]). Both readers hand over what is sound, quarantine what is not, and go on.

mod json_objects;
mod ndjson;
mod numbers;
mod plain_words;
mod schema;
mod snake_pipe_json;
mod validate;

use std::{collections::hash_map::Entry, fmt};

use rustc_hash::FxHashMap;
use snake_pipe_core::{Language, SourcePath, id::FileKey, model::TransformedAst};

pub use ndjson::{DEFAULT_MAX_LINE_BYTES, NdjsonReader, write_ndjson};
pub use schema::facts_schema;
pub use snake_pipe_json::{SnakePipeJsonOptions, SnakePipeJsonReader, is_snake_pipe_json};

/// Messages are cut at this length: they may quote a value of any size.
const MAX_MESSAGE_BYTES: usize = 500;

/// What a reader of facts gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Sound facts of one file.
    Facts(Box<TransformedAst>),
    /// A piece of the input that gives no facts.
    Quarantined(Quarantined),
}

/// A piece of the input that gives no facts, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The line of the input where the piece begins, from 1.
    pub line: u64,
    /// Number of the object among the objects of the input, from 1; none where objects and lines are the same.
    pub object: Option<u64>,
    /// The field that is wrong (`functions[2].class`), if it is one.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The file that the piece speaks of, if that could be read.
    pub path: Option<SourcePath>,
    /// The file's language, as far as it could be read.
    pub language: Language,
    /// Whether an earlier record is of the same file: nothing is stored in its place.
    pub is_repeated: bool,
    /// Whether the piece may be about files that nothing names: its own could not be read, or it is not one whole JSON
    /// object. Then the input does not say which files there are.
    pub hides_files: bool,
}

impl Quarantined {
    /// What is stored in place of the facts: a failed file with the reason. None if the file is not known, or has a record
    /// already.
    #[must_use]
    pub fn refused(&self) -> Option<TransformedAst> {
        let path = self.path.clone().filter(|_| !self.is_repeated)?;
        Some(
            TransformedAst { language: self.language, ..TransformedAst::new(path) }.refused(self.to_string()),
        )
    }
}

impl fmt::Display for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object {
            Some(object) => write!(f, "object {object} (line {})", self.line)?,
            None => write!(f, "line {}", self.line)?,
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// What is wrong with one record, wherever it stands.
#[derive(Debug)]
struct Flaw {
    field: Option<String>,
    message: String,
    /// Whether this is not one whole JSON object.
    is_broken: bool,
}

/// What can be read of a piece that is wrong.
#[derive(Debug, Default)]
struct About {
    path: Option<SourcePath>,
    language: Language,
}

impl Flaw {
    fn new(message: impl Into<String>) -> Self {
        Self { field: None, message: message.into(), is_broken: false }
    }

    /// What is not one whole JSON object.
    fn broken(message: impl Into<String>) -> Self {
        Self { is_broken: true, ..Self::new(message) }
    }

    fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(message) }
    }

    /// What serde found, with the field's path. Records are parsed one by one: the line that serde names is of no use.
    fn from_json(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        // What serde has no name for stands there as a question mark.
        let path = error.path().to_string();
        let known = path.trim_end_matches('?').trim_end_matches('.');
        let field = (!known.is_empty()).then(|| known.to_owned());
        let inner = error.into_inner();
        let mut message = inner.to_string();
        if let Some(end) = message.rfind(" at line ") {
            message.truncate(end);
        }
        if inner.is_syntax() || inner.is_eof() {
            message = format!("not JSON from column {} on: {message}", inner.column());
            return Self { field, ..Self::broken(cut(message)) };
        }
        let (missing, message) = plain_words::told(&message);
        // The path leads to where a field is missing; its name makes it whole.
        let field = match (field, missing) {
            (Some(field), Some(name)) => Some(format!("{field}.{name}")),
            (field, name) => field.or(name.map(str::to_owned)),
        };
        Self { field, ..Self::new(cut(message)) }
    }
}

fn cut(mut message: String) -> String {
    if message.len() > MAX_MESSAGE_BYTES {
        let end = (0..=MAX_MESSAGE_BYTES).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    message
}

/// The files of one input so far: a second record of a file would silently replace the first.
#[derive(Debug, Default)]
struct SeenFiles(FxHashMap<FileKey, u64>);

impl SeenFiles {
    /// Notes the file of the record at `line`.
    fn add(&mut self, path: &SourcePath, line: u64) -> Result<(), Flaw> {
        match self.0.entry(path.key()) {
            Entry::Vacant(empty) => {
                empty.insert(line);
                Ok(())
            }
            Entry::Occupied(first) => {
                let message =
                    format!("the file is the one of line {} already; one record a file", first.get());
                Err(Flaw::of("path", message))
            }
        }
    }

    /// The record of a piece that was read; `about` is what could be read of a wrong one.
    fn record(
        &mut self,
        read: Result<TransformedAst, Flaw>,
        about: About,
        (line, object): (u64, Option<u64>),
    ) -> Record {
        let (flaw, About { path, language }, is_repeated) = match read {
            Ok(facts) => match self.add(&facts.path, line) {
                Ok(()) => return Record::Facts(Box::new(facts)),
                Err(flaw) => (flaw, About { path: Some(facts.path), language: facts.language }, true),
            },
            Err(flaw) => {
                let is_repeated = about.path.as_ref().is_some_and(|path| self.add(path, line).is_err());
                (flaw, about, is_repeated)
            }
        };
        let Flaw { field, message, is_broken } = flaw;
        let hides_files = is_broken || path.is_none();
        Record::Quarantined(Quarantined {
            line,
            object,
            field,
            message,
            path,
            language,
            is_repeated,
            hides_files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarantined_record_of_a_known_file_becomes_a_failed_file() {
        let quarantined = Quarantined {
            line: 3,
            object: None,
            field: Some("calls[0].name".into()),
            message: "is empty".into(),
            path: Some("a.c".into()),
            language: Language::C,
            is_repeated: false,
            hides_files: false,
        };
        let refused = quarantined.refused().unwrap();
        assert_eq!((refused.path.as_str(), refused.language), ("a.c", Language::C));
        assert_eq!(refused.skip_reason.as_deref(), Some("line 3, field calls[0].name: is empty"));
        assert_eq!(Quarantined { path: None, ..quarantined.clone() }.refused(), None);
        assert_eq!(Quarantined { is_repeated: true, ..quarantined }.refused(), None);
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        assert_eq!(cut("é".repeat(400)).chars().count(), 251);
    }
}
