//! The session for a large repository that is new: rows go straight into tables made aside, in one transaction, and become
//! partitions when it is published. Keys and indexes are built when all rows are there, which takes a quarter of the time; the
//! rows are written frozen, so that readers with older snapshots see them after the attaching too.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Instant,
};

use async_trait::async_trait;
use snake_pipe_core::{
    Error, ErrorKind, LoadSession, Result, Timestamp,
    id::EntityId,
    load::{Batch, LoadPlan, PhaseClock, Publication, PublishResult, WriteResult},
    schema::{REFERENCES, Reference, RowContext, TableId, write_rows},
};
use sqlx::AssertSqlSafe;
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    Fence, SessionSettings, commit_error,
    derived::{self, Affected},
    estimated_rows, history,
    locks::{LOCK_WAIT_MS, RETRY_PAUSE},
    repositories::{self, Admission},
    rows::copy,
    unresolve::derive_again,
};
use crate::{
    connection::{Lease, Pool},
    error::failed,
    schema::{
        keys::foreign_keys,
        mapper::CopyBuffers,
        partition::{self, Leaves},
        statements::{column_list, file_column, file_tables},
        validate,
    },
};

/// How many bytes of a table's rows one COPY takes.
const COPY_BYTES: usize = 8 << 20;
const BEGIN: &str = "BEGIN; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL max_parallel_maintenance_workers = 2; \
                     SET LOCAL jit = off";

/// See the module.
pub(crate) struct ColdSession {
    pool: Pool,
    plan: Arc<LoadPlan>,
    fence: Fence,
    settings: SessionSettings,
    leaves: Leaves,
    /// Out on loan while something is under way: a future that is dropped takes it along, and with it the session.
    lease: Option<Lease>,
    buffers: CopyBuffers,
    accepted: HashSet<Uuid>,
    is_built: bool,
    rows: u64,
    bytes: u64,
    now: Timestamp,
}

impl std::fmt::Debug for ColdSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ColdSession")
            .field("fence", &self.fence)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl ColdSession {
    /// Makes the tables.
    pub(crate) async fn begin(
        pool: Pool,
        plan: Arc<LoadPlan>,
        fence: Fence,
        settings: SessionSettings,
    ) -> Result<Self> {
        let leaves = Leaves::new(fence.repository, fence.owner);
        let mut lease = Lease::take(&pool).await?;
        let tables = leaves.definitions(&mut lease).await?;
        lease.run(format!("{BEGIN}; {tables}")).await.map_err(failed("begin_load"))?;
        Ok(Self {
            pool,
            plan,
            fence,
            settings,
            leaves,
            lease: Some(lease),
            buffers: CopyBuffers::new(),
            accepted: HashSet::new(),
            is_built: false,
            rows: 0,
            bytes: 0,
            now: Timestamp::now(),
        })
    }

    fn take_lease(&mut self) -> Result<Lease> {
        self.lease.take().ok_or_else(|| {
            Error::new(ErrorKind::SessionLost, "what this session had written is gone with its connection")
        })
    }

    /// What an error in the middle of the transaction means: all of it is gone, unless sending it again would not help.
    fn lost(&self, error: Error) -> Error {
        use snake_pipe_core::Action;
        if error.kind() == ErrorKind::Data {
            // The next session finds the file at fault.
            let mut in_place_only =
                self.settings.in_place_only.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            in_place_only.insert(self.fence.repository);
        }
        match error.kind().action() {
            Action::StopBackend | Action::GiveUp if error.kind() != ErrorKind::Internal => error,
            _ => Error::new(ErrorKind::SessionLost, format!("the load was interrupted: {error}"))
                .with_source(error),
        }
    }

    async fn write(&mut self, lease: &mut Lease, batch: &Batch) -> Result<()> {
        let ids = |key| EntityId::file(self.fence.repository, key).uuid();
        let written: Vec<Uuid> = batch.files.iter().map(|facts| ids(facts.key())).collect();
        let removed = batch.removed.iter().map(|path| ids(path.key()));
        let again: Vec<Uuid> =
            written.iter().copied().chain(removed).filter(|id| self.accepted.remove(id)).collect();
        if !again.is_empty() {
            self.forget(lease, &again).await?;
        }
        let plan = Arc::clone(&self.plan);
        for (facts, id) in batch.files.iter().zip(written) {
            let context = RowContext {
                repository: self.fence.repository,
                producer_version: &plan.producer_version,
                now: self.now,
            };
            write_rows(facts, &context, &mut self.buffers)?;
            self.accepted.insert(id);
            self.flush(lease, COPY_BYTES).await?;
        }
        Ok(())
    }

    /// Sends what has gathered to at least so many bytes.
    async fn flush(&mut self, lease: &mut Lease, at_least: usize) -> Result<()> {
        for table in file_tables() {
            let buffer = self.buffers.table(table);
            if buffer.rows() == 0 || buffer.len() < at_least {
                continue;
            }
            self.rows += buffer.rows();
            let bytes = buffer.take();
            self.bytes += bytes.len() as u64;
            let sql = format!(
                "COPY {} ({}) FROM STDIN WITH (FORMAT binary, FREEZE)",
                self.leaves.name(table),
                column_list(table.table())
            );
            copy(lease.get(), &sql, &bytes).await.map_err(failed("write rows"))?;
        }
        Ok(())
    }

    /// Removes rows of files that were accepted before. There are no indexes yet: it reads the tables, and is rare.
    async fn forget(&mut self, lease: &mut Lease, ids: &[Uuid]) -> Result<()> {
        self.flush(lease, 0).await?;
        for table in file_tables() {
            let sql =
                format!("DELETE FROM {} WHERE {} = ANY($1)", self.leaves.name(table), file_column(table));
            let done = sqlx::query(AssertSqlSafe(sql))
                .bind(ids)
                .execute(lease.get())
                .await
                .map_err(failed("remove rows"))?;
            self.rows = self.rows.saturating_sub(done.rows_affected());
        }
        Ok(())
    }

    /// Builds everything that stands on the rows.
    async fn build(&mut self, lease: &mut Lease, clock: &mut PhaseClock) -> Result<()> {
        self.flush(lease, 0).await?;
        clock.end("last rows");
        let further = self.leaves.further_indexes(lease).await?;
        for statement in self.leaves.index().into_iter().chain(further) {
            lease.run(statement).await.map_err(failed("build indexes"))?;
        }
        clock.end("indexes");
        // Checked at once: a table with checks still to come cannot be altered.
        lease
            .run(format!("{}; SET CONSTRAINTS ALL IMMEDIATE", self.leaves.analyze()))
            .await
            .map_err(failed("analyze"))?;
        clock.end("statistics");
        let mut holders = BTreeSet::new();
        for key in foreign_keys() {
            self.add_foreign_key(lease, key, &mut holders).await?;
        }
        // What no foreign key holds may dangle as well.
        let unguarded = REFERENCES.iter().filter(|key| !key.is_key && key.column == "target_file_id");
        for key in unguarded {
            self.unresolve(lease, key, &mut holders).await?;
        }
        let name = |table| self.leaves.name(table);
        let again = derive_again(lease.get(), self.fence.repository, name, &holders).await?;
        self.rows = (self.rows + again.inserted).saturating_sub(again.deleted);
        clock.end("foreign keys");
        Ok(())
    }

    async fn add_foreign_key(
        &self,
        lease: &mut Lease,
        key: &Reference,
        holders: &mut BTreeSet<Uuid>,
    ) -> Result<()> {
        let add = self.leaves.add_foreign_key(key);
        lease.run("SAVEPOINT key").await.map_err(failed("add keys"))?;
        let error = match lease.run(add.as_str()).await.map_err(failed("add keys")) {
            Ok(()) => return lease.run("RELEASE SAVEPOINT key").await.map_err(failed("add keys")),
            Err(error) => error,
        };
        if error.kind() != ErrorKind::Data {
            return Err(error);
        }
        lease.run("ROLLBACK TO SAVEPOINT key").await.map_err(failed("add keys"))?;
        self.unresolve(lease, key, holders).await?;
        lease.run(add).await.map_err(failed("add keys"))
    }

    /// Un-resolves references without a target, and asks for their files to be linked again. `sites` gets the files whose
    /// imports, bases or calls these are.
    async fn unresolve(&self, lease: &mut Lease, key: &Reference, sites: &mut BTreeSet<Uuid>) -> Result<()> {
        let holders: Vec<Uuid> =
            sqlx::query_scalar(AssertSqlSafe(partition::unresolve_dangling(&self.leaves, key)?))
                .fetch_all(lease.get())
                .await
                .map_err(failed("un-resolve"))?;
        if holders.is_empty() {
            return Ok(());
        }
        if key.table != TableId::Dependencies {
            sites.extend(&holders);
        }
        let forget = format!(
            "UPDATE {} SET link_hash = NULL WHERE file_id = ANY($1) AND link_hash IS NOT NULL",
            self.leaves.name(TableId::Files)
        );
        sqlx::query(AssertSqlSafe(forget))
            .bind(holders)
            .execute(lease.get())
            .await
            .map_err(failed("un-resolve"))?;
        Ok(())
    }

    /// Attaches the partitions, for the commit to show them. The number of the transaction.
    async fn finish(&mut self, lease: &mut Lease, publication: &Publication) -> Result<Option<String>> {
        self.exclude_from_default().await?;
        lease.run("SAVEPOINT attach").await.map_err(failed("attach"))?;
        let begin = Instant::now();
        let attach = format!("SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'; {}", self.leaves.attach());
        while let Err(error) = lease.run(attach.as_str()).await.map_err(failed("attach")) {
            lease.run("ROLLBACK TO SAVEPOINT attach").await.map_err(failed("attach"))?;
            if error.kind() != ErrorKind::Busy || begin.elapsed() > self.settings.lock_limit {
                return Err(error);
            }
            sleep(RETRY_PAUSE).await;
        }
        lease.run("SET LOCAL lock_timeout = 0").await.map_err(failed("publish"))?;
        if repositories::admit(lease, &self.fence, publication.marker, true).await?
            == Admission::AlreadyPublished
        {
            return Err(Error::new(ErrorKind::Fenced, "this publication was made by another session"));
        }
        // A repository that held nothing for a while has a past all the same.
        if repositories::snapshot(lease, self.fence.repository).await?.is_some() {
            let tables = [self.leaves.name(TableId::Files), self.leaves.name(TableId::Functions)];
            history::write_added(lease.get(), tables, self.fence.repository, publication.marker).await?;
        }
        repositories::record(lease, &self.plan, publication, true).await
    }

    /// Lets the attaching skip reading the default partitions, where that would take long. It is committed before, under the
    /// repository's row, so that no newer session of the repository meets it.
    async fn exclude_from_default(&self) -> Result<()> {
        let mut lease = Lease::take(&self.pool).await?;
        if partition::is_default_small(&mut lease).await? {
            lease.give_back();
            return Ok(());
        }
        let repository = self.fence.repository;
        let exclude = partition::exclude_from_default(repository);
        let begin = Instant::now();
        loop {
            let start = format!("BEGIN; SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'");
            lease.run(start).await.map_err(failed("publish"))?;
            repositories::hold(&mut lease, &self.fence).await?;
            match lease.run(exclude.as_str()).await.map_err(failed("publish")) {
                Ok(()) => break,
                Err(error)
                    if error.kind() == ErrorKind::Busy && begin.elapsed() < self.settings.lock_limit =>
                {
                    lease.run("ROLLBACK").await.map_err(failed("publish"))?;
                    sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
        lease.run("COMMIT").await.map_err(failed("publish"))?;
        for statement in partition::prove_exclusion(repository) {
            lease.run(statement).await.map_err(failed("publish"))?;
        }
        lease.give_back();
        Ok(())
    }

    async fn is_published(&self, publication: &Publication) -> Result<bool> {
        let mut lease = Lease::take(&self.pool).await?;
        let admission = repositories::admit(&mut lease, &self.fence, publication.marker, false).await?;
        lease.give_back();
        Ok(admission == Admission::AlreadyPublished)
    }
}

#[async_trait]
impl LoadSession for ColdSession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let begin = Instant::now();
        validate::check(&batch).map_err(|error| error.with_operation("write_batch"))?;
        if self.is_built {
            return Err(Error::new(ErrorKind::SessionLost, "the session was about to be published"));
        }
        let mut lease = self.take_lease()?;
        let bytes_before = self.bytes;
        match self.write(&mut lease, &batch).await {
            Ok(()) => self.lease = Some(lease),
            Err(error) => return Err(self.lost(error).with_operation("write_batch")),
        }
        Ok(WriteResult {
            files: batch.len() as u64,
            rows: batch.files.iter().map(|facts| estimated_rows(facts)).sum(),
            bytes: self.bytes - bytes_before,
            duration: begin.elapsed(),
            ..WriteResult::default()
        })
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        let begin = Instant::now();
        let mut clock = PhaseClock::default();
        if self.is_published(&publication).await? {
            return Ok(PublishResult::AlreadyPublished);
        }
        let mut lease = self.take_lease()?;
        if !self.is_built {
            self.build(&mut lease, &mut clock)
                .await
                .map_err(|error| self.lost(error).with_operation("publish"))?;
            self.is_built = true;
        }
        let transaction = match self.finish(&mut lease, &publication).await {
            Ok(transaction) => transaction,
            Err(error) if error.kind() == ErrorKind::Busy => {
                // Rolled back to before the attaching: the same call may succeed later.
                self.lease = Some(lease);
                return Err(error);
            }
            Err(error) => return Err(self.lost(error).with_operation("publish")),
        };
        clock.end("attach");
        lease.run("COMMIT").await.map_err(commit_error)?;
        let duration = begin.elapsed();
        clock.end("commit");
        let marker = publication.marker.0;
        derived::refresh(&mut lease, self.fence.repository, None, marker, &Affected::everything()).await;
        clock.end("derived tables");
        self.settings.afterwards().take_place(&mut lease).await;
        clock.end("history and copies of views");
        lease.give_back();
        Ok(PublishResult::Published(WriteResult {
            files: self.accepted.len() as u64,
            rows: self.rows,
            bytes: self.bytes,
            tables: file_tables().map(|table| table.table().name.to_owned()).collect(),
            transaction,
            duration,
            phases: clock.take(),
            ..WriteResult::default()
        }))
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        if let Some(lease) = self.lease.take() {
            lease.roll_back().await;
        }
        Ok(())
    }
}
