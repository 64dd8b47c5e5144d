//! The first migration, and the comments on views, derived from the model. `UPDATE=1 cargo test -p snake-pipe-postgres
//! first_migration` writes them; once released they never change again, and what comes later is a migration of its own.

use std::fmt::Write as _;

use snake_pipe_core::{
    Language,
    model::{
        BaseKind, ClassKind, CommentKind, DependencyType, FunctionKind, ImportKind, IssueKind, MetricType,
        Origin, ParseStatus, ResolutionStatus, Visibility,
    },
    schema::{Column, ColumnType, Table, TableId, Unit, VIEWS},
};

use super::keys::{DERIVED_INDEXES, INDEXES, foreign_keys};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/0001_tables.sql");

const VIEWS_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/0002_views.sql");
const VIEW_COMMENTS: &str = "-- What they mean.\n";

const HEAD: &str = "\
-- The tables of snake-pipe: the same names, columns and order in every SQL backend.
--
-- What belongs to a source file is partitioned by repository. Small repositories share the default partition; a large one
-- has partitions of its own, loaded aside and attached when they are complete. Foreign keys stand between partitions: on the
-- partitioned tables themselves they would make attaching wait for every writer. They are checked when a transaction ends and
-- have no action: the writer removes a file's rows itself, and un-resolves what referred to them.
--
-- History is partitioned by month, so that what is old is dropped as a whole. Loads of a role that owns the tables make the months;
-- until then rows are kept in the default partition.
--
-- Texts are compared by bytes (COLLATE \"C\"), so that they sort as in every other backend.
";

#[test]
fn the_first_migration_says_what_the_model_says() {
    let expected = text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PATH, &expected).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    assert_eq!(committed, expected, "run again with UPDATE=1");
}

#[test]
fn the_comments_on_views_say_what_the_model_says() {
    let committed = std::fs::read_to_string(VIEWS_PATH).unwrap_or_default();
    let (views, _) = committed.split_once(VIEW_COMMENTS).unwrap_or((&committed, ""));
    let mut expected = format!("{}\n\n{VIEW_COMMENTS}", views.trim_end());
    for view in VIEWS {
        writeln!(expected, "COMMENT ON VIEW {} IS {};", view.name, literal(view.description)).unwrap();
        for column in view.columns {
            let name = quoted(column.name);
            let text = literal(column.description());
            writeln!(expected, "COMMENT ON COLUMN {}.{name} IS {text};", view.name).unwrap();
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(VIEWS_PATH, &expected).unwrap();
    } else {
        assert!(committed == expected, "run again with UPDATE=1");
    }
}

fn text() -> String {
    let mut sql = HEAD.to_owned();
    for id in TableId::ALL {
        table(&mut sql, id.table());
    }
    sql.push_str("\n-- Indexes, on every partition.\n");
    sql.push_str("CREATE INDEX snapshots_repository_id_idx ON snapshots (repository_id);\n");
    for index in INDEXES.iter().chain(DERIVED_INDEXES) {
        writeln!(sql, "{};", index.sql(index.table.table().name)).unwrap();
    }
    sql.push_str("\n-- Foreign keys within the default partition.\n");
    for key in foreign_keys() {
        let (table, target) = (key.table.table(), key.target.table());
        writeln!(
            sql,
            "ALTER TABLE {0}_default ADD CONSTRAINT {0}_{1}_fkey\n    \
             FOREIGN KEY ({1}, repository_id) REFERENCES {2}_default DEFERRABLE INITIALLY DEFERRED;",
            table.name, key.column, target.name
        )
        .unwrap();
    }
    sql.push_str(COMPRESSION);
    sql
}

const COMPRESSION: &str = "
-- Syntax trees are the largest values; lz4 packs them twice as fast. Servers before 14, or built without lz4, keep their own
-- way.
DO $$
BEGIN
    EXECUTE 'ALTER TABLE files ALTER COLUMN ast_content SET COMPRESSION lz4';
    EXECUTE 'ALTER TABLE files_default ALTER COLUMN ast_content SET COMPRESSION lz4';
EXCEPTION WHEN syntax_error OR feature_not_supported OR invalid_parameter_value THEN
    NULL;
END
$$;
";

fn table(sql: &mut String, table: &Table) {
    let lines = table.columns.iter().map(column_line);
    let key = format!("    CONSTRAINT {}_pkey PRIMARY KEY ({})", table.name, table.key.join(", "));
    let checks = checks(table);
    let key = (table.name != "module_dependencies").then_some(key);
    let lines: Vec<_> = lines.chain(key).chain(checks).collect();
    let tail = match table.unit {
        Unit::File => " PARTITION BY LIST (repository_id)",
        Unit::History => " PARTITION BY RANGE (changed_at)",
        Unit::Repository | Unit::Derived | Unit::Database => "",
    };
    writeln!(sql, "\nCREATE TABLE {} (\n{}\n){tail};", table.name, lines.join(",\n")).unwrap();
    writeln!(sql, "COMMENT ON TABLE {} IS {};", table.name, literal(table.description)).unwrap();
    for column in table.columns {
        let name = quoted(column.name);
        writeln!(sql, "COMMENT ON COLUMN {}.{name} IS {};", table.name, literal(column.description)).unwrap();
    }
    if !tail.is_empty() {
        writeln!(sql, "CREATE TABLE {0}_default PARTITION OF {0} DEFAULT;", table.name).unwrap();
    }
}

fn column_line(column: &Column) -> String {
    let sql_type = match column.column_type {
        ColumnType::Text => "text COLLATE \"C\"",
        ColumnType::Integer => "integer",
        ColumnType::BigInt => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Boolean => "boolean",
        ColumnType::Uuid => "uuid",
        ColumnType::Json => "jsonb",
        ColumnType::Timestamp => "timestamptz",
    };
    format!("    {} {sql_type}{}", quoted(column.name), if column.nullable { "" } else { " NOT NULL" })
}

/// Words that SQL keeps for itself, or that read as a type.
fn quoted(name: &str) -> String {
    if matches!(name, "type" | "text" | "name") { format!("\"{name}\"") } else { name.to_owned() }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn checks(table: &Table) -> Vec<String> {
    let words = table.columns.iter().filter_map(|column| {
        let words = words(table.name, column.name)?;
        let list: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        Some(format!(
            "    CONSTRAINT {}_{}_check CHECK ({} IN ({}))",
            table.name,
            column.name,
            column.name,
            list.join(", ")
        ))
    });
    let target =
        (table.position("status").is_some() && table.position("target_file_id").is_some()).then(|| {
            format!(
                "    CONSTRAINT {}_target_check CHECK ((status = 'resolved') = (target_file_id IS NOT NULL))",
                table.name
            )
        });
    words.chain(target).chain(sides(table)).collect()
}

/// What was added was nothing before, and what was removed is nothing after.
fn sides(table: &Table) -> impl Iterator<Item = String> {
    let sides = [("added", "_before"), ("removed", "_after")];
    sides.into_iter().filter(|_| table.unit == Unit::History).map(|(change, suffix)| {
        let columns = table.columns.iter().map(|column| column.name).filter(|name| name.ends_with(suffix));
        let columns: Vec<_> = columns.collect();
        format!(
            "    CONSTRAINT {}{suffix}_check CHECK (change <> '{change}' OR coalesce({}) IS NULL)",
            table.name,
            columns.join(", ")
        )
    })
}

/// The words that a column is confined to. `calls` and `parameters` are the largest tables by far, whose loading a check of
/// each row's words slows noticeably: theirs come from the same closed lists, and stay unchecked.
fn words(table: &str, column: &str) -> Option<Vec<&'static str>> {
    macro_rules! all {
        ($words:ident) => {
            Some($words::ALL.iter().map(|word| word.as_str()).collect())
        };
    }
    match (table, column) {
        ("calls", "status") => all!(ResolutionStatus),
        ("calls" | "parameters", _) => None,
        ("files", "language") => all!(Language),
        ("files", "parse_status") => all!(ParseStatus),
        ("classes", "kind") => all!(ClassKind),
        ("functions", "kind") => all!(FunctionKind),
        ("comments", "kind") => all!(CommentKind),
        ("parse_issues", "kind") => all!(IssueKind),
        ("imports", "kind") => all!(ImportKind),
        ("inheritance", "kind") => all!(BaseKind),
        (_, "change") => Some(vec!["added", "changed", "removed"]),
        ("dependencies", "dependency_type") => all!(DependencyType),
        (_, "visibility") => all!(Visibility),
        (_, "metric_type") => all!(MetricType),
        (_, "status") => all!(ResolutionStatus),
        (_, "origin") => all!(Origin),
        _ => None,
    }
}
