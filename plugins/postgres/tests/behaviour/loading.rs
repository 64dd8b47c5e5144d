//! What a load session promises, in place.

use std::sync::Arc;

use crate::support::{
    app_id, backend, batch, complete, count, function, library, load, partial, publication, removal, rows,
    two_files, user,
};
use snake_pipe_core::{
    DatabaseBackend as _, ErrorKind,
    id::Digest,
    load::{LoadPlan, PublishResult, Repository},
    model::TransformedAst,
};
use snake_pipe_testkit::fixtures::Generator;

const REFERENCES: &str = "
    SELECT 'import', status, origin, target_file_id IS NULL FROM imports
    UNION ALL SELECT 'base', status, origin, target_class_id IS NULL FROM inheritance
    UNION ALL SELECT 'call', status, origin, target_function_id IS NULL FROM calls ORDER BY 1";

#[tokio::test]
async fn what_is_published_is_in_the_manifest() {
    let (_database, backend) = backend().await;
    let files = two_files();
    let result = load(&backend, complete(&files), &files).await;
    assert_eq!(result.files, 2);
    let manifest = backend.manifest(app_id()).await.unwrap();
    assert!(files.iter().all(|facts| !manifest.owes(facts, "1")));
    assert_eq!(backend.repositories().await.unwrap()[0].repository.name, "app");
}

#[tokio::test]
async fn queries_after_the_first_load_have_statistics_to_plan_by() {
    let (_database, backend) = backend().await;
    let files: Vec<_> = Generator::new(1, 200).facts().into_iter().map(Arc::new).collect();
    load(&backend, complete(&files), &files).await;
    let known = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'files_default'::regclass";
    assert_eq!(count(&backend, known).await, 200);
}

#[tokio::test]
async fn nothing_is_visible_before_publish() {
    let (_database, backend) = backend().await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    assert_eq!(count(&backend, "SELECT count(*) FROM files").await, 0);
    assert_eq!(backend.repositories().await.unwrap(), []);
    session.abort().await.unwrap();
    assert!(backend.manifest(app_id()).await.unwrap().files.is_empty());
}

#[tokio::test]
async fn writing_twice_is_writing_once() {
    let (_database, backend) = backend().await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    let all = "SELECT file_id, created_at, updated_at, xmin FROM files ORDER BY 1";
    let before = rows(&backend, all).await;
    let again = load(&backend, complete(&files), &files).await;
    assert_eq!((again.rows, rows(&backend, all).await), (0, before));
}

#[tokio::test]
async fn only_rows_that_differ_are_touched() {
    let (_database, backend) = backend().await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    let versions = "SELECT name, created_at, xmin FROM functions ORDER BY name";
    let before = rows(&backend, versions).await;
    let mut changed = library("lib.py");
    changed.functions[0].complexity = Some(9);
    changed.functions.push(function("g"));
    load(&backend, partial(), &[Arc::new(changed)]).await;
    let after = rows(&backend, versions).await;
    assert_eq!(
        rows(&backend, "SELECT name, complexity FROM functions ORDER BY 1").await,
        ["f|9", "g|1", "main|1"]
    );
    assert_eq!(after[2], before[1], "main was not touched");
    let (f_before, f_after) = (before[0].split('|').nth(1), after[0].split('|').nth(1));
    assert_eq!(f_before, f_after, "an updated row keeps when it was created");
}

#[tokio::test]
async fn a_reference_whose_target_goes_is_unresolved_and_asks_for_linking() {
    let (_database, backend) = backend().await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    assert_eq!(
        rows(&backend, REFERENCES).await,
        ["base|resolved|import|false", "call|resolved|import|false", "import|resolved|import|false"]
    );
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(removal(&["lib.py"])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(
        rows(&backend, REFERENCES).await,
        ["base|unresolved|none|true", "call|unresolved|none|true", "import|unresolved|none|true"]
    );
    assert_eq!(
        rows(&backend, "SELECT DISTINCT status, target_file_id FROM dependencies").await,
        ["unresolved|"]
    );
    let manifest = backend.manifest(app_id()).await.unwrap();
    assert_eq!(manifest.files.len(), 1);
    assert!(manifest.files.values().all(|entry| entry.link_hash.is_none()));
}

#[tokio::test]
async fn a_function_that_goes_takes_its_callers_resolution_along() {
    let (_database, backend) = backend().await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    let without = TransformedAst { functions: vec![function("renamed")], ..library("lib.py") };
    load(&backend, partial(), &[Arc::new(without)]).await;
    assert_eq!(rows(&backend, "SELECT callee_name, status FROM calls").await, ["f|unresolved"]);
    assert_eq!(rows(&backend, "SELECT status FROM imports").await, ["resolved"]);
}

#[tokio::test]
async fn a_reference_to_what_is_not_loaded_is_kept_without_its_target() {
    let (_database, backend) = backend().await;
    load(&backend, partial(), &[Arc::new(user("app.py", "lib.py"))]).await;
    assert_eq!(rows(&backend, "SELECT callee_name, status FROM calls").await, ["f|unresolved"]);
    let files = two_files();
    let manifest = backend.manifest(app_id()).await.unwrap();
    assert!(manifest.owes(&files[1], "1"), "the file is owed again");
    load(&backend, complete(&files), &files).await;
    assert_eq!(rows(&backend, "SELECT callee_name, status FROM calls").await, ["f|resolved"]);
}

#[tokio::test]
async fn a_complete_load_removes_what_it_does_not_list() {
    let (_database, backend) = backend().await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    load(&backend, complete(&files[..1]), &[]).await;
    assert_eq!(rows(&backend, "SELECT file_path FROM files").await, ["lib.py"]);
    for table in ["calls", "imports", "inheritance", "dependencies"] {
        assert_eq!(count(&backend, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn publishing_again_with_the_same_marker_does_nothing() {
    let (_database, backend) = backend().await;
    let publication = publication();
    for expected in [true, false] {
        let mut session = backend.begin_load(partial()).await.unwrap();
        session.write_batch(batch(&two_files())).await.unwrap();
        let result = session.publish(publication.clone()).await.unwrap();
        assert_eq!(matches!(result, PublishResult::Published(_)), expected);
    }
    assert_eq!(count(&backend, "SELECT count(*) FROM snapshots").await, 1);
}

#[tokio::test]
async fn a_session_without_a_batch_records_a_snapshot_only_if_it_differs() {
    let (_database, backend) = backend().await;
    load(&backend, partial(), &two_files()).await;
    for (commit, snapshots) in [(None, 1), (Some("abc"), 2), (Some("abc"), 2)] {
        let mut session = backend.begin_load(partial()).await.unwrap();
        let mut publication = publication();
        publication.snapshot.commit = commit.map(str::to_owned);
        session.publish(publication).await.unwrap();
        assert_eq!(count(&backend, "SELECT count(*) FROM snapshots").await, snapshots);
    }
}

#[tokio::test]
async fn an_older_session_is_fenced() {
    let (_database, backend) = backend().await;
    let mut older = backend.begin_load(partial()).await.unwrap();
    older.write_batch(batch(&two_files())).await.unwrap();
    let mut newer = backend.begin_load(partial()).await.unwrap();
    assert_eq!(older.publish(publication()).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(count(&backend, "SELECT count(*) FROM files").await, 0);
    newer.write_batch(batch(&two_files())).await.unwrap();
    newer.publish(publication()).await.unwrap();
    assert_eq!(count(&backend, "SELECT count(*) FROM files").await, 2);
}

#[tokio::test]
async fn the_same_name_from_another_source_is_refused_unless_allowed() {
    let (_database, backend) = backend().await;
    let from = |remote: &str| {
        let mut plan = partial();
        plan.repository.remote = Some(remote.into());
        plan
    };
    load(&backend, from("one"), &two_files()).await;
    let error = backend.begin_load(from("other")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help().unwrap().contains("--allow-other-source"));
    let mut plan = from("other");
    plan.allow_other_source = true;
    load(&backend, plan, &two_files()).await;
    assert_eq!(backend.repositories().await.unwrap()[0].repository.remote.as_deref(), Some("other"));
}

#[tokio::test]
async fn facts_that_the_tables_cannot_hold_are_refused_and_leave_the_session_as_it_was() {
    let (_database, backend) = backend().await;
    let twins = TransformedAst { functions: vec![function("f"), function("f")], ..library("twins.py") };
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&[Arc::new(library("lib.py"))])).await.unwrap();
    let error = session.write_batch(batch(&[Arc::new(library("b.py")), Arc::new(twins)])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    session.publish(publication()).await.unwrap();
    assert_eq!(rows(&backend, "SELECT file_path FROM files").await, ["lib.py"]);
}

#[tokio::test]
async fn a_load_tells_its_transaction_and_its_bytes_in_place_and_aside() {
    let (_database, backend) = backend().await;
    let files = two_files();
    for (name, estimated_rows) in [("in place", 0), ("aside", u64::MAX)] {
        let keys = files.iter().map(|facts| facts.key());
        let plan = LoadPlan { estimated_rows, ..LoadPlan::complete(Repository::named(name), "1", keys) };
        let result = load(&backend, plan, &files).await;
        let transaction = result.transaction.expect("a load that wrote has one");
        let status = rows(&backend, &format!("SELECT pg_xact_status('{transaction}'::xid8)")).await;
        assert_eq!((status, result.bytes > 500), (vec!["committed".to_owned()], true), "{name}");
        let told: Vec<_> = result.phases.iter().map(|phase| &*phase.phase).collect();
        assert!(told.contains(&"commit") && told.contains(&"derived tables"), "{name}: {told:?}");
    }
    let again = load(&backend, complete(&files), &files).await;
    assert!(again.bytes > 500, "another repository: {again:?}");
    let nothing = load(&backend, complete(&files), &files).await;
    assert_eq!((nothing.transaction, nothing.bytes), (None, 0));
}

#[tokio::test]
async fn a_change_that_only_shifts_lines_leaves_derived_tables_as_they_are() {
    const DERIVED: &str = "SELECT 'in', call_sites, xmin::text FROM function_fan_in
        UNION ALL SELECT 'out', call_sites, xmin::text FROM function_fan_out ORDER BY 1";
    const CURRENT: &str = "SELECT DISTINCT d.snapshot_id = r.snapshot_id FROM derived_tables d
        JOIN repositories r ON r.repository_id = d.repository_id";
    let (_database, backend) = backend().await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    let before = rows(&backend, DERIVED).await;
    assert_eq!(before.len(), 2);
    let mut shifted = user("app.py", "lib.py");
    shifted.content_hash = Some(Digest::of(b"shifted"));
    shifted.calls[0].line = 5;
    let result = load(&backend, partial(), &[Arc::new(shifted.clone())]).await;
    assert_eq!(result.tables, ["calls", "files"]);
    assert_eq!(
        (rows(&backend, DERIVED).await, rows(&backend, CURRENT).await),
        (before, vec!["true".to_owned()])
    );
    // A call that is gone is counted no more.
    shifted.content_hash = Some(Digest::of(b"without"));
    shifted.calls.clear();
    load(&backend, partial(), &[Arc::new(shifted)]).await;
    assert_eq!(rows(&backend, DERIVED).await, [""; 0]);
}
