//! Languages whose names stand in packages or namespaces that several files share: C++, C#, Kotlin, Scala. What differs
//! between them is a table ([`Rules`]).
//!
//! Sources: ISO/IEC 14882:2023 (6.5 name lookup), the C# language specification (ECMA-334, 7.8 namespace and type names, 14.5
//! using directives), the Kotlin language specification ("Scopes and identifiers", "Overload resolution"), the Scala
//! Language Specification 2.13 (chapter 2, identifiers, names and scopes).

mod callee;
mod calls;
mod imports;
mod members;
mod types;

use rustc_hash::FxHashMap;
use snake_pipe_core::{
    Language,
    model::{Import, ImportKind},
};

use super::{
    LinkIndex,
    c::Closure,
    meaning::{Found, Meaning, SymbolRef},
    names::{Name, NameCollector},
    paths::Paths,
    qualified::{self, Collect, QualifiedNames},
    standard,
    symbols::{BaseEntry, FileSymbols, ImportEntry, Scope},
};
use crate::Linkable;

/// Where a name is looked for when the definitions around it do not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// What the file itself defines in its package, and in those around it.
    File,
    /// What the file imports by name.
    Named,
    /// The package or namespace, in all files.
    Package,
    /// The namespaces around that, from the innermost outwards, the nameless one last.
    Around,
    /// Packages and types of which the file imports all names.
    Wildcards,
}

/// What tells one language from another.
pub(super) struct Rules {
    language: Language,
    separator: &'static str,
    /// The order in which a name is looked up.
    steps: &'static [Step],
    /// A path begins in the namespaces around it too, not only in the nameless one.
    has_relative_paths: bool,
    /// Making an object calls one of the constructors that the class defines. Elsewhere it may be the primary one, which is
    /// no function.
    has_constructor_functions: bool,
    /// Names of Java are seen as well.
    sees_java: bool,
    /// Whether a qualified name is one of the standard library.
    is_standard: fn(&str) -> bool,
    /// Whether a bare name is one of the standard library that needs no import.
    is_known_everywhere: fn(&str) -> bool,
}

const CPP: Rules = Rules {
    language: Language::Cpp,
    separator: "::",
    steps: &[Step::Package, Step::Around, Step::Named, Step::Wildcards],
    has_relative_paths: true,
    has_constructor_functions: true,
    sees_java: false,
    is_standard: |name| name == "std" || name.starts_with("std::"),
    is_known_everywhere: |_| false,
};

const CSHARP: Rules = Rules {
    language: Language::CSharp,
    separator: ".",
    steps: &[Step::Package, Step::Around, Step::Named, Step::Wildcards],
    has_relative_paths: true,
    has_constructor_functions: true,
    sees_java: false,
    is_standard: standard::dotnet::is_qualified,
    is_known_everywhere: |_| false,
};

const KOTLIN: Rules = Rules {
    language: Language::Kotlin,
    separator: ".",
    steps: &[Step::Named, Step::Package, Step::Wildcards],
    has_relative_paths: false,
    has_constructor_functions: false,
    sees_java: true,
    is_standard: standard::jvm::is_kotlin,
    is_known_everywhere: standard::jvm::is_kotlin_default,
};

const SCALA: Rules = Rules {
    language: Language::Scala,
    separator: ".",
    steps: &[Step::File, Step::Named, Step::Wildcards, Step::Package, Step::Around],
    has_relative_paths: true,
    has_constructor_functions: false,
    sees_java: true,
    is_standard: standard::jvm::is_scala,
    is_known_everywhere: standard::jvm::is_scala_default,
};

/// The languages of these rules, each in its place in [`Spaces`].
const LANGUAGES: [&Rules; 4] = [&CPP, &CSHARP, &KOTLIN, &SCALA];

/// The rules of a language, if they are among these.
pub(super) fn rules(language: Language) -> Option<&'static Rules> {
    LANGUAGES.into_iter().find(|rules| rules.language == language)
}

/// The packages and namespaces of one language.
#[derive(Debug, Default)]
pub(super) struct Space {
    names: QualifiedNames,
    /// The files that declare a package, in order.
    files: FxHashMap<Name, Vec<u32>>,
    /// The files that declare a function by its qualified name without defining it (C++).
    declaring: FxHashMap<Name, Vec<u32>>,
}

/// Those of all languages of these rules.
#[derive(Debug, Default)]
pub(super) struct Spaces([Space; 4]);

impl Spaces {
    pub(super) fn new(paths: &Paths, symbols: &[FileSymbols]) -> Self {
        Self(LANGUAGES.map(|rules| Space::new(paths, symbols, rules.language)))
    }

    fn of(&self, rules: &Rules) -> &Space {
        let place = LANGUAGES.iter().position(|other| other.language == rules.language);
        &self.0[place.unwrap_or(0)]
    }
}

impl Space {
    fn new(paths: &Paths, symbols: &[FileSymbols], language: Language) -> Self {
        let mut space = Self { names: QualifiedNames::new(paths, symbols, language), ..Self::default() };
        for file in (0..paths.len() as u32).filter(|file| paths.language(*file) == language) {
            let symbols = &symbols[file as usize];
            if let Some(namespace) = symbols.namespace {
                space.files.entry(namespace).or_default().push(file);
            }
            for declared in symbols.declarations.iter().filter(|_| language == Language::Cpp) {
                space.declaring.entry(*declared).or_default().push(file);
            }
        }
        space
    }
}

/// The first pass over a file.
pub(super) fn collect(rules: &Rules, linkable: &Linkable, names: &NameCollector, symbols: &mut FileSymbols) {
    let import = |import: &Import| import_entry(rules, import, names);
    let of = Collect { prefix: "", separator: rules.separator, import: &import };
    qualified::collect(linkable, names, symbols, &of);
    names.intern("");
    if rules.language == Language::Cpp {
        symbols.includes = super::c::collect(&linkable.imports, names);
    }
}

/// The path as a whole is the entry's module; of a wildcard, what all names are taken from.
fn import_entry(rules: &Rules, import: &Import, names: &NameCollector) -> ImportEntry {
    let is_all = match rules.language {
        Language::CSharp => import.alias.is_none(),
        _ => import.kind == ImportKind::Wildcard,
    };
    let path = match &import.name {
        Some(name) if import.module.is_empty() => name.clone(),
        Some(name) => [&import.module, rules.separator, name].concat(),
        None => import.module.clone(),
    };
    let path = path.trim_start_matches("_root_.").trim_start_matches("global::").trim_start_matches("::");
    let path = path.split('<').next().unwrap_or_default();
    let last = path.rsplit(rules.separator).next().unwrap_or_default();
    let local = import.alias.as_deref().unwrap_or(last);
    ImportEntry {
        kind: match import.kind {
            ImportKind::Include => ImportKind::Include,
            _ if is_all => ImportKind::Wildcard,
            _ => ImportKind::Name,
        },
        module: names.intern(path),
        name: None,
        local: (!is_all && local != "_").then(|| names.intern(local)),
        has_alias: import.alias.is_some(),
    }
}

/// Which definitions a file sees at all.
#[derive(Clone, Copy)]
pub(super) enum Sight<'a> {
    /// Those of all files.
    All,
    /// Those that an include reaches (C++).
    Included(&'a Closure),
}

/// A place in a file from which names are looked up.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    rules: &'static Rules,
    file: u32,
    scope: Scope,
    sight: Sight<'a>,
}

impl LinkIndex {
    /// The class that a base names, seen by a file's language.
    pub(super) fn namespaced_base(
        &self,
        rules: &'static Rules,
        file: u32,
        base: &BaseEntry,
        sight: Sight<'_>,
    ) -> Found {
        let Some(name) = base.name else { return Found::UNKNOWN };
        let symbols = &self.symbols[file as usize];
        let scope = symbols.classes.get(base.class as usize).map_or(Scope::Top, |class| class.scope);
        let place = Place { rules, file, scope, sight };
        let within = self.namespace_of(SymbolRef { file, index: base.class });
        let found = self.type_named(place, within, self.names.text(name));
        match found.meaning {
            Meaning::Class(class) if class == (SymbolRef { file, index: base.class }) => Found::UNKNOWN,
            _ => found,
        }
    }

    /// Calls `with` with what a file of C++ sees, and other languages with all.
    pub(super) fn with_sight<T>(
        &self,
        rules: &'static Rules,
        file: u32,
        with: impl FnOnce(Sight<'_>) -> T,
    ) -> T {
        if rules.language != Language::Cpp {
            return with(Sight::All);
        }
        self.c.with_closure(&self.paths, file, |closure| with(Sight::Included(closure)))
    }
}

#[cfg(test)]
mod tests;
