//! What a name stands for, as far as linking knows it.

use serde::{Deserialize, Serialize};
use snake_pipe_core::model::{Entity, Origin, Resolution, Target};

use super::LinkIndex;

/// A function or class by file and index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SymbolRef {
    pub(super) file: u32,
    pub(super) index: u32,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Meaning {
    /// Not known, or not certain.
    #[default]
    Unknown,
    /// A file of the repository, as a module.
    File(u32),
    /// A directory of the repository, as a module without a file of its own.
    Directory(u32),
    /// A function or macro.
    Function(SymbolRef),
    /// A class, interface or other type.
    Class(SymbolRef),
    /// One of several things.
    Several(u32),
    /// Something outside the repository.
    External,
    /// Something of the standard library.
    Stdlib,
}

/// What a name stands for, and the rule that said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) meaning: Meaning,
    pub(super) origin: Origin,
}

impl Found {
    pub(super) const UNKNOWN: Self = Self { meaning: Meaning::Unknown, origin: Origin::None };
    pub(super) const STDLIB: Self = Self { meaning: Meaning::Stdlib, origin: Origin::StdlibList };

    pub(super) const fn new(meaning: Meaning, origin: Origin) -> Self {
        Self { meaning, origin }
    }

    pub(super) fn is_known(self) -> bool {
        self.meaning != Meaning::Unknown
    }

    /// The same meaning, found by another rule; nothing stays nothing.
    pub(super) fn by(self, origin: Origin) -> Self {
        if self.is_known() { Self { origin, ..self } } else { self }
    }

    /// This, or what `other` finds where this is nothing.
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_known() { self } else { other() }
    }
}

/// The different meanings that were found for one name.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    found: Vec<Found>,
}

impl Candidates {
    /// Adds what was found; nothing, and what is there already, changes nothing.
    pub(super) fn add(&mut self, found: Found) {
        if found.is_known() && !self.found.iter().any(|other| other.meaning == found.meaning) {
            self.found.push(found);
        }
    }

    /// Nothing, the only meaning, or how many there are.
    pub(super) fn decide(&self) -> Found {
        match self.found.as_slice() {
            [] => Found::UNKNOWN,
            [only] => *only,
            [first, ..] => {
                let several = self.found.iter().map(|found| match found.meaning {
                    Meaning::Several(count) => count,
                    _ => 1,
                });
                Found::new(Meaning::Several(several.sum()), first.origin)
            }
        }
    }
}

/// Which meanings a kind of reference accepts as its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// A file or a symbol: an import.
    Anything,
    /// A class: a base.
    Classes,
    /// A function, or a class that makes an object: a call.
    Callables,
}

impl LinkIndex {
    /// A reference's resolution, from what its name stands for.
    pub(super) fn resolution(&self, found: Found, accepts: Accepts) -> Resolution {
        let Found { meaning, origin } = found;
        let symbol = |symbol: SymbolRef, entity| {
            Resolution::resolved(Target { file: self.paths.key(symbol.file), entity }, origin)
        };
        match meaning {
            Meaning::Unknown | Meaning::Directory(_) => Resolution::default(),
            Meaning::External => Resolution::external(origin),
            Meaning::Stdlib => Resolution::stdlib(origin),
            Meaning::Several(count) => Resolution::ambiguous(count, origin),
            Meaning::File(file) if accepts == Accepts::Anything => {
                Resolution::resolved(Target { file: self.paths.key(file), entity: Entity::File }, origin)
            }
            Meaning::Function(function) if accepts != Accepts::Classes => {
                symbol(function, Entity::Function(self.function(function).symbol))
            }
            Meaning::Class(class) => symbol(class, Entity::Class(self.class(class).symbol)),
            Meaning::File(_) | Meaning::Function(_) => Resolution::default(),
        }
    }
}
