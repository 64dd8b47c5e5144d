//! Questions and answers.

use std::{borrow::Cow, fmt, time::Duration};

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

/// What is asked of a statement's plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explain {
    /// The plan, without running the statement.
    Plan,
    /// The statement is run, as always without writing, and its plan comes with what it took.
    Analyze,
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
    /// What the statement is called in logs and in the server's statistics, where it has a name.
    pub name: Option<&'static str>,
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
            name: None,
        }
    }

    /// The same with these parameters.
    #[must_use]
    pub fn with_parameters(mut self, parameters: Vec<Value>) -> Self {
        self.parameters = parameters;
        self
    }

    /// What logs call it: its name, or its text on one line, cut at 500 characters.
    #[must_use]
    pub fn title(&self) -> Cow<'_, str> {
        const MOST_CHARACTERS: usize = 500;
        match self.name {
            Some(name) => Cow::Borrowed(name),
            None => {
                let words = self.sql.split_whitespace().collect::<Vec<_>>().join(" ");
                Cow::Owned(words.chars().take(MOST_CHARACTERS).collect())
            }
        }
    }

    /// The statement that asks for this one's plan instead of its rows.
    ///
    /// # Errors
    /// `Unsupported` where the dialect knows no such plan.
    pub fn explained(mut self, dialect: Dialect, explain: Explain) -> Result<Self> {
        let words = match (dialect, explain) {
            (Dialect::Sqlite, Explain::Plan) => "EXPLAIN QUERY PLAN",
            (Dialect::Postgres, Explain::Plan) => "EXPLAIN",
            (Dialect::Postgres, Explain::Analyze) => "EXPLAIN (ANALYZE, BUFFERS)",
            (Dialect::Sqlite, Explain::Analyze) => {
                return Err(Error::new(ErrorKind::Unsupported, "SQLite does not measure a plan")
                    .with_help("`--explain` without `analyze` shows the plan"));
            }
        };
        self.sql = format!("{words} {}", self.sql);
        Ok(self)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_name_a_query_or_show_its_text_on_one_line() {
        let query = SqlQuery::new("SELECT 1,\n    2");
        assert_eq!(query.title(), "SELECT 1, 2");
        assert_eq!(SqlQuery { name: Some("hotspots"), ..query }.title(), "hotspots");
    }

    #[test]
    fn a_plan_is_asked_for_in_the_words_of_the_dialect() {
        let explained = |dialect, explain| SqlQuery::new("SELECT 1").explained(dialect, explain);
        let sql = |dialect, explain| explained(dialect, explain).unwrap().sql;
        assert_eq!(sql(Dialect::Sqlite, Explain::Plan), "EXPLAIN QUERY PLAN SELECT 1");
        assert_eq!(sql(Dialect::Postgres, Explain::Plan), "EXPLAIN SELECT 1");
        assert_eq!(sql(Dialect::Postgres, Explain::Analyze), "EXPLAIN (ANALYZE, BUFFERS) SELECT 1");
        let error = explained(Dialect::Sqlite, Explain::Analyze).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
