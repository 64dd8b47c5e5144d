//! History: what a publication changed, from the rows as they were and as they become.
//!
//! A file has changed where its content is another: what another version of the extractor says of the same content, or what its
//! references resolve to now, is no change of the code. A function has changed where its file has and its row says something
//! else, wherever it stands now.
//!
//! Both ways to write history say the same: [`history_rows`] from rows in memory, and [`history_inserts`] by statements.

use std::collections::{HashMap, HashSet};

use super::{Column, ColumnType, OwnedRows, TableId};
use crate::query::Value;

/// The publication whose changes are written.
#[derive(Clone, Debug)]
pub struct HistoryRun {
    /// The repository.
    pub repository: i64,
    /// The snapshot's id, as text.
    pub snapshot: String,
    /// The time at which the snapshot becomes visible, in RFC 3339.
    pub at: String,
}

/// A measure of a history table, from a row of what it is the history of.
#[derive(Clone, Copy)]
enum Measure {
    /// A column's value.
    Column(&'static str),
    /// How many lines there are from the one that a column names to that of another.
    Lines(&'static str, &'static str),
}

/// A history table and what it is the history of.
struct History {
    table: TableId,
    of: TableId,
    /// The columns that are taken over, behind the id.
    names: &'static [&'static str],
    /// The measures before and after, in the order of its columns.
    measures: &'static [Measure],
}

const FILES: History = History {
    table: TableId::FileHistory,
    of: TableId::Files,
    names: &["file_path", "language"],
    measures: &[
        Measure::Column("total_lines"),
        Measure::Column("code_lines"),
        Measure::Column("function_count"),
        Measure::Column("complexity"),
    ],
};

const FUNCTIONS: History = History {
    table: TableId::FunctionHistory,
    of: TableId::Functions,
    names: &["file_id", "qualified_name", "kind"],
    measures: &[
        Measure::Lines("line_start", "line_end"),
        Measure::Column("complexity"),
        Measure::Column("cognitive_complexity"),
    ],
};

/// The rows of history tables for files whose rows were `old`, none for those that are new, and are `new`. Files that go are not
/// seen: see [`HistoryInsert::removed`].
#[must_use]
pub fn history_rows(old: &OwnedRows, new: &OwnedRows, run: &HistoryRun) -> OwnedRows {
    let hash = position(TableId::Files, "content_hash");
    let files = FILES.changes(
        &of(old, TableId::Files, |_| true),
        &of(new, TableId::Files, |_| true),
        run,
        |before, after| before[hash] != after[hash],
    );
    let file_id = position(TableId::FileHistory, "file_id");
    let changed: HashSet<&str> = files.iter().map(|row| id_text(&row[file_id])).collect();
    let file_of = position(TableId::Functions, "file_id");
    let has_changed = |row: &Vec<Value>| changed.contains(id_text(&row[file_of]));
    let (before, after) =
        (of(old, TableId::Functions, has_changed), of(new, TableId::Functions, has_changed));
    let compared: Vec<usize> = content_columns().map(|column| position(TableId::Functions, column)).collect();
    let lines = &FUNCTIONS.measures[0];
    let mut functions = FUNCTIONS.changes(&before, &after, run, |before, after| {
        compared.iter().any(|position| before[*position] != after[*position])
            || lines.value(TableId::Functions, before) != lines.value(TableId::Functions, after)
    });
    functions.extend(FUNCTIONS.gone(&before, &after, run));
    OwnedRows::from([(TableId::FileHistory, files), (TableId::FunctionHistory, functions)])
}

/// An id, which is a text.
fn id_text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Real(_) => "",
    }
}

fn of(rows: &OwnedRows, table: TableId, is_wanted: impl Fn(&Vec<Value>) -> bool) -> Vec<&Vec<Value>> {
    rows.get(&table).into_iter().flatten().filter(|row| is_wanted(row)).collect()
}

impl History {
    /// What is new, and what is there in both and differs.
    fn changes(
        &self,
        old: &[&Vec<Value>],
        new: &[&Vec<Value>],
        run: &HistoryRun,
        differs: impl Fn(&[Value], &[Value]) -> bool,
    ) -> Vec<Vec<Value>> {
        let held: HashMap<&str, &[Value]> =
            old.iter().map(|row| (id_text(&row[0]), row.as_slice())).collect();
        let changes = new.iter().filter_map(|row| match held.get(id_text(&row[0])) {
            None => Some(self.row(run, None, Some(row))),
            Some(before) if differs(before, row) => Some(self.row(run, Some(before), Some(row))),
            Some(_) => None,
        });
        changes.collect()
    }

    /// What was there and is not any more.
    fn gone(&self, old: &[&Vec<Value>], new: &[&Vec<Value>], run: &HistoryRun) -> Vec<Vec<Value>> {
        let held: HashSet<&str> = new.iter().map(|row| id_text(&row[0])).collect();
        let gone = old.iter().filter(|row| !held.contains(id_text(&row[0])));
        gone.map(|row| self.row(run, Some(row), None)).collect()
    }

    fn row(&self, run: &HistoryRun, before: Option<&[Value]>, after: Option<&[Value]>) -> Vec<Value> {
        let (change, last) = match (before, after) {
            (None, Some(after)) => ("added", after),
            (Some(_), Some(after)) => ("changed", after),
            (Some(before), None) => ("removed", before),
            (None, None) => return Vec::new(),
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let mut row = vec![text(&run.snapshot), last[0].clone(), Value::Integer(run.repository)];
        row.extend(self.names.iter().map(|name| last[position(self.of, name)].clone()));
        row.push(text(change));
        for measure in self.measures {
            for side in [before, after] {
                row.push(side.map_or(Value::Null, |row| measure.value(self.of, row)));
            }
        }
        row.push(text(&run.at));
        row
    }

    fn columns(&self) -> String {
        let columns = self.table.table().columns.iter().map(|column| column.name);
        columns.collect::<Vec<_>>().join(", ")
    }

    /// The values of a row from `before` and `after`, aliases of rows; either may be missing.
    fn values(&self, change: &str, before: Option<&str>, after: Option<&str>, at: &str) -> String {
        let last = after.or(before).unwrap_or_default();
        let id = self.of.table().key[0];
        let mut values = vec!["$2".to_owned(), format!("{last}.{id}"), "$1".to_owned()];
        values.extend(self.names.iter().map(|name| format!("{last}.{name}")));
        values.push(change.to_owned());
        for measure in self.measures {
            for side in [before, after] {
                values.push(side.map_or("NULL".to_owned(), |alias| measure.sql(alias)));
            }
        }
        values.push(at.to_owned());
        values.join(", ")
    }
}

impl Measure {
    fn value(&self, table: TableId, row: &[Value]) -> Value {
        let at = |column| &row[position(table, column)];
        match self {
            Self::Column(column) => at(column).clone(),
            Self::Lines(first, last) => match (at(first), at(last)) {
                (Value::Integer(first), Value::Integer(last)) => Value::Integer(last - first + 1),
                _ => Value::Null,
            },
        }
    }

    fn sql(&self, alias: &str) -> String {
        match self {
            Self::Column(column) => format!("{alias}.{column}"),
            Self::Lines(first, last) => format!("{alias}.{last} - {alias}.{first} + 1"),
        }
    }
}

/// The columns of `functions` that say what a function is: not which one, whose, where, or what a pipeline added.
fn content_columns() -> impl Iterator<Item = &'static str> {
    let is_content = |column: &&Column| {
        !column.volatile
            && !column.name.ends_with("_id")
            && column.column_type != ColumnType::Json
            && !matches!(column.name, "ordinal" | "line_start" | "line_end" | "column_start" | "column_end")
    };
    TableId::Functions.table().columns.iter().filter(is_content).map(|column| column.name)
}

fn position(table: TableId, column: &str) -> usize {
    table.table().position(column).expect("these columns are named in this file, and a test reads them all")
}

/// A statement that writes history: `$1` is the repository, `$2` the snapshot; the time is the expression that is given for it.
#[derive(Clone, Debug)]
pub struct HistoryInsert {
    /// The history table.
    pub table: TableId,
    /// The statement.
    pub sql: String,
}

impl HistoryInsert {
    /// What goes with the files whose `file_id` fits the condition `files`, such as `IN (…)`.
    #[must_use]
    pub fn removed(files: &str, at: &str) -> [Self; 2] {
        [&FILES, &FUNCTIONS].map(|history| Self {
            table: history.table,
            sql: format!(
                "INSERT INTO {} ({}) SELECT {} FROM {} b WHERE b.repository_id = $1 AND b.file_id {files}",
                history.table.table().name,
                history.columns(),
                history.values("'removed'", Some("b"), None, at),
                history.of.table().name
            ),
        })
    }

    /// All that the tables of these names hold, as added.
    #[must_use]
    pub fn added(files: &str, functions: &str, at: &str) -> [Self; 2] {
        [(&FILES, files), (&FUNCTIONS, functions)].map(|(history, from)| Self {
            table: history.table,
            sql: format!(
                "INSERT INTO {} ({}) SELECT {} FROM {from} a WHERE a.repository_id = $1",
                history.table.table().name,
                history.columns(),
                history.values("'added'", None, Some("a"), at)
            ),
        })
    }
}

/// The statements that write history where a publication stands as `staging` tables beside those of `main`, before these are
/// touched: in this order.
#[must_use]
pub fn history_inserts(at: &str) -> [HistoryInsert; 3] {
    let changed = "SELECT h.file_id FROM main.file_history h
         WHERE h.snapshot_id = $2 AND h.repository_id = $1 AND h.change <> 'removed'";
    let change = |id: &str| format!("CASE WHEN b.{id} IS NULL THEN 'added' ELSE 'changed' END");
    let differs: Vec<_> =
        content_columns().map(|column| format!("b.{column} IS DISTINCT FROM a.{column}")).collect();
    let lines = &FUNCTIONS.measures[0];
    let insert = |history: &History, values: String, rest: String| HistoryInsert {
        table: history.table,
        sql: format!(
            "INSERT INTO main.{} ({}) SELECT {values} FROM {rest}",
            history.table.table().name,
            history.columns()
        ),
    };
    [
        insert(
            &FILES,
            FILES.values(&change("file_id"), Some("b"), Some("a"), at),
            "staging.files a LEFT JOIN main.files b ON b.file_id = a.file_id AND b.repository_id = $1
             WHERE b.content_hash IS DISTINCT FROM a.content_hash"
                .to_owned(),
        ),
        insert(
            &FUNCTIONS,
            FUNCTIONS.values(&change("function_id"), Some("b"), Some("a"), at),
            format!(
                "staging.functions a
                 LEFT JOIN main.functions b ON b.function_id = a.function_id AND b.repository_id = $1
                 WHERE a.file_id IN ({changed})
                   AND (b.function_id IS NULL OR {} OR {} IS DISTINCT FROM {})",
                differs.join(" OR "),
                lines.sql("b"),
                lines.sql("a")
            ),
        ),
        insert(
            &FUNCTIONS,
            FUNCTIONS.values("'removed'", Some("b"), None, at),
            format!(
                "main.functions b
                 WHERE b.repository_id = $1 AND b.file_id IN ({changed} AND h.change = 'changed')
                   AND NOT EXISTS (SELECT 1 FROM staging.functions a WHERE a.function_id = b.function_id)"
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        id::{Digest, RepositoryId, SymbolKey},
        model::{Function, FunctionKind, TransformedAst},
        schema::{RowContext, owned_rows},
    };

    fn function(name: &str, line: u32, lines: u32, complexity: u32) -> Function {
        Function {
            kind: FunctionKind::Function,
            name: name.into(),
            qualified_name: name.into(),
            symbol: SymbolKey::of("function", name, 0),
            span: crate::model::Span { line_start: line, line_end: line + lines - 1, ..Default::default() },
            complexity: Some(complexity),
            ..Function::default()
        }
    }

    fn rows(content: &str, functions: Vec<Function>) -> OwnedRows {
        let facts = TransformedAst {
            content_hash: Some(Digest::of(content.as_bytes())),
            functions,
            ..TransformedAst::new("a.py".into())
        };
        let context = RowContext {
            repository: RepositoryId::of("r", ""),
            producer_version: "1",
            now: Timestamp::default(),
        };
        owned_rows(&facts, &context).unwrap()
    }

    fn changes(old: &OwnedRows, new: &OwnedRows) -> Vec<String> {
        let run = HistoryRun { repository: 7, snapshot: "s".into(), at: "t".into() };
        let rows = history_rows(old, new, &run);
        let shown = |table: TableId, columns: &[&str]| -> Vec<String> {
            let row = |row: &Vec<Value>| {
                assert_eq!(row.len(), table.table().columns.len());
                let values = columns.iter().map(|column| row[position(table, column)].to_string());
                values.collect::<Vec<_>>().join(" ")
            };
            rows[&table].iter().map(row).collect()
        };
        let files = shown(TableId::FileHistory, &["file_path", "change", "function_count_after"]);
        let functions = ["qualified_name", "change", "lines_before", "lines_after", "complexity_after"];
        [files, shown(TableId::FunctionHistory, &functions)].concat()
    }

    #[test]
    fn a_new_file_is_added_with_its_functions() {
        let new = rows("x", vec![function("f", 1, 3, 2)]);
        assert_eq!(changes(&OwnedRows::new(), &new), ["a.py added 1", "f added  3 2"]);
    }

    #[test]
    fn a_function_that_only_moved_has_not_changed() {
        let old = rows("x", vec![function("f", 1, 3, 2), function("g", 5, 3, 1), function("h", 9, 1, 1)]);
        let new = rows("y", vec![function("f", 11, 3, 2), function("g", 15, 4, 1), function("i", 20, 1, 1)]);
        assert_eq!(
            changes(&old, &new),
            ["a.py changed 3", "g changed 3 4 1", "i added  1 1", "h removed 1  "]
        );
    }

    #[test]
    fn what_is_said_of_the_same_content_is_no_change() {
        let (old, new) = (rows("x", vec![function("f", 1, 3, 2)]), rows("x", vec![function("f", 1, 3, 9)]));
        assert_eq!(changes(&old, &new), [""; 0]);
    }

    #[test]
    fn statements_give_a_value_for_each_column() {
        let removed = HistoryInsert::removed("= ANY($3)", "now()");
        assert_eq!(
            removed[1].sql,
            "INSERT INTO function_history (snapshot_id, function_id, repository_id, file_id, qualified_name, kind, change, \
             lines_before, lines_after, complexity_before, complexity_after, cognitive_complexity_before, \
             cognitive_complexity_after, changed_at) SELECT $2, b.function_id, $1, b.file_id, b.qualified_name, b.kind, \
             'removed', b.line_end - b.line_start + 1, NULL, b.complexity, NULL, b.cognitive_complexity, NULL, now() \
             FROM functions b WHERE b.repository_id = $1 AND b.file_id = ANY($3)"
        );
    }
}
