//! `errors`.

use serde_json::json;
use snake_pipe_core::{Error, ErrorKind, Result};
use snake_pipe_metadata::model::{ErrorFilter, ErrorStatus};

use super::{
    super::{Program, failure::Exit},
    arguments::{CloseArguments, ErrorsCommand},
    listing::{ListColumn, print_list, print_one},
    open, since,
};

const COLUMNS: &[ListColumn] = &[
    ("error", "/id"),
    ("at", "/occurred_at"),
    ("class", "/class"),
    ("status", "/status"),
    ("pipeline", "/pipeline"),
    ("dataset", "/dataset"),
    ("message", "/message"),
];

const GROUP_COLUMNS: &[ListColumn] = &[
    ("fingerprint", "/fingerprint"),
    ("class", "/class"),
    ("count", "/count"),
    ("open", "/open"),
    ("last", "/last_at"),
    ("message", "/message"),
];

pub(super) async fn run(program: &Program, command: ErrorsCommand) -> Result<Exit> {
    match command {
        ErrorsCommand::List {
            status,
            class,
            run,
            fingerprint,
            since: from,
            groups,
            limit,
            store: arguments,
        } => {
            let store = open(program, arguments.from.as_ref()).await?;
            let from = match from {
                Some(text) => Some(since(store.as_ref(), &text).await?),
                None => None,
            };
            let filter = ErrorFilter {
                status,
                class,
                run_id: run,
                fingerprint,
                since: from,
                limit: Some(limit),
                ..ErrorFilter::default()
            };
            match groups {
                true => {
                    print_list(&store.error_groups(filter).await?, GROUP_COLUMNS, "group", arguments.format)?;
                }
                false => print_list(&store.errors(filter).await?, COLUMNS, "error", arguments.format)?,
            }
        }
        ErrorsCommand::Show { error, store: arguments } => {
            let store = open(program, arguments.from.as_ref()).await?;
            print_one(&store.error(error).await?, arguments.format)?;
        }
        ErrorsCommand::Resolve(arguments) => close(program, arguments, ErrorStatus::Resolved).await?,
        ErrorsCommand::Ignore(arguments) => close(program, arguments, ErrorStatus::Ignored).await?,
    }
    Ok(Exit::Done)
}

async fn close(program: &Program, arguments: CloseArguments, status: ErrorStatus) -> Result<()> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    if let Some(id) = arguments.error {
        // Says so if there is none.
        store.error(id).await?;
    }
    let filter =
        ErrorFilter { id: arguments.error, fingerprint: arguments.fingerprint, ..ErrorFilter::default() };
    let closed = store.close_errors(filter, status, &arguments.note).await?;
    if closed == 0 {
        return Err(Error::new(ErrorKind::NotFound, "no open error is meant by this")
            .with_help("see `snake-pipe errors list --status open`"));
    }
    print_one(&json!({"status": status, "errors": closed}), arguments.store.format)
}
