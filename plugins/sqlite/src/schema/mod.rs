//! The schema: its migrations, and the statements that follow from the tables' definitions.

mod migrations;
mod statements;

pub(crate) use migrations::{LATEST, apply, missing, state};
pub(crate) use statements::{FILE_TABLES, FileTable, ROWS_PER_INSERT};
