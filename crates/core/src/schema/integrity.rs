//! The constraints that rows have to keep, as statements that count the rows that break them: the same for every SQL backend.
//!
//! One statement looks at one table, so that all constraints of a row cost one visit. What the database's own keys and checks
//! hold is looked at all the same, since they can be dropped or switched off.
//!
//! What follows from other rows is computed again: counts, the dependencies of files, and what metrics say of the file's own
//! rows. Lists have no gaps in their positions. Other rows are all there is of a fact: that the last of a list, or a metric, is
//! gone or was changed is not seen.

mod edges;
mod metrics;

pub use edges::dependencies_again;

use super::{REFERENCES, Reference, Table, TableId, Unit};
use crate::query::Dialect;

/// Up to so many keys of rows that break a constraint are shown.
const EXAMPLES: usize = 10;

/// Whether the row `r` of `derived_tables` says that its table is up to date.
const CURRENT: &str = "EXISTS (SELECT 1 FROM repositories p
                               WHERE p.repository_id = r.repository_id AND p.snapshot_id = r.snapshot_id)";

/// Which rows are looked at, and by what they are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegrityRows {
    /// Every row of every table, by reading the tables. No parameters.
    All,
    /// The rows that hold repository `$1`, by reading the tables or the repository's partitions of them.
    OfRepository,
    /// The rows of the files of repository `$1`, by indexes alone. Rows whose file is gone are not found this way: what
    /// would look for them is left out.
    OfRepositoryFiles,
    /// The rows of these files of repository `$1`, by indexes alone: `$2` is their ids, an array of `uuid` in PostgreSQL
    /// and a JSON array of texts in SQLite. Left out is as above.
    OfFiles,
}

impl IntegrityRows {
    const fn is_by_file(self) -> bool {
        matches!(self, Self::OfRepositoryFiles | Self::OfFiles)
    }
}

/// A constraint and the condition, on a row `r`, that breaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Constraint {
    name: String,
    broken: String,
}

/// A statement that looks at the rows of one table.
#[derive(Clone, Debug)]
pub struct IntegrityStatement {
    /// What names a row `r`.
    key: &'static [&'static str],
    constraints: Vec<Constraint>,
    /// From `FROM` to the end of the condition that picks the rows.
    source: String,
}

impl IntegrityStatement {
    /// The constraints' names, such as `calls.target_function_id exists`, in the order of the columns of [`Self::count`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.constraints.iter().map(|constraint| constraint.name.as_str())
    }

    /// Counts the rows that break each constraint: one row, one 64-bit column a constraint.
    #[must_use]
    pub fn count(&self) -> String {
        let each = self
            .constraints
            .iter()
            .map(|constraint| format!("count(CASE WHEN {} THEN 1 END)", constraint.broken));
        format!("SELECT {} {}", each.collect::<Vec<_>>().join(", "), self.source)
    }

    /// Shows the keys of up to ten rows that break the constraint of this index, as texts, in order.
    #[must_use]
    pub fn examples(&self, index: usize) -> String {
        let key: Vec<_> = self.key.iter().map(|column| format!("r.{column}")).collect();
        format!(
            "SELECT concat_ws('/', {}) AS broken_key {} AND ({}) ORDER BY broken_key LIMIT {EXAMPLES}",
            key.join(", "),
            self.source,
            self.constraints[index].broken
        )
    }
}

/// The statements for these rows, in the order of the tables.
#[must_use]
pub fn integrity_statements(dialect: Dialect, rows: IntegrityRows) -> Vec<IntegrityStatement> {
    let of_table = |table: &TableId| Statement::new(dialect, rows, *table).finish();
    let statements = TableId::ALL.iter().map(of_table).chain([derived_dependencies(dialect, rows)]);
    statements.filter(|statement| !statement.constraints.is_empty()).collect()
}

/// The dependencies are what the sites give.
fn derived_dependencies(dialect: Dialect, rows: IntegrityRows) -> IntegrityStatement {
    let mut statement = Statement::new(dialect, rows, TableId::Dependencies);
    for (name, broken) in edges::CONSTRAINTS {
        statement.add(name, broken.to_owned());
    }
    let source = edges::source(statement.repository(), |table, alias| statement.condition_of(table, alias));
    IntegrityStatement { key: &edges::KEY, constraints: statement.constraints, source }
}

/// A statement in the making.
struct Statement {
    dialect: Dialect,
    rows: IntegrityRows,
    id: TableId,
    table: &'static Table,
    joins: Vec<String>,
    constraints: Vec<Constraint>,
}

impl Statement {
    fn new(dialect: Dialect, rows: IntegrityRows, id: TableId) -> Self {
        Self { dialect, rows, id, table: id.table(), joins: Vec::new(), constraints: Vec::new() }
    }

    fn finish(mut self) -> IntegrityStatement {
        let id = self.id;
        for (number, reference) in REFERENCES.iter().filter(|reference| reference.table == id).enumerate() {
            self.reference(reference, &format!("t{number}"));
        }
        if self.has("status") && self.has("target_file_id") {
            self.add(
                "target_file_id fits status",
                "(r.status = 'resolved') <> (r.target_file_id IS NOT NULL)".to_owned(),
            );
        }
        self.counts();
        self.positions();
        match self.id {
            TableId::Repositories => self.snapshot(),
            TableId::Metrics => {
                self.add("metric_value follows from the rows", metrics::broken(self.repository()));
            }
            TableId::FileHistory | TableId::FunctionHistory if !self.rows.is_by_file() => self.history(),
            TableId::DerivedTables if self.rows == IntegrityRows::All => self.sums(),
            TableId::FunctionFanIn if self.rows == IntegrityRows::All => self.fan_in(),
            _ => {}
        }
        let source =
            format!("FROM {} r {} WHERE {}", self.table.name, self.joins.join(" "), self.condition());
        IntegrityStatement { key: self.table.key, constraints: self.constraints, source }
    }

    /// What a column refers to is there, and lies in the file that the row says.
    fn reference(&mut self, reference: &Reference, alias: &str) {
        let Reference { column, target, .. } = *reference;
        let id = target.table().key[0];
        let same = match target {
            TableId::Repositories => String::new(),
            _ => format!(" AND {alias}.repository_id = {}", self.repository()),
        };
        if self.finds_rows_by(column) {
            // Its target is where the row was found; only the owner's file may differ.
            if !matches!(target, TableId::Functions | TableId::Classes) {
                return;
            }
        } else {
            self.add(&format!("{column} exists"), format!("r.{column} IS NOT NULL AND {alias}.{id} IS NULL"));
        }
        self.joins
            .push(format!("LEFT JOIN {} {alias} ON {alias}.{id} = r.{column}{same}", target.table().name));
        if !matches!(target, TableId::Functions | TableId::Classes) {
            return;
        }
        let (name, file) = match column.starts_with("target_") {
            true => (format!("{column} lies in target_file_id"), "target_file_id"),
            false => (format!("{column} lies in its file"), file_column(self.table)),
        };
        self.add(&name, format!("{alias}.{id} IS NOT NULL AND {alias}.file_id IS DISTINCT FROM r.{file}"));
    }

    /// Numbers of rows are what the columns say.
    fn counts(&mut self) {
        let counts: &[_] = match self.id {
            TableId::Files => &[
                ("function_count", TableId::Functions, "file_id"),
                ("class_count", TableId::Classes, "file_id"),
            ],
            TableId::Classes => &[
                ("method_count", TableId::Functions, "class_id"),
                ("field_count", TableId::Fields, "class_id"),
            ],
            TableId::Functions => &[("parameter_count", TableId::Parameters, "function_id")],
            _ => &[],
        };
        for (column, counted, by) in counts {
            let broken = format!(
                "r.{column} <> (SELECT count(*) FROM {0} c WHERE c.{by} = r.{by} AND c.repository_id = {1})",
                counted.table().name,
                self.repository()
            );
            self.add(&format!("{column} counts {}", counted.table().name), broken);
        }
        if self.id == TableId::Files {
            let broken = format!(
                "r.complexity IS DISTINCT FROM (
                     SELECT sum(c.complexity) FROM functions c WHERE c.file_id = r.file_id AND c.repository_id = {})",
                self.repository()
            );
            self.add("complexity sums functions", broken);
        }
    }

    /// The state that the tables show has as many files as it says.
    fn snapshot(&mut self) {
        let broken = format!(
            "EXISTS (SELECT 1 FROM snapshots s WHERE s.snapshot_id = r.snapshot_id AND s.repository_id = {0}
                     AND s.file_count <> (SELECT count(*) FROM files c WHERE c.repository_id = {0}))",
            self.repository()
        );
        self.add("snapshot_id counts files", broken);
    }

    /// What the past says was changed by a snapshot that is known, at its time.
    fn history(&mut self) {
        self.joins.push(format!(
            "LEFT JOIN snapshots s ON s.snapshot_id = r.snapshot_id AND s.repository_id = {}",
            self.repository()
        ));
        self.add("snapshot_id exists", "s.snapshot_id IS NULL".to_owned());
        self.add(
            "changed_at is that of the snapshot",
            "s.snapshot_id IS NOT NULL AND s.published_at <> r.changed_at".to_owned(),
        );
    }

    /// The positions of a list go on by one from 0.
    fn positions(&mut self) {
        let [owner, "ordinal", ..] = self.table.key else { return };
        if self.table.unit == Unit::Derived {
            // It names rows of a list, and not all of them.
            return;
        }
        self.joins.push(format!(
            "LEFT JOIN {} p ON p.{owner} = r.{owner} AND p.ordinal = r.ordinal - 1 AND p.repository_id = {}",
            self.table.name,
            self.repository()
        ));
        self.add("ordinal has no gap", format!("r.ordinal > 0 AND p.{owner} IS NULL"));
    }

    /// Derived tables that are up to date account for every resolved call, and every dependency between directories.
    fn sums(&mut self) {
        for (table, holder) in
            [("function_fan_in", ""), ("function_fan_out", " AND k.function_id IS NOT NULL")]
        {
            let broken = format!(
                "r.table_name = '{table}' AND {CURRENT}
                 AND (SELECT coalesce(sum(u.call_sites), 0) FROM {table} u WHERE u.repository_id = r.repository_id)
                  <> (SELECT count(*) FROM calls k
                      WHERE k.repository_id = r.repository_id AND k.target_function_id IS NOT NULL{holder})"
            );
            self.add(&format!("{table} counts resolved calls"), broken);
        }
        let broken = format!(
            "r.table_name = 'module_dependencies' AND {CURRENT}
             AND (SELECT coalesce(sum(u.edge_count), 0) FROM module_dependencies u WHERE u.repository_id = r.repository_id)
              <> (SELECT count(*) FROM dependencies d
                  JOIN files a ON a.file_id = d.source_file_id AND a.repository_id = d.repository_id
                  JOIN files b ON b.file_id = d.target_file_id AND b.repository_id = d.repository_id
                  WHERE d.repository_id = r.repository_id AND d.status = 'resolved' AND a.directory <> b.directory)"
        );
        self.add("module_dependencies counts dependencies", broken);
    }

    fn fan_in(&mut self) {
        self.joins.push(
            "JOIN derived_tables d ON d.repository_id = r.repository_id AND d.table_name = 'function_fan_in'"
                .to_owned(),
        );
        let broken = format!(
            "{} AND r.call_sites <> (
                 SELECT count(*) FROM calls k
                 WHERE k.target_function_id = r.function_id AND k.repository_id = r.repository_id)",
            CURRENT.replace("r.", "d.")
        );
        self.add("call_sites counts calls", broken);
    }

    fn add(&mut self, name: &str, broken: String) {
        self.constraints.push(Constraint { name: format!("{}.{name}", self.table.name), broken });
    }

    fn has(&self, column: &str) -> bool {
        self.table.position(column).is_some()
    }

    /// The repository of the row: its value where that is given, so that other repositories' partitions need not be planned for.
    fn repository(&self) -> &'static str {
        if self.rows == IntegrityRows::All { "r.repository_id" } else { "$1" }
    }

    /// Whether rows are found by what this column refers to.
    fn finds_rows_by(&self, column: &str) -> bool {
        self.rows.is_by_file() && self.table.unit == Unit::File && column == owner_column(self.table)
    }

    fn condition(&self) -> String {
        self.condition_of(self.id, "r")
    }

    /// Which rows of a table are looked at.
    fn condition_of(&self, id: TableId, alias: &str) -> String {
        let table = id.table();
        let files = match (self.rows, self.dialect) {
            (IntegrityRows::All, _) => return "true".to_owned(),
            (IntegrityRows::OfRepositoryFiles, _) => "SELECT file_id FROM files WHERE repository_id = $1",
            (IntegrityRows::OfFiles, Dialect::Postgres) => "SELECT unnest($2::uuid[])",
            (IntegrityRows::OfFiles, Dialect::Sqlite) => "SELECT value FROM json_each($2)",
            (IntegrityRows::OfRepository, _) => return of_repository(table, alias),
        };
        if table.unit != Unit::File {
            return of_repository(table, alias);
        }
        let owner = owner_column(table);
        let owners = match owner {
            "function_id" => {
                format!("SELECT function_id FROM functions WHERE repository_id = $1 AND file_id IN ({files})")
            }
            "class_id" => {
                format!("SELECT class_id FROM classes WHERE repository_id = $1 AND file_id IN ({files})")
            }
            _ => files.to_owned(),
        };
        format!("{alias}.repository_id = $1 AND {alias}.{owner} IN ({owners})")
    }
}

fn of_repository(table: &Table, alias: &str) -> String {
    match table.unit {
        Unit::Database => "true".to_owned(),
        Unit::File | Unit::Repository | Unit::Derived | Unit::History => {
            format!("{alias}.repository_id = $1")
        }
    }
}

/// The column that names the file.
fn file_column(table: &Table) -> &'static str {
    if table.position("file_id").is_some() { "file_id" } else { "source_file_id" }
}

/// The column by which an index finds the rows of a file: that of the file, or of the function or class that owns the row.
fn owner_column(table: &'static Table) -> &'static str {
    match table.key[0] {
        "function_id" if table.name != "functions" => "function_id",
        "class_id" if table.name != "classes" => "class_id",
        _ => file_column(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(rows: IntegrityRows) -> Vec<String> {
        let statements = integrity_statements(Dialect::Postgres, rows);
        statements.iter().flat_map(IntegrityStatement::names).map(str::to_owned).collect()
    }

    #[test]
    fn every_constraint_has_a_name_of_its_own() {
        let mut names = names(IntegrityRows::All);
        assert!(names.iter().any(|name| name == "calls.target_function_id exists"));
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn found_by_their_files_rows_are_not_asked_whether_these_exist() {
        let (all, by_file) = (names(IntegrityRows::All), names(IntegrityRows::OfRepositoryFiles));
        let left_out: Vec<_> = all.iter().filter(|name| !by_file.contains(name)).collect();
        assert_eq!(
            left_out,
            [
                "classes.file_id exists",
                "functions.file_id exists",
                "parameters.function_id exists",
                "fields.class_id exists",
                "annotations.file_id exists",
                "comments.file_id exists",
                "metrics.file_id exists",
                "parse_issues.file_id exists",
                "imports.file_id exists",
                "inheritance.class_id exists",
                "calls.file_id exists",
                "dependencies.source_file_id exists",
                // The past is not of these files alone.
                "file_history.snapshot_id exists",
                "file_history.changed_at is that of the snapshot",
                "function_history.snapshot_id exists",
                "function_history.changed_at is that of the snapshot",
                // These read tables of calls whole.
                "derived_tables.function_fan_in counts resolved calls",
                "derived_tables.function_fan_out counts resolved calls",
                "derived_tables.module_dependencies counts dependencies",
                "function_fan_in.call_sites counts calls",
            ]
        );
    }

    #[test]
    fn what_is_derived_from_a_list_need_not_hold_all_of_it() {
        let names = names(IntegrityRows::All);
        assert!(names.contains(&"imports.ordinal has no gap".to_owned()));
        assert!(!names.contains(&"unused_imports.ordinal has no gap".to_owned()));
    }

    #[test]
    fn a_statement_visits_a_row_once() {
        let statements = integrity_statements(Dialect::Sqlite, IntegrityRows::OfFiles);
        let fields =
            statements.iter().find(|statement| statement.source.starts_with("FROM fields ")).unwrap();
        assert_eq!(
            fields.count(),
            "SELECT count(CASE WHEN t0.class_id IS NOT NULL AND t0.file_id IS DISTINCT FROM r.file_id THEN 1 END), \
             count(CASE WHEN r.file_id IS NOT NULL AND t1.file_id IS NULL THEN 1 END), \
             count(CASE WHEN r.ordinal > 0 AND p.class_id IS NULL THEN 1 END) \
             FROM fields r LEFT JOIN classes t0 ON t0.class_id = r.class_id AND t0.repository_id = $1 \
             LEFT JOIN files t1 ON t1.file_id = r.file_id AND t1.repository_id = $1 \
             LEFT JOIN fields p ON p.class_id = r.class_id AND p.ordinal = r.ordinal - 1 AND p.repository_id = $1 \
             WHERE r.repository_id = $1 AND r.class_id IN (SELECT class_id FROM classes WHERE repository_id = $1 \
             AND file_id IN (SELECT value FROM json_each($2)))"
        );
    }
}
