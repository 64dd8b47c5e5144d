//! In what two databases differ, by key.

use std::collections::BTreeMap;

use snake_pipe::core::{
    Value,
    schema::{Table, TableId},
};
use snake_pipe_testkit::conformance::Rows;

use crate::program::Tables;

/// So many rows of a table are told; of the others only how many there are.
const TOLD: usize = 5;

/// What is missing, too much or otherwise, table by table, in words; empty when all tables are the same.
pub(crate) fn differences(held: &Tables, expected: &Tables) -> Vec<String> {
    assert!(held.keys().eq(expected.keys()), "the same tables are read on both sides");
    held.iter()
        .filter(|(id, rows)| expected[id] != **rows)
        .flat_map(|(id, rows)| of_table(*id, rows, &expected[id]))
        .collect()
}

fn of_table(id: TableId, held: &Rows, expected: &Rows) -> Vec<String> {
    let table = id.table();
    let (held, expected) = (by_key(table, held), by_key(table, expected));
    let keys: std::collections::BTreeSet<_> = held.keys().chain(expected.keys()).collect();
    let mut found: Vec<_> = keys
        .into_iter()
        .filter_map(|key| {
            let (held, expected) = (held.get(key), expected.get(key));
            (held != expected).then(|| format!("{} {key}: {}", table.name, of_rows(table, held, expected)))
        })
        .collect();
    if found.is_empty() {
        found.push(format!("{}: the same rows in another order", table.name));
    }
    let more = found.len().saturating_sub(TOLD);
    found.truncate(TOLD);
    found.extend((more > 0).then(|| format!("{}: and {more} more rows", table.name)));
    found
}

/// Rows by key; more than one of a key, where the database does not hold what it promises.
fn by_key<'a>(table: &Table, rows: &'a Rows) -> BTreeMap<String, Vec<&'a Vec<Value>>> {
    let positions: Vec<_> = table.key.iter().filter_map(|name| table.position(name)).collect();
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in rows {
        let key: Vec<_> = positions.iter().map(|position| row[*position].to_string()).collect();
        found.entry(key.join(" ")).or_default().push(row);
    }
    found
}

type Found<'a> = Option<&'a Vec<&'a Vec<Value>>>;

fn of_rows(table: &Table, held: Found<'_>, expected: Found<'_>) -> String {
    match (held, expected) {
        (Some(held), Some(expected)) if held.len() == 1 && expected.len() == 1 => {
            let pairs = table.columns.iter().zip(held[0].iter().zip(expected[0]));
            let different = pairs.filter(|(_, (held, expected))| held != expected);
            let told = different.map(|(column, (held, expected))| {
                format!("{} is {}, should be {}", column.name, shown(held), shown(expected))
            });
            told.collect::<Vec<_>>().join("; ")
        }
        (Some(held), None) => format!("is too much: {}", row(table, held[0])),
        (None, Some(expected)) => format!("is missing: {}", row(table, expected[0])),
        (held, expected) => {
            format!("{} rows, should be {}", held.map_or(0, Vec::len), expected.map_or(0, Vec::len))
        }
    }
}

fn row(table: &Table, row: &[Value]) -> String {
    let filled = table.columns.iter().zip(row).filter(|(_, value)| **value != Value::Null);
    filled.map(|(column, value)| format!("{} {}", column.name, shown(value))).collect::<Vec<_>>().join(", ")
}

fn shown(value: &Value) -> String {
    let text = format!("{value:?}");
    if text.chars().count() > 120 { text.chars().take(120).chain(['…']).collect() } else { text }
}
