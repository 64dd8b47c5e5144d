//! The control plane's commands, and loads as its runs.

mod arguments;
mod dead_letters;
mod errors;
mod lineage;
mod listing;
mod pipelines;
mod positions;
mod recording;
mod runs;
mod schemas;
mod upkeep;

use std::{sync::Arc, time::Duration};

use snake_pipe_core::{Error, ErrorKind, MigrateMode, Result, Timestamp};
use snake_pipe_metadata::MetadataStore;

use super::{Program, failure::Exit};
use crate::control::Place;
pub(super) use arguments::Command;
pub(super) use recording::{DISCOVER, GivenUp, Hold, MANIFESTS, READ_FACTS, Recording, Told, shortfall};

pub(super) async fn run(program: &Program, command: Command) -> Result<Exit> {
    match command {
        // Loading watches for an interruption by itself.
        Command::Runs(arguments::RunsCommand::Retry(arguments)) => runs::retry(program, arguments).await,
        Command::DeadLetters(arguments::DeadLettersCommand::Replay(arguments)) => {
            dead_letters::replay(program, arguments).await
        }
        command => program.until_cancelled(ask(program, command)).await,
    }
}

async fn ask(program: &Program, command: Command) -> Result<Exit> {
    match command {
        Command::Pipelines(command) => pipelines::run(program, command).await,
        Command::Runs(command) => runs::run(program, command).await,
        Command::Tasks(arguments) => runs::tasks(program, arguments).await,
        Command::Errors(command) => errors::run(program, command).await,
        Command::DeadLetters(command) => dead_letters::run(program, command).await,
        Command::Positions(arguments) => positions::run(program, arguments).await,
        Command::Schemas(command) => schemas::run(program, command).await,
        Command::Lineage(arguments) => lineage::run(program, arguments).await,
        Command::Stats(arguments) => upkeep::stats(program, arguments).await,
        Command::Recover(arguments) => upkeep::recover(program, arguments).await,
        Command::Gc(arguments) => upkeep::gc(program, arguments).await,
        Command::Audit(arguments) => upkeep::audit(program, arguments).await,
    }
}

/// The control plane of the chosen backend, with its tables.
async fn open(program: &Program, from: Option<&String>) -> Result<Arc<dyn MetadataStore>> {
    let given: Vec<String> = from.into_iter().cloned().collect();
    let place = Place::of(&program.config, &program.config.backends(&given)?)?;
    let none = || {
        Error::new(ErrorKind::NotFound, format!("there is no control plane at {}", place.shown())).with_help(
            "load something first: `snake-pipe load PATH`, or say where it is with --from or `metadata.url`",
        )
    };
    if let Place::File(path) = &place
        && !path.exists()
    {
        return Err(none());
    }
    let store = place.open(&program.config)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "runs are recorded nowhere")
            .with_help("name a place with `metadata.url`, such as sqlite:runs.control")
    })?;
    let missing = store
        .migrate(MigrateMode::Plan)
        .await
        .map_err(|error| error.with_context("control_plane", &store.info().address))?;
    match (missing.from_version, missing.steps.is_empty()) {
        (0, _) => Err(none()),
        (_, true) => Ok(store),
        (_, false) => store.migrate(MigrateMode::Apply).await.map(|_| store),
    }
}

/// A time given as so long ago (`90m`, `24h`, `7d`) or as RFC 3339.
async fn since(store: &dyn MetadataStore, text: &str) -> Result<Timestamp> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let ago = duration(text)?;
    let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    Ok(Timestamp::from_unix_micros(store.now().await?.unix_micros().saturating_sub(micros)))
}

fn duration(text: &str) -> Result<Duration> {
    let wrong = || {
        Error::new(ErrorKind::Configuration, format!("`{text}` is no time"))
            .with_help("write 90m, 24h or 7d for so long ago, or a time such as 2026-01-31T00:00:00Z")
    };
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_long_ago() {
        let seconds = |text| duration(text).map(|duration| duration.as_secs()).ok();
        assert_eq!(
            ["30s", "90m", "24h", "7d"].map(seconds),
            [Some(30), Some(5400), Some(86_400), Some(604_800)]
        );
        assert_eq!(["", "h", "24", "24 h", "yesterday", "3é"].map(seconds), [None; 6]);
    }
}
