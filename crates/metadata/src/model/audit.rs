//! Who did what.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::Timestamp;
use uuid::Uuid;

/// Somebody did something. Entries are never changed and never removed by this program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub recorded_at: Timestamp,
    /// Who: the user and host, or what the store was told.
    pub actor: String,
    /// What, such as `run.cancel`.
    pub action: String,
    /// To what kind of thing, such as `run`.
    pub subject_kind: String,
    /// To which one.
    pub subject: String,
    /// What else there is to say.
    pub details: Json,
}

/// Something that somebody did outside the store, to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAuditEntry {
    /// What, such as `repository.remove`.
    pub action: String,
    /// To what kind of thing.
    pub subject_kind: String,
    /// To which one.
    pub subject: String,
    /// What else there is to say; no secrets.
    pub details: Json,
}

/// Which entries to list, youngest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    /// Those by this actor.
    pub actor: Option<String>,
    /// Those whose action is or begins with this.
    pub action: Option<String>,
    /// Those about this.
    pub subject: Option<String>,
    /// Those at this time or later.
    pub since: Option<Timestamp>,
    /// At most so many; all if none is given.
    pub limit: Option<u64>,
}
