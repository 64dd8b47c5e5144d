//! Source trees to facts: discovery, parsing with tree-sitter, linking.

mod parsed;

pub use parsed::{
    AstMode, ClassSymbol, Declaration, Export, FunctionSymbol, Linkable, Local, ParseOptions, ParsedFile,
};
