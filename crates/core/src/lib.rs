//! The words and the contracts of snake-pipe: the model of facts, the backend contract, the registry, options and errors.
//!
//! Nothing here does input or output. Backends implement [`DatabaseBackend`], extraction makes
//! [`TransformedAst`](model::TransformedAst)s, and the coordinator carries the one to the other.

mod backend;
mod dependency;
mod error;
mod extension;
mod health;
mod integrity;
mod json;
mod language;
mod path;
mod query;
mod row_stream;
mod timestamp;
mod unresolve;
mod validate;

pub mod backup;
pub mod memory;
#[cfg(feature = "mocks")]
pub mod mock;
pub mod options;
pub mod queries;
pub mod registry;
pub mod schema;
pub mod secret;
pub mod simple;

pub mod id;
pub mod load;
pub mod manifest;
pub mod model;
pub mod position;

pub use backend::{
    BackendInfo, Capabilities, DatabaseBackend, LoadSession, MigrateMode, MigrationStep, Migrations,
    StoredRepository,
};
pub use dependency::dependencies_of;
pub use error::{Action, Error, ErrorKind, Result};
pub use extension::{BackendExt, WRITE_ALL_BATCH_BYTES};
pub use health::{HealthCheckResult, HealthStatus, PoolState};
pub use integrity::{ConstraintResult, IntegrityResult, IntegrityScope};
pub use json::JsonText;
pub use language::Language;
pub use path::SourcePath;
pub use query::{Dialect, Explain, QueryResult, SqlQuery, Value};
pub use row_stream::{PortionSender, RowPortion, RowStream};
pub use timestamp::Timestamp;
pub use unresolve::without_targets;
pub use validate::{validate_batch, validate_facts};
