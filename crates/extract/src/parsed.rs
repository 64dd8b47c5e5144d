//! What parsing gives, and how it is divided: the definitions, which are final, and what linking needs.

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    id::SymbolKey,
    model::{Base, Call, ClassKind, FunctionKind, Import, TransformedAst, Visibility},
};

/// How much of the syntax tree is kept in `ast_content`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AstMode {
    /// Nothing.
    None,
    /// Definitions nested as in the file, with kind, name and span.
    #[default]
    Outline,
    /// The whole tree of named nodes with kinds, fields and spans, capped per file.
    Full,
}

/// What parsing keeps. Part of the fact cache's key: other options give other facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ParseOptions {
    /// How much of the syntax tree is kept.
    pub ast: AstMode,
    /// Whether the source text of functions and the text of comments are kept.
    pub store_source: bool,
}

/// One parsed file: a pure function of its bytes, its language and the options. Nothing in it depends on the path
/// (`facts.path` is empty, file flags that follow from the path are unset); references are unresolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedFile {
    /// The facts.
    pub facts: TransformedAst,
    /// Names that the file declares without defining them.
    pub declarations: Vec<Declaration>,
}

/// A name that a file declares without defining it, such as a prototype in a C header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// The declared name.
    pub name: String,
    /// Visible in this file alone (`static` in C).
    pub is_local: bool,
}

/// What linking reads of a file: its symbols in short, and its references. Indices are those of the facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linkable {
    /// The package, module or namespace that the file declares.
    pub namespace: Option<String>,
    /// The file's functions, in the order of the facts.
    pub functions: Vec<FunctionSymbol>,
    /// The file's classes, in the order of the facts.
    pub classes: Vec<ClassSymbol>,
    /// Names declared without a definition.
    pub declarations: Vec<Declaration>,
    /// Imports as written.
    pub imports: Vec<Import>,
    /// Bases as written.
    pub bases: Vec<Base>,
    /// Call sites as written.
    pub calls: Vec<Call>,
}

/// A function as linking sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSymbol {
    /// What kind of function it is.
    pub kind: FunctionKind,
    /// The bare name.
    pub name: String,
    /// The qualified name.
    pub qualified_name: String,
    /// Identity within the file.
    pub symbol: SymbolKey,
    /// Index of the class it belongs to.
    pub class: Option<u32>,
    /// Index of the enclosing function.
    pub parent: Option<u32>,
    /// Who may use it.
    pub visibility: Visibility,
    /// Visible in this file alone (`static` at file level in C and C++).
    pub is_local: bool,
    /// Number of parameters.
    pub parameter_count: u32,
    /// Types of the parameters by name, and of the local variables as far as they were declared with one.
    pub typed_names: Vec<(String, String)>,
}

/// A class as linking sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSymbol {
    /// What kind of type it is.
    pub kind: ClassKind,
    /// The bare name.
    pub name: String,
    /// The qualified name.
    pub qualified_name: String,
    /// Identity within the file.
    pub symbol: SymbolKey,
    /// Index of the enclosing class.
    pub outer: Option<u32>,
    /// Index of the enclosing function.
    pub function: Option<u32>,
    /// Who may use it.
    pub visibility: Visibility,
    /// Types of the fields by name, where declared.
    pub typed_names: Vec<(String, String)>,
}

impl ParsedFile {
    /// Divides the file: facts without references, and what linking needs. [`Linkable`]'s references go back into the
    /// facts once they are resolved.
    #[must_use]
    pub fn divide(mut self) -> (TransformedAst, Linkable) {
        let functions = self.facts.functions.iter().map(|function| FunctionSymbol {
            kind: function.kind,
            name: function.name.clone(),
            qualified_name: function.qualified_name.clone(),
            symbol: function.symbol,
            class: function.class,
            parent: function.parent,
            visibility: function.visibility,
            is_local: function.class.is_none() && function.modifiers.iter().any(|modifier| modifier == "static"),
            parameter_count: function.parameters.len() as u32,
            typed_names: function
                .parameters
                .iter()
                .filter_map(|parameter| Some((parameter.name.clone(), parameter.type_name.clone()?)))
                .collect(),
        });
        let classes = self.facts.classes.iter().map(|class| ClassSymbol {
            kind: class.kind,
            name: class.name.clone(),
            qualified_name: class.qualified_name.clone(),
            symbol: class.symbol,
            outer: class.outer,
            function: class.function,
            visibility: class.visibility,
            typed_names: class
                .fields
                .iter()
                .filter_map(|field| Some((field.name.clone(), field.type_name.clone()?)))
                .collect(),
        });
        let linkable = Linkable {
            namespace: self.facts.namespace.clone(),
            functions: functions.collect(),
            classes: classes.collect(),
            declarations: self.declarations,
            imports: std::mem::take(&mut self.facts.imports),
            bases: std::mem::take(&mut self.facts.bases),
            calls: std::mem::take(&mut self.facts.calls),
        };
        (self.facts, linkable)
    }
}
