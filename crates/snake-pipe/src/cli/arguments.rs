//! The command line's grammar and its help.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use serde::{Deserialize, Serialize};

/// Loads source code into databases, and asks questions in SQL.
#[derive(Debug, Parser)]
#[command(
    name = "snake-pipe",
    version,
    about = "snake-pipe parses a source tree, transforms it into facts (files, functions, classes, imports, \
             calls, metrics) and loads them into databases, atomically and incrementally.",
    disable_help_flag = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(super) struct Arguments {
    /// What is asked for on every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Configuration file [default: snake-pipe.toml]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SNAKE_PIPE_CONFIG",
        hide_env_values = true,
        help_heading = "Everywhere"
    )]
    pub config: Option<PathBuf>,
    /// Profile of it to lay over
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "SNAKE_PIPE_PROFILE",
        hide_env_values = true,
        help_heading = "Everywhere"
    )]
    pub profile: Option<String>,
    /// Form of the logs on standard error
    #[arg(long, global = true, value_enum, value_name = "FORM", help_heading = "Everywhere")]
    pub log_format: Option<LogFormat>,
    /// More logs: -v info, -vv debug, -vvv trace
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Everywhere")]
    pub verbose: u8,
    /// Show help
    #[arg(short, long, global = true, action = ArgAction::HelpShort, help_heading = "Everywhere")]
    help: Option<bool>,
}

/// The form of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
}

/// The form of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum RowFormat {
    /// A table for people.
    #[default]
    Table,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values (RFC 4180), with a header.
    Csv,
}

/// The form of facts that come from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FactsFormat {
    /// One file's facts a line, as `snake-pipe extract` writes them.
    #[default]
    Ndjson,
    /// What the snake_pipe Java parser writes.
    SnakePipeJson,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Load a source tree, or facts, into one or more databases
    #[command(after_help = "Examples:\n  snake-pipe load .\n  \
        snake-pipe load ~/src/app --to postgres://me@db/code --to sqlite:app.db\n  \
        my-parser | snake-pipe load --facts - --repository app\n  \
        gunzip -c facts.ndjson.gz | snake-pipe load --facts - --repository app")]
    Load(LoadArguments),
    /// Write a tree's facts as NDJSON, the input of `load --facts`
    #[command(after_help = "Example:\n  snake-pipe extract . | gzip > facts.ndjson.gz")]
    Extract(ExtractArguments),
    /// Answer a named query, or any SQL that only reads
    #[command(after_help = "Examples:\n  snake-pipe query hotspots\n  \
        snake-pipe query callers --param function=parse --format json\n  \
        snake-pipe query \"SELECT language, count(*) FROM files GROUP BY language\"\n  \
        echo 'SELECT 1' | snake-pipe query -")]
    Query(QueryArguments),
    /// List the named queries, with what each answers
    #[command(after_help = "Example:\n  snake-pipe queries")]
    Queries {
        /// Form of the answer
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
    /// Show what is loaded, with counts, and what changed on disk since
    #[command(after_help = "Example:\n  snake-pipe status --from postgres://me@db/code")]
    Status(FromArguments),
    /// Check that the stored rows agree with each other
    #[command(after_help = "Example:\n  snake-pipe check")]
    Check(FromArguments),
    /// List or remove repositories
    #[command(subcommand, after_help = "Example:\n  snake-pipe repositories list")]
    Repositories(RepositoriesCommand),
    /// List the kinds of backend, or show one with its options
    #[command(subcommand, after_help = "Example:\n  snake-pipe backends show postgres")]
    Backends(BackendsCommand),
    /// Bring a database's schema up to date
    #[command(after_help = "Example:\n  snake-pipe migrate --to postgres://me@db/code --dry-run")]
    Migrate(MigrateArguments),
    /// Write a configuration file, or show every value with its origin
    #[command(subcommand, after_help = "Example:\n  snake-pipe config show")]
    Config(ConfigCommand),
    /// Ask how well databases are: 0 healthy, 3 degraded, 1 unhealthy
    #[command(after_help = "Example:\n  snake-pipe health --from postgres://me@db/code")]
    Health(FromArguments),
    /// Back a database up, with counts and digests of every table
    #[command(after_help = "Example:\n  snake-pipe backup --from postgres://me@db/code backups/monday")]
    Backup(BackupArguments),
    /// Restore a backup into an empty database, and verify it
    #[command(after_help = "Example:\n  snake-pipe restore backups/monday --to postgres://me@db/restored")]
    Restore(RestoreArguments),
    /// Look for what would make a load fail: connections, rights, cache
    #[command(after_help = "Examples:\n  snake-pipe doctor --from postgres://me@db/code\n  \
        snake-pipe doctor --from postgres://me@db/code --print-grants | psql code")]
    Doctor(DoctorArguments),
    /// The control plane's commands.
    #[command(flatten)]
    Control(super::control::Command),
}

/// `load`.
#[derive(Clone, Debug, Serialize, Deserialize, Args)]
pub(super) struct LoadArguments {
    /// Directory to load
    #[arg(required_unless_present = "facts", conflicts_with = "facts")]
    pub path: Option<PathBuf>,
    /// Backend to load into: a URL or a configured name; may be given several times
    #[arg(long = "to", value_name = "URL|NAME")]
    pub to: Vec<String>,
    /// Name of the repository [default: its git remote, or the directory's name]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub repository: Option<String>,
    /// Branch or other line of history [default: the checked-out branch]
    #[arg(long = "ref", value_name = "NAME")]
    pub ref_name: Option<String>,
    /// Load only files of this language, such as python; may be given several times
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Vec<String>,
    /// Load facts from a file, or - for standard input, in place of a directory
    #[arg(long, value_name = "FILE|-")]
    pub facts: Option<PathBuf>,
    /// Form of the facts
    #[arg(long, value_enum, default_value_t, requires = "facts", value_name = "FORM")]
    pub facts_format: FactsFormat,
    /// Directory that absolute paths in the facts are relative to
    #[arg(long, value_name = "DIR", requires = "facts")]
    pub facts_root: Option<PathBuf>,
    /// The facts are all there is: remove files that are not among them
    #[arg(long, requires = "facts")]
    pub complete: bool,
    /// How far a source has been read that the facts come from; committed with them; may be given several times
    #[arg(long, value_name = "SOURCE=PLACE")]
    #[serde(default)]
    pub position: Vec<String>,
    /// Take positions as they are given, even where they go back
    #[arg(long, requires = "position")]
    #[serde(default)]
    pub reset_positions: bool,
    /// How much of the syntax tree to keep: none, outline or full
    #[arg(long, value_name = "HOW")]
    pub ast: Option<String>,
    /// Keep the source of functions and the text of comments
    #[arg(long)]
    pub store_source: bool,
    /// Take over a repository of the same name that was loaded from elsewhere
    #[arg(long)]
    pub allow_other_source: bool,
    /// Show where the time went
    #[arg(long)]
    pub timings: bool,
    /// Write what was counted to a file, as Prometheus' text file collector reads it
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    /// Form of the summary
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// `extract`.
#[derive(Debug, Args)]
pub(super) struct ExtractArguments {
    /// Directory to read
    pub path: PathBuf,
    /// Only files of this language, such as python; may be given several times
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Vec<String>,
    /// How much of the syntax tree to keep: none, outline or full
    #[arg(long, value_name = "HOW")]
    pub ast: Option<String>,
    /// Keep the source of functions and the text of comments
    #[arg(long)]
    pub store_source: bool,
}

/// `query`.
#[derive(Debug, Args)]
pub(super) struct QueryArguments {
    /// Name of a query, a statement, or - for a statement on standard input
    #[arg(value_name = "NAME|SQL|-")]
    pub query: String,
    /// Backend to ask: a URL or a configured name
    #[arg(long, value_name = "URL|NAME")]
    pub from: Option<String>,
    /// Form of the rows
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: RowFormat,
    /// Parameter: name=value for a named query, 1=value for $1 of a statement
    #[arg(long = "param", value_name = "K=V")]
    pub parameters: Vec<String>,
    /// At most so many rows; without it, a million in a table or in JSON, and all of them in ndjson and csv
    #[arg(long, value_name = "N")]
    pub max_rows: Option<usize>,
    /// Show how the database would answer, not the answer; with =analyze the statement is run and measured (PostgreSQL)
    #[arg(long, value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "plan",
        conflicts_with = "max_rows")]
    pub explain: Option<ExplainForm>,
}

/// What is asked of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainForm {
    /// The plan.
    Plan,
    /// The plan, with what running it took.
    Analyze,
}

/// Commands that read one or more backends.
#[derive(Debug, Args)]
pub(super) struct FromArguments {
    /// Backend to look at: a URL or a configured name; may be given several times
    #[arg(long = "from", value_name = "URL|NAME")]
    pub from: Vec<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// `backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// New folder for the backup
    pub folder: PathBuf,
    /// Backend to back up: a URL or a configured name
    #[arg(long, value_name = "URL|NAME")]
    pub from: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// `restore`.
#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// Folder that `backup` wrote
    pub folder: PathBuf,
    /// Empty database to restore into: a URL or a configured name
    #[arg(long, value_name = "URL|NAME")]
    pub to: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Which backends, and in which form to tell
    #[command(flatten)]
    pub from: FromArguments,
    /// Print the SQL that makes roles with the least privileges (owner, writer, reader); nothing is connected to
    #[arg(long)]
    pub print_grants: bool,
    /// What the names of those roles begin with
    #[arg(long, value_name = "PREFIX", default_value = "snake_pipe", requires = "print_grants")]
    pub role_prefix: String,
}

/// `migrate`.
#[derive(Debug, Args)]
pub(super) struct MigrateArguments {
    /// Backend to migrate: a URL or a configured name; may be given several times
    #[arg(long = "to", value_name = "URL|NAME")]
    pub to: Vec<String>,
    /// Print the statements, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// `repositories`.
#[derive(Debug, Subcommand)]
pub(super) enum RepositoriesCommand {
    /// List the repositories that a backend holds
    #[command(after_help = "Example:\n  snake-pipe repositories list")]
    List(FromArguments),
    /// Remove a repository and all its rows
    #[command(after_help = "Example:\n  snake-pipe repositories remove github.com/org/app --ref main")]
    Remove {
        /// Name of the repository, or NAME@REF
        name: String,
        /// Only this branch or other line of history [default: all of them]
        #[arg(long = "ref", value_name = "NAME")]
        ref_name: Option<String>,
        /// Where, and in which form to say so
        #[command(flatten)]
        from: FromArguments,
    },
}

/// `backends`.
#[derive(Debug, Subcommand)]
pub(super) enum BackendsCommand {
    /// List the kinds that are linked in
    #[command(after_help = "Example:\n  snake-pipe backends list")]
    List {
        /// Form of the answer
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
    /// Show a kind with its promises and options
    #[command(after_help = "Example:\n  snake-pipe backends show postgres")]
    Show {
        /// The kind
        kind: String,
        /// Form of the answer
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
}

/// `config`.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Write a commented configuration file
    #[command(after_help = "Example:\n  snake-pipe config init")]
    Init {
        /// Where to
        #[arg(default_value = "snake-pipe.toml")]
        path: PathBuf,
    },
    /// Show every value with where it came from, passwords left out
    #[command(after_help = "Example:\n  snake-pipe --profile production config show")]
    Show {
        /// Form of the answer
        #[arg(long, value_enum, default_value_t, value_name = "FORM")]
        format: Format,
    },
}
