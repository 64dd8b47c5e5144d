//! The grammar of the control plane's commands.

use clap::{Args, Subcommand};
use snake_pipe_metadata::model::{
    DeadLetterId, DeadLetterStatus, ErrorId, ErrorStatus, PipelineStatus, RunId, RunStatus, TaskStatus,
};

use crate::cli::arguments::Format;

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

/// `pipelines`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PipelinesCommand {
    /// List pipelines
    #[command(after_help = "Example:\n  snake-pipe pipelines list --tag team=data")]
    List {
        /// Only those that have this tag
        #[arg(long, value_name = "NAME[=VALUE]")]
        tag: Option<String>,
        /// Only those whose name contains this
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Show a pipeline with its definition
    #[command(after_help = "Example:\n  snake-pipe pipelines show app@main")]
    Show {
        /// Name or id
        pipeline: String,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Create a pipeline of your own
    #[command(
        after_help = "Example:\n  snake-pipe pipelines create nightly --definition '{\"steps\": [\"extract\"]}'"
    )]
    Create {
        /// Its name
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// What it does, as JSON
        #[arg(long, value_name = "JSON", default_value = "{}")]
        definition: String,
        /// A tag; may be given several times
        #[arg(long, value_name = "NAME=VALUE")]
        tag: Vec<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Change a pipeline
    #[command(after_help = "Example:\n  snake-pipe pipelines update nightly --status paused")]
    Update {
        /// Name or id
        pipeline: String,
        /// Another name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Another description; an empty one removes it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Another definition, as JSON
        #[arg(long, value_name = "JSON")]
        definition: Option<String>,
        /// active, or paused: new runs are refused
        #[arg(long, value_name = "STATUS")]
        status: Option<PipelineStatus>,
        /// All its tags; may be given several times
        #[arg(long, value_name = "NAME=VALUE")]
        tag: Vec<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Delete a pipeline with its runs
    #[command(after_help = "Example:\n  snake-pipe pipelines delete nightly")]
    Delete {
        /// Name or id
        pipeline: String,
        #[command(flatten)]
        store: StoreArguments,
    },
}

/// `runs`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RunsCommand {
    /// List runs, the youngest first
    #[command(after_help = "Example:\n  snake-pipe runs list --status failed --since 24h")]
    List {
        /// Only those of this pipeline
        #[arg(long, value_name = "NAME")]
        pipeline: Option<String>,
        /// Only those of this status
        #[arg(long, value_name = "STATUS")]
        status: Option<RunStatus>,
        /// Only those since then, such as 24h or 7d
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u64,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Show a run with its deliveries
    #[command(after_help = "Example:\n  snake-pipe runs show 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Show {
        /// The run's id
        run: RunId,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Carry out a failed, cancelled or lost load again
    #[command(after_help = "Example:\n  snake-pipe runs retry 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Retry(RetryArguments),
    /// Cancel a run; one that is under way ends at its next heartbeat
    #[command(
        after_help = "Example:\n  snake-pipe runs cancel 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11 --reason \"disk full\""
    )]
    Cancel {
        /// The run's id
        run: RunId,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "cancelled by an operator")]
        reason: String,
        #[command(flatten)]
        store: StoreArguments,
    },
}

/// `runs retry`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RetryArguments {
    /// The run's id
    pub run: RunId,
    /// Backend to load into, where the run's own was given with a password, which is not kept
    #[arg(long = "to", value_name = "URL|NAME")]
    pub to: Vec<String>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `tasks`.
#[derive(Debug, Args)]
pub(in crate::cli) struct TasksArguments {
    /// Only those of this run [default: the youngest]
    #[arg(long, value_name = "ID")]
    pub run: Option<RunId>,
    /// Only those of this status
    #[arg(long, value_name = "STATUS")]
    pub status: Option<TaskStatus>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `errors`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ErrorsCommand {
    /// List errors, the youngest first
    #[command(
        after_help = "Examples:\n  snake-pipe errors list --status open\n  snake-pipe errors list --groups"
    )]
    List {
        /// Only those of this status
        #[arg(long, value_name = "STATUS")]
        status: Option<ErrorStatus>,
        /// Only those of this class, such as connection
        #[arg(long, value_name = "CLASS")]
        class: Option<String>,
        /// Only those of this run
        #[arg(long, value_name = "ID")]
        run: Option<RunId>,
        /// Only those of this fingerprint
        #[arg(long, value_name = "FINGERPRINT")]
        fingerprint: Option<String>,
        /// Only those since then, such as 24h or 7d
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// One line for those that have all in common but numbers and names
        #[arg(long)]
        groups: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u64,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Show an error with its causes
    #[command(after_help = "Example:\n  snake-pipe errors show 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Show {
        /// The error's id
        error: ErrorId,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Say that errors are put right
    #[command(
        after_help = "Example:\n  snake-pipe errors resolve --fingerprint 0f3a91c22b7d4e55 --note \"disk enlarged\""
    )]
    Resolve(CloseArguments),
    /// Say that errors do not matter
    #[command(after_help = "Example:\n  snake-pipe errors ignore 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Ignore(CloseArguments),
}

/// `errors resolve` and `errors ignore`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CloseArguments {
    /// The error's id
    #[arg(required_unless_present = "fingerprint", conflicts_with = "fingerprint")]
    pub error: Option<ErrorId>,
    /// All open ones of this fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    pub fingerprint: Option<String>,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `dead-letters`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DeadLettersCommand {
    /// List dead letters, the oldest first
    #[command(after_help = "Example:\n  snake-pipe dead-letters list --status pending")]
    List {
        #[command(flatten)]
        choice: ChoiceArguments,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Show a dead letter with its record
    #[command(after_help = "Example:\n  snake-pipe dead-letters show 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Show {
        /// The dead letter's id
        letter: DeadLetterId,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Load refused source files again
    #[command(after_help = "Examples:\n  snake-pipe dead-letters replay\n  \
        snake-pipe dead-letters replay 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11")]
    Replay(ReplayArguments),
    /// Say that dead letters were processed elsewhere
    #[command(
        after_help = "Example:\n  snake-pipe dead-letters resolve 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11"
    )]
    Resolve(EndArguments),
    /// Say that nobody wants dead letters any more
    #[command(
        after_help = "Example:\n  snake-pipe dead-letters discard 01990b2c-5d0e-7cc1-8a35-0f6a4f0e3b11 --note spam"
    )]
    Discard(EndArguments),
}

/// Which dead letters.
#[derive(Debug, Args)]
pub(in crate::cli) struct ChoiceArguments {
    /// Only those of this dataset, such as a repository
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// Only those of this backend
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// Only those of this status
    #[arg(long, value_name = "STATUS")]
    pub status: Option<DeadLetterStatus>,
}

/// `dead-letters replay`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArguments {
    /// The dead letter's id [default: all that wait]
    pub letter: Option<DeadLetterId>,
    /// Backend to load into, where the run's own was given with a password, which is not kept
    #[arg(long = "to", value_name = "URL|NAME")]
    pub to: Vec<String>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `dead-letters resolve` and `dead-letters discard`.
#[derive(Debug, Args)]
pub(in crate::cli) struct EndArguments {
    /// The dead letter's id
    pub letter: DeadLetterId,
    /// What there is to say about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `positions`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PositionsArguments {
    /// Only those in this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Only those of this schema
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    /// Only those of this table
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    #[command(flatten)]
    pub store: StoreArguments,
}

/// `schemas`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SchemasCommand {
    /// List the latest version of every table's schema
    #[command(after_help = "Example:\n  snake-pipe schemas list")]
    List {
        /// Only those of this schema
        #[arg(long, value_name = "NAME")]
        schema: Option<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Show a table's schema
    #[command(after_help = "Example:\n  snake-pipe schemas show functions")]
    Show {
        #[command(flatten)]
        table: TableArguments,
        /// Its version [default: the latest]
        version: Option<u64>,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Say what changed between two versions, and who can read whose data
    #[command(after_help = "Example:\n  snake-pipe schemas diff functions 1 2")]
    Diff {
        #[command(flatten)]
        table: TableArguments,
        /// The older version [default: the one before the latest]
        old: Option<u64>,
        /// The newer version [default: the latest]
        new: Option<u64>,
        #[command(flatten)]
        store: StoreArguments,
    },
}

/// Which table.
#[derive(Debug, Args)]
pub(in crate::cli) struct TableArguments {
    /// The table
    pub table: String,
    /// The schema that it is in
    #[arg(long, value_name = "NAME", default_value = "snake-pipe")]
    pub schema: String,
}

/// `lineage`.
#[derive(Debug, Args)]
pub(in crate::cli) struct LineageArguments {
    /// The dataset; without one, all datasets are listed
    pub dataset: Option<String>,
    /// Where its data comes from [default]
    #[arg(long, conflicts_with = "downstream")]
    pub upstream: bool,
    /// What depends on it
    #[arg(long)]
    pub downstream: bool,
    /// At most so many steps away
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub depth: u64,
    /// Only what concerns this column
    #[arg(long, value_name = "NAME", requires = "dataset")]
    pub column: Option<String>,
    #[command(flatten)]
    pub store: StoreArguments,
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
