//! What SQLite and its driver report, as errors of the contract.

use snake_pipe_core::{Error, ErrorKind};

/// Says which operation failed, for `map_err`.
pub(crate) fn during(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| from_driver(source).with_operation(operation)
}

/// The error of the contract for what the driver reports.
pub(crate) fn from_driver(source: sqlx::Error) -> Error {
    let kind = kind_of(&source);
    let (message, help) = explanation(kind, &source);
    let error = Error::new(kind, message);
    let error = match help {
        Some(help) => error.with_help(help),
        None => error,
    };
    let error = match result_code(&source) {
        Some(code) => error.with_code(code.to_string()),
        None => error,
    };
    error.with_source(source)
}

/// SQLite's extended result code, where it was SQLite that refused.
pub(crate) fn result_code(source: &sqlx::Error) -> Option<i32> {
    source.as_database_error()?.code()?.parse().ok()
}

fn kind_of(source: &sqlx::Error) -> ErrorKind {
    match source {
        sqlx::Error::Database(_) => result_code(source).map_or(ErrorKind::Internal, kind_of_code),
        sqlx::Error::Io(source) => match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::Capacity,
            _ => ErrorKind::Io,
        },
        sqlx::Error::PoolTimedOut => ErrorKind::Timeout,
        sqlx::Error::PoolClosed => ErrorKind::NotConnected,
        sqlx::Error::WorkerCrashed => ErrorKind::Connection,
        sqlx::Error::Configuration(_) => ErrorKind::Configuration,
        _ => ErrorKind::Internal,
    }
}

/// The kind of a result code; the low byte is the primary code (<https://www.sqlite.org/rescode.html>).
fn kind_of_code(code: i32) -> ErrorKind {
    match code & 0xff {
        // BUSY, LOCKED; SCHEMA: another connection changed the schema again and again meanwhile.
        5 | 6 | 17 => ErrorKind::Busy,
        // NOMEM, FULL.
        7 | 13 => ErrorKind::Capacity,
        // PERM, READONLY, AUTH.
        3 | 8 | 23 => ErrorKind::Permission,
        // INTERRUPT.
        9 => ErrorKind::Timeout,
        // IOERR.
        10 => ErrorKind::Io,
        // CORRUPT, NOTADB.
        11 | 26 => ErrorKind::Schema,
        // CANTOPEN.
        14 => ErrorKind::Configuration,
        // TOOBIG, CONSTRAINT, MISMATCH.
        18..=20 => ErrorKind::Data,
        _ => ErrorKind::Internal,
    }
}

fn explanation(kind: ErrorKind, source: &sqlx::Error) -> (String, Option<&'static str>) {
    let code = result_code(source).map_or(0, |code| code & 0xff);
    let (message, help) = match (kind, code) {
        (ErrorKind::Busy, _) => (
            "another writer holds the database",
            Some("SQLite has one writer at a time: wait for it, or raise `timeout_seconds`"),
        ),
        (ErrorKind::Capacity, 13) => (
            "no room is left for the database",
            Some(
                "free some room where the database lies, and where temporary files go (`SQLITE_TMPDIR`, `TMPDIR`, /var/tmp)",
            ),
        ),
        (ErrorKind::Capacity, _) => ("out of memory", None),
        (ErrorKind::Permission, _) => (
            "the database may not be written to",
            Some(
                "give this user the right to write the file and its directory; for reading alone the directory is enough, where SQLite \
                 keeps what readers share, or a copy of the file in a directory of one's own",
            ),
        ),
        (ErrorKind::Schema, 26) => (
            "the file is not a SQLite database",
            Some("choose another path; a file that holds something else is never touched"),
        ),
        (ErrorKind::Schema, _) => {
            ("the database is damaged", Some("restore a copy, or move the file away and load again"))
        }
        (ErrorKind::Configuration, 14) => (
            "the database file cannot be opened",
            Some("see whether the directory exists and this user may use it"),
        ),
        (ErrorKind::Timeout, 0) => {
            ("no connection for reading became free", Some("raise `pool_size` or `timeout_seconds`"))
        }
        (ErrorKind::Timeout, _) => ("the statement was interrupted", None),
        (ErrorKind::NotConnected, _) => ("the backend was closed", None),
        _ => return (message_of(source), None),
    };
    (message.to_owned(), help)
}

/// The database's own message without its code.
pub(crate) fn message_of(source: &sqlx::Error) -> String {
    match source.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => source.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_codes_are_classified_by_their_low_byte() {
        let cases = [
            (5, ErrorKind::Busy),
            (261, ErrorKind::Busy),
            (517, ErrorKind::Busy),
            (6, ErrorKind::Busy),
            (7, ErrorKind::Capacity),
            (13, ErrorKind::Capacity),
            (3, ErrorKind::Permission),
            (8, ErrorKind::Permission),
            (1032, ErrorKind::Permission),
            (23, ErrorKind::Permission),
            (14, ErrorKind::Configuration),
            (9, ErrorKind::Timeout),
            (10, ErrorKind::Io),
            (1034, ErrorKind::Io),
            (11, ErrorKind::Schema),
            (26, ErrorKind::Schema),
            (18, ErrorKind::Data),
            (19, ErrorKind::Data),
            (275, ErrorKind::Data),
            (2067, ErrorKind::Data),
            (20, ErrorKind::Data),
            (1, ErrorKind::Internal),
            (21, ErrorKind::Internal),
        ];
        for (code, kind) in cases {
            assert_eq!(kind_of_code(code), kind, "{code}");
        }
    }

    #[test]
    fn the_driver_s_own_errors_are_classified_and_kept_as_the_cause() {
        let cases = [
            (sqlx::Error::PoolTimedOut, ErrorKind::Timeout),
            (sqlx::Error::PoolClosed, ErrorKind::NotConnected),
            (sqlx::Error::WorkerCrashed, ErrorKind::Connection),
            (sqlx::Error::Io(std::io::ErrorKind::StorageFull.into()), ErrorKind::Capacity),
            (sqlx::Error::Io(std::io::ErrorKind::NotFound.into()), ErrorKind::Io),
            (sqlx::Error::RowNotFound, ErrorKind::Internal),
        ];
        for (source, kind) in cases {
            let error = during("publish")(source);
            assert_eq!((error.kind(), error.operation()), (kind, Some("publish")));
            assert!(std::error::Error::source(&error).is_some());
        }
    }
}
