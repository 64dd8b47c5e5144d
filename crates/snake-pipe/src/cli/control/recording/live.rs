//! How far a load is, for those who look on from elsewhere: its numbers so far, and the use of its backends' pools.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use snake_pipe_coordinator::{LaneProgress, RunEvent, RunProgress};
use snake_pipe_core::{DatabaseBackend, PoolState};
use snake_pipe_extract::Progress;
use snake_pipe_metadata::model::{RunId, RunStatistics, Sample};
use tokio::sync::watch;

/// How far a load is. Clones are of the same load.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Live(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    extraction: OnceLock<Arc<Progress>>,
    run: OnceLock<watch::Receiver<RunProgress>>,
    /// Files among those on the way that a backend held already, otherwise than now.
    updated: OnceLock<Arc<AtomicU64>>,
    /// Files that were looked at: the most that was seen, since every phase counts from 0.
    processed: AtomicU64,
    backends: OnceLock<Vec<Arc<dyn DatabaseBackend>>>,
    /// The highest use of each backend's pool since it was last recorded.
    pools: Mutex<BTreeMap<String, PoolState>>,
}

impl Live {
    /// Counts the files that an extraction looks at.
    pub(in crate::cli) fn follow_extraction(&self, progress: &Arc<Progress>) {
        self.0.extraction.get_or_init(|| Arc::clone(progress));
    }

    /// Counts what the lanes accept; `updated` are the files among them that are no new ones.
    pub(in crate::cli) fn follow_run(&self, run: watch::Receiver<RunProgress>, updated: Arc<AtomicU64>) {
        self.0.run.get_or_init(|| run);
        self.0.updated.get_or_init(|| updated);
    }

    /// Looks at the pools of these backends.
    pub(in crate::cli) fn follow_pools(&self, backends: &[Arc<dyn DatabaseBackend>]) {
        self.0.backends.get_or_init(|| backends.to_vec());
    }

    /// What `Pipeline::observe` takes: whenever a lane does something, its pool is looked at.
    pub(in crate::cli) fn observer(&self) -> impl Fn(&RunEvent) + Send + Sync + use<> {
        let live = self.clone();
        move |event| {
            if event.backend.is_some() {
                live.note_pools();
            }
        }
    }

    /// The numbers so far: what the lane that is farthest has accepted. Nothing of it is visible before the load has published.
    pub(super) fn statistics(&self) -> RunStatistics {
        let run = self.0.run.get().map(|run| run.borrow().clone()).unwrap_or_default();
        let extracted = self.0.extraction.get().map_or(0, |progress| progress.snapshot().files_done);
        let seen = extracted.max(run.files_received);
        let processed = self.0.processed.fetch_max(seen, Ordering::Relaxed).max(seen);
        let most = |number: fn(&LaneProgress) -> u64| run.lanes.iter().map(number).max().unwrap_or(0);
        let written = most(|lane| lane.files);
        let updated = self.0.updated.get().map_or(0, |updated| updated.load(Ordering::Relaxed)).min(written);
        RunStatistics {
            processed,
            inserted: written - updated,
            updated,
            deleted: 0,
            failed: most(|lane| lane.refused),
            bytes: most(|lane| lane.bytes),
        }
    }

    /// The highest use of every pool since this was asked last.
    pub(super) fn samples(&self, run: RunId) -> Vec<Sample> {
        self.note_pools();
        let pools = std::mem::take(&mut *self.0.pools.lock().unwrap_or_else(PoisonError::into_inner));
        let of_pool = |(backend, pool): (String, PoolState)| {
            let sample = |name: &str, value: u32| Sample {
                run_id: Some(run),
                name: format!("{name} {backend}"),
                value: value.into(),
            };
            [
                sample("pool_size", pool.size),
                sample("pool_in_use", pool.in_use()),
                sample("pool_waiting", pool.waiting),
            ]
        };
        pools.into_iter().flat_map(of_pool).collect()
    }

    /// Looks at the pools now.
    pub(in crate::cli) fn note_pools(&self) {
        let mut pools = self.0.pools.lock().unwrap_or_else(PoisonError::into_inner);
        for backend in self.0.backends.get().into_iter().flatten() {
            let Some(now) = backend.pool_state() else { continue };
            let highest = pools.entry(backend.info().name.clone()).or_default();
            let (size, in_use) = (highest.size.max(now.size), highest.in_use().max(now.in_use()));
            *highest = PoolState {
                size,
                idle: size - in_use,
                max: now.max,
                waiting: highest.waiting.max(now.waiting),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::{BackendInfo, mock::MockDatabaseBackend};

    use super::*;

    fn backend(states: [PoolState; 2]) -> Arc<dyn DatabaseBackend> {
        let mut mock = MockDatabaseBackend::new();
        let name = || "main".to_owned();
        mock.expect_info().return_const(BackendInfo {
            kind: name(),
            name: name(),
            address: name(),
            dialect: None,
        });
        let mut states = states.into_iter();
        mock.expect_pool_state().returning(move || states.next());
        Arc::new(mock)
    }

    #[test]
    fn the_highest_use_of_a_pool_is_kept_until_it_is_recorded() {
        let live = Live::default();
        let busy = PoolState { size: 4, idle: 1, max: 20, waiting: 2 };
        live.follow_pools(&[backend([busy, PoolState { size: 4, idle: 4, max: 20, waiting: 0 }])]);
        live.note_pools();
        let run = RunId::new();
        let samples: Vec<_> =
            live.samples(run).into_iter().map(|sample| (sample.name, sample.value)).collect();
        let expected = [("pool_size main", 4.0), ("pool_in_use main", 3.0), ("pool_waiting main", 2.0)];
        assert_eq!(samples, expected.map(|(name, value)| (name.to_owned(), value)));
        // It is closed now.
        assert_eq!(live.samples(run), []);
    }
}
