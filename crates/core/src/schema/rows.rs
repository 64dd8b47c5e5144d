//! Rows in memory: to compare what a database holds with what facts say.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{Hash, Hasher},
};

use super::{Cell, RowContext, RowWriter, TableId, write_rows};
use crate::{Result, model::TransformedAst, query::Value};

/// Rows by table, in the order of writing.
pub type OwnedRows = BTreeMap<TableId, Vec<Vec<Value>>>;

/// The rows that `facts` become.
///
/// # Errors
/// As of [`write_rows`].
pub fn owned_rows(facts: &TransformedAst, context: &RowContext<'_>) -> Result<OwnedRows> {
    #[derive(Default)]
    struct Collect(OwnedRows);

    impl RowWriter for Collect {
        fn row(&mut self, table: TableId, cells: &[Cell<'_>]) -> Result<()> {
            self.0.entry(table).or_default().push(cells.iter().map(|cell| cell.to_value()).collect());
            Ok(())
        }
    }

    let mut rows = Collect::default();
    write_rows(facts, context, &mut rows)?;
    Ok(rows.0)
}

impl Cell<'_> {
    /// The value in the form in which a query answers it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match *self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Bool(value),
            Self::Integer(value) => Value::Integer(value.into()),
            Self::BigInt(value) => Value::Integer(value),
            Self::Double(value) => Value::Real(value),
            Self::Text(value) | Self::Json(value) => Value::Text(value.to_owned()),
            Self::Uuid(value) => Value::Text(value.to_string()),
            Self::Timestamp(value) => Value::Text(value.to_string()),
        }
    }
}

/// How rows of one table have to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowDifference {
    /// Indices, among the new rows, of those whose key is new.
    pub inserted: Vec<usize>,
    /// Indices, among the new rows, of those whose key is there with other values.
    pub updated: Vec<usize>,
    /// Indices, among the old rows, of those that stand where the updated ones go, in their order.
    pub replaced: Vec<usize>,
    /// Indices, among the old rows, of those whose key is gone.
    pub deleted: Vec<usize>,
}

impl RowDifference {
    /// Compares by the table's key; volatile columns do not count. Indices come in ascending order.
    #[must_use]
    pub fn between(table: TableId, old: &[Vec<Value>], new: &[Vec<Value>]) -> Self {
        let definition = table.table();
        let columns: Vec<usize> =
            definition.key.iter().filter_map(|name| definition.position(name)).collect();
        let key_of = |row| Key { row, columns: &columns };
        let mut by_key: HashMap<Key<'_>, usize> =
            old.iter().enumerate().map(|(index, row)| (key_of(row), index)).collect();
        let mut difference = Self::default();
        for (index, row) in new.iter().enumerate() {
            match by_key.remove(&key_of(row)) {
                None => difference.inserted.push(index),
                Some(held) if same(table, &old[held], row) => {}
                Some(held) => {
                    difference.updated.push(index);
                    difference.replaced.push(held);
                }
            }
        }
        difference.deleted = by_key.into_values().collect();
        difference.deleted.sort_unstable();
        difference
    }

    /// Whether nothing has to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inserted.is_empty() && self.updated.is_empty() && self.deleted.is_empty()
    }
}

/// The key of a row, where it stands: a load compares millions.
#[derive(Clone, Copy)]
struct Key<'a> {
    row: &'a [Value],
    columns: &'a [usize],
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.columns.iter().all(|column| self.row[*column] == other.row[*column])
    }
}

/// Keys hold no numbers with fractions, of which one is not equal to itself.
impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for column in self.columns {
            match &self.row[*column] {
                Value::Null => state.write_u8(0),
                Value::Bool(value) => value.hash(state),
                Value::Integer(value) => value.hash(state),
                Value::Real(value) => value.to_bits().hash(state),
                Value::Text(value) => value.hash(state),
            }
        }
    }
}

fn same(table: TableId, old: &[Value], new: &[Value]) -> bool {
    let columns = table.table().columns;
    columns.iter().zip(old.iter().zip(new)).all(|(column, (old, new))| column.volatile || old == new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, id::RepositoryId, model::Metric};

    fn rows(metrics: &[(&str, f64)], at: i64) -> Vec<Vec<Value>> {
        let metrics = metrics.iter().map(|(name, value)| Metric {
            name: (*name).into(),
            value: *value,
            ..Metric::default()
        });
        let facts = TransformedAst { metrics: metrics.collect(), ..TransformedAst::new("a".into()) };
        let now = Timestamp::from_unix_micros(at);
        let context = RowContext { repository: RepositoryId::of("r", ""), producer_version: "1", now };
        owned_rows(&facts, &context).unwrap().remove(&TableId::Metrics).unwrap()
    }

    #[test]
    fn only_rows_that_differ_change() {
        let old = rows(&[("a", 1.0), ("b", 2.0), ("c", 3.0)], 1);
        let new = rows(&[("b", 2.5), ("c", 3.0), ("d", 4.0)], 2);
        let difference = RowDifference::between(TableId::Metrics, &old, &new);
        assert_eq!(
            difference,
            RowDifference { inserted: vec![2], updated: vec![0], replaced: vec![1], deleted: vec![0] }
        );
    }

    #[test]
    fn the_time_of_writing_is_no_difference() {
        let difference =
            RowDifference::between(TableId::Metrics, &rows(&[("a", 1.0)], 1), &rows(&[("a", 1.0)], 2));
        assert!(difference.is_empty());
    }
}
