//! Classes and what they take from their bases.

use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    Language,
    model::{BaseKind, Origin},
};

use super::{
    LinkIndex,
    meaning::{Found, Meaning, SymbolRef},
    names::Name,
    symbols::{BaseEntry, ClassEntry, FunctionEntry, Local, Scope},
};

/// A hierarchy of more classes than this, counted along all ways, is not followed to its end: cycles end here.
const MAX_CLASSES: usize = 300;

/// Bases of standard libraries that bring no members anybody calls by a bare name.
const MEMBERLESS: [&str; 9] = [
    "ABC",
    "Cloneable",
    "Generic",
    "Protocol",
    "Serializable",
    "abc.ABC",
    "object",
    "typing.Generic",
    "typing.Protocol",
];

/// A class in the order in which members are looked up, or one that is not in the repository or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ancestor {
    Known(SymbolRef),
    Unknown,
}

impl LinkIndex {
    pub(super) fn function(&self, function: SymbolRef) -> &FunctionEntry {
        &self.symbols[function.file as usize].functions[function.index as usize]
    }

    pub(super) fn class(&self, class: SymbolRef) -> &ClassEntry {
        &self.symbols[class.file as usize].classes[class.index as usize]
    }

    /// The definitions named `name` directly in a scope of a file, as one meaning.
    pub(super) fn defined(&self, file: u32, scope: Scope, name: Name, origin: Origin) -> Found {
        let mut members = self.symbols[file as usize].members(scope, name);
        let meaning = match (members.len(), members.next()) {
            (1, Some(local)) => meaning_of(file, local),
            (0, _) | (_, None) => return Found::UNKNOWN,
            (count, Some(_)) => Meaning::Several(count as u32),
        };
        Found::new(meaning, origin)
    }

    /// The bases from which a class takes members, in source order.
    fn bases_with_members(&self, class: SymbolRef) -> Vec<Ancestor> {
        let file = class.file as usize;
        let entries = self.symbols[file].bases.iter().zip(&self.bases[file]);
        let own = entries.filter(|(base, _)| base.class == class.index);
        own.filter_map(|(base, found)| self.ancestor(class, base, found.meaning)).collect()
    }

    /// None for a base that brings no members: one without any, or what JavaScript's classes merely promise to have.
    fn ancestor(&self, class: SymbolRef, base: &BaseEntry, meaning: Meaning) -> Option<Ancestor> {
        let is_promise = base.kind == BaseKind::Implements;
        match meaning {
            _ if is_promise && self.paths.language(class.file) != Language::Java => None,
            Meaning::Class(base) if base != class => Some(Ancestor::Known(base)),
            Meaning::Stdlib if base.name.is_some_and(|name| MEMBERLESS.contains(&self.names.text(name))) => {
                None
            }
            _ if is_promise => None,
            _ => Some(Ancestor::Unknown),
        }
    }

    /// The bases of a class, theirs among them, in the order in which a member is looked up: Python's C3 linearisation
    /// (<https://docs.python.org/3/howto/mro.html>), which for single inheritance is the chain of bases.
    pub(super) fn ancestors(&self, class: SymbolRef) -> &[Ancestor] {
        // While bases themselves are being resolved there are none to see.
        let of_file = self.ancestors.get(class.file as usize).map_or(&[][..], |of_file| of_file);
        of_file.get(class.index as usize).map_or(&[], |ancestors| ancestors)
    }

    /// The ancestors of every class of a file; none at all where no class has a base.
    pub(super) fn ancestors_in(&self, file: u32) -> Box<[Box<[Ancestor]>]> {
        let symbols = &self.symbols[file as usize];
        if symbols.bases.is_empty() {
            return Box::default();
        }
        let classes = 0..symbols.classes.len() as u32;
        classes
            .map(|index| self.linearise(SymbolRef { file, index }, &mut { MAX_CLASSES })[1..].into())
            .collect()
    }

    fn linearise(&self, class: SymbolRef, budget: &mut usize) -> Vec<Ancestor> {
        let bases = self.bases_with_members(class);
        let mut lists = Vec::with_capacity(bases.len() + 1);
        for base in &bases {
            lists.push(match base {
                Ancestor::Known(base) if *budget > 0 => {
                    *budget -= 1;
                    self.linearise(*base, budget)
                }
                Ancestor::Known(_) | Ancestor::Unknown => vec![Ancestor::Unknown],
            });
        }
        lists.push(bases);
        let mut order = vec![Ancestor::Known(class)];
        merge(&mut order, lists);
        order
    }

    /// The class that a class extends.
    pub(super) fn superclass(&self, class: SymbolRef) -> Found {
        let file = class.file as usize;
        let mut entries = self.symbols[file].bases.iter().zip(&self.bases[file]);
        let base = entries.find(|(base, _)| base.class == class.index && base.kind == BaseKind::Extends);
        base.map_or(Found::UNKNOWN, |(_, found)| found.by(Origin::Inherited))
    }

    /// The member `name` of a class: its own, or that of the first base which has one. Nothing where a base that is not
    /// known stands before it.
    pub(super) fn member(&self, class: SymbolRef, name: Name) -> Found {
        let own = self.defined(class.file, Scope::Class(class.index), name, Origin::Member);
        own.or_else(|| self.inherited(class, name))
    }

    /// The member `name` that a class has from its bases.
    pub(super) fn inherited(&self, class: SymbolRef, name: Name) -> Found {
        for ancestor in self.ancestors(class) {
            let Ancestor::Known(base) = ancestor else { return Found::UNKNOWN };
            let found = self.defined(base.file, Scope::Class(base.index), name, Origin::Inherited);
            if found.is_known() {
                return found;
            }
        }
        Found::UNKNOWN
    }
}

pub(super) const fn meaning_of(file: u32, local: Local) -> Meaning {
    match local {
        Local::Function(index) => Meaning::Function(SymbolRef { file, index }),
        Local::Class(index) => Meaning::Class(SymbolRef { file, index }),
    }
}

/// The merge of C3: the first head that stands in no other list's tail goes next. Where there is none the hierarchy is
/// inconsistent, and what follows unknown. Unknown classes are all taken for different ones.
fn merge(order: &mut Vec<Ancestor>, mut lists: Vec<Vec<Ancestor>>) {
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return;
        }
        let in_a_tail = |head: &Ancestor| lists.iter().any(|list| list[1..].contains(head));
        let next =
            lists.iter().map(|list| list[0]).find(|head| *head == Ancestor::Unknown || !in_a_tail(head));
        let Some(next) = next else {
            order.push(Ancestor::Unknown);
            return;
        };
        order.push(next);
        if next == Ancestor::Unknown {
            // Behind it nothing is certain.
            return;
        }
        for list in &mut lists {
            if list[0] == next {
                list.remove(0);
            }
        }
    }
}
