//! A backend that fails when it is told to, for tests of whatever has to live with that.
//!
//! ```
//! use std::sync::Arc;
//! use snake_pipe_core::{DatabaseBackend as _, ErrorKind, memory::MemoryBackend};
//! use snake_pipe_testkit::faults::{Fault, FaultyBackend, Operation};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let backend = FaultyBackend::new(Arc::new(MemoryBackend::new()));
//! backend.faults().next(Operation::Connect, Fault::Fail(ErrorKind::Connection));
//! assert_eq!(backend.connect().await.unwrap_err().kind(), ErrorKind::Connection);
//! backend.connect().await.unwrap();
//! assert_eq!(backend.faults().calls(Operation::Connect), 2);
//! # }
//! ```

mod backend;
mod script;

pub use backend::FaultyBackend;
pub use script::{Fault, Faults, Operation};
