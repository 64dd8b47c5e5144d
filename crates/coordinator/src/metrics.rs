//! What the runs of a process did, by backend: a snapshot, and the text that Prometheus reads.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;

use crate::{BreakerState, EventKind, LaneState, LaneSummary, Outcome, RunEvent};

/// Counts what happens in the runs that it [observes](crate::Pipeline::observe). Clones share the counts: one for a process.
///
/// ```
/// # use snake_pipe_coordinator::{Metrics, Pipeline};
/// # use snake_pipe_core::{Result, load::Repository, memory::MemoryBackend, model::TransformedAst};
/// # use std::sync::Arc;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let metrics = Metrics::default();
/// Pipeline::from(futures::stream::iter([Ok(TransformedAst::new("src/app.py".into()))]))
///     .repository(Repository::named("app"))
///     .to(Arc::new(MemoryBackend::new().called("main")))
///     .observe(metrics.observer())
///     .run()
///     .await?;
/// assert!(metrics.to_prometheus().contains("snake_pipe_lane_files_total{backend=\"main\"} 1"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<MetricsSnapshot>>);

/// What was counted so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MetricsSnapshot {
    /// Runs that ended, by outcome.
    pub runs: BTreeMap<&'static str, u64>,
    /// Backends by name.
    pub lanes: BTreeMap<String, LaneMetrics>,
}

/// What one backend's lanes did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LaneMetrics {
    /// What the lane does now, or did last.
    pub state: Option<LaneState>,
    /// What its circuit breaker does with calls.
    pub breaker: Option<BreakerState>,
    /// Files that it was owed at the end of its last run.
    pub owed_files: u64,
    /// When it published last, or was found unchanged; in seconds since the Unix epoch.
    pub current_at_seconds: Option<f64>,
    /// Batches accepted.
    pub deliveries: u64,
    /// Files accepted, removed ones included.
    pub files: u64,
    /// Rows written, as the backend counts them when it publishes.
    pub rows: u64,
    /// Bytes of facts accepted.
    pub bytes: u64,
    /// Time spent in calls that accepted a batch, in milliseconds.
    pub delivery_ms: u64,
    /// Calls that were tried again.
    pub retries: u64,
    /// Sessions that were lost.
    pub sessions_lost: u64,
    /// Files that were refused.
    pub refused: u64,
    /// Times that its breaker opened.
    pub breaker_opened: u64,
    /// Times that the stream went on without it, as it was slower than the others.
    pub left_behind: u64,
    /// Times that it did not answer and was waited for.
    pub unreachable: u64,
    /// Times that it came back.
    pub returns: u64,
}

impl Metrics {
    /// What [`Pipeline::observe`](crate::Pipeline::observe) takes.
    pub fn observer(&self) -> impl Fn(&RunEvent) + Send + Sync + use<> {
        let metrics = self.clone();
        move |event| metrics.count(event)
    }

    /// What was counted so far.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same in Prometheus' text format,
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        self.snapshot().to_prometheus()
    }

    fn count(&self, event: &RunEvent) {
        let mut metrics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&event.backend, &event.kind) {
            (None, EventKind::RunEnded { summary }) => {
                *metrics.runs.entry(word_of(summary.outcome)).or_default() += 1;
            }
            (None, _) => {}
            (Some(info), kind) => {
                let lane = metrics.lanes.entry(info.name.clone()).or_default();
                lane.count(kind, event.at.unix_micros() as f64 / 1e6);
            }
        }
    }
}

const fn word_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::PartlyFailed => "partly_failed",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "cancelled",
    }
}

impl LaneMetrics {
    fn count(&mut self, kind: &EventKind, at_seconds: f64) {
        match kind {
            EventKind::LaneState { state } => self.state = Some(*state),
            EventKind::DeliveryAccepted { files, bytes, duration_ms, .. } => {
                self.deliveries += 1;
                self.files += files;
                self.bytes += bytes;
                self.delivery_ms += duration_ms;
            }
            EventKind::FileRefused { .. } => self.refused += 1,
            EventKind::Retry { .. } => self.retries += 1,
            EventKind::SessionLost { .. } => self.sessions_lost += 1,
            EventKind::LeftBehind => self.left_behind += 1,
            EventKind::Unreachable { .. } => self.unreachable += 1,
            EventKind::Returned => self.returns += 1,
            EventKind::Breaker { state } => {
                self.breaker = Some(*state);
                self.breaker_opened += u64::from(*state == BreakerState::Open);
            }
            EventKind::LaneEnded { summary } => self.end(summary, at_seconds),
            EventKind::RunStarted { .. } | EventKind::RunEnded { .. } => {}
        }
    }

    fn end(&mut self, summary: &LaneSummary, at_seconds: f64) {
        self.owed_files = summary.owed_files;
        self.rows += summary.rows;
        self.breaker = Some(summary.breaker);
        if summary.is_held() {
            self.current_at_seconds = Some(at_seconds);
        }
    }
}

/// A metric of lanes: its name, its type, what it is, and where its value is.
type Described = (&'static str, &'static str, &'static str, fn(&LaneMetrics) -> Option<f64>);

#[rustfmt::skip]
const LANE_METRICS: &[Described] = &[
    ("breaker_open", "gauge", "1 while the circuit breaker lets no call through, 0.5 while it lets some try.", |lane| lane.breaker.map(openness)),
    ("owed_files", "gauge", "Files that the backend was owed at the end of its last run.", |lane| Some(lane.owed_files as f64)),
    ("current_at_seconds", "gauge", "When the backend last held what a run brought, as Unix time.", |lane| lane.current_at_seconds),
    ("deliveries_total", "counter", "Batches accepted.", |lane| Some(lane.deliveries as f64)),
    ("files_total", "counter", "Files accepted, removed ones included.", |lane| Some(lane.files as f64)),
    ("rows_total", "counter", "Rows written.", |lane| Some(lane.rows as f64)),
    ("bytes_total", "counter", "Bytes of facts accepted.", |lane| Some(lane.bytes as f64)),
    ("delivery_seconds_total", "counter", "Time spent in calls that accepted a batch.", |lane| Some(lane.delivery_ms as f64 / 1e3)),
    ("retries_total", "counter", "Calls that were tried again.", |lane| Some(lane.retries as f64)),
    ("sessions_lost_total", "counter", "Sessions that were lost and begun again.", |lane| Some(lane.sessions_lost as f64)),
    ("refused_files_total", "counter", "Files that the backend refused.", |lane| Some(lane.refused as f64)),
    ("breaker_opened_total", "counter", "Times that the circuit breaker opened.", |lane| Some(lane.breaker_opened as f64)),
    ("left_behind_total", "counter", "Times that the stream went on without it, as it was slower than the others.", |lane| Some(lane.left_behind as f64)),
    ("unreachable_total", "counter", "Times that the backend did not answer and was waited for.", |lane| Some(lane.unreachable as f64)),
    ("returns_total", "counter", "Times that the backend came back.", |lane| Some(lane.returns as f64)),
];

const fn openness(breaker: BreakerState) -> f64 {
    match breaker {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 0.5,
        BreakerState::Open => 1.0,
    }
}

impl MetricsSnapshot {
    /// As [`Metrics::to_prometheus`].
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        let runs = self.runs.iter().map(|(outcome, count)| (("outcome", *outcome), *count as f64));
        family(&mut text, "snake_pipe_runs_total", "counter", "Runs that ended.", runs);
        for (name, kind, help, value) in LANE_METRICS {
            let values =
                self.lanes.iter().filter_map(|(backend, lane)| Some((("backend", &**backend), value(lane)?)));
            family(&mut text, &format!("snake_pipe_lane_{name}"), kind, help, values);
        }
        self.add_states(&mut text);
        text
    }

    /// One series for each state, 1 for the present one: what dashboards of states want.
    fn add_states(&self, text: &mut String) {
        const STATES: [LaneState; 7] = [
            LaneState::Connecting,
            LaneState::Writing,
            LaneState::CatchingUp,
            LaneState::Publishing,
            LaneState::Waiting,
            LaneState::Done,
            LaneState::Stopped,
        ];
        let name = "snake_pipe_lane_state";
        text.push_str(&format!("# HELP {name} What the lane does: 1 for that state.\n# TYPE {name} gauge\n"));
        for (backend, lane) in &self.lanes {
            for state in STATES {
                let is_present = u8::from(lane.state == Some(state));
                let word = word_of_state(state);
                text.push_str(&format!(
                    "{name}{{backend=\"{}\",state=\"{word}\"}} {is_present}\n",
                    escaped(backend)
                ));
            }
        }
    }
}

const fn word_of_state(state: LaneState) -> &'static str {
    match state {
        LaneState::Connecting => "connecting",
        LaneState::Writing => "writing",
        LaneState::CatchingUp => "catching_up",
        LaneState::Publishing => "publishing",
        LaneState::Waiting => "waiting",
        LaneState::Done => "done",
        LaneState::Stopped => "stopped",
    }
}

fn family<'a>(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    values: impl Iterator<Item = ((&'static str, &'a str), f64)>,
) {
    text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    for ((label, of), value) in values {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name}{{{label}=\"{}\"}} {value}", escaped(of));
    }
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_has_every_metric_and_one_present_state() {
        let lane = LaneMetrics { state: Some(LaneState::Waiting), files: 7, ..LaneMetrics::default() };
        let snapshot = MetricsSnapshot {
            runs: BTreeMap::from([("success", 2)]),
            lanes: BTreeMap::from([("a \"b\"".to_owned(), lane)]),
        };
        let text = snapshot.to_prometheus();
        assert!(text.contains("snake_pipe_runs_total{outcome=\"success\"} 2\n"), "{text}");
        assert!(text.contains("snake_pipe_lane_files_total{backend=\"a \\\"b\\\"\"} 7\n"), "{text}");
        assert!(text.contains("state=\"waiting\"} 1\n"), "{text}");
        assert_eq!(text.matches("} 1\n").count(), 1, "{text}");
    }
}
