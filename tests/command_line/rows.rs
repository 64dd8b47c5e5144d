//! Rows of a database, read as a person would: by SQL.

use std::collections::BTreeMap;

use serde_json::Value;
use snake_pipe::core::schema::{TABLES, Table, Unit};

use super::support::Place;

/// Rows by table.
pub(crate) type Rows = BTreeMap<&'static str, Vec<Value>>;

/// Every row with every column, those of bookkeeping included.
pub(crate) fn all_rows(place: &Place, database: &str) -> Rows {
    read(place, database, |_| true, |_| true)
}

/// What the tables say about source files, without the columns that record when, and by which program, a row was written.
pub(crate) fn rows_of_files(place: &Place, database: &str) -> Rows {
    read(place, database, |table| table.unit == Unit::File, |column| column != "producer_version")
}

/// How many rows each table has.
pub(crate) fn row_counts(place: &Place, database: &str) -> BTreeMap<&'static str, i64> {
    let counted = TABLES.iter().map(|table| {
        let sql = format!("SELECT count(*) AS n FROM {}", table.name);
        (table.name, query(place, database, &sql)[0]["n"].as_i64().unwrap())
    });
    counted.collect()
}

/// The rows of a statement.
#[track_caller]
pub(crate) fn query(place: &Place, database: &str, sql: &str) -> Vec<Value> {
    let answer = place.run(&["query", sql, "--from", database, "--format", "json"]).exits(0);
    serde_json::from_value(answer.json()).unwrap()
}

fn read(
    place: &Place,
    database: &str,
    takes_table: impl Fn(&Table) -> bool,
    takes_column: impl Fn(&str) -> bool,
) -> Rows {
    let is_everything = TABLES.iter().all(&takes_table);
    let tables = TABLES.iter().filter(|table| takes_table(table));
    let read = tables.map(|table| {
        let columns = table.columns.iter().filter(|column| is_everything || !column.volatile);
        let columns: Vec<_> = columns.map(|column| column.name).filter(|name| takes_column(name)).collect();
        let (columns, key) = (columns.join("\", \""), table.key.join(", "));
        (
            table.name,
            query(place, database, &format!("SELECT \"{columns}\" FROM {} ORDER BY {key}", table.name)),
        )
    });
    read.collect()
}
