//! How well a database is.

use std::{fmt, time::Duration};

use serde::Serialize;

/// The state of a database, worst last but for `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Answers, and nothing is near a limit.
    Healthy,
    /// Answers, but something wants attention.
    Degraded,
    /// Does not answer, or cannot write.
    Unhealthy,
    /// Could not be found out.
    Unknown,
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Unknown => "unknown",
        })
    }
}

/// The answer to a health check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HealthCheckResult {
    /// The verdict.
    pub status: HealthStatus,
    /// Time for one round trip.
    pub latency: Duration,
    /// The server's version, where known.
    pub server_version: Option<String>,
    /// Connections of the pool: in use, idle, allowed.
    pub pool: Option<PoolState>,
    /// Further findings by name, such as `wal_position` or `disk_free_bytes`, sorted.
    pub details: Vec<(String, String)>,
    /// What wants attention, in words.
    pub warnings: Vec<String>,
}

impl HealthCheckResult {
    /// A verdict without further findings.
    #[must_use]
    pub const fn new(status: HealthStatus, latency: Duration) -> Self {
        Self { status, latency, server_version: None, pool: None, details: Vec::new(), warnings: Vec::new() }
    }
}

/// The state of a connection pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PoolState {
    /// Connections open.
    pub size: u32,
    /// Connections open and idle.
    pub idle: u32,
    /// Connections allowed.
    pub max: u32,
    /// Callers that wait for a connection.
    pub waiting: u32,
}

impl PoolState {
    /// Connections that somebody has.
    #[must_use]
    pub const fn in_use(&self) -> u32 {
        self.size.saturating_sub(self.idle)
    }
}
