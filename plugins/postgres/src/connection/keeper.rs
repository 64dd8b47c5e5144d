//! Idle connections that are tried from time to time.

use std::time::Duration;

use sqlx::{Connection as _, PgPool};
use tokio::{
    task::AbortHandle,
    time::{MissedTickBehavior, interval, timeout},
};

/// How long a connection may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Tries every idle connection of a pool at an interval and closes those that are dead, so that nobody waits for one. Ends
/// with the value.
#[derive(Debug)]
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    /// Begins to watch the pool.
    pub(super) fn start(pool: PgPool, every: Duration) -> Self {
        let watching = async move {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // The first one comes at once.
            ticks.tick().await;
            while !pool.is_closed() {
                ticks.tick().await;
                let dead = close_dead(&pool).await;
                if dead > 0 {
                    tracing::warn!(dead, "dead connections were closed");
                }
                crate::metrics::pool_checked(pool.size(), pool.num_idle(), dead);
            }
        };
        Self(tokio::spawn(watching).abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Closes the idle connections that do not answer, and says how many those were.
async fn close_dead(pool: &PgPool) -> u64 {
    let mut dead = 0;
    // All of them are held until all are tried: given back at once, the same one would be taken again.
    let mut alive = Vec::new();
    for _ in 0..pool.num_idle() {
        let Some(mut connection) = pool.try_acquire() else { break };
        match timeout(ANSWER_LIMIT, connection.ping()).await {
            Ok(Ok(())) => alive.push(connection),
            Ok(Err(_)) | Err(_) => {
                dead += 1;
                drop(connection.detach());
            }
        }
    }
    dead
}
