//! Users' questions: types, parameters, limits.

use std::time::Duration;

use snake_pipe_core::{DatabaseBackend as _, ErrorKind, SqlQuery, Value};

use futures::StreamExt as _;
use snake_pipe_core::{BackendExt as _, Explain};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster};

use crate::support::{backend, backend_with, count, rows, value};

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

/// A table outside the model, a sequence, and a function that writes.
const OURS_TO_SPOIL: &str = "CREATE TABLE public.mine (x int); CREATE SEQUENCE public.s;
    CREATE FUNCTION public.writes() RETURNS int LANGUAGE sql AS 'INSERT INTO public.mine VALUES (1) RETURNING x';
    CREATE FUNCTION public.rearms() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('transaction_read_only', 'off', true); RETURN public.writes(); END $$";

#[tokio::test]
async fn writing_in_any_disguise_is_refused() {
    let (database, backend) = backend().await;
    database.psql(OURS_TO_SPOIL).unwrap();
    for sql in [
        "SET TRANSACTION READ WRITE",
        "COMMIT",
        "COMMIT; DROP TABLE mine",
        "SELECT 1; COMMIT; DROP TABLE mine",
        "SELECT 1; SET TRANSACTION READ WRITE",
        "SELECT 1; SELECT 2",
        "SELECT 1) TO STDOUT; DROP TABLE mine; --",
        "WITH x AS (INSERT INTO mine VALUES (1) RETURNING 1) SELECT 1",
        "WITH x AS (DELETE FROM files RETURNING 1) SELECT * FROM x",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT set_config('transaction_read_only', 'off', false), writes()",
        "SELECT writes()",
        "SELECT rearms()",
        "SELECT nextval('s')",
        "SELECT setval('s', 7)",
        "SELECT 1 INTO made",
        "SELECT * FROM files FOR UPDATE",
        "EXPLAIN ANALYZE DELETE FROM files",
        "EXPLAIN ANALYZE SELECT writes()",
        "PREPARE x AS DELETE FROM files",
        "DO $$ BEGIN DELETE FROM files; END $$",
        "CALL writes()",
        "COPY mine TO PROGRAM 'true'",
    ] {
        let error = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Query, "{sql}: {error:?}");
    }
    // PostgreSQL itself overlooks this one. The transaction is never committed, so nothing stays.
    let _ = backend.execute_sql_query(SqlQuery::new("EXPLAIN ANALYZE CREATE TABLE made AS SELECT 1")).await;
    let left = "SELECT (SELECT count(*) FROM mine), to_regclass('made'), (SELECT is_called FROM s)";
    assert_eq!(database.psql(left).unwrap(), "0||f");
}

#[tokio::test]
async fn nothing_that_a_query_does_to_its_session_reaches_the_next_one() {
    let (database, backend) = backend_with("pool_size=1&max_overflow=0").await;
    for sql in [
        "SELECT pg_advisory_lock(42)",
        "SELECT set_config('search_path', 'pg_catalog', false), set_config('statement_timeout', '1', false)",
        "SELECT pg_notify('channel', 'x')",
    ] {
        backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap();
    }
    assert_eq!(value(&backend, "SHOW search_path").await, Value::Text("\"public\"".into()));
    let locks = format!(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
         WHERE l.locktype = 'advisory' AND d.datname = '{}'",
        database.name()
    );
    let mut held = String::new();
    for _ in 0..100 {
        held = database.psql(&locks).unwrap();
        if held == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{held} locks are held by a query that has ended");
}

#[tokio::test]
async fn a_query_cannot_give_itself_more_time() {
    let (_database, backend) = backend().await;
    // The first portion takes the limit away; a later one would then run for ever.
    let sql = "SELECT CASE n WHEN 1 THEN set_config('statement_timeout', '0', true)
                             WHEN 400 THEN pg_sleep(30)::text ELSE '' END
               FROM generate_series(1, 1000) AS n";
    let query = SqlQuery { timeout: Duration::from_millis(700), ..SqlQuery::new(sql) };
    let begin = std::time::Instant::now();
    assert_eq!(backend.execute_sql_query(query).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn an_answer_has_no_more_bytes_than_allowed() {
    let (_database, backend) = backend().await;
    let query = SqlQuery {
        max_bytes: 2_500,
        ..SqlQuery::new("SELECT repeat('x', 1000) FROM generate_series(1, 100000)")
    };
    let result = backend.execute_sql_query(query).await.unwrap();
    assert_eq!((result.rows.len(), result.truncated), (2, true));
}

#[tokio::test]
async fn a_long_answer_comes_whole_and_in_order() {
    let (_database, backend) = backend().await;
    let result = backend.execute_sql_query(SqlQuery::new("SELECT generate_series(1, 50000)")).await.unwrap();
    let expected: Vec<_> = (1..=50_000).map(|number| vec![Value::Integer(number)]).collect();
    assert!(result.rows == expected && !result.truncated);
}

#[tokio::test]
async fn the_connection_of_a_named_query_is_kept() {
    let (database, backend) = backend_with("pool_size=1&max_overflow=0").await;
    let query = snake_pipe_core::queries::named("files-by-language").unwrap();
    let connections = format!(
        "SELECT string_agg(pid::text, ',') FROM pg_stat_activity WHERE datname = '{}'",
        database.name()
    );
    let mut pids = Vec::new();
    for _ in 0..3 {
        query.run(&backend, &std::collections::BTreeMap::new()).await.unwrap();
        pids.push(database.cluster().psql(&connections).unwrap());
    }
    assert!(pids[0] == pids[1] && pids[1] == pids[2] && !pids[0].is_empty(), "{pids:?}");
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

#[tokio::test]
async fn nothing_is_fetched_behind_the_limit_of_bytes() {
    let (_database, backend) = backend().await;
    // The 100th row fails: whoever fetches 256 rows of 1.5 MB learns of it.
    let sql = "SELECT repeat('x', 1500000), 1 / (100 - n) FROM generate_series(1, 256) AS n";
    let query = SqlQuery { max_bytes: 4_000_000, ..SqlQuery::new(sql) };
    let result = backend.execute_sql_query(query).await.unwrap();
    assert_eq!((result.rows.len(), result.truncated), (2, true));
}

#[tokio::test]
async fn rows_are_handed_out_as_they_come_up_to_an_error() {
    let (_database, backend) = backend().await;
    let query = SqlQuery::new("SELECT n, 1 / (1000 - n) FROM generate_series(1, 5000) AS n");
    let stream = backend.stream_sql_query(query).await.unwrap();
    let portions: Vec<_> = futures::StreamExt::collect(stream).await;
    let rows: usize = portions.iter().flatten().map(|portion| portion.rows.len()).sum();
    // 32 and 512: the server keeps the rows of a portion to itself until it has all of them.
    assert_eq!((portions.len(), rows), (3, 544));
    let error = portions.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Query, "division by zero"));
}

#[tokio::test]
async fn a_stream_that_nobody_wants_any_more_ends_its_query() {
    let (database, backend) = backend_with("pool_size=1&max_overflow=0").await;
    let mut rows =
        backend.stream_sql_query(SqlQuery::new("SELECT generate_series(1, 100000000)")).await.unwrap();
    assert_eq!(rows.next().await.unwrap().unwrap().rows[0], [Value::Integer(1)]);
    drop(rows);
    assert_eq!(count(&backend, "SELECT 1").await, 1);
    let running = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND query LIKE '%snake_pipe_query%'",
        database.name()
    );
    for _ in 0..100 {
        if database.cluster().psql(&running).unwrap() == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the query goes on");
}

#[tokio::test]
async fn the_time_of_whoever_takes_the_rows_does_not_count() {
    let (_database, backend) = backend().await;
    let sql = "SELECT generate_series(1, 200)";
    let query = SqlQuery { timeout: Duration::from_millis(500), ..SqlQuery::new(sql) };
    let mut rows = backend.stream_sql_query(query).await.unwrap();
    let first = rows.next().await.unwrap().unwrap().rows.len();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(first + rows.collect().await.unwrap().rows.len(), 200);
}

#[tokio::test]
async fn the_server_counts_named_queries_by_their_names() {
    let options = ClusterOptions::fast().setting("shared_preload_libraries", "pg_stat_statements");
    let cluster = PostgresCluster::start(options).unwrap();
    let backend = crate::support::connect(&cluster.url()).await;
    backend.migrate(snake_pipe_core::MigrateMode::Apply).await.unwrap();
    cluster.psql("CREATE EXTENSION pg_stat_statements").unwrap();
    for _ in 0..3 {
        backend.execute_analytical_query("hotspots", &Default::default()).await.unwrap();
    }
    let counted = |beginning: &str| {
        let sql =
            format!("SELECT query, calls FROM pg_stat_statements WHERE query LIKE '{beginning} %hotspots%'");
        cluster.psql(&sql).unwrap()
    };
    assert_eq!(counted("FETCH"), "FETCH FORWARD 32 FROM \"snake-pipe: hotspots\"|3");
    let declared = counted("DECLARE");
    assert!(
        declared
            .starts_with("DECLARE \"snake-pipe: hotspots\" NO SCROLL CURSOR FOR /* snake-pipe: hotspots */")
    );
    let limits = "SELECT count(*), sum(calls) FROM pg_stat_statements WHERE query LIKE '%statement_timeout%set_config%'
        OR query LIKE '%set_config%'";
    assert!(cluster.psql(limits).unwrap().starts_with("1|"), "every limit is another statement");
}

#[tokio::test]
async fn a_query_tells_its_plan_with_its_parameters() {
    let (database, backend) = backend().await;
    database.psql("CREATE TABLE public.mine AS SELECT generate_series(1, 10) AS x").unwrap();
    let query =
        SqlQuery::new("SELECT count(*) FROM mine WHERE x > $1").with_parameters(vec![Value::Integer(7)]);
    let plan = backend.explain_sql_query(query.clone(), Explain::Plan).await.unwrap().join("\n");
    assert!(plan.starts_with("Aggregate ") && plan.contains("Seq Scan on mine"), "{plan}");
    assert!(!plan.contains("actual time"), "{plan}");
    let measured = backend.explain_sql_query(query, Explain::Analyze).await.unwrap().join("\n");
    assert!(measured.contains("rows=3 "), "{measured}");
}
