//! Derived tables: what costs too much to find out whenever somebody asks, recalculated for one repository after its loads.
//!
//! A row of `derived_tables` says from which snapshot a table was made. Where that is the repository's current one the table is
//! up to date; else it is not read. So nothing depends on when, or whether, it is recalculated.

use super::TableId;
use crate::queries::UNUSED_IMPORTS;

/// A derived table, and how it is made.
#[derive(Clone, Copy, Debug)]
pub struct Derivation {
    /// The table.
    pub table: TableId,
    /// What picks its rows that have to be made anew when some files changed.
    pub rows: DerivedRows,
    /// Its rows, as a `SELECT` with `{repository}` or `{repositories}` and, behind the word `AND`, `{only}`; none where SQL does
    /// not make them.
    select: Option<&'static str>,
    /// The condition on rows to be made anew, in the table.
    held: &'static str,
    /// The condition on the rows that they are made from.
    source: &'static str,
}

/// What picks the rows of a derived table that have to be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivedRows {
    /// Functions: those that changed files call, called or defined.
    Functions,
    /// Files of which anything changed.
    Files,
    /// Files whose calls changed.
    CallingFiles,
    /// Files whose dependencies changed; all rows where files went.
    DependingFiles,
    /// All rows, when dependencies by import changed or files went.
    All,
}

/// Every derived table but `derived_tables` itself.
pub static DERIVED: &[Derivation] = &[
    Derivation {
        table: TableId::FunctionFanIn,
        rows: DerivedRows::Functions,
        select: Some(
            "SELECT k.target_function_id, {repository}, count(*), count(DISTINCT k.function_id)
             FROM calls k
             WHERE k.repository_id = {repository} AND k.target_function_id IS NOT NULL AND {only}
             GROUP BY k.target_function_id",
        ),
        held: "function_id IN ({list})",
        source: "k.target_function_id IN ({list})",
    },
    Derivation {
        table: TableId::FunctionFanOut,
        rows: DerivedRows::CallingFiles,
        select: Some(
            "SELECT k.function_id, {repository}, k.file_id, count(DISTINCT k.target_function_id), count(*)
             FROM calls k
             WHERE k.repository_id = {repository} AND k.function_id IS NOT NULL AND k.target_function_id IS NOT NULL
               AND {only}
             GROUP BY k.file_id, k.function_id",
        ),
        held: "file_id IN ({list})",
        source: "k.file_id IN ({list})",
    },
    Derivation {
        table: TableId::ModuleDependencies,
        rows: DerivedRows::DependingFiles,
        select: Some(
            "SELECT {repository}, a.directory, b.directory, count(*)
             FROM files a
             JOIN dependencies d ON d.source_file_id = a.file_id AND d.repository_id = {repository}
             JOIN files b ON b.file_id = d.target_file_id AND b.repository_id = {repository}
             WHERE a.repository_id = {repository} AND d.status = 'resolved' AND a.directory <> b.directory AND {only}
             GROUP BY a.directory, b.directory",
        ),
        held: "source_directory IN (
                   SELECT directory FROM files WHERE repository_id = {repository} AND file_id IN ({list}))",
        source: "a.directory IN (
                   SELECT directory FROM files WHERE repository_id = {repository} AND file_id IN ({list}))",
    },
    Derivation {
        table: TableId::UnusedImports,
        rows: DerivedRows::Files,
        select: Some(UNUSED_IMPORTS),
        held: "file_id IN ({list})",
        source: "i.file_id IN ({list})",
    },
    Derivation {
        table: TableId::ImportCycles,
        rows: DerivedRows::All,
        select: None,
        held: "true",
        source: "true",
    },
];

/// The edges between files whose cycles are `import_cycles`: source and target, with `{repository}`.
const IMPORTS: &str = "SELECT d.source_file_id, d.target_file_id FROM dependencies d
     WHERE d.repository_id = {repository} AND d.dependency_type = 'import' AND d.status = 'resolved'";

impl Derivation {
    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.table.table().name
    }

    /// Removes the repository's rows; with `list`, an SQL list or subquery of ids, those that it picks.
    #[must_use]
    pub fn delete(&self, repository: i64, list: Option<&str>) -> String {
        let only = only(list, self.held);
        fill(
            &format!("DELETE FROM {} WHERE repository_id = {{repository}} AND {only}", self.name()),
            repository,
            list,
        )
    }

    /// Makes the repository's rows, or those that `list` picks, where they are not there; none where SQL does not.
    #[must_use]
    pub fn insert(&self, repository: i64, list: Option<&str>) -> Option<String> {
        let select = self.select?.replace("{only}", only(list, self.source));
        let columns: Vec<_> = self.table.table().columns.iter().map(|column| column.name).collect();
        let insert = format!("INSERT INTO {} ({}) {select}", self.name(), columns.join(", "));
        Some(fill(&insert, repository, list))
    }

    /// The resolved imports of a repository, as pairs of files: what [`crate::queries::import_cycles`] is made from.
    #[must_use]
    pub fn imports(repository: i64) -> String {
        fill(IMPORTS, repository, None)
    }
}

fn only(list: Option<&str>, condition: &'static str) -> &'static str {
    if list.is_some() { condition } else { "true" }
}

fn fill(text: &str, repository: i64, list: Option<&str>) -> String {
    let repository = repository.to_string();
    text.replace("{repository}", &repository)
        .replace("{repositories}", &repository)
        .replace("{list}", list.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Unit;

    #[test]
    fn every_derived_table_has_its_derivation() {
        let derived = TableId::ALL.iter().filter(|table| table.table().unit == Unit::Derived);
        for table in derived.filter(|table| **table != TableId::DerivedTables) {
            assert!(DERIVED.iter().any(|derivation| derivation.table == *table), "{table:?}");
        }
    }

    #[test]
    fn some_rows_are_made_anew_by_what_picks_them() {
        let fan_in = &DERIVED[0];
        assert_eq!(
            fan_in.delete(7, Some("SELECT 1")),
            "DELETE FROM function_fan_in WHERE repository_id = 7 AND function_id IN (SELECT 1)"
        );
        let insert = fan_in.insert(7, None).unwrap();
        assert!(
            insert.contains("k.repository_id = 7 AND k.target_function_id IS NOT NULL AND true"),
            "{insert}"
        );
    }
}
