//! Dead letters: records that could not be processed, kept until somebody puts them right.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::Timestamp;
use uuid::Uuid;

use super::{ErrorId, RecordPolicy, RunId};
use crate::words::{id, words};

id! {
    /// The id of a dead letter.
    DeadLetterId, "a dead letter"
}

words! {
    /// What becomes of a dead letter.
    DeadLetterStatus, "status of a dead letter" {
        /// Waits to be replayed.
        Pending = "pending",
        /// Somebody claimed it, and replays it.
        Processing = "processing",
        /// It was processed after all.
        Resolved = "resolved",
        /// Nobody wants it any more.
        Discarded = "discarded",
    }
}

words! {
    /// What was to be done with a record.
    Operation, "operation" {
        /// Write a new one.
        Insert = "insert",
        /// Write over the old one.
        Update = "update",
        /// Write it, whether it is new or not.
        Upsert = "upsert",
        /// Remove it.
        Delete = "delete",
    }
}

/// A record that could not be processed. `Debug` shows of it what [`RecordPolicy::Secrets`] keeps.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// What it belongs to: a repository, a table, a topic.
    pub dataset: String,
    /// The backend that refuses it; none where it never came to one.
    pub backend: Option<String>,
    /// What was to be done.
    pub operation: Operation,
    /// What the source calls it: a path, a key. Letters without one are never taken for each other.
    pub source_id: Option<String>,
    /// The record, whole.
    pub record: Json,
    /// The run in which it was refused last.
    pub run_id: Option<RunId>,
    /// The error that it was refused with last.
    pub error_id: Option<ErrorId>,
    /// Why, in words.
    pub reason: String,
    /// How often it was refused.
    pub failures: u64,
    /// What becomes of it.
    pub status: DeadLetterStatus,
    /// Who holds it while it is processed.
    pub claimed_by: Option<String>,
    /// Until when; after that it may be claimed by another.
    pub claim_expires_at: Option<Timestamp>,
    /// When it was refused first.
    pub created_at: Timestamp,
    /// When it was refused last, or changed otherwise.
    pub updated_at: Timestamp,
    /// When it was resolved or discarded.
    pub ended_at: Option<Timestamp>,
    /// What is said about that.
    pub resolution: Option<String>,
}

/// A record that was just refused. While an open one of the same dataset, backend and source id is there, that one counts
/// another failure and is pending again; without a source id it is always a letter of its own.
/// `Debug` shows of the record what [`RecordPolicy::Secrets`] keeps.
#[derive(Clone, PartialEq)]
pub struct NewDeadLetter {
    /// What it belongs to.
    pub dataset: String,
    /// The backend that refuses it.
    pub backend: Option<String>,
    /// What was to be done.
    pub operation: Operation,
    /// What the source calls it.
    pub source_id: Option<String>,
    /// The record, whole: it is what a replay takes.
    pub record: Json,
    /// The run in which it was refused.
    pub run_id: Option<RunId>,
    /// The error that it was refused with.
    pub error_id: Option<ErrorId>,
    /// Why, in words; no secrets.
    pub reason: String,
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("id", &self.id)
            .field("dataset", &self.dataset)
            .field("backend", &self.backend)
            .field("operation", &self.operation)
            .field("source_id", &self.source_id)
            .field("record", &RecordPolicy::Secrets.apply(self.record.clone()))
            .field("run_id", &self.run_id)
            .field("error_id", &self.error_id)
            .field("reason", &self.reason)
            .field("failures", &self.failures)
            .field("status", &self.status)
            .field("claimed_by", &self.claimed_by)
            .field("claim_expires_at", &self.claim_expires_at)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("ended_at", &self.ended_at)
            .field("resolution", &self.resolution)
            .finish()
    }
}

impl fmt::Debug for NewDeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDeadLetter")
            .field("dataset", &self.dataset)
            .field("backend", &self.backend)
            .field("operation", &self.operation)
            .field("source_id", &self.source_id)
            .field("record", &RecordPolicy::Secrets.apply(self.record.clone()))
            .field("run_id", &self.run_id)
            .field("error_id", &self.error_id)
            .field("reason", &self.reason)
            .finish()
    }
}

impl NewDeadLetter {
    /// A record of this dataset, refused for this reason, to be written.
    #[must_use]
    pub fn new(dataset: impl Into<String>, record: Json, reason: impl Into<String>) -> Self {
        Self {
            dataset: dataset.into(),
            backend: None,
            operation: Operation::Upsert,
            source_id: None,
            record,
            run_id: None,
            error_id: None,
            reason: reason.into(),
        }
    }
}

/// The right to process a dead letter, for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claim(pub Uuid);

/// Which dead letters to list, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeadLetterFilter {
    /// This one.
    pub id: Option<DeadLetterId>,
    /// Those of this dataset.
    pub dataset: Option<String>,
    /// Those of this backend.
    pub backend: Option<String>,
    /// Those of this status.
    pub status: Option<DeadLetterStatus>,
    /// Those of this source id.
    pub source_id: Option<String>,
    /// Those that were refused in this run.
    pub run_id: Option<RunId>,
    /// At most so many; all if none is given.
    pub limit: Option<u64>,
}
