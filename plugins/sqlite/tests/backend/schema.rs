//! The schema is the one that core defines, and other people's databases are left alone.

use std::collections::BTreeMap;

use super::fixture::{Fixture, app, batch, file, plan, publication};
use snake_pipe_core::{
    DatabaseBackend, ErrorKind, MigrateMode, Value,
    model::{
        BaseKind, CallKind, ClassKind, CommentKind, DependencyType, FunctionKind, ImportKind, IssueKind,
        MetricType, Origin, ParameterKind, ParseStatus, ResolutionStatus, Visibility,
    },
    schema::{ColumnType, TABLES, VIEWS},
};
use snake_pipe_sqlite::{Config, MigrationPolicy, SqliteBackend};

fn sqlite_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text | ColumnType::Uuid | ColumnType::Json | ColumnType::Timestamp => "TEXT",
        ColumnType::Integer | ColumnType::BigInt | ColumnType::Boolean => "INTEGER",
        ColumnType::Double => "REAL",
    }
}

#[tokio::test]
async fn tables_columns_and_keys_are_those_of_the_model() {
    let fixture = Fixture::new().await;
    for table in TABLES {
        let columns = fixture
            .rows(&format!(
                "SELECT name, type, \"notnull\" FROM pragma_table_info('{}') ORDER BY cid",
                table.name
            ))
            .await;
        let found: Vec<_> = columns.iter().map(|row| format!("{} {} {}", row[0], row[1], row[2])).collect();
        let expected: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                format!("{} {} {}", column.name, sqlite_type(column.column_type), i32::from(!column.nullable))
            })
            .collect();
        assert_eq!(found, expected, "{}", table.name);

        let key = fixture
            .rows(&format!("SELECT name FROM pragma_index_info('{}_key') ORDER BY seqno", table.name))
            .await;
        let key: Vec<_> = key.iter().map(|row| row[0].to_string()).collect();
        assert_eq!(key, table.key, "{}", table.name);
        let strict = format!("SELECT strict FROM pragma_table_list WHERE name = '{}'", table.name);
        assert_eq!(fixture.number(&strict).await, 1, "{}", table.name);
    }
}

#[tokio::test]
async fn there_are_no_other_tables_and_five_views() {
    let fixture = Fixture::new().await;
    let names = |kind: &str| {
        format!(
            "SELECT name FROM sqlite_schema WHERE type = '{kind}' AND name NOT LIKE 'sqlite%' ORDER BY name"
        )
    };
    let found: Vec<_> = fixture.rows(&names("table")).await.iter().map(|row| row[0].to_string()).collect();
    let mut expected: Vec<_> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    expected.push("snake_pipe_migrations".to_owned());
    expected.sort();
    assert_eq!(found, expected);
    let views: Vec<_> = fixture.rows(&names("view")).await.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(
        views,
        ["call_details", "class_details", "dependency_details", "file_details", "function_details"]
    );
}

#[tokio::test]
async fn every_word_of_the_model_is_allowed() {
    macro_rules! words {
        ($($table:literal $column:literal $words:ty,)+) => {
            vec![$((($table, $column), <$words>::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),)+]
        };
    }
    let words: BTreeMap<_, _> = BTreeMap::from_iter(words! {
        "files" "parse_status" ParseStatus,
        "classes" "kind" ClassKind,
        "classes" "visibility" Visibility,
        "functions" "kind" FunctionKind,
        "functions" "visibility" Visibility,
        "parameters" "kind" ParameterKind,
        "fields" "visibility" Visibility,
        "comments" "kind" CommentKind,
        "metrics" "metric_type" MetricType,
        "metric_definitions" "metric_type" MetricType,
        "parse_issues" "kind" IssueKind,
        "imports" "kind" ImportKind,
        "imports" "status" ResolutionStatus,
        "imports" "origin" Origin,
        "inheritance" "kind" BaseKind,
        "inheritance" "status" ResolutionStatus,
        "inheritance" "origin" Origin,
        "calls" "kind" CallKind,
        "calls" "status" ResolutionStatus,
        "calls" "origin" Origin,
        "dependencies" "dependency_type" DependencyType,
        "dependencies" "status" ResolutionStatus,
    });
    let fixture = Fixture::new().await;
    for ((table, column), words) in words {
        let sql = &fixture.rows(&format!("SELECT sql FROM sqlite_schema WHERE name = '{table}'")).await[0][0];
        let sql = sql.to_string();
        let mut found: Vec<_> = sql.split(&format!(" {column} = '")).skip(1).collect();
        found.iter_mut().for_each(|rest| *rest = rest.split('\'').next().unwrap());
        let mut expected = words;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{table}.{column}");
    }
}

#[tokio::test]
async fn views_and_metric_definitions_answer() {
    let fixture = Fixture::new().await;
    for view in VIEWS {
        let answer = fixture.query(&format!("SELECT * FROM {}", view.name)).await;
        let columns: Vec<_> = view.columns.iter().map(|column| column.name).collect();
        assert_eq!(
            (answer.columns, answer.rows.len()),
            (columns.iter().map(ToString::to_string).collect(), 0),
            "{}",
            view.name
        );
    }
    assert!(fixture.number("SELECT count(*) FROM metric_definitions").await > 10);
}

#[tokio::test]
async fn migrating_is_planned_applied_once_and_idempotent() {
    let fixture = Fixture::without_tables().await;
    let plan = fixture.backend.migrate(MigrateMode::Plan).await.unwrap();
    assert_eq!((plan.from_version, plan.to_version, plan.steps.len()), (0, 4, 4));
    let (one, two) = (fixture.another().await, fixture.another().await);
    let (first, second) = tokio::join!(one.migrate(MigrateMode::Apply), two.migrate(MigrateMode::Apply));
    let mut applied = [first.unwrap().steps.len(), second.unwrap().steps.len()];
    applied.sort_unstable();
    assert_eq!(applied, [0, 4]);
    assert_eq!(fixture.backend.migrate(MigrateMode::Plan).await.unwrap().steps, []);
}

#[tokio::test]
async fn a_file_without_tables_holds_nothing_and_a_load_makes_them() {
    let fixture = Fixture::without_tables().await;
    assert!(fixture.backend.repositories().await.unwrap().is_empty());
    assert!(fixture.backend.manifest(app()).await.unwrap().files.is_empty());
    fixture.load(&[file("a")], &[]).await;
    assert_eq!(fixture.paths().await, ["a"]);
}

#[tokio::test]
async fn with_migrations_to_be_checked_a_load_says_what_to_run() {
    let fixture = Fixture::without_tables().await;
    let config = Config { migrations: MigrationPolicy::Check, ..fixture.config.clone() };
    let backend = SqliteBackend::new(config);
    backend.connect().await.unwrap();
    let error = backend.write_batch(plan(), batch(&[file("a")], &[]), publication()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.help().unwrap().contains("snake-pipe migrate"));
}

async fn connect(fixture: &Fixture) -> snake_pipe_core::Error {
    SqliteBackend::new(fixture.config.clone()).connect().await.unwrap_err()
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let fixture = Fixture::new().await;
    fixture.change("INSERT INTO snake_pipe_migrations VALUES (99, 'later', 'x', 'x')").await;
    let error = connect(&fixture).await;
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.message().contains("version 99"), "{error}");
    let error = fixture.backend.begin_load(plan()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
}

#[tokio::test]
async fn a_changed_step_is_refused() {
    let fixture = Fixture::new().await;
    fixture.change("UPDATE snake_pipe_migrations SET checksum = 'x' WHERE version = 2").await;
    assert!(connect(&fixture).await.message().contains("step 2"));
}

#[tokio::test]
async fn a_table_of_another_program_is_named_and_left_alone() {
    let fixture = Fixture::without_tables().await;
    fixture.change("CREATE TABLE files (name); INSERT INTO files VALUES ('precious')").await;
    let error = connect(&fixture).await;
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.message().contains("`files`"), "{error}");
    assert_eq!(fixture.backend.migrate(MigrateMode::Apply).await.unwrap_err().kind(), ErrorKind::Schema);
    assert_eq!(fixture.backend.begin_load(plan()).await.unwrap_err().kind(), ErrorKind::Schema);
    assert_eq!(fixture.rows("SELECT * FROM pragma_journal_mode").await, [[Value::Text("delete".into())]]);
    assert_eq!(fixture.rows("SELECT name FROM files").await, [[Value::Text("precious".into())]]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    let text = "not a database, but long enough to be taken for one at first sight; ".repeat(20);
    std::fs::write(&path, &text).unwrap();
    let error = SqliteBackend::new(Config::new(&path)).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert_eq!(error.message(), "the file is not a SQLite database");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_missing_directory_is_said_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let error =
        SqliteBackend::new(Config::new(directory.path().join("no/code.db"))).connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.help().unwrap().contains("mkdir -p"));
    let error = SqliteBackend::new(Config::new(directory.path())).connect().await.unwrap_err();
    assert!(error.message().contains("is a directory"));
}
