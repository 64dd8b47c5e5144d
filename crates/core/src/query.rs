//! Questions and answers.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use crate::{Error, ErrorKind, Result};

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

/// A value of a row: of facts to be written, of a query's parameters or of its answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing known.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text; also ids, times and JSON, in their usual text forms.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Real(value) => value.fmt(f),
            Self::Text(value) => f.pad(value),
        }
    }
}

impl Serialize for Value {
    /// Integers beyond ±2^53 become texts, so that every JSON reader keeps them exact; numbers that are not finite, null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) if value.unsigned_abs() > 1 << 53 => serializer.collect_str(value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Real(value) if !value.is_finite() => serializer.serialize_none(),
            Self::Real(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

/// One statement that only reads, with its limits.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlQuery {
    /// The statement; parameters are written `$1`, `$2`, … in every dialect.
    pub sql: String,
    /// The parameters' values.
    pub parameters: Vec<Value>,
    /// At most so many rows are returned; the answer says when there were more.
    pub max_rows: usize,
    /// Rows whose values together have more bytes than this are not returned; the answer says when there were more.
    pub max_bytes: usize,
    /// The statement is cancelled after this time.
    pub timeout: Duration,
    /// Whether the statement is one that this crate ships, and so leaves nothing behind on its connection. A backend may close
    /// the connection after any other.
    pub is_own: bool,
}

impl SqlQuery {
    /// Rows returned at most unless told otherwise.
    pub const DEFAULT_MAX_ROWS: usize = 1_000_000;
    /// Bytes returned at most unless told otherwise: 256 MiB.
    pub const DEFAULT_MAX_BYTES: usize = 256 << 20;
    /// Time allowed unless told otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

    /// A statement without parameters, under the default limits.
    #[must_use]
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            parameters: Vec::new(),
            max_rows: Self::DEFAULT_MAX_ROWS,
            max_bytes: Self::DEFAULT_MAX_BYTES,
            timeout: Self::DEFAULT_TIMEOUT,
            is_own: false,
        }
    }

    /// The same with these parameters.
    #[must_use]
    pub fn with_parameters(mut self, parameters: Vec<Value>) -> Self {
        self.parameters = parameters;
        self
    }

    /// Checks that there are as many values as the statement has parameters; a backend says how many those are. A value that
    /// no parameter takes is as wrong as one that is missing: whoever gave it meant something by it.
    ///
    /// # Errors
    /// `Configuration`, naming the parameters that the statement takes.
    pub fn check_parameter_count(&self, expected: usize) -> Result<()> {
        let given = self.parameters.len();
        if given == expected {
            return Ok(());
        }
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (expected_words, given_words) = (count(expected, "parameter"), count(given, "value"));
        let error = Error::new(
            ErrorKind::Configuration,
            format!("the statement has {expected_words}, {given_words} given"),
        );
        Err(error.with_help(match expected {
            0 => "it takes no `--param`; parameters stand in a statement as $1, $2, …".to_owned(),
            1 => "it takes `--param 1=…`".to_owned(),
            last => format!("it takes `--param 1=…` to `--param {last}=…`"),
        }))
    }
}

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueryResult {
    /// The columns' names, in order.
    pub columns: Vec<String>,
    /// The rows, each with a value per column.
    pub rows: Vec<Vec<Value>>,
    /// Whether rows beyond the limits were left out.
    pub truncated: bool,
    /// Time from sending to the last row.
    pub duration: Duration,
}
