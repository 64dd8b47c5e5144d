//! The schema: what it is, and how it comes about.

use snake_pipe_core::{
    DatabaseBackend as _, ErrorKind, MigrateMode,
    schema::{ColumnType, TABLES, Unit, VIEWS},
};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::TestDatabase;

use crate::support::{app_id, backend, complete, connect, count, load, rows, two_files, url_of_new_role};

fn sql_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "text",
        ColumnType::Integer => "integer",
        ColumnType::BigInt => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Boolean => "boolean",
        ColumnType::Uuid => "uuid",
        ColumnType::Json => "jsonb",
        ColumnType::Timestamp => "timestamp with time zone",
    }
}

#[tokio::test]
async fn the_catalog_says_what_the_model_says() {
    let (_database, backend) = backend().await;
    for table in TABLES {
        let name = table.name;
        let columns = format!(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull, col_description(attrelid, attnum)
             FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        );
        let expected: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                format!(
                    "{}|{}|{}|{}",
                    column.name,
                    sql_type(column.column_type),
                    !column.nullable,
                    column.description
                )
            })
            .collect();
        assert_eq!(rows(&backend, &columns).await, expected, "{name}");
        let table_row =
            format!("SELECT obj_description(oid), relkind FROM pg_class WHERE oid = '{name}'::regclass");
        let kind = if matches!(table.unit, Unit::File | Unit::History) { "p" } else { "r" };
        assert_eq!(rows(&backend, &table_row).await, [format!("{}|{kind}", table.description)]);
        let key = format!(
            "SELECT string_agg(a.attname, ',' ORDER BY k.position) FROM pg_index i
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
             WHERE i.indisprimary AND i.indrelid = '{name}'::regclass"
        );
        // Two directories may be longer than an entry of an index.
        let key_columns = if name == "module_dependencies" { String::new() } else { table.key.join(",") };
        assert_eq!(rows(&backend, &key).await, [key_columns], "{name}");
    }
}

#[tokio::test]
async fn views_and_their_columns_are_commented() {
    let (_database, backend) = backend().await;
    for view in VIEWS {
        let sql = format!(
            "SELECT attname, col_description(attrelid, attnum), obj_description(attrelid) FROM pg_attribute
             WHERE attrelid = '{}'::regclass AND attnum > 0 ORDER BY attnum",
            view.name
        );
        let expected: Vec<_> = view
            .columns
            .iter()
            .map(|column| format!("{}|{}|{}", column.name, column.description(), view.description))
            .collect();
        assert_eq!(rows(&backend, &sql).await, expected, "{}", view.name);
    }
}

#[tokio::test]
async fn texts_sort_by_bytes_as_in_every_backend() {
    let (_database, backend) = backend().await;
    let other = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relkind = 'p' AND c.relnamespace = 'public'::regnamespace AND a.atttypid = 'text'::regtype
          AND a.attcollation <> '\"C\"'::regcollation";
    assert_eq!(count(&backend, other).await, 0);
}

#[tokio::test]
async fn any_name_of_a_schema_works() {
    let database = TestDatabase::create().unwrap();
    let backend = connect(&format!("{}&schema=My+%22Own%22+Schema", database.url())).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    let files = two_files();
    load(&backend, complete(&files), &files).await;
    assert_eq!(backend.manifest(app_id()).await.unwrap().files.len(), 2);
    assert_eq!(database.psql("SELECT count(*) FROM \"My \"\"Own\"\" Schema\".files").unwrap(), "2");
    let elsewhere = connect(&database.url()).await;
    assert!(elsewhere.manifest(app_id()).await.unwrap().files.is_empty());
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (database, backend) = backend().await;
    database
        .psql("COMMENT ON TABLE snake_pipe_migrations IS 'The schema of snake-pipe, version 99.'")
        .unwrap();
    backend.close().await.unwrap();
    let error = backend.connect().await.unwrap_err();
    assert_eq!((error.kind(), backend.is_connected()), (ErrorKind::Schema, false));
    assert!(error.message().contains("version 99"), "{error}");
}

#[tokio::test]
async fn a_table_of_somebody_else_is_named_and_left_alone() {
    let database = TestDatabase::create().unwrap();
    database.psql("CREATE TABLE functions (theirs int)").unwrap();
    let backend = connect(&database.url()).await;
    let error = backend.migrate(MigrateMode::Apply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(
        error.message().contains("`functions`") && error.help().unwrap().contains("?schema="),
        "{error:?}"
    );
    assert_eq!(database.psql("SELECT count(*) FROM pg_class WHERE relname = 'files'").unwrap(), "0");
}

#[tokio::test]
async fn without_rights_the_error_prints_the_grant_and_another_way() {
    let database = TestDatabase::create().unwrap();
    database.psql("REVOKE CREATE ON SCHEMA public FROM PUBLIC").unwrap();
    let (url, role) = url_of_new_role(&database);
    let backend = connect(&url).await;
    let error = backend.migrate(MigrateMode::Apply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    let grant = format!("GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"{role}\"");
    let help = error.help().unwrap();
    assert!(help.contains(&grant) && help.contains("schema_name") && help.contains("?schema="), "{help}");
    database.psql(&grant).unwrap();
    backend.migrate(MigrateMode::Apply).await.unwrap();
}

#[tokio::test]
async fn a_role_that_may_only_read_reads() {
    let (database, writer) = backend().await;
    let files = two_files();
    load(&writer, complete(&files), &files).await;
    let (url, role) = url_of_new_role(&database);
    database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")).unwrap();
    let reader = connect(&url).await;
    assert_eq!(reader.manifest(app_id()).await.unwrap().files.len(), 2);
    assert_eq!(reader.repositories().await.unwrap().len(), 1);
    assert_eq!(count(&reader, "SELECT count(*) FROM function_details").await, 2);
    assert!(reader.migrate(MigrateMode::Plan).await.unwrap().steps.is_empty());
    assert_eq!(reader.begin_load(complete(&files)).await.unwrap_err().kind(), ErrorKind::Permission);
}

#[tokio::test]
async fn a_role_that_does_not_own_the_tables_loads_in_place() {
    let (database, _owner) = backend().await;
    let (url, role) = url_of_new_role(&database);
    let rights = "SELECT, INSERT, UPDATE, DELETE";
    database.psql(&format!("GRANT {rights} ON ALL TABLES IN SCHEMA public TO {role}")).unwrap();
    let loader = connect(&format!("{url}&partition_rows=0")).await;
    let files = two_files();
    load(&loader, complete(&files), &files).await;
    assert_eq!(count(&loader, "SELECT count(*) FROM ONLY files_default").await, 2);
    assert!(loader.remove_repository(app_id()).await.unwrap());
}

#[tokio::test]
async fn a_migration_that_was_altered_is_noticed() {
    let (database, backend) = backend().await;
    database.psql("UPDATE snake_pipe_migrations SET checksum = 'other' WHERE version = 2").unwrap();
    let error = backend.migrate(MigrateMode::Apply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.message().contains("migration 2"), "{error}");
}

#[tokio::test]
async fn a_table_that_was_altered_is_noticed_when_connecting() {
    let (database, backend) = backend().await;
    backend.close().await.unwrap();
    database.psql("ALTER TABLE files ADD COLUMN mine text").unwrap();
    let error = backend.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.message().contains("`files` has a column `mine`"), "{error}");
    database.psql("ALTER TABLE files DROP COLUMN mine; DROP VIEW call_details; ALTER TABLE calls ALTER line_number TYPE text").unwrap();
    let error = backend.connect().await.unwrap_err();
    assert!(error.to_string().contains("expected: line_number integer, found: line_number text"), "{error}");
}

#[tokio::test]
async fn a_load_migrates_unless_it_is_told_only_to_check() {
    let database = TestDatabase::create().unwrap();
    let checking = PostgresBackend::new(
        PostgresConfig::from_url(&format!("{}&migrations=check", database.url())).unwrap(),
    );
    checking.connect().await.unwrap();
    let files = two_files();
    let error = checking.begin_load(complete(&files)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.help().unwrap().contains("snake-pipe migrate"));
    load(&connect(&database.url()).await, complete(&files), &files).await;
    load(&checking, complete(&files), &files).await;
}
