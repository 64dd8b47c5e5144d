//! The tables' versions, and how a database gets from one to the next.

use snake_pipe_core::{Dialect as Language, Error, ErrorKind, MigrationStep, Migrations, Result, id::Digest};

use super::{
    dialect::Dialect,
    partitions,
    transaction::Transaction,
    value::{Row, args},
};

struct Migration {
    version: u64,
    description: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        description: "tables",
        sqlite: include_str!("../../migrations/0001_tables.sql"),
        postgres: include_str!("../../migrations/0001_tables.sql"),
    },
    Migration {
        version: 2,
        description: "append-only audit",
        sqlite: include_str!("../../migrations/0002_audit.sqlite.sql"),
        postgres: include_str!("../../migrations/0002_audit.postgres.sql"),
    },
];

/// The version that this program writes.
pub(crate) const LATEST: u64 = MIGRATIONS.len() as u64;

impl Migration {
    const fn text(&self, language: Language) -> &'static str {
        match language {
            Language::Sqlite => self.sqlite,
            Language::Postgres => self.postgres,
        }
    }

    fn checksum(&self, language: Language) -> String {
        Digest::of(self.text(language).as_bytes()).to_string()
    }

    fn step(&self, dialect: &Dialect) -> MigrationStep {
        MigrationStep {
            version: self.version,
            description: self.description.to_owned(),
            sql: dialect.render_migration(self.text(dialect.language)),
        }
    }
}

/// The version of the tables, 0 for none. Refuses what this program cannot use.
pub(crate) async fn version(transaction: &mut Transaction) -> Result<u64> {
    let language = transaction.dialect().language;
    if !has_history(transaction).await? {
        return Ok(0);
    }
    let applied = transaction
        .all("SELECT version, checksum FROM @metadata_migrations ORDER BY version", &args![])
        .await?;
    applied.iter().try_fold(0, |_, row| check(row, language))
}

fn check(row: &Row, language: Language) -> Result<u64> {
    let (version, checksum): (u64, String) = (row.get("version")?, row.get("checksum")?);
    match MIGRATIONS.iter().find(|migration| migration.version == version) {
        None => Err(Error::new(
            ErrorKind::Schema,
            format!("the control plane has version {version}, this program knows versions up to {LATEST}"),
        )
        .with_help("use the newer snake-pipe that made it")),
        Some(migration) if migration.checksum(language) != checksum => Err(Error::new(
            ErrorKind::Schema,
            format!("step {version} of the control plane is not the one of this program"),
        )
        .with_help("it was made by another build of snake-pipe: name another place with `metadata.url`")),
        Some(_) => Ok(version),
    }
}

async fn has_history(transaction: &mut Transaction) -> Result<bool> {
    let sql = match transaction.dialect().language {
        Language::Sqlite => "SELECT count(*) AS found FROM sqlite_schema WHERE name = 'metadata_migrations'",
        Language::Postgres => {
            "SELECT count(*) AS found FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relname = 'metadata_migrations'"
        }
    };
    let args = match transaction.dialect().language {
        Language::Sqlite => Vec::new(),
        Language::Postgres => args![transaction.options.schema.as_str()].to_vec(),
    };
    Ok(transaction.one(sql, &args).await?.get::<u64>("found")? > 0)
}

/// What is missing, and whether all partitions are there.
pub(crate) async fn plan(transaction: &mut Transaction) -> Result<(Migrations, bool)> {
    let from_version = version(transaction).await?;
    let dialect = transaction.dialect().clone();
    let missing = MIGRATIONS.iter().filter(|migration| migration.version > from_version);
    let steps = missing.map(|migration| migration.step(&dialect)).collect();
    let is_whole = partitions::are_there(transaction).await?;
    Ok((Migrations { from_version, to_version: LATEST, steps }, is_whole))
}

/// Applies what is missing.
pub(crate) async fn apply(transaction: &mut Transaction) -> Result<Migrations> {
    // A second process waits here, and then finds the work done.
    transaction.lock("migrate").await?;
    let (missing, _) = plan(transaction).await?;
    if missing.from_version == 0 {
        create_history(transaction).await?;
    }
    for step in &missing.steps {
        apply_step(transaction, step).await?;
    }
    partitions::ensure(transaction).await?;
    Ok(missing)
}

async fn create_history(transaction: &mut Transaction) -> Result<()> {
    let dialect = transaction.dialect().clone();
    if dialect.language == Language::Postgres && !has_schema(transaction).await? {
        refuse_without_rights(transaction).await?;
        transaction.run(&format!("CREATE SCHEMA {}", dialect.prefix().trim_end_matches('.'))).await?;
    }
    let history = "CREATE TABLE @metadata_migrations (
    version bigint PRIMARY KEY,
    description text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL
);";
    const COMMENTS: &str = "
COMMENT ON TABLE @metadata_migrations IS 'Which steps of these tables were taken.';
COMMENT ON COLUMN @metadata_migrations.version IS 'The number of the step, from 1.';
COMMENT ON COLUMN @metadata_migrations.description IS 'What the step does.';
COMMENT ON COLUMN @metadata_migrations.checksum IS 'Digest of its statements: tells a step of another build.';
COMMENT ON COLUMN @metadata_migrations.applied_at IS 'When it was taken.';";
    let comments = match dialect.language {
        Language::Sqlite => "",
        Language::Postgres => COMMENTS,
    };
    transaction.run(&dialect.render_migration(&format!("{history}{comments}"))).await
}

/// A role that may not make the schema is told who may, before the database refuses it in words that name neither.
async fn refuse_without_rights(transaction: &mut Transaction) -> Result<()> {
    let sql =
        "SELECT CASE WHEN has_database_privilege(current_database(), 'CREATE') THEN 1 ELSE 0 END AS may,
                      quote_ident(current_user) AS role";
    let row = transaction.one(sql, &args![]).await?;
    if row.get::<u64>("may")? > 0 {
        return Ok(());
    }
    let (schema, role): (_, String) =
        (transaction.dialect().prefix().trim_end_matches('.').to_owned(), row.get("role")?);
    Err(Error::new(
        ErrorKind::Permission,
        format!("the control plane's schema {schema} is not there, and role {role} may not make it"),
    )
    .with_help(format!(
        "let an owner of the database run what `snake-pipe doctor --print-grants` prints and then `snake-pipe load` once, or          `CREATE SCHEMA {schema} AUTHORIZATION {role};`"
    )))
}

async fn has_schema(transaction: &mut Transaction) -> Result<bool> {
    let sql = "SELECT count(*) AS found FROM pg_catalog.pg_namespace WHERE nspname = $1";
    let schema = transaction.options.schema.clone();
    Ok(transaction.one(sql, &args![schema]).await?.get::<u64>("found")? > 0)
}

async fn apply_step(transaction: &mut Transaction, step: &MigrationStep) -> Result<()> {
    let language = transaction.dialect().language;
    let checksum = MIGRATIONS
        .iter()
        .find(|migration| migration.version == step.version)
        .map(|migration| migration.checksum(language));
    transaction.run(&step.sql).await.map_err(|error| error.with_context("migration", step.version))?;
    let now = transaction.now;
    let values = [
        ("version", step.version.into()),
        ("description", step.description.as_str().into()),
        ("checksum", checksum.into()),
        ("applied_at", now.into()),
    ];
    transaction.insert("metadata_migrations", &values).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_by_one() {
        let versions: Vec<_> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=LATEST).collect::<Vec<_>>());
    }
}
