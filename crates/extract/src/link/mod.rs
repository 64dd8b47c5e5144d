//! Linking: what imports, bases and calls refer to, over the whole repository.
//!
//! Linking is a pure function of the repository's paths, of the [`Linkable`] of every parsed file, and of the few
//! configuration files that [`is_link_configuration`] names. A later run links over everything again and compares link
//! hashes, so that an incremental load ends where a clean one does.
//!
//! It takes two passes, each over the files in any order and from any number of threads, neither of which changes the
//! result. The first ([`LinkIndexBuilder::add`]) keeps names, definitions, and what imports say about other files; the
//! second ([`LinkIndex::link`]) resolves one file's references. Only one [`Linkable`] a thread need be in memory.
//!
//! ```
//! # use snake_pipe_extract::link::{LinkFile, LinkIndexBuilder};
//! # use snake_pipe_extract::Linkable;
//! # use snake_pipe_core::Language;
//! let files = vec![LinkFile { path: "app.py".into(), language: Language::Python }];
//! let linkables = vec![Linkable::default()];
//! let builder = LinkIndexBuilder::new(files, Vec::new());
//! for (file, linkable) in linkables.iter().enumerate() {
//!     builder.add(file as u32, linkable);
//! }
//! let index = builder.finish();
//! for (file, linkable) in linkables.into_iter().enumerate() {
//!     let linked = index.link(file as u32, linkable);
//!     assert!(linked.dependencies.is_empty());
//! }
//! ```
//!
//! The rules of each language decline rather than guess: a wrong edge is worse than an unresolved one.
//! `docs/linking.md` states them.

mod c;
mod go;
mod hierarchy;
mod index_table;
mod java;
mod javascript;
mod link_hash;
mod meaning;
mod names;
mod names_in_scope;
mod namespaced;
mod overrides;
mod paths;
mod python;
mod qualified;
mod record;
mod rust;
mod standard;
mod symbols;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trace;

use std::sync::OnceLock;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use snake_pipe_core::{
    Language, SourcePath, dependencies_of,
    id::Digest,
    model::{Base, Call, Dependency, Import},
};

use self::{
    hierarchy::Ancestor,
    meaning::{Accepts, Found, Meaning},
    names::{NameCollector, Names},
    paths::Paths,
    symbols::FileSymbols,
    trace::{Key, PerFile, Trace, noted},
};
use crate::Linkable;

pub(crate) use self::record::{Known, Outcome, Record};

/// A file of the repository, as far as linking needs it before anything is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFile {
    /// The path.
    pub path: SourcePath,
    /// The language whose rules apply; `unknown` files are targets of imports all the same.
    pub language: Language,
}

/// A configuration file of the repository that takes part in linking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// The path.
    pub path: SourcePath,
    /// The content. What cannot be read as the file's format is taken for an empty configuration.
    pub text: String,
}

/// Whether linking reads the file at `path` as configuration: `Cargo.toml`, `go.mod`, `package.json`, and `tsconfig.json`,
/// `jsconfig.json` and their variants (`tsconfig.base.json`). Such files are few and small; [`LinkIndexBuilder::new`] wants all of them.
#[must_use]
pub fn is_link_configuration(path: &SourcePath) -> bool {
    let name = path.file_name();
    let is_compiler_configuration = name.starts_with("tsconfig") || name.starts_with("jsconfig");
    matches!(name, "Cargo.toml" | "go.mod" | "package.json")
        || is_compiler_configuration && name.ends_with(".json")
}

/// The first pass: takes in every parsed file. See the [module](self).
#[derive(Debug)]
pub struct LinkIndexBuilder {
    paths: Paths,
    names: NameCollector,
    symbols: Vec<OnceLock<FileSymbols>>,
    includes: Vec<OnceLock<c::Includes>>,
    configuration: Vec<ConfigurationFile>,
}

/// What all files of the repository define and say about each other; resolves references. See the [module](self).
#[derive(Debug)]
pub struct LinkIndex {
    paths: Paths,
    names: Names,
    symbols: PerFile<FileSymbols>,
    /// For each file, what the modules of its imports are.
    modules: PerFile<Box<[Found]>>,
    /// For each file, what its bases are.
    bases: PerFile<Box<[Found]>>,
    /// For each file, the bases of its classes and theirs in the order of lookup.
    ancestors: PerFile<Box<[Box<[Ancestor]>]>>,
    c: c::Definitions,
    go: go::Packages,
    java: java::Packages,
    javascript: javascript::Configuration,
    python: python::Roots,
    rust: rust::Modules,
    spaces: namespaced::Spaces,
}

/// One file's references, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// Imports, in the order of the [`Linkable`].
    pub imports: Vec<Import>,
    /// Bases, in the order of the [`Linkable`].
    pub bases: Vec<Base>,
    /// Calls, in the order of the [`Linkable`].
    pub calls: Vec<Call>,
    /// What follows from them: [`dependencies_of`].
    pub dependencies: Vec<Dependency>,
    /// The functions that override by what bases were resolved to, by index and in order.
    pub overrides: Vec<u32>,
    /// Digest of all resolutions and overrides in order. The same [`Linkable`] with the same link hash has the same references.
    pub link_hash: Digest,
}

impl LinkIndexBuilder {
    /// Begins with all files of the repository, parsed or not, sorted by the bytes of their paths and without repetition;
    /// their place in `files` is the number by which the other functions know them. `configuration` holds the files that
    /// [`is_link_configuration`] accepts, in any order.
    #[must_use]
    pub fn new(files: Vec<LinkFile>, configuration: Vec<ConfigurationFile>) -> Self {
        debug_assert!(files.is_sorted_by(|one, two| one.path.as_bytes() < two.path.as_bytes()));
        let empty = |count: usize| (0..count).map(|_| OnceLock::new()).collect();
        Self {
            symbols: empty(files.len()),
            includes: (0..files.len()).map(|_| OnceLock::new()).collect(),
            paths: Paths::new(files),
            names: NameCollector::new(),
            configuration,
        }
    }

    /// Takes in the file with this number. Callable from many threads; a file that is never added has no symbols, and of
    /// one that is added twice the first counts.
    ///
    /// # Panics
    /// If there is no file with this number.
    pub fn add(&self, file: u32, linkable: &Linkable) {
        let (paths, names) = (&self.paths, &self.names);
        let has_inner_namespaces =
            matches!(paths.language(file), Language::JavaScript | Language::TypeScript | Language::Rust);
        let mut symbols = FileSymbols::of(linkable, names, has_inner_namespaces);
        match paths.language(file) {
            Language::Python => python::collect(linkable, names, &mut symbols),
            Language::JavaScript | Language::TypeScript => javascript::collect(linkable, names, &mut symbols),
            Language::Java => java::collect(linkable, names, &mut symbols),
            Language::C => symbols.includes = c::collect(&linkable.imports, names),
            Language::Go => go::collect(paths, file, linkable, names, &mut symbols),
            Language::Rust => rust::collect(paths, file, linkable, names, &mut symbols),
            language @ (Language::Cpp | Language::CSharp | Language::Kotlin | Language::Scala) => {
                if let Some(rules) = namespaced::rules(language) {
                    namespaced::collect(rules, linkable, names, &mut symbols);
                }
            }
            Language::Unknown => {}
        }
        // A second addition changes nothing.
        let _ = self.symbols[file as usize].set(symbols);
    }

    /// Whether the file with this number was taken in already.
    pub(crate) fn is_added(&self, file: u32) -> bool {
        self.symbols[file as usize].get().is_some()
    }

    /// Ends the first pass. Uses the current rayon thread pool.
    #[must_use]
    pub fn finish(self) -> LinkIndex {
        let symbols: Vec<FileSymbols> =
            self.symbols.into_iter().map(|slot| slot.into_inner().unwrap_or_default()).collect();
        let names = self.names.finish();
        let includes = includes(&self.paths, &names, &symbols, self.includes);
        let mut index = LinkIndex {
            c: c::Definitions::new(&self.paths, &symbols, includes),
            go: go::Packages::new(&self.paths, &symbols, &names, &self.configuration),
            java: java::Packages::new(&self.paths, &symbols),
            javascript: javascript::Configuration::new(&self.configuration),
            python: python::Roots::new(&self.paths),
            rust: rust::Modules::new(&self.paths, &symbols, &names, &self.configuration),
            spaces: namespaced::Spaces::new(&self.paths, &symbols),
            paths: self.paths,
            names,
            symbols: PerFile::new(symbols),
            modules: PerFile::new(Vec::new()),
            bases: PerFile::new(Vec::new()),
            ancestors: PerFile::new(Vec::new()),
        };
        index.modules = PerFile::new(index.for_every_file(LinkIndex::modules_of));
        index.bases = PerFile::new(index.for_every_file(LinkIndex::bases_of_file));
        index.ancestors = PerFile::new(index.for_every_file(LinkIndex::ancestors_in));
        index
    }
}

/// What each file includes, where that is not known yet.
fn includes(
    paths: &Paths,
    names: &Names,
    symbols: &[FileSymbols],
    known: Vec<OnceLock<c::Includes>>,
) -> Vec<c::Includes> {
    let of = |(file, known): (usize, OnceLock<c::Includes>)| {
        known
            .into_inner()
            .unwrap_or_else(|| c::Includes::of(paths, names, file as u32, &symbols[file].includes))
    };
    known.into_par_iter().enumerate().map(of).collect()
}

impl LinkIndex {
    /// As [`link`](Self::link), with what the result depends on besides the file itself.
    pub(crate) fn link_noted(&self, file: u32, linkable: Linkable) -> (Linked, Trace) {
        if self.paths.language(file) != Language::C {
            return noted(file, self.paths.len(), || self.link(file, linkable));
        }
        // What a file of C reaches by its includes is too much to be noted; it is followed again instead.
        let called = linkable.calls.iter().filter(|call| call.text.is_none());
        let mut keys: Vec<Key> = called.map(|call| Key::of_name(&call.name)).collect();
        keys.sort_unstable();
        keys.dedup();
        let trace = Trace { files: Box::default(), keys: keys.into() };
        (self.link(file, linkable), trace)
    }

    /// Resolves the references of the file with this number; `linkable` is the one that was added.
    ///
    /// # Panics
    /// If there is no file with this number.
    #[must_use]
    pub fn link(&self, file: u32, linkable: Linkable) -> Linked {
        let mut linkable = linkable;
        let mut imports = std::mem::take(&mut linkable.imports);
        for (number, import) in imports.iter_mut().enumerate() {
            let found = self.import(file, number);
            import.resolution = self.resolution(found, Accepts::Anything);
        }
        let mut bases = std::mem::take(&mut linkable.bases);
        for (number, base) in bases.iter_mut().enumerate() {
            let found = self.bases[file as usize].get(number).copied().unwrap_or_default();
            base.resolution = self.resolution(found, Accepts::Classes);
        }
        let mut calls = std::mem::take(&mut linkable.calls);
        self.link_calls(file, &linkable, &mut calls);
        let overrides = self.overrides_in(file);
        Linked {
            dependencies: dependencies_of(self.paths.key(file), &imports, &bases, &calls),
            link_hash: link_hash::of(&imports, &bases, &calls, &overrides),
            imports,
            bases,
            calls,
            overrides,
        }
    }

    /// The file of the module that an import names, before the name that is taken from it is followed to where it is defined;
    /// none where it is no file of the repository. For comparing with programs that know modules alone.
    #[must_use]
    pub fn module_of_import(&self, file: u32, number: usize) -> Option<&SourcePath> {
        let found = match self.paths.language(file) {
            Language::C | Language::Cpp => self.c.include(file, number),
            _ => self.modules[file as usize].get(number).copied().unwrap_or_default(),
        };
        match found.meaning {
            Meaning::File(module) => Some(self.paths.path(module)),
            Meaning::Class(symbol) | Meaning::Function(symbol) => Some(self.paths.path(symbol.file)),
            Meaning::Unknown
            | Meaning::Directory(_)
            | Meaning::Several(_)
            | Meaning::External
            | Meaning::Stdlib => None,
        }
    }

    fn for_every_file<T: Send>(&self, resolve: impl Fn(&Self, u32) -> T + Sync) -> Vec<T> {
        (0..self.paths.len() as u32).into_par_iter().map(|file| resolve(self, file)).collect()
    }

    fn modules_of(&self, file: u32) -> Box<[Found]> {
        let imports = self.symbols[file as usize].imports.iter();
        match self.paths.language(file) {
            Language::Python => imports.map(|import| self.python_module(file, import)).collect(),
            Language::JavaScript | Language::TypeScript => {
                imports.map(|import| self.javascript_module(file, import)).collect()
            }
            Language::Java => imports.map(|import| self.java_import(file, import)).collect(),
            Language::Go => imports.map(|import| self.go_import(file, import)).collect(),
            Language::Rust => {
                imports.enumerate().map(|(number, import)| self.rust_import(file, number, import)).collect()
            }
            language @ (Language::Cpp | Language::CSharp | Language::Kotlin | Language::Scala) => {
                let Some(rules) = namespaced::rules(language) else { return Box::default() };
                self.with_sight(rules, file, |sight| {
                    imports.map(|import| self.namespaced_import(rules, file, import, sight)).collect()
                })
            }
            Language::C | Language::Unknown => Box::default(),
        }
    }

    fn bases_of_file(&self, file: u32) -> Box<[Found]> {
        let bases = self.symbols[file as usize].bases.iter();
        match self.paths.language(file) {
            Language::Python => bases.map(|base| self.python_base(file, base)).collect(),
            Language::JavaScript | Language::TypeScript => {
                bases.map(|base| self.javascript_base(file, base)).collect()
            }
            Language::Java => bases.map(|base| self.java_base(file, base)).collect(),
            Language::Go => bases.map(|base| self.go_base(file, base)).collect(),
            Language::Rust => bases.map(|base| self.rust_base(file, base)).collect(),
            language @ (Language::Cpp | Language::CSharp | Language::Kotlin | Language::Scala) => {
                let Some(rules) = namespaced::rules(language).filter(|_| bases.len() > 0) else {
                    return Box::default();
                };
                self.with_sight(rules, file, |sight| {
                    bases.map(|base| self.namespaced_base(rules, file, base, sight)).collect()
                })
            }
            Language::C | Language::Unknown => Box::default(),
        }
    }

    fn import(&self, file: u32, number: usize) -> Found {
        match self.paths.language(file) {
            Language::Python => self.python_import(file, number),
            Language::JavaScript | Language::TypeScript => self.javascript_import(file, number),
            Language::C => self.c.include(file, number),
            Language::Cpp if self.c.include(file, number).is_known() => self.c.include(file, number),
            Language::Cpp
            | Language::CSharp
            | Language::Go
            | Language::Java
            | Language::Kotlin
            | Language::Rust
            | Language::Scala => self.modules[file as usize].get(number).copied().unwrap_or_default(),
            Language::Unknown => Found::UNKNOWN,
        }
    }

    fn link_calls(&self, file: u32, linkable: &Linkable, calls: &mut [Call]) {
        let resolve: &dyn Fn(&Call) -> Found = match self.paths.language(file) {
            Language::Python => &|call| self.python_call(file, linkable, call),
            Language::JavaScript | Language::TypeScript => &|call| self.javascript_call(file, linkable, call),
            Language::Java => &|call| self.java_call(file, linkable, call),
            Language::Go => &|call| self.go_call(file, linkable, call),
            Language::Rust => &|call| self.rust_call(file, linkable, call),
            Language::C => return self.link_c_calls(file, linkable, calls),
            language @ (Language::Cpp | Language::CSharp | Language::Kotlin | Language::Scala) => {
                let Some(rules) = namespaced::rules(language) else { return };
                return self.link_namespaced_calls(rules, file, linkable, calls);
            }
            Language::Unknown => return,
        };
        for call in calls {
            call.resolution = self.resolution(resolve(call), Accepts::Callables);
        }
    }
}
