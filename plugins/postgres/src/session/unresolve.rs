//! References whose target is not there: they keep what the source said and lose what it was resolved to.

use std::collections::{BTreeSet, HashSet};

use snake_pipe_core::{
    Result, Timestamp, Value,
    id::RepositoryId,
    schema::{OwnedRows, TableId},
};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::{
    error::failed,
    schema::statements::{file_column, unresolved_assignments, whole_file_filter},
};

/// How many ids one statement takes.
const IDS_PER_STATEMENT: usize = 10_000;

/// Entities that were deleted.
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

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.functions.is_empty() && self.classes.is_empty()
    }
}

/// What written files define, and what they refer to.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    defined: HashSet<Uuid>,
    files: HashSet<Uuid>,
    functions: HashSet<Uuid>,
    classes: HashSet<Uuid>,
}

impl Targets {
    /// Takes note of a file's rows.
    pub(crate) fn see(&mut self, rows: &OwnedRows) {
        for (table, rows) in rows {
            match table {
                TableId::Files | TableId::Functions | TableId::Classes => {
                    self.defined.extend(rows.iter().filter_map(|row| id_of(&row[0])));
                }
                TableId::Imports | TableId::Inheritance | TableId::Calls | TableId::Dependencies => {
                    self.see_column(*table, "target_file_id", rows);
                    self.see_column(*table, "target_function_id", rows);
                    self.see_column(*table, "target_class_id", rows);
                }
                _ => {}
            }
        }
    }

    fn see_column(&mut self, table: TableId, column: &str, rows: &[Vec<Value>]) {
        let Some(position) = table.table().position(column) else { return };
        let targets = match column {
            "target_file_id" => &mut self.files,
            "target_function_id" => &mut self.functions,
            _ => &mut self.classes,
        };
        targets.extend(rows.iter().filter_map(|row| id_of(&row[position])));
    }

    /// Adds others.
    pub(crate) fn add(&mut self, other: Self) {
        self.defined.extend(other.defined);
        self.files.extend(other.files);
        self.functions.extend(other.functions);
        self.classes.extend(other.classes);
    }

    /// Those that are referred to and have no row.
    async fn missing(self, connection: &mut PgConnection, repository: RepositoryId) -> Result<Vanished> {
        let Self { defined, files, functions, classes } = self;
        let others =
            |ids: HashSet<Uuid>| ids.into_iter().filter(|id| !defined.contains(id)).collect::<Vec<_>>();
        Ok(Vanished {
            files: absent(connection, repository, TableId::Files, others(files)).await?,
            functions: absent(connection, repository, TableId::Functions, others(functions)).await?,
            classes: absent(connection, repository, TableId::Classes, others(classes)).await?,
        })
    }
}

/// The id that a value is.
pub(super) fn id_of(value: &Value) -> Option<Uuid> {
    match value {
        Value::Text(text) => Uuid::parse_str(text).ok(),
        _ => None,
    }
}

async fn absent(
    connection: &mut PgConnection,
    repository: RepositoryId,
    table: TableId,
    ids: Vec<Uuid>,
) -> Result<BTreeSet<Uuid>> {
    let (table, id) = (table.table().name, table.table().key[0]);
    let sql = format!(
        "SELECT n.id FROM unnest($2::uuid[]) AS n (id) WHERE NOT EXISTS (
             SELECT FROM {table} t WHERE t.{id} = n.id AND t.repository_id = $1)"
    );
    let mut absent = BTreeSet::new();
    for ids in ids.chunks(IDS_PER_STATEMENT) {
        let found: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql.as_str()))
            .bind(repository.get())
            .bind(ids)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed("un-resolve"))?;
        absent.extend(found);
    }
    Ok(absent)
}

/// Un-resolves every reference to what vanished or is missing, and asks for the files that hold one to be linked again.
/// Those files, one for each row changed.
pub(crate) async fn unresolve(
    connection: &mut PgConnection,
    repository: RepositoryId,
    mut vanished: Vanished,
    targets: Targets,
    now: Timestamp,
) -> Result<Vec<Uuid>> {
    vanished.add(targets.missing(connection, repository).await?);
    if vanished.is_empty() {
        return Ok(Vec::new());
    }
    let mut holders = Vec::new();
    let files: Vec<Uuid> = vanished.files.iter().copied().collect();
    let functions: Vec<Uuid> = vanished.functions.iter().copied().collect();
    let classes: Vec<Uuid> = vanished.classes.iter().copied().collect();
    for table in [TableId::Imports, TableId::Inheritance, TableId::Calls, TableId::Dependencies] {
        for (column, ids) in
            [("target_function_id", &functions), ("target_class_id", &classes), ("target_file_id", &files)]
        {
            if table.table().position(column).is_some() {
                unresolve_column(connection, repository, (table, column), ids, &mut holders).await?;
            }
        }
    }
    forget_links(connection, repository, &holders, now).await?;
    Ok(holders)
}

async fn unresolve_column(
    connection: &mut PgConnection,
    repository: RepositoryId,
    (table, column): (TableId, &str),
    ids: &[Uuid],
    holders: &mut Vec<Uuid>,
) -> Result<()> {
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
    Ok(())
}

/// Without a link hash the manifest asks for the file's references again.
async fn forget_links(
    connection: &mut PgConnection,
    repository: RepositoryId,
    holders: &[Uuid],
    now: Timestamp,
) -> Result<()> {
    const FORGET: &str = "UPDATE files SET link_hash = NULL, updated_at = $3::timestamptz
        WHERE repository_id = $1 AND file_id = ANY($2) AND link_hash IS NOT NULL";
    let holders: Vec<Uuid> = holders.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    for holders in holders.chunks(IDS_PER_STATEMENT) {
        sqlx::query(FORGET)
            .bind(repository.get())
            .bind(holders)
            .bind(now.to_string())
            .execute(&mut *connection)
            .await
            .map_err(failed("un-resolve"))?;
    }
    Ok(())
}
