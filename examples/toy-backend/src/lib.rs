//! A complete backend in one file: documents in the memory of the process.
//!
//! It is what the plugin guide describes: a [`SimpleBackend`] in a [`SimpleAdapter`], and a descriptor.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, HealthCheckResult, HealthStatus, Result, SourcePath,
    StoredRepository,
    id::{FileKey, RepositoryId},
    manifest::Manifest,
    options::BackendOptions,
    registry::{BackendDescriptor, CONTRACT_VERSION, Registry},
    simple::{Document, SimpleAdapter, SimpleBackend},
};

/// The kind `toy`.
pub const DESCRIPTOR: BackendDescriptor = BackendDescriptor {
    kind: "toy",
    schemes: &["toy"],
    contract_version: CONTRACT_VERSION,
    version: env!("CARGO_PKG_VERSION"),
    summary: "documents in memory, an example for plugin authors",
    example_url: "toy:",
    capabilities: Capabilities::NONE,
    options: &[],
    build,
};

inventory::submit! { DESCRIPTOR }

/// Adds the kind to a registry.
///
/// # Errors
/// As of [`Registry::register`].
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register(DESCRIPTOR)
}

fn build(_: &BackendOptions) -> Result<Arc<dyn DatabaseBackend>> {
    Ok(open(Shared::default()))
}

/// A backend over this memory; several may share it.
#[must_use]
pub fn open(shared: Shared) -> Arc<dyn DatabaseBackend> {
    let info = BackendInfo { kind: "toy".into(), name: "toy:".into(), address: "toy:".into(), dialect: None };
    Arc::new(SimpleAdapter::new(Toy { info, shared }))
}

/// The memory of a toy.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    documents: BTreeMap<(RepositoryId, FileKey), Document>,
    repositories: BTreeMap<RepositoryId, StoredRepository>,
}

#[derive(Debug)]
struct Toy {
    info: BackendInfo,
    shared: Shared,
}

impl Toy {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SimpleBackend for Toy {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn is_durable(&self) -> bool {
        false
    }

    async fn connect(&self) -> Result<()> {
        Ok(())
    }

    async fn write(&self, repository: RepositoryId, documents: &[Document]) -> Result<u64> {
        let mut memory = self.memory();
        for document in documents {
            memory.documents.insert((repository, document.entry.path.key()), document.clone());
        }
        Ok(documents.len() as u64)
    }

    async fn delete(&self, repository: RepositoryId, files: &[SourcePath]) -> Result<()> {
        let mut memory = self.memory();
        for file in files {
            memory.documents.remove(&(repository, file.key()));
        }
        Ok(())
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        let memory = self.memory();
        let own = memory.documents.iter().filter(|((of, _), _)| *of == repository);
        Ok(Manifest { files: own.map(|((_, key), document)| (*key, document.entry.clone())).collect() })
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        Ok(self.memory().repositories.values().cloned().collect())
    }

    async fn save_repository(&self, repository: &StoredRepository) -> Result<()> {
        self.memory().repositories.insert(repository.id, repository.clone());
        Ok(())
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<()> {
        let mut memory = self.memory();
        memory.documents.retain(|(of, _), _| *of != repository);
        memory.repositories.remove(&repository);
        Ok(())
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        Ok(HealthCheckResult::new(HealthStatus::Healthy, Duration::ZERO))
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
