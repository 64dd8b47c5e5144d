//! `pipelines`, `runs`, `tasks`.

use clap::{Args, Subcommand};
use snake_pipe_metadata::model::{PipelineStatus, RunId, RunStatus, TaskStatus};

use super::StoreArguments;

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
