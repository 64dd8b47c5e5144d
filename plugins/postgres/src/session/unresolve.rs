//! References whose target is not there: they keep what the source said and lose what it was resolved to.

use std::collections::{BTreeSet, HashSet};

use snake_pipe_core::{
    Result, Timestamp, Value,
    id::{EntityId, RepositoryId},
    model::{Entity, Target, TransformedAst},
    schema::{TableId, dependencies_again},
};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::{
    error::failed,
    schema::statements::{column_list, file_column, unresolved_assignments, whole_file_filter},
};

/// How many ids one statement takes.
const IDS_PER_STATEMENT: usize = 10_000;

/// Entities that were deleted, or that are not there.
#[derive(Debug, Default)]
pub(crate) struct Vanished {
    /// Files.
    pub(crate) files: BTreeSet<Uuid>,
    /// Functions.
    pub(crate) functions: BTreeSet<Uuid>,
    /// Classes.
    pub(crate) classes: BTreeSet<Uuid>,
}

impl Vanished {
    /// Takes note of rows that are deleted.
    pub(crate) fn see_deleted<'a>(&mut self, table: TableId, rows: impl Iterator<Item = &'a Vec<Value>>) {
        let ids = rows.filter_map(|row| id_of(&row[0]));
        match table {
            TableId::Functions => self.functions.extend(ids),
            TableId::Classes => self.classes.extend(ids),
            _ => {}
        }
    }

    /// Adds others.
    pub(crate) fn add(&mut self, other: Self) {
        self.files.extend(other.files);
        self.functions.extend(other.functions);
        self.classes.extend(other.classes);
    }

    /// Adds what a file defines that is not there after all.
    pub(crate) fn see_refused(&mut self, repository: RepositoryId, facts: &TransformedAst) {
        let id = |symbol| EntityId::symbol(repository, facts.key(), symbol).uuid();
        self.functions.extend(facts.functions.iter().map(|function| id(function.symbol)));
        self.classes.extend(facts.classes.iter().map(|class| id(class.symbol)));
    }

    /// Whether a reference to this leads nowhere.
    pub(crate) fn has(&self, repository: RepositoryId, target: &Target) -> bool {
        let id = |symbol| EntityId::symbol(repository, target.file, symbol).uuid();
        match target.entity {
            Entity::File => self.files.contains(&EntityId::file(repository, target.file).uuid()),
            Entity::Function(symbol) => self.functions.contains(&id(symbol)),
            Entity::Class(symbol) => self.classes.contains(&id(symbol)),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.functions.is_empty() && self.classes.is_empty()
    }
}

/// What accepted files define, and what they refer to.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    defined: HashSet<Uuid>,
    files: HashSet<Uuid>,
    functions: HashSet<Uuid>,
    classes: HashSet<Uuid>,
}

impl Targets {
    /// Takes note of a file.
    pub(crate) fn see(&mut self, repository: RepositoryId, facts: &TransformedAst) {
        let own = facts.key();
        let symbols = facts.functions.iter().map(|function| function.symbol);
        let symbols = symbols.chain(facts.classes.iter().map(|class| class.symbol));
        self.defined.extend(symbols.map(|symbol| EntityId::symbol(repository, own, symbol).uuid()));
        self.defined.insert(EntityId::file(repository, own).uuid());
        let imports = facts.imports.iter().map(|import| &import.resolution);
        let bases = facts.bases.iter().map(|base| &base.resolution);
        let calls = facts.calls.iter().map(|call| &call.resolution);
        for Target { file, entity } in
            imports.chain(bases).chain(calls).filter_map(|resolution| resolution.target)
        {
            self.files.insert(EntityId::file(repository, file).uuid());
            match entity {
                Entity::File => false,
                Entity::Function(symbol) => {
                    self.functions.insert(EntityId::symbol(repository, file, symbol).uuid())
                }
                Entity::Class(symbol) => {
                    self.classes.insert(EntityId::symbol(repository, file, symbol).uuid())
                }
            };
        }
        let edges = facts.dependencies.iter().filter_map(|dependency| dependency.target);
        self.files.extend(edges.map(|file| EntityId::file(repository, file).uuid()));
    }

    /// Those that are referred to and will have no row when the accepted files are written.
    pub(crate) async fn missing(
        &self,
        connection: &mut PgConnection,
        repository: RepositoryId,
        is_accepted: impl Fn(&Uuid) -> bool,
    ) -> Result<Vanished> {
        let mut missing = [(TableId::Files, &self.files), (TableId::Functions, &self.functions)]
            .into_iter()
            .chain([(TableId::Classes, &self.classes)])
            .map(|(table, ids)| (table, ids.difference(&self.defined).copied().collect::<BTreeSet<_>>()))
            .collect::<Vec<_>>();
        for (table, ids) in &mut missing {
            let wanted: Vec<_> = ids.iter().copied().collect();
            for (id, file) in present(connection, repository, *table, &wanted).await? {
                // What an accepted file had and does not define is about to go.
                if !is_accepted(&file) {
                    ids.remove(&id);
                }
            }
        }
        let mut sets = missing.into_iter().map(|(_, ids)| ids);
        let mut next = || sets.next().unwrap_or_default();
        Ok(Vanished { files: next(), functions: next(), classes: next() })
    }
}

/// The id that a value is.
pub(super) fn id_of(value: &Value) -> Option<Uuid> {
    match value {
        Value::Text(text) => Uuid::parse_str(text).ok(),
        _ => None,
    }
}

/// Those of the ids that have a row, each with its file.
async fn present(
    connection: &mut PgConnection,
    repository: RepositoryId,
    table: TableId,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>> {
    let (table, id) = (table.table().name, table.table().key[0]);
    let sql = format!(
        "SELECT t.{id}, t.file_id FROM unnest($2::uuid[]) AS n (id)
         JOIN {table} t ON t.{id} = n.id AND t.repository_id = $1"
    );
    let mut present = Vec::new();
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let found: Vec<(Uuid, Uuid)> = sqlx::query_as(AssertSqlSafe(sql.as_str()))
            .bind(repository.get())
            .bind(ids)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed("un-resolve"))?;
        present.extend(found);
    }
    Ok(present)
}

/// What un-resolving changed.
#[derive(Debug, Default)]
pub(crate) struct Unresolved {
    /// The files that held references, some more than once.
    pub(crate) holders: Vec<Uuid>,
    /// Rows changed.
    pub(crate) rows: u64,
    /// Tables touched.
    pub(crate) tables: BTreeSet<&'static str>,
}

impl Unresolved {
    fn count(&mut self, table: TableId, rows: u64) {
        if rows > 0 {
            self.rows += rows;
            self.tables.insert(table.table().name);
        }
    }

    fn see(&mut self, table: TableId, holders: Vec<Uuid>) {
        self.count(table, holders.len() as u64);
        self.holders.extend(holders);
    }
}

/// Un-resolves every stored reference to what vanished, derives the dependencies of the files that hold one again, and asks for
/// these files to be linked again.
pub(crate) async fn unresolve(
    connection: &mut PgConnection,
    repository: RepositoryId,
    vanished: &Vanished,
    now: Timestamp,
) -> Result<Unresolved> {
    let mut unresolved = Unresolved::default();
    if vanished.is_empty() {
        return Ok(unresolved);
    }
    let files: Vec<Uuid> = vanished.files.iter().copied().collect();
    let functions: Vec<Uuid> = vanished.functions.iter().copied().collect();
    let classes: Vec<Uuid> = vanished.classes.iter().copied().collect();
    for table in [TableId::Imports, TableId::Inheritance, TableId::Calls] {
        for (column, ids) in
            [("target_function_id", &functions), ("target_class_id", &classes), ("target_file_id", &files)]
        {
            if table.table().position(column).is_some() {
                let holders = unresolve_column(connection, repository, (table, column), ids).await?;
                unresolved.see(table, holders);
            }
        }
    }
    let sites: BTreeSet<Uuid> = unresolved.holders.iter().copied().collect();
    let name = |table: TableId| table.table().name.to_owned();
    let again = derive_again(connection, repository, name, &sites).await?;
    unresolved.count(TableId::Dependencies, again.rows());
    // What no site explains is un-resolved as it is.
    let column = (TableId::Dependencies, "target_file_id");
    let holders = unresolve_column(connection, repository, column, &files).await?;
    unresolved.see(TableId::Dependencies, holders);
    let forgotten = forget_links(connection, repository, &unresolved.holders, now).await?;
    unresolved.count(TableId::Files, forgotten);
    Ok(unresolved)
}

/// Rows of `dependencies` that deriving them again changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DerivedAgain {
    /// Rows that are new.
    pub(crate) inserted: u64,
    /// Rows that differ.
    pub(crate) updated: u64,
    /// Rows that are gone.
    pub(crate) deleted: u64,
}

impl DerivedAgain {
    fn rows(self) -> u64 {
        self.inserted + self.updated + self.deleted
    }
}

/// Derives the dependencies of these files again from their imports, bases and calls as they are stored. `name` says what the
/// tables are called.
pub(crate) async fn derive_again(
    connection: &mut PgConnection,
    repository: RepositoryId,
    name: impl Fn(TableId) -> String,
    files: &BTreeSet<Uuid>,
) -> Result<DerivedAgain> {
    let mut all = DerivedAgain::default();
    let sql = replace_dependencies(name);
    let files: Vec<Uuid> = files.iter().copied().collect();
    for files in files.chunks(IDS_PER_STATEMENT) {
        let (inserted, updated, deleted): (i64, i64, i64) = sqlx::query_as(AssertSqlSafe(sql.as_str()))
            .persistent(false)
            .bind(repository.get())
            .bind(files)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed("un-resolve"))?;
        all.inserted += inserted.unsigned_abs();
        all.updated += updated.unsigned_abs();
        all.deleted += deleted.unsigned_abs();
    }
    Ok(all)
}

/// Each of the three changes takes rows that the others leave alone: all see the table as it was.
fn replace_dependencies(name: impl Fn(TableId) -> String) -> String {
    let table = TableId::Dependencies.table();
    let stored = name(TableId::Dependencies);
    let again = dependencies_again(name, "$1", "SELECT unnest($2::uuid[])");
    let rest: Vec<_> =
        table.columns.iter().map(|column| column.name).filter(|name| !table.key.contains(name)).collect();
    let set: Vec<_> = rest.iter().map(|column| format!("{column} = n.{column}")).collect();
    let of = |alias: &str| {
        let columns: Vec<_> = rest.iter().map(|column| format!("{alias}.{column}")).collect();
        columns.join(", ")
    };
    let same = "n.source_file_id = t.source_file_id AND n.ordinal = t.ordinal";
    let asked = "t.repository_id = $1 AND t.source_file_id = ANY($2)";
    let columns = column_list(table);
    format!(
        "WITH n AS MATERIALIZED ({again}),
         gone AS (
             DELETE FROM {stored} t WHERE {asked} AND NOT EXISTS (SELECT FROM n WHERE {same}) RETURNING 1
         ),
         other AS (
             UPDATE {stored} t SET {} FROM n
             WHERE {asked} AND {same} AND ({}) IS DISTINCT FROM ({}) RETURNING 1
         ),
         more AS (
             INSERT INTO {stored} ({columns}) SELECT {columns} FROM n
             WHERE NOT EXISTS (SELECT FROM {stored} t WHERE {asked} AND {same}) RETURNING 1
         )
         SELECT (SELECT count(*) FROM more), (SELECT count(*) FROM other), (SELECT count(*) FROM gone)",
        set.join(", "),
        of("t"),
        of("n"),
    )
}

async fn unresolve_column(
    connection: &mut PgConnection,
    repository: RepositoryId,
    (table, column): (TableId, &str),
    ids: &[Uuid],
) -> Result<Vec<Uuid>> {
    let mut holders = Vec::new();
    let filter = if column == "target_file_id" { whole_file_filter(table) } else { "" };
    let sql = format!(
        "UPDATE {} SET {} WHERE repository_id = $1 AND {column} = ANY($2){filter} RETURNING {}",
        table.table().name,
        unresolved_assignments(table),
        file_column(table)
    );
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let found: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql.as_str()))
            .bind(repository.get())
            .bind(ids)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed("un-resolve"))?;
        holders.extend(found);
    }
    Ok(holders)
}

/// Without a link hash the manifest asks for the file's references again. The rows changed.
async fn forget_links(
    connection: &mut PgConnection,
    repository: RepositoryId,
    holders: &[Uuid],
    now: Timestamp,
) -> Result<u64> {
    const FORGET: &str = "UPDATE files SET link_hash = NULL, updated_at = $3::timestamptz
        WHERE repository_id = $1 AND file_id = ANY($2) AND link_hash IS NOT NULL";
    let holders: Vec<Uuid> = holders.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut rows = 0;
    for holders in holders.chunks(IDS_PER_STATEMENT) {
        let done = sqlx::query(FORGET)
            .bind(repository.get())
            .bind(holders)
            .bind(now.to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed("un-resolve"))?;
        rows += done.rows_affected();
    }
    Ok(rows)
}
