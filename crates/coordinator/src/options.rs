//! How a run goes about its work.

use std::time::Duration;

use snake_pipe_core::{Error, ErrorKind, Result};

use crate::Policy;

/// How a run goes about its work. Every default is a good one.
#[derive(Clone, Debug, PartialEq)]
pub struct CoordinatorOptions {
    /// Which backends decide about the run. Default: all.
    pub policy: Policy,
    /// A batch is closed at so many bytes of facts. Default: 8 MiB.
    pub batch_bytes: usize,
    /// A batch is closed at this age. Default: 1 s.
    pub batch_age: Duration,
    /// So many bytes of facts wait for one backend at most; what is being written counts. Default: 64 MiB.
    pub lane_bytes: usize,
    /// A backend leaves the stream when for a single batch another one has had nothing to do for longer, because the stream
    /// waited for room in its lane. It catches up afterwards: in this run where the pipeline can replay the facts, else in
    /// the next one. Default: 30 s.
    pub lag_limit: Duration,
    /// In a run that can replay its facts, a backend leaves the stream as well when all such waiting together comes to more
    /// percent of the run's time so far. So the others take at most so much longer than without it, however slow it is.
    /// With 100 the slowest sets the pace. Default: 3.
    pub lag_percent: u32,
    /// How errors that may pass are tried again.
    pub retry: RetryOptions,
    /// How long a single call of a backend may take.
    pub timeouts: Timeouts,
    /// How a backend that does not answer is waited for.
    pub returning: ReturnOptions,
    /// How often one backend may lose its session and be sent the facts again. Default: 3.
    pub max_replays: u32,
    /// A backend that refuses more files than this is stopped: then not the files are the cause. Default: 1,000.
    pub max_refused_files: usize,
    /// Whether each backend that can is asked to check the repository's integrity after it published. Default: no.
    pub check_integrity: bool,
}

impl Default for CoordinatorOptions {
    fn default() -> Self {
        Self {
            policy: Policy::All,
            batch_bytes: 8 << 20,
            batch_age: Duration::from_secs(1),
            lane_bytes: 64 << 20,
            lag_limit: Duration::from_secs(30),
            lag_percent: 3,
            retry: RetryOptions::default(),
            timeouts: Timeouts::default(),
            returning: ReturnOptions::default(),
            max_replays: 3,
            max_refused_files: 1000,
            check_integrity: false,
        }
    }
}

/// Exponential backoff with full jitter: before the n-th try again, a random time up to `base` · 2ⁿ⁻¹, up to `cap`.
/// See <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOptions {
    /// How often a call is tried again. Default: 3.
    pub attempts: u32,
    /// The longest first pause. Default: 100 ms.
    pub base: Duration,
    /// The longest pause. Default: 10 s.
    pub cap: Duration,
    /// All pauses of one call together. Default: 60 s.
    pub total: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(10),
            total: Duration::from_secs(60),
        }
    }
}

/// How a backend that does not answer is waited for, in a run that can replay its facts. Its lane asks it again and again while
/// the others go on; once it answers, the lane reads its manifest and takes what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnOptions {
    /// How long the run is held open for it after the stream ended. With zero the run does not last any longer for it: then a
    /// backend returns in time if the stream still goes on, and else gets what it is owed from the next run. Default: zero.
    pub within: Duration,
    /// The pause between two questions. Default: 1 s.
    pub ask_every: Duration,
}

impl Default for ReturnOptions {
    fn default() -> Self {
        Self { within: Duration::ZERO, ask_every: Duration::from_secs(1) }
    }
}

/// How long a single call of a backend may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect, to begin a load, to abort one. Default: 30 s.
    pub connect: Duration,
    /// To read the manifest, to check integrity. Default: 300 s.
    pub read: Duration,
    /// To accept a batch. Default: 300 s.
    pub write: Duration,
    /// To publish. Default: 3,600 s.
    pub publish: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            read: Duration::from_secs(300),
            write: Duration::from_secs(300),
            publish: Duration::from_secs(3600),
        }
    }
}

impl CoordinatorOptions {
    /// Checks that the options make sense for so many backends.
    ///
    /// # Errors
    /// `Configuration`, naming the field and what it takes.
    pub fn validate(&self, backends: usize) -> Result<()> {
        let wrong = |message: String, help: &'static str| {
            Err(Error::new(ErrorKind::Configuration, message).with_help(help))
        };
        if self.batch_bytes == 0 {
            return wrong("batch_bytes is 0".to_owned(), "give at least 1; 8388608 is the default");
        }
        if self.lane_bytes < self.batch_bytes {
            return wrong(
                format!("lane_bytes ({}) is below batch_bytes ({})", self.lane_bytes, self.batch_bytes),
                "a lane holds one batch at least",
            );
        }
        if self.lag_percent > 100 {
            return wrong(
                format!("lag_percent is {}", self.lag_percent),
                "give a number from 0 to 100; 3 is the default",
            );
        }
        if self.retry.base > self.retry.cap {
            return wrong("retry.base is above retry.cap".to_owned(), "the first pause is the shortest one");
        }
        if self.returning.ask_every.is_zero() {
            return wrong("returning.ask_every is 0".to_owned(), "leave a pause between two questions");
        }
        let timeouts = [
            ("connect", self.timeouts.connect),
            ("read", self.timeouts.read),
            ("write", self.timeouts.write),
            ("publish", self.timeouts.publish),
        ];
        if let Some((name, _)) = timeouts.iter().find(|(_, limit)| limit.is_zero()) {
            return wrong(
                format!("timeouts.{name} is 0"),
                "give the time in full; nothing happens in no time",
            );
        }
        match self.policy {
            Policy::Quorum(count) if count == 0 || count > backends => wrong(
                format!("a quorum of {count} cannot be had with {backends} backends"),
                "give a number from 1 to that of the backends",
            ),
            Policy::Quorum(_) | Policy::All | Policy::Primary | Policy::BestEffort => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(options: CoordinatorOptions) -> String {
        options.validate(2).unwrap_err().message().to_owned()
    }

    #[test]
    fn the_defaults_are_valid() {
        assert!(CoordinatorOptions::default().validate(1).is_ok());
    }

    #[test]
    fn a_wrong_option_is_named() {
        let default = CoordinatorOptions::default;
        assert_eq!(message(CoordinatorOptions { batch_bytes: 0, ..default() }), "batch_bytes is 0");
        assert!(message(CoordinatorOptions { lane_bytes: 1, ..default() }).starts_with("lane_bytes (1)"));
        assert_eq!(message(CoordinatorOptions { lag_percent: 101, ..default() }), "lag_percent is 101");
        let retry = RetryOptions { base: Duration::from_secs(11), ..RetryOptions::default() };
        assert_eq!(message(CoordinatorOptions { retry, ..default() }), "retry.base is above retry.cap");
        let timeouts = Timeouts { write: Duration::ZERO, ..Timeouts::default() };
        assert_eq!(message(CoordinatorOptions { timeouts, ..default() }), "timeouts.write is 0");
        for count in [0, 3] {
            let policy = Policy::Quorum(count);
            assert!(message(CoordinatorOptions { policy, ..default() }).starts_with("a quorum of"));
        }
    }
}
