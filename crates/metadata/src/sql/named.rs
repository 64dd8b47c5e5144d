//! Questions that operators ask, by name.

use std::time::Instant;

use snake_pipe_core::{Error, ErrorKind, QueryResult, Result, Timestamp, options::nearest};

use super::{transaction::Transaction, value::args};

/// A question with a name.
#[derive(Clone, Copy, Debug)]
pub struct NamedQuery {
    /// Its name.
    pub name: &'static str,
    /// What it answers, in a sentence.
    pub help: &'static str,
    sql: &'static str,
}

/// Every named query. Each takes the time from which on it looks.
#[must_use]
pub fn named_queries() -> &'static [NamedQuery] {
    NAMED
}

const NAMED: &[NamedQuery] = &[
    NamedQuery {
        name: "run_performance",
        help: "Mean duration, number and records of ended runs, by pipeline.",
        sql: "SELECT p.name AS pipeline, CAST(avg(r.duration_ms) AS double precision) AS avg_duration_ms,
                count(*) AS runs, CAST(sum(r.records_processed) AS bigint) AS total_records
              FROM @runs r JOIN @pipelines p ON p.id = r.pipeline_id
              WHERE r.ended_at > $1 GROUP BY p.name ORDER BY p.name",
    },
    NamedQuery {
        name: "error_patterns",
        help: "How many errors there were, and how many are open, by class.",
        sql:
            "SELECT class, count(*) AS error_count, count(CASE WHEN status = 'open' THEN 1 END) AS open_errors
              FROM @errors WHERE occurred_at > $1 GROUP BY class ORDER BY count(*) DESC, class",
    },
    NamedQuery {
        name: "dead_letter_status",
        help: "How many dead letters there are, and how often they failed, by dataset, backend and status.",
        sql: "SELECT dataset, backend, status, count(*) AS record_count,
                CAST(avg(failures) AS double precision) AS avg_failures
              FROM @dead_letters WHERE updated_at > $1
              GROUP BY dataset, backend, status ORDER BY dataset, backend, status",
    },
];

pub(crate) async fn answer(
    transaction: &mut Transaction,
    name: &str,
    since: Timestamp,
) -> Result<QueryResult> {
    let Some(query) = NAMED.iter().find(|query| query.name == name) else {
        let names: Vec<_> = NAMED.iter().map(|query| query.name).collect();
        let help = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        return Err(Error::new(ErrorKind::NotFound, format!("no query is named `{name}`")).with_help(help));
    };
    let started = Instant::now();
    let rows = transaction.all(query.sql, &args![since]).await?;
    Ok(QueryResult {
        columns: rows.first().map(|row| row.names.to_vec()).unwrap_or_default(),
        rows: rows.into_iter().map(|row| row.values).collect(),
        duration: started.elapsed(),
        ..QueryResult::default()
    })
}
