//! Large repositories: partitions of their own, made aside and attached.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend as _, ErrorKind,
    load::{LoadPlan, PublishResult, Repository},
    schema::{TABLES, Unit},
};
use snake_pipe_testkit::postgres::TestDatabase;

use crate::support::{
    app_id, backend, backend_with, batch, complete, count, library, load, partial, publication, removal,
    rows, two_files, user,
};

/// A backend whose every new repository gets partitions of its own.
const COLD: &str = "partition_rows=0";

async fn own_partitions(backend: &snake_pipe_postgres::PostgresBackend) -> i64 {
    count(
        backend,
        "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND relname NOT LIKE '%default'
             AND relname NOT LIKE '%history%'",
    )
    .await
}

fn tables_of_files() -> usize {
    TABLES.iter().filter(|table| table.unit == Unit::File).count()
}

/// All rows of all tables but for the times of writing.
async fn everything(backend: &snake_pipe_postgres::PostgresBackend) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES.iter().filter(|table| table.unit == Unit::File) {
        let columns: Vec<_> = table
            .columns
            .iter()
            .filter(|column| !column.volatile)
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let sql = format!(
            "SELECT '{0}', {1} FROM {0} ORDER BY {2}",
            table.name,
            columns.join(", "),
            table.key.join(", ")
        );
        all.extend(rows(backend, &sql).await);
    }
    all
}

#[tokio::test]
async fn a_large_new_repository_gets_partitions_with_the_same_rows() {
    let (_one, cold) = backend_with(COLD).await;
    let (_other, in_place) = backend().await;
    let files = two_files();
    load(&cold, complete(&files), &files).await;
    load(&in_place, complete(&files), &files).await;
    assert_eq!(own_partitions(&cold).await, tables_of_files() as i64);
    assert_eq!(own_partitions(&in_place).await, 0);
    assert_eq!(everything(&cold).await, everything(&in_place).await);
    assert_eq!(count(&cold, "SELECT count(*) FROM ONLY files_default").await, 0);
}

#[tokio::test]
async fn partitions_have_the_indexes_and_keys_of_the_default_one() {
    let (_database, backend) = backend_with(COLD).await;
    load(&backend, partial(), &two_files()).await;
    let own = "regexp_replace(t.relname, '_(default|[0-9]{16}_[0-9a-f]{6})$', '')";
    let (is_default, of_files) = ("t.relname LIKE '%default'", "t.relname NOT LIKE '%history%'");
    let indexes = format!(
        "SELECT {own}, i.indkey, i.indisunique, i.indisprimary, pg_get_expr(i.indpred, i.indrelid), {is_default}
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relispartition AND t.relkind = 'r'
           AND {of_files} ORDER BY 1, 2, 5"
    );
    let keys = format!(
        "SELECT {own}, c.contype, c.conkey, c.condeferred,
                regexp_replace(c.confrelid::regclass::text, '_(default|[0-9]{{16}}_[0-9a-f]{{6}})$', ''), {is_default}
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE t.relispartition AND t.relkind = 'r'
           AND {of_files} ORDER BY 1, 2, 3, 5"
    );
    for question in [indexes, keys] {
        let all = rows(&backend, &question).await;
        let side = |default: &str| -> Vec<String> {
            all.iter().filter_map(|row| row.strip_suffix(default).map(str::to_owned)).collect()
        };
        assert!(!side("|true").is_empty());
        assert_eq!(side("|true"), side("|false"));
    }
}

#[tokio::test]
async fn indexes_that_an_option_or_somebody_asks_for_stand_on_the_partitions_too() {
    let (database, backend) = backend_with(&format!("{COLD}&ast_index=on&search_index=on")).await;
    let own = "CREATE INDEX \"my USING own\" ON functions (lower(qualified_name) DESC) WHERE NOT is_test";
    database.psql(own).unwrap();
    load(&backend, partial(), &two_files()).await;
    let found = "SELECT regexp_replace(x.relname, '_[0-9]{16}_[0-9a-f]{6}', ''), p.relname
                 FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
                 JOIN pg_inherits h ON h.inhrelid = x.oid JOIN pg_class p ON p.oid = h.inhparent
                 WHERE c.relname ~ '^(files|functions|classes)_[0-9]{16}' AND p.relname ~ '(trigrams|ast_content|own)'
                   AND i.indisvalid
                 ORDER BY p.relname COLLATE \"C\"";
    assert_eq!(
        rows(&backend, found).await,
        [
            "classes_lower_idx|classes_name_trigrams_idx",
            "files_ast_content_idx|files_ast_content_idx",
            "files_lower_idx|files_path_trigrams_idx",
            "functions_lower_idx|functions_name_trigrams_idx",
            "functions_lower_idx1|my USING own",
        ]
    );
}

#[tokio::test]
async fn later_loads_write_in_place_into_the_partitions() {
    let (_database, backend) = backend_with(COLD).await;
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    let again = load(&backend, complete(&files), &files).await;
    assert_eq!(again.rows, 0);
    load(&backend, partial(), &[Arc::new(library("new.py"))]).await;
    assert_eq!(own_partitions(&backend).await, tables_of_files() as i64);
    assert_eq!(count(&backend, "SELECT count(*) FROM ONLY files_default").await, 0);
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 3);
}

#[tokio::test]
async fn a_repository_that_is_removed_takes_its_partitions_along() {
    let (_database, backend) = backend_with(COLD).await;
    load(&backend, partial(), &two_files()).await;
    assert!(backend.remove_repository(app_id()).await.unwrap());
    assert_eq!(own_partitions(&backend).await, 0);
    assert_eq!(everything(&backend).await, Vec::<String>::new());
    load(&backend, partial(), &two_files()).await;
    assert_eq!(own_partitions(&backend).await, tables_of_files() as i64);
}

#[tokio::test]
async fn references_to_what_is_not_there_are_unresolved_before_attaching() {
    let (_database, backend) = backend_with(COLD).await;
    let files =
        [Arc::new(user("a.py", "missing.py")), Arc::new(user("b.py", "lib.py")), Arc::new(library("lib.py"))];
    load(&backend, partial(), &files).await;
    let statuses =
        "SELECT f.file_path, c.status, i.status, h.status, d.status, f.link_hash IS NULL FROM files f
        JOIN calls c USING (file_id) JOIN imports i USING (file_id) JOIN inheritance h USING (file_id)
        JOIN dependencies d ON d.source_file_id = f.file_id AND d.dependency_type = 'import' ORDER BY 1";
    assert_eq!(
        rows(&backend, statuses).await,
        [
            "a.py|unresolved|unresolved|unresolved|unresolved|true",
            "b.py|resolved|resolved|resolved|resolved|false"
        ]
    );
    let integrity = backend.check_integrity(snake_pipe_core::IntegrityScope::All).await.unwrap();
    assert!(integrity.is_clean(), "{integrity:?}");
}

#[tokio::test]
async fn a_file_sent_again_replaces_what_was_copied_already() {
    let (_database, backend) = backend_with(COLD).await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    session.write_batch(removal(&["app.py"])).await.unwrap();
    session.publish(publication()).await.unwrap();
    assert_eq!(rows(&backend, "SELECT file_path FROM files").await, ["lib.py"]);
    assert_eq!(count(&backend, "SELECT count(*) FROM functions").await, 1);
}

#[tokio::test]
async fn of_two_cold_loads_of_one_repository_the_newer_wins() {
    let (_database, backend) = backend_with(COLD).await;
    let mut older = backend.begin_load(partial()).await.unwrap();
    older.write_batch(batch(&two_files())).await.unwrap();
    let mut newer = backend.begin_load(partial()).await.unwrap();
    newer.write_batch(batch(&two_files())).await.unwrap();
    newer.publish(publication()).await.unwrap();
    assert_eq!(older.publish(publication()).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(own_partitions(&backend).await, tables_of_files() as i64);
}

#[tokio::test]
async fn a_cold_load_under_way_is_in_nobodys_way() {
    let (_database, backend) = backend_with("partition_rows=0&timeout_seconds=2").await;
    let other = || LoadPlan::partial(Repository::named("other"), "1");
    load(&backend, other(), &two_files()).await;
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    load(&backend, other(), &[Arc::new(library("more.py"))]).await;
    assert!(backend.remove_repository(other().repository.id()).await.unwrap());
    load(&backend, other(), &two_files()).await;
    session.publish(publication()).await.unwrap();
    assert_eq!(own_partitions(&backend).await, 2 * tables_of_files() as i64);
}

#[tokio::test]
async fn a_reader_in_the_way_makes_publishing_busy_and_it_may_be_tried_again() {
    let (_database, backend) = backend_with("partition_rows=0&timeout_seconds=1").await;
    let reader = sqlx::postgres::PgPoolOptions::new().connect(&_database.url()).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM files").execute(&mut *reading).await.unwrap();
    let mut session = backend.begin_load(partial()).await.unwrap();
    session.write_batch(batch(&two_files())).await.unwrap();
    let publication = publication();
    assert_eq!(session.publish(publication.clone()).await.unwrap_err().kind(), ErrorKind::Busy);
    reading.rollback().await.unwrap();
    assert!(matches!(session.publish(publication).await.unwrap(), PublishResult::Published(_)));
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
}

/// Fills the default partition of comments beyond the size from which on it is not read under a lock.
fn fill_default(database: &TestDatabase) {
    let fill = "SET session_replication_role = replica;
        INSERT INTO comments (file_id, ordinal, repository_id, kind, text)
        SELECT gen_random_uuid(), n, 7, 'line', repeat('x', 1500) FROM generate_series(1, 25000) n";
    database.psql(fill).unwrap();
}

#[tokio::test]
async fn a_full_default_partition_is_excluded_by_a_check_that_does_not_stay() {
    let (database, backend) = backend_with(COLD).await;
    fill_default(&database);
    load(&backend, partial(), &two_files()).await;
    assert_eq!(own_partitions(&backend).await, tables_of_files() as i64);
    assert_eq!(
        count(&backend, "SELECT count(*) FROM pg_constraint WHERE conname LIKE '%\\_not\\_%'").await,
        0
    );
}

#[tokio::test]
async fn what_an_interrupted_publication_left_is_cleaned_up_by_the_next_session() {
    let (database, backend) = backend().await;
    let left = format!(
        "ALTER TABLE files_default ADD CONSTRAINT files_default_not_{0} CHECK (repository_id <> {0})",
        app_id()
    );
    database.psql(&left).unwrap();
    load(&backend, partial(), &two_files()).await;
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
}
