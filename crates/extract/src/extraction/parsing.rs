//! Parsing what the cache does not hold.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use rustc_hash::FxHashSet;
use snake_pipe_core::Result;

use super::{
    Phase,
    files::{Files, Worker},
    memory,
    stream::{Queue, cancelled},
    workers::Workers,
};

/// What parsing a file takes in memory as a rule, in bytes for each byte of source: tables that a program wrote come to this
/// (a node for every three bytes, 80 bytes a node, and what is made of them), ordinary code to half, lists of macros to a
/// tenth. What takes more, up to ten times as much, is bounded by [`ParseOptions::max_tree_bytes`](crate::ParseOptions).
const BYTES_PER_SOURCE_BYTE: u64 = 28;

/// Files that take no more than this are parsed whenever a thread is free.
const SMALL_BYTES: u64 = 16 << 20;

/// Larger files that many threads parse at once take no more than this together. A single one that takes more is parsed
/// beside small ones alone.
const LARGE_BYTES_AT_ONCE: u64 = 512 << 20;

/// What a file took beyond this goes back to the system when it is parsed: the thread that parses the next large one may be
/// another, and each has memory of its own.
const KEPT_BYTES: u64 = 128 << 20;

/// Parses every content that the cache does not hold, the largest first, so that none is begun late and waited for, as far
/// as there is memory for it. What is parsed is cached at once: an interruption loses nothing but the files in work.
pub(super) fn parse_missing<'a>(mut files: Files<'a>, workers: &Workers, queue: &Queue) -> Result<Files<'a>> {
    let missing = missing(&files);
    let size = |index: usize| files.list()[index].size_bytes.unwrap_or(0);
    files.progress.begin(Phase::Parse, missing.len(), missing.iter().map(|index| size(*index)).sum());
    let changed = Mutex::new(Vec::new());
    let waiting = Waiting::new(missing.iter().map(|index| (memory_bytes(size(*index)), *index)));
    workers.for_each(missing.len(), Worker::new, |worker, _| {
        if queue.is_abandoned() {
            return Err(cancelled());
        }
        // There is one file for each call.
        let Some(next) = waiting.next() else { return Ok(()) };
        let index = next.index;
        let read = files.parse(index, worker)?;
        if next.taken_bytes > KEPT_BYTES {
            memory::give_back();
        }
        drop(next);
        files.progress.done(size(index));
        let is_same =
            matches!(&read, Ok((content, _)) if Some(content.hash) == files.list()[index].content_hash);
        if !is_same {
            changed.lock().unwrap_or_else(PoisonError::into_inner).push((index, read));
        }
        Ok(())
    })?;
    if missing.iter().map(|index| memory_bytes(size(*index))).sum::<u64>() > KEPT_BYTES {
        // What the trees took is not taken again.
        memory::give_back();
    }
    for (index, read) in changed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        files.replace(index, read);
    }
    Ok(files)
}

/// One file for each content that is not cached.
fn missing(files: &Files<'_>) -> Vec<usize> {
    let mut seen = FxHashSet::default();
    let is_missing = |index: &usize| {
        files.entry_key(*index).is_some_and(|key| !files.store.contains(key) && seen.insert(key))
    };
    (0..files.list().len()).filter(is_missing).collect()
}

const fn memory_bytes(source_bytes: u64) -> u64 {
    source_bytes.saturating_mul(BYTES_PER_SOURCE_BYTE)
}

/// The files that wait to be parsed, and what those take that are being parsed.
struct Waiting {
    state: Mutex<State>,
    given_back: Condvar,
}

#[derive(Default)]
struct State {
    /// By falling memory, then in their order.
    files: BTreeSet<(Reverse<u64>, usize)>,
    /// What large files take that are being parsed.
    taken_bytes: u64,
}

/// A file that is being parsed, until it is dropped.
struct Next<'a> {
    waiting: &'a Waiting,
    index: usize,
    taken_bytes: u64,
}

impl Waiting {
    /// With the memory that each file takes, and its number.
    fn new(files: impl Iterator<Item = (u64, usize)>) -> Self {
        let files = files.map(|(bytes, index)| (Reverse(bytes), index)).collect();
        Self { state: Mutex::new(State { files, taken_bytes: 0 }), given_back: Condvar::new() }
    }

    /// The largest file for which there is memory; waits where there is none until some is given back. None where no file
    /// waits.
    fn next(&self) -> Option<Next<'_>> {
        let mut state = self.lock();
        loop {
            let free_bytes = match state.taken_bytes {
                0 => u64::MAX,
                taken => LARGE_BYTES_AT_ONCE.saturating_sub(taken).max(SMALL_BYTES),
            };
            let found = state.files.range((Reverse(free_bytes), 0)..).next().copied();
            if let Some(file @ (Reverse(bytes), index)) = found {
                state.files.remove(&file);
                let taken_bytes = if bytes > SMALL_BYTES { bytes } else { 0 };
                state.taken_bytes += taken_bytes;
                return Some(Next { waiting: self, index, taken_bytes });
            }
            if state.files.is_empty() {
                return None;
            }
            state = self.given_back.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Next<'_> {
    fn drop(&mut self) {
        self.waiting.lock().taken_bytes -= self.taken_bytes;
        self.waiting.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    fn waiting(megabytes: &[u64]) -> Waiting {
        Waiting::new(megabytes.iter().enumerate().map(|(index, megabytes)| (megabytes << 20, index)))
    }

    #[test]
    fn the_largest_comes_first_and_equals_in_their_order() {
        let waiting = waiting(&[1, 3, 2, 3]);
        let order: Vec<usize> = std::iter::from_fn(|| waiting.next().map(|next| next.index)).collect();
        assert_eq!(order, [1, 3, 2, 0]);
    }

    #[test]
    fn beside_a_giant_there_are_small_files_alone() {
        let waiting = waiting(&[900, 800, 100, 16, 15]);
        let giant = waiting.next().unwrap();
        let (small, smaller) = (waiting.next().unwrap(), waiting.next().unwrap());
        assert_eq!([giant.index, small.index, smaller.index], [0, 3, 4]);
        drop(giant);
        assert_eq!(waiting.next().unwrap().index, 1);
    }

    #[test]
    fn large_files_share_what_there_is() {
        let waiting = waiting(&[300, 280, 200, 17]);
        let (one, other) = (waiting.next().unwrap(), waiting.next().unwrap());
        assert_eq!([one.index, other.index], [0, 2]);
        thread::scope(|scope| {
            let third = scope.spawn(|| waiting.next().map(|next| next.index));
            thread::sleep(Duration::from_millis(50));
            assert!(!third.is_finished(), "there are 12 MiB left, and both that wait are large");
            drop(other);
            assert_eq!(third.join().unwrap(), Some(3));
        });
        drop(one);
        assert_eq!(waiting.next().unwrap().index, 1);
        assert!(waiting.next().is_none());
    }
}
