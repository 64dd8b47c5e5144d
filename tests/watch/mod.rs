//! A reader beside a load.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use snake_pipe::core::{DatabaseBackend, SqlQuery, Value};
use snake_pipe_testkit::conformance::tables;

use crate::{
    big_tree::State,
    program::{Tables, with_backend},
};

/// What `act` returns. Panics when a reader saw anything but these states in the meantime.
pub(crate) fn watched<T>(url: &str, states: &[State], act: impl FnOnce() -> T) -> T {
    let allowed: BTreeSet<_> = states.iter().map(|state| counts_of(state.rows())).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| seen(url, &is_over));
        let result = act();
        is_over.store(true, Ordering::Relaxed);
        let seen = reader.join().unwrap();
        assert!(seen.is_subset(&allowed), "seen: {seen:?}; old and new: {allowed:?}");
        result
    })
}

/// Waits until a load is in the middle of writing to a database; what begins a load does not count.
pub(crate) enum Writes {
    /// The write-ahead log, as it was.
    Sqlite {
        log: PathBuf,
        before: Option<(u64, SystemTime)>,
    },
    Postgres {
        url: String,
    },
}

impl Writes {
    /// What begins a load writes less.
    const SMALL_BYTES: u64 = 100_000;

    pub(crate) fn of(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let log = PathBuf::from(format!("{path}-wal"));
                Self::Sqlite { before: size_and_time(&log), log }
            }
            None => Self::Postgres { url: url.to_owned() },
        }
    }

    /// Returns at the next write, or when the load has ended without one.
    pub(crate) fn await_next(&self, mut has_ended: impl FnMut() -> bool) {
        match self {
            Self::Sqlite { log, before } => {
                let is_quiet = |now: Option<(u64, SystemTime)>| {
                    now == *before || now.is_none_or(|(bytes, _)| bytes < Self::SMALL_BYTES)
                };
                while is_quiet(size_and_time(log)) && !has_ended() {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            Self::Postgres { url } => {
                let writers = "SELECT count(*) FROM pg_stat_activity \
                               WHERE datname = current_database() AND backend_xid IS NOT NULL \
                               AND clock_timestamp() - xact_start > interval '30 ms'";
                let idle = vec![vec![Value::Integer(0)]];
                with_backend(url, async |backend| {
                    while backend.execute_sql_query(SqlQuery::new(writers)).await.unwrap().rows == idle
                        && !has_ended()
                    {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                })
                .unwrap();
            }
        }
    }
}

fn size_and_time(file: &Path) -> Option<(u64, SystemTime)> {
    let metadata = file.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// Every count of rows, of all tables in one statement, that a reader sees until it is over. A server that does not answer
/// shows nothing.
fn seen(url: &str, is_over: &AtomicBool) -> BTreeSet<Vec<usize>> {
    let mut seen = BTreeSet::new();
    while !is_over.load(Ordering::Relaxed) {
        let counts = with_backend(url, async |backend| {
            let mut counts = BTreeSet::new();
            while let (false, Ok(row)) = (is_over.load(Ordering::Relaxed), counts_in(backend).await) {
                counts.insert(row);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            counts
        });
        seen.extend(counts.unwrap_or_default());
        thread::sleep(Duration::from_millis(20));
    }
    seen
}

async fn counts_in(backend: &dyn DatabaseBackend) -> snake_pipe::core::Result<Vec<usize>> {
    let counts: Vec<_> =
        tables().map(|table| format!("(SELECT count(*) FROM {})", table.table().name)).collect();
    let answer = backend.execute_sql_query(SqlQuery::new(format!("SELECT {}", counts.join(", ")))).await?;
    let count = |value: &Value| value.to_string().parse().unwrap();
    Ok(answer.rows[0].iter().map(count).collect())
}

fn counts_of(rows: &Tables) -> Vec<usize> {
    rows.values().map(Vec::len).collect()
}
