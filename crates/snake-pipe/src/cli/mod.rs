//! The command line, as a function that a private binary calls with its own registry.

mod arguments;
mod backends;
mod backup;
mod check;
mod config_command;
mod control;
mod doctor;
mod extract;
mod facts;
mod failure;
mod health;
mod held;
mod help;
mod load;
mod metrics;
mod migrate;
mod output;
mod planned;
mod position;
mod progress;
mod query;
mod report;
mod repositories;
mod rows;
mod status;
mod summary;
mod table;

use std::{io::IsTerminal, process::ExitCode, sync::Arc};

use clap::FromArgMatches as _;
use snake_pipe_core::{
    DatabaseBackend, Error, ErrorKind, MigrateMode, Result, options::BackendOptions, registry::Registry,
};
use tokio_util::sync::CancellationToken;

use crate::config::{BackendSettings, Config};
use arguments::{Arguments, Command, Global, LogFormat};
use control::GivenUp;
use failure::Exit;

/// What every command works with.
struct Program {
    config: Config,
    registry: Registry,
    cancelled: CancellationToken,
    /// Why it was cancelled, where nobody interrupted it.
    given_up: GivenUp,
}

/// Runs the command line over these kinds of backend and gives the exit code: 0 done, 1 failed, 2 wrongly put, 3 partly
/// failed, 130 interrupted. Answers go to standard output, all else to standard error.
#[must_use]
pub fn main(registry: Result<Registry>) -> ExitCode {
    let arguments =
        Arguments::from_arg_matches(&help::command().get_matches()).unwrap_or_else(|wrong| wrong.exit());
    let exit = match start(registry, &arguments.global) {
        Ok((runtime, program)) => {
            let exit = runtime.block_on(run(program, arguments.command));
            // A parser thread in the middle of a large file need not be waited for.
            runtime.shutdown_background();
            exit
        }
        Err(error) => Err(error),
    };
    exit.unwrap_or_else(|error| {
        // Nothing is left to do when even standard error cannot be written.
        let _ = failure::report(&error, std::io::stderr().lock());
        Exit::of(&error)
    })
    .into()
}

fn start(registry: Result<Registry>, global: &Global) -> Result<(tokio::runtime::Runtime, Program)> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = Config::read(global.config.as_deref(), global.profile.as_deref(), environment)?;
    start_logs(&config, global)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::new(ErrorKind::Io, "cannot start the runtime").with_source(source))?;
    let registry = registry?;
    check_backends(&config, &registry)?;
    Ok((
        runtime,
        Program { config, registry, cancelled: CancellationToken::new(), given_up: GivenUp::default() },
    ))
}

/// A misspelt option is told at once, as every other key is, and not on the night when its backend is used first. Backends of
/// a kind that this program does not have are left to a program that has it.
fn check_backends(config: &Config, registry: &Registry) -> Result<()> {
    for name in config.backend_names() {
        let Ok(settings) = config.backend(&name) else { continue };
        let Ok(kind) = registry.kind_of_url(&settings.url) else { continue };
        BackendOptions::check(&settings.url, settings.name, kind.options, settings.options).map_err(
            |error| {
                let error = error.with_context("backend", &name);
                config
                    .file()
                    .into_iter()
                    .fold(error, |error, file| error.with_context("file", file.display()))
            },
        )?;
    }
    Ok(())
}

fn start_logs(config: &Config, global: &Global) -> Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = match global.verbose {
        0 => config.text("log.filter").unwrap_or("warn,sqlx=error").to_owned(),
        1 => "info".into(),
        2 => "debug".into(),
        _ => "trace".into(),
    };
    let filter = EnvFilter::try_new(&filter).map_err(|source| {
        Error::new(ErrorKind::Configuration, format!("`log.filter` does not take `{filter}`"))
            .with_source(source)
            .with_help("it is written as RUST_LOG is, such as `info` or `snake_pipe=debug,sqlx=warn`")
    })?;
    let is_json = match global.log_format {
        Some(format) => format == LogFormat::Json,
        None => config.text("log.format") == Some("json"),
    };
    // In a file, colours are noise; and whoever sets NO_COLOR (https://no-color.org) wants none on the terminal either.
    let is_terminal = std::io::stderr().is_terminal();
    let has_colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| progress::LogWriter)
        .with_ansi(has_colours);
    let started = match (is_json, is_terminal) {
        (true, _) => logs.json().try_init(),
        // Whoever looks on knows the time, and which module speaks is of no concern.
        (false, true) => logs.without_time().with_target(false).try_init(),
        (false, false) => logs.try_init(),
    };
    // A program that embeds the command line may have set up logs of its own; those stay.
    let _ = started;
    Ok(())
}

async fn run(program: Program, command: Command) -> Result<Exit> {
    let token = program.cancelled.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            token.cancel();
            // The first interrupt ends orderly; whoever asks twice means it.
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    let (cancelled, given_up) = (program.cancelled.clone(), program.given_up.clone());
    let command = dispatch(&program, command);
    tokio::pin!(command);
    tokio::select! {
        exit = &mut command => exit,
        // A command that watches the token gets time to end by itself and tell what it did.
        () = async { cancelled.cancelled().await; tokio::time::sleep(std::time::Duration::from_secs(20)).await } => {
            Err(given_up.take().unwrap_or_else(|| Error::new(ErrorKind::Cancelled, "interrupted")))
        }
    }
}

async fn dispatch(program: &Program, command: Command) -> Result<Exit> {
    match command {
        Command::Load(arguments) => load::run(program, arguments).await,
        Command::Extract(arguments) => extract::run(program, arguments).await,
        Command::Query(arguments) => program.until_cancelled(query::run(program, arguments)).await,
        Command::Queries { format } => query::list(format),
        Command::Status(arguments) => program.until_cancelled(status::run(program, arguments)).await,
        Command::Check(arguments) => program.until_cancelled(check::run(program, arguments)).await,
        Command::Repositories(command) => program.until_cancelled(repositories::run(program, command)).await,
        Command::Backends(command) => backends::run(program, command),
        Command::Migrate(arguments) => program.until_cancelled(migrate::run(program, arguments)).await,
        Command::Config(command) => config_command::run(program, command),
        Command::Health(arguments) => program.until_cancelled(health::run(program, arguments)).await,
        Command::Backup(arguments) => program.until_cancelled(backup::backup(program, arguments)).await,
        Command::Restore(arguments) => program.until_cancelled(backup::restore(program, arguments)).await,
        Command::Doctor(arguments) => program.until_cancelled(doctor::run(program, arguments)).await,
        Command::Control(command) => control::run(program, command).await,
    }
}

impl Program {
    /// The future's result, or `Cancelled` as soon as somebody interrupts.
    async fn until_cancelled<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = future => result,
            () = self.cancelled.cancelled() => Err(Error::new(ErrorKind::Cancelled, "interrupted")),
        }
    }

    /// A backend that is not connected yet.
    fn build(&self, settings: &BackendSettings) -> Result<Arc<dyn DatabaseBackend>> {
        self.registry.build(&settings.url, settings.name.clone(), settings.options.clone())
    }

    /// The chosen backends, connected, for reading.
    async fn readers(&self, given: &[String]) -> Result<Vec<Arc<dyn DatabaseBackend>>> {
        let mut backends = Vec::new();
        for settings in self.config.backends(given)? {
            require_existing_file(&settings)?;
            let backend = self.build(&settings)?;
            backend
                .connect()
                .await
                .map_err(|error| error.with_context("backend", &backend.info().address))?;
            backends.push(backend);
        }
        Ok(backends)
    }

    /// The one chosen backend, connected, for reading.
    async fn reader(&self, given: Option<&String>) -> Result<Arc<dyn DatabaseBackend>> {
        let given: Vec<String> = given.into_iter().cloned().collect();
        let mut backends = self.readers(&given).await?;
        match backends.len() {
            1 => Ok(backends.remove(0)),
            _ => Err(Error::new(ErrorKind::Configuration, "several backends are configured")
                .with_help("say which one with --from")),
        }
    }
}

/// Reading from an embedded database that does not exist would make an empty one, and then answer with nothing.
fn require_existing_file(settings: &BackendSettings) -> Result<()> {
    let path = settings.url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
    let path = path.and_then(|path| path.split('?').next()).filter(|path| !path.contains(":memory:"));
    match path {
        Some(path) if !path.contains('%') && !std::path::Path::new(path).exists() => {
            Err(Error::new(ErrorKind::NotFound, format!("there is no database at {path}"))
                .with_help("load something first: `snake-pipe load PATH`, or say where it is with --from"))
        }
        _ => Ok(()),
    }
}

/// Brings the schema up to date where the backend's configuration allows it.
async fn migrate_if_allowed(backend: &dyn DatabaseBackend, settings: &BackendSettings) -> Result<()> {
    if settings.options.get("migrations").is_some_and(|mode| mode == "check") {
        let missing = backend.migrate(MigrateMode::Plan).await?;
        return match missing.steps.is_empty() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::Schema,
                format!(
                    "the schema has version {}, this program writes version {}",
                    missing.from_version, missing.to_version
                ),
            )
            .with_context("backend", &backend.info().address)
            .with_help("run `snake-pipe migrate`, or set migrations = \"auto\"")),
        };
    }
    backend.migrate(MigrateMode::Apply).await.map(|_| ())
}
