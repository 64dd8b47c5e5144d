//! The error of every contract: a kind, a message, what was attempted, with what, why, and what to do.

use std::{borrow::Cow, error::Error as StdError, fmt};

/// The result of every contract's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as a closed list. [`ErrorKind::action`] says what a writer does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The database cannot be reached, or the connection broke before anything was sent.
    Connection,
    /// The backend was used before `connect` or after `close`.
    NotConnected,
    /// The server refuses the credentials.
    Authentication,
    /// The role lacks a right.
    Permission,
    /// A setting, URL or name is wrong.
    Configuration,
    /// The database's schema is missing, foreign, older (migrate) or newer (upgrade snake-pipe).
    Schema,
    /// Another transaction is in the way (deadlock, serialisation failure, lock not available); the same again may pass.
    Busy,
    /// The operation took longer than its limit.
    Timeout,
    /// The backend lacks room: disk full, out of memory, too many connections.
    Capacity,
    /// The backend refuses the data itself; some file of the batch is the cause.
    Data,
    /// A newer writer of this repository took over.
    Fenced,
    /// The session's connection is gone and with it what was accepted but not published.
    SessionLost,
    /// The reply to a commit was lost: the marker in the database says whether it happened.
    OutcomeUnknown,
    /// The backend does not offer this.
    Unsupported,
    /// What was asked for does not exist.
    NotFound,
    /// A query that the user wrote is wrong or not allowed.
    Query,
    /// The operation was cancelled.
    Cancelled,
    /// Reading or writing the local file system failed.
    Io,
    /// The state of things does not allow it: an impossible transition, a name that is taken, a position that would go back.
    Conflict,
    /// A promise of our own code does not hold.
    Internal,
}

/// What a writer does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Try the same again after a pause.
    Retry,
    /// Halve the batch, until one file is left; refuse that file and go on.
    Split,
    /// Replay the run's facts in a new session.
    Replay,
    /// Ask for the marker; the work may be done already.
    ReadMarker,
    /// Stop writing to this backend; the others go on.
    StopBackend,
    /// End the run.
    GiveUp,
}

impl ErrorKind {
    /// What a writer does about an error of this kind.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Connection | Self::Busy | Self::Timeout => Action::Retry,
            Self::Data => Action::Split,
            Self::SessionLost => Action::Replay,
            Self::OutcomeUnknown => Action::ReadMarker,
            Self::NotConnected
            | Self::Authentication
            | Self::Permission
            | Self::Schema
            | Self::Capacity
            | Self::Fenced
            | Self::Unsupported
            | Self::NotFound
            | Self::Query
            | Self::Configuration
            | Self::Io
            | Self::Conflict
            | Self::Internal => Action::StopBackend,
            Self::Cancelled => Action::GiveUp,
        }
    }

    /// The kind in a word, for logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::NotConnected => "not_connected",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::Configuration => "configuration",
            Self::Schema => "schema",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Capacity => "capacity",
            Self::Data => "data",
            Self::Fenced => "fenced",
            Self::SessionLost => "session_lost",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Unsupported => "unsupported",
            Self::NotFound => "not_found",
            Self::Query => "query",
            Self::Cancelled => "cancelled",
            Self::Io => "io",
            Self::Conflict => "conflict",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An error with its circumstances. Messages are lower-case, without a full stop, and never hold a secret or a row's
/// values.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    code: Option<Cow<'static, str>>,
    operation: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    help: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            kind,
            message,
            code: None,
            operation: None,
            context: Vec::new(),
            help: None,
            source: None,
        }))
    }

    /// Says which operation failed (`connect`, `publish`, …). The innermost one is kept.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds a fact about the circumstances.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Keeps the database's or service's own code, where no context shows it. It is not part of the message.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Says what the reader can do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, if known.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The code of the database or service, such as an SQLSTATE: that of [`Error::with_code`], else of the context `sqlstate` or
    /// `code`; of an error that has none, its cause's.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let shown = || self.context().find(|(key, _)| matches!(*key, "sqlstate" | "code"));
        let own = self.0.code.as_deref().or_else(|| shown().map(|(_, code)| code));
        own.or_else(|| self.source()?.downcast_ref::<Self>()?.code())
    }

    /// What caused it, in words, nearest first.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut cause = self.source();
        while let Some(inner) = cause {
            causes.push(inner.to_string());
            cause = inner.source();
        }
        causes
    }

    /// The circumstances, in the order in which they were added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// What the reader can do next, if anything is known.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for (index, (key, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{key}: {value}", if index == 0 { " (" } else { ", " })?;
        }
        f.write_str(if self.0.context.is_empty() { "" } else { ")" })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("context", &self.0.context)
            .field("help", &self.0.help)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<std::io::Error> for Error {
    /// A full disk is `Capacity`, everything else `Io`.
    fn from(source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::Capacity,
            _ => ErrorKind::Io,
        };
        Self::new(kind, source.to_string()).with_source(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_circumstances_and_keeps_its_cause() {
        let error = Error::new(ErrorKind::Io, "cannot read the file")
            .with_context("path", "a.py")
            .with_context("size", 3)
            .with_source(std::io::Error::other("broken"))
            .with_operation("read")
            .with_operation("load");
        assert_eq!(error.to_string(), "cannot read the file (path: a.py, size: 3)");
        assert_eq!(error.source().unwrap().to_string(), "broken");
        assert_eq!(error.operation(), Some("read"));
    }

    #[test]
    fn an_error_has_the_code_of_the_database_and_all_its_causes() {
        let refused = || Error::new(ErrorKind::Data, "refused");
        assert_eq!(refused().code(), None);
        assert_eq!(refused().with_context("sqlstate", "22021").code(), Some("22021"));
        assert_eq!(refused().with_code("26").to_string(), "refused");
        let outer = Error::new(ErrorKind::Io, "outer")
            .with_source(refused().with_code("26").with_source(std::io::Error::other("far")));
        assert_eq!(outer.code(), Some("26"));
        assert_eq!(outer.causes(), ["refused", "far"]);
    }

    #[test]
    fn only_errors_that_may_pass_are_retried() {
        assert_eq!(ErrorKind::Busy.action(), Action::Retry);
        assert_eq!(ErrorKind::Data.action(), Action::Split);
        assert_eq!(ErrorKind::Authentication.action(), Action::StopBackend);
        assert_eq!(ErrorKind::OutcomeUnknown.action(), Action::ReadMarker);
    }
}
