//! The session for small and incremental loads: what it accepts is spooled, and written by one short transaction when it is
//! published. It holds no connection in between.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use snake_pipe_core::{
    Error, ErrorKind, LoadSession, Result, Timestamp,
    id::{EntityId, RepositoryId},
    load::{Batch, LoadPlan, PhaseClock, Publication, PublishResult, RefusedFile, Scope, WriteResult},
    model::TransformedAst,
    schema::HistoryRun,
    without_targets,
};
use uuid::Uuid;

use super::{
    Afterwards, Fence, commit_error, derived, estimated_rows,
    repositories::{self, Admission},
    spool::{MEMORY_BUDGET_BYTES, Spool},
    unit::{Changes, UnitWriter},
    unresolve::{Targets, Vanished, unresolve},
};
use crate::{
    connection::{Lease, Pool},
    error::failed,
    schema::{partition, validate},
};

/// How many bytes of facts are written under one savepoint.
const UNIT_BYTES: usize = 8 << 20;
/// From so many new rows on statistics are gathered at once. Rows that only changed leave them about right, until the server looks by
/// itself.
const ROWS_BEFORE_ANALYZE: u64 = 50_000;
/// From so many on they are when the statistics know of less than ten times as many, as in a new database.
const FEW_ROWS_BEFORE_ANALYZE: u64 = 1_000;
/// Every lookup of a publication is by key. Right after a large load the server has no statistics, and would rather read
/// whole tables.
pub(super) const PREPARE: &str = "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

/// A file and its id.
type Accepted = (Uuid, Arc<TransformedAst>);

/// See the module.
#[derive(Debug)]
pub(crate) struct InPlaceSession {
    pool: Pool,
    plan: Arc<LoadPlan>,
    fence: Fence,
    spool: Spool,
    /// What is in the spool defines and refers to; none where a file came twice, so that it has to be looked at again.
    targets: Option<Targets>,
    /// Whether derived tables are brought up to date afterwards, and old history dropped.
    afterwards: Option<Afterwards>,
    /// What history says of the publication under way; nothing of a repository's first.
    history: Option<HistoryRun>,
}

impl InPlaceSession {
    /// A session that has accepted nothing yet.
    pub(crate) fn new(pool: Pool, plan: Arc<LoadPlan>, fence: Fence, afterwards: Option<Afterwards>) -> Self {
        let (spool, targets) = (Spool::default(), Some(Targets::default()));
        Self { pool, plan, fence, spool, targets, afterwards, history: None }
    }

    fn file_id(&self, facts: &TransformedAst) -> Uuid {
        EntityId::file(self.fence.repository, facts.key()).uuid()
    }

    /// Takes note of what a file that is accepted defines and refers to.
    fn see(&mut self, id: Uuid, facts: Option<&TransformedAst>) {
        if self.spool.contains(&id) {
            self.targets = None;
        }
        if let (Some(targets), Some(facts)) = (&mut self.targets, facts) {
            targets.see(self.fence.repository, facts);
        }
    }

    async fn publish_on(
        &mut self,
        lease: &mut Lease,
        publication: &Publication,
        is_first: bool,
        clock: &mut PhaseClock,
    ) -> Result<Option<Changes>> {
        lease.run(PREPARE).await.map_err(failed("publish"))?;
        let at = match repositories::admit(lease, &self.fence, publication.marker, true).await? {
            Admission::AlreadyPublished => return Ok(None),
            Admission::Admitted(at) => at,
        };
        self.history = (!is_first).then(|| HistoryRun {
            repository: self.fence.repository.get(),
            snapshot: publication.marker.0.to_string(),
            at,
        });
        let now = Timestamp::now();
        clock.end("admission");
        let mut changes = self.remove_files(lease, now).await?;
        clock.end("remove files");
        let missing = self.missing(lease).await?;
        clock.end("look for targets");
        for unit in self.spool.units(UNIT_BYTES) {
            let files = self.without(&missing, self.spool.load(&unit).await?);
            self.write_unit(lease, files, now, &mut changes).await?;
        }
        clock.end("write rows");
        let vanished = std::mem::take(&mut changes.vanished);
        changes.affected.see_vanished(vanished.functions.iter().copied());
        let unresolved = unresolve(lease.get(), self.fence.repository, &vanished, now).await?;
        changes.rows += unresolved.rows;
        changes.tables.extend(unresolved.tables);
        changes.affected.see_unresolved(&unresolved.holders);
        clock.end("un-resolve references");
        lease.run("SET CONSTRAINTS ALL IMMEDIATE").await.map_err(broken_reference)?;
        clock.end("foreign keys");
        let takes_over = self.plan.allow_other_source && self.spool.len() > 0;
        changes.transaction =
            repositories::record(lease, &self.plan, publication, changes.rows > 0 || takes_over).await?;
        Ok(Some(changes))
    }

    /// What the accepted files refer to that will not be there.
    async fn missing(&self, lease: &mut Lease) -> Result<Vanished> {
        let mut again = Targets::default();
        if self.targets.is_none() {
            for unit in self.spool.units(UNIT_BYTES) {
                for (_, facts) in self.spool.load(&unit).await? {
                    again.see(self.fence.repository, &facts);
                }
            }
        }
        let targets = self.targets.as_ref().unwrap_or(&again);
        targets.missing(lease.get(), self.fence.repository, |file| self.spool.contains(file)).await
    }

    /// The files with references un-resolved that would lead nowhere. They are compared so with what is stored: facts that come
    /// again change nothing.
    fn without(&self, missing: &Vanished, mut files: Vec<Accepted>) -> Vec<Accepted> {
        if !missing.is_empty() {
            for (_, facts) in &mut files {
                if let Some(left) =
                    without_targets(facts, |target| missing.has(self.fence.repository, target))
                {
                    *facts = Arc::new(left);
                }
            }
        }
        files
    }

    /// Removes what the batches say, and what a complete load does not list.
    async fn remove_files(&self, lease: &mut Lease, now: Timestamp) -> Result<Changes> {
        let mut ids: Vec<Uuid> = self.spool.removed().iter().copied().collect();
        if let Scope::Complete(keys) = &self.plan.scope {
            let repository = self.fence.repository;
            let listed: std::collections::HashSet<Uuid> =
                keys.iter().map(|key| EntityId::file(repository, *key).uuid()).collect();
            let held: Vec<Uuid> = sqlx::query_scalar("SELECT file_id FROM files WHERE repository_id = $1")
                .bind(repository.get())
                .fetch_all(lease.get())
                .await
                .map_err(failed("publish"))?;
            let beyond = held.into_iter().filter(|id| !listed.contains(id) && !self.spool.contains(id));
            ids.extend(beyond);
        }
        ids.sort_unstable();
        ids.dedup();
        self.writer(lease, now).remove(&ids).await
    }

    /// Writes a unit under a savepoint. When the database refuses the data of a file, that file is found by halving and
    /// written as refused, and the others are written as they are.
    async fn write_unit(
        &self,
        lease: &mut Lease,
        files: Vec<Accepted>,
        now: Timestamp,
        changes: &mut Changes,
    ) -> Result<()> {
        let mut pending = vec![files];
        while let Some(mut files) = pending.pop() {
            lease.run("SAVEPOINT unit").await.map_err(failed("publish"))?;
            let error = match self.writer(lease, now).write(&files).await {
                Ok(done) => {
                    lease.run("RELEASE SAVEPOINT unit").await.map_err(failed("publish"))?;
                    changes.add(done);
                    continue;
                }
                Err(error) => error,
            };
            let is_refused_already = matches!(&files[..], [(_, facts)] if facts.skip_reason.is_some());
            if error.kind() != ErrorKind::Data || is_refused_already {
                return Err(error);
            }
            lease.run("ROLLBACK TO SAVEPOINT unit").await.map_err(failed("publish"))?;
            if let [(_, facts)] = &mut files[..] {
                tracing::warn!(file = %facts.path, %error, "the database refuses a file; it is kept as refused");
                let reason = format!("the database refuses it: {error}");
                changes.vanished.see_refused(self.fence.repository, facts);
                changes.refused.push(RefusedFile { path: facts.path.clone(), reason: reason.clone() });
                *facts = Arc::new(facts.refused(reason));
                pending.push(files);
            } else {
                let second = files.split_off(files.len() / 2);
                pending.extend([second, files]);
            }
        }
        Ok(())
    }

    fn writer<'a>(&'a self, lease: &'a mut Lease, now: Timestamp) -> UnitWriter<'a> {
        UnitWriter {
            connection: lease.get(),
            repository: self.fence.repository,
            producer_version: &self.plan.producer_version,
            now,
            history: self.history.as_ref(),
        }
    }
}

/// Without statistics the first queries after a load would read whole tables again and again. The server gathers them by
/// itself, but a minute later. What is published is published, whatever becomes of this: a table that somebody else has locked
/// is left to the server.
async fn gather_statistics(lease: &mut Lease, repository: RepositoryId, new_rows: u64) {
    if let Err(error) = analyze_if_outdated(lease, repository, new_rows).await {
        tracing::debug!(%error, "no statistics were gathered");
    }
}

async fn analyze_if_outdated(lease: &mut Lease, repository: RepositoryId, new_rows: u64) -> Result<()> {
    let partitions = partition::partitions_of(lease, repository).await?;
    // The server's own rule: a tenth. A table that was never looked at has -1 rows, before version 14 it has 0.
    let known = "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
         FROM unnest($1::text[]) AS n (name) JOIN pg_class c ON c.oid = n.name::regclass";
    let known: i64 = sqlx::query_scalar(known)
        .bind(&partitions)
        .fetch_one(lease.get())
        .await
        .map_err(failed("analyze"))?;
    if new_rows >= ROWS_BEFORE_ANALYZE || new_rows.saturating_mul(10) > known.unsigned_abs() {
        lease
            .run(format!("ANALYZE (SKIP_LOCKED) {}", partitions.join(", ")))
            .await
            .map_err(failed("analyze"))?;
    }
    Ok(())
}

/// A key that does not hold at the end is a fault of the writer, not of a file that could be told apart.
fn broken_reference(error: sqlx::Error) -> Error {
    let error = failed("publish")(error);
    match error.kind() {
        ErrorKind::Data => {
            Error::new(ErrorKind::Internal, "references between rows do not hold").with_source(error)
        }
        _ => error,
    }
}

#[async_trait]
impl LoadSession for InPlaceSession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let begin = Instant::now();
        validate::check(&batch).map_err(|error| error.with_operation("write_batch"))?;
        // Room is made before, so that an error leaves the session as it was.
        self.spool.shrink(MEMORY_BUDGET_BYTES).await?;
        for facts in &batch.files {
            let id = self.file_id(facts);
            self.see(id, Some(facts));
            self.spool.insert(id, Arc::clone(facts));
        }
        for path in &batch.removed {
            let id = EntityId::file(self.fence.repository, path.key()).uuid();
            self.see(id, None);
            self.spool.remove(id);
        }
        Ok(WriteResult {
            files: batch.len() as u64,
            rows: batch.files.iter().map(|facts| estimated_rows(facts)).sum(),
            duration: begin.elapsed(),
            ..WriteResult::default()
        })
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        let begin = Instant::now();
        let mut clock = PhaseClock::default();
        let mut lease = Lease::take(&self.pool).await?;
        let before = repositories::snapshot(&mut lease, self.fence.repository).await?;
        let changes = match self.publish_on(&mut lease, &publication, before.is_none(), &mut clock).await {
            Ok(Some(changes)) => changes,
            Ok(None) => {
                lease.roll_back().await;
                return Ok(PublishResult::AlreadyPublished);
            }
            Err(error) => {
                lease.roll_back().await;
                return Err(error);
            }
        };
        lease.run("COMMIT").await.map_err(commit_error)?;
        let duration = begin.elapsed();
        clock.end("commit");
        if changes.new_rows >= FEW_ROWS_BEFORE_ANALYZE {
            gather_statistics(&mut lease, self.fence.repository, changes.new_rows).await;
            clock.end("statistics");
        }
        if let Some(afterwards) = &self.afterwards {
            let marker = publication.marker.0;
            derived::refresh(&mut lease, self.fence.repository, before, marker, &changes.affected).await;
            clock.end("derived tables");
            afterwards.take_place(&mut lease).await;
            clock.end("history and copies of views");
        }
        lease.give_back();
        Ok(PublishResult::Published(WriteResult {
            files: self.spool.len() as u64,
            rows: changes.rows,
            tables: changes.tables.into_iter().map(str::to_owned).collect(),
            bytes: changes.bytes,
            transaction: changes.transaction,
            refused: changes.refused,
            duration,
            phases: clock.take(),
        }))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
