//! Python: modules by path, names by scope, members by C3.
//!
//! Sources: The Python Language Reference 3.11, chapters 4.2 (naming and binding), 5 (the import system), 7.11 (import).

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use snake_pipe_core::{
    Language,
    id::{Digest, Hasher},
    model::{Call, Import, ImportKind, Origin},
};

use super::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::{Name, NameCollector},
    names_in_scope::{Inner, declared_type, dotted, is_variable_around},
    paths::{Paths, ancestors, file_name, join, parent},
    standard,
    symbols::{BaseEntry, FileSymbols, ImportEntry, Scope},
};
use crate::Linkable;

/// A query that looks at more names than this is not followed to its end: star imports can form a large graph.
const MAX_NAMES: usize = 2_000;

/// Files that hold a module, in the order in which they are preferred: stubs lose to sources.
const MODULE_ENDINGS: [&str; 5] = ["/__init__.py", ".py", "/__init__.pyi", ".pyi", ".pyx"];

/// Directories from which modules are named.
#[derive(Debug)]
pub(super) struct Roots {
    /// The root, `src`, and every directory that holds a top-level package; sorted.
    directories: Vec<String>,
    /// Directories with a Python file at any depth: those that can be namespace packages.
    with_python: FxHashSet<String>,
}

impl Roots {
    pub(super) fn new(paths: &Paths) -> Self {
        let mut directories = BTreeSet::from([String::new(), "src".to_owned()]);
        let mut with_python = FxHashSet::default();
        for file in (0..paths.len() as u32).filter(|file| paths.language(*file) == Language::Python) {
            let directory = paths.path(file).directory();
            for above in ancestors(directory) {
                if !with_python.insert(above.to_owned()) {
                    break;
                }
            }
            let is_package = paths.path(file).file_name() == "__init__.py";
            if is_package && !directory.is_empty() && !is_package_directory(paths, parent(directory)) {
                directories.insert(parent(directory).to_owned());
            }
        }
        Self { directories: directories.into_iter().collect(), with_python }
    }

    /// A digest of all of it. Calls ask for roots as well as imports do.
    pub(super) fn digest(&self) -> Digest {
        let mut with_python: Vec<&String> = self.with_python.iter().collect();
        with_python.sort_unstable();
        let mut hasher = Hasher::new();
        for directory in self.directories.iter().chain(with_python) {
            hasher.update(directory.as_bytes());
            // No path has such a byte, so that no two lists give the same bytes.
            hasher.update(&[0]);
        }
        hasher.update(&(self.directories.len() as u64).to_le_bytes());
        hasher.finish()
    }
}

fn is_package_directory(paths: &Paths, directory: &str) -> bool {
    !directory.is_empty()
        && ["__init__.py", "__init__.pyi"]
            .iter()
            .any(|name| paths.file(&format!("{directory}/{name}")).is_some())
}

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

    fn python_module_named(&self, file: u32, module: &str) -> Found {
        let rest = module.trim_start_matches('.');
        let dots = module.len() - rest.len();
        if dots == 0 {
            return self.python_absolute(file, module);
        }
        let Some(directory) = ancestors(self.paths.path(file).directory()).nth(dots - 1) else {
            return Found::UNKNOWN;
        };
        Found::new(self.python_module_at(directory, rest), Origin::Path)
    }

    /// The module `dotted` (empty for the package itself) seen from a directory.
    fn python_module_at(&self, directory: &str, dotted: &str) -> Meaning {
        let Some(path) = join(directory, &dotted.replace('.', "/")) else { return Meaning::Unknown };
        if path.is_empty() {
            return self.paths.directory("").map_or(Meaning::Unknown, Meaning::Directory);
        }
        let file = MODULE_ENDINGS.iter().find_map(|ending| self.paths.file(&format!("{path}{ending}")));
        match file {
            Some(file) => Meaning::File(file),
            None if self.python.with_python.contains(&path) => {
                self.paths.directory(&path).map_or(Meaning::Unknown, Meaning::Directory)
            }
            None => Meaning::Unknown,
        }
    }

    /// An absolute module name. The directory from which the importing file itself is named comes first, as it does on
    /// `sys.path`; then the standard library, directories above the file, and the other roots.
    fn python_absolute(&self, file: u32, module: &str) -> Found {
        let head = module.split('.').next().unwrap_or(module);
        let directory = self.paths.path(file).directory();
        let own_root =
            ancestors(directory).find(|above| !is_package_directory(&self.paths, above)).unwrap_or("");
        let by_path = |meaning| Found::new(meaning, Origin::Path);
        if let meaning @ Meaning::File(_) = self.python_module_at(own_root, module) {
            return by_path(meaning);
        }
        if matches!(self.python_module_at(own_root, head), Meaning::File(_)) {
            return Found::UNKNOWN;
        }
        if standard::python::is_module(head) {
            return Found::STDLIB;
        }
        // `import a` of a file beside some directory above would be a guess; `a.b` is none.
        let is_certain = |above: &str| module.contains('.') || above.is_empty();
        let above = ancestors(directory).filter(|above| is_certain(above));
        if let Some(found) =
            above.map(|above| self.python_module_at(above, module)).find(|m| matches!(m, Meaning::File(_)))
        {
            return by_path(found);
        }
        self.python_from_roots(directory, module, head)
    }

    fn python_from_roots(&self, directory: &str, module: &str, head: &str) -> Found {
        let mut candidates = Candidates::default();
        let mut is_ours = false;
        for root in &self.python.directories {
            let is_above =
                root.is_empty() || root == "src" || ancestors(directory).any(|above| above == root);
            match self.python_module_at(root, head) {
                // Beside a package that is no neighbour, a plain module is no module that this file could mean.
                Meaning::File(file) if is_above || is_package(&self.paths, file) => {}
                Meaning::Directory(_) if is_above => {}
                _ => continue,
            }
            is_ours = true;
            match self.python_module_at(root, module) {
                found @ Meaning::File(_) => candidates.add(Found::new(found, Origin::Path)),
                found @ Meaning::Directory(_) if is_above => candidates.add(Found::new(found, Origin::Path)),
                _ => {}
            }
        }
        let found = candidates.decide();
        if found.is_known() || is_ours { found } else { Found::new(Meaning::External, Origin::Import) }
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

    /// What a call calls.
    pub(super) fn python_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name);
        if let Some(member) = text.strip_prefix("super().") {
            return self.python_inherited(file, call.function, member);
        }
        let Some(parts) = dotted(text) else { return Found::UNKNOWN };
        let found = match self.inner_name(file, linkable, call.function, parts[0]) {
            Inner::Definition(found) => self.python_steps(found, &parts[1..]),
            Inner::Variable { function, type_name } => {
                self.python_variable_call(file, linkable, (function, type_name), &parts)
            }
            Inner::Nothing => {
                let found = self.python_steps(self.python_global(file, parts[0]), &parts[1..]);
                found.or_else(|| match (declared_type(&linkable.variables, parts[0]), parts.as_slice()) {
                    (Some(type_name), [_, member]) => self.python_typed_member(file, type_name, member),
                    _ => Found::UNKNOWN,
                })
            }
        };
        self.python_constructed(found)
    }

    /// A call through a parameter or variable: `self.m()`, `self.field.m()`, or `x.m()` where the type of `x` is known.
    fn python_variable_call(
        &self,
        file: u32,
        linkable: &Linkable,
        (function, type_name): (Option<u32>, &str),
        parts: &[&str],
    ) -> Found {
        let class = match function
            .and_then(|f| self.symbols[file as usize].functions.get(f as usize))
            .map(|f| f.scope)
        {
            Some(Scope::Class(class)) if matches!(parts[0], "self" | "cls") => Some(class),
            _ => None,
        };
        match (class, parts) {
            (Some(class), [_, member]) => self.python_member(SymbolRef { file, index: class }, member),
            (Some(class), [_, field, member]) => {
                let fields = linkable.classes.get(class as usize).map_or(&[][..], |class| &class.typed_names);
                let type_name = declared_type(fields, field).unwrap_or_default();
                self.python_typed_member(file, type_name, member)
            }
            (None, [_, member]) => self.python_typed_member(file, type_name, member),
            _ => Found::UNKNOWN,
        }
    }

    fn python_typed_member(&self, file: u32, type_name: &str, member: &str) -> Found {
        let type_name = type_name.trim_matches(['"', '\'']);
        let Some(parts) = dotted(type_name) else { return Found::UNKNOWN };
        let found = self.python_steps(self.python_global(file, parts[0]), &parts[1..]);
        match found.meaning {
            Meaning::Class(class) => self.python_member(class, member),
            _ => Found::UNKNOWN,
        }
    }

    fn python_member(&self, class: SymbolRef, member: &str) -> Found {
        self.names.get(member).map_or(Found::UNKNOWN, |member| self.member(class, member))
    }

    fn python_inherited(&self, file: u32, function: Option<u32>, member: &str) -> Found {
        let class = function.and_then(|function| self.symbols[file as usize].class_of(function));
        match (class, self.names.get(member)) {
            (Some(index), Some(member)) => self.inherited(SymbolRef { file, index }, member),
            _ => Found::UNKNOWN,
        }
    }

    /// Calling a class calls its `__init__`, if it defines one.
    fn python_constructed(&self, found: Found) -> Found {
        let Meaning::Class(class) = found.meaning else { return found };
        let Some(name) = self.names.get("__init__") else { return found };
        let constructor = self.defined(class.file, Scope::Class(class.index), name, found.origin);
        if constructor.is_known() { constructor } else { found }
    }
}

fn itself(file: u32, index: u32) -> Meaning {
    Meaning::Class(SymbolRef { file, index })
}

fn is_package(paths: &Paths, file: u32) -> bool {
    matches!(file_name(paths.text(file)), "__init__.py" | "__init__.pyi")
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
