//! What the snake_pipe Java parser writes: one object a source file, with its classes, their members and calls.
//!
//! It gives no line numbers, sizes or hashes, and its `uniqueId`s differ from run to run: identities come from path and
//! names, and a file's facts are compared by their own digest. Fields that are not known are passed over, as the
//! producer is another program.

mod convert;
mod imports;
mod listing;
mod methods;
mod model;

use std::io::BufRead;

use snake_pipe_core::{Error, Language, Result, SourcePath, model::TransformedAst};

use super::{
    About, Flaw, Record, SeenFiles,
    json_objects::{JsonObjects, Piece},
    ndjson::about,
    validate,
};
use model::JavaFile;

/// Whether an input that begins with these bytes is of this form: its first object begins with a field that the producer
/// writes first and the interchange format does not have.
#[must_use]
pub fn is_snake_pipe_json(beginning: &[u8]) -> bool {
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    let object = beginning.strip_prefix(b"[").unwrap_or(beginning).trim_ascii_start();
    let Some(fields) = object.strip_prefix(b"{") else { return false };
    let fields = fields.trim_ascii_start();
    [&b"\"filePath\""[..], b"\"uniqueId\""].iter().any(|name| fields.starts_with(name))
}

/// How the objects are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnakePipeJsonOptions {
    /// The directory that paths become relative to, such as `/home/me/project`. A file elsewhere is quarantined. Default:
    /// none; then an absolute path loses its leading `/` alone.
    pub root: Option<String>,
    /// Whether the bodies of methods are kept. Default: no.
    pub store_source: bool,
}

/// Reads the objects of an input: one alone, several behind each other, or an array of them. An object that is wrong is
/// quarantined, and reading goes on behind it.
#[derive(Debug)]
pub struct SnakePipeJsonReader<R> {
    objects: JsonObjects<R>,
    options: SnakePipeJsonOptions,
    number: u64,
    seen: SeenFiles,
}

impl<R: BufRead> SnakePipeJsonReader<R> {
    /// A reader of `input` from its present position.
    pub fn new(input: R, options: SnakePipeJsonOptions) -> Self {
        Self { objects: JsonObjects::new(input), options, number: 0, seen: SeenFiles::default() }
    }

    fn next_record(&mut self) -> Result<Option<Record>> {
        let piece = self.objects.next_piece().map_err(|source| {
            Error::from(source).with_operation("read facts").with_context("line", self.objects.start_line())
        })?;
        let Some(piece) = piece else { return Ok(None) };
        self.number += 1;
        let bytes = self.objects.bytes();
        let read = match piece {
            Piece::Object => self.parse(bytes),
            Piece::CutOff => Err(Flaw::broken("the input ends inside the object: it may be cut off")),
            Piece::TooLong => Err(Flaw::new("the object is larger than 256 MiB")),
            Piece::Foreign => Err(Flaw::broken("something stands here that is no JSON object")),
            Piece::OpenArray => Err(Flaw::broken("the input ends inside an array: it may be cut off")),
        };
        let path = match &read {
            Ok(_) => None,
            Err(_) => about(bytes, "filePath").path.and_then(|path| self.path(path.as_str()).ok()),
        };
        // That parser reads nothing else.
        let about = About { path, language: Language::Java };
        let place = (self.objects.start_line(), Some(self.number));
        Ok(Some(self.seen.record(read, about, place)))
    }

    fn parse(&self, bytes: &[u8]) -> Result<TransformedAst, Flaw> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let file: JavaFile = serde_path_to_error::deserialize(&mut json).map_err(Flaw::from_json)?;
        let path = self.path(&file.file_path)?;
        validate::completed(convert::facts(file, path, &self.options)?)
    }

    /// The path within the repository.
    fn path(&self, given: &str) -> Result<SourcePath, Flaw> {
        let plain = with_slashes(given);
        let relative = match &self.options.root {
            None => plain.trim_start_matches('/'),
            Some(root) => {
                let root = with_slashes(root);
                plain
                    .strip_prefix(root.trim_end_matches('/'))
                    .filter(|rest| rest.starts_with('/') || root.is_empty())
                    .map(|rest| rest.trim_start_matches('/'))
                    .ok_or_else(|| {
                        Flaw::of("filePath", format!("`{plain}` is not below the root `{root}`"))
                    })?
            }
        };
        let path = SourcePath::from(relative);
        match validate::path_flaw(&path) {
            Some(flaw) => Err(Flaw::of("filePath", flaw)),
            None => Ok(path),
        }
    }
}

impl<R: BufRead> Iterator for SnakePipeJsonReader<R> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

/// A path as POSIX writes it; those of Windows begin with a drive and separate by backslashes.
fn with_slashes(path: &str) -> String {
    match path.as_bytes() {
        [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic() => {
            format!("/{}", path.replace('\\', "/").replacen(':', "", 1))
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
