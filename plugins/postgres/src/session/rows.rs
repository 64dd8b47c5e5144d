//! Rows in statements: values bound by column, current rows read back.

use snake_pipe_core::{
    Error, ErrorKind, Result, Value,
    schema::{ColumnType, Table, TableId},
};
use sqlx::{
    PgConnection, Row as _,
    postgres::{PgArguments, PgRow},
};
use uuid::Uuid;

use crate::{
    error::failed,
    schema::{
        mapper::CopyBuffer,
        statements::{self, column_list},
    },
};

/// From so many rows on COPY is faster than binding arrays, even where its three round trips cost 40 ms each: the driver sets
/// no TCP_NODELAY.
const COPY_MIN_ROWS: usize = 4_000;
/// How much of a COPY is sent at once.
pub(crate) const COPY_PIECE_BYTES: usize = 1 << 20;

/// Inserts rows; the bytes that were sent of them.
pub(crate) async fn insert(connection: &mut PgConnection, table: TableId, rows: &[&[Value]]) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    if rows.len() < COPY_MIN_ROWS {
        return execute_with_rows(connection, &statements::of(table).insert, table.table(), rows).await;
    }
    let definition = table.table();
    let mut buffer = CopyBuffer::default();
    for row in rows {
        buffer.add_values(definition, row)?;
    }
    let sql =
        format!("COPY {} ({}) FROM STDIN WITH (FORMAT binary)", definition.name, column_list(definition));
    let bytes = buffer.take();
    copy(connection, &sql, &bytes).await.map_err(failed("write rows"))?;
    Ok(bytes.len() as u64)
}

/// Updates rows by their keys; the bytes that were sent of them.
pub(crate) async fn update(connection: &mut PgConnection, table: TableId, rows: &[&[Value]]) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    execute_with_rows(connection, &statements::of(table).update, table.table(), rows).await
}

/// Deletes rows by their keys.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    table: TableId,
    repository: i64,
    rows: &[&[Value]],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let statements = statements::of(table);
    let mut arguments = PgArguments::default();
    add(&mut arguments, repository)?;
    for position in &statements.key {
        bind_column(&mut arguments, table.table(), *position, rows)?;
    }
    execute(connection, &statements.delete, arguments).await
}

/// The current rows of some files.
pub(crate) async fn read(
    connection: &mut PgConnection,
    table: TableId,
    repository: i64,
    files: &[Uuid],
) -> Result<Vec<Vec<Value>>> {
    let rows = sqlx::query(statements::of(table).read.as_str())
        .bind(repository)
        .bind(files)
        .fetch_all(connection)
        .await
        .map_err(failed("read rows"))?;
    rows.iter().map(|row| values(row, table.table())).collect()
}

/// Sends one COPY. After an error of the server the connection is at rest again; after any other, or when the future was
/// dropped, it is not, and has to be closed.
pub(crate) async fn copy(connection: &mut PgConnection, sql: &str, bytes: &[u8]) -> Result<u64, sqlx::Error> {
    let mut copy = connection.copy_in_raw(sql).await?;
    for piece in bytes.chunks(COPY_PIECE_BYTES) {
        copy.send(piece).await?;
    }
    copy.finish().await
}

async fn execute_with_rows(
    connection: &mut PgConnection,
    sql: &'static str,
    table: &Table,
    rows: &[&[Value]],
) -> Result<u64> {
    let mut arguments = PgArguments::default();
    for position in 0..table.columns.len() {
        bind_column(&mut arguments, table, position, rows)?;
    }
    execute(connection, sql, arguments).await?;
    Ok(bytes_of(table, rows))
}

/// What the values of rows take as elements of arrays: each with its length before it.
fn bytes_of(table: &Table, rows: &[&[Value]]) -> u64 {
    let bytes = |column_type, value: &Value| match value {
        Value::Null => 4,
        Value::Bool(_) => 5,
        Value::Integer(_) if column_type == ColumnType::Integer => 8,
        Value::Integer(_) | Value::Real(_) => 12,
        Value::Text(_) if column_type == ColumnType::Uuid => 20,
        Value::Text(text) => 4 + text.len() as u64,
    };
    let of_row = |row: &&[Value]| -> u64 {
        table.columns.iter().zip(*row).map(|(column, value)| bytes(column.column_type, value)).sum()
    };
    rows.iter().map(of_row).sum()
}

async fn execute(connection: &mut PgConnection, sql: &'static str, arguments: PgArguments) -> Result<()> {
    sqlx::query_with(sql, arguments).execute(connection).await.map(drop).map_err(failed("write rows"))
}

fn add<'q, T>(arguments: &mut PgArguments, value: T) -> Result<()>
where
    T: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    use sqlx::Arguments as _;
    arguments
        .add(value)
        .map_err(|source| Error::new(ErrorKind::Internal, "a value cannot be bound").with_source(source))
}

/// Binds one column of the rows as an array.
fn bind_column(arguments: &mut PgArguments, table: &Table, position: usize, rows: &[&[Value]]) -> Result<()> {
    let column = &table.columns[position];
    let misfit = || {
        Error::new(ErrorKind::Internal, "a value does not fit its column")
            .with_context("column", format!("{}.{}", table.name, column.name))
    };
    macro_rules! array {
        ($pattern:pat => $value:expr) => {{
            let values = rows.iter().map(|row| match &row[position] {
                Value::Null => Ok(None),
                $pattern => $value.map(Some).ok_or_else(misfit),
                _ => Err(misfit()),
            });
            add(arguments, values.collect::<Result<Vec<_>>>()?)
        }};
    }
    match column.column_type {
        ColumnType::Text | ColumnType::Json | ColumnType::Timestamp => {
            array!(Value::Text(text) => Some(text.as_str()))
        }
        ColumnType::Integer => array!(Value::Integer(value) => i32::try_from(*value).ok()),
        ColumnType::BigInt => array!(Value::Integer(value) => Some(*value)),
        ColumnType::Double => array!(Value::Real(value) => Some(*value)),
        ColumnType::Boolean => array!(Value::Bool(value) => Some(*value)),
        ColumnType::Uuid => array!(Value::Text(text) => Uuid::parse_str(text).ok()),
    }
}

fn values(row: &PgRow, table: &Table) -> Result<Vec<Value>> {
    let value = |index: usize| -> Result<Option<Value>, sqlx::Error> {
        let column = &table.columns[index];
        Ok(match column.column_type {
            _ if column.volatile => None,
            ColumnType::Text | ColumnType::Json | ColumnType::Timestamp => {
                row.try_get::<Option<String>, _>(index)?.map(Value::Text)
            }
            ColumnType::Integer => {
                row.try_get::<Option<i32>, _>(index)?.map(|value| Value::Integer(value.into()))
            }
            ColumnType::BigInt => row.try_get::<Option<i64>, _>(index)?.map(Value::Integer),
            ColumnType::Double => row.try_get::<Option<f64>, _>(index)?.map(Value::Real),
            ColumnType::Boolean => row.try_get::<Option<bool>, _>(index)?.map(Value::Bool),
            ColumnType::Uuid => row.try_get::<Option<Uuid>, _>(index)?.map(|id| Value::Text(id.to_string())),
        })
    };
    (0..table.columns.len())
        .map(|index| value(index).map(|value| value.unwrap_or(Value::Null)).map_err(failed("read rows")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_its_bytes_and_four_for_their_number() {
        let table = TableId::Metrics.table();
        let text = |text: &str| Value::Text(text.to_owned());
        let id = text("0f98fa8a-dbd8-8e54-adea-123e4247ea5f");
        let row = [id, text("lines"), Value::Integer(1), Value::Real(0.5), text("count"), Value::Null];
        assert_eq!(bytes_of(table, &[&row]), 20 + 9 + 12 + 12 + 9 + 4);
    }
}
