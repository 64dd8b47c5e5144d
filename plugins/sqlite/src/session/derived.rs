//! Derived tables are recalculated when what they are made from has been published: aside, in the staging area, and taken over by
//! a short transaction. Whatever becomes of it, queries answer right: a table that is not of the current snapshot is not read.

use std::time::Instant;

use snake_pipe_core::{
    Result, Timestamp,
    id::RepositoryId,
    queries::import_cycles,
    schema::{DERIVED, Derivation, DerivedRows, TableId},
};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use crate::{database::Database, error::during, transaction::Transaction};

/// From so many changed files on, everything is made anew: reading the tables is faster then.
const MAX_FILES: i64 = 2_000;

/// What a publication outdates is noted in the staging area, see [`note_before`] and [`note_after`].
pub(super) const TABLES: &str = "
    CREATE TABLE staging.affected_functions (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE staging.affected_files (id TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// Functions that touched files call.
const CALLED: &str = "
    INSERT OR IGNORE INTO staging.affected_functions
    SELECT target_function_id FROM main.calls
    WHERE repository_id = ?1 AND target_function_id IS NOT NULL AND file_id IN (SELECT id FROM staging.affected_files)";

/// What a publication outdates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Affected {
    /// The snapshot that it replaces.
    pub(super) before: Option<Uuid>,
    /// Whether too many files change for telling their rows apart.
    pub(super) is_everything: bool,
    /// Whether calls change.
    pub(super) has_calls: bool,
    /// Whether dependencies change.
    pub(super) has_dependencies: bool,
    /// Whether imports change.
    pub(super) has_imports: bool,
    /// Whether files go.
    pub(super) has_removed: bool,
}

impl Affected {
    fn part_of(&self, rows: DerivedRows) -> Part {
        let some = |has, list| if has { Part::Some(list) } else { Part::Nothing };
        match rows {
            _ if self.is_everything => Part::All,
            DerivedRows::Functions => some(self.has_calls, "SELECT id FROM staging.affected_functions"),
            DerivedRows::Files => Part::Some("SELECT id FROM staging.affected_files"),
            DerivedRows::CallingFiles => some(self.has_calls, "SELECT id FROM staging.affected_files"),
            DerivedRows::DependingFiles if self.has_removed => Part::All,
            DerivedRows::DependingFiles => {
                some(self.has_dependencies, "SELECT id FROM staging.affected_files")
            }
            DerivedRows::All if self.has_imports || self.has_removed => Part::All,
            DerivedRows::All => Part::Nothing,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Nothing,
    Some(&'static str),
    All,
}

impl Part {
    const fn list(self) -> Option<&'static str> {
        match self {
            Self::Some(list) => Some(list),
            Self::Nothing | Self::All => None,
        }
    }
}

/// Notes what the touched files are and what they call, before they change.
pub(super) async fn note_before(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
) -> Result<Affected> {
    let noting = during("publish");
    let clear = "DELETE FROM staging.affected_functions; DELETE FROM staging.affected_files;
        INSERT INTO staging.affected_files
        SELECT file_id FROM staging.files UNION SELECT file_id FROM staging.removed_files";
    sqlx::raw_sql(clear).execute(&mut *connection).await.map_err(&noting)?;
    let before: Option<String> =
        sqlx::query_scalar("SELECT snapshot_id FROM main.repositories WHERE repository_id = ?")
            .bind(repository.get())
            .fetch_optional(&mut *connection)
            .await
            .map_err(&noting)?
            .flatten();
    let (files, removed): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM staging.affected_files), (SELECT count(*) FROM staging.removed_files)",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(&noting)?;
    let affected = Affected {
        before: before.and_then(|id| Uuid::parse_str(&id).ok()),
        is_everything: files > MAX_FILES,
        has_removed: removed > 0,
        ..Affected::default()
    };
    if !affected.is_everything {
        run(connection, CALLED, repository).await?;
    }
    Ok(affected)
}

/// Notes what the touched files call, define no longer, and whose references were lost with them, after they changed.
pub(super) async fn note_after(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    affected: &Affected,
    is_lost: bool,
) -> Result<()> {
    if affected.is_everything {
        return Ok(());
    }
    if is_lost {
        run(
            connection,
            "INSERT OR IGNORE INTO staging.affected_functions SELECT id FROM staging.lost_functions",
            repository,
        )
        .await?;
        run(
            connection,
            "INSERT OR IGNORE INTO staging.affected_files SELECT file_id FROM staging.unlinked",
            repository,
        )
        .await?;
    }
    run(connection, CALLED, repository).await
}

async fn run(connection: &mut SqliteConnection, sql: &str, repository: RepositoryId) -> Result<()> {
    let done =
        sqlx::query(AssertSqlSafe(sql)).bind(repository.get()).persistent(false).execute(connection).await;
    done.map(drop).map_err(during("derive"))
}

/// Recalculates what a publication outdated.
pub(super) async fn refresh(
    database: &Database,
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    published: Uuid,
    affected: &Affected,
) {
    if let Err(error) = try_refresh(database, connection, repository, published, affected).await {
        tracing::warn!(%error, "derived tables are not up to date: queries take longer until the next load");
    }
}

async fn try_refresh(
    database: &Database,
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    published: Uuid,
    affected: &Affected,
) -> Result<()> {
    let deriving = during("derive");
    let begin = Instant::now();
    let mut reading = Transaction::deferred(connection).await.map_err(&deriving)?;
    let parts = parts(&mut reading, repository, published, affected).await?;
    for (derivation, part) in &parts {
        make(&mut reading, derivation, repository, *part).await?;
    }
    reading.commit().await.map_err(&deriving)?;
    if !parts.is_empty() {
        let _turn = database.turn().await?;
        let mut writing = Transaction::immediate(connection).await.map_err(&deriving)?;
        if is_current(&mut writing, repository, published).await? {
            for (derivation, part) in &parts {
                take_over(&mut writing, derivation, repository, *part, published).await?;
            }
        }
        writing.commit().await.map_err(&deriving)?;
    }
    for (derivation, _) in &parts {
        let drop = format!("DROP TABLE IF EXISTS staging.{}", derivation.name());
        run(connection, &drop, repository).await?;
    }
    tracing::debug!(%repository, elapsed = ?begin.elapsed(), "derived tables are up to date");
    Ok(())
}

async fn is_current(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    published: Uuid,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM main.repositories WHERE repository_id = ? AND snapshot_id = ?)",
    )
    .bind(repository.get())
    .bind(published.to_string())
    .fetch_one(connection)
    .await
    .map_err(during("derive"))
}

/// Which derived tables are outdated, and what of them; none where somebody published since.
async fn parts(
    connection: &mut SqliteConnection,
    repository: RepositoryId,
    published: Uuid,
    affected: &Affected,
) -> Result<Vec<(&'static Derivation, Part)>> {
    if !is_current(connection, repository, published).await? {
        return Ok(Vec::new());
    }
    let stamps =
        sqlx::query("SELECT table_name, snapshot_id FROM main.derived_tables WHERE repository_id = ?")
            .bind(repository.get())
            .fetch_all(connection)
            .await
            .map_err(during("derive"))?;
    let mut parts = Vec::new();
    for derivation in DERIVED {
        let stamp = stamps.iter().find(|row| row.get::<&str, _>(0) == derivation.name());
        let made_from = stamp.and_then(|row| Uuid::parse_str(row.get(1)).ok());
        if made_from == Some(published) {
            continue;
        }
        let is_known = made_from.is_some() && made_from == affected.before;
        parts.push((derivation, if is_known { affected.part_of(derivation.rows) } else { Part::All }));
    }
    Ok(parts)
}

/// Makes a part of a table in the staging area.
async fn make(
    connection: &mut SqliteConnection,
    derivation: &Derivation,
    repository: RepositoryId,
    part: Part,
) -> Result<()> {
    if part == Part::Nothing {
        return Ok(());
    }
    let name = derivation.name();
    let create = format!("CREATE TABLE staging.{name} AS SELECT * FROM main.{name} WHERE false");
    run(connection, &create, repository).await?;
    if let Some(insert) = derivation.insert(repository.get(), part.list()) {
        run(connection, &insert.replacen("INSERT INTO ", "INSERT INTO staging.", 1), repository).await?;
    }
    if derivation.table == TableId::ImportCycles {
        make_cycles(connection, repository).await?;
    }
    Ok(())
}

async fn make_cycles(connection: &mut SqliteConnection, repository: RepositoryId) -> Result<()> {
    let deriving = during("derive");
    let rows = sqlx::query(AssertSqlSafe(Derivation::imports(repository.get())))
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .map_err(&deriving)?;
    let id = |row: &sqlx::sqlite::SqliteRow, column| Uuid::parse_str(row.get(column)).ok();
    let cycles = import_cycles(rows.iter().filter_map(|row| Some((id(row, 0)?, id(row, 1)?))));
    let members = cycles
        .iter()
        .enumerate()
        .flat_map(|(index, members)| members.iter().map(move |file| (*file, index + 1, members.len())));
    let list = serde_json::to_string(&members.collect::<Vec<_>>()).expect("ids and numbers are JSON");
    sqlx::query(
        "INSERT INTO staging.import_cycles (file_id, repository_id, cycle, file_count)
         SELECT j.value ->> 0, ?1, j.value ->> 1, j.value ->> 2 FROM json_each(?2) j",
    )
    .bind(repository.get())
    .bind(list)
    .execute(connection)
    .await
    .map(drop)
    .map_err(&deriving)
}

/// Replaces a part of a table by what was made aside, and says from which snapshot.
async fn take_over(
    connection: &mut SqliteConnection,
    derivation: &Derivation,
    repository: RepositoryId,
    part: Part,
    published: Uuid,
) -> Result<()> {
    let name = derivation.name();
    if part != Part::Nothing {
        run(connection, &derivation.delete(repository.get(), part.list()), repository).await?;
        run(connection, &format!("INSERT INTO main.{name} SELECT * FROM staging.{name}"), repository).await?;
    }
    sqlx::query(
        "INSERT INTO main.derived_tables (repository_id, table_name, snapshot_id, calculated_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (repository_id, table_name) DO UPDATE
         SET snapshot_id = excluded.snapshot_id, calculated_at = excluded.calculated_at",
    )
    .bind(repository.get())
    .bind(name)
    .bind(published.to_string())
    .bind(Timestamp::now().to_string())
    .execute(connection)
    .await
    .map(drop)
    .map_err(during("derive"))
}
