//! What is particular to SQLite, beside the suite that every backend passes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixture;
mod health;
mod large;
mod processes;
mod promises;
mod queries;
mod schema;
