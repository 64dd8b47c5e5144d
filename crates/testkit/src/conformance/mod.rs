//! The conformance suite: what every backend promises, and whether it keeps it.
//!
//! A plugin's author says how a fresh database comes about and how it is opened, and gets a report on every promise of
//! [`DatabaseBackend`](snake_pipe_core::DatabaseBackend):
//!
//! ```no_run
//! use snake_pipe_testkit::conformance::{Harness, Store, run_all};
//! # use std::{path::Path, sync::Arc};
//! # use snake_pipe_core::{DatabaseBackend, Result};
//! # struct MyBackend;
//! # impl MyBackend { fn open(_: &Path) -> Result<Arc<dyn DatabaseBackend>> { unimplemented!() } }
//!
//! // #[tokio::test(flavor = "multi_thread")]
//! async fn keeps_its_promises() {
//!     let harness = Harness::new(|| async {
//!         let folder = tempfile::tempdir()?;
//!         // Called again for every further connection to the same database; the folder lives as long as the closure.
//!         Ok(Store::new(move || MyBackend::open(&folder.path().join("facts.db"))))
//!     });
//!     run_all(&harness).await.assert_kept();
//! }
//! ```
//!
//! Every case gets an empty database of its own. A promise that the backend's
//! [`Capabilities`](snake_pipe_core::Capabilities) do not claim is reported as not offered; nothing is skipped silently.
//! While a promise is being worked on, [`Harness::only`] runs the cases with a word in their name.

mod cases;
mod harness;
mod report;
pub(crate) mod rows;
mod subject;

pub use cases::{CASES, Case, Needs};
pub use harness::{Harness, Store, run_all};
pub use report::{CaseReport, Outcome, Report};
pub use rows::{Rows, assert_same, difference, sql_rows, tables};
