//! The promises of the contract that are about one backend's rows.

use super::fixture::{Fixture, app, batch, caller, file, file_with, plan, plan_of, publication};
use snake_pipe_core::{
    DatabaseBackend, ErrorKind, IntegrityScope, Value,
    id::FileKey,
    load::{LoadPlan, Publication, PublishResult, Repository, Snapshot},
    model::{Metric, TransformedAst},
};

#[tokio::test]
async fn after_a_write_the_rows_of_a_file_are_its_facts() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f", "g"]), file("b")], &[]).await;
    fixture.load(&[file_with("a", &["g", "h"])], &["b"]).await;
    assert_eq!(fixture.paths().await, ["a"]);
    let names = fixture.rows("SELECT name FROM functions ORDER BY name").await;
    assert_eq!(names, [[Value::Text("g".into())], [Value::Text("h".into())]]);
}

#[tokio::test]
async fn writing_twice_touches_no_row() {
    let fixture = Fixture::new().await;
    let files = [file_with("a", &["f"]), caller("b", "a", "f")];
    let first = fixture.load(&files, &[]).await;
    assert_eq!((first.files, first.rows), (2, 5));
    assert_eq!(first.tables, ["calls", "dependencies", "files", "functions"]);
    let times = fixture.rows("SELECT created_at, updated_at FROM files ORDER BY file_id").await;
    let second = fixture.load(&files, &[]).await;
    assert_eq!((second.files, second.rows, second.tables), (2, 0, vec![]));
    assert_eq!(fixture.rows("SELECT created_at, updated_at FROM files ORDER BY file_id").await, times);
}

#[tokio::test]
async fn only_rows_that_differ_are_touched_and_keep_their_creation() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f", "g"])], &[]).await;
    let mut changed = file_with("a", &["f", "g"]);
    changed.functions[1].complexity = Some(99);
    let result = fixture.load(&[changed], &[]).await;
    // The file too: its digest is that of the facts.
    assert_eq!((result.rows, result.tables), (2, vec!["files".to_owned(), "functions".to_owned()]));
    let sql = "SELECT name, complexity, created_at = updated_at FROM functions ORDER BY name";
    let rows: Vec<_> =
        fixture.rows(sql).await.iter().map(|row| format!("{} {} {}", row[0], row[1], row[2])).collect();
    assert_eq!(rows, ["f 1 1", "g 99 0"]);
}

#[tokio::test]
async fn a_reference_that_loses_its_target_is_unresolved_and_owed_again() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"]), caller("b", "a", "f")], &[]).await;
    let result = fixture.load(&[], &["a"]).await;
    assert_eq!(result.tables, ["calls", "dependencies", "files", "functions"]);
    let calls = fixture
        .rows("SELECT status, origin, candidates, target_file_id, target_function_id FROM calls")
        .await;
    assert_eq!(
        calls[0][..3],
        [Value::Text("unresolved".into()), Value::Text("none".into()), Value::Integer(0)]
    );
    assert_eq!(calls[0][3..], [Value::Null, Value::Null]);
    // A call that leads nowhere is no dependency.
    assert_eq!(fixture.number("SELECT count(*) FROM dependencies").await, 0);
    let manifest = fixture.backend.manifest(app()).await.unwrap();
    assert_eq!(manifest.files[&FileKey::of(b"b")].link_hash, None);
    assert!(fixture.backend.check_integrity(IntegrityScope::All).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_lost_function_takes_the_dependency_that_its_calls_made() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"]), caller("b", "a", "f")], &[]).await;
    fixture.load(&[file_with("a", &["g"])], &[]).await;
    assert_eq!(fixture.number("SELECT count(*) FROM calls WHERE status = 'unresolved'").await, 1);
    assert_eq!(fixture.number("SELECT count(*) FROM dependencies").await, 0);
    assert!(fixture.backend.check_integrity(IntegrityScope::Repository(app())).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_reference_to_what_is_nowhere_is_unresolved_when_it_is_written() {
    let fixture = Fixture::new().await;
    let dangling = [caller("b", "a", "f")];
    fixture.load(&dangling, &[]).await;
    assert_eq!(fixture.number("SELECT count(*) FROM calls WHERE status = 'unresolved'").await, 1);
    assert_eq!(fixture.number("SELECT count(*) FROM files WHERE link_hash IS NULL").await, 1);
    assert_eq!(fixture.load(&dangling, &[]).await.rows, 0, "writing twice is writing once");
    fixture.load(&[file_with("a", &["f"]), dangling[0].clone()], &[]).await;
    assert_eq!(fixture.number("SELECT count(*) FROM calls WHERE status = 'resolved'").await, 1);
}

#[tokio::test]
async fn a_file_accepted_again_is_replaced() {
    let fixture = Fixture::new().await;
    let mut session = fixture.backend.begin_load(plan()).await.unwrap();
    session
        .write_batch(batch(&[file_with("a", &["f"]), file("b"), caller("c", "a", "f")], &[]))
        .await
        .unwrap();
    session.write_batch(batch(&[file_with("a", &["g"])], &["b"])).await.unwrap();
    session.write_batch(batch(&[file("d")], &["e"])).await.unwrap();
    session.write_batch(batch(&[file("e")], &["d"])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(fixture.paths().await, ["a", "c", "e"]);
    assert_eq!(fixture.rows("SELECT name FROM functions").await, [[Value::Text("g".into())]]);
    assert_eq!(fixture.number("SELECT count(*) FROM calls WHERE status = 'unresolved'").await, 1);
}

#[tokio::test]
async fn a_complete_load_removes_what_it_does_not_list() {
    let fixture = Fixture::new().await;
    fixture.load(&[file("a"), file("b"), file("c")], &[]).await;
    let keys = ["b", "d"].map(|path| FileKey::of(path.as_bytes()));
    let plan = LoadPlan::complete(Repository::named("app"), "1", keys);
    let result = fixture.backend.write_batch(plan, batch(&[file("d")], &[]), publication()).await.unwrap();
    assert_eq!((result.files, fixture.paths().await), (3, vec!["b".to_owned(), "d".to_owned()]));
}

#[tokio::test]
async fn nothing_is_visible_before_publish_and_nothing_after_abort_or_drop() {
    let fixture = Fixture::new().await;
    let mut session = fixture.backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&[file("a")], &[])).await.unwrap();
    assert!(fixture.paths().await.is_empty());
    assert!(fixture.backend.repositories().await.unwrap().is_empty());
    session.abort().await.unwrap();
    let mut session = fixture.backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&[file("a")], &[])).await.unwrap();
    drop(session);
    assert!(fixture.paths().await.is_empty());
}

#[tokio::test]
async fn publishing_again_is_answered_by_the_marker() {
    let fixture = Fixture::new().await;
    let publication = publication();
    let mut session = fixture.backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&[file("a")], &[])).await.unwrap();
    assert!(matches!(session.publish(publication.clone()).await.unwrap(), PublishResult::Published(_)));
    assert_eq!(session.publish(publication.clone()).await.unwrap(), PublishResult::AlreadyPublished);
    fixture.load(&[file("b")], &[]).await;
    let mut later = fixture.another().await.begin_load(plan()).await.unwrap();
    assert_eq!(later.publish(publication).await.unwrap(), PublishResult::AlreadyPublished);
}

#[tokio::test]
async fn a_session_goes_on_after_publishing() {
    let fixture = Fixture::new().await;
    let mut session = fixture.backend.begin_load(plan()).await.unwrap();
    session.write_batch(batch(&[file("a")], &[])).await.unwrap();
    session.publish(publication()).await.unwrap();
    fixture.backend.remove_repository(plan_of("other").repository.id()).await.unwrap();
    session.write_batch(batch(&[file("b")], &["a"])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(fixture.paths().await, ["b"]);
}

#[tokio::test]
async fn an_empty_session_records_only_a_state_that_differs() {
    let fixture = Fixture::new().await;
    let mut markers = Vec::new();
    for commit in ["1", "1", "2"] {
        let snapshot = Snapshot { commit: Some(commit.into()), is_dirty: Some(false), ..Snapshot::default() };
        let publication = Publication { snapshot: snapshot.clone(), ..publication() };
        fixture.backend.begin_load(plan()).await.unwrap().publish(publication).await.unwrap();
        let stored = fixture.backend.repositories().await.unwrap().remove(0);
        assert_eq!(stored.snapshot, Some(snapshot));
        markers.push(stored.marker);
    }
    assert_eq!(markers[0], markers[1]);
    assert_ne!(markers[1], markers[2]);
    assert_eq!(fixture.number("SELECT count(*) FROM snapshots").await, 2);
}

#[tokio::test]
async fn a_newer_session_fences_the_older_without_effect() {
    let fixture = Fixture::new().await;
    let mut old = fixture.backend.begin_load(plan()).await.unwrap();
    old.write_batch(batch(&[file("a")], &[])).await.unwrap();
    let mut new = fixture.another().await.begin_load(plan()).await.unwrap();
    assert_eq!(old.write_batch(batch(&[file("b")], &[])).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(old.publish(publication()).await.unwrap_err().kind(), ErrorKind::Fenced);
    new.write_batch(batch(&[file("c")], &[])).await.unwrap();
    new.publish(publication()).await.unwrap();
    assert_eq!(fixture.paths().await, ["c"]);
}

#[tokio::test]
async fn another_source_under_the_same_name_is_refused_unless_allowed() {
    let fixture = Fixture::new().await;
    let from = |remote: &str| LoadPlan {
        repository: Repository { remote: Some(remote.into()), ..Repository::named("app") },
        ..plan()
    };
    fixture.backend.write_batch(from("x"), batch(&[file("a")], &[]), publication()).await.unwrap();
    let error = fixture.backend.begin_load(from("y")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help().unwrap().contains("--allow-other-source"));
    let allowed = LoadPlan { allow_other_source: true, ..from("y") };
    fixture.backend.write_batch(allowed, batch(&[file("a")], &[]), publication()).await.unwrap();
    let stored = fixture.backend.repositories().await.unwrap().remove(0);
    assert_eq!(stored.repository.remote.as_deref(), Some("y"));
}

#[tokio::test]
async fn removing_a_repository_leaves_the_others_and_fences_its_sessions() {
    let fixture = Fixture::new().await;
    fixture.load(&[file_with("a", &["f"]), caller("b", "a", "f")], &[]).await;
    fixture.backend.write_batch(plan_of("other"), batch(&[file("o")], &[]), publication()).await.unwrap();
    let mut open = fixture.backend.begin_load(plan()).await.unwrap();
    assert!(fixture.backend.remove_repository(app()).await.unwrap());
    assert!(!fixture.backend.remove_repository(app()).await.unwrap());
    assert_eq!(open.publish(publication()).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(fixture.paths().await, ["o"]);
    assert_eq!(fixture.number("SELECT count(*) FROM functions").await, 0);
    assert_eq!(fixture.backend.repositories().await.unwrap().len(), 1);
}

#[tokio::test]
async fn metrics_whose_names_are_equal_once_they_are_cut_stay_two() {
    let fixture = Fixture::new().await;
    let metric = |end: &str| Metric { name: format!("{}{end}", "m".repeat(1000)), ..Metric::default() };
    let facts = TransformedAst { metrics: vec![metric("1"), metric("2")], ..file("a") };
    fixture.load(std::slice::from_ref(&facts), &[]).await;
    let names = "SELECT count(DISTINCT metric_name) FROM metrics WHERE length(metric_name) = 1000";
    assert_eq!(fixture.number(names).await, 2);
    let issue = "SELECT count(*) FROM parse_issues WHERE kind = 'truncated'";
    assert_eq!(fixture.number(issue).await, 1);
    assert_eq!(fixture.load(&[facts], &[]).await.rows, 0);
}

#[tokio::test]
async fn before_connect_and_after_close_nothing_answers() {
    let fixture = Fixture::new().await;
    let mut session = fixture.backend.begin_load(plan()).await.unwrap();
    fixture.backend.close().await.unwrap();
    assert!(!fixture.backend.is_connected());
    assert_eq!(fixture.backend.manifest(app()).await.unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(session.publish(publication()).await.unwrap_err().kind(), ErrorKind::NotConnected);
    fixture.backend.close().await.unwrap();
    fixture.backend.connect().await.unwrap();
    assert!(fixture.backend.manifest(app()).await.is_ok());
}
