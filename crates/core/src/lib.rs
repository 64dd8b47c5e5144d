//! The words and the contracts of snake-pipe: the model of facts, the backend contract, the registry, options and errors.
//!
//! Nothing here does input or output. Backends implement [`DatabaseBackend`], extraction makes
//! [`TransformedAst`](model::TransformedAst)s, and the coordinator carries the one to the other.

mod error;
mod json;
mod language;
mod path;
mod timestamp;

pub mod id;
pub mod model;

pub use error::{Action, Error, ErrorKind, Result};
pub use json::JsonText;
pub use language::Language;
pub use path::SourcePath;
pub use timestamp::Timestamp;
