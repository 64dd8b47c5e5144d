//! docs/metadata-tables.md is written from the migrations; `UPDATE=1 cargo test -p snake-pipe-metadata --test tables_document`
//! rewrites it.

use std::{collections::BTreeMap, fs, path::Path};

const TABLES: &str = include_str!("../migrations/0001_tables.sql");
const COMMENTS: &str = include_str!("../migrations/0002_audit.postgres.sql");

const HEAD: &str = "# Tables of the control plane

What each table and column of the [control plane](metadata.md#tables) holds. In PostgreSQL the same stands in the database, as comments. This
page is written from `migrations/metadata`; a test fails when they differ.

Types are PostgreSQL's; in SQLite `uuid`, `jsonb` and `timestamptz` are TEXT, `bigint` and `boolean` INTEGER.
";

#[test]
fn every_table_and_column_is_described_and_the_page_says_so() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metadata-tables.md");
    let mut comments = comments();
    let mut page = HEAD.to_owned();
    for (table, columns) in tables() {
        let description = comments.remove(table).unwrap_or_else(|| panic!("table {table} has no COMMENT ON"));
        page.push_str(&format!("\n## {table}\n\n{description}\n\n| column | type | null | meaning |\n"));
        page.push_str("| --- | --- | --- | --- |\n");
        for (column, type_name, null) in columns {
            let meaning = comments
                .remove(&format!("{table}.{column}"))
                .unwrap_or_else(|| panic!("column {table}.{column} has no COMMENT ON"));
            page.push_str(&format!("| {column} | {type_name} | {null} | {meaning} |\n"));
        }
    }
    assert!(comments.is_empty(), "comments on what is not there: {:?}", comments.keys());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/metadata-tables.md differs from the tables: run this test with UPDATE=1");
}

/// What each table, and each `table.column`, is said to be.
fn comments() -> BTreeMap<String, String> {
    let comment = |line: &str| {
        let rest = line.strip_prefix("COMMENT ON ")?;
        let (subject, text) = rest.split_once(" IS '")?;
        let (_, name) = subject.split_once('@').expect("names of tables begin with @");
        Some((name.to_owned(), text.strip_suffix("';").expect("a comment is a line").replace("''", "'")))
    };
    COMMENTS.lines().filter_map(comment).collect()
}

/// Name, type and nullability of a column.
type Column = (&'static str, &'static str, &'static str);

/// The tables with their columns.
fn tables() -> Vec<(&'static str, Vec<Column>)> {
    let table = |text: &'static str| {
        let (name, rest) = text.split_once(" (\n").expect("a table has columns");
        let (columns, _) = rest.split_once("\n)").expect("a table ends");
        (name, columns.lines().filter_map(column).collect())
    };
    TABLES.split("CREATE TABLE @").skip(1).map(table).collect()
}

fn column(line: &'static str) -> Option<Column> {
    let line = line.trim();
    let (name, rest) = line.split_once(' ')?;
    let is_column = !line.ends_with("-- sqlite") && name.chars().all(|c| c == '_' || c.is_ascii_lowercase());
    let type_name = if rest.starts_with("double precision") {
        "double precision"
    } else {
        rest.split([' ', ',']).next()?
    };
    let null = if rest.contains("NOT NULL") || rest.contains("PRIMARY KEY") { "" } else { "yes" };
    is_column.then_some((name, type_name, null))
}
