//! What is written comes back as it was, whatever it is and whichever way it went.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*, test_runner::TestRunner};
use snake_pipe_core::{
    DatabaseBackend as _, JsonText, SqlQuery, Timestamp, Value,
    load::{LoadPlan, Repository},
    model::{Function, Metric, Parameter, Span, TransformedAst},
    schema::{ColumnType, RowContext, TABLES, TableId, Unit, owned_rows},
};
use snake_pipe_postgres::PostgresBackend;

use crate::support::{backend_with, load};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        any::<String>(),
        Just("\u{0}\u{1}\\N\t\"'".to_owned()),
        Just("\u{10ffff}é中".to_owned())
    ]
}

fn json() -> impl Strategy<Value = JsonText> {
    (text(), any::<i64>(), any::<f32>()).prop_map(|(text, integer, number)| {
        JsonText::from_value(
            &serde_json::json!({ "text": text, "b": [integer, number, null], "a": { "": true } }),
        )
    })
}

prop_compose! {
    fn function(index: u64)(
        name in text(),
        signature in option::of(text()),
        doc_string in option::of(text()),
        lines in any::<[u16; 4]>(),
        complexity in option::of(any::<u32>()),
        flags in any::<[bool; 4]>(),
        metadata in option::of(json()),
        parameters in vec(text(), 0..3),
    ) -> Function {
        let parameters = parameters.into_iter().map(|name| Parameter { name, ..Parameter::default() }).collect();
        let [is_async, is_exported, is_entry_point, is_override] = flags;
        let [line_start, line_end, column_start, column_end] = lines.map(u32::from);
        Function {
            qualified_name: name.clone(),
            symbol: snake_pipe_core::id::SymbolKey(index),
            span: Span { line_start, line_end, column_start, column_end },
            name, signature, doc_string, complexity, metadata, parameters, is_async, is_exported, is_entry_point, is_override,
            ..Function::default()
        }
    }
}

prop_compose! {
    fn facts()(
        functions in (function(0), function(1), function(2)),
        value in any::<f64>(),
        size_bytes in option::of(any::<u64>()),
        micros in option::of(-60_000_000_000_000_000_i64..200_000_000_000_000_000),
        ast_content in option::of(json()),
        skip_reason in option::of(text()),
    ) -> TransformedAst {
        TransformedAst {
            functions: vec![functions.0, functions.1, functions.2],
            metrics: vec![Metric { name: "m".into(), value, ..Metric::default() }],
            last_modified: micros.map(Timestamp::from_unix_micros),
            size_bytes, ast_content, skip_reason,
            ..TransformedAst::new("file.py".into())
        }
    }
}

/// JSON in one form; everything else as it is.
fn plain(column_type: ColumnType, value: Value) -> Value {
    match (column_type, value) {
        (ColumnType::Json, Value::Text(text)) => {
            let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
            plain_numbers(&mut value);
            Value::Text(value.to_string())
        }
        (_, value) => value,
    }
}

/// `jsonb` keeps what a number is, not how it was written, and knows no negative zero.
fn plain_numbers(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => *value = serde_json::json!(number.as_f64().unwrap() + 0.0),
        serde_json::Value::Array(values) => values.iter_mut().for_each(plain_numbers),
        serde_json::Value::Object(map) => map.values_mut().for_each(plain_numbers),
        _ => {}
    }
}

async fn stored(backend: &PostgresBackend, table: TableId, repository: &Repository) -> Vec<Vec<Value>> {
    let table = table.table();
    let columns: Vec<_> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE repository_id = {} ORDER BY {}",
        columns.join(", "),
        table.name,
        repository.id(),
        table.key.join(", ")
    );
    let rows = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap().rows;
    let row = |row: Vec<Value>| {
        table.columns.iter().zip(row).map(|(column, value)| plain(column.column_type, value)).collect()
    };
    rows.into_iter().map(row).collect()
}

/// Loads the facts and compares every cell but those that say when a row was written.
async fn assert_comes_back(backend: &PostgresBackend, name: String, facts: &TransformedAst) {
    let repository = Repository::named(name);
    load(backend, LoadPlan::partial(repository.clone(), "1"), &[Arc::new(facts.clone())]).await;
    let context = RowContext { repository: repository.id(), producer_version: "1", now: Timestamp::now() };
    let mut expected = owned_rows(facts, &context).unwrap();
    for (index, definition) in TABLES.iter().enumerate().filter(|(_, table)| table.unit == Unit::File) {
        let table = TableId::ALL[index];
        let key = definition.position(definition.key[0]).unwrap();
        let mut expected = expected.remove(&table).unwrap_or_default();
        expected.sort_by_key(|row| row[key].to_string());
        let stored = stored(backend, table, &repository).await;
        assert_eq!(stored.len(), expected.len(), "{}", definition.name);
        for (stored, expected) in stored.into_iter().zip(expected) {
            for ((column, stored), expected) in definition.columns.iter().zip(stored).zip(expected) {
                let is_time_of_writing = column.volatile && column.name != "last_modified";
                if !is_time_of_writing {
                    assert_eq!(
                        stored,
                        plain(column.column_type, expected),
                        "{}.{}",
                        definition.name,
                        column.name
                    );
                }
            }
        }
    }
}

/// How many cases are tried: what `PROPTEST_CASES` says, else as many as every run of the tests has time for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").map_or(24, |text| text.parse().unwrap())
}

fn facts_come_back(parameters: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_database, backend) = runtime.block_on(backend_with(parameters));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let number = std::cell::Cell::new(0);
    let outcome = runner.run(&facts(), |facts| {
        number.set(number.get() + 1);
        runtime.block_on(assert_comes_back(&backend, format!("repository {}", number.get()), &facts));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn bound_values_come_back() {
    facts_come_back("partition_rows=1000000");
}

#[test]
fn copied_values_come_back() {
    facts_come_back("partition_rows=0");
}

#[tokio::test]
async fn many_rows_come_back_from_a_copy_in_place() {
    let (_database, backend) = backend_with("partition_rows=1000000").await;
    let functions = (0..6_000_u64).map(|index| Function {
        name: format!("f{index}"),
        qualified_name: format!("f{index}"),
        symbol: snake_pipe_core::id::SymbolKey(index << 4),
        doc_string: (index % 2 == 0).then(|| "ü".to_owned()),
        ..Function::default()
    });
    let facts = TransformedAst { functions: functions.collect(), ..TransformedAst::new("many.py".into()) };
    assert_comes_back(&backend, "many".into(), &facts).await;
}
