//! A session of a simple backend: a spool in memory that is written at publish, or early when it is full.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use async_trait::async_trait;

use super::{
    Document, SimpleBackend,
    adapter::{check_connected, stored},
};
use crate::{
    Error, ErrorKind, LoadSession, Result, SourcePath, StoredRepository,
    id::FileKey,
    load::{Batch, LoadPlan, Publication, PublishResult, WriteResult},
    manifest::ManifestEntry,
    model::TransformedAst,
    validate::validate_batch,
};

/// At most so many bytes of facts are given to one call of [`SimpleBackend::write`], but for a single file over it.
const WRITE_BYTES: usize = 8 << 20;

/// What is to become of a file.
#[derive(Debug)]
enum Pending {
    Write(Arc<TransformedAst>),
    Delete(SourcePath),
}

#[derive(Debug)]
pub(super) struct SimpleSession<B> {
    backend: Arc<B>,
    connected: Arc<AtomicBool>,
    plan: LoadPlan,
    spool: BTreeMap<FileKey, Pending>,
    spooled_bytes: usize,
    spool_limit: usize,
    written: WriteResult,
}

impl<B: SimpleBackend> SimpleSession<B> {
    pub(super) fn new(
        backend: Arc<B>,
        connected: Arc<AtomicBool>,
        plan: LoadPlan,
        spool_limit: usize,
    ) -> Self {
        let (spool, written) = (BTreeMap::new(), WriteResult::default());
        Self { backend, connected, plan, spool, spooled_bytes: 0, spool_limit, written }
    }

    /// Writes what is spooled. What was written leaves the spool, so that a second call goes on where this one failed.
    async fn flush(&mut self) -> Result<()> {
        let started = Instant::now();
        let repository = self.plan.repository.id();
        while let Some(documents) = self.next_documents() {
            self.written.rows += write(&*self.backend, &self.plan, &documents).await?;
            for document in &documents {
                self.spool.remove(&document.facts.key());
                self.written.bytes += document.facts.approximate_bytes() as u64;
            }
            self.written.files += documents.len() as u64;
        }
        let deleted: Vec<_> = self
            .spool
            .values()
            .filter_map(|pending| match pending {
                Pending::Delete(path) => Some(path.clone()),
                Pending::Write(_) => None,
            })
            .collect();
        if !deleted.is_empty() {
            self.backend.delete(repository, &deleted).await?;
        }
        self.written.files += deleted.len() as u64;
        self.written.duration += started.elapsed();
        self.spool.clear();
        self.spooled_bytes = 0;
        Ok(())
    }

    fn next_documents(&self) -> Option<Vec<Document>> {
        let mut bytes = 0;
        let mut documents = Vec::new();
        for pending in self.spool.values() {
            let Pending::Write(facts) = pending else { continue };
            bytes += facts.approximate_bytes();
            if bytes > WRITE_BYTES && !documents.is_empty() {
                break;
            }
            documents.push(document(facts, &self.plan));
        }
        (!documents.is_empty()).then_some(documents)
    }
}

#[async_trait]
impl<B: SimpleBackend + 'static> LoadSession for SimpleSession<B> {
    async fn write_batch(&mut self, batch: Arc<Batch>) -> Result<WriteResult> {
        check_connected(&self.connected, "write_batch")?;
        let started = Instant::now();
        validate_batch(&batch)?;
        let bytes = batch.approximate_bytes();
        // Before the batch is taken, so that it is not half accepted when the writing fails.
        if self.spooled_bytes + bytes > self.spool_limit && !self.spool.is_empty() {
            self.flush().await?;
        }
        for file in &batch.files {
            self.spool.insert(file.key(), Pending::Write(file.clone()));
        }
        for path in &batch.removed {
            self.spool.insert(path.key(), Pending::Delete(path.clone()));
        }
        self.spooled_bytes += bytes;
        Ok(WriteResult {
            files: batch.len() as u64,
            bytes: bytes as u64,
            duration: started.elapsed(),
            ..WriteResult::default()
        })
    }

    async fn publish(&mut self, publication: Publication) -> Result<PublishResult> {
        check_connected(&self.connected, "publish")?;
        let id = self.plan.repository.id();
        let held = stored(&*self.backend, id).await?;
        if held.as_ref().is_some_and(|held| held.marker == Some(publication.marker)) {
            return Ok(PublishResult::AlreadyPublished);
        }
        // Not atomic, as nothing here is; but whoever slept for an hour is stopped.
        self.plan.check_planned_on(held.as_ref().and_then(|held| held.marker))?;
        self.flush().await?;
        let is_same = held.is_some_and(|held| held.snapshot.as_ref() == Some(&publication.snapshot));
        if self.written.files > 0 || !is_same {
            let repository = StoredRepository {
                id,
                repository: self.plan.repository.clone(),
                snapshot: Some(publication.snapshot),
                marker: Some(publication.marker),
            };
            self.backend.save_repository(&repository).await?;
        }
        Ok(PublishResult::Published(self.written.clone()))
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

fn document(facts: &Arc<TransformedAst>, plan: &LoadPlan) -> Document {
    let entry = ManifestEntry {
        path: facts.path.clone(),
        content_hash: facts.content_identity(),
        link_hash: facts.link_hash,
        producer_version: plan.producer_version.clone(),
    };
    Document { entry, facts: facts.clone() }
}

/// Writes the documents; where the backend refuses some, finds the first by halving and names it in the error.
async fn write(backend: &impl SimpleBackend, plan: &LoadPlan, documents: &[Document]) -> Result<u64> {
    let mut rows = 0;
    let mut parts = vec![documents];
    while let Some(part) = parts.pop() {
        match backend.write(plan.repository.id(), part).await {
            Ok(written) => rows += written,
            Err(error) if error.kind() != ErrorKind::Data => return Err(error),
            Err(error) if part.len() == 1 => return Err(named(error, &part[0])),
            Err(_) => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
        }
    }
    Ok(rows)
}

fn named(error: Error, document: &Document) -> Error {
    let is_named = error.context().any(|(key, _)| key == "path");
    if is_named { error } else { error.with_context("path", &document.entry.path) }
}
