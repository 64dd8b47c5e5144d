//! Writing some files in place: only rows that differ are touched.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use snake_pipe_core::{
    Result, Timestamp, Value,
    id::RepositoryId,
    load::RefusedFile,
    model::TransformedAst,
    schema::{ColumnType, HistoryRun, OwnedRows, RowContext, RowDifference, TableId, owned_rows},
};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::{derived::Affected, history, rows, unresolve::Vanished};
use crate::{
    error::failed,
    schema::statements::{self, file_tables},
};

/// How many files are removed by one statement per table.
const FILES_PER_REMOVAL: usize = 1_000;

/// What writing did.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Rows inserted, updated or deleted.
    pub(crate) rows: u64,
    /// Rows inserted.
    pub(crate) new_rows: u64,
    /// Tables touched.
    pub(crate) tables: BTreeSet<&'static str>,
    /// What others may have referred to and is gone.
    pub(crate) vanished: Vanished,
    /// What derived tables have to be made anew for.
    pub(crate) affected: Affected,
    /// Files that the database refused; rows that say so stand in place of theirs.
    pub(crate) refused: Vec<RefusedFile>,
    /// Bytes of rows that were sent.
    pub(crate) bytes: u64,
    /// The number of the transaction, once it has published.
    pub(crate) transaction: Option<String>,
}

impl Changes {
    /// Adds what another write did.
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.new_rows += other.new_rows;
        self.tables.extend(other.tables);
        self.vanished.add(other.vanished);
        self.affected.add(other.affected);
        self.refused.extend(other.refused);
        self.bytes += other.bytes;
    }

    fn count(&mut self, table: TableId, rows: usize) {
        if rows > 0 {
            self.rows += rows as u64;
            self.tables.insert(table.table().name);
        }
    }
}

/// Writes within an open transaction.
pub(crate) struct UnitWriter<'a> {
    /// Where.
    pub(crate) connection: &'a mut PgConnection,
    /// The repository.
    pub(crate) repository: RepositoryId,
    /// Stored with each file.
    pub(crate) producer_version: &'a str,
    /// Stored with each row that changes.
    pub(crate) now: Timestamp,
    /// What history says of these changes; none where it says nothing.
    pub(crate) history: Option<&'a HistoryRun>,
}

impl UnitWriter<'_> {
    /// Makes the rows of these files equal their facts.
    pub(crate) async fn write(&mut self, files: &[(Uuid, Arc<TransformedAst>)]) -> Result<Changes> {
        let ids: Vec<Uuid> = files.iter().map(|(id, _)| *id).collect();
        let held = self.held(&ids).await?;
        let (mut fresh, mut changed) = (OwnedRows::new(), OwnedRows::new());
        let mut changes = Changes::default();
        for (id, facts) in files {
            let context = RowContext {
                repository: self.repository,
                producer_version: self.producer_version,
                now: self.now,
            };
            let rows = owned_rows(facts, &context)?;
            if !held.contains(id) {
                changes.affected.see_new(&rows);
            }
            let side = if held.contains(id) { &mut changed } else { &mut fresh };
            for (table, mut rows) in rows {
                side.entry(table).or_default().append(&mut rows);
            }
        }
        let held: Vec<Uuid> = held.into_iter().collect();
        if !held.is_empty() {
            self.write_differences(&held, changed, &mut changes).await?;
        }
        if let Some(run) = self.history {
            changes.bytes += history::write(self.connection, &OwnedRows::new(), &fresh, run).await?;
        }
        for (table, rows) in &fresh {
            let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
            changes.bytes += rows::insert(self.connection, *table, &rows).await?;
            changes.count(*table, rows.len());
            changes.new_rows += rows.len() as u64;
        }
        Ok(changes)
    }

    /// Which of these files have rows.
    async fn held(&mut self, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        let held = "SELECT file_id FROM files WHERE repository_id = $1 AND file_id = ANY($2)";
        let held: Vec<Uuid> = sqlx::query_scalar(held)
            .bind(self.repository.get())
            .bind(ids)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(failed("read rows"))?;
        Ok(held.into_iter().collect())
    }

    async fn write_differences(
        &mut self,
        ids: &[Uuid],
        mut new: OwnedRows,
        changes: &mut Changes,
    ) -> Result<()> {
        let mut old = OwnedRows::new();
        for table in file_tables() {
            // All is read before anything is written: some tables' rows are found by those of others.
            old.insert(table, rows::read(self.connection, table, self.repository.get(), ids).await?);
        }
        if let Some(run) = self.history {
            changes.bytes += history::write(self.connection, &old, &new, run).await?;
        }
        for (table, old) in old {
            let new = new.remove(&table).unwrap_or_default();
            let difference =
                RowDifference::between(table, &comparable_json(table, &old), &comparable_json(table, &new));
            changes.vanished.see_deleted(table, difference.deleted.iter().map(|index| &old[*index]));
            see_affected(&mut changes.affected, table, &difference, &old, &new);
            let RowDifference { deleted, updated, inserted, .. } = &difference;
            changes.count(table, deleted.len() + updated.len() + inserted.len());
            changes.new_rows += inserted.len() as u64;
            changes.bytes += self.apply(table, &difference, &old, &new).await?;
        }
        Ok(())
    }

    /// The bytes of rows that were sent.
    async fn apply(
        &mut self,
        table: TableId,
        difference: &RowDifference,
        old: &[Vec<Value>],
        new: &[Vec<Value>],
    ) -> Result<u64> {
        let deleted: Vec<&[Value]> = difference.deleted.iter().map(|index| old[*index].as_slice()).collect();
        let updated: Vec<&[Value]> = difference.updated.iter().map(|index| new[*index].as_slice()).collect();
        let inserted: Vec<&[Value]> =
            difference.inserted.iter().map(|index| new[*index].as_slice()).collect();
        rows::delete(self.connection, table, self.repository.get(), &deleted).await?;
        let updated = rows::update(self.connection, table, &updated).await?;
        Ok(updated + rows::insert(self.connection, table, &inserted).await?)
    }

    /// Removes all rows of these files.
    pub(crate) async fn remove(&mut self, ids: &[Uuid]) -> Result<Changes> {
        let mut changes = Changes::default();
        for ids in ids.chunks(FILES_PER_REMOVAL) {
            if let Some(run) = self.history {
                history::write_removed(self.connection, ids, run).await?;
            }
            let called = self.called_by(ids).await?;
            changes.affected.see_removed(ids, called);
            // Backwards: a table's rows go before those by which they are found.
            for table in file_tables().rev() {
                let rows = self.remove_rows(table, ids, &mut changes.vanished).await?;
                changes.count(table, rows);
            }
        }
        Ok(changes)
    }

    /// The functions that these files call.
    async fn called_by(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        const CALLED: &str = "SELECT DISTINCT target_function_id FROM calls
            WHERE repository_id = $1 AND file_id = ANY($2) AND target_function_id IS NOT NULL";
        sqlx::query_scalar(CALLED)
            .bind(self.repository.get())
            .bind(ids)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(failed("read rows"))
    }

    async fn remove_rows(&mut self, table: TableId, ids: &[Uuid], vanished: &mut Vanished) -> Result<usize> {
        let returning = match table {
            TableId::Files => " RETURNING file_id",
            TableId::Functions => " RETURNING function_id",
            TableId::Classes => " RETURNING class_id",
            _ => "",
        };
        let sql = format!("{}{returning}", statements::of(table).delete_files);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.repository.get()).bind(ids);
        if returning.is_empty() {
            let done = query.execute(&mut *self.connection).await.map_err(failed("remove rows"))?;
            return Ok(done.rows_affected() as usize);
        }
        let rows = query.fetch_all(&mut *self.connection).await.map_err(failed("remove rows"))?;
        for row in &rows {
            match table {
                TableId::Files => drop(vanished.files.insert(row.get(0))),
                TableId::Functions => drop(vanished.functions.insert(row.get(0))),
                _ => drop(vanished.classes.insert(row.get(0))),
            }
        }
        Ok(rows.len())
    }
}

/// Takes note of rows that change, as they were and as they become, as far as derived tables read them.
fn see_affected(
    affected: &mut Affected,
    table: TableId,
    difference: &RowDifference,
    old: &[Vec<Value>],
    new: &[Vec<Value>],
) {
    let deleted = difference.deleted.iter().map(|index| &old[*index]);
    let inserted = difference.inserted.iter().map(|index| &new[*index]);
    affected.see_rows(table, deleted.chain(inserted));
    let columns = Affected::columns(table);
    let updated = difference.replaced.iter().zip(&difference.updated);
    let updated = updated.map(|(before, after)| [&old[*before], &new[*after]]);
    let differs = |[before, after]: &[&Vec<Value>; 2]| {
        columns.is_none_or(|columns| columns.iter().any(|column| before[*column] != after[*column]))
    };
    affected.see_rows(table, updated.filter(differs).flatten());
}

/// The rows with JSON in one form: `jsonb` does not keep the order of keys, nor how a number was written.
fn comparable_json(table: TableId, rows: &[Vec<Value>]) -> Cow<'_, [Vec<Value>]> {
    let columns = table.table().columns.iter().enumerate();
    let json: Vec<usize> = columns
        .filter(|(_, column)| column.column_type == ColumnType::Json)
        .map(|(position, _)| position)
        .collect();
    let holds_json = |row: &Vec<Value>| json.iter().any(|position| row[*position] != Value::Null);
    if !rows.iter().any(holds_json) {
        return rows.into();
    }
    let mut rows = rows.to_vec();
    for row in &mut rows {
        for position in &json {
            if let Value::Text(text) = &mut row[*position]
                && let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text)
            {
                name_numbers(&mut value);
                *text = value.to_string();
            }
        }
    }
    rows.into()
}

/// Puts each number's digits in its place: 100, 1e2 and 100.0 are the same.
fn name_numbers(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Number(number) => *value = digits(&number.to_string()).into(),
        serde_json::Value::Array(values) => values.iter_mut().for_each(name_numbers),
        serde_json::Value::Object(map) => map.values_mut().for_each(name_numbers),
        _ => {}
    }
}

/// `-1.50e3` as `-15e2`; behind a sign that no text of the same JSON can be mistaken for.
fn digits(number: &str) -> String {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_end_matches('0');
    let exponent = exponent.parse::<i64>().unwrap_or(0) - fraction.len() as i64;
    match significant.trim_start_matches('0') {
        "" => "\u{1}0".to_owned(),
        digits => format!("\u{1}{sign}{digits}e{}", exponent + (all.len() - significant.len()) as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(json: &str) -> Vec<Vec<Value>> {
        let position = TableId::Files.table().position("metadata").unwrap();
        let mut row = vec![Value::Null; TableId::Files.table().columns.len()];
        row[position] = Value::Text(json.into());
        comparable_json(TableId::Files, &[row]).into_owned()
    }

    #[test]
    fn json_in_another_form_is_the_same_json() {
        let server = r#"{"a": [100, 0.5, 0, -916769221826838500, 1500], "b": 1}"#;
        let written = r#"{"b":1.0,"a":[1e2,5e-1,-0.0,-9.167692218268385e+17,1.5e3]}"#;
        assert_eq!(compared(server), compared(written));
    }

    #[test]
    fn other_json_is_other_json() {
        for other in ["10", "-1", "0.1", "[1]", "\"1\"", "{\"1\":1}", "9007199254740993"] {
            assert_ne!(compared("1"), compared(other), "{other}");
        }
        assert_ne!(compared("9007199254740993"), compared("9007199254740992"));
    }
}
