//! Python: modules by path, names by scope, members by C3.
//!
//! Sources: The Python Language Reference 3.11, chapters 4.2 (naming and binding), 5 (the import system), 7.11 (import).

mod calls;
mod modules;

use snake_pipe_core::model::{Import, ImportKind, Origin};

pub(super) use self::modules::Roots;
use self::modules::is_package;
use super::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::{Name, NameCollector},
    names_in_scope::{dotted, is_variable_around},
    standard,
    symbols::{BaseEntry, FileSymbols, ImportEntry, Scope},
};
use crate::Linkable;

/// A query that looks at more names than this is not followed to its end: star imports can form a large graph.
const MAX_NAMES: usize = 2_000;

/// The first pass over a file.
pub(super) fn collect(linkable: &Linkable, names: &NameCollector, symbols: &mut FileSymbols) {
    let import = |import: &Import| ImportEntry {
        kind: import.kind,
        module: names.intern(&import.module),
        name: import.name.as_ref().map(|name| names.intern(name)),
        local: bound_name(import).map(|name| names.intern(name)),
        has_alias: import.alias.is_some(),
    };
    symbols.imports = linkable.imports.iter().map(import).collect();
    let bases = linkable.bases.iter().map(|base| {
        let head = base.name.split('.').next().unwrap_or_default();
        let around = linkable.classes.get(base.class as usize).and_then(|class| class.function);
        let is_shadowed = is_variable_around(linkable, around, head);
        BaseEntry {
            class: base.class,
            kind: base.kind,
            name: (!is_shadowed).then(|| names.intern(&base.name)),
        }
    });
    symbols.bases = bases.collect();
}

/// `import a.b` binds `a`, `import a.b as m` binds `m`, `from a import n` binds `n`.
fn bound_name(import: &Import) -> Option<&str> {
    match import.kind {
        ImportKind::Wildcard | ImportKind::Dynamic => None,
        ImportKind::Module | ImportKind::Name | ImportKind::Include | ImportKind::ReExport => {
            let name = import.alias.as_deref().or(import.name.as_deref());
            name.or_else(|| import.module.split('.').next())
        }
    }
}

impl LinkIndex {
    /// What the module of an import is.
    pub(super) fn python_module(&self, file: u32, import: &ImportEntry) -> Found {
        self.python_module_named(file, self.names.text(import.module))
    }

    /// What an import as a whole refers to: the module, or what is taken from it.
    pub(super) fn python_import(&self, file: u32, number: usize) -> Found {
        let symbols = &self.symbols[file as usize];
        let (Some(import), Some(module)) = (symbols.imports.get(number), self.module_of(file, number)) else {
            return Found::UNKNOWN;
        };
        let Some(name) = import.name.filter(|_| import.kind != ImportKind::Wildcard) else { return module };
        let taken = self.python_step(module, self.names.text(name), &mut Seen::default());
        match (module.meaning, taken.meaning) {
            // A variable, several definitions, something from outside that is passed on: the module is certain.
            (
                Meaning::File(_),
                Meaning::Unknown
                | Meaning::External
                | Meaning::Stdlib
                | Meaning::Directory(_)
                | Meaning::Several(_),
            ) => module,
            _ => taken.by(module.origin),
        }
    }

    pub(super) fn module_of(&self, file: u32, number: usize) -> Option<Found> {
        self.modules[file as usize].get(number).copied()
    }

    /// What `name` is in the namespace of `of`: an attribute of a module, a member of a class.
    fn python_step(&self, of: Found, name: &str, seen: &mut Seen) -> Found {
        match of.meaning {
            Meaning::File(module) => self.python_attribute(module, name, seen).by(Origin::Import),
            Meaning::Directory(directory) => {
                let directory = self.paths.directory_text(directory);
                Found::new(self.python_module_at(directory, name), Origin::Path)
            }
            Meaning::Class(class) => {
                self.names.get(name).map_or(Found::UNKNOWN, |name| self.member(class, name))
            }
            Meaning::External | Meaning::Stdlib => of,
            Meaning::Unknown | Meaning::Function(_) | Meaning::Several(_) => Found::UNKNOWN,
        }
    }

    /// What `name` is at the top level of a module: defined, imported by name, imported with a star; or its submodule.
    fn python_attribute(&self, module: u32, name: &str, seen: &mut Seen) -> Found {
        let found = match self.names.get(name) {
            // What it holds is decided when the program runs.
            Some(number) if self.symbols[module as usize].is_variable(number) => return Found::UNKNOWN,
            Some(number) if seen.first_time(module, number) => self.python_bound(module, number, seen),
            Some(_) | None => Found::UNKNOWN,
        };
        found.or_else(|| {
            let path = self.paths.path(module);
            let is_package = is_package(&self.paths, module);
            let submodule = is_package.then(|| self.python_module_at(path.directory(), name));
            match submodule {
                Some(Meaning::File(file)) if file != module => Found::new(Meaning::File(file), Origin::Path),
                _ => Found::UNKNOWN,
            }
        })
    }

    fn python_bound(&self, module: u32, name: Name, seen: &mut Seen) -> Found {
        let symbols = &self.symbols[module as usize];
        let defined = self.defined(module, Scope::Top, name, Origin::Scope);
        let mut candidates = Candidates::default();
        candidates.add(defined);
        for (number, import) in symbols.imports.iter().enumerate() {
            if import.local == Some(name) {
                candidates.add(self.python_import_binds(module, number, import, seen));
            }
        }
        candidates.decide().or_else(|| self.python_starred(module, name, seen))
    }

    /// What the name stands for that an import binds in its file.
    fn python_import_binds(&self, file: u32, number: usize, import: &ImportEntry, seen: &mut Seen) -> Found {
        let module = self.module_of(file, number).unwrap_or_default();
        let found = match (import.name, import.local) {
            (Some(name), _) => self.python_step(module, self.names.text(name), seen),
            (None, Some(local)) if !import.has_alias => self.python_absolute(file, self.names.text(local)),
            (None, _) => module,
        };
        found.by(Origin::Import)
    }

    fn python_starred(&self, module: u32, name: Name, seen: &mut Seen) -> Found {
        let mut candidates = Candidates::default();
        let text = self.names.text(name);
        if text.starts_with('_') {
            return Found::UNKNOWN;
        }
        for (number, import) in self.symbols[module as usize].imports.iter().enumerate() {
            if import.kind != ImportKind::Wildcard {
                continue;
            }
            if let Some(Meaning::File(file)) = self.module_of(module, number).map(|found| found.meaning)
                && seen.first_time(file, name)
            {
                if self.symbols[file as usize].is_variable(name) {
                    return Found::UNKNOWN;
                }
                candidates.add(self.python_bound(file, name, seen).by(Origin::Import));
            }
        }
        candidates.decide()
    }

    /// The class that a base names.
    pub(super) fn python_base(&self, file: u32, base: &BaseEntry) -> Found {
        let Some(parts) = base.name.and_then(|name| dotted(self.names.text(name))) else {
            return Found::UNKNOWN;
        };
        let symbols = &self.symbols[file as usize];
        let Some(class) = symbols.classes.get(base.class as usize) else { return Found::UNKNOWN };
        // The head of a class statement is evaluated in the scope around it, where a class's own names are visible.
        let inner = self.names.get(parts[0]).and_then(|name| {
            let scopes = symbols.scopes(class.scope).enumerate();
            scopes
                .filter(|(depth, scope)| {
                    matches!(scope, Scope::Function(_)) || *depth == 0 && *scope != Scope::Top
                })
                .map(|(_, scope)| self.defined(file, scope, name, Origin::Scope))
                .find(|found| found.is_known() && found.meaning != itself(file, base.class))
        });
        let head = inner.unwrap_or_else(|| self.python_global(file, parts[0]));
        self.python_steps(head, &parts[1..])
    }

    fn python_global(&self, file: u32, name: &str) -> Found {
        let found = self.python_attribute(file, name, &mut Seen::default());
        found.or_else(|| match standard::python::is_builtin(name) {
            true if !self.is_python_variable(file, name) => Found::STDLIB,
            true | false => Found::UNKNOWN,
        })
    }

    fn is_python_variable(&self, file: u32, name: &str) -> bool {
        self.names.get(name).is_some_and(|name| self.symbols[file as usize].has_variable(name))
    }

    fn python_steps(&self, head: Found, parts: &[&str]) -> Found {
        parts.iter().fold(head, |found, part| self.python_step(found, part, &mut Seen::default()))
    }
}

fn itself(file: u32, index: u32) -> Meaning {
    Meaning::Class(SymbolRef { file, index })
}

/// The names of modules that a query has looked at: imports may go in circles.
#[derive(Debug, Default)]
struct Seen(Vec<(u32, Name)>);

impl Seen {
    fn first_time(&mut self, module: u32, name: Name) -> bool {
        let is_new = self.0.len() < MAX_NAMES && !self.0.contains(&(module, name));
        if is_new {
            self.0.push((module, name));
        }
        is_new
    }
}

#[cfg(test)]
mod tests;
