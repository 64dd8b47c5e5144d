//! Rows as bytes: PostgreSQL's binary COPY format (manual, COPY, "Binary Format").

use snake_pipe_core::{
    Error, ErrorKind, Result, Timestamp, Value,
    schema::{Cell, ColumnType, RowWriter, Table, TableId},
};
use uuid::Uuid;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
const JSONB_VERSION: u8 = 1;
/// PostgreSQL counts microseconds from 2000-01-01.
const MICROS_FROM_1970_TO_2000: i64 = 946_684_800_000_000;

/// Rows of one table on their way into a COPY.
#[derive(Debug, Default)]
pub(crate) struct CopyBuffer {
    bytes: Vec<u8>,
    rows: u64,
}

impl CopyBuffer {
    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// All that COPY wants to be sent, from signature to trailer. The buffer is empty afterwards.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.rows = 0;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.extend_from_slice(&TRAILER);
        bytes
    }

    /// Adds a row of cells.
    pub(crate) fn add(&mut self, cells: &[Cell<'_>]) {
        self.begin_row(cells.len());
        for cell in cells {
            self.add_cell(cell);
        }
    }

    /// Adds a row of values, typed by the table's columns.
    ///
    /// # Errors
    /// `Internal` for a value that does not fit its column.
    pub(crate) fn add_values(&mut self, table: &Table, row: &[Value]) -> Result<()> {
        self.begin_row(row.len());
        for (column, value) in table.columns.iter().zip(row) {
            let cell = cell_of(column.column_type, value).ok_or_else(|| {
                Error::new(ErrorKind::Internal, "a value does not fit its column")
                    .with_context("column", format!("{}.{}", table.name, column.name))
            })?;
            self.add_cell(&cell);
        }
        Ok(())
    }

    fn begin_row(&mut self, columns: usize) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(SIGNATURE);
        }
        self.rows += 1;
        self.bytes.extend_from_slice(&(columns as i16).to_be_bytes());
    }

    fn add_cell(&mut self, cell: &Cell<'_>) {
        match *cell {
            Cell::Null => self.bytes.extend_from_slice(&NULL),
            Cell::Boolean(value) => self.add_field(&[u8::from(value)]),
            Cell::Integer(value) => self.add_field(&value.to_be_bytes()),
            Cell::BigInt(value) => self.add_field(&value.to_be_bytes()),
            Cell::Double(value) => self.add_field(&value.to_be_bytes()),
            Cell::Text(value) => self.add_field(value.as_bytes()),
            Cell::Uuid(value) => self.add_field(value.as_bytes()),
            Cell::Json(value) => {
                self.bytes.extend_from_slice(&(value.len() as i32 + 1).to_be_bytes());
                self.bytes.push(JSONB_VERSION);
                self.bytes.extend_from_slice(value.as_bytes());
            }
            Cell::Timestamp(value) => self.add_field(&micros_since_2000(value).to_be_bytes()),
        }
    }

    fn add_field(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
    }
}

fn micros_since_2000(time: Timestamp) -> i64 {
    time.unix_micros().saturating_sub(MICROS_FROM_1970_TO_2000)
}

fn cell_of(column_type: ColumnType, value: &Value) -> Option<Cell<'_>> {
    Some(match (column_type, value) {
        (_, Value::Null) => Cell::Null,
        (ColumnType::Boolean, Value::Bool(value)) => Cell::Boolean(*value),
        (ColumnType::Integer, Value::Integer(value)) => Cell::Integer(i32::try_from(*value).ok()?),
        (ColumnType::BigInt, Value::Integer(value)) => Cell::BigInt(*value),
        (ColumnType::Double, Value::Real(value)) => Cell::Double(*value),
        (ColumnType::Text, Value::Text(value)) => Cell::Text(value),
        (ColumnType::Json, Value::Text(value)) => Cell::Json(value),
        (ColumnType::Uuid, Value::Text(value)) => Cell::Uuid(Uuid::parse_str(value).ok()?),
        (ColumnType::Timestamp, Value::Text(value)) => Cell::Timestamp(value.parse().ok()?),
        _ => return None,
    })
}

/// Rows by table, as the bytes that `COPY … FROM STDIN WITH (FORMAT binary)` takes: for writing them into tables of one's own, with
/// [`write_rows`](snake_pipe_core::schema::write_rows). Columns are all of the table's, in their order.
#[derive(Debug)]
pub struct CopyBuffers {
    tables: Vec<CopyBuffer>,
}

impl Default for CopyBuffers {
    fn default() -> Self {
        Self::new()
    }
}

impl CopyBuffers {
    /// Empty buffers.
    #[must_use]
    pub fn new() -> Self {
        Self { tables: TableId::ALL.iter().map(|_| CopyBuffer::default()).collect() }
    }

    /// How many bytes wait for a table; 0 without a row.
    #[must_use]
    pub fn len(&self, table: TableId) -> usize {
        self.tables[table as usize].len()
    }

    /// All that one COPY of a table wants to be sent, from signature to trailer. Its buffer is empty afterwards.
    #[must_use]
    pub fn take(&mut self, table: TableId) -> Vec<u8> {
        self.table(table).take()
    }

    /// The buffer of a table.
    pub(crate) fn table(&mut self, table: TableId) -> &mut CopyBuffer {
        &mut self.tables[table as usize]
    }
}

impl RowWriter for CopyBuffers {
    fn row(&mut self, table: TableId, cells: &[Cell<'_>]) -> Result<()> {
        self.table(table).add(cells);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_its_columns_with_their_lengths() {
        let mut buffer = CopyBuffer::default();
        buffer.add(&[Cell::Null, Cell::Integer(7), Cell::Json("1")]);
        assert_eq!(buffer.rows(), 1);
        let mut expected = SIGNATURE.to_vec();
        expected.extend([0, 3, 255, 255, 255, 255, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 2, 1, b'1', 255, 255]);
        assert_eq!(buffer.take(), expected);
        assert_eq!((buffer.len(), buffer.rows()), (0, 0));
    }

    #[test]
    fn values_take_the_type_of_their_column() {
        let table = TableId::Metrics.table();
        let id = "0f98fa8a-dbd8-8e54-adea-123e4247ea5f";
        let row = [
            Value::Text(id.into()),
            Value::Text("m".into()),
            Value::Integer(1),
            Value::Real(0.5),
            Value::Text("count".into()),
            Value::Text("2000-01-01T00:00:00.000001Z".into()),
        ];
        let (mut values, mut cells) = (CopyBuffer::default(), CopyBuffer::default());
        values.add_values(table, &row).unwrap();
        cells.add(&[
            Cell::Uuid(Uuid::parse_str(id).unwrap()),
            Cell::Text("m"),
            Cell::BigInt(1),
            Cell::Double(0.5),
            Cell::Text("count"),
            Cell::Timestamp(Timestamp::from_unix_micros(MICROS_FROM_1970_TO_2000 + 1)),
        ]);
        assert_eq!(values.take(), cells.take());
        assert!(values.add_values(table, &[Value::Integer(1)]).is_err());
    }
}
