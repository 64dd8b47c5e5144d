//! `backup` and `restore`.

use std::path::Path;

use serde::Serialize;
use snake_pipe_core::{Error, ErrorKind, Result, backup::BackupManifest, options::BackendOptions};

use super::{
    Program,
    arguments::{BackupArguments, Format, RestoreArguments},
    failure::Exit,
    output::{grouped, plural, print, print_json},
    require_existing_file,
};
use crate::config::BackendSettings;

#[derive(Serialize)]
struct Told<'a> {
    backend: String,
    folder: String,
    tables: usize,
    rows: u64,
    archive_bytes: u64,
    manifest: &'a BackupManifest,
}

/// What can be backed up, each by its own means.
enum Kind {
    #[cfg(feature = "postgres")]
    Postgres(Box<snake_pipe_postgres::PostgresConfig>),
    #[cfg(feature = "sqlite")]
    Sqlite(snake_pipe_sqlite::Config),
}

impl Kind {
    fn of(program: &Program, settings: &BackendSettings) -> Result<Self> {
        let kind = program.registry.kind_of_url(&settings.url)?;
        let options = BackendOptions::check(
            &settings.url,
            settings.name.clone(),
            kind.options,
            settings.options.clone(),
        )?;
        match kind.kind {
            #[cfg(feature = "postgres")]
            "postgres" => {
                let config = snake_pipe_postgres::PostgresConfig::from_options(&options)?;
                Ok(Self::Postgres(Box::new(config)))
            }
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(Self::Sqlite(snake_pipe_sqlite::Config::from_options(&options)?)),
            other => {
                drop(options);
                Err(Error::new(
                    ErrorKind::Configuration,
                    format!("a backend of kind `{other}` cannot be backed up"),
                )
                .with_help("use the means of the database itself"))
            }
        }
    }

    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(unused_variables, reason = "without a database there is nothing to back up")
    )]
    async fn backup(&self, folder: &Path) -> Result<BackupManifest> {
        match *self {
            #[cfg(feature = "postgres")]
            Self::Postgres(ref config) => {
                snake_pipe_postgres::backup::backup(config, folder, &[super::doctor::CONTROL_SCHEMA]).await
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(ref config) => snake_pipe_sqlite::backup::backup(config, folder).await,
        }
    }

    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(unused_variables, reason = "without a database there is nothing to restore")
    )]
    async fn restore(&self, folder: &Path) -> Result<BackupManifest> {
        match *self {
            #[cfg(feature = "postgres")]
            Self::Postgres(ref config) => snake_pipe_postgres::backup::restore(config, folder).await,
            #[cfg(feature = "sqlite")]
            Self::Sqlite(ref config) => snake_pipe_sqlite::backup::restore(config, folder).await,
        }
    }
}

pub(super) async fn backup(program: &Program, arguments: BackupArguments) -> Result<Exit> {
    let settings = one(program, arguments.from.as_ref(), "--from")?;
    require_existing_file(&settings)?;
    let address = snake_pipe_core::secret::redacted_url(&settings.url);
    let done = Kind::of(program, &settings)?.backup(&arguments.folder).await;
    let manifest = done.map_err(|error| error.with_context("backend", &address))?;
    tell("backed up and counted", address, &arguments.folder, &manifest, arguments.format)
}

pub(super) async fn restore(program: &Program, arguments: RestoreArguments) -> Result<Exit> {
    let settings = one(program, arguments.to.as_ref(), "--to")?;
    let address = snake_pipe_core::secret::redacted_url(&settings.url);
    let done = Kind::of(program, &settings)?.restore(&arguments.folder).await;
    let manifest = done.map_err(|error| error.with_context("backend", &address))?;
    tell("restored and verified", address, &arguments.folder, &manifest, arguments.format)
}

fn one(program: &Program, given: Option<&String>, flag: &str) -> Result<BackendSettings> {
    let given: Vec<String> = given.into_iter().cloned().collect();
    let mut settings = program.config.backends(&given)?;
    match settings.len() {
        1 => Ok(settings.remove(0)),
        _ => Err(Error::new(ErrorKind::Configuration, "several backends are configured")
            .with_help(format!("say which one with {flag}"))),
    }
}

fn tell(
    verb: &str,
    backend: String,
    folder: &Path,
    manifest: &BackupManifest,
    format: Format,
) -> Result<Exit> {
    let rows = manifest.tables.iter().map(|table| table.rows).sum();
    let (tables, archive_bytes) = (manifest.tables.len(), manifest.archive_bytes);
    let folder = folder.display().to_string();
    let told = Told { backend, folder, tables, rows, archive_bytes, manifest };
    match format {
        Format::Json => print_json(&told)?,
        Format::Text => print(|out| {
            writeln!(
                out,
                "{verb}: {} table{}, {} rows, {} bytes of archive\n  {} ⇄ {}",
                tables,
                plural(tables),
                grouped(rows),
                grouped(archive_bytes),
                told.backend,
                told.folder
            )
        })?,
    }
    Ok(Exit::Done)
}
