//! For authors of snake-pipe backends, and for tests of what uses them: the conformance suite, facts to test with, a backend
//! that fails when it is told to, and private PostgreSQL clusters.

pub mod conformance;
pub mod faults;
pub mod fixtures;
#[cfg(unix)]
pub mod postgres;
