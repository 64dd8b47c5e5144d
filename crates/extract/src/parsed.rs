//! What parsing gives, and how it is divided: the definitions, which are final, and what linking needs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    id::SymbolKey,
    model::{Base, Call, ClassKind, FunctionKind, Import, ParameterKind, TransformedAst, Visibility},
};

use crate::function_macros::FunctionMacro;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ParseOptions {
    /// How much of the syntax tree is kept.
    pub ast: AstMode,
    /// Whether the source text of functions and the text of comments are kept.
    pub store_source: bool,
    /// How many bytes of memory the syntax tree of one file may take, judged by its parser's steps; a file that would
    /// take more is not parsed. Where every other byte is a statement, it may take twice as many.
    /// Default: [`DEFAULT_MAX_TREE_BYTES`].
    pub max_tree_bytes: u64,
    /// Macros of C and C++ that define functions, beside those of the Linux kernel (`SYSCALL_DEFINEn`,
    /// `COMPAT_SYSCALL_DEFINEn`, `BPF_CALL_n`), which are always known. The first that fits counts. Default: none.
    pub function_macros: Vec<FunctionMacro>,
}

/// One gibibyte: a tree takes some fifteen bytes for each byte of ordinary code, and up to three hundred where every other byte
/// is a statement.
pub const DEFAULT_MAX_TREE_BYTES: u64 = 1 << 30;

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            ast: AstMode::default(),
            store_source: false,
            max_tree_bytes: DEFAULT_MAX_TREE_BYTES,
            function_macros: Vec::new(),
        }
    }
}

/// One parsed file: a pure function of its bytes, its language and the options. Nothing in it depends on the path
/// (`facts.path` is empty, file flags that follow from the path are unset); references are unresolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedFile {
    /// The facts.
    pub facts: TransformedAst,
    /// Names that the file declares without defining them.
    pub declarations: Vec<Declaration>,
    /// Variables that functions or the file's top level bind. They shadow what linking would otherwise take a name for.
    pub locals: Vec<Local>,
    /// Names under which the file offers its definitions, where the definition alone does not say it.
    pub exports: Vec<Export>,
    /// Indices of functions whose names mean nothing in the scope around them: properties of objects (`{ f() {} }`,
    /// `o.f = …`), and function expressions that are bound to nothing.
    pub unscoped: Vec<u32>,
    /// Where imports stand that do not hold for the whole file, by their indices.
    pub import_places: Vec<ImportPlace>,
}

/// A variable, bound by a function's body or by the file's top level: `x = …`, `let x`, `for x in`, `Foo x`. In C only
/// pointers to functions. Parameters are none. What a definition or an import names is a variable as well where the language lets it be bound again and it is
/// (Python, JavaScript); it has no type then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Local {
    /// Index of the innermost function that binds it; none at the file's top level (and not in a class's body).
    pub function: Option<u32>,
    /// The name.
    pub name: String,
    /// The declared type, or that of the object made (`x = new Foo()`, `var x = new Foo()`).
    pub type_name: Option<String>,
    /// Bound by a function without a name, or a comprehension, inside: a name of the same spelling around it stays.
    pub is_inner: bool,
}

/// `export { local as name }`, `export default local` and `module.exports = local` (name `default`),
/// `exports.name = local` of a name that stands for a definition or an import of the same file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The name outside.
    pub name: String,
    /// The name inside.
    pub local: String,
}

/// Where an import stands that does not hold for the whole file: in a function, a class, a module inside the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlace {
    /// Index of the import.
    pub import: u32,
    /// Index of the innermost function around it.
    pub function: Option<u32>,
    /// The qualified name of what is around it.
    pub qualifier: String,
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
    /// Variables of the file's top level with their types, empty where none is known.
    pub variables: Vec<(String, String)>,
    /// Those of these variables that only functions without a name, comprehensions and blocks bind, inside themselves.
    pub inner_variables: Vec<String>,
    /// Names under which the file offers its definitions.
    pub exports: Vec<Export>,
    /// Imports as written.
    pub imports: Vec<Import>,
    /// Where imports stand that do not hold for the whole file, by their indices.
    pub import_places: Vec<ImportPlace>,
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
    /// Whether its name means nothing in the scope around it.
    pub is_unscoped: bool,
    /// Whether it is a member of its class, not of an object of it.
    pub is_static: bool,
    /// Declared without a body, `virtual`, or `override`.
    pub is_virtual: bool,
    /// Number of parameters.
    pub parameter_count: u32,
    /// Whether the last positional parameter takes any number of arguments.
    pub is_variadic: bool,
    /// Parameters and local variables with their types, empty where none is known.
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
    /// Whether it is one of several definitions that make the class (`partial` in C#).
    pub is_partial: bool,
    /// Types of the fields by name, where declared.
    pub typed_names: Vec<(String, String)>,
    /// Who may use each of these fields, in their order.
    pub field_visibilities: Vec<Visibility>,
}

/// The variables of the top level that are bound inside a part of it alone.
fn inner_variables(locals: &[Local]) -> Vec<String> {
    let of_top = |is_inner: bool| {
        locals.iter().filter(move |local| local.function.is_none() && local.is_inner == is_inner)
    };
    let mut inner: BTreeSet<&str> = of_top(true).map(|local| local.name.as_str()).collect();
    if !inner.is_empty() {
        of_top(false).for_each(|local| {
            inner.remove(local.name.as_str());
        });
    }
    inner.into_iter().map(str::to_owned).collect()
}

/// Whether a parameter that is a pattern (`{ a, b: c }`) may bind a name.
pub(crate) fn is_in_pattern(pattern: &str, name: &str) -> bool {
    pattern.starts_with(['{', '['])
        && pattern.split(|c: char| c != '_' && c != '$' && !c.is_alphanumeric()).any(|word| word == name)
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
            is_local: function.class.is_none()
                && function.modifiers.iter().any(|modifier| modifier == "static"),
            is_unscoped: false,
            is_static: function.is_static,
            is_virtual: function.is_abstract
                || function.modifiers.iter().any(|modifier| modifier == "virtual" || modifier == "override"),
            parameter_count: function.parameters.len() as u32,
            is_variadic: function.parameters.iter().any(|p| p.kind == ParameterKind::Variadic),
            typed_names: function
                .parameters
                .iter()
                .map(|parameter| (parameter.name.clone(), parameter.type_name.clone().unwrap_or_default()))
                .collect(),
        });
        let mut functions: Vec<FunctionSymbol> = functions.collect();
        for index in self.unscoped {
            if let Some(function) = functions.get_mut(index as usize) {
                function.is_unscoped = true;
            }
        }
        let inner_variables = inner_variables(&self.locals);
        let mut variables = Vec::new();
        for Local { function, name, type_name, .. } in self.locals {
            let names = match function {
                Some(index) => functions.get_mut(index as usize).map(|function| &mut function.typed_names),
                None => Some(&mut variables),
            };
            if let Some(names) = names {
                names.push((name, type_name.unwrap_or_default()));
            }
        }
        let classes = self.facts.classes.iter().map(|class| ClassSymbol {
            kind: class.kind,
            name: class.name.clone(),
            qualified_name: class.qualified_name.clone(),
            symbol: class.symbol,
            outer: class.outer,
            function: class.function,
            visibility: class.visibility,
            is_partial: class.modifiers.iter().any(|modifier| modifier == "partial"),
            typed_names: class
                .fields
                .iter()
                .filter_map(|field| Some((field.name.clone(), field.type_name.clone()?)))
                .collect(),
            field_visibilities: { class.fields.iter().filter(|field| field.type_name.is_some()) }
                .map(|field| field.visibility)
                .collect(),
        });
        let linkable = Linkable {
            namespace: self.facts.namespace.clone(),
            functions,
            classes: classes.collect(),
            declarations: self.declarations,
            variables,
            inner_variables,
            exports: self.exports,
            import_places: self.import_places,
            imports: std::mem::take(&mut self.facts.imports),
            bases: std::mem::take(&mut self.facts.bases),
            calls: std::mem::take(&mut self.facts.calls),
        };
        (self.facts, linkable)
    }
}
