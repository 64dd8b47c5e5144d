//! Which function or macro a call of C means.

use rustc_hash::FxHashMap;
use snake_pipe_core::model::{Call, Origin, Resolution};

use super::{closure::Closure, includes::architecture};
use crate::{
    Linkable,
    link::{
        LinkIndex,
        meaning::{Accepts, Candidates, Found, Meaning, SymbolRef},
        names::Name,
        names_in_scope::variable,
        standard,
        symbols::{Local, Scope},
        trace::{Key, note_key},
    },
};

impl LinkIndex {
    /// Resolves the calls of a C file: the same name means the same thing in all of it.
    pub(in crate::link) fn link_c_calls(&self, file: u32, linkable: &Linkable, calls: &mut [Call]) {
        self.c.with_closure(&self.paths, file, |closure| {
            let mut known: FxHashMap<String, Resolution> = FxHashMap::default();
            // A call of a member (`ops->open()`) goes through a pointer.
            for call in calls.iter_mut().filter(|call| call.text.is_none()) {
                let is_pointer = call.function.is_some_and(|f| variable(linkable, f, &call.name).is_some());
                if is_pointer {
                    continue;
                }
                call.resolution = match known.get(call.name.as_str()) {
                    Some(resolution) => *resolution,
                    None => {
                        let found = self.c_function(file, &call.name, closure);
                        let resolution = self.resolution(found, Accepts::Callables);
                        known.insert(call.name.clone(), resolution);
                        resolution
                    }
                };
            }
        });
    }

    fn c_function(&self, file: u32, name: &str, closure: &Closure) -> Found {
        let found = self.names.get(name).map_or(Found::UNKNOWN, |name| {
            self.c_defined_here(file, name).or_else(|| self.c_included(file, name, closure))
        });
        found.or_else(|| match closure.has_standard && standard::c::is_function(name) {
            true => Found::STDLIB,
            false => Found::UNKNOWN,
        })
    }

    /// A function or macro of C that a file of C++ sees, or one of the C library.
    pub(in crate::link) fn c_function_from_elsewhere(
        &self,
        file: u32,
        name: &str,
        closure: &Closure,
    ) -> Found {
        note_key(|| Key::of_name(name));
        let found = self.names.get(name).map_or(Found::UNKNOWN, |name| self.c_included(file, name, closure));
        found.or_else(|| match closure.has_standard && standard::c::is_function(name) {
            true => Found::STDLIB,
            false => Found::UNKNOWN,
        })
    }

    /// A definition of the file itself. Twins under `#if` are several.
    fn c_defined_here(&self, file: u32, name: Name) -> Found {
        let mut candidates = Candidates::default();
        for local in self.symbols[file as usize].members(Scope::Top, name) {
            if let Local::Function(index) = local {
                let function = SymbolRef { file, index };
                candidates.add(Found::new(Meaning::Function(function), Origin::Scope));
            }
        }
        candidates.decide()
    }

    /// Definitions in included files; and where an included file or this one declares the function, those with external
    /// linkage anywhere.
    fn c_included(&self, file: u32, name: Name, closure: &Closure) -> Found {
        let functions = self.c.functions.get(name);
        if functions.is_empty() {
            return Found::UNKNOWN;
        }
        let declares = |file: &u32| closure.contains(*file);
        let is_declared = self.symbols[file as usize].declarations.binary_search(&name).is_ok()
            || self.c.declaring.get(name).iter().any(declares);
        let own = architecture(self.paths.text(file));
        let mut candidates = Candidates::default();
        for visible in functions {
            let is_reached = closure.contains(visible.function.file);
            let is_meant = is_reached || is_declared && visible.is_shared && self.fits(own, visible.function);
            if is_meant {
                candidates.add(Found::new(Meaning::Function(visible.function), Origin::Include));
            }
        }
        candidates.decide()
    }

    /// Code of one architecture is not linked with code of another.
    fn fits(&self, own: Option<&str>, function: SymbolRef) -> bool {
        let other = architecture(self.paths.text(function.file));
        own.is_none() || other.is_none() || own == other
    }
}
