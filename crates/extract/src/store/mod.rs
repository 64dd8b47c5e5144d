//! The fact cache: what was parsed, on disk, by the content it was parsed from.
//!
//! An entry has two sections: the definitions ([`TransformedAst`] without references), which are final, and what linking
//! reads ([`Linkable`]). They are read apart, so that linking a repository reads its references and nothing else.
//!
//! A directory holds the entries of one repository in packs. A process appends to a pack of its own and reads all of
//! them, so that processes that load the same repository at once disturb each other as little as an interrupted one
//! does the next. What is in a pack is trusted as far as its checksums go: an entry that is damaged, cut off, or of
//! another version does not exist. The cache may be deleted at any time that no process uses it; that costs time.

mod compaction;
mod entry;
mod location;
mod pack;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, Once, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use rustc_hash::FxHashMap;
use snake_pipe_core::{Error, Result, id::Digest, model::TransformedAst};
use tempfile::TempDir;

pub use location::CacheLocation;

pub(crate) use entry::{Buffers, EntryKey};

use crate::parsed::Linkable;
use entry::Section;
use location::OpenDirectory;
use pack::{ELSEWHERE, Pack, PackWriter, Place};

/// The fact cache of one repository, shared by all threads of a process.
#[derive(Debug)]
pub(crate) struct FactStore {
    directory: OpenDirectory,
    /// Whether the packs that were there were looked at.
    is_read: Once,
    packs: RwLock<Vec<Arc<Pack>>>,
    index: RwLock<FxHashMap<EntryKey, (u32, Place)>>,
    writer: Mutex<Option<PackWriter>>,
    /// Where entries go once the directory takes no more. Linking reads them; the next run does not find them.
    overflow: OnceLock<TempDir>,
    written_bytes: AtomicU64,
}

impl FactStore {
    /// Opens the cache of the repository `name`, or makes an empty one. Where the directory cannot be written, a
    /// temporary one takes its place, and a warning says so. What it holds is looked at when somebody asks for it: a run
    /// over an unchanged tree never does.
    ///
    /// # Errors
    /// `Io` or `Capacity` if not even a temporary directory can be made.
    pub(crate) fn open(location: &CacheLocation, name: &str) -> Result<Self> {
        Ok(Self {
            directory: OpenDirectory::open(location, name)?,
            is_read: Once::new(),
            packs: RwLock::default(),
            index: RwLock::default(),
            writer: Mutex::new(None),
            overflow: OnceLock::new(),
            written_bytes: AtomicU64::new(0),
        })
    }

    /// The packs; all that were there are in the index.
    fn packs(&self) -> &RwLock<Vec<Arc<Pack>>> {
        self.is_read.call_once(|| {
            let mut packs = self.packs.write().unwrap_or_else(PoisonError::into_inner);
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            for path in compaction::pack_paths(self.directory()) {
                // Another process may have compacted it away since; what is gone is a miss.
                let Ok(pack) = Pack::open(&path) else { continue };
                let number = packs.len() as u32;
                pack.for_each_entry(|key, place| {
                    index.insert(key, (number, place));
                });
                packs.push(Arc::new(pack));
            }
        });
        &self.packs
    }

    /// Where each entry is.
    fn index(&self) -> &RwLock<FxHashMap<EntryKey, (u32, Place)>> {
        self.packs();
        &self.index
    }

    /// Where entries are kept.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Why the configured directory is not used, if it is not.
    pub(crate) fn warning(&self) -> Option<&str> {
        self.directory.warning()
    }

    /// A file for other knowledge about the tree at `root`, beside the entries.
    pub(crate) fn file_beside(&self, kind: &str, root: &Path) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        self.directory().join(format!("{kind}-{}", Digest::of(root.as_os_str().as_bytes())))
    }

    /// Removes the oldest of the [files beside](Self::file_beside) the entries, so that of each kind no more are left than
    /// these: one repository may be loaded from ever new directories.
    pub(crate) fn keep_beside(&self, kind: &str, count: usize) {
        let Ok(listing) = std::fs::read_dir(self.directory()) else { return };
        let prefix = format!("{kind}-");
        let is_of_kind = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&prefix);
        let mut files: Vec<_> = listing
            .filter_map(std::result::Result::ok)
            .filter(is_of_kind)
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort_unstable_by(|one, other| other.cmp(one));
        files.iter().skip(count).for_each(|(_, path)| drop(std::fs::remove_file(path)));
    }

    /// Whether everything is gone when the run ends.
    pub(crate) fn is_temporary(&self) -> bool {
        self.directory.is_temporary()
    }

    /// Whether there is an entry, going by its head: that it cannot be read may turn out later.
    pub(crate) fn contains(&self, key: EntryKey) -> bool {
        self.index().read().unwrap_or_else(PoisonError::into_inner).contains_key(&key)
    }

    /// Adds an entry. Once this returns, an interruption does not lose it: unless the directory cannot be written any
    /// more, which a warning says. Then it is kept for this run alone, in the system's temporary directory.
    ///
    /// # Errors
    /// Where not even that can be written: `Capacity` if the disk is full, otherwise `Io`.
    pub(crate) fn put(
        &self,
        key: EntryKey,
        definitions: &TransformedAst,
        linkable: &Linkable,
        buffers: &mut Buffers,
    ) -> Result<()> {
        let record = entry::encode(key, definitions, linkable, buffers)?;
        let mut current = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (place, number) = match self.append(&mut current, record) {
            Err(error) if self.overflow.get().is_none() && !self.is_temporary() => {
                self.overflow_after(&error)?;
                *current = None;
                self.append(&mut current, record)?
            }
            appended => appended?,
        };
        drop(current);
        self.written_bytes.fetch_add(record.len() as u64, Ordering::Relaxed);
        self.index().write().unwrap_or_else(PoisonError::into_inner).insert(key, (number, place));
        Ok(())
    }

    fn append(&self, current: &mut Option<PackWriter>, record: &[u8]) -> Result<(Place, u32)> {
        let writer = match current {
            Some(writer) => writer,
            empty => empty.insert(self.new_pack()?),
        };
        Ok((writer.append(record)?, writer.number()))
    }

    /// From now on, entries go into a temporary directory.
    fn overflow_after(&self, error: &Error) -> Result<()> {
        tracing::warn!(
            directory = %self.directory().display(), %error,
            "the fact cache cannot be written: what is parsed is kept for this run alone; make room, or {ELSEWHERE}"
        );
        let temporary = tempfile::Builder::new().prefix("snake-pipe-").tempdir().map_err(|source| {
            Error::from(source)
                .with_operation("write the fact cache")
                .with_context("directory", self.directory().display().to_string())
                .with_help(format!("make room there or in the temporary directory (TMPDIR), or {ELSEWHERE}"))
        })?;
        // There is one caller at a time: the one that holds the writer.
        self.overflow.set(temporary).ok();
        Ok(())
    }

    /// The definitions of an entry; none if there is no entry, or a damaged one, which is then forgotten.
    pub(crate) fn definitions(&self, key: EntryKey, buffers: &mut Buffers) -> Option<TransformedAst> {
        self.read(key, Section::Definitions, buffers)
    }

    /// What linking needs of an entry; none if there is no entry, or a damaged one, which is then forgotten.
    pub(crate) fn linkable(&self, key: EntryKey, buffers: &mut Buffers) -> Option<Linkable> {
        self.read(key, Section::Linkable, buffers)
    }

    fn read<T: serde::de::DeserializeOwned>(
        &self,
        key: EntryKey,
        section: Section,
        buffers: &mut Buffers,
    ) -> Option<T> {
        let (number, place) = *self.index().read().unwrap_or_else(PoisonError::into_inner).get(&key)?;
        let pack = {
            let packs = self.packs().read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(packs.get(number as usize)?)
        };
        let value = pack.read(&place, section, buffers).and_then(|bytes| postcard::from_bytes(bytes).ok());
        if value.is_none() {
            tracing::warn!(pack = %pack.path().display(), "a damaged entry of the fact cache is made anew");
            self.index().write().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
        value
    }

    fn new_pack(&self) -> Result<PackWriter> {
        let mut packs = self.packs().write().unwrap_or_else(PoisonError::into_inner);
        let directory = self.overflow.get().map_or(self.directory(), TempDir::path);
        let writer = PackWriter::create(directory, packs.len() as u32)?;
        packs.push(writer.pack());
        Ok(writer)
    }
}

#[cfg(test)]
mod tests;
