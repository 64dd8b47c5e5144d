//! A store without transactions, in the memory of the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, HealthCheckResult, HealthStatus, Result, SourcePath, StoredRepository,
    id::{FileKey, RepositoryId},
    manifest::Manifest,
    simple::{Document, SimpleBackend},
};

/// Clones share what they hold.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    info: BackendInfo,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    documents: BTreeMap<FileKey, Document>,
    repository: Option<StoredRepository>,
}

impl Documents {
    pub(crate) fn new(name: &str) -> Self {
        let info = BackendInfo {
            kind: "documents".into(),
            name: name.into(),
            address: "documents:".into(),
            dialect: None,
        };
        Self { info, held: Arc::default() }
    }

    pub(crate) fn held(&self) -> Vec<Document> {
        self.held.lock().unwrap().documents.values().cloned().collect()
    }
}

#[async_trait]
impl SimpleBackend for Documents {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn is_durable(&self) -> bool {
        false
    }

    async fn connect(&self) -> Result<()> {
        Ok(())
    }

    async fn write(&self, _: RepositoryId, documents: &[Document]) -> Result<u64> {
        for document in documents {
            // Between two documents the work can be given up.
            tokio::task::yield_now().await;
            self.held.lock().unwrap().documents.insert(document.facts.key(), document.clone());
        }
        Ok(documents.len() as u64)
    }

    async fn delete(&self, _: RepositoryId, files: &[SourcePath]) -> Result<()> {
        for file in files {
            tokio::task::yield_now().await;
            self.held.lock().unwrap().documents.remove(&file.key());
        }
        Ok(())
    }

    async fn manifest(&self, _: RepositoryId) -> Result<Manifest> {
        let documents = self.held();
        Ok(Manifest { files: documents.into_iter().map(|one| (one.facts.key(), one.entry)).collect() })
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        Ok(self.held.lock().unwrap().repository.clone().into_iter().collect())
    }

    async fn save_repository(&self, repository: &StoredRepository) -> Result<()> {
        tokio::task::yield_now().await;
        self.held.lock().unwrap().repository = Some(repository.clone());
        Ok(())
    }

    async fn remove_repository(&self, _: RepositoryId) -> Result<()> {
        *self.held.lock().unwrap() = Held::default();
        Ok(())
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        Ok(HealthCheckResult {
            status: HealthStatus::Healthy,
            latency: Duration::ZERO,
            server_version: None,
            pool: None,
            details: Vec::new(),
            warnings: Vec::new(),
        })
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
