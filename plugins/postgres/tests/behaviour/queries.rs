//! Users' questions: types, parameters, limits.

use std::time::Duration;

use snake_pipe_core::{DatabaseBackend as _, ErrorKind, SqlQuery, Value};

use crate::support::{backend, count, rows, value};

#[tokio::test]
async fn values_come_in_their_own_types() {
    let (_database, backend) = backend().await;
    let sql =
        "SELECT true, 1::int2, 2::bigint, 1.5::float8, 12::numeric, 0.25::numeric, 'ü'::text, NULL::int,
        '2023-11-14 22:13:20.123456+00'::timestamptz, '0f98fa8a-dbd8-8e54-adea-123e4247ea5f'::uuid,
        '{\"b\":1,\"a\":[2]}'::jsonb, ARRAY[1,2], '1 day'::interval, 'x'::name, 9007199254740993::bigint";
    let result = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap();
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(
        result.rows[0],
        [
            Value::Bool(true),
            Value::Integer(1),
            Value::Integer(2),
            Value::Real(1.5),
            Value::Integer(12),
            Value::Real(0.25),
            text("ü"),
            Value::Null,
            text("2023-11-14T22:13:20.123456Z"),
            text("0f98fa8a-dbd8-8e54-adea-123e4247ea5f"),
            text("{\"a\": [2], \"b\": 1}"),
            text("{1,2}"),
            text("1 day"),
            text("x"),
            Value::Integer(9_007_199_254_740_993),
        ]
    );
}

#[tokio::test]
async fn parameters_take_the_type_that_the_statement_wants() {
    let (_database, backend) = backend().await;
    let sql = "SELECT $1::uuid, $2 + 1.5, $3::timestamptz, $4, $5::text IS NULL, $6 AND true";
    let parameters = vec![
        Value::Text("0f98fa8a-dbd8-8e54-adea-123e4247ea5f".into()),
        Value::Integer(1),
        Value::Text("2023-11-14T22:13:20Z".into()),
        Value::Text(r"it's a \ '); DROP TABLE files; --".into()),
        Value::Null,
        Value::Bool(true),
    ];
    let result =
        backend.execute_sql_query(SqlQuery::new(sql).with_parameters(parameters.clone())).await.unwrap();
    assert_eq!(result.rows[0][3], parameters[3]);
    assert_eq!(result.rows[0][1], Value::Real(2.5));
    assert_eq!(result.rows[0][4..], [Value::Bool(true), Value::Bool(true)]);
}

#[tokio::test]
async fn plans_and_settings_can_be_looked_at() {
    let (_database, backend) = backend().await;
    assert!(!rows(&backend, "EXPLAIN SELECT * FROM files").await.is_empty());
    assert_eq!(value(&backend, "SHOW search_path").await, Value::Text("\"public\"".into()));
    assert_eq!(count(&backend, "/* a comment */ (SELECT 1) UNION SELECT 1 -- end").await, 1);
}

#[tokio::test]
async fn writing_in_any_disguise_is_refused() {
    let (_database, backend) = backend().await;
    for sql in [
        "EXPLAIN ANALYZE DELETE FROM files",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT nextval('s') FROM (SELECT 1) x",
        "SELECT * FROM files FOR UPDATE",
        "WITH x AS (INSERT INTO snapshots DEFAULT VALUES RETURNING 1) SELECT 1",
        "SELECT 1; SELECT 2",
        "PREPARE x AS DELETE FROM files",
    ] {
        let error = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn a_wrong_statement_says_where() {
    let (_database, backend) = backend().await;
    let error = backend.execute_sql_query(SqlQuery::new("SELECT wrong FROM files")).await.unwrap_err();
    assert_eq!(error.message(), "column \"wrong\" does not exist");
    assert!(error.context().any(|pair| pair == ("position", "8")), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_short_leaves_the_backend_usable() {
    let (_database, backend) = backend().await;
    for _ in 0..40 {
        let query = SqlQuery { max_rows: 3, ..SqlQuery::new("SELECT generate_series(1, 1000000)") };
        let result = backend.execute_sql_query(query).await.unwrap();
        assert_eq!((result.rows.len(), result.truncated), (3, true));
    }
    let query = SqlQuery { max_rows: 3, ..SqlQuery::new("SELECT generate_series(1, 3)") };
    assert!(!backend.execute_sql_query(query).await.unwrap().truncated);
}

#[tokio::test]
async fn a_query_ends_when_its_time_is_over() {
    let (_database, backend) = backend().await;
    let query = SqlQuery { timeout: Duration::from_millis(50), ..SqlQuery::new("SELECT pg_sleep(5)") };
    assert_eq!(backend.execute_sql_query(query).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(count(&backend, "SELECT 1").await, 1);
}
