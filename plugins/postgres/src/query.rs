//! Questions of users: one statement that only reads, under limits.
//!
//! Whoever may ask may ask anything, so the statement is kept from doing more than it says:
//! - it is parsed alone by the extended protocol, which takes one statement only;
//! - it runs in a transaction that only reads and whose snapshot is taken: the transaction cannot be made to write any more;
//! - it is a server-side cursor where it can be one, which refuses statements that change rows, and hands out rows in portions;
//! - the time limit is set anew before each portion, whatever the statement did to it;
//! - the connection is closed afterwards: a lock of the session or a setting that it left goes with it. Only after a statement
//!   that is our own is it kept.
//!
//! A cursor has the query's name, and so have all of its `FETCH`es, wherever the server shows what it does.

use std::time::Instant;

use snake_pipe_core::{QueryResult, Result, RowStream, SqlQuery};
use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, SqlSafeStr as _, Statement as _, postgres::PgTypeInfo,
};
use tokio::time::timeout;

use self::{
    cursor::Cursor,
    form::Form,
    limit::{GRACE, Stopwatch, explain, time_limit, timeout_error},
};
use crate::{
    connection::{Lease, Pool},
    error::{Author, convert, failed},
};

mod cursor;
mod form;
mod limit;
mod parameters;
mod portions;
mod values;

/// Runs the query and collects its rows.
pub(crate) async fn execute(pool: &Pool, query: SqlQuery, is_slow_told: bool) -> Result<QueryResult> {
    let begin = Instant::now();
    let answer = stream(pool, query, is_slow_told).await?.collect().await?;
    Ok(QueryResult { duration: begin.elapsed(), ..answer })
}

/// Runs the query and hands out its rows as they come.
pub(crate) async fn stream(pool: &Pool, query: SqlQuery, is_slow_told: bool) -> Result<RowStream> {
    let form = Form::of(&query.sql)?;
    let mut lease = Lease::take_for_reading(pool).await?;
    let time = Stopwatch::start();
    // A lease that is dropped closes its connection: the server stops working for a client that is gone.
    let Ok(opened) =
        timeout(time.left(&query).saturating_add(GRACE), open(&mut lease, &query, form, &time)).await
    else {
        return Err(timeout_error(&query).with_operation("query"));
    };
    let (columns, bound) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            lease.close().await;
            return Err(explain(error, &query, &time).with_operation("query"));
        }
    };
    let cursor = Cursor::new(lease, query, time, bound, is_slow_told);
    Ok(RowStream::produced(columns, |out| cursor.run(out)))
}

/// Begins the transaction and opens the cursor. What is no cursor is only prepared: its parameters are handed back.
async fn open(
    lease: &mut Lease,
    query: &SqlQuery,
    form: Form,
    time: &Stopwatch,
) -> Result<(Vec<String>, Option<Vec<parameters::Bound>>)> {
    // The snapshot, once taken, fixes that the transaction only reads. Cursors are planned for their first rows unless told
    // otherwise.
    const BEGIN: &str =
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1; SET LOCAL cursor_tuple_fraction = 1";
    let by_user = |error| convert(error, Author::User);
    lease.run(format!("{BEGIN}; {}", time_limit(query, time))).await.map_err(failed("query"))?;
    let sql = AssertSqlSafe(query.sql.clone()).into_sql_str();
    let statement = lease.get().prepare(sql).await.map_err(by_user)?;
    let types: Vec<PgTypeInfo> = match statement.parameters() {
        Some(sqlx::Either::Left(types)) => types.to_vec(),
        Some(sqlx::Either::Right(_)) | None => Vec::new(),
    };
    query.check_parameter_count(types.len())?;
    let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let values = parameters::bound(lease, &types, &query.parameters).await?;
    if form == Form::Bare {
        return Ok((columns, Some(values)));
    }
    let name = cursor::name_of(query);
    let sql = AssertSqlSafe(format!("DECLARE {name} NO SCROLL CURSOR FOR {}", query.sql));
    let declare = parameters::bind(sqlx::query(sql).persistent(false), values);
    declare.execute(lease.get()).await.map_err(by_user)?;
    Ok((columns, None))
}
