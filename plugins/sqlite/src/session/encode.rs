//! Rows as arguments of multi-row INSERTs into the staging area.

use std::{collections::HashMap, sync::Arc};

use snake_pipe_core::{
    Error, ErrorKind, Result,
    schema::{Cell, RowWriter, TableId},
};
use sqlx::{Arguments, SqliteConnection, error::BoxDynError, sqlite::SqliteArguments};
use uuid::Uuid;

use super::marks::Marks;
use crate::{
    error::during,
    schema::{FILE_TABLES, FileTable, ROWS_PER_INSERT},
};

/// Rows are sent when this many bytes of them wait, however few they are.
const BYTES_PER_INSERT: usize = 1 << 20;
/// Longer texts seldom repeat in neighbouring rows.
const REMEMBERED_BYTES: usize = 64;

/// Collects rows by table, and what they define and refer to.
#[derive(Debug)]
pub(super) struct Encoder {
    tables: HashMap<TableId, Buffer>,
    ready: Vec<Insert>,
    /// What the rows define and refer to.
    pub(super) marks: Marks,
    /// Rows taken.
    pub(super) rows: u64,
    /// Bytes of text taken.
    pub(super) bytes: u64,
}

/// Rows of one table that wait.
#[derive(Debug)]
struct Buffer {
    table: &'static FileTable,
    arguments: SqliteArguments,
    rows: usize,
    bytes: usize,
    /// What each column held last: neighbouring rows share ids, words and times.
    last: Vec<Last>,
}

#[derive(Clone, Debug)]
enum Last {
    Nothing,
    Text(Arc<str>),
    Uuid(Uuid, Arc<str>),
    Time(i64, Arc<str>),
}

#[derive(Debug)]
struct Insert {
    table: &'static FileTable,
    rows: usize,
    arguments: SqliteArguments,
}

impl Encoder {
    pub(super) fn new() -> Self {
        let tables = FILE_TABLES.iter().map(|table| (table.id, Buffer::new(table))).collect();
        Self { tables, ready: Vec::new(), marks: Marks::default(), rows: 0, bytes: 0 }
    }

    /// Sends what fills whole statements.
    pub(super) async fn send_full(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        for insert in self.ready.drain(..) {
            insert.execute(connection).await?;
        }
        Ok(())
    }

    /// Sends everything.
    pub(super) async fn send_all(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        self.send_full(connection).await?;
        let waiting: Vec<_> = self.tables.values_mut().filter_map(Buffer::take).collect();
        for insert in waiting {
            insert.execute(connection).await?;
        }
        Ok(())
    }
}

impl RowWriter for Encoder {
    fn row(&mut self, table: TableId, cells: &[Cell<'_>]) -> Result<()> {
        self.marks.see(table, cells);
        let buffer = self.tables.get_mut(&table).ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("`{}` is no table of files", table.table().name))
        })?;
        let bytes = buffer.push(cells).map_err(|source| {
            Error::new(ErrorKind::Internal, "a row could not be encoded").with_source(source)
        })?;
        self.rows += 1;
        self.bytes += bytes as u64;
        if buffer.rows == ROWS_PER_INSERT || buffer.bytes >= BYTES_PER_INSERT {
            self.ready.extend(buffer.take());
        }
        Ok(())
    }
}

impl Buffer {
    fn new(table: &'static FileTable) -> Self {
        let last = vec![Last::Nothing; table.id.table().columns.len()];
        Self { table, arguments: SqliteArguments::default(), rows: 0, bytes: 0, last }
    }

    /// Adds a row; the bytes of its texts.
    fn push(&mut self, cells: &[Cell<'_>]) -> Result<usize, BoxDynError> {
        if self.rows == 0 {
            self.arguments.reserve(cells.len() * ROWS_PER_INSERT, 0);
        }
        let mut bytes = 0;
        for (cell, last) in cells.iter().zip(&mut self.last) {
            let text = match *cell {
                Cell::Null => {
                    self.arguments.add(None::<i64>)?;
                    continue;
                }
                Cell::Boolean(value) => {
                    self.arguments.add(value)?;
                    continue;
                }
                Cell::Integer(value) => {
                    self.arguments.add(value)?;
                    continue;
                }
                Cell::BigInt(value) => {
                    self.arguments.add(value)?;
                    continue;
                }
                Cell::Double(value) => {
                    self.arguments.add(value)?;
                    continue;
                }
                Cell::Text(text) | Cell::Json(text) => last.text(text),
                Cell::Uuid(id) => last.uuid(id),
                Cell::Timestamp(time) => last.time(time),
            };
            bytes += text.len();
            self.arguments.add(text)?;
        }
        self.rows += 1;
        self.bytes += bytes;
        Ok(bytes)
    }

    fn take(&mut self) -> Option<Insert> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        (rows > 0).then(|| Insert { table: self.table, rows, arguments: std::mem::take(&mut self.arguments) })
    }
}

impl Last {
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Self::Text(last) = self
            && **last == *text
        {
            return Arc::clone(last);
        }
        let owned: Arc<str> = text.into();
        if text.len() <= REMEMBERED_BYTES {
            *self = Self::Text(Arc::clone(&owned));
        }
        owned
    }

    fn uuid(&mut self, id: Uuid) -> Arc<str> {
        match self {
            Self::Uuid(last, text) if *last == id => Arc::clone(text),
            _ => {
                let text: Arc<str> = (&*id.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into();
                *self = Self::Uuid(id, Arc::clone(&text));
                text
            }
        }
    }

    fn time(&mut self, time: snake_pipe_core::Timestamp) -> Arc<str> {
        match self {
            Self::Time(last, text) if *last == time.unix_micros() => Arc::clone(text),
            _ => {
                let text: Arc<str> = time.to_string().into();
                *self = Self::Time(time.unix_micros(), Arc::clone(&text));
                text
            }
        }
    }
}

impl Insert {
    async fn execute(self, connection: &mut SqliteConnection) -> Result<()> {
        let is_full = self.rows == ROWS_PER_INSERT;
        let sql = match is_full {
            true => sqlx::AssertSqlSafe(Arc::clone(&self.table.stage_full)),
            false => sqlx::AssertSqlSafe(Arc::from(self.table.stage(self.rows))),
        };
        sqlx::query_with(sql, self.arguments)
            // Statements of every other length are used once.
            .persistent(is_full)
            .execute(connection)
            .await
            .map(drop)
            .map_err(during("write_batch"))
    }
}
