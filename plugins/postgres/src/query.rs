//! Questions of users: one statement that only reads, under limits.
//!
//! The statement is parsed by the extended protocol first, which takes one statement only, says which columns come and which
//! types parameters have. It is run by the simple protocol, whose answers are texts: every type has one.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use snake_pipe_core::{Error, ErrorKind, QueryResult, Result, SqlQuery, Value};
use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, PgPool, Row as _, SqlSafeStr as _, Statement as _,
    TypeInfo as _, ValueRef as _,
    postgres::{PgRow, PgValueRef},
};
use tokio::time::timeout;

use crate::{
    connection::Lease,
    error::{Author, convert},
};

const NAME: &str = "snake_pipe_query";
/// How long after its own limit the server may take to say so.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the query and collects its rows.
pub(crate) async fn execute(pool: &PgPool, query: SqlQuery) -> Result<QueryResult> {
    let begin = Instant::now();
    let form = Form::of(&query.sql)?;
    let mut lease = Lease::take(pool).await?;
    let limit = query.timeout.saturating_add(GRACE);
    // A lease that is dropped closes its connection: the server stops working for a client that is gone.
    let answer = match timeout(limit, run(&mut lease, &query, form)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            reset(lease, form).await;
            return Err(explain(error, &query, begin).with_operation("query"));
        }
        Err(_) => return Err(timeout_error(&query).with_operation("query")),
    };
    if answer.truncated {
        // The server goes on sending: nothing else can be said on this connection.
        drop(lease);
    } else {
        reset(lease, form).await;
    }
    Ok(QueryResult { duration: begin.elapsed(), ..answer })
}

/// How a statement is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Named, and executed with its parameters.
    Named,
    /// As it is: `EXPLAIN` and `SHOW` cannot be named.
    Bare,
}

impl Form {
    fn of(sql: &str) -> Result<Self> {
        match first_word(sql).to_ascii_uppercase().as_str() {
            "SELECT" | "WITH" | "VALUES" | "TABLE" => Ok(Self::Named),
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

async fn run(lease: &mut Lease, query: &SqlQuery, form: Form) -> Result<QueryResult> {
    let by_user = |error| convert(error, Author::User);
    let limit_ms = query.timeout.as_millis().clamp(1, i32::MAX as u128);
    let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit_ms}");
    lease.run(begin).await.map_err(|error| convert(error, Author::Backend))?;
    let sql = AssertSqlSafe(query.sql.clone()).into_sql_str();
    let statement = lease.get().prepare(sql).await.map_err(by_user)?;
    let expected = match statement.parameters() {
        Some(sqlx::Either::Left(types)) => types.len(),
        Some(sqlx::Either::Right(count)) => count,
        None => 0,
    };
    query.check_parameter_count(expected)?;
    let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let sql = match form {
        Form::Bare => query.sql.clone(),
        Form::Named => {
            lease.run(format!("PREPARE {NAME} AS {}", query.sql)).await.map_err(by_user)?;
            format!("EXECUTE {NAME}{}", literals(&query.parameters))
        }
    };
    let (rows, truncated) = fetch(lease, sql, query.max_rows).await.map_err(by_user)?;
    Ok(QueryResult { columns, rows, truncated, duration: Duration::ZERO })
}

async fn fetch(
    lease: &mut Lease,
    sql: String,
    max_rows: usize,
) -> Result<(Vec<Vec<Value>>, bool), sqlx::Error> {
    let mut stream = lease.get().fetch(sqlx::raw_sql(AssertSqlSafe(sql)));
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        if rows.len() == max_rows {
            return Ok((rows, true));
        }
        rows.push(values(&row)?);
    }
    Ok((rows, false))
}

/// Ends the transaction and forgets the statement; a connection on which that fails is closed.
async fn reset(mut lease: Lease, form: Form) {
    if lease.run("ROLLBACK").await.is_err() {
        return;
    }
    if form == Form::Named {
        match lease.run(format!("DEALLOCATE {NAME}")).await {
            // It is not there where the statement was refused, which is all the same.
            Ok(()) | Err(sqlx::Error::Database(_)) => {}
            Err(_) => return,
        }
    }
    lease.give_back();
}

/// The values as literals, which take the type of their parameter.
fn literals(parameters: &[Value]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    let literals: Vec<_> = parameters.iter().map(literal).collect();
    format!("({})", literals.join(", "))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => {
            // E'' reads the same whatever standard_conforming_strings says. NUL ends a message, and is in no text.
            format!("E'{}'", text.replace('\0', "\u{fffd}").replace('\\', "\\\\").replace('\'', "''"))
        }
        Value::Bool(_) | Value::Integer(_) | Value::Real(_) => format!("'{value}'"),
    }
}

fn values(row: &PgRow) -> Result<Vec<Value>, sqlx::Error> {
    (0..row.columns().len()).map(|index| Ok(value(&row.try_get_raw(index)?))).collect()
}

fn value(raw: &PgValueRef<'_>) -> Value {
    if raw.is_null() {
        return Value::Null;
    }
    let text = match raw.as_bytes() {
        Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => return Value::Null,
    };
    typed(raw.type_info().name(), text)
}

fn typed(type_name: &str, text: String) -> Value {
    let number = match type_name {
        "BOOL" => return Value::Bool(text == "t"),
        "INT2" | "INT4" | "INT8" | "OID" => text.parse().ok().map(Value::Integer),
        "FLOAT4" | "FLOAT8" => text.parse().ok().map(Value::Real),
        // Sums of large integers are whole and stay so; averages are not.
        "NUMERIC" => text.parse().ok().map(Value::Integer).or_else(|| text.parse().ok().map(Value::Real)),
        "TIMESTAMPTZ" => rfc_3339(&text).map(Value::Text),
        _ => None,
    };
    number.unwrap_or(Value::Text(text))
}

/// `2023-11-14 22:13:20.1234+00`, as the server writes it in UTC, in the form of every backend.
fn rfc_3339(text: &str) -> Option<String> {
    let (date, time) = text.strip_suffix("+00")?.split_once(' ')?;
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    Some(format!("{date}T{seconds}.{fraction:0<6}Z"))
}

fn explain(error: Error, query: &SqlQuery, begin: Instant) -> Error {
    match error.kind() {
        ErrorKind::Cancelled if begin.elapsed() >= query.timeout => timeout_error(query),
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
    fn a_text_cannot_break_out_of_its_literal() {
        assert_eq!(literal(&Value::Text(r"a'b\'c".into())), r"E'a''b\\''c'");
    }

    #[test]
    fn values_come_in_their_own_types() {
        assert_eq!(typed("NUMERIC", "12".into()), Value::Integer(12));
        assert_eq!(typed("NUMERIC", "1.5".into()), Value::Real(1.5));
        assert_eq!(typed("BOOL", "f".into()), Value::Bool(false));
        assert_eq!(typed("UUID", "x".into()), Value::Text("x".into()));
        assert_eq!(
            typed("TIMESTAMPTZ", "2023-11-14 22:13:20.12+00".into()),
            Value::Text("2023-11-14T22:13:20.120000Z".into())
        );
    }
}
