//! The months in which history is kept.

use std::sync::Arc;

use snake_pipe_core::{DatabaseBackend as _, MigrateMode, load::LoadPlan};

use crate::support::{
    app, backend, backend_with, batch, complete, connect, count, library, load, publication, rows, two_files,
    url_of_new_role,
};

const PARTITIONS: &str = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('file_history'::regclass, 'function_history'::regclass) ORDER BY c.relname COLLATE \"C\"";

/// `DEFAULT`, this month and the next, of both tables.
const WANTED: &str = "SELECT t || s FROM (VALUES ('file_history'), ('function_history')) n (t),
    (VALUES ('_default'), (to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')),
            (to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month', '_YYYY_MM'))) m (s)
    ORDER BY (t || s) COLLATE \"C\"";

#[tokio::test]
async fn this_month_and_the_next_have_partitions_and_old_ones_are_dropped() {
    let (database, backend) = backend().await;
    assert_eq!(rows(&backend, PARTITIONS).await, rows(&backend, WANTED).await);
    database
        .psql(
            "CREATE TABLE file_history_2001_02 PARTITION OF file_history FOR VALUES FROM ('2001-02-01Z') TO ('2001-03-01Z');
             INSERT INTO file_history (snapshot_id, file_id, repository_id, file_path, language, change, changed_at)
             VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'old.py', 'python', 'added', '2001-02-03Z')",
        )
        .unwrap();
    load(&backend, complete(&two_files()), &two_files()).await;
    assert_eq!(rows(&backend, PARTITIONS).await, rows(&backend, WANTED).await);
    assert_eq!(count(&backend, "SELECT count(*) FROM file_history").await, 0);
}

#[tokio::test]
async fn history_is_kept_for_ever_where_that_is_asked_for() {
    let (database, backend) = backend_with("history_retention_days=0").await;
    database
        .psql("CREATE TABLE file_history_2001_02 PARTITION OF file_history FOR VALUES FROM ('2001-02-01Z') TO ('2001-03-01Z')")
        .unwrap();
    backend.migrate(MigrateMode::Apply).await.unwrap();
    assert!(rows(&backend, PARTITIONS).await.contains(&"file_history_2001_02".to_owned()));
}

#[tokio::test]
async fn a_writer_that_cannot_make_months_writes_all_the_same_and_an_owner_moves_the_rows() {
    let (database, backend) = backend().await;
    load(&backend, complete(&two_files()), &two_files()).await;
    database
        .psql(
            "DO $$ DECLARE name text; BEGIN
                 FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                     WHERE i.inhparent IN ('file_history'::regclass, 'function_history'::regclass)
                       AND c.relname NOT LIKE '%default'
                 LOOP EXECUTE 'DROP TABLE ' || quote_ident(name); END LOOP;
             END $$",
        )
        .unwrap();
    let (url, role) = url_of_new_role(&database);
    database
        .psql(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
        .unwrap();
    let writer = connect(&url).await;
    let more = vec![Arc::new(library("more.py"))];
    load(&writer, LoadPlan::partial(app(), "1"), &more).await;
    let waiting = "SELECT count(*) FROM file_history_default";
    assert_eq!(count(&backend, waiting).await, 1);
    backend.migrate(MigrateMode::Apply).await.unwrap();
    assert_eq!(count(&backend, waiting).await, 0);
    assert_eq!(rows(&backend, "SELECT file_path, change FROM file_history").await, ["more.py|added"]);
    assert_eq!(rows(&backend, PARTITIONS).await, rows(&backend, WANTED).await);
}

#[tokio::test]
async fn a_large_load_of_a_repository_that_was_emptied_is_history() {
    let (_database, backend) = backend_with("partition_rows=1").await;
    load(&backend, complete(&two_files()), &two_files()).await;
    load(&backend, complete(&[]), &[]).await;
    let plan = LoadPlan { estimated_rows: 1_000_000, ..complete(&two_files()) };
    let mut session = backend.begin_load(plan).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    session.publish(publication()).await.unwrap();
    let history = "SELECT file_path, change, count(*) FROM file_history GROUP BY 1, 2 ORDER BY 1, 2";
    assert_eq!(
        rows(&backend, history).await,
        ["app.py|added|1", "app.py|removed|1", "lib.py|added|1", "lib.py|removed|1"]
    );
    let functions = "SELECT qualified_name, change FROM function_history ORDER BY 1, 2";
    assert_eq!(rows(&backend, functions).await, ["f|added", "f|removed", "main|added", "main|removed"]);
}
