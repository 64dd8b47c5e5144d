//! Parsing what the cache does not hold.

use std::{cmp::Reverse, sync::Mutex, sync::PoisonError};

use rustc_hash::FxHashSet;
use snake_pipe_core::Result;

use super::{
    Phase,
    files::{Files, Worker},
    stream::{Queue, cancelled},
    workers::Workers,
};

/// Parses every content that the cache does not hold, the largest first, so that none is begun late and waited for. What
/// is parsed is cached at once: an interruption loses nothing but the files in work.
pub(super) fn parse_missing<'a>(mut files: Files<'a>, workers: &Workers, queue: &Queue) -> Result<Files<'a>> {
    let missing = missing(&files);
    let size = |index: usize| files.list()[index].size_bytes.unwrap_or(0);
    files.progress.begin(Phase::Parse, missing.len(), missing.iter().map(|index| size(*index)).sum());
    let changed = Mutex::new(Vec::new());
    workers.for_each(missing.len(), Worker::new, |worker, number| {
        if queue.is_abandoned() {
            return Err(cancelled());
        }
        let index = missing[number];
        let read = files.parse(index, worker)?;
        files.progress.done(size(index));
        let is_same =
            matches!(&read, Ok((content, _)) if Some(content.hash) == files.list()[index].content_hash);
        if !is_same {
            changed.lock().unwrap_or_else(PoisonError::into_inner).push((index, read));
        }
        Ok(())
    })?;
    for (index, read) in changed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        files.replace(index, read);
    }
    Ok(files)
}

/// One file for each content that is not cached, by falling size.
fn missing(files: &Files<'_>) -> Vec<usize> {
    let mut seen = FxHashSet::default();
    let mut missing: Vec<usize> = (0..files.list().len())
        .filter(|index| {
            files.entry_key(*index).is_some_and(|key| !files.store.contains(key) && seen.insert(key))
        })
        .collect();
    missing.sort_by_key(|index| Reverse(files.list()[*index].size_bytes));
    missing
}
