//! Whole runs: against the in-memory reference backend, mocks, and a backend that fails on command.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod bounds;
mod cancellation;
#[path = "../chaos/documents.rs"]
mod documents;
mod events;
mod faults;
mod faulty;
mod lagging;
mod lost;
mod overtaken;
mod plain;
mod positions;
mod returning;
mod roster;
mod routes;
mod rows;
mod setup;
