//! Backups of a file that may be in use: SQLite's own copy, verified against what it was copied from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use snake_pipe_core::{
    Error, ErrorKind, Result, Timestamp,
    backup::{BACKUP_MANIFEST, BackupManifest, TableDigest},
    id::Hasher,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::{config::Config, error::during, schema};

/// The copy's name.
const ARCHIVE: &str = "database.sqlite";
/// How often a file is copied that is written to meanwhile.
const ATTEMPTS: usize = 3;

/// Writes a backup of the file into a new folder: a copy by `VACUUM INTO`, and beside it a manifest with counts and digests
/// of its tables, which are those of the file itself. Loads and queries go on meanwhile.
///
/// # Errors
/// `NotFound` when the file holds no tables of snake-pipe, `Configuration` when the folder holds a backup already, `Busy` when the
/// file is written to all the time.
pub async fn backup(config: &Config, folder: &Path) -> Result<BackupManifest> {
    if folder.join(BACKUP_MANIFEST).exists() || folder.join(ARCHIVE).exists() {
        return Err(Error::new(ErrorKind::Configuration, "there is a backup in this folder already")
            .with_context("path", folder.display())
            .with_help("name a new folder for each backup"));
    }
    let mut source = open(&config.path).await?;
    let state = schema::state(&mut source).await?;
    if state.version == 0 {
        return Err(Error::new(ErrorKind::NotFound, "the database holds no tables of snake-pipe"));
    }
    fs::create_dir_all(folder)?;
    let archive = folder.join(ARCHIVE);
    let tables = copied(&mut source, &archive).await?;
    source.close().await.map_err(during("backup"))?;
    let (archive_bytes, archive_digest) = digest_of_file(&archive)?;
    let manifest = BackupManifest {
        format: BackupManifest::FORMAT,
        kind: crate::DESCRIPTOR.kind.to_owned(),
        created_at: Timestamp::now(),
        server_version: None,
        schema_version: state.version,
        schemas: Vec::new(),
        extensions: Vec::new(),
        archive: ARCHIVE.to_owned(),
        archive_bytes,
        archive_digest,
        tables,
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|source| {
        Error::new(ErrorKind::Internal, "the manifest cannot be written").with_source(source)
    })?;
    // A backup without its manifest is none: it comes last, and whole.
    let aside = folder.join(format!("{BACKUP_MANIFEST}.new"));
    fs::write(&aside, text)?;
    fs::rename(aside, folder.join(BACKUP_MANIFEST))?;
    Ok(manifest)
}

/// Restores a backup as a new file, and verifies that every table holds what it held.
///
/// # Errors
/// `Configuration` when the file is there already or the backup is of another kind; `Data` when the copy was altered.
pub async fn restore(config: &Config, folder: &Path) -> Result<BackupManifest> {
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
    if config.path.exists() {
        return Err(Error::new(ErrorKind::Configuration, "the file is there already")
            .with_context("path", config.path.display())
            .with_help("restore into a new file, and rename it afterwards if need be"));
    }
    let archive = folder.join(&manifest.archive);
    let aside = PathBuf::from(format!("{}.restoring", config.path.display()));
    fs::copy(&archive, &aside)?;
    let verified = verify(&manifest, &aside).await;
    if let Err(error) = verified {
        // What is no backup must not be taken for one.
        let _ = fs::remove_file(&aside);
        return Err(error.with_operation("restore"));
    }
    fs::File::open(&aside)?.sync_all()?;
    fs::rename(&aside, &config.path)?;
    Ok(manifest)
}

async fn verify(manifest: &BackupManifest, file: &Path) -> Result<()> {
    let (bytes, digest) = digest_of_file(file)?;
    if (bytes, &digest) != (manifest.archive_bytes, &manifest.archive_digest) {
        return Err(Error::new(ErrorKind::Data, "the copy is not the one that was written")
            .with_help("take another copy of the backup"));
    }
    let mut connection = open(file).await?;
    let tables = digests(&mut connection).await?;
    connection.close().await.map_err(during("restore"))?;
    manifest.verify(&tables)
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    SqliteConnectOptions::new().filename(path).read_only(true).connect().await.map_err(during("open"))
}

/// Copies the file; what was counted in it before and what the copy holds has to be the same.
async fn copied(source: &mut SqliteConnection, archive: &Path) -> Result<Vec<TableDigest>> {
    for _ in 0..ATTEMPTS {
        let before = digests(source).await?;
        sqlx::query("VACUUM INTO $1")
            .bind(archive.display().to_string())
            .execute(&mut *source)
            .await
            .map_err(during("backup"))?;
        let mut copy = open(archive).await?;
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut copy)
            .await
            .map_err(during("backup"))?;
        let tables = digests(&mut copy).await?;
        copy.close().await.map_err(during("backup"))?;
        if sound != "ok" {
            return Err(
                Error::new(ErrorKind::Data, "the database file is damaged").with_context("said", sound)
            );
        }
        if tables == before {
            return Ok(tables);
        }
        fs::remove_file(archive)?;
    }
    Err(Error::new(ErrorKind::Busy, "the database is being written to").with_help("try again after the load"))
}

/// Counts and digests of every table.
async fn digests(connection: &mut SqliteConnection) -> Result<Vec<TableDigest>> {
    const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let names: Vec<String> =
        sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await.map_err(during("count rows"))?;
    let mut tables = Vec::new();
    for name in names {
        tables.push(digest_of_table(connection, name).await?);
    }
    Ok(tables)
}

async fn digest_of_table(connection: &mut SqliteConnection, name: String) -> Result<TableDigest> {
    use futures::TryStreamExt as _;
    let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1) ORDER BY cid")
        .bind(&name)
        .fetch_all(&mut *connection)
        .await
        .map_err(during("count rows"))?;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let values: Vec<_> = columns.iter().map(|column| format!("quote({})", quoted(column))).collect();
    let sql = format!("SELECT {} FROM {}", values.join(" || ',' || "), quoted(&name));
    let mut rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch(connection);
    let (mut count, mut sum) = (0, 0_u128);
    while let Some(row) = rows.try_next().await.map_err(during("count rows"))? {
        let mut hasher = Hasher::new();
        hasher.update(row.as_bytes());
        // The order of rows is nobody's business, so what they hash to is added up.
        let digest = u128::from_str_radix(&hasher.finish().to_string(), 16).unwrap_or_default();
        sum = sum.wrapping_add(digest);
        count += 1;
    }
    Ok(TableDigest { name, rows: count, digest: format!("{sum:032x}") })
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
