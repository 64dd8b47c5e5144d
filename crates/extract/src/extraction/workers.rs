//! The threads of an extraction.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rayon::{ThreadPool, ThreadPoolBuilder};
use snake_pipe_core::{Error, ErrorKind, Result};

/// Parsers and decoders go no deeper than their input is nested, and are bounded; this is ample.
const STACK_BYTES: usize = 8 << 20;

/// A fixed number of threads that share the work on a list.
#[derive(Debug)]
pub(super) struct Workers {
    pool: ThreadPool,
}

impl Workers {
    /// As many as `threads` says; 0 for as many as there are processors.
    pub(super) fn new(threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK_BYTES)
            .thread_name(|number| format!("extract-{number}"))
            .build()
            .map_err(|source| {
                Error::new(ErrorKind::Capacity, "threads for the extraction cannot be started")
                    .with_source(source)
                    .with_help("extract with fewer threads")
            })?;
        Ok(Self { pool })
    }

    /// Runs `work` in the pool.
    pub(super) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Calls `work` for every number below `count`. Numbers are begun in rising order, so that what takes longest can
    /// stand first. Each thread has a state of its own, and a number. The first error ends the work and is returned.
    pub(super) fn for_each<S>(
        &self,
        count: usize,
        state: impl Fn(usize) -> S + Sync,
        work: impl Fn(&mut S, usize) -> Result<()> + Sync,
    ) -> Result<()> {
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let first_error = Mutex::new(None);
        let run = |worker| {
            let mut state = state(worker);
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    break;
                }
                if let Err(error) = work(&mut state, index) {
                    failed.store(true, Ordering::Relaxed);
                    first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        };
        let (pool, run) = (&self.pool, &run);
        pool.in_place_scope(|scope| {
            for worker in 0..pool.current_num_threads().min(count) {
                scope.spawn(move |_| run(worker));
            }
        });
        match first_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
    /// Calls `work` as [`for_each`](Self::for_each) does, and gives the results in the order of their numbers.
    pub(super) fn map<S, T: Send + Sync>(
        &self,
        count: usize,
        state: impl Fn(usize) -> S + Sync,
        work: impl Fn(&mut S, usize) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let results: Vec<OnceLock<T>> = (0..count).map(|_| OnceLock::new()).collect();
        self.for_each(count, state, |state, index| {
            let result = work(state, index)?;
            // Every number is worked on once.
            results[index].set(result).ok();
            Ok(())
        })?;
        Ok(results.into_iter().filter_map(OnceLock::into_inner).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_worked_on_once() {
        let seen = Mutex::new(Vec::new());
        Workers::new(3)
            .unwrap()
            .for_each(
                100,
                |_| (),
                |(), index| {
                    seen.lock().unwrap().push(index);
                    Ok(())
                },
            )
            .unwrap();
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_ends_the_work() {
        let count = AtomicUsize::new(0);
        let error = Workers::new(1)
            .unwrap()
            .for_each(
                100,
                |_| (),
                |(), index| {
                    count.fetch_add(1, Ordering::Relaxed);
                    if index == 3 { Err(Error::new(ErrorKind::Io, "broken")) } else { Ok(()) }
                },
            )
            .unwrap_err();
        assert_eq!((error.message(), count.into_inner()), ("broken", 4));
    }
}
