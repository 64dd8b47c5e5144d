//! For authors of snake-pipe backends: facts to test with, and private PostgreSQL clusters.

pub mod fixtures;
#[cfg(unix)]
pub mod postgres;
