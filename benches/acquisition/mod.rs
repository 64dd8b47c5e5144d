//! How long tasks wait for a connection when there are more of them than connections, by the backend's own count.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use snake_pipe_core::{Error, ErrorKind, Result, id::RepositoryId};
use snake_pipe_testkit::postgres::PostgresCluster;

use crate::judgement::Report;

/// So many tasks share so many connections, and each takes one so many times.
const TASKS: usize = 32;
const CONNECTIONS: u32 = 20;
const ACQUISITIONS: usize = 200;
const ACQUISITION_MS: f64 = 5.0;
/// What the backend calls the figure.
const FIGURE: &str = "snake_pipe_postgres_pool_acquire_seconds";

/// A database without tables answers the question for a manifest after one short statement: each holds its connection as long.
pub(crate) async fn measure(report: &mut Report, cluster: &PostgresCluster) -> Result<()> {
    let times = Times::default();
    let installed = metrics::set_global_recorder(times.clone());
    installed.map_err(|_| Error::new(ErrorKind::Internal, "somebody else counts already"))?;
    let url = cluster.create_database("acquisition")?;
    let size = CONNECTIONS.to_string();
    let options = [("pool_size", size.as_str()), ("max_overflow", "0")];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let backend = snake_pipe::registry()?.build(&url, None, options)?;
    backend.connect().await?;
    let nothing = RepositoryId::of("nothing", "");
    for is_warm in [false, true] {
        times.take();
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let backend = Arc::clone(&backend);
                tokio::spawn(async move {
                    for _ in 0..ACQUISITIONS {
                        backend.manifest(nothing).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .collect();
        for task in tasks {
            let stopped = |source| Error::new(ErrorKind::Internal, "a task stopped").with_source(source);
            task.await.map_err(stopped)??;
        }
        if is_warm {
            let figure = format!("postgres: a connection, {TASKS} tasks sharing {CONNECTIONS}");
            report.add_percentile(figure, 99, times.take(), ACQUISITION_MS);
        }
    }
    backend.close().await
}

/// Keeps what the backend records of its pool, and nothing else.
#[derive(Clone, Default)]
struct Times(Arc<Recorded>);

#[derive(Default)]
struct Recorded(Mutex<Vec<Duration>>);

impl Times {
    fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HistogramFn for Recorded {
    fn record(&self, seconds: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Duration::from_secs_f64(seconds));
    }
}

impl Recorder for Times {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        if key.name() == FIGURE { Histogram::from_arc(Arc::clone(&self.0)) } else { Histogram::noop() }
    }
}
