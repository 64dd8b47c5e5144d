//! Statements that follow from the tables' definitions: how rows go from a session's staging area into the tables.

use std::sync::{Arc, LazyLock};

use snake_pipe_core::schema::{Column, Table, TableId, Unit};

/// Files that a session writes or removes.
const TOUCHED: &str = "SELECT file_id FROM staging.files UNION ALL SELECT file_id FROM staging.removed_files";
/// Rows of one INSERT into the staging area: beyond this the time for a row no longer falls.
pub(crate) const ROWS_PER_INSERT: usize = 256;

/// The tables whose rows belong to files, in dependency order.
pub(crate) static FILE_TABLES: LazyLock<Vec<FileTable>> = LazyLock::new(|| {
    let of_files = |id: &&TableId| id.table().unit == Unit::File;
    TableId::ALL.iter().filter(of_files).map(|id| FileTable::new(*id)).collect()
});

/// A table whose rows belong to files, with its statements. `staging` is the session's own, `main` the published database;
/// `?1` is the repository.
#[derive(Debug)]
pub(crate) struct FileTable {
    /// The table.
    pub(crate) id: TableId,
    /// Inserts [`ROWS_PER_INSERT`] rows into the staging area.
    pub(crate) stage_full: Arc<str>,
    /// Makes rows of the staging area findable by key.
    pub(crate) index_staging: String,
    /// Deletes rows of touched files that are no longer there.
    pub(crate) delete_stale: String,
    /// Inserts rows whose key is new, and updates those that differ in a column that is not volatile.
    pub(crate) upsert: String,
    /// Copies all rows; the target has no index.
    pub(crate) copy: String,
}

impl FileTable {
    fn new(id: TableId) -> Self {
        let table = id.table();
        let name = table.name;
        let key = table.key.join(", ");
        Self {
            id,
            stage_full: stage(table, ROWS_PER_INSERT).into(),
            index_staging: format!("CREATE UNIQUE INDEX IF NOT EXISTS staging.{name}_key ON {name} ({key})"),
            delete_stale: delete_stale(table),
            upsert: upsert(table),
            copy: format!("INSERT INTO main.{name} SELECT * FROM staging.{name}"),
        }
    }

    /// The table's name.
    pub(crate) fn name(&self) -> &'static str {
        self.id.table().name
    }

    /// Inserts so many rows into the staging area.
    pub(crate) fn stage(&self, rows: usize) -> String {
        stage(self.id.table(), rows)
    }

    /// The column that names the file.
    pub(crate) fn file_column(&self) -> &'static str {
        file_column(self.id.table())
    }
}

/// The column that names the file.
fn file_column(table: &Table) -> &'static str {
    if table.position("file_id").is_some() { "file_id" } else { "source_file_id" }
}

/// Places are anonymous: SQLite would search a list for the number of each named one.
fn stage(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(","));
    format!("INSERT INTO staging.{} VALUES {}", table.name, vec![row.as_str(); rows].join(","))
}

/// The rows of the touched files. Where there is no index on the file, the owner's key leads to them.
fn of_touched_files(table: &Table) -> String {
    let owned_by = |owner: &str, owner_id: &str| {
        format!(
            "{owner_id} IN (SELECT {owner_id} FROM main.{owner} WHERE repository_id = ?1 AND file_id IN ({TOUCHED}))"
        )
    };
    match table.key[0] {
        "function_id" if table.name != "functions" => owned_by("functions", "function_id"),
        "class_id" if table.name != "classes" => owned_by("classes", "class_id"),
        _ => format!("{} IN ({TOUCHED})", file_column(table)),
    }
}

fn delete_stale(table: &Table) -> String {
    let name = table.name;
    let same_key: Vec<_> = table.key.iter().map(|key| format!("s.{key} = main.{name}.{key}")).collect();
    format!(
        "DELETE FROM main.{name} WHERE repository_id = ?1 AND {} \
         AND NOT EXISTS (SELECT 1 FROM staging.{name} s WHERE {})",
        of_touched_files(table),
        same_key.join(" AND ")
    )
}

fn upsert(table: &Table) -> String {
    let is_key = |column: &&Column| table.key.contains(&column.name);
    let rest = || table.columns.iter().filter(|column| !is_key(column));
    let set: Vec<_> = rest()
        .filter(|column| column.name != "created_at")
        .map(|column| format!("{0} = excluded.{0}", column.name))
        .collect();
    let differs: Vec<_> = rest()
        .filter(|column| !column.volatile)
        .map(|column| format!("held.{0} IS NOT excluded.{0}", column.name))
        .collect();
    format!(
        // `WHERE true` keeps the parser from reading ON as part of a join.
        "INSERT INTO main.{0} AS held SELECT * FROM staging.{0} WHERE true \
         ON CONFLICT ({1}) DO UPDATE SET {2} WHERE {3}",
        table.name,
        table.key.join(", "),
        set.join(", "),
        differs.join(" OR ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_insert_has_more_places_than_sqlite_allows() {
        for table in FILE_TABLES.iter() {
            assert!(table.id.table().columns.len() * ROWS_PER_INSERT <= 32_766, "{}", table.name());
        }
    }

    #[test]
    fn an_upsert_touches_only_rows_that_differ_and_keeps_their_creation() {
        let metrics = FILE_TABLES.iter().find(|table| table.id == TableId::Metrics).unwrap();
        assert_eq!(
            metrics.upsert,
            "INSERT INTO main.metrics AS held SELECT * FROM staging.metrics WHERE true \
             ON CONFLICT (file_id, metric_name, repository_id) DO UPDATE SET metric_value = excluded.metric_value, \
             metric_type = excluded.metric_type, calculated_at = excluded.calculated_at \
             WHERE held.metric_value IS NOT excluded.metric_value OR held.metric_type IS NOT excluded.metric_type"
        );
        let files = FILE_TABLES.iter().find(|table| table.id == TableId::Files).unwrap();
        assert!(!files.upsert.contains("created_at"));
        assert!(files.upsert.contains("updated_at = excluded.updated_at"));
    }
}
