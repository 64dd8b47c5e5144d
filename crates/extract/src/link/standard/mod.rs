//! Names that belong to the standard libraries of the languages, as tables with their sources.

pub(super) mod c;
pub(super) mod java;
pub(super) mod javascript;
pub(super) mod python;
