//! Indexes beyond those of every database: the ones that an option asks for, and those that people made themselves. A repository's own
//! partitions get them before they are attached, since attaching would build them while everybody waits.

use snake_pipe_core::{Error, ErrorKind, Result, schema::TableId};
use sqlx::Row as _;

use super::{
    keys::INDEXES,
    partition::Leaves,
    statements::{file_tables, quoted},
};
use crate::{connection::Lease, error::failed};

/// Which indexes are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FurtherIndexes {
    /// Those by which words are found in names and paths: trigrams.
    pub(crate) search: bool,
    /// The one by which syntax trees are found by what they contain.
    pub(crate) ast: bool,
}

/// An index that an option asks for.
struct Wanted {
    option: &'static str,
    name: &'static str,
    table: &'static str,
    /// What it is over; `{schema}` is that of the extension.
    over: &'static str,
    needs_trigrams: bool,
}

const fn trigrams(name: &'static str, table: &'static str, over: &'static str) -> Wanted {
    Wanted { option: "search_index", name, table, over, needs_trigrams: true }
}

const WANTED: [Wanted; 4] = [
    trigrams("functions_name_trigrams_idx", "functions", "lower(name) {schema}.gin_trgm_ops"),
    trigrams("classes_name_trigrams_idx", "classes", "lower(name) {schema}.gin_trgm_ops"),
    trigrams("files_path_trigrams_idx", "files", "lower(file_path) {schema}.gin_trgm_ops"),
    Wanted {
        option: "ast_index",
        name: "files_ast_content_idx",
        table: "files",
        over: "ast_content jsonb_path_ops",
        needs_trigrams: false,
    },
];

impl FurtherIndexes {
    /// Builds those that are asked for and not there. None is ever dropped: somebody else may ask for it.
    ///
    /// # Errors
    /// `Permission` or `Configuration`, with what an administrator has to run, where this role cannot.
    pub(crate) async fn ensure(self, lease: &mut Lease) -> Result<()> {
        let asked = WANTED.iter().filter(|index| if index.needs_trigrams { self.search } else { self.ast });
        let asked: Vec<&Wanted> = asked.collect();
        if asked.is_empty() {
            return Ok(());
        }
        const HELD: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relname = ANY($1) AND c.relkind = 'I'";
        let names: Vec<&str> = asked.iter().map(|index| index.name).collect();
        let held: Vec<String> =
            sqlx::query_scalar(HELD).bind(names).fetch_all(lease.get()).await.map_err(failed("migrate"))?;
        for index in asked.iter().filter(|index| held.iter().all(|name| name != index.name)) {
            build(lease, index).await.map_err(|error| explained(error, index.option))?;
        }
        Ok(())
    }
}

async fn build(lease: &mut Lease, index: &Wanted) -> Result<()> {
    let schema = if index.needs_trigrams { trigram_schema(lease).await? } else { String::new() };
    let Wanted { name, table, over, .. } = index;
    let over = over.replace("{schema}", &schema);
    // Two processes may want it at once.
    let sql = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('snake_pipe_further_indexes')); \
         CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({over}); COMMIT"
    );
    let built = lease.run(sql).await.map_err(failed("migrate"));
    if built.is_err() {
        let _ = lease.run("ROLLBACK").await;
    }
    built
}

/// The schema of the extension that knows trigrams, which is made where it is not there.
async fn trigram_schema(lease: &mut Lease) -> Result<String> {
    const SCHEMA: &str = "SELECT n.nspname::text FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'";
    let mut schema: Option<String> =
        sqlx::query_scalar(SCHEMA).fetch_optional(lease.get()).await.map_err(failed("migrate"))?;
    if schema.is_none() {
        lease.run("CREATE EXTENSION IF NOT EXISTS pg_trgm").await.map_err(failed("migrate"))?;
        schema = sqlx::query_scalar(SCHEMA).fetch_optional(lease.get()).await.map_err(failed("migrate"))?;
    }
    let schema =
        schema.ok_or_else(|| Error::new(ErrorKind::Configuration, "the extension pg_trgm is not there"))?;
    Ok(quoted(&schema))
}

fn explained(error: Error, option: &'static str) -> Error {
    let help = match option {
        "search_index" => {
            "let a superuser run `CREATE EXTENSION pg_trgm;` in the database (Debian: package postgresql-contrib), and load under a \
             role that owns the tables; or leave out `search_index`: searching takes longer then"
        }
        _ => "load or migrate under a role that owns the tables, or leave out `ast_index`",
    };
    error.with_context("option", option).with_help(help)
}

impl Leaves {
    /// The statements that build on these partitions what stands on their tables beyond the indexes of every database.
    pub(crate) async fn further_indexes(&self, lease: &mut Lease) -> Result<Vec<String>> {
        const FURTHER: &str = "
            SELECT c.relname::text AS table_name, i.indisunique AS is_unique,
                   substr(pg_get_indexdef(x.oid), 1 + length(format(
                       'CREATE %sINDEX %I ON ONLY %I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
                       x.relname, n.nspname, c.relname))) AS definition
            FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
            JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind = 'p' AND c.relname = ANY($1) AND x.relname <> ALL($2)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.oid)
            ORDER BY c.relname, x.relname";
        let tables: Vec<&str> = file_tables().map(|table| table.table().name).collect();
        let known: Vec<String> = INDEXES.iter().map(|index| index.name(index.table.table().name)).collect();
        let rows = sqlx::query(FURTHER)
            .bind(tables)
            .bind(known)
            .fetch_all(lease.get())
            .await
            .map_err(failed("build indexes"))?;
        let statement = |row: &sqlx::postgres::PgRow| {
            let table: String = row.get("table_name");
            let leaf = self.name(named(&table)?);
            let unique = if row.get("is_unique") { "UNIQUE " } else { "" };
            Some(format!("CREATE {unique}INDEX ON {leaf} {}", row.get::<String, _>("definition")))
        };
        Ok(rows.iter().filter_map(statement).collect())
    }
}

fn named(name: &str) -> Option<TableId> {
    file_tables().find(|table| table.table().name == name)
}
