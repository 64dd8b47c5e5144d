//! The relational model: the tables that every SQL backend has, and the one mapping from facts to their rows.
//!
//! Tables, columns, their order, types and meanings are the same in every backend; a test in each plugin compares the
//! database's catalog with [`TABLES`].

mod derived;
mod history;
mod integrity;
mod mapper;
mod references;
mod rows;
mod tables;
mod views;

pub use derived::{DERIVED, Derivation, DerivedRows};
pub use history::{HistoryInsert, HistoryRun, history_inserts, history_rows};
pub use integrity::{IntegrityRows, IntegrityStatement, dependencies_again, integrity_statements};
pub use mapper::{MAX_NAME_BYTES, RowContext, write_rows};
pub use references::{REFERENCES, Reference};
pub use rows::{OwnedRows, RowDifference, owned_rows};
pub use tables::{TABLES, TableId};
pub use views::{VIEWS, View, ViewColumn};

use uuid::Uuid;

use crate::{Result, Timestamp};

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row stands for, in a sentence.
    pub description: &'static str,
    /// What it belongs to.
    pub unit: Unit,
    /// Its columns, in order.
    pub columns: &'static [Column],
    /// Its primary key.
    pub key: &'static [&'static str],
}

impl Table {
    /// The position of a column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|candidate| candidate.name == column)
    }
}

/// What a table's rows belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A source file: its rows are replaced and removed with the file. Such a table has `repository_id` and `file_id` (in
    /// `dependencies` the latter is named `source_file_id`).
    File,
    /// A repository: written by the backend when it publishes.
    Repository,
    /// A repository's past: one row for each thing that a publication changed, never altered, dropped by age. It tells what was,
    /// so that it depends on the loads there were, and is no part of what a clean load has.
    History,
    /// A repository: recalculated from other tables after a load was published, see `derived_tables`.
    Derived,
    /// The database as a whole: written when it is migrated.
    Database,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub column_type: ColumnType,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// Records when or by which run the row was written: left out when rows are compared.
    pub volatile: bool,
    /// What it means, with the unit.
    pub description: &'static str,
}

/// The type of a column, with its form in PostgreSQL and SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `text`; `TEXT`.
    Text,
    /// 32 bits: `integer`; `INTEGER`.
    Integer,
    /// 64 bits: `bigint`; `INTEGER`.
    BigInt,
    /// 64 bits: `double precision`; `REAL`.
    Double,
    /// `boolean`; `INTEGER` that is 0 or 1.
    Boolean,
    /// `uuid`; `TEXT` of 36 characters.
    Uuid,
    /// `jsonb`; `TEXT`.
    Json,
    /// `timestamptz`; `TEXT` in RFC 3339, UTC, six decimals.
    Timestamp,
}

/// One value of a row on its way to a database. Its variant fits the column's type, or is `Null`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing known.
    Null,
    /// For `Boolean`.
    Boolean(bool),
    /// For `Integer`.
    Integer(i32),
    /// For `BigInt`.
    BigInt(i64),
    /// For `Double`; finite.
    Double(f64),
    /// For `Text`; without NUL.
    Text(&'a str),
    /// For `Uuid`.
    Uuid(Uuid),
    /// For `Json`; without `\u0000`.
    Json(&'a str),
    /// For `Timestamp`.
    Timestamp(Timestamp),
}

/// Takes rows one by one. Tables come in dependency order within one file's facts.
pub trait RowWriter {
    /// Takes a row of `table`, one cell per column.
    ///
    /// # Errors
    /// Whatever the writer cannot go on from; mapping stops there.
    fn row(&mut self, table: TableId, cells: &[Cell<'_>]) -> Result<()>;
}
