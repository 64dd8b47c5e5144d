//! Backups through PostgreSQL's own tools, verified: what is dumped, what is counted and what is restored are one state.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use snake_pipe_core::{
    DatabaseBackend as _, Error, ErrorKind, Result, Timestamp,
    backup::{BACKUP_MANIFEST, BackupManifest, TableDigest},
    id::Hasher,
};
use sqlx::AssertSqlSafe;
use tokio::process::Command;

use crate::{
    PostgresBackend, PostgresConfig,
    config::ClientEnvironment,
    connection::Lease,
    error::failed,
    schema::{migrations, statements::quoted},
};

/// The archive's name.
const ARCHIVE: &str = "database.dump";
/// Names the folder of `pg_dump` and `pg_restore`, before any other place is searched.
const PROGRAMS_VARIABLE: &str = "SNAKE_PIPE_PG_BIN";
/// Where Debian's packages put them, one folder per version.
const DEBIAN_PROGRAMS: &str = "/usr/lib/postgresql";

/// Writes a backup of the tables into a new folder: the archive of `pg_dump`, and beside it a manifest with counts and digests
/// of the same snapshot. Loads and queries go on meanwhile. Of `further_schemas`, such as that of a control plane, those that are
/// there come along.
///
/// # Errors
/// `Configuration` when the folder is there already or `pg_dump` is not to be found or older than the server; those of connecting.
pub async fn backup(
    config: &PostgresConfig,
    folder: &Path,
    further_schemas: &[&str],
) -> Result<BackupManifest> {
    let backend = PostgresBackend::new(config.clone());
    backend.connect().await?;
    if folder.join(BACKUP_MANIFEST).exists() {
        return Err(Error::new(ErrorKind::Configuration, "there is a backup in this folder already")
            .with_context("path", folder.display())
            .with_help("name a new folder for each backup"));
    }
    fs::create_dir_all(folder)?;
    let archive = folder.join(ARCHIVE);
    let mut lease = Lease::take(&backend.pool()?).await?;
    let state = migrations::read_state(&mut lease).await?;
    if state.version == 0 {
        return Err(Error::new(ErrorKind::NotFound, "the database holds no tables of snake-pipe"));
    }
    state.refuse_newer()?;
    let mut schemas = vec![config.schema.clone().unwrap_or_else(|| "public".to_owned())];
    schemas.extend(held_of(&mut lease, further_schemas, &schemas[0]).await?);
    lease.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(failed("backup"))?;
    let snapshot: String = sqlx::query_scalar("SELECT pg_export_snapshot()")
        .fetch_one(lease.get())
        .await
        .map_err(failed("backup"))?;
    let mut dump = client_program("pg_dump", &backend.environment()?)?;
    dump.args(["--format=custom", "--no-password"])
        .args(schemas.iter().map(|schema| format!("--schema={}", quoted(schema))))
        .arg(format!("--snapshot={snapshot}"))
        .arg("--file")
        .arg(&archive);
    // The snapshot lives as long as the transaction that counts.
    let (dumped, counted) = tokio::join!(run("pg_dump", dump), counted(&mut lease, &schemas));
    lease.roll_back().await;
    // A count that failed ended the snapshot, which the dump then complains about.
    let (tables, extensions, server_version) = counted?;
    dumped?;
    let (archive_bytes, archive_digest) = digest_of_file(&archive)?;
    let manifest = BackupManifest {
        format: BackupManifest::FORMAT,
        kind: crate::DESCRIPTOR.kind.to_owned(),
        created_at: Timestamp::now(),
        server_version: Some(server_version),
        schema_version: state.version,
        schemas,
        extensions,
        archive: ARCHIVE.to_owned(),
        archive_bytes,
        archive_digest,
        tables,
    };
    write_manifest(folder, &manifest)?;
    backend.close().await?;
    Ok(manifest)
}

/// Restores a backup into a database whose schema holds none of these tables, in one transaction, and verifies that every table
/// holds what it held.
///
/// # Errors
/// `Data` when the archive was altered or a table differs; `Schema` when the tables are there already; `Configuration` when
/// `pg_restore` is not to be found; those of connecting.
pub async fn restore(config: &PostgresConfig, folder: &Path) -> Result<BackupManifest> {
    let manifest = read_manifest(folder)?;
    let archive = folder.join(&manifest.archive);
    let (bytes, digest) = digest_of_file(&archive)?;
    if (bytes, &digest) != (manifest.archive_bytes, &manifest.archive_digest) {
        return Err(Error::new(ErrorKind::Data, "the archive is not the one that was written")
            .with_context("path", archive.display())
            .with_help("take another copy of the backup"));
    }
    let schema = manifest.schemas.first().cloned().unwrap_or_else(|| "public".to_owned());
    let configured = config.schema.as_deref().unwrap_or("public");
    if schema != configured {
        let message = format!("the backup is of schema `{schema}`, the address names `{configured}`");
        return Err(Error::new(ErrorKind::Configuration, message).with_help(format!(
            "write `?schema={schema}`; ALTER SCHEMA … RENAME TO … renames it afterwards"
        )));
    }
    let backend = PostgresBackend::new(config.clone());
    backend.connect().await?;
    let mut lease = Lease::take(&backend.pool()?).await?;
    let schemas = prepare(&mut lease, &manifest, &schema).await?;
    let environment = backend.environment()?;
    let mut restoring = client_program("pg_restore", &environment)?;
    restoring
        .args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"])
        .args(schemas.iter().map(|schema| format!("--schema={schema}")))
        .arg(format!("--dbname={}", environment.database()))
        .arg(&archive);
    run("pg_restore", restoring).await?;
    lease.run("ANALYZE").await.map_err(failed("restore"))?;
    let tables = digests(&mut lease, &schemas).await?;
    lease.give_back();
    backend.close().await?;
    let tables_of_ours =
        |table: &TableDigest| schemas.iter().any(|schema| is_in(&manifest, schema, &table.name));
    let restored = BackupManifest {
        tables: manifest.tables.iter().filter(|table| tables_of_ours(table)).cloned().collect(),
        ..manifest.clone()
    };
    restored.verify(&tables).map_err(|error| error.with_operation("restore"))?;
    Ok(restored)
}

/// Reads the manifest of a backup.
///
/// # Errors
/// `NotFound` when there is none, `Configuration` when it is of another kind or form.
pub fn read_manifest(folder: &Path) -> Result<BackupManifest> {
    let path = folder.join(BACKUP_MANIFEST);
    let text = fs::read_to_string(&path).map_err(|source| {
        Error::new(ErrorKind::NotFound, format!("{} is no backup", folder.display()))
            .with_source(source)
            .with_help("name the folder that `snake-pipe backup` wrote")
    })?;
    let manifest: BackupManifest = serde_json::from_str(&text).map_err(|source| {
        Error::new(ErrorKind::Configuration, format!("{} cannot be read", path.display())).with_source(source)
    })?;
    if manifest.kind != crate::DESCRIPTOR.kind || manifest.format != BackupManifest::FORMAT {
        let message = format!("the backup is of kind `{}`, form {}", manifest.kind, manifest.format);
        return Err(Error::new(ErrorKind::Configuration, message).with_help(
            "restore it into a database of its kind, by a version of snake-pipe that knows its form",
        ));
    }
    Ok(manifest)
}

fn write_manifest(folder: &Path, manifest: &BackupManifest) -> Result<()> {
    let text = serde_json::to_string_pretty(manifest).map_err(|source| {
        Error::new(ErrorKind::Internal, "the manifest cannot be written").with_source(source)
    })?;
    // A backup without its manifest is none: it comes last, and whole.
    let aside = folder.join(format!("{BACKUP_MANIFEST}.new"));
    fs::write(&aside, text)?;
    fs::rename(&aside, folder.join(BACKUP_MANIFEST))?;
    Ok(())
}

/// Those of these schemas that are there.
async fn held_of(lease: &mut Lease, names: &[&str], but: &str) -> Result<Vec<String>> {
    const HELD: &str =
        "SELECT nspname::text FROM pg_namespace WHERE nspname = ANY($1) AND nspname <> $2 ORDER BY nspname";
    let held = sqlx::query_scalar(HELD).bind(names).bind(but).fetch_all(lease.get()).await;
    held.map_err(failed("backup"))
}

/// What a table is called in a manifest: tables of further schemas with the schema before a dot.
fn table_name(schemas: &[String], schema: &str, table: &str) -> String {
    if schemas.first().is_some_and(|first| first == schema) {
        table.to_owned()
    } else {
        format!("{schema}.{table}")
    }
}

/// Whether a name of the manifest is that of a table in this schema.
fn is_in(manifest: &BackupManifest, schema: &str, name: &str) -> bool {
    let further = manifest
        .schemas
        .iter()
        .skip(1)
        .find(|further| name.strip_prefix(further.as_str()).is_some_and(|rest| rest.starts_with('.')));
    further.or(manifest.schemas.first()).is_some_and(|owner| owner == schema)
}

async fn counted(lease: &mut Lease, schemas: &[String]) -> Result<(Vec<TableDigest>, Vec<String>, String)> {
    const EXTENSIONS: &str = "SELECT extname::text FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1";
    let tables = digests(lease, schemas).await?;
    let extensions = sqlx::query_scalar(EXTENSIONS).fetch_all(lease.get()).await.map_err(failed("backup"))?;
    let version = sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(lease.get())
        .await
        .map_err(failed("backup"))?;
    Ok((tables, extensions, version))
}

/// Counts and digests of every table of the schemas. A partitioned one stands for its partitions.
async fn digests(lease: &mut Lease, schemas: &[String]) -> Result<Vec<TableDigest>> {
    const TABLES: &str = "SELECT n.nspname::text, c.relname::text FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY array_position($1, n.nspname::text), c.relname";
    let names: Vec<(String, String)> =
        sqlx::query_as(TABLES).bind(schemas).fetch_all(lease.get()).await.map_err(failed("count rows"))?;
    let mut tables = Vec::new();
    for (schema, name) in names {
        let sql = format!(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {}.{} AS t",
            quoted(&schema),
            quoted(&name)
        );
        let (rows, digest): (i64, String) = sqlx::query_as(AssertSqlSafe(sql))
            .persistent(false)
            .fetch_one(lease.get())
            .await
            .map_err(failed("count rows"))?;
        tables.push(TableDigest {
            name: table_name(schemas, &schema, &name),
            rows: rows.unsigned_abs(),
            digest,
        });
    }
    Ok(tables)
}

/// Sees that nothing is in the way, and makes what the archive takes for granted. The schemas that are restored: a further one that
/// holds tables already is left as it is.
async fn prepare(lease: &mut Lease, manifest: &BackupManifest, schema: &str) -> Result<Vec<String>> {
    const HELD: &str = "SELECT relname::text FROM pg_class
        WHERE relnamespace = to_regnamespace($1)::oid AND relkind IN ('r', 'p') AND ($2 IS NULL OR relname = ANY($2))
        ORDER BY relname LIMIT 1";
    let names: Vec<&str> = manifest.tables.iter().map(|table| table.name.as_str()).collect();
    let held: Option<String> = sqlx::query_scalar(HELD)
        .bind(quoted(schema))
        .bind(names)
        .fetch_optional(lease.get())
        .await
        .map_err(failed("restore"))?;
    if let Some(table) = held {
        return Err(Error::new(ErrorKind::Schema, format!("the database holds a table `{table}` already"))
            .with_operation("restore")
            .with_help(
                "restore into an empty database (`createdb NAME`), and rename it afterwards if need be",
            ));
    }
    let mut schemas = vec![schema.to_owned()];
    for further in manifest.schemas.iter().skip(1) {
        let held: Option<String> = sqlx::query_scalar(HELD)
            .bind(quoted(further))
            .bind(None::<Vec<String>>)
            .fetch_optional(lease.get())
            .await
            .map_err(failed("restore"))?;
        if held.is_some() {
            tracing::warn!(schema = further, "this schema is in use here and is left as it is");
        } else {
            schemas.push(further.clone());
        }
    }
    for schema in &schemas {
        lease
            .run(format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema)))
            .await
            .map_err(failed("restore"))?;
    }
    for extension in &manifest.extensions {
        let sql = format!("CREATE EXTENSION IF NOT EXISTS {}", quoted(extension));
        if let Err(error) = lease.run(sql).await.map_err(failed("restore")) {
            // It may be one that has nothing to do with these tables; if it has, pg_restore will say so.
            tracing::warn!(extension, %error, "an extension of the old database is not to be had here");
        }
    }
    Ok(schemas)
}

fn digest_of_file(path: &Path) -> Result<(u64, String)> {
    use std::io::Read as _;
    let mut file = fs::File::open(path)?;
    let (mut hasher, mut buffer, mut bytes) = (Hasher::new(), vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, hasher.finish().to_string())),
            length => {
                hasher.update(&buffer[..length]);
                bytes += length as u64;
            }
        }
    }
}

/// A program of PostgreSQL's client with this environment: nothing secret stands on its command line.
fn client_program(name: &str, environment: &ClientEnvironment) -> Result<Command> {
    let mut command = Command::new(find_program(name)?);
    for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(variable);
    }
    command.envs(environment.variables()).env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// The newest one: a tool knows older servers, and refuses newer ones.
fn find_program(name: &str) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(PROGRAMS_VARIABLE) {
        let path = PathBuf::from(folder).join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    let versions = fs::read_dir(DEBIAN_PROGRAMS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .max();
    if let Some((_, path)) = newest {
        return Ok(path);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Error::new(ErrorKind::Configuration, format!("`{name}` was not found")).with_help(format!(
            "install PostgreSQL's client programs (`apt-get install postgresql-client`), or name their folder in {PROGRAMS_VARIABLE}"
        ))
    })
}

async fn run(name: &'static str, mut command: Command) -> Result<()> {
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let kind =
        if said.contains("permission denied") { ErrorKind::Permission } else { ErrorKind::Configuration };
    let error = Error::new(kind, format!("{name} failed")).with_context("said", &said);
    Err(match said.contains("server version mismatch") {
        true => error.with_help(format!(
            "the server is newer than {name}: install the client programs of its version, or name their folder in \
             {PROGRAMS_VARIABLE}"
        )),
        false => error,
    })
}
