//! snake-pipe loads source code into databases.
//!
//! This crate links the parts: [`extract`] makes facts of a source tree, [`coordinator`] carries them to every backend of
//! the [`registry`], and [`cli`] is the command line over both, for private binaries to extend.

pub mod cli;
pub mod config;
pub mod control;
pub mod load;

pub use snake_pipe_coordinator as coordinator;
pub use snake_pipe_core as core;
pub use snake_pipe_extract as extract;
pub use snake_pipe_metadata as metadata;

// A linker drops a plugin that nobody names, and with it what it submits to the registry.
#[cfg(feature = "postgres")]
use snake_pipe_postgres as _;
#[cfg(feature = "sqlite")]
use snake_pipe_sqlite as _;

use snake_pipe_core::{Result, registry::Registry};

/// The kinds of backend that are linked into this program.
///
/// # Errors
/// `Configuration` when two plugins claim one kind.
pub fn registry() -> Result<Registry> {
    Registry::linked()
}
