//! Which calls are to fail, and how.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use snake_pipe_core::{Error, ErrorKind, Result, SourcePath, load::Batch};

/// An operation of a backend or of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// `DatabaseBackend::connect`.
    Connect,
    /// `DatabaseBackend::migrate`.
    Migrate,
    /// `DatabaseBackend::health_check`.
    HealthCheck,
    /// `DatabaseBackend::repositories`.
    Repositories,
    /// `DatabaseBackend::remove_repository`.
    RemoveRepository,
    /// `DatabaseBackend::manifest`.
    Manifest,
    /// `DatabaseBackend::begin_load`.
    BeginLoad,
    /// `DatabaseBackend::write_batch`.
    Write,
    /// `DatabaseBackend::execute_sql_query`.
    Query,
    /// `DatabaseBackend::check_integrity`.
    CheckIntegrity,
    /// `DatabaseBackend::close`.
    Close,
    /// `LoadSession::write_batch`.
    SessionWrite,
    /// `LoadSession::publish`.
    Publish,
    /// `LoadSession::abort`.
    Abort,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails with an error of this kind, and nothing is done.
    Fail(ErrorKind),
    /// Everything is done, but the answer is an error of this kind: `OutcomeUnknown` is a lost reply.
    FailAfterwards(ErrorKind),
    /// It takes so much longer, and works.
    Delay(Duration),
    /// It never answers, and nothing is done.
    Hang,
    /// Everything is done, but the answer never comes.
    HoldAnswer,
    /// The work is given up where it is after so many polls, as when a caller goes away, and fails as a call does whose time
    /// was over: what has been done until then, nobody knows. With 1, 2, 3 … a failpoint at every await of a call.
    Abandon {
        /// How often it is polled before.
        polls: u32,
    },
    /// The connection breaks: nothing is done, and every session that is open is lost with what it had accepted. What comes
    /// afterwards finds a backend that answers.
    Disconnect,
}

/// The faults of one backend and its sessions, and what they were asked to do.
#[derive(Debug, Default)]
pub struct Faults {
    script: Mutex<Script>,
    /// How often the connection broke.
    disconnected: AtomicU64,
}

#[derive(Debug, Default)]
struct Script {
    next: BTreeMap<Operation, VecDeque<Option<Fault>>>,
    always: BTreeMap<Operation, Fault>,
    poisoned: BTreeSet<SourcePath>,
    calls: BTreeMap<Operation, u64>,
}

impl Faults {
    /// Lets the next call of the operation fail; called again, the one after that, and so on.
    pub fn next(&self, operation: Operation, fault: Fault) {
        self.script().next.entry(operation).or_default().push_back(Some(fault));
    }

    /// Lets a call of the operation pass before the faults that are added from now on.
    pub fn next_passes(&self, operation: Operation) {
        self.script().next.entry(operation).or_default().push_back(None);
    }

    /// Lets every call of the operation fail, once those given by [`next`](Self::next) are used up.
    pub fn always(&self, operation: Operation, fault: Fault) {
        self.script().always.insert(operation, fault);
    }

    /// Refuses every batch that holds this file, with `Data`.
    pub fn poison(&self, path: impl Into<SourcePath>) {
        self.script().poisoned.insert(path.into());
    }

    /// Lets everything pass from now on.
    pub fn clear(&self) {
        let mut script = self.script();
        let calls = std::mem::take(&mut script.calls);
        *script = Script { calls, ..Script::default() };
    }

    /// How often the operation was called so far.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> u64 {
        self.script().calls.get(&operation).copied().unwrap_or(0)
    }

    /// How often the connection broke so far: a session of an earlier count is lost.
    pub(super) fn disconnected(&self) -> u64 {
        self.disconnected.load(Ordering::SeqCst)
    }

    pub(super) fn disconnect(&self) {
        self.disconnected.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a call, and says how it is to fail.
    pub(super) fn call(&self, operation: Operation) -> Option<Fault> {
        let mut script = self.script();
        *script.calls.entry(operation).or_default() += 1;
        match script.next.get_mut(&operation).and_then(VecDeque::pop_front) {
            Some(fault) => fault,
            None => script.always.get(&operation).copied(),
        }
    }

    /// # Errors
    /// `Data` when a file of the batch is poisoned.
    pub(super) fn check(&self, batch: &Batch) -> Result<()> {
        let script = self.script();
        match batch.files.iter().find(|file| script.poisoned.contains(&file.path)) {
            Some(file) => {
                Err(Error::new(ErrorKind::Data, "the file is poisoned").with_context("path", &file.path))
            }
            None => Ok(()),
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        // Every change of the script is a single statement, so that a poisoned lock is sound.
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
