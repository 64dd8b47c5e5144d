//! What the PostgreSQL backend does beyond the promises of every backend, and how.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod availability;
mod concurrency;
mod connecting;
mod encoding;
mod failures;
mod functions;
mod health;
mod history;
mod loading;
mod materialized;
mod migrations;
mod partitions;
mod plans;
mod pooling;
mod queries;
mod securing;
mod support;
mod upgrading;
