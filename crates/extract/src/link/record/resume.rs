//! Taking up a record in another run.

use rustc_hash::FxHashMap;
use snake_pipe_core::id::{Digest, FileKey};

use super::{FileRecord, LinkedRecord, Outcome, Record};
use crate::link::{
    ConfigurationFile, LinkFile, LinkIndexBuilder, c,
    hierarchy::Ancestor,
    meaning::{Found, Meaning, SymbolRef},
    symbols::FileSymbols,
    trace::Trace,
};

/// In place of the number of a file, or a directory, that is not there any more or may not be the same. It equals no
/// number that is in use.
pub(super) const GONE: u32 = u32::MAX;

/// What is known of the files from a record, by their numbers in this run.
#[derive(Debug)]
pub(crate) struct Known {
    pub(super) files: Vec<KnownFile>,
    /// Files that are not there any more, or are of another language.
    pub(super) gone: Vec<FileRecord>,
    pub(super) roots: Digest,
    pub(super) crates: Digest,
    /// How many names the record had.
    pub(super) name_counts: Vec<u32>,
    live_names: u32,
}

#[derive(Debug)]
pub(super) enum KnownFile {
    /// The record does not have it, or as one that takes part by its path alone.
    New,
    /// It takes part by its path alone, as it did.
    Unlinked,
    Linked(Box<KnownLinked>),
}

#[derive(Debug)]
pub(super) struct KnownLinked {
    entry: Digest,
    pub(super) link_hash: Digest,
    pub(super) trace: Trace,
    /// What the first pass made of it, where its content is another one now.
    pub(super) symbols: Option<FileSymbols>,
    /// None where what it includes follows from the same content and paths.
    pub(super) includes: Option<c::Includes>,
    pub(super) modules: Box<[Found]>,
    pub(super) bases: Box<[Found]>,
    pub(super) ancestors: Box<[Box<[Ancestor]>]>,
}

impl LinkIndexBuilder {
    /// Begins as [`new`](Self::new) does, with what a record says of files that are as they were: these need not be
    /// added. `entry` tells what a file's facts are made from; none where linking does not concern it.
    pub(crate) fn resume(
        files: Vec<LinkFile>,
        configuration: Vec<ConfigurationFile>,
        record: Record,
        entry: impl Fn(u32) -> Option<Digest>,
    ) -> (Self, Known) {
        let mut builder = Self::new(files, configuration);
        let Record { names, live_names, roots, crates, files: records } = record;
        let name_counts = names.counts();
        builder.names = names;
        let places = builder.places(&records);
        let count = builder.paths.len();
        let is_same_tree = places.len() == count && (0..).zip(&places).all(|(at, place)| at == *place);
        let mut known: Vec<KnownFile> = (0..count).map(|_| KnownFile::New).collect();
        let mut gone = Vec::new();
        for (mut record, place) in records.into_iter().zip(&places) {
            let Some(slot) = known.get_mut(*place as usize) else {
                gone.push(record);
                continue;
            };
            *slot = match (record.linked.take(), entry(*place)) {
                (None, None) => KnownFile::Unlinked,
                (Some(mut linked), entry) => {
                    if !is_same_tree {
                        linked.renumber(&places);
                    }
                    let is_same = entry == Some(linked.entry);
                    KnownFile::Linked(Box::new(builder.take_up(*place, linked, is_same, is_same_tree)))
                }
                (None, Some(_)) => KnownFile::New,
            };
        }
        (builder, Known { files: known, gone, roots, crates, name_counts, live_names })
    }

    /// The numbers that the record's files have in this run.
    fn places(&self, records: &[FileRecord]) -> Vec<u32> {
        let numbers = (0..self.paths.len() as u32).map(|file| (self.paths.key(file), file));
        let numbers: FxHashMap<FileKey, u32> = numbers.collect();
        let is_like = |record: &FileRecord, file: u32| self.paths.language(file) == record.language;
        let place = |record: &FileRecord| {
            numbers.get(&record.key).copied().filter(|file| is_like(record, *file)).unwrap_or(GONE)
        };
        records.iter().map(place).collect()
    }

    fn take_up(&self, file: u32, linked: LinkedRecord, is_same: bool, is_same_tree: bool) -> KnownLinked {
        let LinkedRecord { entry, link_hash, trace, symbols, includes, modules, bases, ancestors } = linked;
        let (mut other_symbols, mut other_includes) = (None, None);
        match is_same {
            true => drop(self.symbols[file as usize].set(symbols)),
            false => other_symbols = Some(symbols),
        }
        match is_same && is_same_tree {
            true => drop(self.includes[file as usize].set(includes)),
            false => other_includes = Some(includes),
        }
        let (symbols, includes) = (other_symbols, other_includes);
        KnownLinked { entry, link_hash, trace, symbols, includes, modules, bases, ancestors }
    }
}

impl Known {
    /// What is known to be the outcome for a file that nothing concerns.
    pub(crate) fn into_outcomes(self) -> (Vec<Option<Outcome>>, u32) {
        let outcome = |file| match file {
            KnownFile::Linked(file) => {
                let KnownLinked { entry, link_hash, trace, .. } = *file;
                Some(Outcome { entry, link_hash, trace })
            }
            KnownFile::New | KnownFile::Unlinked => None,
        };
        (self.files.into_iter().map(outcome).collect(), self.live_names)
    }
}

impl LinkedRecord {
    /// Gives the files their numbers in this run.
    fn renumber(&mut self, places: &[u32]) {
        let place = |file: &mut u32| *file = places.get(*file as usize).copied().unwrap_or(GONE);
        let found = self.includes.found.iter_mut().chain(&mut self.modules).chain(&mut self.bases);
        found.for_each(|found| renumber(&mut found.meaning, place));
        for ancestor in self.ancestors.iter_mut().flatten() {
            match ancestor {
                Ancestor::Known(SymbolRef { file, .. }) => place(file),
                Ancestor::Unknown => {}
            }
        }
        self.trace.files.iter_mut().for_each(place);
        self.includes.files.iter_mut().for_each(place);
        self.includes.by_architecture.iter_mut().flatten().for_each(place);
    }
}

fn renumber(meaning: &mut Meaning, place: impl Fn(&mut u32)) {
    match meaning {
        Meaning::File(file)
        | Meaning::Function(SymbolRef { file, .. })
        | Meaning::Class(SymbolRef { file, .. }) => {
            place(file);
        }
        // Directories are numbered by the files in them.
        Meaning::Directory(directory) => *directory = GONE,
        Meaning::Unknown | Meaning::Several(_) | Meaning::External | Meaning::Stdlib => {}
    }
}
