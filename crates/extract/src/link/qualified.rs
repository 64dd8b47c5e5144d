//! Definitions by the qualified name of what encloses them and their own: packages, namespaces, modules and types whose
//! members may stand in several files.

use rustc_hash::FxHashMap;
use snake_pipe_core::{Language, model::Import};

use super::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::{Name, NameCollector},
    paths::Paths,
    symbols::{BaseEntry, FieldEntry, FileSymbols, ImportEntry, ImportPlaceEntry, Local, by_key},
    trace::{Key, note_key},
};
use crate::Linkable;

/// The definitions of one language.
#[derive(Debug, Default)]
pub(super) struct QualifiedNames {
    /// In the order of their files.
    definitions: FxHashMap<(Name, Name), Vec<Definition>>,
}

/// A function or class of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) file: u32,
    pub(super) local: Local,
}

impl Definition {
    pub(super) const fn found(self, origin: snake_pipe_core::model::Origin) -> Found {
        Found::new(super::hierarchy::meaning_of(self.file, self.local), origin)
    }
}

impl QualifiedNames {
    pub(super) fn new(paths: &Paths, symbols: &[FileSymbols], language: Language) -> Self {
        let mut names = Self::default();
        for file in (0..paths.len() as u32).filter(|file| paths.language(*file) == language) {
            for (container, name, local) in definitions(&symbols[file as usize]) {
                names.definitions.entry((container, name)).or_default().push(Definition { file, local });
            }
        }
        names
    }

    /// The definitions of this name in a container.
    pub(super) fn get(&self, container: Name, name: Name) -> &[Definition] {
        note_key(|| Self::key(container, name));
        self.definitions.get(&(container, name)).map_or(&[], Vec::as_slice)
    }

    /// What a lookup is noted as.
    pub(super) fn key(container: Name, name: Name) -> Key {
        Key::of_member(container.index(), name.index())
    }
}

/// What a file defines: container, name, and which definition it is.
pub(super) fn definitions(symbols: &FileSymbols) -> impl Iterator<Item = (Name, Name, Local)> + '_ {
    let functions = symbols.functions.iter().map(|function| function.name);
    let classes = symbols.classes.iter().map(|class| class.name);
    let function_count = symbols.functions.len();
    let names = functions.chain(classes).enumerate();
    names.zip(&symbols.containers).map(move |((at, name), container)| {
        let local = match at.checked_sub(function_count) {
            None => Local::Function(at as u32),
            Some(index) => Local::Class(index as u32),
        };
        (*container, name, local)
    })
}

/// What a language says about its imports and qualified names.
pub(super) struct Collect<'a> {
    /// What stands before every container, so that those of different packages differ.
    pub(super) prefix: &'a str,
    /// Between the parts of a qualified name.
    pub(super) separator: &'a str,
    pub(super) import: &'a dyn Fn(&Import) -> ImportEntry,
}

/// The first pass over a file.
pub(super) fn collect(
    linkable: &Linkable,
    names: &NameCollector,
    symbols: &mut FileSymbols,
    of: &Collect<'_>,
) {
    let container = |qualified: &str, name: &str| {
        let outer = qualified.strip_suffix(name).unwrap_or_default();
        let outer = outer.strip_suffix(of.separator).unwrap_or(outer);
        names.intern(&[of.prefix, outer].concat())
    };
    let functions =
        linkable.functions.iter().map(|function| container(&function.qualified_name, &function.name));
    let classes = linkable.classes.iter().map(|class| container(&class.qualified_name, &class.name));
    symbols.containers = functions.chain(classes).collect();
    symbols.imports = linkable.imports.iter().map(of.import).collect();
    let places = linkable.import_places.iter().map(|place| ImportPlaceEntry {
        import: place.import,
        function: place.function,
        qualifier: names.intern(&place.qualifier),
    });
    symbols.import_places = places.collect();
    let bases = linkable.bases.iter().map(|base| BaseEntry {
        class: base.class,
        kind: base.kind,
        name: Some(names.intern(&base.name)),
    });
    symbols.bases = bases.collect();
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

impl LinkIndex {
    /// The name of the container that a class is.
    pub(super) fn container_of_class(&self, class: SymbolRef, separator: &str) -> Option<Name> {
        let symbols = &self.symbols[class.file as usize];
        let outer = self.names.text(symbols.container(Local::Class(class.index))?);
        let name = self.names.text(symbols.classes.get(class.index as usize)?.name);
        let separator = if outer.is_empty() || outer.ends_with(':') { "" } else { separator };
        self.names.get(&[outer, separator, name].concat())
    }

    /// The declared type of a field of a class, if it has one of this name.
    pub(super) fn field_type(&self, class: SymbolRef, name: &str) -> Option<&str> {
        let name = self.names.get(name)?;
        let mut types = self.symbols[class.file as usize].field_types(class.index, name);
        match (types.next(), types.next()) {
            (Some(only), None) => Some(self.names.text(only)),
            _ => None,
        }
    }
}

/// One of the definitions, or how many there are.
pub(super) fn decide(
    definitions: impl Iterator<Item = Definition>,
    origin: snake_pipe_core::model::Origin,
) -> Found {
    let mut candidates = Candidates::default();
    definitions.for_each(|definition| candidates.add(definition.found(origin)));
    candidates.decide()
}

/// The class that was found, if it is one.
pub(super) const fn class_of(found: Found) -> Option<SymbolRef> {
    match found.meaning {
        Meaning::Class(class) => Some(class),
        _ => None,
    }
}
