//! The SQLite backend of snake-pipe: one file that holds the relational model of many repositories, in WAL mode, so that
//! readers and the one writer never wait for each other.
//!
//! See the crate's README for its promises, options and limits.

mod backend;
pub mod backup;
mod config;
mod database;
mod error;
mod health;
mod integrity;
mod query;
mod schema;
mod session;
mod transaction;

use std::sync::Arc;

use snake_pipe_core::{
    Capabilities, Result,
    registry::{BackendDescriptor, CONTRACT_VERSION, Registry},
};

pub use backend::SqliteBackend;
pub use config::{Config, Durability, MigrationPolicy, OPTIONS, SqlLogging};

/// What the backends of this kind promise.
pub const CAPABILITIES: Capabilities = Capabilities {
    atomic_publish: true,
    fence: true,
    sql: true,
    integrity: true,
    transactions: true,
    durable: true,
};

/// The kind `sqlite`, for a registry.
pub const DESCRIPTOR: BackendDescriptor = BackendDescriptor {
    kind: "sqlite",
    schemes: &["sqlite"],
    contract_version: CONTRACT_VERSION,
    version: env!("CARGO_PKG_VERSION"),
    summary: "an embedded SQLite file; nothing to install",
    example_url: "sqlite:code.db",
    capabilities: CAPABILITIES,
    options: OPTIONS,
    build: |options| Ok(Arc::new(SqliteBackend::new(Config::from_options(options)?))),
};

inventory::submit! { DESCRIPTOR }

/// Puts the kind `sqlite` into the registry.
///
/// # Errors
/// `Configuration` when another plugin has its kind or scheme.
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register(DESCRIPTOR)
}
