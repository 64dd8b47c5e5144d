//! What the database's catalog says of the tables, read from `pg_catalog`: it shows everything to every role.

use std::collections::HashMap;

use snake_pipe_core::{
    Error, ErrorKind, Result,
    schema::{ColumnType, TABLES},
};
use sqlx::Row as _;

use crate::{connection::Lease, error::failed};

/// Compares the columns of the tables, in order and with their types, with those that this crate writes. Binary COPY is exact
/// in types, so that a table altered by hand would otherwise fail in the middle of a load.
///
/// # Errors
/// `Schema`, naming the first table and column that differ.
pub(crate) async fn verify_columns(lease: &mut Lease) -> Result<()> {
    let found = columns(lease).await?;
    for table in TABLES {
        let held = found.get(table.name).map(Vec::as_slice).unwrap_or_default();
        for (index, column) in table.columns.iter().enumerate() {
            let expected = (column.name, type_name(column.column_type));
            let held = held.get(index).map(|(name, sql_type)| (name.as_str(), sql_type.as_str()));
            if held != Some(expected) {
                return Err(Error::new(
                    ErrorKind::Schema,
                    format!("table `{}` is not as snake-pipe made it", table.name),
                )
                .with_context("column", index + 1)
                .with_context("expected", format!("{} {}", expected.0, expected.1))
                .with_context(
                    "found",
                    held.map_or("none".to_owned(), |(name, sql_type)| format!("{name} {sql_type}")),
                )
                .with_help("load into a new schema, or undo what was altered"));
            }
        }
        if let Some((name, _)) = held.get(table.columns.len()) {
            return Err(Error::new(
                ErrorKind::Schema,
                format!("table `{}` has a column `{name}` that snake-pipe did not make", table.name),
            )
            .with_help("put columns of your own into a table of your own, joined by id"));
        }
    }
    Ok(())
}

async fn columns(lease: &mut Lease) -> Result<HashMap<String, Vec<(String, String)>>> {
    const COLUMNS: &str = "
        SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = ANY($1)
          AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY c.relname, a.attnum";
    let names: Vec<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    let rows =
        sqlx::query(COLUMNS).bind(names).fetch_all(lease.get()).await.map_err(failed("read the catalog"))?;
    let mut found: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for row in rows {
        found.entry(row.get(0)).or_default().push((row.get(1), row.get(2)));
    }
    Ok(found)
}

/// The type as `format_type` says it.
const fn type_name(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "text",
        ColumnType::Integer => "integer",
        ColumnType::BigInt => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Boolean => "boolean",
        ColumnType::Uuid => "uuid",
        ColumnType::Json => "jsonb",
        ColumnType::Timestamp => "timestamp with time zone",
    }
}
