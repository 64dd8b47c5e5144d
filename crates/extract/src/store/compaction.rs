//! Taking away what is no longer used.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use rustc_hash::FxHashSet;

use super::{
    EntryKey, FactStore,
    pack::{PACK_SUFFIX, Pack, Place},
};

/// Packs are put together above this number, as every run that parses something adds one.
const MAX_PACKS: usize = 16;

/// Less than this is not worth the copying.
const MIN_GARBAGE_BYTES: u64 = 8 << 20;

/// How a pack is named until it is whole.
const ASIDE_SUFFIX: &str = ".aside";

/// The packs of a directory, in the order of their names.
pub(super) fn pack_paths(directory: &Path) -> Vec<PathBuf> {
    paths_ending(directory, PACK_SUFFIX)
}

fn paths_ending(directory: &Path, suffix: &str) -> Vec<PathBuf> {
    let Ok(listing) = fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<_> = listing
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(suffix)))
        .collect();
    paths.sort_unstable();
    paths
}

impl FactStore {
    /// Rewrites the packs if more than half of their bytes belong to entries that are not `live`, or if there are too
    /// many of them. Packs that another process writes are left alone. The store remains readable.
    pub(crate) fn compact(&self, live: &FxHashSet<EntryKey>) {
        if let Err(error) = self.try_compact(live) {
            let directory = self.directory().display();
            tracing::debug!(%directory, %error, "the fact cache cannot be compacted");
        }
    }

    fn try_compact(&self, live: &FxHashSet<EntryKey>) -> io::Result<()> {
        remove_abandoned(self.directory());
        let packs = self.lockable_packs();
        let total: u64 =
            packs.iter().filter_map(|(_, pack)| pack.file().metadata().ok()).map(|m| m.len()).sum();
        let mut entries = self.entries_of(&packs);
        let live_bytes: u64 = entries
            .iter()
            .filter(|(key, ..)| live.contains(key))
            .map(|(_, _, place)| place.head.entry_bytes())
            .sum();
        let garbage = total - live_bytes.min(total);
        let is_mostly_garbage = garbage > live_bytes && garbage > MIN_GARBAGE_BYTES;
        if !is_mostly_garbage && packs.len() <= MAX_PACKS {
            return Ok(());
        }
        if is_mostly_garbage {
            entries.retain(|(key, ..)| live.contains(key));
        }
        write_pack(self.directory(), &entries)?;
        for (_, pack) in &packs {
            fs::remove_file(pack.path()).ok();
        }
        Ok(())
    }

    /// The packs that no other process writes, with their numbers; they are locked from now on.
    fn lockable_packs(&self) -> Vec<(u32, Arc<Pack>)> {
        let packs = self.packs().read().unwrap_or_else(PoisonError::into_inner);
        (0..)
            .zip(packs.iter())
            .filter(|(_, pack)| pack.file().try_lock().is_ok())
            .map(|(n, p)| (n, Arc::clone(p)))
            .collect()
    }

    /// What the index has of these packs, in the order of the bytes.
    fn entries_of(&self, packs: &[(u32, Arc<Pack>)]) -> Vec<(EntryKey, Arc<Pack>, Place)> {
        let index = self.index().read().unwrap_or_else(PoisonError::into_inner);
        let mut entries: Vec<_> = index
            .iter()
            .filter_map(|(key, (number, place))| {
                let at = packs.iter().position(|(n, _)| n == number)?;
                Some((at, place.offset, *key, *place))
            })
            .collect();
        entries.sort_unstable_by_key(|(at, offset, ..)| (*at, *offset));
        entries.into_iter().map(|(at, _, key, place)| (key, Arc::clone(&packs[at].1), place)).collect()
    }
}

/// Writes the entries aside and gives the file its name when it is whole.
fn write_pack(directory: &Path, entries: &[(EntryKey, Arc<Pack>, Place)]) -> io::Result<()> {
    let aside = tempfile::Builder::new().suffix(ASIDE_SUFFIX).tempfile_in(directory)?;
    // Where the file system knows no locks, nobody removes it either.
    aside.as_file().try_lock().ok();
    let mut writer = BufWriter::with_capacity(1 << 20, aside.as_file());
    let mut bytes = Vec::new();
    for (_, pack, place) in entries {
        bytes.resize(place.head.entry_bytes() as usize, 0);
        pack.file().read_exact_at(&mut bytes, place.offset)?;
        writer.write_all(&bytes)?;
    }
    writer.flush()?;
    drop(writer);
    let name = aside.path().with_extension(&PACK_SUFFIX[1..]);
    aside.persist_noclobber(name)?;
    Ok(())
}

/// Removes what a process that was killed left half written.
fn remove_abandoned(directory: &Path) {
    for path in paths_ending(directory, ASIDE_SUFFIX) {
        if File::options().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            fs::remove_file(path).ok();
        }
    }
}
