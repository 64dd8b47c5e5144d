//! A load session: accepts batches into its staging area, and publishes them in one transaction.

mod derived;
mod encode;
mod fence;
mod history;
mod marks;
mod publish;
mod references;
mod refused;
mod staging;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use snake_pipe_core::{
    Error, ErrorKind, LoadSession, Result,
    load::{Batch, LoadPlan, PhaseClock, Publication, PublishResult, RefusedFile, WriteResult},
    validate_batch,
};
use sqlx::{Connection, SqliteConnection};

use self::{
    derived::Affected,
    fence::Fence,
    refused::Found,
    staging::{Staged, StagedBatch},
};
use crate::{database::Database, error::during, transaction::Transaction};

pub(crate) use publish::remove_repository;

/// A session. Its connection, and with it the staging area, ends when it is dropped.
#[derive(Debug)]
pub(crate) struct SqliteSession {
    database: Arc<Database>,
    connection: SqliteConnection,
    plan: LoadPlan,
    fence: Fence,
    staged: Staged,
    /// A batch whose transaction was about to be committed: where the call was cancelled, the database tells whether it was.
    unsettled: Option<StagedBatch>,
    /// What is staged was published: it goes before the next batch comes.
    is_spent: bool,
    /// Files that the database refused when they were to be published; what is staged now says so.
    refused: Vec<RefusedFile>,
    /// Whether derived tables are brought up to date after publishing.
    derives: bool,
}

impl SqliteSession {
    /// Takes over the repository and begins. Without `derives` derived tables are left to a later session: for one
    /// transaction among many recalculating would take longer than writing.
    pub(crate) async fn begin(database: Arc<Database>, plan: LoadPlan, derives: bool) -> Result<Self> {
        let mut connection = database.writer_of_tables().await?;
        let fence = {
            let _turn = database.turn().await?;
            fence::take(&mut connection, &plan).await?
        };
        staging::attach(&mut connection).await?;
        let (staged, unsettled, is_spent, refused) = (Staged::default(), None, false, Vec::new());
        Ok(Self { database, connection, plan, fence, staged, unsettled, is_spent, refused, derives })
    }

    /// Finds out about a batch whose call was cancelled, and clears away what was published.
    async fn settle(&mut self) -> Result<()> {
        if self.unsettled.is_some() {
            // Taken only afterwards: this call may be cancelled too.
            let batches = staging::batches(&mut self.connection).await?;
            if let Some(batch) = self.unsettled.take()
                && batches > self.staged.batches
            {
                self.staged.add(batch);
            }
        }
        if self.is_spent {
            staging::clear(&mut self.connection).await?;
            self.staged = Staged::default();
            self.is_spent = false;
        }
        Ok(())
    }

    /// Publishes. Files that the database refuses are kept as refused, and the others published as they are.
    async fn publish_all_but_refused(
        &mut self,
        publication: &Publication,
    ) -> Result<(PublishResult, Option<Affected>)> {
        loop {
            let published = publish::publish(
                &self.database,
                &mut self.connection,
                &self.plan,
                self.fence,
                &self.staged,
                publication,
            );
            let error = match published.await {
                Err(error) if error.kind() == ErrorKind::Data && error.context().next().is_none() => error,
                done => return done,
            };
            let found = refused::find(&self.database, &mut self.connection, &self.plan).await?;
            let is_known = |found: &Found| self.refused.iter().any(|known| known.path == found.told.path);
            if found.is_empty() || found.iter().any(is_known) {
                return Err(error);
            }
            let (files, told): (Vec<_>, Vec<_>) =
                found.into_iter().map(|found| (Arc::new(found.facts), found.told)).unzip();
            self.stage(&Batch { sequence: 0, files, removed: Vec::new() }).await?;
            self.refused.extend(told);
        }
    }

    async fn stage(&mut self, batch: &Batch) -> Result<WriteResult> {
        let started = Instant::now();
        let repository = self.plan.repository.id();
        let mut transaction =
            Transaction::deferred(&mut self.connection).await.map_err(during("write_batch"))?;
        let staged =
            staging::stage(&mut transaction, repository, &self.plan.producer_version, batch, &self.staged)
                .await?;
        let result = WriteResult {
            files: batch.len() as u64,
            rows: staged.rows,
            bytes: staged.bytes,
            ..WriteResult::default()
        };
        self.unsettled = Some(staged);
        transaction.commit().await.map_err(during("write_batch"))?;
        self.staged.add(self.unsettled.take().expect("it was set two lines above"));
        Ok(WriteResult { duration: started.elapsed(), ..result })
    }
}

#[async_trait]
impl LoadSession for SqliteSession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        self.database.ensure_open()?;
        validate_batch(&batch)?;
        self.settle().await?;
        fence::check(&mut self.connection, &self.plan, self.fence).await?;
        self.stage(&batch).await
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        self.database.ensure_open()?;
        self.settle().await?;
        let (mut result, affected) = self.publish_all_but_refused(&publication).await?;
        self.is_spent = true;
        if let PublishResult::Published(written) = &mut result {
            written.refused = std::mem::take(&mut self.refused);
        }
        if let (Some(affected), true) = (affected, self.derives) {
            let (repository, marker) = (self.plan.repository.id(), publication.marker.0);
            let mut clock = PhaseClock::default();
            derived::refresh(&self.database, &mut self.connection, repository, marker, &affected).await;
            clock.end("derived tables");
            if let PublishResult::Published(written) = &mut result {
                written.phases.extend(clock.take());
            }
        }
        Ok(result)
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        self.connection.close().await.map_err(during("abort"))
    }
}

/// The error of a session that was replaced.
fn fenced(plan: &LoadPlan) -> Error {
    Error::new(ErrorKind::Fenced, "a newer load of this repository took over")
        .with_context("repository", &plan.repository.name)
}
