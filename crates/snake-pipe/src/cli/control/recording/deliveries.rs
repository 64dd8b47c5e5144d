//! What each backend was given: every batch, when, after how many tries, and what became of all of them together.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use snake_pipe_coordinator::{EventKind, LaneStatus, LaneSummary, RunEvent, RunSummary};
use snake_pipe_metadata::model::{DeliveryStatus, NewDelivery};

/// The batches of a run as its backends accept them. Clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Deliveries(Arc<Mutex<BTreeMap<String, OfBackend>>>);

/// What one backend accepted so far.
#[derive(Debug, Default)]
struct OfBackend {
    accepted: Vec<NewDelivery>,
    /// How often calls were tried again since it accepted the last one.
    retries: u64,
}

impl Deliveries {
    /// What `Pipeline::observe` takes.
    pub(in crate::cli) fn observer(&self) -> impl Fn(&RunEvent) + Send + Sync + use<> {
        let deliveries = self.clone();
        move |event| {
            if let Some(backend) = &event.backend {
                let mut all = deliveries.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.entry(backend.name.clone()).or_default().hear(&backend.name, event);
            }
        }
    }

    /// All of them, by backend and in order; of each backend at last what was published together.
    pub(super) fn take(&self, summary: &RunSummary) -> Vec<NewDelivery> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let of_lane = |lane: &LaneSummary| {
            let status = status_of(lane);
            let mut batches = all.remove(&lane.backend).unwrap_or_default().accepted;
            for batch in batches.iter_mut().filter(|batch| batch.status == DeliveryStatus::Accepted) {
                batch.status = status;
                batch.transaction.clone_from(&lane.transaction);
            }
            batches.extend((lane.batches > 0).then(|| together(lane, status)));
            batches
        };
        summary.lanes.iter().flat_map(of_lane).collect()
    }
}

impl OfBackend {
    fn hear(&mut self, backend: &str, event: &RunEvent) {
        match &event.kind {
            EventKind::DeliveryAccepted { sequence, files, bytes, rows, duration_ms } => {
                self.accepted.push(NewDelivery {
                    sequence: Some(*sequence),
                    batches: 1,
                    records: *files,
                    rows: *rows,
                    bytes: *bytes,
                    duration_ms: *duration_ms,
                    retries: std::mem::take(&mut self.retries),
                    delivered_at: Some(event.at),
                    ..NewDelivery::to(backend, DeliveryStatus::Accepted)
                });
            }
            EventKind::Retry { .. } => self.retries += 1,
            // What the session had accepted is gone with it.
            EventKind::SessionLost { .. } | EventKind::Unreachable { .. } => {
                for batch in &mut self.accepted {
                    batch.status = DeliveryStatus::Withdrawn;
                }
            }
            EventKind::RunStarted { .. }
            | EventKind::LaneState { .. }
            | EventKind::FileRefused { .. }
            | EventKind::LeftBehind
            | EventKind::Returned
            | EventKind::Breaker { .. }
            | EventKind::LaneEnded { .. }
            | EventKind::RunEnded { .. } => {}
        }
    }
}

fn status_of(lane: &LaneSummary) -> DeliveryStatus {
    match lane.status {
        LaneStatus::Published | LaneStatus::Unchanged => DeliveryStatus::Published,
        LaneStatus::Failed | LaneStatus::Lagging | LaneStatus::Cancelled | LaneStatus::Removed => {
            DeliveryStatus::Withdrawn
        }
    }
}

/// All batches of a backend as one: with its true numbers of rows and bytes.
fn together(lane: &LaneSummary, status: DeliveryStatus) -> NewDelivery {
    NewDelivery {
        batches: lane.batches,
        records: lane.files_written + lane.files_removed,
        rows: lane.rows,
        bytes: lane.bytes,
        duration_ms: lane.duration_ms,
        retries: lane.retries,
        transaction: lane.transaction.clone(),
        ..NewDelivery::to(&lane.backend, status)
    }
}
