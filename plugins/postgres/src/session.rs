//! Load sessions: in place for what is small or changes little, aside and attached for a large new repository.

use std::{sync::Arc, time::Duration};

use snake_pipe_core::{LoadSession, Result, id::RepositoryId, load::LoadPlan};
use sqlx::PgPool;
use uuid::Uuid;

use crate::backend::InPlaceOnly;

mod in_place;
pub(crate) mod repositories;
mod rows;
mod spool;
mod unit;
mod unresolve;

use in_place::InPlaceSession;

/// What a session needs of the backend's settings.
#[derive(Clone, Debug)]
pub(crate) struct SessionSettings {
    /// From how many expected rows on a new repository gets partitions of its own.
    pub(crate) partition_rows: u64,
    /// How long a publication waits for locks, all attempts together.
    pub(crate) lock_limit: Duration,
    /// Repositories that are not loaded cold.
    pub(crate) in_place_only: InPlaceOnly,
}

impl SessionSettings {
    /// As the option `partition_rows` has it.
    pub(crate) const DEFAULT_PARTITION_ROWS: u64 = 1_000_000;
    /// As the option `timeout_seconds` has it.
    pub(crate) const DEFAULT_LOCK_LIMIT: Duration = Duration::from_secs(30);
}

/// The right to publish, until somebody else begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fence {
    /// The repository that it guards.
    pub(crate) repository: RepositoryId,
    /// Who holds it: a random number, compared for equality.
    pub(crate) owner: Uuid,
}

/// Begins a session and fences older ones.
pub(crate) async fn begin(
    pool: PgPool,
    plan: LoadPlan,
    _settings: SessionSettings,
) -> Result<Box<dyn LoadSession>> {
    let fence = repositories::take_fence(&pool, &plan).await?;
    Ok(Box::new(InPlaceSession::new(pool, Arc::new(plan), fence)))
}

/// Removes a repository with all its rows.
pub(crate) async fn remove_repository(
    _pool: &PgPool,
    _repository: RepositoryId,
    _settings: &SessionSettings,
) -> Result<bool> {
    Ok(false)
}
