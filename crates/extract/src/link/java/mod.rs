//! Java: types by package and import, methods by class, name and number of arguments.
//!
//! Source: The Java Language Specification, Java SE 21, chapters 6 (names), 7 (packages), 8 (classes), 15.12 (method
//! invocation).

mod calls;
mod types;

use rustc_hash::FxHashMap;
use snake_pipe_core::{
    Language,
    model::{Import, ImportKind, Origin},
};

use super::{
    LinkIndex,
    hierarchy::meaning_of,
    meaning::{Found, Meaning, SymbolRef},
    names::{Name, NameCollector},
    paths::Paths,
    standard,
    symbols::{BaseEntry, FieldEntry, FileSymbols, ImportEntry, Local, Scope, by_key},
    trace::{Key, note_key},
};
use crate::Linkable;

/// The packages of the repository.
#[derive(Debug, Default)]
pub(super) struct Packages {
    /// The types that stand directly in a package, by package and name; in the order of their files.
    types: FxHashMap<(Option<Name>, Name), Vec<SymbolRef>>,
    /// The files that declare a package, in order.
    files: FxHashMap<Name, Vec<u32>>,
    /// The files that declare a module (`module-info.java`), in order.
    modules: FxHashMap<Name, Vec<u32>>,
}

impl Packages {
    pub(super) fn new(paths: &Paths, symbols: &[FileSymbols]) -> Self {
        let mut packages = Self::default();
        for file in (0..paths.len() as u32).filter(|file| paths.language(*file) == Language::Java) {
            let symbols = &symbols[file as usize];
            let is_module = paths.path(file).file_name() == "module-info.java";
            let named = if is_module { &mut packages.modules } else { &mut packages.files };
            if let Some(name) = symbols.namespace {
                named.entry(name).or_default().push(file);
            }
            for (index, class) in
                symbols.classes.iter().enumerate().filter(|(_, class)| class.scope == Scope::Top)
            {
                let place = packages.types.entry((symbols.namespace, class.name)).or_default();
                place.push(SymbolRef { file, index: index as u32 });
            }
        }
        packages
    }

    /// What a lookup of the type `name` in a package is noted as.
    pub(super) fn key(package: Option<Name>, name: Name) -> Key {
        Key::of_type(package.map_or(0, |package| package.index() + 1), name.index())
    }

    fn types(&self, package: Option<Name>, name: Name) -> &[SymbolRef] {
        note_key(|| Self::key(package, name));
        self.types.get(&(package, name)).map_or(&[], Vec::as_slice)
    }
}

/// The first pass over a file.
pub(super) fn collect(linkable: &Linkable, names: &NameCollector, symbols: &mut FileSymbols) {
    let import = |import: &Import| {
        let path = import_path(import);
        let last = path.rsplit('.').next().unwrap_or_default();
        let is_wildcard = import.kind == ImportKind::Wildcard;
        ImportEntry {
            kind: import.kind,
            module: names.intern(&path),
            name: None,
            local: (!is_wildcard).then(|| names.intern(last)),
            has_alias: false,
        }
    };
    symbols.imports = linkable.imports.iter().map(import).collect();
    let bases = linkable.bases.iter();
    let base = |base: &snake_pipe_core::model::Base| BaseEntry {
        class: base.class,
        kind: base.kind,
        name: Some(names.intern(&base.name)),
    };
    symbols.bases = bases.map(base).collect();
    let fields = linkable.classes.iter().enumerate().flat_map(|(class, symbol)| {
        let fields = symbol.typed_names.iter().zip(&symbol.field_visibilities);
        fields.filter(|((_, type_name), _)| !type_name.is_empty()).map(
            move |((name, type_name), visibility)| FieldEntry {
                class: class as u32,
                name: names.intern(name),
                type_name: names.intern(type_name),
                visibility: *visibility,
            },
        )
    });
    symbols.fields = by_key(fields.collect(), |field: &FieldEntry| (field.class, field.name));
}

/// The whole of what follows `import` or `import static`, without a star.
fn import_path(import: &Import) -> String {
    let module = import.module.trim_end_matches(".*");
    match import.name.as_deref() {
        Some(name) if name != "*" => format!("{module}.{name}"),
        Some(_) | None => module.to_owned(),
    }
}

impl LinkIndex {
    /// What an import refers to: a type, a static member, or the only file of a package.
    pub(super) fn java_import(&self, file: u32, import: &ImportEntry) -> Found {
        let path = self.names.text(import.module);
        let found = match import.kind {
            ImportKind::Wildcard => {
                only_file(self.java.files.get(&import.module)).or_else(|| self.java_qualified(file, path))
            }
            // `requires` of a module.
            ImportKind::Module => return self.java_module(import.module),
            ImportKind::Name | ImportKind::Include | ImportKind::ReExport | ImportKind::Dynamic => {
                self.java_qualified(file, path).or_else(|| self.java_static_member(file, path))
            }
        };
        found.or_else(|| match () {
            () if self.is_in_package_of_ours(path) => Found::UNKNOWN,
            () if standard::java::is_qualified(path) => Found::STDLIB,
            () => Found::new(Meaning::External, Origin::Import),
        })
    }

    fn java_module(&self, module: Name) -> Found {
        only_file(self.java.modules.get(&module)).or_else(|| {
            match standard::java::is_qualified(self.names.text(module)) {
                true => Found::STDLIB,
                false => Found::new(Meaning::External, Origin::Import),
            }
        })
    }

    /// `a.b.C.m`: the method `m`, or where there are several of that name or none (a constant), the type.
    fn java_static_member(&self, file: u32, path: &str) -> Found {
        let Some((class, member)) = path.rsplit_once('.') else { return Found::UNKNOWN };
        let found = self.java_qualified(file, class);
        let (Meaning::Class(class), Some(member)) = (found.meaning, self.names.get(member)) else {
            return found;
        };
        let mut methods = self.symbols[class.file as usize]
            .members(Scope::Class(class.index), member)
            .filter(|local| matches!(local, Local::Function(_)));
        match (methods.next(), methods.next()) {
            (Some(only), None) => Found::new(meaning_of(class.file, only), Origin::Package),
            _ => found,
        }
    }

    /// Whether a path begins with a package of the repository that is its parent or the parent of that.
    fn is_in_package_of_ours(&self, path: &str) -> bool {
        let is_ours =
            |package: &str| self.names.get(package).is_some_and(|name| self.java.files.contains_key(&name));
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let above = parent.rsplit_once('.').map_or("", |(above, _)| above);
        is_ours(path) || is_ours(parent) || is_ours(above)
    }

    /// The type that a base names.
    pub(super) fn java_base(&self, file: u32, base: &BaseEntry) -> Found {
        let Some(name) = base.name else { return Found::UNKNOWN };
        let symbols = &self.symbols[file as usize];
        let around = symbols.classes.get(base.class as usize).map_or(Scope::Top, |class| class.scope);
        let found = self.java_type(file, around, self.names.text(name));
        let itself = Meaning::Class(SymbolRef { file, index: base.class });
        if found.meaning == itself { Found::UNKNOWN } else { found }
    }
}

/// The file of a package or module that is one file.
fn only_file(files: Option<&Vec<u32>>) -> Found {
    match files.map(Vec::as_slice) {
        None | Some([]) => Found::UNKNOWN,
        Some([only]) => Found::new(Meaning::File(*only), Origin::Package),
        Some(files) => Found::new(Meaning::Several(files.len() as u32), Origin::Package),
    }
}

#[cfg(test)]
mod tests;
