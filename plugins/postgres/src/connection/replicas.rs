//! Standbys that answer queries, as long as they are near enough to the primary.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::time::timeout;

use super::{
    pool::{Pool, pool_options},
    route::{self, Place},
};
use crate::config::PostgresConfig;

/// How long a standby may take to be connected to and to say how far it is; then the primary is asked.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// The standbys among the servers that the URL names.
#[derive(Debug)]
pub(super) struct Replicas {
    config: PostgresConfig,
    pools: Mutex<Vec<Option<PgPool>>>,
    /// The host that is asked first, so that they take turns.
    next: AtomicUsize,
}

impl Replicas {
    pub(super) fn new(config: PostgresConfig) -> Self {
        let pools = Mutex::new(vec![None; config.host_count()]);
        Self { config, pools, next: AtomicUsize::new(0) }
    }

    /// A connection to a standby that is no further behind than allowed; the inner none where none is. The outer none where
    /// queries are not to go to standbys.
    pub(super) async fn acquire(
        &self,
        primary: &Pool,
        taken: Option<Place>,
    ) -> Option<Option<PoolConnection<Postgres>>> {
        let limit = self.config.replica_lag_limit?;
        let count = self.config.host_count();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let hosts = (0..count).map(|step| (first + step) % count);
        for host in hosts.filter(|host| taken.is_none_or(|place| place.host != *host)) {
            match timeout(ANSWER_LIMIT, self.near_enough(primary, host, limit)).await {
                Ok(Some(connection)) => return Some(Some(connection)),
                Ok(None) | Err(_) => {
                    tracing::debug!(server = self.config.host_name(host), "no standby that is near enough");
                }
            }
        }
        Some(None)
    }

    async fn near_enough(
        &self,
        primary: &Pool,
        host: usize,
        limit: Duration,
    ) -> Option<PoolConnection<Postgres>> {
        // Asked first: what the standby has replayed afterwards is at least what was written by now.
        const WRITTEN: &str = "SELECT pg_current_wal_lsn()::text";
        // Where the primary is ahead, the last transaction that was replayed tells the age of what is seen.
        const BEHIND: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL
            WHEN pg_last_wal_replay_lsn() >= $1::pg_lsn THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8";
        let mut writer = primary.acquire().await.ok()?;
        let written: String = sqlx::query_scalar(WRITTEN).fetch_one(&mut *writer).await.ok()?;
        drop(writer);
        let mut reader = self.pool(host).await?.acquire().await.ok()?;
        let behind: Option<f64> =
            sqlx::query_scalar(BEHIND).bind(written).fetch_one(&mut *reader).await.ok()?;
        behind.is_some_and(|seconds| seconds <= limit.as_secs_f64()).then_some(reader)
    }

    async fn pool(&self, host: usize) -> Option<PgPool> {
        let known = self.pools.lock().unwrap_or_else(PoisonError::into_inner)[host].clone();
        if let Some(pool) = known {
            return Some(pool);
        }
        let (place, _) = route::ask(&self.config, host).await.ok()?;
        let options = self.config.connect_options(place.host, place.tls).ok()?;
        let pool = pool_options(&self.config).connect_lazy_with(options);
        Some(self.pools.lock().unwrap_or_else(PoisonError::into_inner)[host].get_or_insert(pool).clone())
    }

    /// Lets go of the connections.
    pub(super) fn close(&self) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).fill(None);
    }
}
