//! What became of a run. The names of fields and words in JSON are stable.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    BackendInfo, Error, SourcePath, Timestamp,
    id::RepositoryId,
    load::{Marker, Repository},
    position::SourcePosition,
};

use crate::{BreakerOptions, BreakerState, CoordinatorOptions, Policy, Route};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The policy's backends hold what the stream brought.
    Success,
    /// Some backend holds it, but not all that the policy asks for, or not all of it.
    PartlyFailed,
    /// Nothing that the policy asks for was published.
    Failed,
    /// The run was cancelled. A backend that had published before stays as it is; the others are as before the run.
    Cancelled,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Identifies the run; also the marker of its publications, and so the id of the snapshot in every backend.
    pub run_id: Marker,
    /// What was loaded.
    pub repository: Repository,
    /// Its id.
    pub repository_id: RepositoryId,
    /// How it ended, by the policy.
    pub outcome: Outcome,
    /// Which backends decided.
    pub policy: Policy,
    /// How the run went about its work.
    pub settings: RunSettings,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// Files that the stream brought.
    pub files_received: u64,
    /// Why the stream ended early; nothing was published then.
    pub error: Option<ErrorSummary>,
    /// What became of each backend, in the order in which they were given.
    pub lanes: Vec<LaneSummary>,
}

impl RunSummary {
    /// How far every backend has come in each source: where a run has to go on that is to leave nothing out. A source that one of
    /// them knows nothing of is left out.
    #[must_use]
    pub fn reached(&self) -> Vec<SourcePosition> {
        // A backend whose route takes nothing of the repository is none of those that follow its sources.
        let follows = |lane: &&LaneSummary| {
            let is_elsewhere =
                lane.route.is_some() && lane.status == LaneStatus::Unchanged && lane.positions.is_empty();
            lane.status != LaneStatus::Removed && !is_elsewhere
        };
        let mut lanes = self.lanes.iter().filter(follows).map(|lane| &lane.positions);
        let mut reached = lanes.next().cloned().unwrap_or_default();
        for positions in lanes {
            reached.retain_mut(|least| {
                let other = positions.iter().find(|other| other.key == least.key);
                if let Some(other) = other
                    && other.order < least.order
                {
                    *least = other.clone();
                }
                other.is_some()
            });
        }
        reached
    }
}

/// How a run went about its work: the options that decide what happens when something fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSettings {
    /// [`CoordinatorOptions::batch_bytes`].
    pub batch_bytes: u64,
    /// [`CoordinatorOptions::batch_age`].
    #[serde(default)]
    pub batch_age_ms: u64,
    /// [`CoordinatorOptions::lane_bytes`].
    pub lane_bytes: u64,
    /// [`CoordinatorOptions::lag_limit`].
    pub lag_limit_ms: u64,
    /// [`CoordinatorOptions::lag_percent`].
    pub lag_percent: u32,
    /// [`RetryOptions::attempts`](crate::RetryOptions::attempts).
    pub retry_attempts: u32,
    /// [`RetryOptions::base`](crate::RetryOptions::base).
    pub retry_base_ms: u64,
    /// [`RetryOptions::cap`](crate::RetryOptions::cap).
    pub retry_cap_ms: u64,
    /// [`RetryOptions::total`](crate::RetryOptions::total).
    pub retry_total_ms: u64,
    /// [`Timeouts::connect`](crate::Timeouts::connect).
    pub connect_timeout_ms: u64,
    /// [`Timeouts::read`](crate::Timeouts::read).
    pub read_timeout_ms: u64,
    /// [`Timeouts::write`](crate::Timeouts::write).
    pub write_timeout_ms: u64,
    /// [`Timeouts::publish`](crate::Timeouts::publish).
    pub publish_timeout_ms: u64,
    /// [`ReturnOptions::within`](crate::ReturnOptions::within).
    pub return_within_ms: u64,
    /// [`ReturnOptions::ask_every`](crate::ReturnOptions::ask_every).
    #[serde(default)]
    pub return_ask_every_ms: u64,
    /// [`BreakerOptions::failures`].
    pub breaker_failures: u32,
    /// [`BreakerOptions::open_for`].
    pub breaker_open_ms: u64,
    /// [`BreakerOptions::half_open_calls`].
    pub breaker_half_open_calls: u32,
    /// [`BreakerOptions::successes`].
    pub breaker_successes: u32,
    /// [`CoordinatorOptions::max_replays`].
    pub max_replays: u32,
    /// [`CoordinatorOptions::max_refused_files`].
    pub max_refused_files: u64,
    /// [`CoordinatorOptions::check_integrity`].
    pub check_integrity: bool,
}

impl RunSettings {
    pub(crate) fn new(options: &CoordinatorOptions, breaker: BreakerOptions) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            batch_bytes: options.batch_bytes as u64,
            batch_age_ms: ms(options.batch_age),
            lane_bytes: options.lane_bytes as u64,
            lag_limit_ms: ms(options.lag_limit),
            lag_percent: options.lag_percent,
            retry_attempts: options.retry.attempts,
            retry_base_ms: ms(options.retry.base),
            retry_cap_ms: ms(options.retry.cap),
            retry_total_ms: ms(options.retry.total),
            connect_timeout_ms: ms(options.timeouts.connect),
            read_timeout_ms: ms(options.timeouts.read),
            write_timeout_ms: ms(options.timeouts.write),
            publish_timeout_ms: ms(options.timeouts.publish),
            return_within_ms: ms(options.returning.within),
            return_ask_every_ms: ms(options.returning.ask_every),
            breaker_failures: breaker.failures,
            breaker_open_ms: ms(breaker.open_for),
            breaker_half_open_calls: breaker.half_open_calls,
            breaker_successes: breaker.successes,
            max_replays: options.max_replays,
            max_refused_files: options.max_refused_files as u64,
            check_integrity: options.check_integrity,
        }
    }
}

/// How a backend came out of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneStatus {
    /// What it was owed is visible now.
    Published,
    /// It was owed nothing, or all of that turned out to be there already; nothing was written.
    Unchanged,
    /// An error stopped it; it is as before the run, and what it is owed is counted.
    Failed,
    /// It was too slow for the stream; it is as before the run, and what it is owed is counted.
    Lagging,
    /// The run ended before it could publish; it is as before the run. If `error` says that it was just publishing, it may
    /// hold all of the run as well.
    Cancelled,
    /// It was removed from the run, which went on without it; it is as before the run, or as `Cancelled` says.
    Removed,
}

/// What became of one backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneSummary {
    /// The backend's name.
    pub backend: String,
    /// Its kind.
    pub kind: String,
    /// Where it is, without credentials.
    pub address: String,
    /// How it came out of the run.
    pub status: LaneStatus,
    /// Which files it takes; none where it takes all.
    pub route: Option<Route>,
    /// Files whose facts were written.
    pub files_written: u64,
    /// Files that it held already: of a complete load all of them, of a partial one those that the stream brought.
    pub files_unchanged: u64,
    /// Files that were removed.
    pub files_removed: u64,
    /// Files that it refused; see `dead_letters`.
    pub files_refused: u64,
    /// Files that its route does not take: of a complete load all of them, of a partial one those that the stream brought.
    pub files_elsewhere: u64,
    /// Files that it is still owed, as far as is known: of those that the stream brought, or that a complete load lists and
    /// it does not hold. The next run finds them by the manifest.
    pub owed_files: u64,
    /// Rows inserted, updated or deleted, as the backend counts them.
    pub rows: u64,
    /// Bytes sent, as the backend counts them.
    pub bytes: u64,
    /// Batches that it accepted, those of lost sessions included.
    pub batches: u64,
    /// Calls that were tried again.
    pub retries: u64,
    /// Sessions that were lost or found stale and begun again.
    pub replays: u64,
    /// How often it did not answer for so long that its lane waited for it, and came back.
    pub returns: u64,
    /// Whether it was slower than the others, so that the stream went on without it. If it is held nevertheless, it has caught up.
    pub left_behind: bool,
    /// What its circuit breaker does with calls at the end.
    pub breaker: BreakerState,
    /// From connecting to the end.
    pub duration_ms: u64,
    /// What that time went into, one after the other; together it is all of it.
    #[serde(default)]
    pub phases: Vec<LanePhase>,
    /// Tables touched, sorted.
    pub tables: Vec<String>,
    /// The database's number of the publishing transaction.
    pub transaction: Option<String>,
    /// How far its sources have been read, of what it holds now: where to go on.
    pub positions: Vec<SourcePosition>,
    /// Rows that break a constraint, where integrity was checked after publishing.
    pub integrity_violations: Option<u64>,
    /// What stopped it, or what could not be done after publishing.
    pub error: Option<ErrorSummary>,
    /// The files that it refused, by path. Each has a row that says so, unless even that was refused.
    pub dead_letters: Vec<DeadLetter>,
}

impl LaneSummary {
    pub(crate) fn new(info: &BackendInfo, status: LaneStatus) -> Self {
        let (backend, kind, address) = (info.name.clone(), info.kind.clone(), info.address.clone());
        Self {
            backend,
            kind,
            address,
            status,
            route: None,
            files_written: 0,
            files_unchanged: 0,
            files_removed: 0,
            files_refused: 0,
            files_elsewhere: 0,
            owed_files: 0,
            rows: 0,
            bytes: 0,
            batches: 0,
            retries: 0,
            replays: 0,
            returns: 0,
            left_behind: false,
            breaker: BreakerState::Closed,
            duration_ms: 0,
            phases: Vec::new(),
            tables: Vec::new(),
            transaction: None,
            positions: Vec::new(),
            integrity_violations: None,
            error: None,
            dead_letters: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn of_status(status: LaneStatus) -> Self {
        let name = || "test".to_owned();
        Self::new(&BackendInfo { kind: name(), name: name(), address: name(), dialect: None }, status)
    }

    /// Whether the backend holds what the run brought, but for refused and missing files.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.status, LaneStatus::Published | LaneStatus::Unchanged)
    }

    /// Whether the backend holds all that the run brought.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_held() && self.files_refused == 0 && self.owed_files == 0
    }
}

/// A part of the time that a backend's way through the run took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanePhase {
    /// What was done, in a few words: those that begin with `publish: ` are told by the backend.
    pub phase: Cow<'static, str>,
    /// How long.
    pub seconds: f64,
}

impl LanePhase {
    /// Connecting, reading the manifest, beginning sessions, and whatever has no phase of its own.
    pub const PREPARE: &'static str = "prepare";
    /// Waiting for facts: extraction is slower than the backend.
    pub const WAIT: &'static str = "wait for facts";
    /// Handing batches to the session, which writes their rows or keeps them for publishing.
    pub const WRITE: &'static str = "write batches";
    /// Taking from replayed facts what a session lacked.
    pub const CATCH_UP: &'static str = "catch up";
    /// What publishing took beyond what the backend says of it.
    pub const PUBLISH: &'static str = "publish";
}

/// A file that a backend refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The file.
    pub path: SourcePath,
    /// Why, in the backend's words.
    pub reason: String,
}

/// An error as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorSummary {
    /// The kind in a word, such as `connection`.
    pub kind: String,
    /// The code of the database, such as an SQLSTATE or SQLite's result code.
    #[serde(default)]
    pub code: Option<String>,
    /// What went wrong, with its circumstances.
    pub message: String,
    /// What caused it, nearest first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// The operation that failed.
    pub operation: Option<String>,
    /// What can be done about it.
    pub help: Option<String>,
}

impl From<&Error> for ErrorSummary {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind().as_str().to_owned(),
            code: error.code().map(ToOwned::to_owned),
            message: error.to_string(),
            causes: error.causes(),
            operation: error.operation().map(ToOwned::to_owned),
            help: error.help().map(ToOwned::to_owned),
        }
    }
}
