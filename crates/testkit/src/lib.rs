//! For authors of snake-pipe backends: private PostgreSQL clusters.

#[cfg(unix)]
pub mod postgres;
