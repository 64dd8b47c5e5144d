//! Deliveries: batches that a backend accepted.

use serde::{Deserialize, Serialize};
use snake_pipe_core::Timestamp;

use super::RunId;
use crate::words::{id, words};

id! {
    /// The id of a delivery.
    DeliveryId, "a delivery"
}

words! {
    /// What became of a delivery.
    DeliveryStatus, "status of a delivery" {
        /// The backend took it; it counts once published.
        Accepted = "accepted",
        /// Readers see it.
        Published = "published",
        /// The session was lost or aborted: it is owed again.
        Withdrawn = "withdrawn",
    }
}

/// A batch, or all batches of one publication together, accepted by one backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The run.
    pub run_id: RunId,
    /// The backend's name or redacted address.
    pub backend: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// Number of the batch within its run, from 0; none for all batches of the run together.
    pub sequence: Option<u64>,
    /// Batches in it.
    pub batches: u64,
    /// Records (source files) in it.
    pub records: u64,
    /// Rows that were written, as the backend counts them; of a single batch an estimate, where the session spools.
    pub rows: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// How often a call was tried again.
    pub retries: u64,
    /// The database's number of the transaction.
    pub transaction: Option<String>,
    /// When the backend took it; of several together, when they were recorded.
    pub delivered_at: Timestamp,
}

/// A delivery to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// The backend's name or redacted address.
    pub backend: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// Number of the batch within its run; none for all of them together.
    pub sequence: Option<u64>,
    /// Batches in it.
    pub batches: u64,
    /// Records in it.
    pub records: u64,
    /// Rows that were written.
    pub rows: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// How often a call was tried again.
    pub retries: u64,
    /// The database's number of the transaction.
    pub transaction: Option<String>,
    /// When the backend took it; none for now.
    pub delivered_at: Option<Timestamp>,
}

impl NewDelivery {
    /// A delivery of nothing, to be filled in.
    #[must_use]
    pub fn to(backend: impl Into<String>, status: DeliveryStatus) -> Self {
        Self {
            backend: backend.into(),
            status,
            sequence: None,
            batches: 0,
            records: 0,
            rows: 0,
            bytes: 0,
            duration_ms: 0,
            retries: 0,
            transaction: None,
            delivered_at: None,
        }
    }
}
