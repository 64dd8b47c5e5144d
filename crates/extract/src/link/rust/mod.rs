//! Rust: modules by `mod` declarations, crates by `Cargo.toml`, names by path, methods by the type's `impl` blocks.
//!
//! Sources: The Rust Reference ("Modules", "Use declarations", "Paths", "Name resolution", "Method-call expressions"), The
//! Cargo Book ("The Manifest Format", "Cargo Targets").

mod calls;
mod crates;
mod items;
mod methods;

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::{
    Language,
    id::{Digest, Hasher},
    model::{FunctionKind, Import, ImportKind, Origin},
};

use self::{
    crates::Crates,
    items::{Item, Seen},
};
use super::{
    ConfigurationFile, LinkIndex,
    meaning::{Found, Meaning, SymbolRef},
    names::{Name, NameCollector, Names},
    paths::Paths,
    qualified::{self, Collect, Definition, QualifiedNames},
    symbols::{BaseEntry, FileSymbols, ImportEntry, Local, Scope},
    trace::Key,
};
use crate::Linkable;

/// In an [`ImportEntry`], `mod name;`.
const MODULE_FILE: ImportKind = ImportKind::Include;

/// The modules and crates of the repository.
#[derive(Debug, Default)]
pub(super) struct Modules {
    names: QualifiedNames,
    /// The files that `mod name;` names, by file and number of the import.
    children: FxHashMap<(u32, u32), u32>,
    /// The numbers of those imports, by file and the module's name: generated crates declare thousands in one file.
    children_named: FxHashMap<(u32, Name), Vec<u32>>,
    /// The modules inside files that have any, by their paths there.
    inner: FxHashMap<u32, FxHashSet<Box<str>>>,
    /// Where a file is declared to be a module: the file and the module in it. Several for what several crates share.
    parents: FxHashMap<u32, Vec<(u32, Name)>>,
    /// Methods whose type is not defined in their own file, by the type's bare name and theirs.
    far_methods: FxHashMap<(Name, Name), Vec<Definition>>,
    crates: Crates,
}

impl Modules {
    pub(super) fn new(
        paths: &Paths,
        symbols: &[FileSymbols],
        names: &Names,
        configuration: &[ConfigurationFile],
    ) -> Self {
        let mut modules = Self {
            names: QualifiedNames::new(paths, symbols, Language::Rust),
            crates: Crates::new(configuration, paths),
            ..Self::default()
        };
        for file in (0..paths.len() as u32).filter(|file| paths.language(*file) == Language::Rust) {
            modules.add_children(paths, names, file, &symbols[file as usize]);
            modules.add_inner(paths, names, file, &symbols[file as usize]);
            for (owner, method, index) in far_methods(&symbols[file as usize], names) {
                let methods = modules.far_methods.entry((owner, method)).or_default();
                methods.push(Definition { file, local: Local::Function(index) });
            }
        }
        modules
    }

    fn add_children(&mut self, paths: &Paths, names: &Names, file: u32, symbols: &FileSymbols) {
        for (number, import) in
            symbols.imports.iter().enumerate().filter(|(_, import)| import.kind == MODULE_FILE)
        {
            let qualifier = symbols.import_place(number).map(|place| place.qualifier);
            let inner = qualifier.map_or("", |qualifier| names.text(qualifier));
            let Some(child) = module_file(paths, file, inner, names.text(import.module)) else { continue };
            let Some(inner) = names.get(inner) else { continue };
            self.children.insert((file, number as u32), child);
            if let Some(local) = import.local {
                self.children_named.entry((file, local)).or_default().push(number as u32);
            }
            self.parents.entry(child).or_default().push((file, inner));
        }
    }

    /// The modules in which something is defined, with those around them, and those in which something is imported.
    fn add_inner(&mut self, paths: &Paths, names: &Names, file: u32, symbols: &FileSymbols) {
        let path = paths.text(file);
        let containers: FxHashSet<Name> = symbols.containers.iter().copied().collect();
        let defined = containers.iter().filter_map(|container| {
            names.text(*container).strip_prefix(path)?.strip_prefix(':').filter(|inner| !inner.is_empty())
        });
        let around = defined.flat_map(|inner| {
            inner.match_indices("::").map(|(end, _)| &inner[..end]).chain(std::iter::once(inner))
        });
        let places = symbols.import_places.iter().filter(|place| place.function.is_none());
        let imported = places.map(|place| names.text(place.qualifier)).filter(|inner| !inner.is_empty());
        let inner: FxHashSet<Box<str>> = around.chain(imported).map(Box::from).collect();
        if !inner.is_empty() {
            self.inner.insert(file, inner);
        }
    }

    /// What files name each other by without an import of their own: the crates, and which module stands in which.
    pub(super) fn digest(&self, paths: &Paths, names: &Names) -> Digest {
        let mut modules: Vec<(&str, &str, &str)> = Vec::new();
        for (child, parents) in &self.parents {
            let parent =
                |(parent, inner): &(u32, Name)| (paths.text(*child), paths.text(*parent), names.text(*inner));
            modules.extend(parents.iter().map(parent));
        }
        modules.sort_unstable();
        let mut hasher = Hasher::new();
        hasher.update(format!("{modules:?}{}", self.crates.described(paths)).as_bytes());
        hasher.finish()
    }

    /// What a lookup of a method of a type that is defined elsewhere is noted as.
    pub(super) fn far_key(owner: Name, method: Name) -> Key {
        Key::of_member(owner.index() | 1 << 40, method.index())
    }
}

/// Methods of types that are not defined in the file: the type's bare name, the method's name, and its index.
pub(super) fn far_methods<'a>(
    symbols: &'a FileSymbols,
    names: &'a Names,
) -> impl Iterator<Item = (Name, Name, u32)> + 'a {
    let functions = symbols.functions.iter().enumerate();
    functions.filter_map(|(index, function)| {
        let is_far = function.kind == FunctionKind::Method && !matches!(function.scope, Scope::Class(_));
        let container = symbols.container(Local::Function(index as u32)).filter(|_| is_far)?;
        let container = names.text(container);
        let owner = container.rsplit([':', '/']).next()?;
        Some((names.get(owner)?, function.name, index as u32))
    })
}

/// The file of `mod name;` in a module of a file ("Module source filenames").
fn module_file(paths: &Paths, file: u32, inner: &str, name: &str) -> Option<u32> {
    let directory = paths.path(file).directory();
    let file_name = paths.path(file).file_name();
    let stem = file_name.strip_suffix(".rs").unwrap_or(file_name);
    let inner: String =
        inner.split("::").filter(|part| !part.is_empty()).flat_map(|part| [part, "/"]).collect();
    let slash = if directory.is_empty() { "" } else { "/" };
    let beside = format!("{directory}{slash}{inner}{name}");
    let below = format!("{directory}{slash}{stem}/{inner}{name}");
    // The root of a crate looks beside itself, whatever it is called; of which files are roots `Cargo.toml` says only a part.
    let places = if matches!(stem, "mod" | "lib" | "main") { [beside, below] } else { [below, beside] };
    let found = places.iter().find_map(|place| {
        paths.file(&format!("{place}.rs")).or_else(|| paths.file(&format!("{place}/mod.rs")))
    });
    found.filter(|found| *found != file)
}

/// The first pass over a file.
pub(super) fn collect(
    paths: &Paths,
    file: u32,
    linkable: &Linkable,
    names: &NameCollector,
    symbols: &mut FileSymbols,
) {
    let prefix = format!("{}:", paths.text(file));
    // A module is looked up by its path inside the file; the outermost is empty.
    names.intern("");
    names.intern(&prefix);
    let import = |import: &Import| import_entry(import, names);
    qualified::collect(
        linkable,
        names,
        symbols,
        &Collect { prefix: &prefix, separator: "::", import: &import },
    );
    // Types that a file's `impl` blocks name but the file does not define are looked up by their bare names.
    for function in linkable.functions.iter().filter(|f| f.class.is_none() && f.kind == FunctionKind::Method)
    {
        let owner = function.qualified_name.rsplit("::").nth(1).unwrap_or_default();
        names.intern(owner);
    }
}

/// `mod name;` and `use path;`; the path as a whole is the entry's module.
fn import_entry(import: &Import, names: &NameCollector) -> ImportEntry {
    let is_path_word = matches!(import.module.as_str(), "self" | "super" | "crate");
    let is_module_file = import.kind == ImportKind::Module
        && import.is_relative
        && !is_path_word
        && !import.module.contains("::");
    let name = import.name.as_deref().filter(|name| *name != "self");
    let is_all =
        import.kind == ImportKind::Wildcard || import.kind == ImportKind::ReExport && import.name.is_none();
    let path = match name {
        Some(name) => format!("{}::{name}", import.module),
        None => import.module.clone(),
    };
    let last = path.rsplit("::").next().unwrap_or_default();
    let local = import.alias.as_deref().unwrap_or(last);
    ImportEntry {
        kind: match () {
            () if is_module_file => MODULE_FILE,
            () if is_all => ImportKind::Wildcard,
            () => ImportKind::Name,
        },
        module: names.intern(path.trim_start_matches("::")),
        name: None,
        local: (!is_all && local != "_").then(|| names.intern(local)),
        has_alias: import.alias.is_some(),
    }
}

impl LinkIndex {
    /// What a `mod` or `use` refers to: a file, or what it takes from a module.
    pub(super) fn rust_import(&self, file: u32, number: usize, import: &ImportEntry) -> Found {
        if import.kind == MODULE_FILE {
            let child = self.rust.children.get(&(file, number as u32));
            return child.map_or(Found::UNKNOWN, |child| Found::new(Meaning::File(*child), Origin::Path));
        }
        let place = self.symbols[file as usize].import_place(number).map(|place| place.qualifier);
        let module = Item::module(file, place.map_or("", |place| self.names.text(place)));
        let path: Vec<&str> = self.names.text(import.module).split("::").collect();
        let seen = &mut Seen::default();
        // A `use` does not look at itself.
        seen.begin(file, number as u32);
        let found = self.found(&self.rust_use_path(&module, &path, seen));
        let found = match found.meaning {
            Meaning::External | Meaning::Stdlib => found,
            _ => found.by(Origin::Path),
        };
        if found.is_known() || path.len() < 2 {
            return found;
        }
        // A constant, a variant, something that a macro makes: the module is certain.
        let outer = self.found(&self.rust_use_path(&module, &path[..path.len() - 1], &mut Seen::default()));
        match outer.meaning {
            Meaning::File(_) | Meaning::Class(_) => outer,
            _ => Found::UNKNOWN,
        }
    }

    /// The trait that an `impl` or another trait names.
    pub(super) fn rust_base(&self, file: u32, base: &BaseEntry) -> Found {
        let Some(name) = base.name else { return Found::UNKNOWN };
        let class = SymbolRef { file, index: base.class };
        let module = self.rust_module_of_class(class);
        let found = self.rust_type(&module, self.names.text(name));
        if found.meaning == Meaning::Class(class) { Found::UNKNOWN } else { found }
    }
}

#[cfg(test)]
mod tests;
