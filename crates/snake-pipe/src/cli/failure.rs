//! How errors are told, and what the program ends with.

use std::{error::Error as _, io::Write, process::ExitCode};

use snake_pipe_core::{Error, ErrorKind};

/// How a command ended, as an exit code.
///
/// The rule: 2 where the command or the configuration has to be put otherwise before it can work, because it names something
/// that does not exist or says something that cannot be; 1 where it was rightly put and failed. What a database says to a
/// statement is 1, for the same statement may be right on another day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything was done: 0.
    Done,
    /// Nothing or not the essential was done: 1.
    Failed,
    /// The command or the configuration is wrong: 2.
    Usage,
    /// Some was done, something is owed: 3.
    Partly,
    /// Interrupted by a person: 130.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partly => 3,
            Exit::Interrupted => 130,
        })
    }
}

impl Exit {
    /// The exit that an error asks for.
    #[must_use]
    pub(super) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Configuration | ErrorKind::NotFound => Self::Usage,
            ErrorKind::Cancelled => Self::Interrupted,
            ErrorKind::Connection
            | ErrorKind::NotConnected
            | ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::Schema
            | ErrorKind::Busy
            | ErrorKind::Timeout
            | ErrorKind::Capacity
            | ErrorKind::Data
            | ErrorKind::Fenced
            | ErrorKind::SessionLost
            | ErrorKind::OutcomeUnknown
            | ErrorKind::Unsupported
            | ErrorKind::Query
            | ErrorKind::Io
            | ErrorKind::Conflict
            | ErrorKind::Internal => Self::Failed,
        }
    }
}

/// Writes the error, its causes and what to do next.
pub(super) fn report(error: &Error, mut to: impl Write) -> std::io::Result<()> {
    writeln!(to, "error: {error}")?;
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        // Drivers often repeat their cause in their own message, or wrap it in a few words; saying it once is enough.
        if !told.contains(&text) && !text.contains(error.message()) {
            writeln!(to, "  caused by: {text}")?;
        }
        told = text;
        cause = inner.source();
    }
    if let Some(help) = error.help() {
        for (index, line) in help.lines().enumerate() {
            writeln!(to, "{}{line}", if index == 0 { "  help: " } else { "        " })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes_and_its_way_out() {
        let error = Error::new(ErrorKind::Connection, "cannot connect")
            .with_context("backend", "postgres")
            .with_source(std::io::Error::other("refused"))
            .with_help("start the server\nor name another");
        let mut text = Vec::new();
        report(&error, &mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "error: cannot connect (backend: postgres)\n  caused by: refused\n  help: start the server\n        or name another\n"
        );
    }

    #[test]
    fn a_cause_that_only_wraps_the_message_is_not_told() {
        let error = Error::new(ErrorKind::Query, "no such column: a")
            .with_source(std::io::Error::other("error returned from database: (code: 1) no such column: a"));
        let mut text = Vec::new();
        report(&error, &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "error: no such column: a\n");
    }

    #[test]
    fn a_cause_that_is_told_already_is_not_told_again() {
        let error = Error::from(std::io::Error::other("broken"));
        let mut text = Vec::new();
        report(&error, &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "error: broken\n");
    }
}
