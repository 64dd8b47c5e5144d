//! `stats`, `recover`, `gc` and `audit`.

use snake_pipe_core::Result;
use snake_pipe_metadata::model::{AuditFilter, Retention, StatisticsFilter};

use super::{
    super::{
        Program,
        arguments::{Format, RowFormat},
        failure::Exit,
        output::print_rows,
    },
    arguments::{AuditArguments, GcArguments, StatsArguments, StoreArguments},
    listing::{ListColumn, print_list, print_one},
    open,
    runs::RUN_COLUMNS,
    since,
};
use crate::control::retention;

const AUDIT_COLUMNS: &[ListColumn] = &[
    ("at", "/recorded_at"),
    ("who", "/actor"),
    ("did", "/action"),
    ("to", "/subject"),
    ("details", "/details"),
];

pub(super) async fn stats(program: &Program, arguments: StatsArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let from = since(store.as_ref(), &arguments.since).await?;
    match arguments.query {
        Some(name) => {
            let format = match arguments.store.format {
                Format::Text => RowFormat::Table,
                Format::Json => RowFormat::Json,
            };
            print_rows(&store.named_query(&name, from).await?, format)?;
        }
        None => {
            let filter = StatisticsFilter { since: from, pipeline: arguments.pipeline };
            print_one(&store.statistics(filter).await?, arguments.store.format)?;
        }
    }
    Ok(Exit::Done)
}

pub(super) async fn recover(program: &Program, arguments: StoreArguments) -> Result<Exit> {
    let store = open(program, arguments.from.as_ref()).await?;
    print_list(&store.recover_runs(None).await?, RUN_COLUMNS, "lost run", arguments.format)?;
    Ok(Exit::Done)
}

pub(super) async fn gc(program: &Program, arguments: GcArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let configured = retention(&program.config);
    let retention = Retention { days: arguments.older_than.unwrap_or(configured.days), ..configured };
    print_one(&store.collect_garbage(retention, arguments.dry_run).await?, arguments.store.format)?;
    Ok(Exit::Done)
}

pub(super) async fn audit(program: &Program, arguments: AuditArguments) -> Result<Exit> {
    let store = open(program, arguments.store.from.as_ref()).await?;
    let from = match arguments.since {
        Some(text) => Some(since(store.as_ref(), &text).await?),
        None => None,
    };
    let filter = AuditFilter {
        actor: arguments.actor,
        action: arguments.action,
        subject: arguments.subject,
        since: from,
        limit: Some(arguments.limit),
    };
    print_list(&store.audit(filter).await?, AUDIT_COLUMNS, "record", arguments.store.format)?;
    Ok(Exit::Done)
}
