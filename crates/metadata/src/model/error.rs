//! Errors that happened, and what became of them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use snake_pipe_core::{
    Error, Timestamp,
    id::Digest,
    secret::{is_secret_name, redacted_text},
};

use super::{Operation, RunId, TaskId};
use crate::words::{id, words};

id! {
    /// The id of an error.
    ErrorId, "an error"
}

words! {
    /// What became of an error.
    ErrorStatus, "status of an error" {
        /// Somebody should look at it.
        Open = "open",
        /// It is put right.
        Resolved = "resolved",
        /// It does not matter.
        Ignored = "ignored",
    }
}

words! {
    /// What of a record is kept with an error.
    RecordPolicy, "record policy" {
        /// All but the values of fields whose names speak of secrets, and the passwords of URLs wherever they stand.
        Secrets = "secrets",
        /// The shape: every value is replaced by the name of its type.
        Shape = "shape",
        /// Nothing.
        Nothing = "nothing",
        /// Everything.
        Everything = "everything",
    }
}

impl RecordPolicy {
    /// What is kept of a record.
    #[must_use]
    pub fn apply(self, record: Json) -> Json {
        match (self, record) {
            (Self::Everything, record) => record,
            (Self::Nothing, _) => Json::Null,
            (Self::Secrets | Self::Shape, Json::Object(fields)) => fields
                .into_iter()
                .map(|(name, value)| match self == Self::Secrets && is_secret_name(&name) {
                    true => (name, Json::from("***")),
                    false => (name, self.apply(value)),
                })
                .collect(),
            (Self::Secrets | Self::Shape, Json::Array(items)) => {
                items.into_iter().map(|item| self.apply(item)).collect()
            }
            (Self::Secrets, Json::String(text)) => Json::from(redacted_text(&text)),
            (Self::Secrets, value) => value,
            (Self::Shape, value) => Json::from(match value {
                Json::Null => "null",
                Json::Bool(_) => "boolean",
                Json::Number(_) => "number",
                _ => "text",
            }),
        }
    }
}

/// What two errors have in common that differ in numbers and quoted names only: class, code, operation and the message
/// with those left out.
#[must_use]
pub fn fingerprint_of(class: &str, code: Option<&str>, operation: Option<&str>, message: &str) -> String {
    let mut pattern = String::new();
    let mut quote = None;
    for letter in message.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '`' | '"' | '\'') => {
                quote = Some(letter);
                pattern.push('…');
            }
            None if letter.is_ascii_digit() => {
                if !pattern.ends_with('#') {
                    pattern.push('#');
                }
            }
            None => pattern.push(letter),
        }
    }
    let parts = [class, code.unwrap_or_default(), operation.unwrap_or_default(), &pattern].join("\n");
    Digest::of(parts.as_bytes()).to_string()[..16].to_owned()
}

/// An error that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// Its id.
    pub id: ErrorId,
    /// The run in which it happened.
    pub run_id: Option<RunId>,
    /// The task in which it happened.
    pub task_id: Option<TaskId>,
    /// The pipeline's name.
    pub pipeline: Option<String>,
    /// The kind in a word, such as `connection`.
    pub class: String,
    /// The code of the database or service, such as an SQLSTATE.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// What caused it, nearest first.
    pub causes: Vec<String>,
    /// What was attempted, such as `publish`.
    pub attempted: Option<String>,
    /// What was to be done with the record.
    pub operation: Option<Operation>,
    /// The dataset, such as a table, a backend or a source file.
    pub dataset: Option<String>,
    /// The record, as the policy allows.
    pub record: Json,
    /// The same for errors that differ in numbers and names only.
    pub fingerprint: String,
    /// What can be done about it.
    pub hint: Option<String>,
    /// How often it was tried again.
    pub retries: u64,
    /// How often it may be tried again.
    pub max_retries: u64,
    /// When it is to be tried again.
    pub next_retry_at: Option<Timestamp>,
    /// What became of it.
    pub status: ErrorStatus,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was resolved or ignored.
    pub resolved_at: Option<Timestamp>,
    /// Who resolved or ignored it.
    pub resolved_by: Option<String>,
    /// What they say about it.
    pub resolution: Option<String>,
}

/// An error to be recorded. `Debug` shows of its record what [`RecordPolicy::Secrets`] keeps.
#[derive(Clone, Default, PartialEq)]
pub struct NewError {
    /// The run in which it happened.
    pub run_id: Option<RunId>,
    /// The task in which it happened.
    pub task_id: Option<TaskId>,
    /// The kind in a word.
    pub class: String,
    /// The code of the database or service.
    pub code: Option<String>,
    /// What went wrong; no secrets.
    pub message: String,
    /// What caused it, nearest first.
    pub causes: Vec<String>,
    /// What was attempted.
    pub attempted: Option<String>,
    /// What was to be done with the record.
    pub operation: Option<Operation>,
    /// The dataset.
    pub dataset: Option<String>,
    /// The record; what is kept of it is the store's policy.
    pub record: Json,
    /// What can be done about it.
    pub hint: Option<String>,
    /// How often it may be tried again. The first time is due at once, each later one after twice the pause.
    pub max_retries: u64,
}

impl fmt::Debug for NewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewError")
            .field("run_id", &self.run_id)
            .field("task_id", &self.task_id)
            .field("class", &self.class)
            .field("code", &self.code)
            .field("message", &self.message)
            .field("causes", &self.causes)
            .field("attempted", &self.attempted)
            .field("operation", &self.operation)
            .field("dataset", &self.dataset)
            .field("record", &RecordPolicy::Secrets.apply(self.record.clone()))
            .field("hint", &self.hint)
            .field("max_retries", &self.max_retries)
            .finish()
    }
}

impl NewError {
    /// The record of an error with all that it says.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        Self {
            class: error.kind().as_str().to_owned(),
            code: error.code().map(str::to_owned),
            message: error.to_string(),
            causes: error.causes(),
            attempted: error.operation().map(str::to_owned),
            hint: error.help().map(str::to_owned),
            ..Self::default()
        }
    }

    /// Says in which run it happened.
    #[must_use]
    pub const fn in_run(mut self, run: RunId) -> Self {
        self.run_id = Some(run);
        self
    }
}

/// Which errors to list, youngest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorFilter {
    /// This one.
    pub id: Option<ErrorId>,
    /// Those of this run.
    pub run_id: Option<RunId>,
    /// Those of this class.
    pub class: Option<String>,
    /// Those of this status.
    pub status: Option<ErrorStatus>,
    /// Those of this fingerprint.
    pub fingerprint: Option<String>,
    /// Those of this dataset.
    pub dataset: Option<String>,
    /// Those that happened at this time or later.
    pub since: Option<Timestamp>,
    /// Those that are due to be tried again at this time.
    pub due_at: Option<Timestamp>,
    /// At most so many; all if none is given.
    pub limit: Option<u64>,
}

/// Errors of one fingerprint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorGroup {
    /// What they have in common.
    pub fingerprint: String,
    /// Their class.
    pub class: String,
    /// The message of the youngest.
    pub message: String,
    /// How many there are.
    pub count: u64,
    /// How many of them are open.
    pub open: u64,
    /// When the first happened.
    pub first_at: Timestamp,
    /// When the last happened.
    pub last_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use snake_pipe_core::ErrorKind;

    use super::*;

    #[test]
    fn a_fingerprint_leaves_out_numbers_and_quoted_names() {
        let of = |message: &str| fingerprint_of("data", Some("22021"), None, message);
        assert_eq!(of("row 17 of `a.py` is too long"), of("row 4 of `b.py` is too long"));
        assert_ne!(of("row 17 is too long"), of("row 17 is too short"));
    }

    #[test]
    fn what_is_kept_of_a_record_is_the_policy_s() {
        let record = || json!({"id": 7, "user": {"name": "me", "Password": "hunter2"}, "tags": ["a"]});
        let told = json!({"api-key": 1, "to": ["see postgres://me:hunter2@h/d", {"x": "https://h?token=t"}]});
        assert_eq!(
            RecordPolicy::Secrets.apply(told),
            json!({"api-key": "***", "to": ["see postgres://me:***@h/d", {"x": "https://h?token=***"}]})
        );
        let kept = |policy: RecordPolicy| policy.apply(record());
        assert_eq!(
            kept(RecordPolicy::Secrets),
            json!({"id": 7, "user": {"name": "me", "Password": "***"}, "tags": ["a"]})
        );
        assert_eq!(
            kept(RecordPolicy::Shape),
            json!({"id": "number", "user": {"name": "text", "Password": "text"}, "tags": ["text"]})
        );
        assert_eq!(kept(RecordPolicy::Nothing), Json::Null);
        assert_eq!(kept(RecordPolicy::Everything), record());
    }

    #[test]
    fn an_error_is_recorded_with_its_causes_code_and_hint() {
        let error = Error::new(ErrorKind::Data, "refused")
            .with_context("sqlstate", "22021")
            .with_operation("write")
            .with_help("look at it")
            .with_source(Error::new(ErrorKind::Io, "near").with_source(std::io::Error::other("far")));
        let new = NewError::of(&error);
        assert_eq!((new.class.as_str(), new.code.as_deref()), ("data", Some("22021")));
        assert_eq!(new.causes, ["near", "far"]);
        assert_eq!((new.attempted.as_deref(), new.hint.as_deref()), (Some("write"), Some("look at it")));
    }
}
