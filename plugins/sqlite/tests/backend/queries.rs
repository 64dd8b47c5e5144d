//! Questions, and that they only read.

use std::time::{Duration, Instant};

use snake_pipe_core::{BackendExt, DatabaseBackend, Error, ErrorKind, Explain, SqlQuery, Value};

use super::fixture::{Fixture, caller, file_with};

async fn refused(fixture: &Fixture, sql: &str) -> Error {
    fixture.backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap_err()
}

#[tokio::test]
async fn truth_values_of_tables_and_views_are_no_numbers() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"])], &[]).await;
    for sql in [
        "SELECT is_async, complexity FROM functions",
        "SELECT f.is_async, f.complexity FROM functions f JOIN files USING (file_id)",
        "SELECT is_async, complexity FROM function_details",
        "WITH w AS (SELECT * FROM function_details) SELECT is_async, complexity FROM (SELECT * FROM w)",
    ] {
        assert_eq!(fixture.rows(sql).await, [[Value::Bool(false), Value::Integer(1)]], "{sql}");
    }
}

#[tokio::test]
async fn every_storage_class_has_its_value() {
    let fixture = Fixture::without_tables().await;
    let answer = fixture.query("SELECT NULL, 1 AS one, 1.0, 'a', x'00ff', 9223372036854775807").await;
    assert_eq!(answer.columns[1], "one");
    assert_eq!(
        answer.rows,
        [[
            Value::Null,
            Value::Integer(1),
            Value::Real(1.0),
            Value::Text("a".into()),
            Value::Text("\\x00ff".into()),
            Value::Integer(i64::MAX),
        ]]
    );
}

#[tokio::test]
async fn parameters_are_numbered_and_may_repeat() {
    let fixture = Fixture::without_tables().await;
    let values = vec![Value::Text("a".into()), Value::Bool(true), Value::Null, Value::Real(0.5)];
    let query = SqlQuery::new("SELECT $2, $1, $1, $3, $4").with_parameters(values);
    let answer = fixture.backend.execute_sql_query(query).await.unwrap();
    let a = Value::Text("a".into());
    assert_eq!(answer.rows, [[Value::Integer(1), a.clone(), a, Value::Null, Value::Real(0.5)]]);
    let missing = refused(&fixture, "SELECT $2").await;
    assert_eq!(missing.message(), "the statement has 2 parameters, 0 values given");
}

#[tokio::test]
async fn an_answer_without_rows_has_columns_and_a_cut_one_says_so() {
    let fixture = Fixture::new().await;
    let none = fixture.query("SELECT name, line_start FROM functions").await;
    assert_eq!((none.columns.len(), none.rows.len(), none.truncated), (2, 0, false));
    let numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n";
    for (max_rows, rows, truncated) in [(3, 3, true), (10, 10, false), (0, 0, true)] {
        let query = SqlQuery { max_rows, ..SqlQuery::new(numbers) };
        let answer = fixture.backend.execute_sql_query(query).await.unwrap();
        assert_eq!((answer.rows.len(), answer.truncated), (rows, truncated));
    }
}

#[tokio::test]
async fn nothing_that_writes_is_run() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"])], &[]).await;
    for sql in [
        "DELETE FROM files",
        "WITH w AS (SELECT 1) DELETE FROM files",
        "WITH w AS (SELECT 1) INSERT INTO metric_definitions SELECT 'a', 'count', 'b', 'c'",
        "SELECT 1; DELETE FROM files",
        "CREATE TEMP TABLE t (a)",
        "ATTACH 'other.db' AS other",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "VACUUM INTO 'copy.db'",
        "BEGIN",
        "SELECT load_extension('x')",
    ] {
        assert_eq!(refused(&fixture, sql).await.kind(), ErrorKind::Query, "{sql}");
    }
    assert_eq!(fixture.number("SELECT count(*) FROM files").await, 1);
}

#[tokio::test]
async fn a_wrong_statement_is_answered_by_what_is_wrong() {
    let fixture = Fixture::new().await;
    let error = refused(&fixture, "SELECT nonsense FROM files").await;
    assert_eq!((error.kind(), error.message()), (ErrorKind::Query, "no such column: nonsense"));
    assert_eq!(refused(&fixture, "SELECT").await.kind(), ErrorKind::Query);
}

#[tokio::test]
async fn a_question_before_the_first_load_is_answered_by_what_to_do() {
    let fixture = Fixture::without_tables().await;
    let error = refused(&fixture, "SELECT count(*) FROM files").await;
    assert_eq!((error.kind(), error.message()), (ErrorKind::Schema, "the database has no tables yet"));
}

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[tokio::test]
async fn a_query_ends_at_its_limit_and_its_connection_is_as_new() {
    let fixture = Fixture::new().await;
    let started = Instant::now();
    let query = SqlQuery { timeout: Duration::from_millis(50), ..SqlQuery::new(ENDLESS) };
    let error = fixture.backend.execute_sql_query(query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(fixture.number("SELECT 1").await, 1);
}

#[tokio::test]
async fn cancelled_queries_end_and_leave_every_connection_usable() {
    let fixture = Fixture::new().await;
    for _ in 0..30 {
        let query = fixture.backend.execute_sql_query(SqlQuery::new(ENDLESS));
        assert!(tokio::time::timeout(Duration::from_millis(5), query).await.is_err());
    }
    // More of them than the pool has connections: all must have come back.
    assert_eq!(fixture.number("SELECT 1").await, 1);
}

#[tokio::test]
async fn details_name_what_ids_stand_for() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"]), caller("b", "a", "f")], &[]).await;
    let calls =
        fixture.rows("SELECT repository, file_path, target_file_path, target_name FROM call_details").await;
    let texts: Vec<_> = calls[0].iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["app", "b", "a", "f"]);
    let edges = fixture.rows("SELECT source_file_path, target_file_path FROM dependency_details").await;
    assert_eq!(edges, [[Value::Text("b".into()), Value::Text("a".into())]]);
}

/// Numbers from 1 to `last`; at 9,000 the statement fails, where it gets that far.
fn numbers(last: u32) -> String {
    format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})
         SELECT i, CASE WHEN i = 9000 THEN abs(-9223372036854775807 - 1) END FROM n"
    )
}

#[tokio::test]
async fn rows_are_handed_out_as_they_come_up_to_an_error() {
    let fixture = Fixture::without_tables().await;
    let rows = fixture.backend.stream_sql_query(SqlQuery::new(numbers(10_000))).await.unwrap();
    assert_eq!(rows.columns()[0], "i");
    let portions: Vec<_> = futures::StreamExt::collect(rows).await;
    let rows: Vec<_> = portions.iter().flatten().map(|portion| portion.rows.len()).collect();
    assert_eq!(rows, [4096, 4096, 807]);
    let error = portions.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Query, "integer overflow"));
}

#[tokio::test]
async fn a_stream_that_nobody_wants_any_more_gives_its_connection_back() {
    let fixture = Fixture::without_tables().await;
    for _ in 0..50 {
        let mut rows = fixture.backend.stream_sql_query(SqlQuery::new(numbers(8_000_000))).await.unwrap();
        let first = futures::StreamExt::next(&mut rows).await.unwrap().unwrap();
        assert_eq!(first.rows[0][0], Value::Integer(1));
    }
    assert_eq!(fixture.query("SELECT 1").await.rows, [[Value::Integer(1)]]);
}

#[tokio::test]
async fn the_time_of_whoever_takes_the_rows_does_not_count() {
    let fixture = Fixture::without_tables().await;
    let query = SqlQuery { timeout: Duration::from_millis(1_500), ..SqlQuery::new(numbers(8_990)) };
    let mut rows = fixture.backend.stream_sql_query(query).await.unwrap();
    let first = futures::StreamExt::next(&mut rows).await.unwrap().unwrap().rows.len();
    tokio::time::sleep(Duration::from_millis(1_700)).await;
    assert_eq!(first + rows.collect().await.unwrap().rows.len(), 8_990);
}

#[tokio::test]
async fn a_query_tells_its_plan_with_its_parameters() {
    let fixture = Fixture::new().await;
    let query = SqlQuery::new("SELECT name FROM functions WHERE name = $1 ORDER BY line_start")
        .with_parameters(vec![Value::Text("main".into())]);
    let plan = fixture.backend.explain_sql_query(query.clone(), Explain::Plan).await.unwrap();
    assert_eq!(plan[1], "USE TEMP B-TREE FOR ORDER BY");
    assert!(plan[0].starts_with("SEARCH functions USING INDEX "), "{plan:?}");
    let error = fixture.backend.explain_sql_query(query, Explain::Analyze).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
