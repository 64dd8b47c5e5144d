//! Questions of users: one statement that only reads, under limits.
//!
//! Whoever may ask may ask anything, so the statement is kept from doing more than it says:
//! - it is parsed alone by the extended protocol, which takes one statement only;
//! - it runs in a transaction that only reads and whose snapshot is taken: the transaction cannot be made to write any more;
//! - it is a server-side cursor where it can be one, which refuses statements that change rows, and hands out rows in portions;
//! - the time limit is set anew before each portion, whatever the statement did to it;
//! - the connection is closed afterwards: a lock of the session or a setting that it left goes with it. Only after a statement
//!   that is our own is it kept.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use snake_pipe_core::{Error, ErrorKind, QueryResult, Result, SqlQuery, Value};
use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, SqlSafeStr as _, Statement as _, postgres::PgTypeInfo,
};
use tokio::time::timeout;

use crate::{
    connection::{Lease, Pool},
    error::{Author, convert, failed},
};

mod parameters;
mod values;

/// The cursor's name.
const CURSOR: &str = "snake_pipe_query";
/// How long after its own limit the server may take to say so.
const GRACE: Duration = Duration::from_secs(10);
/// By how much the server's clock, which counts whole milliseconds, may be ahead of ours.
const CLOCK_SLACK: Duration = Duration::from_millis(20);
/// Rows of the first portion; the next ones are as large as memory allows.
const FIRST_ROWS: usize = 256;
/// Rows of a portion at most.
const MOST_ROWS: usize = 20_000;
/// Bytes that a portion should have at most.
const PORTION_BYTES: usize = 4 << 20;

/// Runs the query and collects its rows.
pub(crate) async fn execute(pool: &Pool, query: SqlQuery) -> Result<QueryResult> {
    let begin = Instant::now();
    let form = Form::of(&query.sql)?;
    let mut lease = Lease::take_for_reading(pool).await?;
    let limit = query.timeout.saturating_add(GRACE);
    // A lease that is dropped closes its connection: the server stops working for a client that is gone.
    let answer = match timeout(limit, run(&mut lease, &query, form, begin)).await {
        Ok(answer) => answer.map_err(|error| explain(error, &query, begin)),
        Err(_) => return Err(timeout_error(&query).with_operation("query")),
    };
    match answer {
        Ok(_) if query.is_own => lease.roll_back().await,
        Ok(_) | Err(_) => lease.close().await,
    }
    let answer = answer.map_err(|error| error.with_operation("query"))?;
    Ok(QueryResult { duration: begin.elapsed(), ..answer })
}

/// How a statement is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As a cursor, with its parameters.
    Cursor,
    /// As it is: `EXPLAIN` and `SHOW` are no cursors.
    Bare,
}

impl Form {
    fn of(sql: &str) -> Result<Self> {
        match first_word(sql).to_ascii_uppercase().as_str() {
            "SELECT" | "WITH" | "VALUES" | "TABLE" => Ok(Self::Cursor),
            "EXPLAIN" | "SHOW" => Ok(Self::Bare),
            "" => Err(Error::new(ErrorKind::Query, "the query is empty")),
            word => Err(Error::new(
                ErrorKind::Query,
                format!("a query only reads, and does not begin with `{word}`"),
            )
            .with_help("a query begins with SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW")),
        }
    }
}

/// The first word behind white space, comments and opening parentheses.
fn first_word(sql: &str) -> &str {
    let mut rest = sql.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(');
    loop {
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            after_block_comment(comment)
        } else {
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
            // A statement that begins with a sign has no word: its first letter stands for it.
            let end = if end == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { end };
            return &rest[..end];
        }
        .trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(');
    }
}

/// Block comments nest in PostgreSQL.
fn after_block_comment(mut rest: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        rest = &rest[at..];
        let (step, change) = match rest {
            _ if rest.starts_with("*/") => (2, -1),
            _ if rest.starts_with("/*") => (2, 1),
            _ => (1, 0),
        };
        depth += change;
        rest = &rest[step..];
    }
    rest
}

async fn run(lease: &mut Lease, query: &SqlQuery, form: Form, begin: Instant) -> Result<QueryResult> {
    // The snapshot, once taken, fixes that the transaction only reads. Cursors are planned for their first rows unless told
    // otherwise.
    const BEGIN: &str =
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1; SET LOCAL cursor_tuple_fraction = 1";
    let by_user = |error| convert(error, Author::User);
    lease.run(format!("{BEGIN}; {}", time_limit(query, begin))).await.map_err(failed("query"))?;
    let sql = AssertSqlSafe(query.sql.clone()).into_sql_str();
    let statement = lease.get().prepare(sql).await.map_err(by_user)?;
    let types: Vec<PgTypeInfo> = match statement.parameters() {
        Some(sqlx::Either::Left(types)) => types.to_vec(),
        Some(sqlx::Either::Right(_)) | None => Vec::new(),
    };
    query.check_parameter_count(types.len())?;
    let mut rows = Rows::new(query);
    match form {
        Form::Bare => rows.take(lease, query.sql.clone()).await.map_err(by_user)?,
        Form::Cursor => {
            declare(lease, query, &types).await?;
            while let Some(portion) = rows.next_portion() {
                let fetch = format!("{}; FETCH FORWARD {portion} FROM {CURSOR}", time_limit(query, begin));
                rows.take(lease, fetch).await.map_err(by_user)?;
            }
        }
    }
    Ok(QueryResult {
        columns: statement.columns().iter().map(|column| column.name().to_owned()).collect(),
        rows: rows.taken,
        truncated: rows.truncated,
        duration: Duration::ZERO,
    })
}

/// Opens the cursor over the statement, its parameters bound.
async fn declare(lease: &mut Lease, query: &SqlQuery, types: &[PgTypeInfo]) -> Result<()> {
    let values = parameters::bound(lease, types, &query.parameters).await?;
    let sql = AssertSqlSafe(format!("DECLARE {CURSOR} NO SCROLL CURSOR FOR {}", query.sql));
    let declare = parameters::bind(sqlx::query(sql).persistent(false), values);
    declare.execute(lease.get()).await.map(drop).map_err(|error| convert(error, Author::User))
}

/// Sets what is left of the time. A statement may have changed the setting, so this stands before every portion.
fn time_limit(query: &SqlQuery, begin: Instant) -> String {
    let left_ms = query.timeout.saturating_sub(begin.elapsed()).as_millis().clamp(1, i32::MAX as u128);
    format!("SET LOCAL statement_timeout = {left_ms}")
}

/// The rows so far, and how many more there may be.
struct Rows {
    max_rows: usize,
    max_bytes: usize,
    taken: Vec<Vec<Value>>,
    bytes: usize,
    truncated: bool,
    /// Rows asked for and rows received by the last portion.
    last: Option<(usize, usize)>,
}

impl Rows {
    const fn new(query: &SqlQuery) -> Self {
        Self {
            max_rows: query.max_rows,
            max_bytes: query.max_bytes,
            taken: Vec::new(),
            bytes: 0,
            truncated: false,
            last: None,
        }
    }

    /// How many rows to ask for next; none when the answer is complete.
    fn next_portion(&mut self) -> Option<usize> {
        let wanted = match self.last {
            None => FIRST_ROWS,
            Some((asked, received)) if received < asked || self.truncated => return None,
            Some(_) => (PORTION_BYTES / (self.bytes / self.taken.len().max(1)).max(1)).clamp(1, MOST_ROWS),
        };
        // One more than allowed tells whether there are more.
        let portion = wanted.min((self.max_rows - self.taken.len()).saturating_add(1));
        self.last = Some((portion, 0));
        Some(portion)
    }

    /// Takes what the statement answers, up to the limits. What lies beyond them is read and dropped: a portion is small.
    async fn take(&mut self, lease: &mut Lease, sql: String) -> Result<(), sqlx::Error> {
        let mut stream = lease.get().fetch(sqlx::raw_sql(AssertSqlSafe(sql)));
        while let Some(row) = stream.try_next().await? {
            if let Some((_, received)) = &mut self.last {
                *received += 1;
            }
            if self.truncated || self.taken.len() == self.max_rows {
                self.truncated = true;
                continue;
            }
            let (row, bytes) = values::values(&row)?;
            if self.bytes + bytes > self.max_bytes {
                self.truncated = true;
                continue;
            }
            self.bytes += bytes;
            self.taken.push(row);
        }
        Ok(())
    }
}

fn explain(error: Error, query: &SqlQuery, begin: Instant) -> Error {
    match error.kind() {
        ErrorKind::Cancelled if begin.elapsed() + CLOCK_SLACK >= query.timeout => timeout_error(query),
        _ => error,
    }
}

fn timeout_error(query: &SqlQuery) -> Error {
    Error::new(ErrorKind::Timeout, "the query took longer than allowed")
        .with_context("limit", format!("{:?}", query.timeout))
        .with_help("allow more time, or ask for less")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_found_behind_comments_and_parentheses() {
        for sql in ["SELECT 1", "  -- x\n (( select 1))", "/* a /* b */ c */Select", "(/**/SELECT"] {
            assert!(first_word(sql).eq_ignore_ascii_case("select"), "{sql}");
        }
        assert_eq!(first_word("/* never closed"), "");
        assert_eq!(first_word(";DROP"), ";");
    }

    #[test]
    fn statements_that_do_not_read_are_refused_by_name() {
        for sql in ["DELETE FROM files", "COMMIT", "SET x = 1", "COPY files TO STDOUT", ";SELECT 1"] {
            assert_eq!(Form::of(sql).unwrap_err().kind(), ErrorKind::Query, "{sql}");
        }
        assert_eq!(Form::of("").unwrap_err().message(), "the query is empty");
    }

    #[test]
    fn portions_grow_to_what_memory_allows_and_end_with_the_rows() {
        let query = SqlQuery { max_rows: 1_000_000, ..SqlQuery::new("SELECT 1") };
        let mut rows = Rows::new(&query);
        assert_eq!(rows.next_portion(), Some(FIRST_ROWS));
        rows.taken = vec![Vec::new(); FIRST_ROWS];
        rows.bytes = FIRST_ROWS * 1024;
        rows.last = Some((FIRST_ROWS, FIRST_ROWS));
        assert_eq!(rows.next_portion(), Some(4096));
        rows.last = Some((4096, 100));
        assert_eq!(rows.next_portion(), None);
    }

    #[test]
    fn no_more_is_asked_for_than_tells_that_there_is_more() {
        let mut rows = Rows::new(&SqlQuery { max_rows: 3, ..SqlQuery::new("SELECT 1") });
        assert_eq!(rows.next_portion(), Some(4));
    }
}
