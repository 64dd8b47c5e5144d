//! What the databases and their driver report, as errors of the contract.
//!
//! Of a server's error only the primary message, the code and the names of table and constraint are kept: its detail may
//! quote values of rows, and so may messages of class 22.

use snake_pipe_core::{Error, ErrorKind};

/// The error of the contract for what the driver reports.
pub(crate) fn convert(source: sqlx::Error) -> Error {
    match source {
        sqlx::Error::Database(reported) => of_database(reported.as_ref()),
        sqlx::Error::Io(source) => match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Error::new(ErrorKind::Capacity, "no room is left for the control plane").with_source(source)
            }
            _ => Error::new(ErrorKind::Connection, "the control plane cannot be reached").with_source(source),
        },
        sqlx::Error::Tls(source) => {
            Error::new(ErrorKind::Configuration, format!("no TLS connection to the control plane: {source}"))
                .with_help("set `sslrootcert=`, `sslmode=require` or `sslmode=disable` in its URL")
        }
        sqlx::Error::PoolTimedOut => Error::new(
            ErrorKind::Timeout,
            "no connection to the control plane was to be had within the limit",
        ),
        sqlx::Error::PoolClosed => Error::new(ErrorKind::NotConnected, "the control plane is closed"),
        sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => {
            Error::new(ErrorKind::Connection, "the connection to the control plane broke")
        }
        sqlx::Error::Protocol(said) => {
            Error::new(ErrorKind::Connection, format!("the connection to the control plane broke: {said}"))
        }
        sqlx::Error::Configuration(source) => {
            Error::new(ErrorKind::Configuration, "the driver refuses the control plane's address")
                .with_source(source)
        }
        other => Error::new(ErrorKind::Internal, "the driver failed").with_source(other),
    }
}

fn of_database(reported: &dyn sqlx::error::DatabaseError) -> Error {
    let code = reported.code().unwrap_or_default().into_owned();
    // SQLite's codes are decimal numbers, PostgreSQL's SQLSTATEs have five places.
    let sqlite = match code.len() {
        5 => None,
        _ => code.parse::<i32>().ok(),
    };
    let kind = sqlite.map_or_else(|| kind_of_sqlstate(&code), kind_of_result_code);
    let message = match (sqlite, kind) {
        (None, ErrorKind::Data) if code.starts_with("22") => "the control plane refuses a value".to_owned(),
        _ => format!("the control plane refuses: {}", reported.message()),
    };
    let mut error = Error::new(kind, message).with_context("code", code);
    if let Some(constraint) = reported.constraint() {
        error = error.with_context("constraint", constraint);
    }
    match help_for(kind) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// PostgreSQL's manual, appendix A.
fn kind_of_sqlstate(code: &str) -> ErrorKind {
    match (code, code.get(..2).unwrap_or_default()) {
        ("3D000", _) => ErrorKind::Configuration,
        ("42501" | "25006", _) => ErrorKind::Permission,
        ("3F000" | "42P01" | "42703" | "42883", _) => ErrorKind::Schema,
        ("40001" | "40P01" | "55P03" | "55006", _) => ErrorKind::Busy,
        ("57014", _) => ErrorKind::Timeout,
        ("23505", _) => ErrorKind::Conflict,
        ("25P03", _) | (_, "08" | "57") => ErrorKind::Connection,
        (_, "28") => ErrorKind::Authentication,
        (_, "53" | "58") => ErrorKind::Capacity,
        (_, "22" | "23" | "54") => ErrorKind::Data,
        _ => ErrorKind::Internal,
    }
}

/// <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
fn kind_of_result_code(code: i32) -> ErrorKind {
    match (code, code & 0xff) {
        // CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE; CONSTRAINT_TRIGGER: the audit is append-only.
        (1555 | 2067, _) => ErrorKind::Conflict,
        (1811, _) => ErrorKind::Permission,
        (_, 5 | 6 | 17) => ErrorKind::Busy,
        (_, 7 | 13) => ErrorKind::Capacity,
        (_, 3 | 8 | 23) => ErrorKind::Permission,
        (_, 9) => ErrorKind::Timeout,
        (_, 10) => ErrorKind::Io,
        (_, 11 | 26) => ErrorKind::Schema,
        (_, 14) => ErrorKind::Configuration,
        (_, 18..=20) => ErrorKind::Data,
        _ => ErrorKind::Internal,
    }
}

const fn help_for(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Schema => Some(
            "it is no control plane, or of another version: name another with `metadata.url`; `snake-pipe load` makes one",
        ),
        ErrorKind::Permission => Some("grant the role the right, or name another place with `metadata.url`"),
        ErrorKind::Configuration => Some("create the database or directory, or correct `metadata.url`"),
        ErrorKind::Authentication => {
            Some("check user and password in `metadata.url`, PGPASSWORD or ~/.pgpass")
        }
        ErrorKind::Busy => Some("another process is writing to it; try again"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_have_their_kinds() {
        for (code, kind) in [
            ("08006", ErrorKind::Connection),
            ("57P01", ErrorKind::Connection),
            ("40P01", ErrorKind::Busy),
            ("23505", ErrorKind::Conflict),
            ("23503", ErrorKind::Data),
            ("42501", ErrorKind::Permission),
            ("42P01", ErrorKind::Schema),
        ] {
            assert_eq!(kind_of_sqlstate(code), kind, "{code}");
        }
        for (code, kind) in [
            (5, ErrorKind::Busy),
            (13, ErrorKind::Capacity),
            (787, ErrorKind::Data),
            (1811, ErrorKind::Permission),
            (2067, ErrorKind::Conflict),
        ] {
            assert_eq!(kind_of_result_code(code), kind, "{code}");
        }
    }
}
