//! The store over SQL: one logic, one text for every statement, two databases.
//!
//! `sqlite` and `postgres` open, bind and read; `dialect` renders the few differences of the text; everything else is written
//! once, over [`Transaction`](transaction::Transaction).

mod audit;
mod dead_letters;
mod deliveries;
mod dialect;
mod error;
mod errors;
mod garbage;
mod lineage;
mod migrations;
mod named;
mod operations;
mod options;
mod partitions;
mod pipelines;
mod positions;
#[cfg(feature = "postgres")]
mod postgres;
mod recovery;
mod retry;
mod runs;
mod schemas;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statistics;
mod store;
mod tasks;
mod transaction;
mod value;

pub use named::{NamedQuery, named_queries};
pub use options::{Clock, DEFAULT_SCHEMA, ManualClock, StoreOptions};
pub use store::{Pool, SqlStore};
