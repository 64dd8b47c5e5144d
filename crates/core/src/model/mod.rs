//! The facts: all that one source file says, independent of any backend and of the repository that holds it.
//!
//! Facts refer to entities of their own file by index, and to those of other files by [`Target`]. Lines count from 1,
//! columns from 1 in bytes, as editors and compilers count them.
//!
//! Every type reads and writes JSON (one object a file: the interchange format of `snake-pipe extract` and
//! `load --facts`) and compact binary formats. All fields but a file's `path` have defaults in JSON.

mod class;
mod file;
mod function;
mod reference;

pub use class::{Class, ClassKind, Field};
pub use file::{
    Comment, CommentKind, FileFlags, IssueKind, LineCounts, Metric, MetricType, ParseIssue, ParseStatus,
    TransformedAst,
};
pub use function::{Annotation, Function, FunctionKind, Owner, Parameter, ParameterKind, Visibility};
pub use reference::{
    Base, BaseKind, Call, CallKind, Dependency, DependencyType, Entity, Import, ImportKind, Origin,
    Resolution, ResolutionStatus, Target,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place in a source file, from its first to just behind its last byte. All zero where a producer does not know it;
/// such a span is stored as NULL.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(default, deny_unknown_fields)]
pub struct Span {
    /// First line, from 1.
    pub line_start: u32,
    /// Last line, from 1.
    pub line_end: u32,
    /// Column of the first byte, from 1.
    pub column_start: u32,
    /// Column behind the last byte, from 1.
    pub column_end: u32,
}

impl Span {
    /// Whether the producer knew the place.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.line_start > 0
    }
}

/// Declares an enum whose variants are stored as fixed words, the same in JSON and in databases.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}
pub(crate) use words;
