//! How long answers take: every named query, and what people look up.

use std::{collections::BTreeMap, time::Instant};

use snake_pipe_core::{
    DatabaseBackend, Result, SqlQuery, Value,
    queries::{ParameterDefault, QUERIES},
};

use crate::judgement::Report;

/// How often each question is asked.
const REPETITIONS: usize = 20;
const QUERY_MS: f64 = 100.0;
const LOOKUP_MS: f64 = 20.0;

/// Asks everything of what the database holds, each so many times before it counts.
pub(crate) async fn measure(
    report: &mut Report,
    backend: &dyn DatabaseBackend,
    warm_ups: usize,
) -> Result<()> {
    measure_queries(report, backend, warm_ups).await?;
    measure_lookups(report, backend, warm_ups).await
}

/// Every named query. Where one asks for a function or a file, it is the one that most
/// others call or depend on.
async fn measure_queries(report: &mut Report, backend: &dyn DatabaseBackend, warm_ups: usize) -> Result<()> {
    let function = text(
        backend,
        "SELECT f.qualified_name FROM function_fan_in u JOIN functions f ON f.function_id = u.function_id \
         ORDER BY u.call_sites DESC, u.function_id LIMIT 1",
    )
    .await?;
    let file = text(
        backend,
        "SELECT f.file_path FROM (SELECT target_file_id, count(*) AS sources FROM dependencies \
         WHERE target_file_id IS NOT NULL GROUP BY target_file_id ORDER BY sources DESC, target_file_id LIMIT 1) d \
         JOIN files f ON f.file_id = d.target_file_id",
    )
    .await?;
    for query in QUERIES {
        let required =
            query.parameters.iter().filter(|parameter| parameter.default == ParameterDefault::Required);
        let value = |name: &str| if name == "files" { file.clone() } else { function.clone() };
        let given: BTreeMap<String, String> =
            required.map(|parameter| (parameter.name.to_owned(), value(parameter.name))).collect();
        let mut times = Vec::new();
        for repetition in 0..warm_ups + REPETITIONS {
            let begin = Instant::now();
            query.run(backend, &given).await?;
            if repetition >= warm_ups {
                times.push(begin.elapsed());
            }
        }
        report.add_percentile(format!("{}: query {}", backend.info().kind, query.name), 95, times, QUERY_MS);
    }
    Ok(())
}

/// What people look up by name: a function, a file, and who calls the function; different ones each time.
async fn measure_lookups(report: &mut Report, backend: &dyn DatabaseBackend, warm_ups: usize) -> Result<()> {
    const FUNCTIONS: &str = "SELECT f.name, s.file_path FROM (SELECT function_id FROM function_fan_in \
        WHERE call_sites BETWEEN 2 AND 10 ORDER BY function_id LIMIT 20) u \
        JOIN functions f ON f.function_id = u.function_id JOIN files s ON s.file_id = f.file_id";
    const LOOKUPS: [(&str, &str); 3] = [
        ("a function by name", "SELECT * FROM function_details WHERE name = $1"),
        (
            "a file by path",
            "SELECT * FROM file_details WHERE file_path = $1 \
            AND repository_id IN (SELECT repository_id FROM repositories)",
        ),
        (
            "callers by name",
            "SELECT * FROM call_details WHERE target_function_id IN \
            (SELECT function_id FROM functions WHERE name = $1)",
        ),
    ];
    let found = backend.execute_sql_query(SqlQuery::new(FUNCTIONS)).await?;
    for (what, sql) in LOOKUPS {
        let mut times = Vec::new();
        for _ in 0..=warm_ups {
            times.clear();
            for row in &found.rows {
                let value = row[usize::from(what.contains("path"))].clone();
                let begin = Instant::now();
                backend.execute_sql_query(SqlQuery::new(sql).with_parameters(vec![value])).await?;
                times.push(begin.elapsed());
            }
        }
        report.add_percentile(format!("{}: {what}", backend.info().kind), 95, times, LOOKUP_MS);
    }
    Ok(())
}

/// The first value of an answer.
async fn text(backend: &dyn DatabaseBackend, sql: &str) -> Result<String> {
    let answer = backend.execute_sql_query(SqlQuery::new(sql)).await?;
    Ok(answer.rows.first().and_then(|row| row.first()).map(Value::to_string).unwrap_or_default())
}
