//! What the contract means, shown on its reference.

use std::sync::Arc;

use super::MemoryBackend;
use crate::{
    BackendExt, DatabaseBackend, ErrorKind, IntegrityScope, SqlQuery,
    id::{FileKey, RepositoryId, SymbolKey},
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot, WriteResult},
    model::{
        Call, Dependency, DependencyType, Entity, Function, Origin, Resolution, ResolutionStatus, Target,
        TransformedAst,
    },
    schema::TableId,
};

fn app() -> RepositoryId {
    Repository::named("app").id()
}

fn plan() -> LoadPlan {
    LoadPlan::partial(Repository::named("app"), "1")
}

fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

fn on_commit(commit: &str) -> Publication {
    Publication { snapshot: Snapshot { commit: Some(commit.into()), ..Snapshot::default() }, ..publication() }
}

fn batch(files: impl IntoIterator<Item = TransformedAst>, removed: &[&str]) -> Arc<Batch> {
    Arc::new(Batch {
        sequence: 0,
        files: files.into_iter().map(Arc::new).collect(),
        removed: removed.iter().map(|path| (*path).into()).collect(),
    })
}

/// A file that defines one function `f`.
fn callee() -> TransformedAst {
    let function = Function { name: "f".into(), symbol: SymbolKey(7), ..Function::default() };
    TransformedAst { functions: vec![function], ..TransformedAst::new("callee".into()) }
}

/// A file that calls `f` of the other.
fn caller() -> TransformedAst {
    let file = FileKey::of(b"callee");
    let target = Target { file, entity: Entity::Function(SymbolKey(7)) };
    let resolution = Resolution::resolved(target, Origin::Import);
    TransformedAst {
        link_hash: Some(crate::id::Digest::of(b"linked")),
        calls: vec![Call { name: "f".into(), resolution, ..Call::default() }],
        dependencies: vec![Dependency {
            dependency_type: DependencyType::FunctionCall,
            target: Some(file),
            status: ResolutionStatus::Resolved,
            strength: 1.0,
            count: 1,
            ..Dependency::default()
        }],
        ..TransformedAst::new("caller".into())
    }
}

async fn connected() -> MemoryBackend {
    let backend = MemoryBackend::new();
    backend.connect().await.unwrap();
    backend
}

async fn load(backend: &MemoryBackend, batch: Arc<Batch>) -> WriteResult {
    backend.write_batch(plan(), batch, publication()).await.unwrap()
}

fn paths(backend: &MemoryBackend) -> Vec<String> {
    let mut paths: Vec<_> = backend.facts(app()).iter().map(|facts| facts.path.to_string()).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn before_connect_and_after_close_nothing_answers() {
    let backend = MemoryBackend::new();
    assert_eq!(backend.manifest(app()).await.unwrap_err().kind(), ErrorKind::NotConnected);
    backend.connect().await.unwrap();
    backend.close().await.unwrap();
    assert_eq!(backend.health_check().await.unwrap_err().kind(), ErrorKind::NotConnected);
}

#[tokio::test]
async fn a_named_backend_is_shared_and_can_be_reopened() {
    let first = MemoryBackend::named("shared_and_reopened");
    first.connect().await.unwrap();
    load(&first, batch([callee()], &[])).await;
    first.close().await.unwrap();
    let second = MemoryBackend::named("shared_and_reopened");
    second.connect().await.unwrap();
    assert_eq!(paths(&second), ["callee"]);
    assert!(!first.is_connected());
}

#[tokio::test]
async fn nothing_is_visible_before_publish_and_all_of_it_after() {
    let backend = connected().await;
    let mut session = backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    session.write_batch(batch([caller()], &[])).await.unwrap();
    assert_eq!(paths(&backend), Vec::<String>::new());
    assert_eq!(backend.repositories().await.unwrap(), []);
    session.publish(publication()).await.unwrap();
    assert_eq!(paths(&backend), ["callee", "caller"]);
}

#[tokio::test]
async fn an_aborted_or_dropped_session_leaves_nothing() {
    let backend = connected().await;
    let mut session = backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    session.abort().await.unwrap();
    drop(backend.begin_load(plan()).await.unwrap());
    assert_eq!(paths(&backend), Vec::<String>::new());
}

#[tokio::test]
async fn the_file_is_the_unit() {
    let backend = connected().await;
    load(&backend, batch([callee(), caller()], &[])).await;
    load(&backend, batch([TransformedAst::new("callee".into())], &["caller"])).await;
    let rows = backend.rows(app()).unwrap();
    assert_eq!(rows[&TableId::Files].len(), 1);
    assert_eq!(rows.get(&TableId::Functions), None);
    assert_eq!(rows.get(&TableId::Calls), None);
}

#[tokio::test]
async fn writing_twice_is_writing_once() {
    let backend = connected().await;
    assert_eq!(load(&backend, batch([callee()], &[])).await.rows, 2);
    let rows = backend.rows(app()).unwrap();
    let again = load(&backend, batch([callee()], &[])).await;
    assert_eq!((again.files, again.rows, again.tables), (1, 0, vec![]));
    assert_eq!(backend.rows(app()).unwrap(), rows);
}

#[tokio::test]
async fn a_file_accepted_twice_in_a_session_is_replaced() {
    let backend = connected().await;
    let mut session = backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    session.write_batch(batch([caller()], &["callee"])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(paths(&backend), ["caller"]);
}

#[tokio::test]
async fn a_reference_that_loses_its_target_is_unresolved_and_owed_again() {
    let backend = connected().await;
    load(&backend, batch([callee(), caller()], &[])).await;
    let manifest = backend.manifest(app()).await.unwrap();
    assert!(!manifest.owes(&caller(), "1"));

    let result = load(&backend, batch([], &["callee"])).await;
    assert_eq!(result.tables, ["calls", "dependencies", "files", "functions"]);
    let held = &backend.facts(app())[0];
    assert_eq!(held.calls[0].resolution, Resolution::default());
    // A call that leads nowhere is no dependency.
    assert_eq!(held.dependencies, []);
    let manifest = backend.manifest(app()).await.unwrap();
    assert_eq!(manifest.files[&FileKey::of(b"caller")].link_hash, None);
    assert!(manifest.owes(&caller(), "1"));
    assert!(backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_lost_symbol_takes_the_dependency_that_its_calls_made() {
    let backend = connected().await;
    load(&backend, batch([callee(), caller()], &[])).await;
    load(&backend, batch([TransformedAst::new("callee".into())], &[])).await;
    let facts = backend.facts(app());
    let caller = facts.iter().find(|facts| facts.path.as_str() == "caller").unwrap();
    assert_eq!(caller.calls[0].resolution.target, None);
    assert_eq!(caller.dependencies, []);
}

#[tokio::test]
async fn facts_without_a_content_hash_stay_themselves_when_a_target_goes() {
    let backend = connected().await;
    load(&backend, batch([callee(), caller()], &[])).await;
    load(&backend, batch([], &["callee"])).await;
    let manifest = backend.manifest(app()).await.unwrap();
    assert_eq!(manifest.files[&FileKey::of(b"caller")].content_hash, caller().content_identity());
}

#[tokio::test]
async fn any_order_and_any_batches_give_the_same_rows() {
    let (one, two) = (connected().await, connected().await);
    load(&one, batch([callee(), caller()], &[])).await;
    let mut session = two.begin_load(plan()).await.unwrap();
    session.write_batch(batch([caller()], &[])).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(one.rows(app()).unwrap(), two.rows(app()).unwrap());
}

#[tokio::test]
async fn publishing_again_is_answered_by_the_marker() {
    let backend = connected().await;
    let publication = publication();
    let mut session = backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    assert!(matches!(session.publish(publication.clone()).await.unwrap(), PublishResult::Published(_)));
    assert_eq!(session.publish(publication.clone()).await.unwrap(), PublishResult::AlreadyPublished);
    let mut session = backend.begin_load(plan()).await.unwrap();
    assert_eq!(session.publish(publication).await.unwrap(), PublishResult::AlreadyPublished);
}

#[tokio::test]
async fn a_newer_session_fences_the_older_without_effect() {
    let backend = connected().await;
    let mut old = backend.begin_load(plan()).await.unwrap();
    old.write_batch(batch([callee()], &[])).await.unwrap();
    let mut new = backend.begin_load(plan()).await.unwrap();
    assert_eq!(old.write_batch(batch([], &["x"])).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(old.publish(publication()).await.unwrap_err().kind(), ErrorKind::Fenced);
    new.publish(publication()).await.unwrap();
    assert_eq!(paths(&backend), Vec::<String>::new());
}

#[tokio::test]
async fn other_repositories_are_not_disturbed() {
    let backend = connected().await;
    let mut session = backend.begin_load(plan()).await.unwrap();
    let other = LoadPlan::partial(Repository::named("other"), "1");
    backend.write_ast(other, caller()).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(paths(&backend), ["callee"]);
    assert_eq!(backend.repositories().await.unwrap().len(), 2);
    assert!(backend.remove_repository(app()).await.unwrap());
    assert!(!backend.remove_repository(app()).await.unwrap());
    assert_eq!(backend.repositories().await.unwrap().len(), 1);
}

#[tokio::test]
async fn refused_data_leaves_the_session_as_it_was() {
    let backend = connected().await;
    let mut session = backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch([callee()], &[])).await.unwrap();
    let wrong = Call { function: Some(9), ..Call::default() };
    let wrong = TransformedAst { calls: vec![wrong], ..TransformedAst::new("wrong".into()) };
    let error = session.write_batch(batch([caller(), wrong], &[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    session.publish(publication()).await.unwrap();
    assert_eq!(paths(&backend), ["callee"]);
}

#[tokio::test]
async fn an_empty_session_records_a_snapshot_that_differs_and_no_other() {
    let backend = connected().await;
    for (commit, expected) in [("1", "1"), ("1", "1"), ("2", "2")] {
        let publication = on_commit(commit);
        let before = backend.repositories().await.unwrap();
        backend.begin_load(plan()).await.unwrap().publish(publication).await.unwrap();
        let after = backend.repositories().await.unwrap();
        assert_eq!(after[0].snapshot.as_ref().unwrap().commit.as_deref(), Some(expected));
        let had_it = before.first().is_some_and(|held| held.snapshot == after[0].snapshot);
        assert_eq!(had_it, before == after);
    }
}

#[tokio::test]
async fn another_source_under_the_same_name_is_refused_unless_allowed() {
    let backend = connected().await;
    let from = |remote: &str| LoadPlan {
        repository: Repository { remote: Some(remote.into()), ..Repository::named("app") },
        ..plan()
    };
    backend.write_ast(from("x"), callee()).await.unwrap();
    assert_eq!(backend.begin_load(from("y")).await.unwrap_err().kind(), ErrorKind::Configuration);
    let allowed = LoadPlan { allow_other_source: true, ..from("y") };
    backend.write_ast(allowed, callee()).await.unwrap();
    assert_eq!(backend.repositories().await.unwrap()[0].repository.remote.as_deref(), Some("y"));
}

#[tokio::test]
async fn sql_is_not_offered() {
    let backend = connected().await;
    let error = backend.execute_sql_query(SqlQuery::new("SELECT 1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
