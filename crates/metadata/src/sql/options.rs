//! How a store goes about its work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use snake_pipe_core::Timestamp;

use crate::model::RecordPolicy;

/// The schema that the tables are in, in PostgreSQL.
pub const DEFAULT_SCHEMA: &str = "snake_pipe";

/// How a store goes about its work.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The schema that the tables are in, in PostgreSQL. Default: `snake_pipe`.
    pub schema: String,
    /// Who acts, for the audit and as the holder of claims. Default: the user at the host.
    pub actor: String,
    /// The process that runs, such as a pod's name. Default: host and process id.
    pub instance: String,
    /// The machine. Default: the host's name.
    pub node: String,
    /// What is kept of the records of errors. Default: all but secrets.
    pub records: RecordPolicy,
    /// How often an operation that met a lock or a lost connection is tried again. Default: 3.
    pub retry_attempts: u32,
    /// The longest first pause before that; it doubles with each. Default: 50 ms.
    pub retry_pause: Duration,
    /// Whose time counts. Default: the database's.
    pub clock: Clock,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok());
        let node = variable(&["SNAKE_PIPE_NODE", "NODE_NAME", "HOSTNAME"])
            .or_else(|| Some(std::fs::read_to_string("/etc/hostname").ok()?.trim().to_owned()))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "localhost".to_owned());
        let user = variable(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "somebody".to_owned());
        Self {
            schema: DEFAULT_SCHEMA.to_owned(),
            actor: format!("{user}@{node}"),
            instance: format!("{node}/{}", std::process::id()),
            node,
            records: RecordPolicy::Secrets,
            retry_attempts: 3,
            retry_pause: Duration::from_millis(50),
            clock: Clock::Database,
        }
    }
}

/// Whose time counts.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The database's; an SQLite file has that of the machine.
    Database,
    /// A test's.
    Manual(Arc<ManualClock>),
}

/// A clock that stands still unless it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.unix_micros())))
    }

    /// The time that it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}
