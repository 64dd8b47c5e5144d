//! `dead-letters`.

use std::{collections::BTreeMap, time::Duration};

use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_metadata::{
    MetadataStore,
    model::{Claim, DeadLetter, DeadLetterFilter, DeadLetterStatus, RunId},
};

use super::{
    super::{Program, failure::Exit, load},
    arguments::{DeadLettersCommand, EndArguments, ReplayArguments},
    listing::{ListColumn, print_list, print_one},
    open,
    runs::load_of,
};

/// How long a replay may take before another one may begin.
const CLAIM: Duration = Duration::from_secs(3600);

const COLUMNS: &[ListColumn] = &[
    ("dead letter", "/id"),
    ("dataset", "/dataset"),
    ("backend", "/backend"),
    ("source", "/source_id"),
    ("status", "/status"),
    ("failures", "/failures"),
    ("last", "/updated_at"),
    ("reason", "/reason"),
];

pub(super) async fn run(program: &Program, command: DeadLettersCommand) -> Result<Exit> {
    match command {
        DeadLettersCommand::List { choice, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let filter = DeadLetterFilter {
                dataset: choice.dataset,
                backend: choice.backend,
                status: choice.status,
                ..DeadLetterFilter::default()
            };
            print_list(&store.dead_letters(filter).await?, COLUMNS, "dead letter", arguments.format)?;
        }
        DeadLettersCommand::Show { letter, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            print_one(&store.dead_letter(letter).await?, arguments.format)?;
        }
        DeadLettersCommand::Replay(arguments) => return replay(program, arguments).await,
        DeadLettersCommand::Resolve(arguments) => {
            end(program, arguments, DeadLetterStatus::Resolved).await?;
        }
        DeadLettersCommand::Discard(arguments) => {
            end(program, arguments, DeadLetterStatus::Discarded).await?;
        }
    }
    Ok(Exit::Done)
}

async fn end(program: &Program, arguments: EndArguments, status: DeadLetterStatus) -> Result<()> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let this = DeadLetterFilter { id: Some(arguments.letter), ..DeadLetterFilter::default() };
    match status {
        DeadLetterStatus::Discarded => store.discard_dead_letters(this, &arguments.note).await?,
        _ => store.resolve_dead_letters(this, &arguments.note).await?,
    };
    print_one(&store.dead_letter(arguments.letter).await?, arguments.store.format)
}

/// Loads the repositories of refused files again. A refused file is owed by every load, so only it is written; what the load
/// brings is resolved by it, and the rest is pending again.
pub(super) async fn replay(program: &Program, arguments: ReplayArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let filter = DeadLetterFilter { id: arguments.letter, ..DeadLetterFilter::default() };
    if let Some(id) = arguments.letter {
        let letter = store.dead_letter(id).await?;
        if letter.ended_at.is_some() {
            return Err(Error::new(ErrorKind::Conflict, format!("the dead letter is {}", letter.status)));
        }
    }
    let (claim, letters) = store.claim_dead_letters(filter, CLAIM).await?;
    let mut loads = BTreeMap::new();
    for letter in letters {
        match source_of(store.as_ref(), &letter, &arguments).await {
            Ok(load) => loads.entry(load.0).or_insert((load.1, Vec::new())).1.push(letter),
            Err(error) => {
                store.release_dead_letter(claim, letter.id, &letter.reason).await?;
                tracing::warn!(letter = %letter.id, %error, "this dead letter is not replayed");
            }
        }
    }
    if loads.is_empty() {
        print_list::<DeadLetter>(&[], COLUMNS, "dead letter", arguments.store.format)?;
        return Ok(Exit::Done);
    }
    let mut exit = Exit::Done;
    for (load, letters) in loads.into_values() {
        let outcome = load::run_as(program, load, None).await;
        put_back(store.as_ref(), claim, &letters).await?;
        exit = match outcome? {
            Exit::Done => exit,
            other => other,
        };
    }
    Ok(exit)
}

/// The load that refused a letter, by its repository and backend, with its arguments.
async fn source_of(
    store: &dyn MetadataStore,
    letter: &DeadLetter,
    arguments: &ReplayArguments,
) -> Result<(String, super::super::arguments::LoadArguments)> {
    let run: RunId = letter.run_id.ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "the run that refused it is gone")
            .with_help("load its source again, or resolve it where it was put right elsewhere")
    })?;
    let run = store.run(run).await?;
    let load = load_of(&run, &arguments.to, arguments.store.format)?;
    let key = serde_json::to_string(&load).unwrap_or_default();
    Ok((key, load))
}

/// The load has resolved what it brought. The rest goes back, with another failure counted.
async fn put_back(store: &dyn MetadataStore, claim: Claim, letters: &[DeadLetter]) -> Result<()> {
    for letter in letters {
        let now = store.dead_letter(letter.id).await?;
        if now.status == DeadLetterStatus::Processing {
            store.release_dead_letter(claim, letter.id, &now.reason).await?;
        }
    }
    Ok(())
}
