//! A load session: accepts batches into its staging area, and publishes them in one transaction.

mod derived;
mod encode;
mod fence;
mod marks;
mod publish;
mod references;
mod staging;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use snake_pipe_core::{
    Error, ErrorKind, LoadSession, Result,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    validate_batch,
};
use sqlx::{Connection, SqliteConnection};

use self::{
    fence::Fence,
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
        let (staged, unsettled, is_spent) = (Staged::default(), None, false);
        Ok(Self { database, connection, plan, fence, staged, unsettled, is_spent, derives })
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
        let (result, affected) = publish::publish(
            &self.database,
            &mut self.connection,
            &self.plan,
            self.fence,
            &self.staged,
            &publication,
        )
        .await?;
        self.is_spent = true;
        if let (Some(affected), true) = (affected, self.derives) {
            let (repository, marker) = (self.plan.repository.id(), publication.marker.0);
            derived::refresh(&self.database, &mut self.connection, repository, marker, &affected).await;
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
