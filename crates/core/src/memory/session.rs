//! A load session: what was accepted, by file, until it is published.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use async_trait::async_trait;

use super::backend::Shared;
use crate::{
    LoadSession, Result,
    id::FileKey,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    model::TransformedAst,
    validate::validate_batch,
};

/// What is to become of a file: its new facts, or none where it is to go.
pub(super) type Pending = BTreeMap<FileKey, Option<Arc<TransformedAst>>>;

#[derive(Debug)]
pub(super) struct MemorySession {
    shared: Shared,
    plan: LoadPlan,
    fence: u64,
    pending: Pending,
}

impl MemorySession {
    pub(super) fn new(shared: Shared, plan: LoadPlan, fence: u64) -> Self {
        Self { shared, plan, fence, pending: Pending::new() }
    }
}

#[async_trait]
impl LoadSession for MemorySession {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        let started = Instant::now();
        validate_batch(&batch)?;
        self.shared.store("write_batch")?.check_fence(&self.plan, self.fence)?;
        for file in &batch.files {
            self.pending.insert(file.key(), Some(file.clone()));
        }
        for path in &batch.removed {
            self.pending.insert(path.key(), None);
        }
        Ok(WriteResult {
            files: batch.len() as u64,
            bytes: batch.approximate_bytes() as u64,
            duration: started.elapsed(),
            ..WriteResult::default()
        })
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        let mut store = self.shared.store("publish")?;
        let result = store.publish(&self.plan, self.fence, &self.pending, &publication)?;
        self.pending.clear();
        Ok(result)
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
