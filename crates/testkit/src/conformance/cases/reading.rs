//! Questions in SQL, and the integrity check.

use std::{collections::BTreeMap, time::Duration};

use snake_pipe_core::{
    ErrorKind, IntegrityScope, Result, SqlQuery, Value,
    queries::{ParameterDefault, QUERIES},
};

use crate::{
    conformance::{
        harness::Store,
        subject::{Subject, assert_fails},
    },
    fixtures::{Generator, shop},
};

pub(super) async fn a_query_is_answered(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let query = SqlQuery::new(
        "SELECT name, complexity, signature FROM functions WHERE complexity >= $1 AND name <> $2 ORDER BY name",
    );
    let parameters = vec![Value::Integer(4), Value::Text("it's".to_owned())];
    let answer = subject.backend.execute_sql_query(query.clone().with_parameters(parameters.clone())).await?;
    assert_eq!(answer.columns, ["name", "complexity", "signature"]);
    let expected = [
        vec![Value::Text("checkout".into()), Value::Integer(11), Value::Null],
        vec![
            Value::Text("total".into()),
            Value::Integer(4),
            Value::Text("def total(self, rate: float = 0.19) -> Decimal".into()),
        ],
    ];
    assert_eq!(answer.rows, expected);
    assert!(!answer.truncated);

    let query = query.with_parameters(parameters);
    let limited = SqlQuery { max_rows: 1, ..query.clone() };
    let answer = subject.backend.execute_sql_query(limited.clone()).await?;
    assert_eq!(answer.rows, expected[..1]);
    assert!(answer.truncated, "a second row was left out");
    let answer = subject.backend.execute_sql_query(SqlQuery { max_bytes: 1, ..query }).await?;
    assert!(answer.rows.is_empty() && answer.truncated, "the first row has more bytes than allowed");

    let portions = subject.backend.stream_sql_query(limited).await?;
    assert_eq!(portions.columns(), ["name", "complexity", "signature"]);
    let streamed = portions.collect().await?;
    assert_eq!(
        (&streamed.rows[..], streamed.truncated),
        (&expected[..1], true),
        "a stream has the same rows"
    );

    let none = SqlQuery::new("SELECT name, line_start FROM functions WHERE 1 = 0");
    let answer = subject.backend.execute_sql_query(none).await?;
    assert_eq!(
        (answer.columns.len(), answer.rows.len()),
        (2, 0),
        "columns are named though there are no rows"
    );
    Ok(())
}

pub(super) async fn a_query_may_only_read(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    let writing = [
        "DELETE FROM files",
        "UPDATE functions SET name = 'x'",
        "INSERT INTO metric_definitions VALUES ('a', 'b', 'c', 'd')",
        "DROP TABLE calls",
        "CREATE TABLE theirs (id integer)",
        "SELECT 1; DELETE FROM files",
        "COMMIT; DELETE FROM files",
        "WITH gone AS (DELETE FROM calls RETURNING *) SELECT count(*) FROM gone",
    ];
    for statement in writing {
        let result = subject.backend.execute_sql_query(SqlQuery::new(statement)).await;
        assert_fails(result, ErrorKind::Query, statement);
    }
    // Leaving the transaction must not open the way for what comes after.
    for statement in ["COMMIT", "ROLLBACK"] {
        let _ = subject.backend.execute_sql_query(SqlQuery::new(statement)).await;
        let result = subject.backend.execute_sql_query(SqlQuery::new("DELETE FROM files")).await;
        assert_fails(result, ErrorKind::Query, statement);
    }
    subject.assert_holds(&shop()).await
}

pub(super) async fn a_wrong_query_is_the_callers_error(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let wrong = [
        (SqlQuery::new("SELEC 1"), ErrorKind::Query),
        (SqlQuery::new("SELECT nothing FROM nowhere"), ErrorKind::Query),
        (SqlQuery::new(""), ErrorKind::Query),
        // The statement is right; the values are too few or too many, as `SqlQuery::check_parameter_count` says.
        (SqlQuery::new("SELECT $1"), ErrorKind::Configuration),
        (SqlQuery::new("SELECT 1").with_parameters(vec![Value::Integer(1)]), ErrorKind::Configuration),
    ];
    for (query, kind) in wrong {
        let statement = query.sql.clone();
        let result = subject.backend.execute_sql_query(query).await;
        assert_fails(result, kind, &statement);
        let answer = subject.backend.execute_sql_query(SqlQuery::new("SELECT 1 AS one")).await?;
        assert_eq!(answer.rows, [[Value::Integer(1)]]);
    }
    Ok(())
}

pub(super) async fn a_query_that_takes_too_long_is_ended(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 0 FROM n) SELECT count(*) FROM n";
    let query = SqlQuery { timeout: Duration::from_millis(200), ..SqlQuery::new(endless) };
    assert_fails(subject.backend.execute_sql_query(query).await, ErrorKind::Timeout, "an endless query");
    let answer = subject.backend.execute_sql_query(SqlQuery::new("SELECT 1 AS one")).await?;
    assert_eq!(answer.rows, [[Value::Integer(1)]]);
    Ok(())
}

pub(super) async fn every_named_query_is_answered(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    for query in QUERIES {
        let required =
            query.parameters.iter().filter(|parameter| parameter.default == ParameterDefault::Required);
        let value = |is_integer| if is_integer { "1" } else { "total" }.to_owned();
        let given: BTreeMap<String, String> =
            required.map(|parameter| (parameter.name.to_owned(), value(parameter.is_integer))).collect();
        match query.run(&*subject.backend, &given).await {
            Ok(answer) => assert!(!answer.columns.is_empty(), "{} answers without columns", query.name),
            Err(error) => panic!("{}: {error:?}", query.name),
        }
    }
    Ok(())
}

pub(super) async fn integrity_is_clean_after_loads(store: Store) -> Result<()> {
    let subject = Subject::ready(store).await?;
    subject.load(&shop()).await?;
    subject.change(&[], &["shop/model.py", "native/limits.h"]).await?;
    let edited = subject.with_repository("edited");
    let mut generator = Generator::new(5, 15);
    for _ in 0..4 {
        edited.bring_to(&generator.facts()).await?;
        generator.edit();
    }
    let repository = edited.repository.id();
    let files = edited.manifest().await?.files.keys().copied().take(5).collect();
    let scopes = [
        IntegrityScope::All,
        IntegrityScope::Repository(repository),
        IntegrityScope::Files(repository, files),
    ];
    for scope in scopes {
        let result = subject.backend.check_integrity(scope).await?;
        assert!(!result.constraints.is_empty(), "nothing was looked at");
        assert!(result.is_clean(), "{result:?}");
    }
    Ok(())
}
