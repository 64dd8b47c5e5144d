//! A pipeline of one's own: it loads the code that we wrote ourselves, not what was copied in.
//!
//! Its unit test is in `tests/own_code.rs`: two mocks, no database, no source tree.

use std::{future::ready, sync::Arc};

use futures::{Stream, TryStreamExt as _};
use snake_pipe_coordinator::{Pipeline, RunSummary};
use snake_pipe_core::{DatabaseBackend, Result, load::Repository, model::TransformedAst};

/// Loads the facts of all files but vendored ones into every backend.
///
/// # Errors
/// As of [`Pipeline::run`]; what happens to single backends is in the summary.
pub async fn load_own_code(
    facts: impl Stream<Item = Result<TransformedAst>> + Send,
    backends: &[Arc<dyn DatabaseBackend>],
) -> Result<RunSummary> {
    let own_code = facts.try_filter(|facts| ready(!facts.flags.is_vendored));
    let pipeline =
        Pipeline::from(own_code).repository(Repository::named("app")).producer_version("own-code-1");
    backends.iter().cloned().fold(pipeline, Pipeline::to).run().await
}
