//! The suite held against what is known to be right: the in-memory reference, and a simple backend behind its adapter.
#![expect(clippy::unwrap_used, reason = "a poisoned lock means that a test has failed already")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, DatabaseBackend, HealthCheckResult, HealthStatus, Result, SourcePath, StoredRepository,
    id::RepositoryId,
    manifest::Manifest,
    memory::MemoryBackend,
    simple::{Document, SimpleAdapter, SimpleBackend},
};
use snake_pipe_testkit::{
    conformance::{CASES, Harness, Store, run_all},
    faults::FaultyBackend,
};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_backend_keeps_every_promise_that_it_offers() {
    let harness = Harness::new(|| async {
        let name = Uuid::new_v4().to_string();
        let reader = MemoryBackend::named(&name);
        let store = Store::new(move || Ok(Arc::new(MemoryBackend::named(&name)) as Arc<dyn DatabaseBackend>));
        Ok(store.with_rows(move |table, repository| {
            let rows = reader.rows(repository);
            async move { Ok(rows?.remove(&table).unwrap_or_default()) }
        }))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
    assert_eq!(report.cases.len(), CASES.len());
    let not_offered: Vec<_> = report.not_offered().collect();
    assert!(not_offered.contains(&"a_query_is_answered") && !not_offered.contains(&"rows_equal_facts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_keeps_what_the_backend_inside_promises() {
    let harness = Harness::new(|| async {
        let name = Uuid::new_v4().to_string();
        Ok(Store::new(move || {
            let inner = Arc::new(MemoryBackend::named(&name));
            Ok(Arc::new(FaultyBackend::new(inner)) as Arc<dyn DatabaseBackend>)
        }))
    });
    run_all(&harness).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simple_backend_keeps_every_promise_that_it_offers() {
    let harness = Harness::new(|| async {
        let held = Held::default();
        Ok(Store::new(move || {
            Ok(Arc::new(SimpleAdapter::new(Documents::new(held.clone()))) as Arc<dyn DatabaseBackend>)
        }))
    });
    let report = run_all(&harness).await;
    println!("{report}");
    report.assert_kept();
    let not_offered: Vec<_> = report.not_offered().collect();
    assert!(
        not_offered.contains(&"rows_equal_facts") && not_offered.contains(&"a_replaced_session_is_fenced")
    );
    assert!(report.kept().any(|case| case == "editing_step_by_step_ends_like_a_clean_load"));
}

/// What the smallest simple backend holds: documents in a map.
#[derive(Clone, Debug, Default)]
struct Held {
    documents: Arc<Mutex<BTreeMap<(RepositoryId, SourcePath), Document>>>,
    repositories: Arc<Mutex<BTreeMap<RepositoryId, StoredRepository>>>,
}

#[derive(Debug)]
struct Documents {
    info: BackendInfo,
    held: Held,
}

impl Documents {
    fn new(held: Held) -> Self {
        let name = || "documents".to_owned();
        Self { info: BackendInfo { kind: name(), name: name(), address: name(), dialect: None }, held }
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

    async fn write(&self, repository: RepositoryId, documents: &[Document]) -> Result<u64> {
        let mut held = self.held.documents.lock().unwrap();
        held.extend(
            documents.iter().map(|document| ((repository, document.facts.path.clone()), document.clone())),
        );
        Ok(documents.len() as u64)
    }

    async fn delete(&self, repository: RepositoryId, files: &[SourcePath]) -> Result<()> {
        let mut held = self.held.documents.lock().unwrap();
        files.iter().for_each(|path| drop(held.remove(&(repository, path.clone()))));
        Ok(())
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        let held = self.held.documents.lock().unwrap();
        let own = held.iter().filter(|((of, _), _)| *of == repository);
        Ok(Manifest {
            files: own.map(|((_, path), document)| (path.key(), document.entry.clone())).collect(),
        })
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        Ok(self.held.repositories.lock().unwrap().values().cloned().collect())
    }

    async fn save_repository(&self, repository: &StoredRepository) -> Result<()> {
        self.held.repositories.lock().unwrap().insert(repository.id, repository.clone());
        Ok(())
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<()> {
        self.held.documents.lock().unwrap().retain(|(of, _), _| *of != repository);
        self.held.repositories.lock().unwrap().remove(&repository);
        Ok(())
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        Ok(HealthCheckResult::new(HealthStatus::Healthy, Duration::ZERO))
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
