//! Publishing: one transaction that turns the published state into the next one.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use snake_pipe_core::{
    Error, ErrorKind, Result, Timestamp,
    id::{EntityId, RepositoryId},
    load::{LoadPlan, PhaseClock, Publication, PublishResult, Scope, WriteResult},
    position::SourcePosition,
    schema::{TableId, Unit},
};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{
    derived::{self, Affected},
    fence::{self, Fence},
    history, references,
    staging::Staged,
};
use crate::{
    database::Database,
    error::{during, result_code},
    schema::FILE_TABLES,
    transaction::Transaction,
};

/// From so many rows on, a repository that is new is copied before the indexes are built.
const REBUILD_FROM_ROWS: i64 = 20_000;
/// What is kept in memory while many rows are published, and after that. Each of three threads may use as much again for sorting
/// for an index or a derived table, so that twice as much costs 120 MB on a repository of millions of rows; it gains no time.
const LARGE_CACHE_KIB: u32 = 32 << 10;

/// A publication under way.
pub(super) struct Publishing<'a> {
    connection: &'a mut SqliteConnection,
    repository: RepositoryId,
    now: String,
    /// Rows changed, by table.
    changed: BTreeMap<&'static str, u64>,
}

/// Makes what is staged visible. What it outdates comes along, where anything changed.
pub(super) async fn publish(
    database: &Database,
    connection: &mut SqliteConnection,
    plan: &LoadPlan,
    fence: Fence,
    staged: &Staged,
    publication: &Publication,
) -> Result<(PublishResult, Option<Affected>)> {
    let started = Instant::now();
    let mut clock = PhaseClock::default();
    let repository = plan.repository.id();
    let is_large = prepare(connection, repository).await?;
    let turn = database.turn().await?;
    clock.end("wait for other writers");
    let mut transaction = Transaction::immediate(connection).await.map_err(during("publish"))?;
    let now = Timestamp::now().to_string();
    let mut publishing =
        Publishing { connection: &mut transaction, repository, now, changed: BTreeMap::new() };
    if publishing.has_marker(publication).await? {
        return Ok((PublishResult::AlreadyPublished, None));
    }
    fence::check(publishing.connection, plan, fence).await?;
    publishing.remove_absent(plan, staged).await?;
    let mut affected = derived::note_before(publishing.connection, repository).await?;
    let is_lost =
        publishing.apply(staged, &publication.marker.to_string(), database.config().history_days).await?;
    let takes_over = plan.allow_other_source && staged.files() > 0;
    if !takes_over && !publishing.is_worth_recording(publication).await? {
        // What was sent is there already.
        let unchanged = WriteResult { files: staged.files(), ..WriteResult::default() };
        return Ok((PublishResult::Published(unchanged), None));
    }
    derived::note_after(publishing.connection, repository, &affected, is_lost).await?;
    let has_changed = |table| publishing.changed.get(table).is_some_and(|rows| *rows > 0);
    affected.has_calls = has_changed("calls");
    affected.has_dependencies = has_changed("dependencies");
    affected.has_imports = has_changed("imports");
    publishing.record(plan, publication).await?;
    clock.end("write rows");
    let files = publishing
        .number("SELECT (SELECT count(*) FROM staging.files) + (SELECT count(*) FROM staging.removed_files)")
        .await?;
    let changed = publishing.changed;
    transaction.commit().await.map_err(commit_failed)?;
    drop(turn);
    let duration = started.elapsed();
    clock.end("commit");
    if is_large {
        tidy(connection, database.config().timeout).await;
        clock.end("statistics");
    }
    let result = WriteResult {
        files: files.unsigned_abs(),
        rows: changed.values().sum(),
        tables: changed.iter().filter(|(_, rows)| **rows > 0).map(|(table, _)| (*table).to_owned()).collect(),
        transaction: Some(publication.marker.to_string()),
        duration,
        phases: clock.take(),
        ..WriteResult::default()
    };
    Ok((PublishResult::Published(result), Some(affected)))
}

/// Removes a repository with all of its rows, and fences its sessions. Whether it was published.
pub(crate) async fn remove_repository(
    database: &Database,
    connection: &mut SqliteConnection,
    repository: RepositoryId,
) -> Result<bool> {
    super::staging::attach(connection).await?;
    let _turn = database.turn().await?;
    let removing = during("remove_repository");
    let mut transaction = Transaction::immediate(connection).await.map_err(&removing)?;
    let now = Timestamp::now().to_string();
    let mut publishing =
        Publishing { connection: &mut transaction, repository, now, changed: BTreeMap::new() };
    let was_published = publishing
        .is_true(
            "SELECT EXISTS (SELECT 1 FROM main.repositories WHERE repository_id = ?1 AND marker IS NOT NULL)",
        )
        .await?;
    publishing
        .run("INSERT INTO staging.removed_files SELECT file_id, file_path FROM main.files WHERE repository_id = ?1")
        .await?;
    publishing.delete_stale().await?;
    for table in
        TableId::ALL.iter().filter(|table| matches!(table.table().unit, Unit::Derived | Unit::History))
    {
        publishing.run(&format!("DELETE FROM main.{} WHERE repository_id = ?1", table.table().name)).await?;
    }
    publishing.run("DELETE FROM main.snapshots WHERE repository_id = ?1").await?;
    publishing.run("DELETE FROM main.repositories WHERE repository_id = ?1").await?;
    transaction.commit().await.map_err(&removing)?;
    Ok(was_published)
}

/// Does before the transaction what needs no lock. Whether there are many rows.
async fn prepare(connection: &mut SqliteConnection, repository: RepositoryId) -> Result<bool> {
    let mut publishing = Publishing { connection, repository, now: String::new(), changed: BTreeMap::new() };
    let is_large = publishing.rows_of("staging").await? >= REBUILD_FROM_ROWS;
    if is_large {
        publishing.run(&format!("PRAGMA main.cache_size = -{LARGE_CACHE_KIB}")).await?;
    }
    if !publishing.is_rebuild().await? {
        publishing.index_staging().await?;
    }
    Ok(is_large)
}

/// After many rows: statistics for the planner, and the log's content into the database. Neither matters to anybody's
/// rightness, so that a failure is only noted.
async fn tidy(connection: &mut SqliteConnection, timeout: Duration) {
    // Nobody waits for this, and it waits for nobody.
    let tidying = "PRAGMA busy_timeout = 0;
         PRAGMA analysis_limit = 1000;
         ANALYZE main;
         PRAGMA main.wal_checkpoint(PASSIVE);";
    if let Err(error) = sqlx::raw_sql(tidying).execute(&mut *connection).await {
        tracing::warn!(%error, "statistics were not brought up to date");
    }
    let patient = format!("PRAGMA busy_timeout = {}", timeout.as_millis());
    if let Err(error) = sqlx::raw_sql(sqlx::AssertSqlSafe(patient)).execute(connection).await {
        tracing::warn!(%error, "the time to wait for another writer was not set");
    }
}

/// Where writing to the log itself fails, nobody knows what a reader will find there; everything else is rolled back.
fn commit_failed(source: sqlx::Error) -> Error {
    match result_code(&source).map(|code| code & 0xff) {
        Some(10) => Error::new(ErrorKind::OutcomeUnknown, "the commit could not be written wholly")
            .with_operation("publish")
            .with_source(source),
        _ => during("publish")(source),
    }
}

impl<'a> Publishing<'a> {
    /// One that has changed nothing yet.
    pub(super) fn new(
        connection: &'a mut SqliteConnection,
        repository: RepositoryId,
        now: Timestamp,
    ) -> Self {
        Self { connection, repository, now: now.to_string(), changed: BTreeMap::new() }
    }
}

impl Publishing<'_> {
    /// Runs a statement with the repository for `?1` and the time for `?2`; the rows it changed.
    pub(super) async fn run(&mut self, sql: &str) -> Result<u64> {
        let now = self.now.clone();
        self.run_with(sql, &now).await
    }

    /// Runs a statement with the repository for `?1` and a text for `?2`; the rows it changed.
    pub(super) async fn run_with(&mut self, sql: &str, text: &str) -> Result<u64> {
        let done = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.repository.get())
            .bind(text)
            .persistent(false)
            .execute(&mut *self.connection)
            .await
            .map_err(during("publish"))?;
        Ok(done.rows_affected())
    }

    /// Runs a statement and counts what it changes in a published table.
    pub(super) async fn change(&mut self, table: &'static str, sql: &str) -> Result<()> {
        let rows = self.run(sql).await?;
        *self.changed.entry(table).or_default() += rows;
        Ok(())
    }

    /// The time of the publication, in SQL.
    pub(super) fn now_literal(&self) -> String {
        format!("'{}'", self.now)
    }

    /// Asks a question with the repository for `?1`.
    pub(super) async fn is_true(&mut self, sql: &str) -> Result<bool> {
        Ok(self.number(sql).await? != 0)
    }

    async fn number(&mut self, sql: &str) -> Result<i64> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(self.repository.get())
            .persistent(false)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(during("publish"))
    }

    /// About how many rows there are: the greatest row numbers.
    async fn rows_of(&mut self, schema: &str) -> Result<i64> {
        let greatest: Vec<_> = FILE_TABLES
            .iter()
            .map(|table| format!("coalesce((SELECT max(rowid) FROM {schema}.{}), 0)", table.name()))
            .collect();
        self.number(&format!("SELECT {}", greatest.join(" + "))).await
    }

    /// Whether dropping all indexes and building them after the rows costs less than bringing each up to date by the row: many
    /// rows of a repository that is new, in proportion to those that are there.
    async fn is_rebuild(&mut self) -> Result<bool> {
        let staged = self.rows_of("staging").await?;
        let is_new =
            self.is_true("SELECT NOT EXISTS (SELECT 1 FROM main.files WHERE repository_id = ?1)").await?;
        Ok(is_new && staged >= REBUILD_FROM_ROWS && staged * 2 >= self.rows_of("main").await?)
    }

    async fn index_staging(&mut self) -> Result<()> {
        for table in FILE_TABLES.iter() {
            self.run(&table.index_staging).await?;
        }
        Ok(())
    }

    async fn has_marker(&mut self, publication: &Publication) -> Result<bool> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM main.snapshots WHERE snapshot_id = ?1 AND repository_id = ?2)",
        )
        .bind(publication.marker.to_string())
        .bind(self.repository.get())
        .fetch_one(&mut *self.connection)
        .await
        .map_err(during("publish"))
    }

    /// Lists for removal what a complete load does not have.
    async fn remove_absent(&mut self, plan: &LoadPlan, staged: &Staged) -> Result<()> {
        let Scope::Complete(keys) = &plan.scope else { return Ok(()) };
        let listed: HashSet<Uuid> =
            keys.iter().map(|key| EntityId::file(self.repository, *key).uuid()).collect();
        let held: Vec<String> = sqlx::query_scalar("SELECT file_id FROM main.files WHERE repository_id = ?")
            .bind(self.repository.get())
            .fetch_all(&mut *self.connection)
            .await
            .map_err(during("publish"))?;
        let is_absent = |id: &Uuid| !listed.contains(id) && !staged.marks.defined.files.contains(id);
        let absent: Vec<Uuid> =
            held.iter().filter_map(|id| Uuid::parse_str(id).ok()).filter(is_absent).collect();
        if absent.is_empty() {
            return Ok(());
        }
        let list = serde_json::to_string(&absent).expect("a list of ids is JSON");
        let sql = "INSERT OR IGNORE INTO staging.removed_files SELECT file_id, file_path FROM main.files \
                   WHERE repository_id = ?1 AND file_id IN (SELECT value FROM json_each(?2))";
        self.run_with(sql, &list).await.map(drop)
    }

    /// Brings the tables of files to the state that is staged. Whether references lost their targets.
    async fn apply(&mut self, staged: &Staged, snapshot: &str, history_days: u32) -> Result<bool> {
        let is_rebuild = self.is_rebuild().await?;
        if !is_rebuild {
            // Done already, unless another session published meanwhile.
            self.index_staging().await?;
            self.refuse_collisions().await?;
        }
        let is_lost = references::find_lost(self, &staged.marks).await?;
        if is_lost {
            references::unresolve_staged(self).await?;
        }
        history::write(self, snapshot, history_days).await?;
        if is_rebuild {
            self.rebuild().await?;
            return Ok(is_lost);
        }
        self.replace_rows().await?;
        if is_lost {
            references::unresolve_published(self).await?;
        }
        Ok(is_lost)
    }

    /// Makes the rows of the staged files equal what is staged.
    pub(super) async fn replace_rows(&mut self) -> Result<()> {
        self.delete_stale().await?;
        for table in FILE_TABLES.iter() {
            self.change(table.name(), &table.upsert).await?;
        }
        Ok(())
    }

    /// Two paths may have the same key; they must never become one file.
    async fn refuse_collisions(&mut self) -> Result<()> {
        let pair: Option<(String, String)> = sqlx::query_as(
            "SELECT s.file_path, m.file_path
             FROM staging.files s
             JOIN main.files m ON m.file_id = s.file_id AND m.repository_id = s.repository_id
             WHERE m.file_path <> s.file_path OR m.path_bytes IS NOT s.path_bytes
             LIMIT 1",
        )
        .fetch_optional(&mut *self.connection)
        .await
        .map_err(during("publish"))?;
        match pair {
            None => Ok(()),
            Some((path, other)) => {
                Err(Error::new(ErrorKind::Data, "two paths of the repository have one key")
                    .with_context("path", path)
                    .with_context("other", other))
            }
        }
    }

    /// Deletes what touched and removed files no longer have, what is owned before its owners.
    async fn delete_stale(&mut self) -> Result<()> {
        for table in FILE_TABLES.iter().rev() {
            self.change(table.name(), &table.delete_stale).await?;
        }
        Ok(())
    }

    /// Copies all rows, and builds the indexes after them.
    async fn rebuild(&mut self) -> Result<()> {
        let indexes: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT name, tbl_name, sql FROM main.sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid",
        )
        .fetch_all(&mut *self.connection)
        .await
        .map_err(during("publish"))?;
        let of_files = |owner: &str| FILE_TABLES.iter().any(|table| table.name() == owner);
        let indexes: Vec<_> = indexes.into_iter().filter(|(_, owner, _)| of_files(owner)).collect();
        for (name, _, _) in &indexes {
            self.run(&format!("DROP INDEX main.{name}")).await?;
        }
        for table in FILE_TABLES.iter() {
            self.change(table.name(), &table.copy).await?;
        }
        for (_, _, definition) in &indexes {
            self.run(definition).await?;
        }
        Ok(())
    }

    /// A session that changes nothing records only a state that differs from the last one.
    async fn is_worth_recording(&mut self, publication: &Publication) -> Result<bool> {
        if self.changed.values().any(|rows| *rows > 0) {
            return Ok(true);
        }
        let snapshot = &publication.snapshot;
        let is_same: bool = sqlx::query_scalar(
            "SELECT EXISTS (
                SELECT 1 FROM main.repositories r
                JOIN main.snapshots s ON s.snapshot_id = r.snapshot_id AND s.repository_id = r.repository_id
                WHERE r.repository_id = ?1 AND s.commit_hash IS ?2 AND s.branch IS ?3 AND s.is_dirty IS ?4
                  AND s.positions IS ?5
            )",
        )
        .bind(self.repository.get())
        .bind(&snapshot.commit)
        .bind(&snapshot.branch)
        .bind(snapshot.is_dirty)
        .bind(SourcePosition::to_column(&snapshot.positions))
        .fetch_one(&mut *self.connection)
        .await
        .map_err(during("publish"))?;
        Ok(!is_same)
    }

    /// Writes the snapshot and the marker.
    async fn record(&mut self, plan: &LoadPlan, publication: &Publication) -> Result<()> {
        let recording = during("publish");
        let marker = publication.marker.to_string();
        sqlx::query(
            "INSERT INTO main.snapshots
                (snapshot_id, repository_id, commit_hash, branch, is_dirty, positions, producer_version, file_count,
                 published_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT count(*) FROM main.files WHERE repository_id = ?2), ?8)",
        )
        .bind(&marker)
        .bind(self.repository.get())
        .bind(&publication.snapshot.commit)
        .bind(&publication.snapshot.branch)
        .bind(publication.snapshot.is_dirty)
        .bind(SourcePosition::to_column(&publication.snapshot.positions))
        .bind(&plan.producer_version)
        .bind(&self.now)
        .execute(&mut *self.connection)
        .await
        .map_err(&recording)?;
        sqlx::query(
            "UPDATE main.repositories SET remote = ?2, root = ?3, marker = ?4, snapshot_id = ?4, updated_at = ?5
             WHERE repository_id = ?1",
        )
        .bind(self.repository.get())
        .bind(&plan.repository.remote)
        .bind(&plan.repository.root)
        .bind(&marker)
        .bind(&self.now)
        .execute(&mut *self.connection)
        .await
        .map_err(&recording)?;
        Ok(())
    }
}
