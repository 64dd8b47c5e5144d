//! Which files a change concerns.
//!
//! A file is linked anew if it is another one, or if anything that linking it looked at is: an entry of another file, or
//! something that is looked up by its text. Files of C are followed by their includes, as what they reach is not noted.
//! All that is shared is compared as a whole: imports, bases and includes of every file are resolved in every run, so
//! that what paths and configuration mean shows there.

use rustc_hash::FxHashSet;
use snake_pipe_core::{
    Language,
    id::{Digest, SymbolKey},
    model::FunctionKind,
};

use super::{
    Known,
    resume::{KnownFile, KnownLinked},
};
use crate::link::{
    LinkIndex, java,
    names::Name,
    qualified::{self, QualifiedNames},
    rust,
    symbols::{FileSymbols, Scope},
    trace::Key,
};

impl Known {
    /// The link hash of every file that nothing concerns: linking it again would come to the same.
    pub(crate) fn unconcerned(&self, index: &LinkIndex) -> Vec<Option<Digest>> {
        let count = self.files.len() as u32;
        let change = Change {
            is_other: (0..count).map(|file| self.is_other(index, file)).collect(),
            reaches: self.reach_changed_includes(index),
            are_roots_other: index.python.digest() != self.roots,
            are_crates_other: index.crates_digest() != self.crates,
            keys: FxHashSet::default(),
        };
        let change = Change { keys: self.changed_keys(index, &change.is_other), ..change };
        let link_hash = |(number, file): (u32, &KnownFile)| match file {
            KnownFile::Linked(file) if !change.concerns(number, index.paths.language(number), file) => {
                Some(file.link_hash)
            }
            KnownFile::Linked(_) | KnownFile::New | KnownFile::Unlinked => None,
        };
        (0..).zip(&self.files).map(link_hash).collect()
    }

    /// Whether anything differs that linking another file may look at.
    fn is_other(&self, index: &LinkIndex, number: u32) -> bool {
        let at = number as usize;
        match &self.files[at] {
            KnownFile::New => true,
            KnownFile::Unlinked => false,
            KnownFile::Linked(file) => {
                file.symbols.as_ref().is_some_and(|symbols| *symbols != index.symbols[at])
                    || file.has_other_includes(index, at)
                    || file.modules != index.modules[at]
                    || file.bases != index.bases[at]
                    || file.ancestors != index.ancestors[at]
            }
        }
    }

    /// What is looked up by its text and may have another answer.
    fn changed_keys(&self, index: &LinkIndex, is_other: &[bool]) -> FxHashSet<Key> {
        let mut keys: FxHashSet<Key> = index.names.since(&self.name_counts).map(Key::of_name).collect();
        let nothing = FileSymbols::default();
        for number in (0..self.files.len()).filter(|number| is_other[*number]) {
            let (new, language) = (&index.symbols[number], index.paths.language(number as u32));
            match &self.files[number] {
                KnownFile::New => {
                    keys.insert(Key::of_path(index.paths.text(number as u32)));
                    add_changed(index, language, &nothing, new, &mut keys);
                }
                KnownFile::Unlinked => {}
                KnownFile::Linked(file) => {
                    let old = file.symbols.as_ref().unwrap_or(new);
                    add_changed(index, language, old, new, &mut keys);
                }
            }
        }
        for file in &self.gone {
            keys.insert(file.path);
            if let Some(linked) = &file.linked {
                add_changed(index, file.language, &linked.symbols, &nothing, &mut keys);
            }
        }
        keys
    }

    /// Which files include one whose includes are others, directly or through others; empty where there is none.
    fn reach_changed_includes(&self, index: &LinkIndex) -> Vec<bool> {
        let includes = index.c.includes();
        let is_changed = |file: &u32| match &self.files[*file as usize] {
            // Those that include a new file have other includes themselves.
            KnownFile::New | KnownFile::Unlinked => false,
            KnownFile::Linked(linked) => linked.has_other_includes(index, *file as usize),
        };
        let mut queue: Vec<u32> = (0..includes.len() as u32).filter(is_changed).collect();
        if queue.is_empty() {
            return Vec::new();
        }
        let mut includers: Vec<Vec<u32>> = vec![Vec::new(); includes.len()];
        for (file, includes) in (0..).zip(includes) {
            includes.targets().for_each(|target| includers[target as usize].push(file));
        }
        let mut reaches = vec![false; includes.len()];
        while let Some(file) = queue.pop() {
            if !std::mem::replace(&mut reaches[file as usize], true) {
                queue.extend(&includers[file as usize]);
            }
        }
        reaches
    }
}

impl KnownLinked {
    fn has_other_includes(&self, index: &LinkIndex, at: usize) -> bool {
        self.includes.as_ref().is_some_and(|old| *old != index.c.includes()[at])
    }
}

/// All that differs from the record.
struct Change {
    /// By the files' numbers.
    is_other: Vec<bool>,
    /// Which files reach one whose includes are others; empty where there is none.
    reaches: Vec<bool>,
    /// Whether modules of Python are named from other directories.
    are_roots_other: bool,
    /// Whether modules or crates of Rust are.
    are_crates_other: bool,
    keys: FxHashSet<Key>,
}

impl Change {
    /// Whether linking a file may come to something else.
    fn concerns(&self, number: u32, language: Language, file: &KnownLinked) -> bool {
        // A file that is gone is another one.
        let is_other = |file: &u32| self.is_other.get(*file as usize).copied().unwrap_or(true);
        // With other content a file says something else itself.
        file.symbols.is_some()
            || is_other(&number)
            || self.reaches.get(number as usize).copied().unwrap_or(false)
            || self.are_roots_other && language == Language::Python
            || self.are_crates_other && language == Language::Rust
            || file.trace.files.iter().any(is_other)
            || !self.keys.is_empty() && file.trace.keys.iter().any(|key| self.keys.contains(key))
    }
}

/// Adds what is looked up by name in all files of a language and is not the same in these two states of a file.
fn add_changed(
    index: &LinkIndex,
    language: Language,
    old: &FileSymbols,
    new: &FileSymbols,
    keys: &mut FxHashSet<Key>,
) {
    match language {
        Language::C => {
            let (old, new) = (offered(old), offered(new));
            let differing = old.symmetric_difference(&new);
            keys.extend(differing.map(|(name, _)| Key::of_name(index.names.text(*name))));
        }
        Language::Java => {
            for symbols in [old, new] {
                let types = symbols.classes.iter().filter(|class| class.scope == Scope::Top);
                keys.extend(types.map(|class| java::Packages::key(symbols.namespace, class.name)));
            }
        }
        Language::Cpp
        | Language::CSharp
        | Language::Go
        | Language::Kotlin
        | Language::Rust
        | Language::Scala => {
            for symbols in [old, new] {
                let definitions = qualified::definitions(symbols);
                keys.extend(definitions.map(|(container, name, _)| QualifiedNames::key(container, name)));
                let methods = rust::far_methods(symbols, &index.names);
                keys.extend(methods.map(|(owner, method, _)| rust::Modules::far_key(owner, method)));
                let declared = symbols.declarations.iter().map(|name| index.names.text(*name));
                keys.extend(declared.map(Key::of_name));
            }
        }
        // What these look up in other files, they find by way of files that are noted.
        Language::JavaScript | Language::Python | Language::TypeScript | Language::Unknown => {}
    }
}

/// What a file of C offers to others: functions and macros with what is theirs, declarations with nothing.
fn offered(symbols: &FileSymbols) -> FxHashSet<(Name, Option<(SymbolKey, bool)>)> {
    let functions = symbols.functions.iter().map(|function| {
        let is_shared = !function.is_local && function.kind != FunctionKind::Macro;
        (function.name, Some((function.symbol, is_shared)))
    });
    functions.chain(symbols.declarations.iter().map(|name| (*name, None))).collect()
}
