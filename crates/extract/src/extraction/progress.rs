//! How far an extraction is, for whoever watches.

use std::{
    fmt,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use snake_pipe_core::SourcePath;

/// What an extraction is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Walking the tree.
    #[default]
    Discover,
    /// Reading and hashing what changed.
    Read,
    /// Parsing what the cache does not hold.
    Parse,
    /// Taking in what all files define.
    Link,
    /// Resolving references and handing over facts.
    Stream,
    /// Nothing any more.
    Done,
}

const PHASES: [Phase; 6] =
    [Phase::Discover, Phase::Read, Phase::Parse, Phase::Link, Phase::Stream, Phase::Done];

/// Counts what an extraction does. Written by its threads, read by any other at any time.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    files_done: AtomicU64,
    files_total: AtomicU64,
    bytes_done: AtomicU64,
    bytes_total: AtomicU64,
    files_read: AtomicU64,
    files_parsed: AtomicU64,
    current: Mutex<Vec<(usize, SourcePath, Instant)>>,
    observer: OnceLock<Observer>,
}

/// Who is told of phases.
struct Observer(Box<Hear>);

type Hear = dyn Fn(Phase, &ProgressSnapshot) + Send + Sync;

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// How far an extraction is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressSnapshot {
    /// What it is doing.
    pub phase: Phase,
    /// Files that went through this phase.
    pub files_done: u64,
    /// Files that are to go through it; 0 while that is not known.
    pub files_total: u64,
    /// Bytes of source that went through it.
    pub bytes_done: u64,
    /// Bytes of source that are to go through it.
    pub bytes_total: u64,
    /// Files read so far because they were new or changed.
    pub files_read: u64,
    /// Files parsed so far because the cache did not hold them.
    pub files_parsed: u64,
    /// The files being parsed, and for how long, longest first.
    pub current: Vec<(SourcePath, Duration)>,
}

impl Progress {
    /// How far the extraction is now.
    #[must_use]
    pub fn snapshot(&self) -> ProgressSnapshot {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut current: Vec<_> =
            current.iter().map(|(_, path, since)| (path.clone(), since.elapsed())).collect();
        current.sort_by_key(|(_, duration)| std::cmp::Reverse(*duration));
        ProgressSnapshot {
            phase: PHASES[usize::from(self.phase.load(Ordering::Relaxed))],
            files_done: load(&self.files_done),
            files_total: load(&self.files_total),
            bytes_done: load(&self.bytes_done),
            bytes_total: load(&self.bytes_total),
            files_read: load(&self.files_read),
            files_parsed: load(&self.files_parsed),
            current,
        }
    }

    /// Tells every phase that begins to this function, with how far the one before has come. It is called from the threads of
    /// the extraction and must not block. An extraction has one observer: a second one is told nothing.
    pub fn observe(&self, observer: impl Fn(Phase, &ProgressSnapshot) + Send + Sync + 'static) {
        let _ = self.observer.set(Observer(Box::new(observer)));
    }

    pub(super) fn begin(&self, phase: Phase, files: usize, bytes: u64) {
        if let Some(Observer(observer)) = self.observer.get() {
            observer(phase, &self.snapshot());
        }
        self.files_done.store(0, Ordering::Relaxed);
        self.bytes_done.store(0, Ordering::Relaxed);
        self.files_total.store(files as u64, Ordering::Relaxed);
        self.bytes_total.store(bytes, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn done(&self, bytes: u64) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn read(&self) {
        self.files_read.fetch_add(1, Ordering::Relaxed);
    }

    /// Names the file that a worker is parsing, for as long as `parse` takes.
    pub(super) fn parsing<T>(&self, worker: usize, path: &SourcePath, parse: impl FnOnce() -> T) -> T {
        let lock = || self.current.lock().unwrap_or_else(PoisonError::into_inner);
        lock().push((worker, path.clone(), Instant::now()));
        let result = parse();
        lock().retain(|(of, ..)| *of != worker);
        self.files_parsed.fetch_add(1, Ordering::Relaxed);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_snapshot_tells_phase_counts_and_current_files() {
        let progress = Progress::default();
        assert_eq!(progress.snapshot(), ProgressSnapshot::default());
        progress.begin(Phase::Parse, 2, 30);
        progress.done(10);
        progress.parsing(0, &"a.c".into(), || {
            let current = progress.snapshot().current;
            assert_eq!(current[0].0.as_str(), "a.c");
        });
        let snapshot = progress.snapshot();
        assert_eq!((snapshot.phase, snapshot.files_done, snapshot.bytes_done), (Phase::Parse, 1, 10));
        assert_eq!((snapshot.files_total, snapshot.files_parsed), (2, 1));
        assert!(snapshot.current.is_empty());
    }

    #[test]
    fn an_observer_is_told_of_each_phase_how_far_the_one_before_came() {
        let (progress, told) = (Progress::default(), Arc::new(Mutex::new(Vec::new())));
        let phases = Arc::clone(&told);
        progress.observe(move |phase, before| phases.lock().unwrap().push((phase, before.files_done)));
        progress.begin(Phase::Parse, 2, 30);
        progress.done(10);
        progress.begin(Phase::Link, 2, 0);
        assert_eq!(*told.lock().unwrap(), [(Phase::Parse, 0), (Phase::Link, 1)]);
    }
}
