//! Carries a stream of facts to database backends: batches, one lane per backend, retries, and a summary that says what
//! became of every backend.
//!
//! ```
//! # use snake_pipe_coordinator::{Outcome, Pipeline};
//! # use snake_pipe_core::{Result, load::Repository, memory::MemoryBackend, model::TransformedAst};
//! # use std::sync::Arc;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let facts = vec![Ok(TransformedAst::new("src/app.py".into()))];
//! let summary = Pipeline::from(futures::stream::iter(facts))
//!     .repository(Repository::named("app"))
//!     .to(Arc::new(MemoryBackend::new()))
//!     .run()
//!     .await?;
//! assert_eq!(summary.outcome, Outcome::Success);
//! # Ok(())
//! # }
//! ```
//!
//! The stream is an ordinary one: map, filter and enrich the facts before they are handed over, and say so with
//! [`Pipeline::producer_version`], which takes part in the decision what a backend is owed.
//!
//! Backends are independent. Each reads its own manifest and takes of the stream what it lacks; each publishes as soon as
//! the stream ended and it has everything; one that fails or lags does not hold up the others, and catches up in the same run
//! where the facts can be had again, else by the next one. That is not atomicity across databases: a [`Policy`] says which of them decide about the run.

mod batcher;
mod breaker;
mod events;
mod fan_out;
mod handle;
mod lag;
mod lane;
mod metrics;
mod options;
mod pipeline;
mod policy;
mod progress;
mod queue;
mod reaction;
mod retry;
mod route;
mod run;
mod summary;

pub use breaker::{Breaker, BreakerOptions, BreakerState, Breakers};
pub use events::{EventKind, RunEvent};
pub use handle::PipelineHandle;
pub use metrics::{LaneMetrics, Metrics, MetricsSnapshot};
pub use options::{CoordinatorOptions, RetryOptions, ReturnOptions, Timeouts};
pub use pipeline::{FactsStream, Lacking, Pipeline, load};
pub use policy::Policy;
pub use progress::{LaneProgress, LaneState, RunProgress};
pub use route::Route;
pub use summary::{
    DeadLetter, ErrorSummary, LanePhase, LaneStatus, LaneSummary, Outcome, RunSettings, RunSummary,
};
