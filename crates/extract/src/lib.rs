//! Source trees to facts: discovery, parsing with tree-sitter, linking.

#[expect(dead_code, reason = "some of it waits for the languages that need it")]
mod engine;
mod languages;
pub mod link;
mod parsed;

pub use engine::{assign_symbols, parse};
pub use languages::language_of;
pub use parsed::{
    AstMode, ClassSymbol, Declaration, Export, FunctionSymbol, Linkable, Local, ParseOptions, ParsedFile,
};
