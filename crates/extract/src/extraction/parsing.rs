//! Parsing what the cache does not hold.

use std::{
    cmp::Reverse,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use rustc_hash::FxHashSet;
use snake_pipe_core::Result;

use super::{
    Phase,
    files::{Files, Worker},
    stream::{Queue, cancelled},
    workers::Workers,
};

/// Parsing takes memory of up to ten times the source: many threads do not parse more than this at once. A single larger
/// file is parsed alone.
const MAX_BYTES_AT_ONCE: u64 = 48 << 20;

/// Parses every content that the cache does not hold, the largest first, so that none is begun late and waited for. What
/// is parsed is cached at once: an interruption loses nothing but the files in work.
pub(super) fn parse_missing<'a>(mut files: Files<'a>, workers: &Workers, queue: &Queue) -> Result<Files<'a>> {
    let missing = missing(&files);
    let size = |index: usize| files.list()[index].size_bytes.unwrap_or(0);
    files.progress.begin(Phase::Parse, missing.len(), missing.iter().map(|index| size(*index)).sum());
    let (changed, budget) = (Mutex::new(Vec::new()), Budget::new(MAX_BYTES_AT_ONCE));
    workers.for_each(missing.len(), Worker::new, |worker, number| {
        if queue.is_abandoned() {
            return Err(cancelled());
        }
        let index = missing[number];
        let taken = budget.take(size(index));
        let read = files.parse(index, worker)?;
        drop(taken);
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

/// An amount that threads share.
struct Budget {
    limit: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// A part of the budget, until it is dropped.
struct Taken<'a> {
    budget: &'a Budget,
    amount: u64,
}

impl Budget {
    fn new(limit: u64) -> Self {
        Self { limit, taken: Mutex::new(0), given_back: Condvar::new() }
    }

    /// Waits until there is enough, or nothing is taken.
    fn take(&self, amount: u64) -> Taken<'_> {
        let is_short = |taken: &mut u64| *taken > 0 && *taken + amount > self.limit;
        let taken = self.given_back.wait_while(self.lock(), is_short);
        *taken.unwrap_or_else(PoisonError::into_inner) += amount;
        Taken { budget: self, amount }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.budget.lock() -= self.amount;
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn what_exceeds_the_budget_waits_until_enough_is_given_back() {
        let budget = Budget::new(10);
        let first = budget.take(8);
        thread::scope(|scope| {
            let second = scope.spawn(|| drop(budget.take(3)));
            thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished());
            drop(first);
        });
        assert_eq!(*budget.lock(), 0);
    }

    #[test]
    fn more_than_the_whole_budget_is_taken_alone() {
        let budget = Budget::new(10);
        let all = budget.take(100);
        assert_eq!(*budget.lock(), 100);
        drop(all);
    }
}
