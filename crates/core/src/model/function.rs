//! Functions and what belongs to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Span, words};
use crate::{id::SymbolKey, json::JsonText};

words! {
    /// What kind of function it is.
    FunctionKind {
        /// Belongs to no class.
        #[default]
        Function = "function",
        /// Belongs to a class.
        Method = "method",
        /// Makes an object of its class.
        Constructor = "constructor",
        /// Ends an object of its class.
        Destructor = "destructor",
        /// Reads or writes a property (`get`, `set`, accessors).
        Accessor = "accessor",
        /// An operator that the class defines.
        Operator = "operator",
        /// A closure, lambda or arrow function that is bound to a name; it bears the binding's name.
        Closure = "closure",
        /// A function-like macro.
        Macro = "macro",
    }
}

words! {
    /// Who may use a definition, as the source says or its language's default has it.
    Visibility {
        /// Not known, or the language has no such idea.
        #[default]
        Unspecified = "unspecified",
        /// Everyone.
        Public = "public",
        /// The class and its heirs.
        Protected = "protected",
        /// The package, module, crate or assembly.
        Internal = "internal",
        /// The class or file alone.
        Private = "private",
    }
}

/// A function that has a body, or is declared abstract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Function {
    /// What kind of function it is.
    pub kind: FunctionKind,
    /// The bare name.
    pub name: String,
    /// The name with what encloses it, parts separated by `.` (`::` in Rust and C++).
    pub qualified_name: String,
    /// Number among the functions of this file with the same kind and qualified name, from 0, in source order.
    pub ordinal: u32,
    /// Identity within the file, from kind, qualified name and ordinal; derived where it is left out.
    pub symbol: SymbolKey,
    /// Index of the class it belongs to, in `classes`.
    pub class: Option<u32>,
    /// Index of the function that encloses it, in `functions`; always a smaller one.
    pub parent: Option<u32>,
    /// Where it stands, decorators excluded.
    pub span: Span,
    /// The head as the source has it, white space folded.
    pub signature: Option<String>,
    /// Parameters in order; a receiver such as `self` counts where it is written.
    pub parameters: Vec<Parameter>,
    /// The declared return type.
    pub return_type: Option<String>,
    /// The documentation that stands with it, marks removed.
    pub doc_string: Option<String>,
    /// Who may use it.
    pub visibility: Visibility,
    /// Modifiers as written, in source order (`static`, `async`, `unsafe`, …).
    pub modifiers: Vec<String>,
    /// Declared without a body.
    pub is_abstract: bool,
    /// Belongs to the class, not to its objects.
    pub is_static: bool,
    /// Asynchronous.
    pub is_async: bool,
    /// A test, by the conventions of its language.
    pub is_test: bool,
    /// Seen outside its file or module by the rule of its language: `pub`, `export`, a capital letter, no `static`, …
    pub is_exported: bool,
    /// Called from outside the code: `main`, and what run-times and frameworks call by its name or annotation.
    pub is_entry_point: bool,
    /// Takes the place of a method of a base, or is what a base promises; by its own words, or by what its bases were resolved to.
    pub is_override: bool,
    /// Cyclomatic complexity, from 1.
    pub complexity: Option<u32>,
    /// Cyclomatic complexity as mccabe 0.7 counts it; Python alone.
    pub complexity_mccabe: Option<u32>,
    /// Cyclomatic complexity as radon 6.0 counts it; Python alone.
    pub complexity_radon: Option<u32>,
    /// Cyclomatic complexity as lizard 1.17 counts it; C, C++, Go, Java, JavaScript and Python.
    pub complexity_lizard: Option<u32>,
    /// Cognitive complexity, from 0.
    pub cognitive_complexity: Option<u32>,
    /// Depth of the deepest control structure inside, from 0.
    pub max_nesting: Option<u32>,
    /// Lines with code on them.
    pub code_lines: Option<u32>,
    /// How often the file says its name besides the definitions of that name, comments aside; none where the name is no word.
    pub name_mentions: Option<u32>,
    /// Digest of its text with all names and numbers taken for alike, below 2^53; none for short functions.
    pub body_shape: Option<u64>,
    /// The source text; kept on request only.
    pub source_code: Option<String>,
    /// What a pipeline author adds: a JSON object.
    pub metadata: Option<JsonText>,
}

words! {
    /// How a parameter takes its argument.
    ParameterKind {
        /// The ordinary way of the language.
        #[default]
        Ordinary = "ordinary",
        /// By position only.
        PositionalOnly = "positional_only",
        /// By name only.
        KeywordOnly = "keyword_only",
        /// The rest of the positional arguments (`*args`, `...rest`, `T...`).
        Variadic = "variadic",
        /// The rest of the named arguments (`**kwargs`).
        KeywordVariadic = "keyword_variadic",
        /// The object itself (`self`, `this`, a Go receiver).
        Receiver = "receiver",
    }
}

/// A parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameter {
    /// The name; a pattern's text where there is no single name; empty where the source gives none.
    pub name: String,
    /// The declared type.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// The default value's text.
    pub default_value: Option<String>,
    /// How it takes its argument.
    pub kind: ParameterKind,
}

/// What an annotation stands at: an index into `functions` or `classes`, or the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The file itself.
    #[default]
    File,
    /// A function, by index.
    Function(u32),
    /// A class, by index.
    Class(u32),
}

/// An annotation, attribute or decorator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Annotation {
    /// What it stands at.
    pub owner: Owner,
    /// The name without marks (`app.route`, `Override`, `derive`).
    pub name: String,
    /// The text between its parentheses.
    pub arguments: Option<String>,
    /// Where it stands.
    pub span: Span,
}
