//! The control plane of snake-pipe: what ran, what became of it, what is owed, and who did what.
//!
//! [`MetadataStore`] is the contract; [`SqlStore`] keeps it in PostgreSQL, in an SQLite file or in memory, by the same
//! statements. A pipeline of your own in a page:
//!
//! ```
//! # use snake_pipe_metadata::model::*;
//! # use snake_pipe_metadata::{MetadataStore, SqlStore};
//! # use serde_json::json;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> snake_pipe_core::Result<()> {
//! // `SqlStore::sqlite("pipelines.control")` and `SqlStore::from_pool(pool)` do the same with what is there already.
//! let store = SqlStore::in_memory().await?;
//!
//! let definition = json!({"steps": ["extract", "load"]});
//! let pipeline = store.register_pipeline(NewPipeline::new("daily_etl", definition).tag("team", "data")).await?;
//!
//! let run = store.create_run(NewRun::of(pipeline.id)).await?;
//! let run = store.start_run(run.id, LEASE, Overlap::Refuse).await?.run;
//!
//! let tasks = store.create_tasks(run.token(), vec![NewTask::new("extract_orders", "extract")]).await?;
//! store.start_task(run.token(), tasks[0].id).await?;
//! store.finish_task(run.token(), tasks[0].id, TaskEnd::success(json!({"rows": 10_000}))).await?;
//!
//! let key = PositionKey::of("orders-db", PositionKind::Batch).table("orders");
//! let reached = store.now().await?;
//! let position =
//!     NewPosition { key, value: json!(reached), order: OrderKey::time(reached), run_id: Some(run.id) };
//! store.advance_position(Some(run.token()), position).await?;
//!
//! let mut edge = NewLineageEdge::observed(NewDataset::new("orders-db.orders", "table"), NewDataset::new("lake/orders", "parquet"));
//! edge.columns = vec![("id".into(), "order_id".into())];
//! store.record_lineage(vec![NewLineageEdge { run_id: Some(run.id), ..edge }]).await?;
//!
//! let statistics = RunStatistics { processed: 10_000, inserted: 10_000, ..RunStatistics::default() };
//! let run = store.finish_run(run.token(), RunEnd::success(statistics)).await?;
//! assert_eq!(run.status, RunStatus::Success);
//! assert_eq!(store.lineage("lake/orders", None, Direction::Upstream, 1).await?.len(), 2);
//! # Ok(())
//! # }
//! ```

mod cleaning;
mod diff;
pub mod model;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
mod store;
mod words;

#[cfg(any(test, feature = "mocks"))]
pub mod mock;

pub use cleaning::Cleaning;
pub use diff::diff;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::{Clock, DEFAULT_SCHEMA, ManualClock, NamedQuery, Pool, SqlStore, StoreOptions, named_queries};
pub use store::{MetadataStore, StoreInfo};
