//! What a run remembers of its linking, so that a later one links anew only what a change can concern.
//!
//! A record holds, for every file of the repository as it was, what the first pass made of it, what the second came to,
//! and what that was looked up from. [`LinkIndexBuilder::resume`](super::LinkIndexBuilder::resume) takes up the first,
//! [`Known::unconcerned`] decides about the second. A record need not be that of the last run: whatever became
//! different since then counts as changed. One that is missing, damaged or of another build costs time and nothing else.

mod concern;
mod file;
mod resume;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    Language,
    id::{Digest, FileKey},
};

pub(crate) use self::resume::Known;
use super::{
    LinkIndex, c,
    hierarchy::Ancestor,
    meaning::Found,
    names::NameCollector,
    symbols::FileSymbols,
    trace::{Key, Trace},
};

/// A record that was read.
#[derive(Debug)]
pub(crate) struct Record {
    names: NameCollector,
    /// How many names there were when none was of a file that is gone.
    live_names: u32,
    roots: Digest,
    crates: Digest,
    files: Vec<FileRecord>,
}

/// What is remembered of a file.
#[derive(Debug, Deserialize)]
struct FileRecord {
    key: FileKey,
    /// What a lookup of its path is noted as.
    path: Key,
    language: Language,
    /// None where it takes part by its path alone.
    linked: Option<LinkedRecord>,
}

/// What linking made of a file. Files are named by their numbers in the record.
#[derive(Debug, Deserialize)]
struct LinkedRecord {
    /// What the file's facts were made from.
    entry: Digest,
    link_hash: Digest,
    trace: Trace,
    symbols: FileSymbols,
    includes: c::Includes,
    modules: Box<[Found]>,
    bases: Box<[Found]>,
    ancestors: Box<[Box<[Ancestor]>]>,
}

/// A [`FileRecord`] to be written.
#[derive(Serialize)]
struct FileRecordRef<'a> {
    key: FileKey,
    path: Key,
    language: Language,
    linked: Option<LinkedRecordRef<'a>>,
}

#[derive(Serialize)]
struct LinkedRecordRef<'a> {
    entry: Digest,
    link_hash: Digest,
    trace: &'a Trace,
    symbols: &'a FileSymbols,
    includes: &'a c::Includes,
    modules: &'a [Found],
    bases: &'a [Found],
    ancestors: &'a [Box<[Ancestor]>],
}

/// What linking one file came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// What the file's facts were made from.
    pub(crate) entry: Digest,
    /// The link hash.
    pub(crate) link_hash: Digest,
    /// What it depends on.
    pub(crate) trace: Trace,
}

impl Record {
    /// Reads the record in `file`; none if there is none, or none of this build, or a damaged one. Uses the current
    /// rayon thread pool.
    pub(crate) fn open(file: &Path) -> Option<Self> {
        let record = file::read(file)?;
        // Names of files that are gone are never forgotten, unless all are collected anew.
        (record.names.counts().iter().sum::<u32>() / 2 <= record.live_names).then_some(record)
    }
}

impl LinkIndex {
    /// Writes what is known now to `file`: the outcomes of linking by the files' numbers, none where a file was not
    /// linked; and how many names were live in the record that was taken up, if one was.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn save_record(
        &self,
        file: &Path,
        outcomes: &[Option<Outcome>],
        live_names: Option<u32>,
    ) -> std::io::Result<()> {
        file::write(file, self, outcomes, live_names)
    }

    /// What modules and crates of Rust are named by.
    pub(super) fn crates_digest(&self) -> Digest {
        self.rust.digest(&self.paths, &self.names)
    }

    fn file_record<'a>(&'a self, file: u32, outcome: Option<&'a Outcome>) -> FileRecordRef<'a> {
        let at = file as usize;
        FileRecordRef {
            key: self.paths.key(file),
            path: Key::of_path(self.paths.text(file)),
            language: self.paths.language(file),
            linked: outcome.map(|Outcome { entry, link_hash, trace }| LinkedRecordRef {
                entry: *entry,
                link_hash: *link_hash,
                trace,
                symbols: &self.symbols[at],
                includes: &self.c.includes()[at],
                modules: &self.modules[at],
                bases: &self.bases[at],
                ancestors: &self.ancestors[at],
            }),
        }
    }
}
