//! The grammar of the control plane's commands.

mod refusals;
mod runs;
mod sources;

use clap::{Args, Subcommand};

use crate::cli::arguments::Format;
pub(in crate::cli) use refusals::{
    CloseArguments, DeadLettersCommand, EndArguments, ErrorsCommand, ReplayArguments,
};
pub(in crate::cli) use runs::{PipelinesCommand, RetryArguments, RunsCommand, TasksArguments};
pub(in crate::cli) use sources::{LineageArguments, PositionsArguments, SchemasCommand, TableArguments};

/// The commands.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List, show, change or delete pipelines
    #[command(subcommand, after_help = "Example:\n  snake-pipe pipelines list")]
    Pipelines(PipelinesCommand),
    /// List, show, repeat or cancel runs
    #[command(subcommand, after_help = "Example:\n  snake-pipe runs list --status failed")]
    Runs(RunsCommand),
    /// List the steps of runs
    #[command(after_help = "Example:\n  snake-pipe tasks --run 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Tasks(TasksArguments),
    /// List, show, resolve or ignore errors
    #[command(subcommand, after_help = "Example:\n  snake-pipe errors list --groups")]
    Errors(ErrorsCommand),
    /// List, show, replay, resolve or discard what was refused
    #[command(subcommand, alias = "dlq", after_help = "Example:\n  snake-pipe dead-letters replay")]
    DeadLetters(DeadLettersCommand),
    /// List how far pipelines have come in their sources
    #[command(after_help = "Example:\n  snake-pipe positions --source orders-db")]
    Positions(PositionsArguments),
    /// List, show or compare versions of schemas
    #[command(subcommand, after_help = "Example:\n  snake-pipe schemas diff functions 1 2")]
    Schemas(SchemasCommand),
    /// Show what flows into a dataset, or out of it
    #[command(after_help = "Examples:\n  snake-pipe lineage\n  snake-pipe lineage app@main --downstream")]
    Lineage(LineageArguments),
    /// Show success rate, durations, records and errors over a time
    #[command(after_help = "Example:\n  snake-pipe stats --since 7d")]
    Stats(StatsArguments),
    /// Find runs whose processes died, and give them up
    #[command(after_help = "Example:\n  snake-pipe recover")]
    Recover(StoreArguments),
    /// Remove records that are older than they have to be kept
    #[command(after_help = "Example:\n  snake-pipe gc --dry-run")]
    Gc(GcArguments),
    /// Show who did what
    #[command(after_help = "Example:\n  snake-pipe audit --action run.cancel")]
    Audit(AuditArguments),
}

/// Where the control plane is, and the form of the answer.
#[derive(Debug, Args)]
pub(in crate::cli) struct StoreArguments {
    /// Backend whose control plane to look at: a URL or a configured name
    #[arg(long = "from", value_name = "URL|NAME")]
    pub from: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// `stats`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatsArguments {
    /// Since when, such as 90m, 24h or 7d
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub since: String,
    /// Only of this pipeline
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// Answer this question instead: run_performance, error_patterns, dead_letter_status
    #[arg(long, value_name = "NAME", conflicts_with = "pipeline")]
    pub query: Option<String>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `gc`.
#[derive(Debug, Args)]
pub(in crate::cli) struct GcArguments {
    /// Only count, remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What ended longer ago goes, in days [default: metadata.retention_days]
    #[arg(long, value_name = "DAYS")]
    pub older_than: Option<u64>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `audit`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArguments {
    /// Only what this one did
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// Only this, such as run.cancel, or all of run
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only what was done to this
    #[arg(long, value_name = "ID|NAME")]
    pub subject: Option<String>,
    /// Only since then, such as 24h or 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u64,
    #[command(flatten)]
    pub store: StoreArguments,
}
