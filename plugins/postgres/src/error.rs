//! What PostgreSQL and its driver report, as errors of the contracts.
//!
//! The codes are SQLSTATEs (PostgreSQL's manual, appendix A). Of a server's error only the primary message, the code and
//! the names of table and constraint are kept: its detail may quote row values, and so may messages of class 22.

use snake_pipe_core::{Error, ErrorKind, Result};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::config::TlsMode;

/// Who wrote the statement that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// This crate: a wrong statement means that the tables are not what they should be.
    Backend,
    /// The user: a wrong statement is theirs, and so is what the message quotes.
    User,
}

/// The error of an operation of this crate's own.
pub(crate) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| convert(error, Author::Backend).with_operation(operation)
}

/// The error for whatever the driver reports.
pub(crate) fn convert(error: sqlx::Error, author: Author) -> Error {
    match error {
        sqlx::Error::Database(database) => match database.try_downcast::<PgDatabaseError>() {
            Ok(reported) => of_server(&reported, author),
            Err(other) => Error::new(ErrorKind::Internal, other.message().to_owned()),
        },
        sqlx::Error::Io(source) => {
            Error::new(ErrorKind::Connection, "the connection to the server broke").with_source(source)
        }
        sqlx::Error::Tls(source) => tls_error(source.to_string()),
        sqlx::Error::PoolTimedOut => Error::new(
            ErrorKind::Timeout,
            "no connection to the server was to be had within the limit",
        )
        .with_help(
            "look whether the server answers; else raise `pool_size`, `max_overflow` or `timeout_seconds`",
        ),
        sqlx::Error::PoolClosed => Error::new(ErrorKind::NotConnected, "the backend is closed"),
        sqlx::Error::Configuration(source) => {
            Error::new(ErrorKind::Configuration, "the driver refuses the settings").with_source(source)
        }
        // The driver and the server no longer agree on what is being said: nothing more can be sent on this connection.
        sqlx::Error::Protocol(said) => {
            Error::new(ErrorKind::Connection, format!("the connection broke: {said}"))
        }
        sqlx::Error::BeginFailed => {
            Error::new(ErrorKind::Connection, "the connection was left in the middle of a transaction")
        }
        other => Error::new(ErrorKind::Internal, "the driver failed").with_source(other),
    }
}

/// The oldest server that has all that is used: foreign keys and primary keys on partitions.
const MIN_SERVER_VERSION: u32 = 130_000;

/// Refuses a server that is too old.
pub(crate) fn check_server(version: Option<u32>) -> Result<()> {
    match version {
        Some(version) if version < MIN_SERVER_VERSION => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the server is PostgreSQL {}, 13 or newer is needed", version / 10_000),
        )),
        _ => Ok(()),
    }
}

/// The error of a connection that could not be made. A certificate that is not trusted comes as an error of reading: it is told
/// apart by its words.
pub(crate) fn connect_error(error: sqlx::Error, tls: TlsMode) -> Error {
    match &error {
        sqlx::Error::Io(source) if tls.is_secure() && source.to_string().contains("certificate") => {
            tls_error(source.to_string()).with_operation("connect")
        }
        sqlx::Error::Io(source) => {
            let message = format!("the server cannot be reached: {source}");
            Error::new(ErrorKind::Connection, message)
                .with_operation("connect")
                .with_help("look whether the server runs and whether host and port of the URL are right")
        }
        _ => failed("connect")(error),
    }
}

/// The error of a connection through a pooler that shares the server's sessions among its clients.
pub(crate) fn pooler_error(why: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("there is a connection pooler before the server, and {why}"))
        .with_operation("connect")
        .with_help(
            "connect to PostgreSQL directly (port 5432, where PgBouncer has 6432): loads need sessions of their own, and this \
             program has a pool itself (`pool_size`)",
        )
}

/// The error of a TLS connection that could not be made, with the ways out.
pub(crate) fn tls_error(said: String) -> Error {
    Error::new(ErrorKind::Configuration, format!("no TLS connection to the server: {said}")).with_help(
        "`sslrootcert=FILE` trusts the authority that signed the server's certificate, and gives up nothing; \
         `sslmode=verify-ca` gives up that the certificate is made out for this host; \
         `sslmode=require` gives up knowing who the server is; \
         `sslmode=disable` gives up encryption as well: passwords and data can be read on the way",
    )
}

fn of_server(reported: &PgDatabaseError, author: Author) -> Error {
    let code = reported.code();
    if let Some(why) = of_pooler(code, reported.message(), author) {
        return pooler_error(why).with_context("sqlstate", code);
    }
    let kind = kind_of(code, author);
    let message = match author {
        Author::Backend if code.starts_with("22") => "the database refuses a value".to_owned(),
        _ => reported.message().to_owned(),
    };
    let mut error = Error::new(kind, message).with_context("sqlstate", code);
    if let Some(table) = reported.table() {
        error = error.with_context("table", table);
    }
    if let Some(constraint) = reported.constraint() {
        error = error.with_context("constraint", constraint);
    }
    if let (Author::User, Some(PgErrorPosition::Original(position))) = (author, reported.position()) {
        error = error.with_context("position", position);
    }
    match help_for(code, author) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// What errors that only a pooler makes us see say about it: a statement that was prepared on this very connection is never
/// unknown there, nor is its name taken.
fn of_pooler(code: &str, message: &str, author: Author) -> Option<&'static str> {
    match code {
        "26000" | "42P05" if author == Author::Backend => {
            Some("it gives every transaction another session (transaction mode)")
        }
        "08P01" if message.contains("unsupported startup parameter") => {
            Some("it refuses the `options` that a connection begins with")
        }
        _ => None,
    }
}

/// The kind that a SQLSTATE belongs to. Codes first, then classes.
pub(crate) fn kind_of(code: &str, author: Author) -> ErrorKind {
    match code {
        "3D000" => ErrorKind::Configuration,
        "3F000" => ErrorKind::Schema,
        "42501" => ErrorKind::Permission,
        "25006" => ErrorKind::Query,
        "25P03" => ErrorKind::Connection,
        "40001" | "40P01" | "55P03" | "55006" => ErrorKind::Busy,
        // statement_completion_unknown
        "40003" => ErrorKind::OutcomeUnknown,
        "57014" => ErrorKind::Cancelled,
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => ErrorKind::Connection,
        "42P01" | "42703" | "42883" if author == Author::Backend => ErrorKind::Schema,
        _ => kind_of_class(code.get(..2).unwrap_or_default(), author),
    }
}

fn kind_of_class(class: &str, author: Author) -> ErrorKind {
    match (class, author) {
        ("08", _) => ErrorKind::Connection,
        ("28", _) => ErrorKind::Authentication,
        ("53" | "58", _) => ErrorKind::Capacity,
        ("22" | "23" | "54", Author::Backend) => ErrorKind::Data,
        (_, Author::User) if !matches!(class, "57" | "XX" | "F0") => ErrorKind::Query,
        _ => ErrorKind::Internal,
    }
}

fn help_for(code: &str, author: Author) -> Option<&'static str> {
    match code {
        "3D000" => Some("create the database (`createdb NAME`), or name another one in the URL"),
        "28P01" | "28000" => Some(
            "check user and password: in the URL, in `password_env`, `password_file`, PGPASSWORD or ~/.pgpass, and pg_hba.conf on the server",
        ),
        "53300" => {
            Some("the server allows no more connections: lower `pool_size`, or raise its max_connections")
        }
        "42501" if author == Author::Backend => Some(
            "`snake-pipe doctor --from …` prints the GRANT that this role lacks; or use a role that may write",
        ),
        "25006" if author == Author::User => Some("queries only read: use `load` to write"),
        "25006" => Some("the server or role only reads: name the primary server in the URL"),
        "42P01" | "42703" if author == Author::Backend => Some("run `snake-pipe migrate`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sqlstate_of_note_has_its_kind() {
        let cases = [
            ("08006", ErrorKind::Connection),
            ("28P01", ErrorKind::Authentication),
            ("3D000", ErrorKind::Configuration),
            ("3F000", ErrorKind::Schema),
            ("42501", ErrorKind::Permission),
            ("42P01", ErrorKind::Schema),
            ("40001", ErrorKind::Busy),
            ("40P01", ErrorKind::Busy),
            ("55P03", ErrorKind::Busy),
            ("55006", ErrorKind::Busy),
            ("40003", ErrorKind::OutcomeUnknown),
            ("08001", ErrorKind::Connection),
            ("25P03", ErrorKind::Connection),
            ("57P02", ErrorKind::Connection),
            ("57P03", ErrorKind::Connection),
            ("57P05", ErrorKind::Connection),
            ("28000", ErrorKind::Authentication),
            ("42703", ErrorKind::Schema),
            ("42883", ErrorKind::Schema),
            ("53200", ErrorKind::Capacity),
            ("53400", ErrorKind::Capacity),
            ("58030", ErrorKind::Capacity),
            ("22P02", ErrorKind::Data),
            ("23503", ErrorKind::Data),
            ("23514", ErrorKind::Data),
            ("54001", ErrorKind::Data),
            ("25P02", ErrorKind::Internal),
            ("0A000", ErrorKind::Internal),
            ("57014", ErrorKind::Cancelled),
            ("57P01", ErrorKind::Connection),
            ("53100", ErrorKind::Capacity),
            ("53300", ErrorKind::Capacity),
            ("22021", ErrorKind::Data),
            ("22P05", ErrorKind::Data),
            ("23505", ErrorKind::Data),
            ("54000", ErrorKind::Data),
            ("25006", ErrorKind::Query),
            ("XX000", ErrorKind::Internal),
            ("42601", ErrorKind::Internal),
        ];
        for (code, kind) in cases {
            assert_eq!(kind_of(code, Author::Backend), kind, "{code}");
        }
    }

    #[test]
    fn what_a_user_wrote_is_a_query_error() {
        for code in ["42601", "42P01", "42703", "22012", "0A000", "25006"] {
            assert_eq!(kind_of(code, Author::User), ErrorKind::Query, "{code}");
        }
        assert_eq!(kind_of("57014", Author::User), ErrorKind::Cancelled);
        assert_eq!(kind_of("42501", Author::User), ErrorKind::Permission);
    }

    #[test]
    fn what_only_a_pooler_can_cause_is_told_as_that() {
        assert!(
            of_pooler("26000", "prepared statement \"sqlx_s_1\" does not exist", Author::Backend).is_some()
        );
        assert!(
            of_pooler("42P05", "prepared statement \"sqlx_s_1\" already exists", Author::Backend).is_some()
        );
        assert!(of_pooler("08P01", "unsupported startup parameter: options", Author::Backend).is_some());
        assert_eq!(of_pooler("08P01", "invalid message format", Author::Backend), None);
        assert_eq!(of_pooler("26000", "prepared statement \"mine\" does not exist", Author::User), None);
    }

    #[test]
    fn a_failed_tls_connection_names_the_ways_out_and_their_price() {
        let error = tls_error("unknown issuer".into());
        for way in ["sslrootcert=FILE", "verify-ca", "sslmode=require", "sslmode=disable", "gives up"] {
            assert!(error.help().unwrap().contains(way), "{way}");
        }
    }
}
