//! Names that belong to the standard libraries of the languages, as tables with their sources.

pub(super) mod c;
pub(super) mod dotnet;
pub(super) mod go;
pub(super) mod java;
pub(super) mod javascript;
pub(super) mod jvm;
pub(super) mod python;
pub(super) mod rust;
