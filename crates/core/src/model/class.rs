//! Classes and their fields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Span, Visibility, words};
use crate::{id::SymbolKey, json::JsonText};

words! {
    /// What kind of type it is.
    ClassKind {
        /// A class.
        #[default]
        Class = "class",
        /// An interface or protocol.
        Interface = "interface",
        /// A trait or mixin.
        Trait = "trait",
        /// A struct.
        Struct = "struct",
        /// A union of C, C++ or Rust.
        Union = "union",
        /// An enumeration.
        Enum = "enum",
        /// A record or data class.
        Record = "record",
        /// A singleton or companion object.
        Object = "object",
        /// A type of annotations.
        Annotation = "annotation",
        /// A named alias of another type.
        TypeAlias = "type_alias",
    }
}

/// A type with members, or a name for one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Class {
    /// What kind of type it is.
    pub kind: ClassKind,
    /// The bare name.
    pub name: String,
    /// The name with what encloses it, parts separated by `.` (`::` in Rust and C++).
    pub qualified_name: String,
    /// Number among the classes of this file with the same kind and qualified name, from 0, in source order.
    pub ordinal: u32,
    /// Identity within the file, from kind, qualified name and ordinal; derived where it is left out.
    pub symbol: SymbolKey,
    /// The package, module or namespace it belongs to.
    pub namespace: Option<String>,
    /// Index of the class that encloses it, in `classes`; always a smaller one.
    pub outer: Option<u32>,
    /// Index of the function that encloses it, in `functions`.
    pub function: Option<u32>,
    /// Where it stands, decorators excluded.
    pub span: Span,
    /// Type parameters as written, without the brackets.
    pub type_parameters: Option<String>,
    /// Fields in source order.
    pub fields: Vec<Field>,
    /// The documentation that stands with it, marks removed.
    pub doc_string: Option<String>,
    /// Who may use it.
    pub visibility: Visibility,
    /// Modifiers as written, in source order.
    pub modifiers: Vec<String>,
    /// Cannot be made an object of.
    pub is_abstract: bool,
    /// Cannot be inherited from.
    pub is_final: bool,
    /// Belongs to no object of the enclosing class.
    pub is_static: bool,
    /// Seen outside its file or module by the rule of its language: `pub`, `export`, a capital letter, …
    pub is_exported: bool,
    /// What a pipeline author adds: a JSON object.
    pub metadata: Option<JsonText>,
}

/// A field, property, enum constant or variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The declared type.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// The initial value's text, cut at 200 bytes.
    pub default_value: Option<String>,
    /// Who may use it.
    pub visibility: Visibility,
    /// Modifiers as written, in source order.
    pub modifiers: Vec<String>,
    /// Belongs to the class, not to its objects.
    pub is_static: bool,
    /// Cannot be assigned again.
    pub is_final: bool,
    /// Line, from 1; 0 where unknown.
    pub line: u32,
}
