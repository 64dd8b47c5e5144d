//! A repository's own partitions: made aside, filled, and attached when they are complete.

use snake_pipe_core::{
    Error, ErrorKind, Result,
    id::RepositoryId,
    schema::{Reference, TableId},
};
use sqlx::Row as _;

use super::{
    keys::INDEXES,
    statements::{file_column, file_tables, quoted, unresolved_assignments, whole_file_filter},
};
use crate::{connection::Lease, error::failed};

/// Planning a join takes 23 ms over a hundred partitions of each table, 200 ms over three hundred.
const MAX_OWN_PARTITIONS: i64 = 100;
/// Below so many bytes reading the default partition is faster than keeping it from being read.
const SMALL_DEFAULT_BYTES: i64 = 32 << 20;

/// The names of a repository's partitions while they are made.
#[derive(Clone, Debug)]
pub(crate) struct Leaves {
    repository: RepositoryId,
    suffix: String,
}

impl Leaves {
    /// Names that no other load uses: the owner of the fence is part of them.
    pub(crate) fn new(repository: RepositoryId, owner: uuid::Uuid) -> Self {
        let suffix = owner.simple().to_string()[..6].to_owned();
        Self { repository, suffix }
    }

    /// The partition of this table.
    pub(crate) fn name(&self, table: TableId) -> String {
        format!("{}_{}_{}", table.table().name, self.repository, self.suffix)
    }

    /// The statements that make the tables, empty and without indexes. They say what the catalog says of the partitioned
    /// tables: `LIKE` would keep these locked for as long as the load takes.
    pub(crate) async fn definitions(&self, lease: &mut Lease) -> Result<String> {
        const COLUMNS: &str = "
            SELECT string_agg(
                       quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                       || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation
                               ELSE '' END
                       || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
                       ', ' ORDER BY a.attnum),
                   (SELECT string_agg(', CONSTRAINT ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid), '')
                    FROM pg_catalog.pg_constraint c WHERE c.conrelid = $1::regclass AND c.contype = 'c')
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped";
        let mut sql = String::new();
        for table in file_tables() {
            let row = sqlx::query(COLUMNS)
                .bind(table.table().name)
                .fetch_one(lease.get())
                .await
                .map_err(failed("begin_load"))?;
            let (columns, checks): (String, Option<String>) = (row.get(0), row.get(1));
            let leaf = self.name(table);
            // The check tells ATTACH that it need not read the rows.
            sql.push_str(&format!(
                "CREATE TABLE {leaf} ({columns}{}, CONSTRAINT {leaf}_bound CHECK (repository_id = {})); ",
                checks.unwrap_or_default(),
                self.repository
            ));
        }
        if has_lz4(lease).await? {
            let files = self.name(TableId::Files);
            sql.push_str(&format!("ALTER TABLE {files} ALTER COLUMN ast_content SET COMPRESSION lz4; "));
        }
        Ok(sql)
    }

    /// The statements that build keys and indexes.
    pub(crate) fn index(&self) -> Vec<String> {
        let keys = file_tables().map(|table| {
            let leaf = self.name(table);
            format!(
                "ALTER TABLE {leaf} ADD CONSTRAINT {leaf}_pkey PRIMARY KEY ({})",
                table.table().key.join(", ")
            )
        });
        keys.chain(INDEXES.iter().map(|index| index.sql(&self.name(index.table)))).collect()
    }

    /// The statement that adds a foreign key.
    pub(crate) fn add_foreign_key(&self, key: &Reference) -> String {
        let leaf = self.name(key.table);
        format!(
            "ALTER TABLE {leaf} ADD CONSTRAINT {leaf}_{0}_fkey FOREIGN KEY ({0}, repository_id) REFERENCES {1} \
             DEFERRABLE INITIALLY DEFERRED",
            key.column,
            self.name(key.target)
        )
    }

    /// The statement that gathers statistics.
    pub(crate) fn analyze(&self) -> String {
        let names: Vec<_> = file_tables().map(|table| self.name(table)).collect();
        format!("ANALYZE {}", names.join(", "))
    }

    /// The statements that make the partitions part of their tables. All locks are taken first, in the order of the tables.
    pub(crate) fn attach(&self) -> String {
        let parents: Vec<_> = file_tables().map(|table| format!("ONLY {}", table.table().name)).collect();
        let defaults: Vec<_> = file_tables().map(|table| format!("{}_default", table.table().name)).collect();
        let attach = file_tables().map(|table| {
            let (parent, leaf) = (table.table().name, self.name(table));
            format!(
                "; ALTER TABLE {parent} ATTACH PARTITION {leaf} FOR VALUES IN ({0}); \
                 ALTER TABLE {leaf} DROP CONSTRAINT {leaf}_bound; \
                 ALTER TABLE {parent}_default DROP CONSTRAINT IF EXISTS {1}",
                self.repository,
                exclusion(table, self.repository)
            )
        });
        format!(
            "LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE{}",
            parents.join(", "),
            defaults.join(", "),
            attach.collect::<String>()
        )
    }
}

/// Whether syntax trees are packed by lz4, as the first migration sets it where the server can.
async fn has_lz4(lease: &mut Lease) -> Result<bool> {
    const LZ4: &str = "SELECT attcompression = 'l' FROM pg_catalog.pg_attribute
        WHERE attrelid = 'files'::regclass AND attname = 'ast_content'";
    if lease.get().server_version_num().is_none_or(|version| version < 140_000) {
        return Ok(false);
    }
    sqlx::query_scalar(LZ4).fetch_one(lease.get()).await.map_err(failed("begin_load"))
}

fn exclusion(table: TableId, repository: RepositoryId) -> String {
    format!("{}_default_not_{repository}", table.table().name)
}

/// Whether partitions can be made for the repository: it has no rows and no partitions, the role owns the tables, and there
/// are not too many partitions yet.
pub(crate) async fn is_possible(lease: &mut Lease, repository: RepositoryId) -> Result<bool> {
    const POSSIBLE: &str = "
        SELECT NOT EXISTS (SELECT FROM files WHERE repository_id = $1)
           AND has_schema_privilege(current_schema(), 'CREATE')
           AND (SELECT count(*) <= $2 FROM pg_catalog.pg_inherits WHERE inhparent = 'files'::regclass)
           AND (SELECT bool_and(pg_has_role(c.relowner, 'MEMBER')) FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND c.relkind = 'p')";
    let possible: Option<bool> = sqlx::query_scalar(POSSIBLE)
        .bind(repository.get())
        .bind(MAX_OWN_PARTITIONS)
        .fetch_one(lease.get())
        .await
        .map_err(failed("begin_load"))?;
    Ok(possible == Some(true) && own_partitions(lease, repository).await?.is_empty())
}

/// The repository's own partitions, as identifiers.
pub(crate) async fn own_partitions(lease: &mut Lease, repository: RepositoryId) -> Result<Vec<String>> {
    const OWN: &str = "
        SELECT c.relname::text FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
        WHERE n.nspname = current_schema() AND p.relkind = 'p'
          AND pg_get_expr(c.relpartbound, c.oid) = 'FOR VALUES IN (''' || $1 || ''')'
        ORDER BY c.relname";
    let names: Vec<String> = sqlx::query_scalar(OWN)
        .bind(repository.to_string())
        .fetch_all(lease.get())
        .await
        .map_err(failed("read the catalog"))?;
    Ok(names.iter().map(|name| quoted(name)).collect())
}

/// The partitions that hold the repository's rows.
pub(crate) async fn partitions_of(lease: &mut Lease, repository: RepositoryId) -> Result<Vec<String>> {
    let own = own_partitions(lease, repository).await?;
    let defaults = || file_tables().map(|table| format!("{}_default", table.table().name)).collect();
    Ok(if own.is_empty() { defaults() } else { own })
}

/// How large the default partitions are.
pub(crate) async fn is_default_small(lease: &mut Lease) -> Result<bool> {
    let names: Vec<String> = file_tables().map(|table| format!("{}_default", table.table().name)).collect();
    let size = "SELECT coalesce(sum(pg_relation_size(n.name::regclass)), 0)::bigint FROM unnest($1::text[]) AS n (name)";
    let size: i64 =
        sqlx::query_scalar(size).bind(names).fetch_one(lease.get()).await.map_err(failed("publish"))?;
    Ok(size < SMALL_DEFAULT_BYTES)
}

/// The statements that keep the repository's rows out of the default partitions, known but not proven yet.
pub(crate) fn exclude_from_default(repository: RepositoryId) -> String {
    let add = file_tables().map(|table| {
        format!(
            "ALTER TABLE {}_default ADD CONSTRAINT {} CHECK (repository_id <> {repository}) NOT VALID",
            table.table().name,
            exclusion(table, repository)
        )
    });
    add.collect::<Vec<_>>().join("; ")
}

/// The statements that prove it, which readers and writers do not notice.
pub(crate) fn prove_exclusion(repository: RepositoryId) -> impl Iterator<Item = String> {
    file_tables().map(move |table| {
        format!(
            "ALTER TABLE {}_default VALIDATE CONSTRAINT {}",
            table.table().name,
            exclusion(table, repository)
        )
    })
}

/// Takes back what an interrupted publication left: the default partitions take the repository's rows again.
pub(crate) async fn readmit_to_default(lease: &mut Lease, repository: RepositoryId) -> Result<()> {
    const LEFT: &str = "SELECT t.relname::text, c.conname::text FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = current_schema() AND c.conname = ANY($1)";
    let names: Vec<String> = file_tables().map(|table| exclusion(table, repository)).collect();
    let left = sqlx::query(LEFT).bind(names).fetch_all(lease.get()).await.map_err(failed("begin_load"))?;
    if left.is_empty() {
        return Ok(());
    }
    let drop = left.iter().map(|row| {
        let (table, constraint): (String, String) = (row.get(0), row.get(1));
        format!("ALTER TABLE {} DROP CONSTRAINT {}", quoted(&table), quoted(&constraint))
    });
    let sql = drop.collect::<Vec<_>>().join("; ");
    lease.run(sql).await.map_err(failed("begin_load"))
}

/// The statement that un-resolves the references in a partition's column whose targets are not there; it returns the files
/// that hold them.
///
/// # Errors
/// `Internal` for a column that refers within its file: the mapping cannot leave its targets out.
pub(crate) fn unresolve_dangling(leaves: &Leaves, key: &Reference) -> Result<String> {
    let table = key.table.table();
    if !key.column.starts_with("target_") {
        return Err(Error::new(
            ErrorKind::Internal,
            "rows of a file refer to others of it that are not there",
        )
        .with_context("column", format!("{}.{}", table.name, key.column)));
    }
    Ok(format!(
        "UPDATE {leaf} r SET {set} WHERE {column} IS NOT NULL{filter} \
         AND NOT EXISTS (SELECT FROM {target} t WHERE t.{id} = r.{column}) RETURNING {holder}",
        leaf = leaves.name(key.table),
        set = unresolved_assignments(key.table),
        column = key.column,
        filter = if key.column == "target_file_id" { whole_file_filter(key.table) } else { "" },
        target = leaves.name(key.target),
        id = key.target.table().key[0],
        holder = file_column(key.table),
    ))
}
