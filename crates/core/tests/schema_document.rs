//! docs/schema.md is written from the tables; `UPDATE=1 cargo test -p snake-pipe-core --test schema_document` rewrites it.

use std::{fs, path::Path};

use snake_pipe_core::schema::{ColumnType, TABLES, Table, Unit, VIEWS, View};

/// What the functions are made by.
const FUNCTIONS: &str = include_str!("../../../migrations/postgres/0004_functions.sql");

const HEAD: &str = "# Schema

The tables that every SQL backend has, with the same names, columns and meanings. This page is written from the definitions in
`crates/core/src/schema/tables.rs`; a test fails when they differ.

Ids are UUIDs derived from content and place: the same in every database and on every reload. `repository_id` is part of every
key. Lines and columns count from 1. *Volatile* columns record when, or by which run, a row was written; all others are the same
however a state was reached.

A reference (`imports`, `inheritance`, `calls`, `dependencies`) keeps what the source said, and separately what it was resolved
to: `status` is `resolved`, `ambiguous`, `external`, `stdlib` or `unresolved`, and a target is there exactly when it is `resolved`.

For reading there are the views `file_details`, `function_details`, `class_details`, `call_details` and `dependency_details`:
the tables of those names with repository, path, language and qualified names beside the ids.

Derived tables sum up a repository. They are recalculated after a load; a row of `derived_tables` says from which snapshot, and only where
that is the repository's current one are they up to date.

History tables say what each load changed. They are the past of the loads that there were: a clean load of the same files has the same rows
everywhere but there. A repository's first snapshot has no rows in them. A file counts as changed where its content is another, a
function where its file did and anything of its row but its place, its `metadata` and what it belongs to. `history_retention_days` of the
backend says for how long they are kept, by default 730 days; in PostgreSQL they are partitioned by month.

| type here | PostgreSQL | SQLite |
| --- | --- | --- |
| text | text | TEXT |
| integer | integer | INTEGER |
| bigint | bigint | INTEGER |
| double | double precision | REAL |
| boolean | boolean | INTEGER, 0 or 1 |
| uuid | uuid | TEXT, 36 characters |
| json | jsonb | TEXT |
| timestamp | timestamptz | TEXT, RFC 3339 in UTC |
";

#[test]
fn the_schema_page_says_what_the_tables_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.md");
    let mut page = HEAD.to_owned();
    for table in TABLES {
        describe(table, &mut page);
    }
    page.push_str("\n# Views\n\nThe same in every SQL backend.\n");
    for view in VIEWS {
        describe_view(view, &mut page);
    }
    page.push_str("\n# Functions\n\nIn PostgreSQL alone, to be joined with whatever else is asked.\n");
    for function in FUNCTIONS.split("CREATE FUNCTION ").skip(1) {
        describe_function(function, &mut page);
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/schema.md differs from the tables: run this test with UPDATE=1");
}

/// A function as the migration makes it: its head, and the comment behind it.
fn describe_function(text: &str, page: &mut String) {
    let (head, rest) = text.split_once("\nRETURNS TABLE (").expect("a function has a head");
    let (columns, rest) = rest.split_once("\n)").expect("it returns columns");
    let (name, arguments) = head.split_once('(').expect("it has arguments");
    let (_, comment) = rest.split_once(" IS\n    '").expect("it has a comment");
    let (description, _) = comment.split_once("';").expect("a comment ends");
    let list =
        |text: &str| text.split(',').map(|part| format!("`{}`", part.trim())).collect::<Vec<_>>().join(", ");
    let (arguments, columns) = (list(arguments.trim_end_matches(')')), list(columns));
    page.push_str(&format!(
        "\n## {name}\n\n{description}\n\nArguments: {arguments}.\n\nColumns: {columns}.\n"
    ));
}

fn describe_view(view: &View, page: &mut String) {
    let View { name, description, columns } = view;
    page.push_str(&format!("\n## {name}\n\n{description}\n\n| column | meaning |\n| --- | --- |\n"));
    for column in *columns {
        page.push_str(&format!("| {} | {} |\n", column.name, column.description()));
    }
}

fn describe(table: &Table, page: &mut String) {
    let unit = match table.unit {
        Unit::File => "Replaced and removed with its file.",
        Unit::Repository => "Written when a load is published.",
        Unit::History => "Written when a load is published, one row for what it changed.",
        Unit::Derived => "Recalculated for its repository after a load.",
        Unit::Database => "Written when the database is migrated.",
    };
    let (name, description, key) = (table.name, table.description, table.key.join("`, `"));
    page.push_str(&format!("\n## {name}\n\n{description} {unit} Key: `{key}`.\n\n"));
    page.push_str("| column | type | null | meaning |\n| --- | --- | --- | --- |\n");
    for column in table.columns {
        let type_name = match column.column_type {
            ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::BigInt => "bigint",
            ColumnType::Double => "double",
            ColumnType::Boolean => "boolean",
            ColumnType::Uuid => "uuid",
            ColumnType::Json => "json",
            ColumnType::Timestamp => "timestamp",
        };
        let null = if column.nullable { "yes" } else { "" };
        let volatile = if column.volatile { " *Volatile.*" } else { "" };
        let (name, description) = (column.name, column.description);
        page.push_str(&format!("| {name} | {type_name} | {null} | {description}{volatile} |\n"));
    }
}
