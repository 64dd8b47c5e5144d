//! SQLite's values as those of the contract, as far as possible the same as PostgreSQL's.

use std::{collections::HashSet, fmt::Write, sync::LazyLock};

use snake_pipe_core::{
    Value,
    schema::{ColumnType, TABLES},
};
use sqlx::{
    Column, ColumnOrigin, Row, TypeInfo, ValueRef,
    sqlite::{SqliteColumn, SqliteRow},
};

/// Columns of our tables that hold truth values; SQLite stores them as 0 and 1.
static BOOLEANS: LazyLock<HashSet<(&'static str, &'static str)>> = LazyLock::new(|| {
    TABLES
        .iter()
        .flat_map(|table| table.columns.iter().map(|column| (table.name, column)))
        .filter(|(_, column)| column.column_type == ColumnType::Boolean)
        .map(|(table, column)| (table, column.name))
        .collect()
});

/// Reads the rows of one statement.
pub(super) struct Reader {
    /// Per column, whether it is a column of ours that holds truth values; through views and subqueries too.
    booleans: Vec<bool>,
}

impl Reader {
    pub(super) fn of(columns: &[SqliteColumn]) -> Self {
        let is_boolean = |column: &SqliteColumn| match column.origin() {
            ColumnOrigin::Table(origin) => BOOLEANS.contains(&(&*origin.table, &*origin.name)),
            ColumnOrigin::Expression | ColumnOrigin::Unknown => false,
        };
        Self { booleans: columns.iter().map(is_boolean).collect() }
    }

    pub(super) fn read(&self, row: &SqliteRow) -> Result<Vec<Value>, sqlx::Error> {
        (0..row.len()).map(|index| self.value(row, index)).collect()
    }

    fn value(&self, row: &SqliteRow, index: usize) -> Result<Value, sqlx::Error> {
        let raw = row.try_get_raw(index)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        // The value's own type, not the column's: an expression has none, and columns of other tables may lie.
        Ok(match raw.type_info().name() {
            "INTEGER" => match row.try_get_unchecked::<i64, _>(index)? {
                value @ (0 | 1) if self.booleans.get(index) == Some(&true) => Value::Bool(value == 1),
                value => Value::Integer(value),
            },
            "REAL" => Value::Real(row.try_get_unchecked(index)?),
            "BLOB" => Value::Text(hexadecimal(&row.try_get_unchecked::<Vec<u8>, _>(index)?)),
            _ => Value::Text(
                String::from_utf8_lossy(&row.try_get_unchecked::<Vec<u8>, _>(index)?).into_owned(),
            ),
        })
    }
}

/// Bytes as PostgreSQL writes a `bytea`.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes everything");
        text
    })
}
