//! Cleaning up by timer, for processes that live long.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    MetadataStore,
    model::{CLEANING_PAUSE, Retention},
};

/// When a process cleans up, and what it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleaning {
    /// Whether it does at all. Default: yes.
    pub is_enabled: bool,
    /// What is kept for how long.
    pub retention: Retention,
    /// From one time to the next. Default: an hour.
    pub every: Duration,
}

impl Default for Cleaning {
    fn default() -> Self {
        Self { is_enabled: true, retention: Retention::default(), every: CLEANING_PAUSE }
    }
}

impl Cleaning {
    /// Removes what has ended longer ago than it is kept for: at once, and again after every pause, until the future is dropped. What
    /// fails is a warning and tried again the next time. Several processes may do so at once. A pause of zero is one of a second.
    ///
    /// ```
    /// # use snake_pipe_metadata::{Cleaning, MetadataStore, SqlStore};
    /// # use std::sync::Arc;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> snake_pipe_core::Result<()> {
    /// let store: Arc<dyn MetadataStore> = Arc::new(SqlStore::in_memory().await?);
    /// let cleaned = store.clone();
    /// let cleaning = tokio::spawn(async move { Cleaning::default().go_on(&*cleaned).await });
    /// // … the service does its work …
    /// cleaning.abort();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn go_on(self, store: &dyn MetadataStore) {
        if !self.is_enabled {
            return std::future::pending().await;
        }
        let mut ticks = interval(self.every.max(Duration::from_secs(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match store.collect_garbage(self.retention, false).await {
                Ok(garbage) if garbage.rows() > 0 => {
                    tracing::info!(rows = garbage.rows(), partitions = garbage.partitions, "cleaned up");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "cleaning up failed; it is tried again later"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use snake_pipe_core::{Error, ErrorKind};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::{mock::MockMetadataStore, model::Garbage};

    const HOUR: Duration = Duration::from_secs(3600);

    /// After how many minutes a store is cleaned up within five and a half hours, the second time failing.
    async fn cleaned(cleaning: Cleaning) -> Vec<u64> {
        let (started, minutes) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
        let mut store = MockMetadataStore::new();
        let times = minutes.clone();
        store.expect_collect_garbage().returning(move |retention, is_dry_run| {
            assert_eq!((retention.days, is_dry_run), (7, false));
            let mut times = times.lock().unwrap();
            times.push(started.elapsed().as_secs() / 60);
            match times.len() {
                2 => Err(Error::new(ErrorKind::Connection, "the database restarts")),
                _ => Ok(Garbage { runs: 1, ..Garbage::default() }),
            }
        });
        timeout(5 * HOUR + HOUR / 2, cleaning.go_on(&store)).await.unwrap_err();
        let minutes = minutes.lock().unwrap();
        minutes.clone()
    }

    fn seven_days() -> Cleaning {
        Cleaning { retention: Retention { days: 7, ..Retention::default() }, ..Cleaning::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_cleaned_up_every_hour_also_after_a_failure() {
        assert_eq!(cleaned(seven_days()).await, [0, 60, 120, 180, 240, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_can_be_set_and_all_of_it_switched_off() {
        assert_eq!(cleaned(Cleaning { every: 2 * HOUR, ..seven_days() }).await, [0, 120, 240]);
        assert_eq!(cleaned(Cleaning { is_enabled: false, ..seven_days() }).await, Vec::<u64>::new());
    }
}
