//! The PostgreSQL backend of snake-pipe.
//!
//! See `README.md` for what it promises, its options and how it loads.

mod backend;
pub mod backup;
mod config;
mod connection;
mod error;
mod health;
mod integrity;
pub mod metrics;
mod options;
mod query;
mod roles;
mod schema;
mod session;

use std::sync::Arc;

use snake_pipe_core::{
    Capabilities, DatabaseBackend, Result,
    options::BackendOptions,
    registry::{BackendDescriptor, CONTRACT_VERSION, Registry},
};

pub use backend::PostgresBackend;
pub use config::PostgresConfig;
pub use options::OPTIONS;
pub use roles::DEFAULT_ROLE_PREFIX;
pub use schema::mapper::CopyBuffers;

/// What its backends promise.
pub const CAPABILITIES: Capabilities = Capabilities {
    atomic_publish: true,
    fence: true,
    sql: true,
    integrity: true,
    transactions: true,
    durable: true,
};

/// What the plugin says about itself.
pub const DESCRIPTOR: BackendDescriptor = BackendDescriptor {
    kind: "postgres",
    schemes: &["postgres", "postgresql"],
    contract_version: CONTRACT_VERSION,
    version: env!("CARGO_PKG_VERSION"),
    summary: "PostgreSQL 13 or newer, for teams: concurrent loads, partitions for large repositories",
    example_url: "postgres://USER@HOST:5432/DATABASE",
    capabilities: CAPABILITIES,
    options: OPTIONS,
    build,
};

inventory::submit!(DESCRIPTOR);

/// Puts the plugin into a registry.
///
/// # Errors
/// As of [`Registry::register`].
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register(DESCRIPTOR)
}

fn build(options: &BackendOptions) -> Result<Arc<dyn DatabaseBackend>> {
    Ok(Arc::new(PostgresBackend::new(PostgresConfig::from_options(options)?)))
}
