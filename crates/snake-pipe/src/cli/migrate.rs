//! `migrate`.

use serde::Serialize;
use snake_pipe_core::{Error, MigrateMode, MigrationStep, Migrations, Result};
use tempfile::TempDir;

use super::{
    Program,
    arguments::{Format, MigrateArguments},
    failure::Exit,
    output::{print, print_json},
    require_existing_file,
};
use crate::config::BackendSettings;

#[derive(Serialize)]
struct Migrated {
    backend: String,
    applied: bool,
    from_version: u64,
    to_version: u64,
    steps: Vec<MigrationStep>,
}

pub(super) async fn run(program: &Program, arguments: MigrateArguments) -> Result<Exit> {
    let mode = if arguments.dry_run { MigrateMode::Plan } else { MigrateMode::Apply };
    let mut migrated = Vec::new();
    for settings in program.config.backends(&arguments.to)? {
        let backend_address = program.build(&settings)?.info().address.clone();
        let (settings, _folder) = match arguments.dry_run {
            true => standing_in(settings)?,
            false => (settings, None),
        };
        let backend = program.build(&settings)?;
        let with_backend = |error: Error| error.with_context("backend", &backend_address);
        backend.connect().await.map_err(with_backend)?;
        let Migrations { from_version, to_version, steps } =
            backend.migrate(mode).await.map_err(with_backend)?;
        migrated.push(Migrated {
            backend: backend_address.clone(),
            applied: !arguments.dry_run,
            from_version,
            to_version,
            steps,
        });
        backend.close().await?;
    }
    match arguments.format {
        Format::Json => print_json(&migrated)?,
        Format::Text => print(|out| migrated.iter().try_for_each(|one| tell(one, out)))?,
    }
    Ok(Exit::Done)
}

/// Connecting to an embedded database makes its file, which is more than a dry run may do: where there is none, an empty one
/// stands in for it.
fn standing_in(settings: BackendSettings) -> Result<(BackendSettings, Option<TempDir>)> {
    if require_existing_file(&settings).is_ok() {
        return Ok((settings, None));
    }
    let folder = tempfile::tempdir().map_err(|error| {
        Error::from(error)
            .with_operation("plan a database that does not exist")
            .with_help("set TMPDIR to a directory that can be written")
    })?;
    let parameters = settings.url.split_once('?').map_or(String::new(), |(_, rest)| format!("?{rest}"));
    let url = format!("sqlite:{}{parameters}", folder.path().join("empty.db").display());
    Ok((BackendSettings { url, ..settings }, Some(folder)))
}

fn tell(migrated: &Migrated, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let Migrated { from_version, to_version, steps, .. } = migrated;
    if steps.is_empty() {
        return writeln!(out, "-- {}: up to date at version {from_version}", migrated.backend);
    }
    let verb = if migrated.applied { "migrated" } else { "would migrate" };
    writeln!(out, "-- {}: {verb} from version {from_version} to {to_version}", migrated.backend)?;
    for step in steps {
        writeln!(out, "-- {}: {}", step.version, step.description)?;
        if !migrated.applied {
            writeln!(out, "{}", step.sql.trim_end())?;
        }
    }
    Ok(())
}
