//! The schema's versions, and how a database gets from one to the next.
//!
//! The statements name no schema: they work in whichever the connection's search path begins with. Versions and checksums
//! stand in `snake_pipe_migrations`; the version stands in that table's comment too, which every role may read.

use std::time::{Duration, Instant};

use snake_pipe_core::{
    Error, ErrorKind, MigrateMode, MigrationStep, Migrations, Result,
    id::Digest,
    schema::{TABLES, VIEWS},
};
use sqlx::Row as _;
use tokio::time::sleep;

use crate::{
    connection::Lease,
    error::{Author, convert, failed},
    schema::statements::quoted,
};

struct Migration {
    version: u64,
    description: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, description: "tables", sql: include_str!("../../migrations/0001_tables.sql") },
    Migration { version: 2, description: "views", sql: include_str!("../../migrations/0002_views.sql") },
    Migration {
        version: 3,
        description: "metric definitions",
        sql: include_str!("../../migrations/0003_metric_definitions.sql"),
    },
    Migration {
        version: 4,
        description: "functions",
        sql: include_str!("../../migrations/0004_functions.sql"),
    },
];

/// The version that this crate writes.
pub(crate) const LATEST_VERSION: u64 = 4;

/// How long one attempt waits for a lock: everybody who wants the table meanwhile waits behind it.
const TURN_MS: u64 = 300;
/// How long it gives way before the next attempt.
const TURN_PAUSE: Duration = Duration::from_millis(200);
/// How long all attempts together may take.
const PATIENCE: Duration = Duration::from_secs(120);

const CREATE_HISTORY: &str = "CREATE TABLE snake_pipe_migrations (
    version bigint PRIMARY KEY,
    description text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN snake_pipe_migrations.version IS 'The number of the step, from 1.';
COMMENT ON COLUMN snake_pipe_migrations.description IS 'What the step does.';
COMMENT ON COLUMN snake_pipe_migrations.checksum IS 'Digest of its statements: tells a step of another build.';
COMMENT ON COLUMN snake_pipe_migrations.applied_at IS 'When it was taken.'";

/// What is known of a database's schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The schema that unqualified names belong to; none when the configured one is missing, or the role may not use it.
    pub(crate) schema: Option<String>,
    /// The version; 0 for none.
    pub(crate) version: u64,
}

impl State {
    /// Refuses a schema that this crate does not know.
    pub(crate) fn refuse_newer(&self) -> Result<()> {
        if self.version <= LATEST_VERSION {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Schema,
            format!(
                "the database has version {} of the schema, this program knows {LATEST_VERSION}",
                self.version
            ),
        )
        .with_help("use a newer snake-pipe, or another database or schema"))
    }

    /// Refuses a schema that is not the one this crate writes.
    pub(crate) fn refuse_outdated(&self) -> Result<()> {
        self.refuse_newer()?;
        if self.version == LATEST_VERSION {
            return Ok(());
        }
        let message = match self.version {
            0 => "the database has no tables of snake-pipe".to_owned(),
            version => format!(
                "the database has version {version} of the schema, this program needs {LATEST_VERSION}"
            ),
        };
        Err(Error::new(ErrorKind::Schema, message).with_help("run `snake-pipe migrate`"))
    }
}

/// Reads the version, as any role may.
pub(crate) async fn read_state(lease: &mut Lease) -> Result<State> {
    const STATE: &str = "
        SELECT current_schema()::text AS schema_name,
               (SELECT substring(obj_description(c.oid, 'pg_class') FROM 'version ([0-9]+)')::bigint
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = current_schema() AND c.relname = 'snake_pipe_migrations' AND c.relkind = 'r') AS version";
    let row = sqlx::query(STATE).fetch_one(lease.get()).await.map_err(failed("read the schema's version"))?;
    let version: Option<i64> = row.get("version");
    Ok(State { schema: row.get("schema_name"), version: version.map_or(0, i64::unsigned_abs) })
}

/// Brings the schema up to date in one transaction, or says what is missing. Locks are waited for in short turns, so that nobody
/// who comes behind is held up by the waiting; for all of them together, as long as the patience lasts.
pub(crate) async fn migrate(
    mut lease: Lease,
    configured: Option<&str>,
    mode: MigrateMode,
) -> Result<Migrations> {
    if mode == MigrateMode::Plan {
        let state = read_state(&mut lease).await?;
        lease.give_back();
        state.refuse_newer()?;
        return Ok(plan(&state));
    }
    match apply_patiently(&mut lease, configured).await {
        Ok(migrations) => {
            lease.give_back();
            Ok(migrations)
        }
        Err(error) => {
            // The role's name can be asked for outside the failed transaction alone.
            let is_sound = lease.run("ROLLBACK").await.is_ok();
            let error = explain_permission(&mut lease, configured, error).await;
            if is_sound {
                lease.give_back();
            }
            Err(error.with_operation("migrate"))
        }
    }
}

async fn apply_patiently(lease: &mut Lease, configured: Option<&str>) -> Result<Migrations> {
    let begin = Instant::now();
    loop {
        match apply(lease, configured).await {
            Err(error) if error.kind() == ErrorKind::Busy && begin.elapsed() < PATIENCE => {
                lease.run("ROLLBACK").await.map_err(failed("migrate"))?;
                tracing::debug!(%error, "a lock is held, trying again");
                sleep(TURN_PAUSE).await;
            }
            result => return result,
        }
    }
}

fn plan(state: &State) -> Migrations {
    let steps = MIGRATIONS.iter().filter(|migration| migration.version > state.version);
    Migrations {
        from_version: state.version,
        to_version: LATEST_VERSION,
        steps: steps
            .map(|migration| MigrationStep {
                version: migration.version,
                description: migration.description.to_owned(),
                sql: migration.sql.to_owned(),
            })
            .collect(),
    }
}

async fn apply(lease: &mut Lease, configured: Option<&str>) -> Result<Migrations> {
    lease.run(format!("BEGIN; SET LOCAL lock_timeout = '{TURN_MS}ms'")).await.map_err(failed("migrate"))?;
    // Held to the end of the transaction: a second process waits for it, and then finds the work done.
    let lock = "SELECT pg_advisory_xact_lock(hashtext('snake_pipe_migrations'), hashtext($1))";
    let key = configured.unwrap_or_default();
    sqlx::query(lock).bind(key).execute(lease.get()).await.map_err(failed("migrate"))?;
    if let Some(schema) = configured {
        create_schema(lease, schema).await?;
    }
    let state = read_state(lease).await?;
    state.refuse_newer()?;
    if state.schema.is_none() {
        return Err(Error::new(ErrorKind::Permission, "there is no schema that this role may use"));
    }
    match state.version {
        0 => refuse_foreign_relations(lease).await?,
        _ => verify_checksums(lease).await?,
    }
    let migrations = plan(&state);
    if state.version == 0 {
        lease.run(CREATE_HISTORY).await.map_err(failed("migrate"))?;
    }
    for step in &migrations.steps {
        apply_step(lease, step).await?;
    }
    lease.run("COMMIT").await.map_err(failed("migrate"))?;
    Ok(migrations)
}

async fn create_schema(lease: &mut Lease, schema: &str) -> Result<()> {
    let exists = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let exists: bool =
        sqlx::query_scalar(exists).bind(schema).fetch_one(lease.get()).await.map_err(failed("migrate"))?;
    match exists {
        true => Ok(()),
        false => lease.run(format!("CREATE SCHEMA {}", quoted(schema))).await.map_err(failed("migrate")),
    }
}

async fn apply_step(lease: &mut Lease, step: &MigrationStep) -> Result<()> {
    lease
        .run(step.sql.as_str())
        .await
        .map_err(|error| convert(error, Author::Backend).with_context("migration", step.version))?;
    sqlx::query("INSERT INTO snake_pipe_migrations (version, description, checksum) VALUES ($1, $2, $3)")
        .bind(step.version as i64)
        .bind(&step.description)
        .bind(checksum(&step.sql))
        .execute(lease.get())
        .await
        .map_err(failed("migrate"))?;
    let comment = format!(
        "COMMENT ON TABLE snake_pipe_migrations IS 'The schema of snake-pipe, version {}.'",
        step.version
    );
    lease.run(comment).await.map_err(failed("migrate"))
}

async fn refuse_foreign_relations(lease: &mut Lease) -> Result<()> {
    let names: Vec<String> = TABLES
        .iter()
        .map(|table| table.name)
        .chain(VIEWS.iter().map(|view| view.name))
        .map(str::to_owned)
        .collect();
    let found = "SELECT c.relname::text FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relname = ANY($1) ORDER BY c.relname LIMIT 1";
    let found: Option<String> =
        sqlx::query_scalar(found).bind(names).fetch_optional(lease.get()).await.map_err(failed("migrate"))?;
    match found {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::Schema,
            format!("the schema holds a table or view `{name}` that snake-pipe did not make"),
        )
        .with_context("table", name)
        .with_help("choose another schema with `schema_name`, or `?schema=NAME` in the URL")),
    }
}

async fn verify_checksums(lease: &mut Lease) -> Result<()> {
    let rows = sqlx::query("SELECT version, checksum FROM snake_pipe_migrations ORDER BY version")
        .fetch_all(lease.get())
        .await
        .map_err(failed("migrate"))?;
    for row in rows {
        let (version, held): (i64, String) = (row.get(0), row.get(1));
        let known = MIGRATIONS.iter().find(|migration| migration.version as i64 == version);
        if known.is_none_or(|migration| checksum(migration.sql) != held) {
            return Err(Error::new(
                ErrorKind::Schema,
                format!("migration {version} of the database is not the one of this program"),
            )
            .with_help(
                "the database was made by another build of snake-pipe: load into a new schema or database",
            ));
        }
    }
    Ok(())
}

fn checksum(sql: &str) -> String {
    Digest::of(sql.as_bytes()).to_string()
}

/// Adds the statements that would help to an error about rights. No transaction is open.
async fn explain_permission(lease: &mut Lease, configured: Option<&str>, error: Error) -> Error {
    if error.kind() != ErrorKind::Permission {
        return error;
    }
    let role = sqlx::query_scalar::<_, String>("SELECT current_user::text").fetch_one(lease.get()).await.ok();
    let role = quoted(role.as_deref().unwrap_or("the_role"));
    let schema = quoted(configured.unwrap_or("public"));
    error.with_help(format!(
        "let an owner of the database run `GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};`, or choose a schema of your own \
         with `schema_name` or `?schema=NAME` in the URL (an owner runs `CREATE SCHEMA NAME AUTHORIZATION {role};`)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_by_one_from_one_to_the_latest() {
        let versions: Vec<_> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=LATEST_VERSION).collect::<Vec<_>>());
    }

    #[test]
    fn a_schema_of_another_version_says_what_to_do() {
        let state = |version| State { schema: None, version };
        assert!(state(LATEST_VERSION).refuse_outdated().is_ok());
        assert!(state(0).refuse_outdated().unwrap_err().help().unwrap().contains("snake-pipe migrate"));
        assert!(state(LATEST_VERSION + 1).refuse_newer().unwrap_err().help().unwrap().contains("newer"));
    }
}
