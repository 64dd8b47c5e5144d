//! What a simple backend has from the adapter, shown on the smallest one: documents in a map.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;

use super::{Document, SimpleAdapter, SimpleBackend};
use crate::{
    BackendExt, BackendInfo, DatabaseBackend, Error, ErrorKind, HealthCheckResult, HealthStatus,
    IntegrityScope, Result, SourcePath, SqlQuery, StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot},
    manifest::Manifest,
    model::TransformedAst,
};

#[derive(Debug)]
struct Documents {
    info: BackendInfo,
    documents: Mutex<BTreeMap<(RepositoryId, SourcePath), Document>>,
    repositories: Mutex<BTreeMap<RepositoryId, StoredRepository>>,
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
        if documents.iter().any(|document| document.facts.path.as_str() == "poison") {
            return Err(Error::new(ErrorKind::Data, "mapping refused"));
        }
        let mut held = self.documents.lock().unwrap();
        for document in documents {
            held.insert((repository, document.facts.path.clone()), document.clone());
        }
        Ok(documents.len() as u64)
    }

    async fn delete(&self, repository: RepositoryId, files: &[SourcePath]) -> Result<()> {
        let mut held = self.documents.lock().unwrap();
        files.iter().for_each(|path| drop(held.remove(&(repository, path.clone()))));
        Ok(())
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        let held = self.documents.lock().unwrap();
        let own = held.iter().filter(|((of, _), _)| *of == repository);
        Ok(Manifest {
            files: own.map(|((_, path), document)| (path.key(), document.entry.clone())).collect(),
        })
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        Ok(self.repositories.lock().unwrap().values().cloned().collect())
    }

    async fn save_repository(&self, repository: &StoredRepository) -> Result<()> {
        self.repositories.lock().unwrap().insert(repository.id, repository.clone());
        Ok(())
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<()> {
        self.documents.lock().unwrap().retain(|(of, _), _| *of != repository);
        self.repositories.lock().unwrap().remove(&repository);
        Ok(())
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        Ok(HealthCheckResult::new(HealthStatus::Healthy, Duration::ZERO))
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

async fn connected() -> SimpleAdapter<Documents> {
    let info = BackendInfo {
        kind: "documents".into(),
        name: "documents".into(),
        address: "documents:".into(),
        dialect: None,
    };
    let documents = Documents { info, documents: Mutex::default(), repositories: Mutex::default() };
    let adapter = SimpleAdapter::new(documents);
    adapter.connect().await.unwrap();
    adapter
}

fn plan() -> LoadPlan {
    LoadPlan::partial(Repository::named("app"), "1")
}

fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

fn facts(path: &str) -> TransformedAst {
    TransformedAst::new(path.into())
}

fn batch(paths: &[&str]) -> Arc<Batch> {
    let files = paths.iter().map(|path| Arc::new(facts(path))).collect();
    Arc::new(Batch { files, ..Batch::default() })
}

fn paths(adapter: &SimpleAdapter<Documents>) -> Vec<String> {
    adapter.inner().documents.lock().unwrap().keys().map(|(_, path)| path.to_string()).collect()
}

#[tokio::test]
async fn a_load_writes_at_publish_and_is_in_the_manifest_then() {
    let adapter = connected().await;
    let mut session = adapter.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&["a", "b"])).await.unwrap();
    assert_eq!(paths(&adapter), Vec::<String>::new());
    let PublishResult::Published(result) = session.publish(publication()).await.unwrap() else {
        panic!("not published before")
    };
    assert_eq!((result.files, result.rows), (2, 2));
    assert_eq!(paths(&adapter), ["a", "b"]);
    let manifest = adapter.manifest(Repository::named("app").id()).await.unwrap();
    assert!(!manifest.owes(&facts("a"), "1"));
    assert!(manifest.owes(&facts("a"), "2"));
}

#[tokio::test]
async fn a_complete_load_removes_documents() {
    let adapter = connected().await;
    adapter.write_all(plan(), vec![facts("a"), facts("b")]).await.unwrap();
    let complete = LoadPlan::complete(Repository::named("app"), "1", [facts("b").key()]);
    assert_eq!(adapter.write_all(complete, vec![]).await.unwrap().files, 1);
    assert_eq!(paths(&adapter), ["b"]);
}

#[tokio::test]
async fn an_aborted_load_that_fits_into_the_spool_leaves_nothing() {
    let adapter = connected().await;
    let mut session = adapter.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&["a"])).await.unwrap();
    session.abort().await.unwrap();
    assert_eq!(paths(&adapter), Vec::<String>::new());
}

#[tokio::test]
async fn above_its_budget_a_session_writes_early() {
    let adapter = connected().await.spool_bytes(0);
    let mut session = adapter.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&["a"])).await.unwrap();
    session.write_batch(batch(&["b"])).await.unwrap();
    assert_eq!(paths(&adapter), ["a"]);
    session.publish(publication()).await.unwrap();
    assert_eq!(paths(&adapter), ["a", "b"]);
}

#[tokio::test]
async fn a_refused_document_is_named_and_can_be_replaced() {
    let adapter = connected().await;
    let mut session = adapter.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&["a", "b", "poison", "z"])).await.unwrap();
    let error = session.publish(publication()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(error.context().collect::<Vec<_>>(), [("path", "poison")]);
    let removed = Batch { removed: vec!["poison".into()], ..Batch::default() };
    session.write_batch(Arc::new(removed)).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(paths(&adapter), ["a", "b", "z"]);
}

#[tokio::test]
async fn publishing_again_is_answered_by_the_marker() {
    let adapter = connected().await;
    let publication = publication();
    adapter.write_batch(plan(), batch(&["a"]), publication.clone()).await.unwrap();
    let mut session = adapter.begin_load(plan()).await.unwrap();
    assert_eq!(session.publish(publication).await.unwrap(), PublishResult::AlreadyPublished);
}

#[tokio::test]
async fn a_repository_is_listed_and_removed() {
    let adapter = connected().await;
    adapter.write_ast(plan(), facts("a")).await.unwrap();
    assert_eq!(adapter.repositories().await.unwrap()[0].repository.name, "app");
    let id = Repository::named("app").id();
    assert!(adapter.remove_repository(id).await.unwrap());
    assert!(!adapter.remove_repository(id).await.unwrap());
    assert_eq!(paths(&adapter), Vec::<String>::new());
}

#[tokio::test]
async fn another_source_is_refused() {
    let adapter = connected().await;
    let from = |remote: &str| LoadPlan {
        repository: Repository { remote: Some(remote.into()), ..Repository::named("app") },
        ..plan()
    };
    adapter.write_ast(from("x"), facts("a")).await.unwrap();
    let error = adapter.write_ast(from("y"), facts("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn what_is_not_promised_is_said() {
    let adapter = connected().await;
    assert!(!adapter.capabilities().atomic_publish);
    let error = adapter.execute_sql_query(SqlQuery::new("SELECT 1")).await.unwrap_err();
    assert_eq!(
        error.message(),
        "a backend of kind `documents` does not answer SQL; ask it in its own language"
    );
    let error = adapter.check_integrity(IntegrityScope::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    adapter.close().await.unwrap();
    assert_eq!(adapter.health_check().await.unwrap_err().kind(), ErrorKind::NotConnected);
}
