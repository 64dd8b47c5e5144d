//! References: what the source said, and separately what it was resolved to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;
use crate::id::{FileKey, SymbolKey};

words! {
    /// How certain a reference's target is.
    ResolutionStatus {
        /// Nothing that fits was found, or nobody looked.
        #[default]
        Unresolved = "unresolved",
        /// Exactly one target, certain by the language's rules; it is in this repository.
        Resolved = "resolved",
        /// Several targets fit; none is chosen.
        Ambiguous = "ambiguous",
        /// In a package outside the repository.
        External = "external",
        /// In the language's standard library or run-time system.
        Stdlib = "stdlib",
    }
}

words! {
    /// Which rule decided about a reference.
    Origin {
        /// None did.
        #[default]
        None = "none",
        /// A definition in an enclosing scope of the same file.
        Scope = "scope",
        /// A member of the enclosing class, through `self`, `this` or no receiver.
        Member = "member",
        /// A member that a resolved base class defines.
        Inherited = "inherited",
        /// A name that an import brings into the file.
        Import = "import",
        /// The same package, whose files see each other without an import.
        Package = "package",
        /// A declaration in an included file.
        Include = "include",
        /// A path written in the source, relative to the file or a configured root.
        Path = "path",
        /// A configured alias of paths.
        Alias = "alias",
        /// A list of the names of the standard library.
        StdlibList = "stdlib_list",
        /// The producer of the facts said so.
        Producer = "producer",
    }
}

/// The target of a resolved reference, in a file of the same repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The file.
    pub file: FileKey,
    /// What in it.
    #[serde(default)]
    pub entity: Entity,
}

/// A file as a whole, or a symbol in it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Entity {
    /// The file itself.
    #[default]
    File,
    /// A function of the file.
    Function(SymbolKey),
    /// A class of the file.
    Class(SymbolKey),
}

/// What a reference was resolved to. A target is there exactly when the status is `resolved`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resolution {
    /// How certain.
    pub status: ResolutionStatus,
    /// By which rule.
    pub origin: Origin,
    /// The target.
    pub target: Option<Target>,
    /// How many targets fitted: 1 when resolved, ≥2 when ambiguous, else 0.
    pub candidates: u32,
}

impl Resolution {
    /// Resolved to `target` by `origin`.
    #[must_use]
    pub const fn resolved(target: Target, origin: Origin) -> Self {
        Self { status: ResolutionStatus::Resolved, origin, target: Some(target), candidates: 1 }
    }

    /// Several targets fit.
    #[must_use]
    pub const fn ambiguous(candidates: u32, origin: Origin) -> Self {
        Self { status: ResolutionStatus::Ambiguous, origin, target: None, candidates }
    }

    /// In a package outside the repository.
    #[must_use]
    pub const fn external(origin: Origin) -> Self {
        Self { status: ResolutionStatus::External, origin, target: None, candidates: 0 }
    }

    /// In the standard library.
    #[must_use]
    pub const fn stdlib(origin: Origin) -> Self {
        Self { status: ResolutionStatus::Stdlib, origin, target: None, candidates: 0 }
    }
}

words! {
    /// The form of an import.
    ImportKind {
        /// Of a whole module, package or namespace.
        #[default]
        Module = "module",
        /// Of one name from a module.
        Name = "name",
        /// Of all names from a module.
        Wildcard = "wildcard",
        /// Textual inclusion of a file.
        Include = "include",
        /// Export of another module's name.
        ReExport = "re_export",
        /// A call at run time (`require(…)`, `import(…)`) with a literal argument.
        Dynamic = "dynamic",
    }
}

/// An import of one name, or of one module as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Import {
    /// The form.
    pub kind: ImportKind,
    /// The statement as written, white space folded, cut at 1,000 bytes.
    pub raw: String,
    /// The module as written, without quotes or brackets; leading dots kept.
    pub module: String,
    /// The name taken from it.
    pub name: Option<String>,
    /// The name given to it here, where it differs.
    pub alias: Option<String>,
    /// Whether the module is given relative to the importing file.
    pub is_relative: bool,
    /// Whether types alone are imported.
    pub is_type_only: bool,
    /// Whether a system search path was asked for (`#include <…>`).
    pub is_system: bool,
    /// Line, from 1; 0 where unknown.
    pub line: u32,
    /// Column, from 1; 0 where unknown.
    pub column: u32,
    /// The file, or the symbol in it, that it was resolved to.
    pub resolution: Resolution,
}

words! {
    /// How a class takes after another.
    BaseKind {
        /// Inherits from it.
        #[default]
        Extends = "extends",
        /// Implements it.
        Implements = "implements",
        /// Mixes it in.
        Mixin = "mixin",
        /// Embeds it (Go).
        Embeds = "embeds",
    }
}

/// A base class or interface that a class names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Base {
    /// Index of the class, in `classes`.
    pub class: u32,
    /// How it takes after the base.
    pub kind: BaseKind,
    /// The base as written, type arguments included.
    pub text: String,
    /// The base's name as written, without type arguments (`abc.ABC`).
    pub name: String,
    /// Line, from 1; 0 where unknown.
    pub line: u32,
    /// The class that it was resolved to.
    pub resolution: Resolution,
}

words! {
    /// The form of a call.
    CallKind {
        /// Of a bare or module-qualified name.
        #[default]
        Function = "function",
        /// Of a member of something.
        Method = "method",
        /// That makes an object (`new X()`, `X()` where X is a class of this file).
        Constructor = "constructor",
        /// Of a macro, where the syntax tells (`x!()`).
        Macro = "macro",
    }
}

/// A call site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Call {
    /// The form.
    pub kind: CallKind,
    /// Index of the innermost enclosing function, in `functions`; none at the top level of the file or a class.
    pub function: Option<u32>,
    /// The last name of the callee (`insert` in `d.insert()`); never empty.
    pub name: String,
    /// The callee as written, white space folded, cut at 200 bytes; none where it is the name.
    pub text: Option<String>,
    /// Number of arguments written.
    pub argument_count: u32,
    /// Line of the name, from 1; 0 where unknown.
    pub line: u32,
    /// Column of the name, from 1; 0 where unknown.
    pub column: u32,
    /// The function, macro or class that it was resolved to.
    pub resolution: Resolution,
}

words! {
    /// The type of a dependency between files.
    DependencyType {
        /// The source imports the target.
        #[default]
        Import = "import",
        /// A class inherits from one of the target.
        Inheritance = "inheritance",
        /// A class implements an interface of the target.
        InterfaceImplementation = "interface_implementation",
        /// A class has a field of a type of the target.
        Composition = "composition",
        /// A call of a function of the target.
        FunctionCall = "function_call",
        /// A call of a method of the target.
        MethodCall = "method_call",
        /// Data of the target is used.
        DataDependency = "data_dependency",
    }
}

impl DependencyType {
    /// Whether dependencies of this type follow from imports, bases and calls. Others come from their producer alone.
    #[must_use]
    pub const fn follows_from_sites(self) -> bool {
        match self {
            Self::Import
            | Self::Inheritance
            | Self::InterfaceImplementation
            | Self::FunctionCall
            | Self::MethodCall => true,
            Self::Composition | Self::DataDependency => false,
        }
    }
}

/// What the file depends on: another file of the repository, or a module that is not in it. Derived from the sites.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dependency {
    /// The type.
    #[serde(rename = "type")]
    pub dependency_type: DependencyType,
    /// The file it depends on; exactly when the status is `resolved`.
    pub target: Option<FileKey>,
    /// The module as written, where it is not a file of the repository.
    pub module: Option<String>,
    /// Status of the sites it is derived from.
    pub status: ResolutionStatus,
    /// Between 0 and 1: how much of all such sites of the file this target has.
    pub strength: f64,
    /// Number of sites.
    pub count: u32,
    /// Line of the first site; 0 where unknown.
    pub line: u32,
}
