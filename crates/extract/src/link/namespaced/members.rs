//! Members of types: their own, wherever these are defined, and those of their bases.

use snake_pipe_core::{
    Language,
    model::{FunctionKind, Origin},
};

use super::Place;
use crate::link::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    qualified::{Definition, class_of, decide},
    symbols::Local,
};

/// More types than these are not looked through for a member.
const MAX_TYPES: usize = 200;

/// What functions are looked up by.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) argument_count: u32,
}

impl LinkIndex {
    /// The method of a class: its own, or that of the nearest base that has one. Nothing where a base that is not known
    /// stands before it.
    pub(super) fn namespaced_method(&self, place: Place<'_>, class: SymbolRef, wanted: Wanted<'_>) -> Found {
        self.method_of(place, vec![class], Origin::Member, wanted)
    }

    /// The method that a class has from its bases.
    pub(super) fn namespaced_inherited(
        &self,
        place: Place<'_>,
        class: SymbolRef,
        wanted: Wanted<'_>,
    ) -> Found {
        match self.bases_of(place, &[class]) {
            Some(bases) => self.method_of(place, bases, Origin::Inherited, wanted),
            None => Found::UNKNOWN,
        }
    }

    fn method_of(
        &self,
        place: Place<'_>,
        classes: Vec<SymbolRef>,
        origin: Origin,
        wanted: Wanted<'_>,
    ) -> Found {
        let (mut level, mut origin, mut seen) = (classes, origin, Vec::new());
        while !level.is_empty() && seen.len() < MAX_TYPES {
            let mut candidates = Candidates::default();
            for class in &level {
                candidates.add(self.own_method(place, *class, wanted, origin));
            }
            let found = candidates.decide();
            if found.is_known() {
                return found;
            }
            let Some(next) = self.bases_of(place, &level) else { return Found::UNKNOWN };
            seen.extend(level);
            level = next.into_iter().filter(|class| !seen.contains(class)).collect();
            origin = Origin::Inherited;
        }
        Found::UNKNOWN
    }

    /// The method that a class itself has, by name; one that takes fewer arguments is not meant.
    fn own_method(&self, place: Place<'_>, class: SymbolRef, wanted: Wanted<'_>, origin: Origin) -> Found {
        if self.paths.language(class.file) != place.rules.language {
            return match self.names.get(wanted.name) {
                Some(name) => {
                    self.defined(class.file, crate::link::symbols::Scope::Class(class.index), name, origin)
                }
                None => Found::UNKNOWN,
            };
        }
        let Some(container) = self.container_of_class(class, place.rules.separator) else {
            return Found::UNKNOWN;
        };
        let definitions = self.definitions_in(place, self.names.text(container), wanted.name);
        let is_method = |definition: &Definition| match definition.local {
            Local::Function(index) => {
                let function = self.function(SymbolRef { file: definition.file, index });
                matches!(
                    function.kind,
                    FunctionKind::Method | FunctionKind::Function | FunctionKind::Operator
                ) && self.takes(*definition, wanted.argument_count)
            }
            Local::Class(_) => false,
        };
        decide(definitions.into_iter().filter(is_method), origin)
    }

    /// Whether a function can take this number of arguments; some may have defaults.
    pub(super) fn takes(&self, definition: Definition, argument_count: u32) -> bool {
        let Local::Function(index) = definition.local else { return true };
        let function = self.function(SymbolRef { file: definition.file, index });
        function.is_variadic || u32::from(function.parameter_count) >= argument_count
    }

    /// The bases of these classes, of all their parts; none where one is not known. What Java's and other standard libraries
    /// have brings members of unknown names.
    fn bases_of(&self, place: Place<'_>, classes: &[SymbolRef]) -> Option<Vec<SymbolRef>> {
        let mut all = Vec::new();
        for class in classes {
            for part in self.parts_of(place, *class) {
                let file = part.file as usize;
                let bases = self.symbols[file].bases.iter().zip(self.bases.get(file)?);
                for (_, found) in bases.filter(|(base, _)| base.class == part.index) {
                    all.push(class_of(*found)?);
                }
            }
        }
        Some(all)
    }

    /// All definitions of a class that is defined in parts.
    fn parts_of(&self, place: Place<'_>, class: SymbolRef) -> Vec<SymbolRef> {
        if !self.class(class).is_partial {
            return vec![class];
        }
        let symbols = &self.symbols[class.file as usize];
        let container = symbols.container(Local::Class(class.index)).map_or("", |name| self.names.text(name));
        let parts = self.definitions_in(place, container, self.names.text(self.class(class).name));
        let parts = parts.into_iter().filter_map(|definition| match definition.local {
            Local::Class(index) => Some(SymbolRef { file: definition.file, index }),
            Local::Function(_) => None,
        });
        parts.collect()
    }

    /// Whether a class has a method of this name with any number of arguments, or may have one from a base that is not known.
    pub(super) fn may_have(&self, place: Place<'_>, class: SymbolRef, name: &str) -> bool {
        let (mut level, mut seen) = (vec![class], Vec::new());
        while !level.is_empty() && seen.len() < MAX_TYPES {
            let wanted = Wanted { name, argument_count: 0 };
            if level.iter().any(|class| self.own_method(place, *class, wanted, Origin::Member).is_known()) {
                return true;
            }
            let Some(next) = self.bases_of(place, &level) else { return true };
            seen.extend(level);
            level = next.into_iter().filter(|class| !seen.contains(class)).collect();
        }
        false
    }

    /// What making an object of a class calls: the constructor that takes so many arguments, or else the class.
    pub(super) fn namespaced_constructed(
        &self,
        place: Place<'_>,
        found: Found,
        argument_count: u32,
    ) -> Found {
        let Meaning::Class(class) = found.meaning else { return found };
        if !place.rules.has_constructor_functions {
            return found;
        }
        let container = self.container_of_class(class, place.rules.separator);
        let name = self.names.text(self.class(class).name);
        let constructors = container
            .map_or_else(Vec::new, |container| self.definitions_in(place, self.names.text(container), name));
        let is_meant = |definition: &Definition| match definition.local {
            Local::Function(index) => {
                let function = self.function(SymbolRef { file: definition.file, index });
                function.kind == FunctionKind::Constructor
                    && !(function.is_static && place.rules.language == Language::CSharp)
                    && self.takes(*definition, argument_count)
            }
            Local::Class(_) => false,
        };
        decide(constructors.into_iter().filter(is_meant), found.origin).or_else(|| found)
    }

    /// The declared type of a field that a class has, its own or inherited, where the class stands that declares it.
    pub(super) fn namespaced_field(&self, place: Place<'_>, class: SymbolRef, name: &str) -> Option<Found> {
        let (mut level, mut seen) = (vec![class], Vec::new());
        while !level.is_empty() && seen.len() < MAX_TYPES {
            for class in &level {
                for part in self.parts_of(place, *class) {
                    if let Some(type_name) = self.field_type(part, name) {
                        let scope = crate::link::symbols::Scope::Class(part.index);
                        let there = Place { file: part.file, scope, ..place };
                        return Some(self.type_named(there, self.namespace_of(part), type_name));
                    }
                }
            }
            let next = self.bases_of(place, &level)?;
            seen.extend(level);
            level = next.into_iter().filter(|class| !seen.contains(class)).collect();
        }
        None
    }
}
