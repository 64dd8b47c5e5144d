//! `errors`, `dead-letters`.

use clap::{Args, Subcommand};
use snake_pipe_metadata::model::{DeadLetterId, DeadLetterStatus, ErrorId, ErrorStatus, RunId};

use super::StoreArguments;

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
