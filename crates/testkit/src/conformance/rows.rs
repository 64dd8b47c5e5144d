//! Rows as a backend holds them, and as facts say they should be.

use std::{collections::BTreeMap, sync::Arc};

use snake_pipe_core::{
    DatabaseBackend, Result, SqlQuery, Timestamp, Value,
    id::RepositoryId,
    model::TransformedAst,
    schema::{ColumnType, RowContext, TableId, Unit, owned_rows},
};

use super::harness::Store;

/// Rows of one table, each with a value per column, in the order of their keys.
pub type Rows = Vec<Vec<Value>>;

/// The tables whose rows belong to files.
pub fn tables() -> impl Iterator<Item = TableId> {
    TableId::ALL.iter().copied().filter(|table| table.table().unit == Unit::File)
}

/// A table's rows of a repository, volatile columns as NULL; none where the backend's rows cannot be read.
pub(super) async fn stored_rows(
    store: &Store,
    backend: &dyn DatabaseBackend,
    table: TableId,
    repository: RepositoryId,
) -> Result<Option<Rows>> {
    if let Some(read) = &store.read_rows {
        return Ok(Some(normal(table, read(table, repository).await?)));
    }
    if !backend.capabilities().sql {
        return Ok(None);
    }
    sql_rows(backend, table, repository).await.map(Some)
}

/// A table's rows of a repository as a backend with SQL holds them, in the form that all backends agree about: volatile
/// columns as NULL, ordered by key.
///
/// # Errors
/// As of [`DatabaseBackend::execute_sql_query`].
pub async fn sql_rows(
    backend: &dyn DatabaseBackend,
    table: TableId,
    repository: RepositoryId,
) -> Result<Rows> {
    let columns: Vec<_> = table.table().columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let statement =
        format!("SELECT {} FROM {} WHERE repository_id = $1", columns.join(", "), table.table().name);
    let query = SqlQuery::new(statement).with_parameters(vec![Value::Integer(repository.get())]);
    // A user's statement may cost a new connection, and this one runs some thousand times.
    let query = SqlQuery { is_own: true, ..query };
    let answer = backend.execute_sql_query(query).await?;
    Ok(normal(table, answer.rows))
}

/// The rows that these files should have, by table, as [`stored_rows`] shows them.
pub(crate) fn expected_rows(
    files: &[Arc<TransformedAst>],
    repository: RepositoryId,
    producer_version: &str,
) -> Result<BTreeMap<TableId, Rows>> {
    let context = RowContext { repository, producer_version, now: Timestamp::default() };
    let mut rows: BTreeMap<TableId, Rows> = tables().map(|table| (table, Rows::new())).collect();
    for file in files {
        for (table, more) in owned_rows(file, &context)? {
            rows.entry(table).or_default().extend(more);
        }
    }
    Ok(rows.into_iter().map(|(table, rows)| (table, normal(table, rows))).collect())
}

/// The rows in one form for all backends, ordered by key.
pub(crate) fn normal(table: TableId, rows: Rows) -> Rows {
    let columns = table.table().columns;
    let mut rows: Rows = rows
        .into_iter()
        .map(|row| {
            let values = columns.iter().zip(row);
            values.map(
                |(column, value)| {
                    if column.volatile { Value::Null } else { plain(column.column_type, value) }
                },
            )
        })
        .map(Iterator::collect)
        .collect();
    let positions: Vec<_> =
        table.table().key.iter().filter_map(|name| table.table().position(name)).collect();
    let key_of = |row: &Vec<Value>| -> Vec<String> {
        positions.iter().map(|position| format!("{:>12}", row[*position].to_string())).collect()
    };
    rows.sort_by_cached_key(key_of);
    rows
}

fn plain(column_type: ColumnType, value: Value) -> Value {
    match (column_type, value) {
        // Some databases know no truth values, and some return a number of type real as whole where it is.
        (ColumnType::Boolean, Value::Integer(value)) => Value::Bool(value != 0),
        (ColumnType::Double, Value::Integer(value)) => Value::Real(value as f64),
        (ColumnType::Json, Value::Text(text)) => Value::Text(plain_json(&text)),
        (_, value) => value,
    }
}

/// JSON with members sorted and numbers as doubles: what all databases agree about.
fn plain_json(text: &str) -> String {
    fn plain(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Number(number) => serde_json::json!(number.as_f64()),
            serde_json::Value::Array(values) => values.into_iter().map(plain).collect(),
            serde_json::Value::Object(members) => {
                let sorted: BTreeMap<_, _> =
                    members.into_iter().map(|(name, value)| (name, plain(value))).collect();
                serde_json::Value::Object(sorted.into_iter().collect())
            }
            value => value,
        }
    }
    serde_json::from_str(text).map_or_else(|_| text.to_owned(), |value| plain(value).to_string())
}

/// Compares rows as [`sql_rows`] returns them.
///
/// # Panics
/// At the first row that differs, naming it and the columns.
pub fn assert_same(table: TableId, stored: &Rows, expected: &Rows) {
    if let Some(difference) = difference(table, stored, expected) {
        panic!("{difference}");
    }
}

/// The first row that differs, and in which columns; none where they are the same.
#[must_use]
pub fn difference(table: TableId, stored: &Rows, expected: &Rows) -> Option<String> {
    let name = table.table().name;
    for (index, (stored, expected)) in stored.iter().zip(expected).enumerate() {
        let columns = table.table().columns.iter().zip(stored.iter().zip(expected));
        let different: Vec<String> = columns
            .filter(|(_, (stored, expected))| stored != expected)
            .map(|(column, (stored, expected))| {
                format!("{}: holds {}, should hold {}", column.name, shown(stored), shown(expected))
            })
            .collect();
        if !different.is_empty() {
            return Some(format!("{name}, row {index} by key: {}", different.join("; ")));
        }
    }
    let (held, wanted) = (stored.len(), expected.len());
    (held != wanted).then(|| format!("{name}: holds {held} rows, should hold {wanted}"))
}

/// A value as in Rust, cut where it is long.
fn shown(value: &Value) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
