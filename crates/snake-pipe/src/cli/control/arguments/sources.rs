//! `positions`, `schemas`, `lineage`.

use clap::{Args, Subcommand};

use super::StoreArguments;

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
    /// Also what flows between single columns
    #[arg(long, requires = "dataset")]
    pub columns: bool,
    /// Only what concerns this column
    #[arg(long, value_name = "NAME", requires = "dataset")]
    pub column: Option<String>,
    #[command(flatten)]
    pub store: StoreArguments,
}
