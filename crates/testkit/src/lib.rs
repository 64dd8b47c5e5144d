//! For authors of snake-pipe backends: the conformance suite, facts to test with, and private PostgreSQL clusters.

pub mod conformance;
pub mod fixtures;
#[cfg(unix)]
pub mod postgres;
