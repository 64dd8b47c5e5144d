//! Source trees to facts: discovery, parsing with tree-sitter, linking.
//!
//! [`Extraction::scan`] says what a tree holds, and gives its facts as a stream. [`facts`] reads the facts that other
//! programs made.

pub mod discover;
mod engine;
mod extraction;
pub mod facts;
mod function_macros;
mod languages;
pub mod link;
mod parsed;
mod store;

pub use engine::{assign_symbols, parse};
pub use extraction::{
    DEFAULT_READ_AHEAD_BYTES, EXTRACTOR_VERSION, ExtractOptions, Extraction, FactStream, Inventory,
    InventoryFile, Phase, Progress, ProgressSnapshot, Stamp, producer_version,
};
pub use function_macros::FunctionMacro;
pub use languages::language_of;
pub use parsed::{
    AstMode, ClassSymbol, DEFAULT_MAX_TREE_BYTES, Declaration, Export, FunctionSymbol, ImportPlace, Linkable,
    Local, ParseOptions, ParsedFile,
};
pub use store::CacheLocation;
