//! What the PostgreSQL backend does beyond the promises of every backend, and how.

mod loading;
mod support;
