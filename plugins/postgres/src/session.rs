//! Load sessions: in place for what is small or changes little, aside and attached for a large new repository.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use snake_pipe_core::{
    Error, ErrorKind, LoadSession, Result, Timestamp, id::RepositoryId, load::LoadPlan,
    model::TransformedAst, schema::View,
};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    backend::InPlaceOnly,
    connection::{Lease, Pool},
    error::failed,
    schema::partition,
};

mod cold;
mod derived;
mod history;
mod in_place;
mod locks;
pub(crate) mod materialized;
pub(crate) mod repositories;
mod rows;
mod spool;
mod unit;
mod unresolve;

use cold::ColdSession;
use in_place::{InPlaceSession, PREPARE};
use locks::{LOCK_WAIT_MS, RETRY_PAUSE};
use unit::UnitWriter;

/// What a session needs of the backend's settings.
#[derive(Clone, Debug)]
pub(crate) struct SessionSettings {
    /// From how many expected rows on a new repository gets partitions of its own.
    pub(crate) partition_rows: u64,
    /// How long a publication waits for locks, all attempts together.
    pub(crate) lock_limit: Duration,
    /// For how many days history is kept; 0 for ever.
    pub(crate) history_days: u32,
    /// Views whose copies are refreshed after publications.
    pub(crate) materialized: Arc<[&'static View]>,
    /// Repositories that are not loaded cold.
    pub(crate) in_place_only: InPlaceOnly,
}

impl SessionSettings {
    /// As the option `partition_rows` has it.
    pub(crate) const DEFAULT_PARTITION_ROWS: u64 = 1_000_000;
    /// As the option `timeout_seconds` has it.
    pub(crate) const DEFAULT_LOCK_LIMIT: Duration = Duration::from_secs(30);
    /// As the option `history_retention_days` has it.
    pub(crate) const DEFAULT_HISTORY_DAYS: u32 = 730;
}

/// What is done when a publication is through.
#[derive(Clone, Debug)]
pub(crate) struct Afterwards {
    /// For how many days history is kept; 0 for ever.
    history_days: u32,
    /// Views whose copies are refreshed.
    materialized: Arc<[&'static View]>,
}

impl Afterwards {
    /// Keeps the months of history, and refreshes the copies of views.
    pub(crate) async fn take_place(&self, lease: &mut Lease) {
        history::keep(lease, self.history_days).await;
        materialized::refresh(lease, &self.materialized).await;
    }
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
    pool: Pool,
    plan: LoadPlan,
    settings: SessionSettings,
) -> Result<Box<dyn LoadSession>> {
    let fence = repositories::take_fence(&pool, &plan).await?;
    let mut lease = Lease::take(&pool).await?;
    partition::readmit_to_default(&mut lease, fence.repository).await?;
    let goes_cold =
        settings.expects_partitions(&plan) && partition::is_possible(&mut lease, fence.repository).await?;
    lease.give_back();
    let plan = Arc::new(plan);
    if goes_cold {
        return Ok(Box::new(ColdSession::begin(pool, plan, fence, settings).await?));
    }
    let afterwards = settings.afterwards();
    Ok(Box::new(InPlaceSession::new(pool, plan, fence, Some(afterwards))))
}

/// Begins a session that writes in place, whatever the plan expects, and leaves derived tables to a later one: it is one
/// transaction among many, for which recalculating would take longer than writing.
pub(crate) async fn begin_in_place(pool: Pool, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
    let fence = repositories::take_fence(&pool, &plan).await?;
    let mut lease = Lease::take(&pool).await?;
    partition::readmit_to_default(&mut lease, fence.repository).await?;
    lease.give_back();
    Ok(Box::new(InPlaceSession::new(pool, Arc::new(plan), fence, None)))
}

impl SessionSettings {
    fn afterwards(&self) -> Afterwards {
        Afterwards { history_days: self.history_days, materialized: Arc::clone(&self.materialized) }
    }

    fn expects_partitions(&self, plan: &LoadPlan) -> bool {
        let in_place_only = self.in_place_only.lock().unwrap_or_else(PoisonError::into_inner);
        plan.estimated_rows >= self.partition_rows && !in_place_only.contains(&plan.repository.id())
    }
}

/// Makes the months in which history is kept, and drops old ones.
pub(crate) async fn keep_history(pool: &Pool, settings: &SessionSettings) -> Result<()> {
    let mut lease = Lease::take(pool).await?;
    history::keep(&mut lease, settings.history_days).await;
    lease.give_back();
    Ok(())
}

/// Removes a repository with all its rows. Whether anything of it had been published.
pub(crate) async fn remove_repository(
    pool: &Pool,
    repository: RepositoryId,
    settings: &SessionSettings,
) -> Result<bool> {
    let begin = Instant::now();
    loop {
        let mut lease = Lease::take(pool).await?;
        match try_remove(&mut lease, repository).await {
            Ok(was_there) => {
                lease.give_back();
                return Ok(was_there);
            }
            Err(error) => {
                lease.roll_back().await;
                if error.kind() != ErrorKind::Busy || begin.elapsed() > settings.lock_limit {
                    return Err(error.with_operation("remove_repository"));
                }
                sleep(RETRY_PAUSE).await;
            }
        }
    }
}

async fn try_remove(lease: &mut Lease, repository: RepositoryId) -> Result<bool> {
    let failed = || failed("remove_repository");
    lease.run(format!("{PREPARE}; SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")).await.map_err(failed())?;
    // First, so that no session of the repository publishes meanwhile.
    let was_there = repositories::forget(lease, repository.get()).await?;
    let own = partition::own_partitions(lease, repository).await?;
    if own.is_empty() {
        let files: Vec<Uuid> = sqlx::query_scalar("SELECT file_id FROM files WHERE repository_id = $1")
            .bind(repository.get())
            .fetch_all(lease.get())
            .await
            .map_err(failed())?;
        let mut writer = UnitWriter {
            connection: lease.get(),
            repository,
            producer_version: "",
            now: Timestamp::now(),
            history: None,
        };
        writer.remove(&files).await?;
    } else {
        lease.run(format!("DROP TABLE {}", own.join(", "))).await.map_err(failed())?;
    }
    lease.run("COMMIT").await.map_err(failed())?;
    Ok(was_there)
}

/// The error of a commit. A server that answers has not committed; silence says nothing.
fn commit_error(error: sqlx::Error) -> Error {
    let error = failed("publish")(error);
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Cancelled => {
            Error::new(ErrorKind::OutcomeUnknown, "the reply to the commit was lost")
                .with_operation("publish")
                .with_source(error)
        }
        _ => error,
    }
}

/// How many rows the facts become, roughly.
fn estimated_rows(facts: &TransformedAst) -> u64 {
    let parameters: usize = facts.functions.iter().map(|function| function.parameters.len()).sum();
    let fields: usize = facts.classes.iter().map(|class| class.fields.len()).sum();
    let lists = [
        facts.functions.len(),
        facts.classes.len(),
        facts.annotations.len(),
        facts.comments.len(),
        facts.metrics.len(),
        facts.parse_issues.len(),
        facts.imports.len(),
        facts.bases.len(),
        facts.calls.len(),
        facts.dependencies.len(),
    ];
    (1 + parameters + fields + lists.iter().sum::<usize>()) as u64
}
