//! The staging area of a session: a private database in memory, and beyond a budget in a temporary file that ends with the
//! connection. What a session accepts waits there as finished rows, so that publishing is little more than copying pages,
//! and nobody waits for the database's one writer before.

use std::collections::HashSet;

use snake_pipe_core::{
    Error, ErrorKind, Result, Timestamp,
    id::{EntityId, RepositoryId},
    load::Batch,
    schema::{RowContext, write_rows},
};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::{
    derived,
    encode::Encoder,
    marks::{ByKind, Marks},
};
use crate::{error::during, schema::FILE_TABLES, transaction::Transaction};

/// Memory of the staging area; what is beyond lies in the temporary file.
const MEMORY_KIB: u32 = 64 << 10;

/// Besides copies of the tables of files, a staging area knows which files are to go, how many batches it has, and, while it is
/// being published, which targets are lost, which files lose references by that, and what these depend on then.
const CONTROL_TABLES: &str = "
    CREATE TABLE staging.removed_files (file_id TEXT PRIMARY KEY, file_path TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE staging.batches (number INTEGER PRIMARY KEY);
    CREATE TABLE staging.lost_files (id TEXT PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE staging.lost_functions (id TEXT PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE staging.lost_classes (id TEXT PRIMARY KEY, file_id TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE staging.unlinked (file_id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE staging.derived_again AS SELECT * FROM staging.dependencies;
";

/// What the staging area holds, as the session knows it.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// Batches accepted.
    pub(super) batches: u64,
    /// What the rows define and refer to.
    pub(super) marks: Marks,
    /// Files that are to go.
    pub(super) removed: HashSet<Uuid>,
}

/// What one batch changes about [`Staged`], once its transaction is committed.
#[derive(Debug)]
pub(super) struct StagedBatch {
    marks: Marks,
    forgotten: ByKind<HashSet<Uuid>>,
    removed: HashSet<Uuid>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Staged {
    /// Files that are to be written or to go.
    pub(super) fn files(&self) -> u64 {
        (self.marks.defined.files.len() + self.removed.len()) as u64
    }

    /// Takes over what a committed batch changed.
    pub(super) fn add(&mut self, batch: StagedBatch) {
        for file in &batch.marks.defined.files {
            self.removed.remove(file);
        }
        self.batches += 1;
        self.removed.extend(batch.removed);
        self.marks.add(batch.marks, &batch.forgotten);
    }
}

/// Attaches an empty staging area to a connection whose tables are up to date.
pub(super) async fn attach(connection: &mut SqliteConnection) -> Result<()> {
    let attaching = during("begin_load");
    // A rollback needs a journal; it stays small, since nearly all that is ever written are new pages.
    let set_up = format!(
        "ATTACH DATABASE '' AS staging;
         PRAGMA staging.journal_mode = MEMORY;
         PRAGMA staging.synchronous = OFF;
         PRAGMA staging.cache_size = -{MEMORY_KIB};"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(set_up)).execute(&mut *connection).await.map_err(&attaching)?;
    for table in FILE_TABLES.iter() {
        let definition: String =
            sqlx::query_scalar("SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?")
                .bind(table.name())
                .fetch_one(&mut *connection)
                .await
                .map_err(&attaching)?;
        // The very same definition lets SQLite copy rows without looking into them.
        let copy = definition.replacen("CREATE TABLE ", "CREATE TABLE staging.", 1);
        sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&mut *connection).await.map_err(&attaching)?;
    }
    sqlx::raw_sql(CONTROL_TABLES).execute(&mut *connection).await.map_err(&attaching)?;
    sqlx::raw_sql(derived::TABLES).execute(&mut *connection).await.map(drop).map_err(&attaching)
}

/// Empties the staging area.
pub(super) async fn clear(connection: &mut SqliteConnection) -> Result<()> {
    let clearing = during("write_batch");
    let mut transaction = Transaction::deferred(connection).await.map_err(&clearing)?;
    let names = FILE_TABLES.iter().map(|table| table.name()).chain(["removed_files", "batches"]);
    for name in names {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM staging.{name}")))
            .execute(&mut *transaction)
            .await
            .map_err(&clearing)?;
    }
    transaction.commit().await.map_err(&clearing)
}

/// How many batches the staging area has: tells what became of a call that was cancelled.
pub(super) async fn batches(connection: &mut SqliteConnection) -> Result<u64> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM staging.batches")
        .fetch_one(connection)
        .await
        .map_err(during("write_batch"))?;
    Ok(count.unsigned_abs())
}

/// Stages a batch in one transaction, which the caller commits.
pub(super) async fn stage(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    producer_version: &str,
    batch: &Batch,
    staged: &Staged,
) -> Result<StagedBatch> {
    let forgotten = forget(connection, repository, batch, staged).await?;
    let context = RowContext { repository, producer_version, now: Timestamp::now() };
    let mut encoder = Encoder::new();
    for facts in &batch.files {
        write_rows(facts, &context, &mut encoder)?;
        encoder.send_full(connection).await?;
    }
    encoder.send_all(connection).await?;
    let removed = stage_removed(connection, repository, batch).await?;
    sqlx::query("INSERT INTO staging.batches DEFAULT VALUES")
        .execute(connection)
        .await
        .map_err(during("write_batch"))?;
    Ok(StagedBatch { marks: encoder.marks, forgotten, removed, rows: encoder.rows, bytes: encoder.bytes })
}

/// Deletes the rows of files that the staging area has already and the batch brings or removes again; what they defined.
async fn forget(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    batch: &Batch,
    staged: &Staged,
) -> Result<ByKind<HashSet<Uuid>>> {
    let forgetting = during("write_batch");
    let mut forgotten = ByKind::<HashSet<Uuid>>::default();
    let paths = batch.files.iter().map(|facts| &facts.path).chain(&batch.removed);
    for path in paths {
        let file = EntityId::file(repository, path.key()).uuid();
        if staged.removed.contains(&file) {
            sqlx::query("DELETE FROM staging.removed_files WHERE file_id = ?")
                .bind(file.to_string())
                .execute(&mut *connection)
                .await
                .map_err(&forgetting)?;
        }
        if !staged.marks.defined.files.contains(&file) {
            continue;
        }
        index_by_file(connection).await?;
        refuse_collision(connection, file, path).await?;
        forgotten.files.insert(file);
        ids(connection, "functions", "function_id", file, &mut forgotten.functions).await?;
        ids(connection, "classes", "class_id", file, &mut forgotten.classes).await?;
        for table in FILE_TABLES.iter() {
            let sql = format!("DELETE FROM staging.{} WHERE {} = ?", table.name(), table.file_column());
            sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(file.to_string())
                .execute(&mut *connection)
                .await
                .map_err(&forgetting)?;
        }
    }
    Ok(forgotten)
}

/// Files that come again are rare: only then the staging area needs to find rows by file.
async fn index_by_file(connection: &mut SqliteConnection) -> Result<()> {
    for table in FILE_TABLES.iter() {
        let (name, column) = (table.name(), table.file_column());
        let sql = format!("CREATE INDEX IF NOT EXISTS staging.{name}_by_file ON {name} ({column})");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await
            .map_err(during("write_batch"))?;
    }
    Ok(())
}

/// Two paths may have the same key; they must never become one file.
async fn refuse_collision(
    connection: &mut SqliteConnection,
    file: Uuid,
    path: &snake_pipe_core::SourcePath,
) -> Result<()> {
    let held: Option<(String, Option<String>)> =
        sqlx::query_as("SELECT file_path, path_bytes FROM staging.files WHERE file_id = ?")
            .bind(file.to_string())
            .fetch_optional(connection)
            .await
            .map_err(during("write_batch"))?;
    match held {
        Some((text, bytes)) if text != path.as_str() || bytes.is_some() == path.is_utf8() => {
            Err(Error::new(ErrorKind::Data, "two paths of the repository have one key")
                .with_context("path", path)
                .with_context("other", text))
        }
        _ => Ok(()),
    }
}

async fn ids(
    connection: &mut SqliteConnection,
    table: &str,
    column: &str,
    file: Uuid,
    found: &mut HashSet<Uuid>,
) -> Result<()> {
    let sql = format!("SELECT {column} FROM staging.{table} WHERE file_id = ?");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(file.to_string())
        .fetch_all(connection)
        .await
        .map_err(during("write_batch"))?;
    for row in rows {
        let id: String = row.try_get(0).map_err(during("write_batch"))?;
        found.extend(Uuid::parse_str(&id).ok());
    }
    Ok(())
}

async fn stage_removed(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    batch: &Batch,
) -> Result<HashSet<Uuid>> {
    let mut removed = HashSet::new();
    for path in &batch.removed {
        let file = EntityId::file(repository, path.key()).uuid();
        removed.insert(file);
        sqlx::query("INSERT OR REPLACE INTO staging.removed_files (file_id, file_path) VALUES (?, ?)")
            .bind(file.to_string())
            .bind(path.as_str())
            .execute(&mut *connection)
            .await
            .map_err(during("write_batch"))?;
    }
    Ok(removed)
}
