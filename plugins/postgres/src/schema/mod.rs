//! The tables: their migrations, what the catalog says of them, their statements, and the mapping of rows to bytes.

pub(crate) mod catalog;
#[cfg(test)]
mod first_migration;
pub(crate) mod further_indexes;
pub(crate) mod keys;
pub(crate) mod mapper;
pub(crate) mod migrations;
pub(crate) mod partition;
pub(crate) mod statements;
pub(crate) mod validate;
