//! Bringing a database's schema up to date.

use snake_pipe_core::{
    Error, ErrorKind, MigrationStep, Result, Timestamp,
    id::Digest,
    schema::{TABLES, VIEWS},
};
use sqlx::{Row, SqliteConnection};

use crate::{error::during, transaction::Transaction};

/// A step of the schema, as it is embedded.
struct Migration {
    version: u64,
    description: &'static str,
    sql: &'static str,
}

impl Migration {
    /// Tells whether a step was changed after it had been applied.
    fn checksum(&self) -> String {
        Digest::of(self.sql.as_bytes()).to_string()
    }

    fn step(&self) -> MigrationStep {
        MigrationStep {
            version: self.version,
            description: self.description.to_owned(),
            sql: self.sql.to_owned(),
        }
    }
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, description: "tables", sql: include_str!("../../migrations/0001_tables.sql") },
    Migration { version: 2, description: "indexes", sql: include_str!("../../migrations/0002_indexes.sql") },
    Migration { version: 3, description: "views", sql: include_str!("../../migrations/0003_views.sql") },
    Migration {
        version: 4,
        description: "metric definitions",
        sql: include_str!("../../migrations/0004_metric_definitions.sql"),
    },
];

/// The version that this program needs.
pub(crate) const LATEST: u64 = MIGRATIONS.len() as u64;

/// Which steps a database has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The last step; 0 for none.
    pub(crate) version: u64,
}

impl State {
    pub(crate) const fn is_current(self) -> bool {
        self.version == LATEST
    }
}

/// Reads the state and refuses what this program cannot use.
///
/// # Errors
/// `Schema` for a newer version, a changed step, or a table of ours that is somebody else's.
pub(crate) async fn state(connection: &mut SqliteConnection) -> Result<State> {
    let reading = during("read the schema's version");
    let known: bool =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'snake_pipe_migrations'")
            .fetch_one(&mut *connection)
            .await
            .map_err(&reading)?;
    if !known {
        refuse_foreign_tables(connection).await?;
        return Ok(State { version: 0 });
    }
    let applied = sqlx::query("SELECT version, checksum FROM snake_pipe_migrations ORDER BY version")
        .fetch_all(connection)
        .await
        .map_err(&reading)?;
    let mut version = 0;
    for row in applied {
        version = row.try_get::<i64, _>(0).map_err(&reading)?.unsigned_abs();
        check_step(version, &row.try_get::<String, _>(1).map_err(&reading)?)?;
    }
    Ok(State { version })
}

fn check_step(version: u64, checksum: &str) -> Result<()> {
    match MIGRATIONS.iter().find(|migration| migration.version == version) {
        None => Err(Error::new(
            ErrorKind::Schema,
            format!("the database has schema version {version}, this program knows versions up to {LATEST}"),
        )
        .with_help("use the newer snake-pipe that wrote it")),
        Some(migration) if migration.checksum() != checksum => Err(Error::new(
            ErrorKind::Schema,
            format!(
                "step {version} of the database's schema ({}) is not the one of this program",
                migration.description
            ),
        )
        .with_help("use the snake-pipe that wrote it, or load into a new file")),
        Some(_) => Ok(()),
    }
}

async fn refuse_foreign_tables(connection: &mut SqliteConnection) -> Result<()> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
            .fetch_all(connection)
            .await
            .map_err(during("read the schema"))?;
    let ours = |name: &str| {
        TABLES.iter().any(|table| table.name == name) || VIEWS.iter().any(|view| view.name == name)
    };
    match names.iter().find(|name| ours(name)) {
        Some(name) => Err(Error::new(
            ErrorKind::Schema,
            format!("`{name}` of this database belongs to another program"),
        )
        .with_help("load into a file of its own")),
        None => Ok(()),
    }
}

/// The steps that a database in this state lacks.
pub(crate) fn missing(state: State) -> Vec<MigrationStep> {
    MIGRATIONS.iter().filter(|migration| migration.version > state.version).map(Migration::step).collect()
}

/// Applies what is missing, in one transaction, and says what it was and what was there before. Two processes may do so at
/// once: the later one finds nothing to do.
///
/// # Errors
/// As of [`state`]; `Busy`, `Permission`, `Capacity`.
pub(crate) async fn apply(connection: &mut SqliteConnection) -> Result<(State, Vec<MigrationStep>)> {
    let migrating = during("migrate");
    let mut transaction = Transaction::immediate(connection).await.map_err(&migrating)?;
    // Read again under the lock.
    let before = state(&mut transaction).await?;
    if before.version == 0 {
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS snake_pipe_migrations (
                version INTEGER PRIMARY KEY,
                description TEXT NOT NULL,
                checksum TEXT NOT NULL,
                applied_at TEXT NOT NULL
            ) STRICT",
        )
        .execute(&mut *transaction)
        .await
        .map_err(&migrating)?;
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > before.version) {
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(&migrating)?;
        sqlx::query("INSERT INTO snake_pipe_migrations VALUES (?, ?, ?, ?)")
            .bind(i64::try_from(migration.version).unwrap_or(i64::MAX))
            .bind(migration.description)
            .bind(migration.checksum())
            .bind(Timestamp::now().to_string())
            .execute(&mut *transaction)
            .await
            .map_err(&migrating)?;
    }
    transaction.commit().await.map_err(&migrating)?;
    Ok((before, missing(before)))
}
