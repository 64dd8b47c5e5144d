//! Go: packages by directory and module path, functions and types by package, methods by their receiver's type.
//!
//! Sources: The Go Programming Language Specification ("Packages", "Selectors"), the Go Modules Reference
//! (<https://go.dev/ref/mod>: `module`, `replace`, vendoring).

mod calls;
mod modules;

use rustc_hash::FxHashMap;
use snake_pipe_core::{
    Language,
    model::{Import, ImportKind, Origin},
};

use self::modules::Modules;
use super::{
    ConfigurationFile, LinkIndex,
    meaning::{Found, Meaning, SymbolRef},
    names::{Name, NameCollector, Names},
    paths::{Paths, file_name, join},
    qualified::{self, Collect, Definition, QualifiedNames, decide},
    standard,
    symbols::{BaseEntry, FileSymbols, ImportEntry, Local},
};
use crate::Linkable;

/// The packages of the repository.
#[derive(Debug, Default)]
pub(super) struct Packages {
    names: QualifiedNames,
    /// The file that stands for the package of a directory.
    files: FxHashMap<String, u32>,
    modules: Modules,
}

impl Packages {
    pub(super) fn new(
        paths: &Paths,
        symbols: &[FileSymbols],
        names: &Names,
        configuration: &[ConfigurationFile],
    ) -> Self {
        let mut files: FxHashMap<String, u32> = FxHashMap::default();
        let rank =
            |file: u32| rank(paths, file, symbols[file as usize].namespace.map(|name| names.text(name)));
        let is_of_package = |file: &u32| paths.language(*file) == Language::Go && !is_test(paths.text(*file));
        for file in (0..paths.len() as u32).filter(is_of_package) {
            let best = files.entry(paths.path(file).directory().to_owned()).or_insert(file);
            if rank(file) < rank(*best) {
                *best = file;
            }
        }
        Self {
            names: QualifiedNames::new(paths, symbols, Language::Go),
            files,
            modules: Modules::new(configuration),
        }
    }

    /// The package in a directory.
    fn at(&self, directory: &str) -> Option<u32> {
        self.files.get(directory).copied()
    }
}

/// Which file stands for its package: `doc.go`, the one that bears the package's name or the directory's, the first. A
/// program beside a package (`package main`, left out of the build) is none of it.
fn rank<'a>(paths: &'a Paths, file: u32, package: Option<&str>) -> (bool, bool, bool, &'a str) {
    let path = paths.path(file);
    let name = path.file_name();
    let stem = name.strip_suffix(".go").unwrap_or(name);
    let is_named = package == Some(stem) || file_name(path.directory()) == stem;
    (package == Some("main"), name != "doc.go", !is_named, path.as_str())
}

/// Files of tests are no part of the package that others import.
fn is_test(path: &str) -> bool {
    path.ends_with("_test.go")
}

/// The first pass over a file.
pub(super) fn collect(
    paths: &Paths,
    file: u32,
    linkable: &Linkable,
    names: &NameCollector,
    symbols: &mut FileSymbols,
) {
    let import = |import: &Import| ImportEntry {
        kind: import.kind,
        module: names.intern(&import.module),
        name: None,
        local: import.alias.as_ref().filter(|alias| *alias != "_").map(|alias| names.intern(alias)),
        has_alias: import.alias.is_some(),
    };
    let prefix = format!("{}:", paths.path(file).directory());
    qualified::collect(
        linkable,
        names,
        symbols,
        &Collect { prefix: &prefix, separator: ".", import: &import },
    );
}

impl LinkIndex {
    /// What an import refers to: the file that stands for the package.
    pub(super) fn go_import(&self, file: u32, import: &ImportEntry) -> Found {
        let path = self.names.text(import.module);
        if path.starts_with("./") || path.starts_with("../") {
            let directory = join(self.paths.path(file).directory(), path);
            let package = directory.and_then(|directory| self.go.at(&directory));
            return package.map_or(Found::UNKNOWN, |file| Found::new(Meaning::File(file), Origin::Path));
        }
        let own = self.paths.path(file).directory();
        let directories = self.go.modules.directories(own, path);
        if let Some(package) = directories.found.iter().find_map(|directory| self.go.at(directory)) {
            return Found::new(Meaning::File(package), Origin::Package);
        }
        match () {
            () if directories.is_ours => Found::UNKNOWN,
            () if standard::go::is_package(path) => Found::STDLIB,
            () => Found::new(Meaning::External, Origin::Import),
        }
    }

    /// The class that an embedded type names.
    pub(super) fn go_base(&self, file: u32, base: &BaseEntry) -> Found {
        let Some(name) = base.name else { return Found::UNKNOWN };
        let found = self.go_type(file, self.names.text(name));
        let itself = Meaning::Class(SymbolRef { file, index: base.class });
        if found.meaning == itself { Found::UNKNOWN } else { found }
    }

    /// The name of the package that a file belongs to.
    fn go_package(&self, file: u32) -> Option<Name> {
        let symbols = &self.symbols[file as usize];
        let package = self.names.text(symbols.namespace?);
        self.names.get(&format!("{}:{package}", self.paths.path(file).directory()))
    }

    /// What a name means in a package, as seen from a file. Of variants for several systems the file's own counts.
    fn go_in_package(&self, file: u32, package: Name, name: Name, origin: Origin) -> Found {
        let definitions = self.go.names.get(package, name);
        let is_own = |definition: &&Definition| definition.file == file;
        if definitions.iter().any(|definition| is_own(&definition)) {
            return decide(definitions.iter().filter(is_own).copied(), Origin::Scope);
        }
        let directory = |file: u32| self.paths.path(file).directory();
        let is_seen = |definition: &&Definition| {
            !is_test(self.paths.text(definition.file))
                || is_test(self.paths.text(file)) && directory(file) == directory(definition.file)
        };
        decide(definitions.iter().filter(is_seen).copied(), origin)
    }

    /// The type that a text names in a file; pointers and type arguments are read over.
    fn go_type(&self, file: u32, text: &str) -> Found {
        let text = text.trim_start_matches(['*', '(', '&']).trim_end_matches(')');
        let bare = match text.find('[') {
            Some(0) => return Found::UNKNOWN,
            Some(at) => &text[..at],
            None => text,
        };
        let is_name = |part: &str| part.chars().all(|c| c == '_' || c.is_alphanumeric());
        let found = match bare.split_once('.') {
            None if is_name(bare) => match (self.go_package(file), self.names.get(bare)) {
                (Some(package), Some(name)) => self.go_in_package(file, package, name, Origin::Package),
                _ => Found::UNKNOWN,
            },
            Some((package, name)) if is_name(package) && is_name(name) => {
                self.go_selected(file, package, name)
            }
            Some(_) | None => Found::UNKNOWN,
        };
        match found.meaning {
            Meaning::Class(_) | Meaning::External | Meaning::Stdlib => found,
            _ => Found::UNKNOWN,
        }
    }

    /// `package.Name`, by the file's imports.
    fn go_selected(&self, file: u32, package: &str, name: &str) -> Found {
        let found = self.go_imported(file, package);
        let Meaning::File(imported) = found.meaning else { return found };
        match (self.go_package(imported), self.names.get(name)) {
            (Some(package), Some(name)) if self.names.text(name).starts_with(char::is_uppercase) => {
                self.go_in_package(imported, package, name, Origin::Import).by(Origin::Import)
            }
            _ => Found::UNKNOWN,
        }
    }

    /// The package that a name stands for in a file: an alias, the name that the package gives itself, or, of packages from
    /// elsewhere, the last part of the path.
    fn go_imported(&self, file: u32, local: &str) -> Found {
        let imports = self.symbols[file as usize].imports.iter().zip(&self.modules[file as usize]);
        for (import, found) in imports.filter(|(import, _)| import.kind == ImportKind::Module) {
            let is_meant = match (import.local, found.meaning) {
                (Some(alias), _) => self.names.text(alias) == local,
                (None, _) if import.has_alias => false,
                (None, Meaning::File(package)) => {
                    let name = self.symbols[package as usize].namespace;
                    name.is_some_and(|name| self.names.text(name) == local)
                }
                (None, _) => package_name(self.names.text(import.module)) == local,
            };
            if is_meant {
                return found.by(Origin::Import);
            }
        }
        Found::UNKNOWN
    }

    /// The method of a type: its own, or that of the shallowest embedded type which has one ("Selectors").
    fn go_method(&self, class: SymbolRef, name: Name) -> Found {
        let mut level = vec![class];
        let mut seen = Vec::new();
        let mut origin = Origin::Member;
        while !level.is_empty() && seen.len() < MAX_EMBEDDED {
            let own = level.iter().filter_map(|class| self.container_of_class(*class, "."));
            let methods = own.flat_map(|container| self.go.names.get(container, name).iter().copied());
            let found = decide(methods.filter(|method| matches!(method.local, Local::Function(_))), origin);
            if found.is_known() {
                return found;
            }
            seen.extend(&level);
            let Some(next) = self.go_embedded(&level) else { return Found::UNKNOWN };
            level = next.into_iter().filter(|class| !seen.contains(class)).collect();
            origin = Origin::Inherited;
        }
        Found::UNKNOWN
    }

    /// The types that these embed; none where one of them is not of the repository.
    fn go_embedded(&self, level: &[SymbolRef]) -> Option<Vec<SymbolRef>> {
        let mut embedded = Vec::new();
        for class in level {
            let file = class.file as usize;
            let bases = self.symbols[file].bases.iter().zip(&self.bases[file]);
            for (_, found) in bases.filter(|(base, _)| base.class == class.index) {
                embedded.push(qualified::class_of(*found)?);
            }
        }
        Some(embedded)
    }
}

/// More types than these are not looked through for a method.
const MAX_EMBEDDED: usize = 100;

/// The name that a package most likely has, from its import path.
fn package_name(path: &str) -> &str {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let last = path.rsplit('/').find(|part| !is_version(part)).unwrap_or(path);
    match last.rsplit_once('.') {
        Some((name, version)) if is_version(version) => name,
        _ => last.strip_prefix("go-").unwrap_or(last),
    }
}

#[cfg(test)]
mod tests;
