//! Methods that override: those whose class has a base, directly or through others, with a method of that name.
//!
//! What a method says itself (`override`, `@Override`, `impl Trait for`) is known without linking. Go and C know no
//! overriding, Rust has no other than what implements a trait, and in Kotlin it has to be said.

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::{
    Language,
    model::{ClassKind, FunctionKind, Visibility},
};

use super::{
    LinkIndex,
    meaning::{Meaning, SymbolRef},
    symbols::{FunctionEntry, Local, Scope},
};

/// A hierarchy of more classes than this is not followed to its end.
const MAX_CLASSES: usize = 300;

/// When a method takes the place of one of the same name in a base.
struct Rule {
    /// Methods of one name are told apart by what they take: here by how many parameters, and where that does not tell
    /// them apart nothing is said.
    has_overloads: bool,
    /// Static methods take the place of static ones.
    do_statics: bool,
    /// Private methods do.
    do_private: bool,
    /// What a method of a base must be.
    replaceable: fn(ClassKind, &FunctionEntry) -> bool,
}

fn rule_of(language: Language) -> Option<&'static Rule> {
    /// The language reference of Python, 3.3.3 and 9; ECMAScript, OrdinaryGet.
    const BY_NAME: Rule =
        Rule { has_overloads: false, do_statics: true, do_private: false, replaceable: |_, _| true };
    /// JLS 8.4.8.
    const JAVA: Rule = Rule { has_overloads: true, do_statics: false, ..BY_NAME };
    /// [class.virtual]
    const CPP: Rule = Rule { do_private: true, replaceable: |_, base| base.is_virtual, ..JAVA };
    /// Of a class's methods `override` is said; what an interface promises is there without it (ECMA-334, 18.6).
    const CSHARP: Rule = Rule { replaceable: |kind, _| kind == ClassKind::Interface, ..JAVA };
    /// `override` may be left out where there was no body.
    const SCALA: Rule = Rule { replaceable: |_, base| base.is_virtual, ..JAVA };
    match language {
        Language::JavaScript | Language::Python | Language::TypeScript => Some(&BY_NAME),
        Language::Java => Some(&JAVA),
        Language::Cpp => Some(&CPP),
        Language::CSharp => Some(&CSHARP),
        Language::Scala => Some(&SCALA),
        Language::C | Language::Go | Language::Kotlin | Language::Rust | Language::Unknown => None,
    }
}

impl Rule {
    /// Whether a method may take the place of another at all.
    fn admits(&self, own: &FunctionEntry) -> bool {
        is_method(own.kind)
            && (self.do_statics || !own.is_static)
            && (self.do_private || own.visibility != Visibility::Private)
    }

    fn replaces(&self, own: &FunctionEntry, class: ClassKind, base: &FunctionEntry) -> bool {
        self.admits(base)
            && own.is_static == base.is_static
            && (!self.has_overloads || own.parameter_count == base.parameter_count)
            && (self.replaceable)(class, base)
    }
}

const fn is_method(kind: FunctionKind) -> bool {
    match kind {
        FunctionKind::Method | FunctionKind::Accessor | FunctionKind::Operator => true,
        FunctionKind::Function
        | FunctionKind::Constructor
        | FunctionKind::Destructor
        | FunctionKind::Closure
        | FunctionKind::Macro => false,
    }
}

impl LinkIndex {
    /// The functions of a file that override by what its bases are resolved to, by index.
    pub(super) fn overrides_in(&self, file: u32) -> Vec<u32> {
        let symbols = &self.symbols[file as usize];
        let Some(rule) = rule_of(self.paths.language(file)).filter(|_| !symbols.bases.is_empty()) else {
            return Vec::new();
        };
        let mut bases: FxHashMap<u32, Vec<SymbolRef>> = FxHashMap::default();
        let mut overrides = Vec::new();
        for (index, function) in (0..).zip(&symbols.functions) {
            let Scope::Class(class) = function.scope else { continue };
            if !rule.admits(function) || rule.has_overloads && self.has_twin(file, class, function) {
                continue;
            }
            let bases =
                bases.entry(class).or_insert_with(|| self.all_bases(SymbolRef { file, index: class }));
            if bases.iter().any(|base| self.has_replaceable(*base, rule, function)) {
                overrides.push(index);
            }
        }
        overrides
    }

    /// Whether another method of the class has the same name and as many parameters.
    fn has_twin(&self, file: u32, class: u32, own: &FunctionEntry) -> bool {
        let symbols = &self.symbols[file as usize];
        let alike = symbols.members(Scope::Class(class), own.name).filter(|member| match member {
            Local::Function(index) => {
                symbols.functions[*index as usize].parameter_count == own.parameter_count
            }
            Local::Class(_) => false,
        });
        alike.count() > 1
    }

    fn has_replaceable(&self, class: SymbolRef, rule: &Rule, own: &FunctionEntry) -> bool {
        let symbols = &self.symbols[class.file as usize];
        let kind = symbols.classes[class.index as usize].kind;
        symbols.members(Scope::Class(class.index), own.name).any(|member| match member {
            Local::Function(index) => rule.replaces(own, kind, &symbols.functions[index as usize]),
            Local::Class(_) => false,
        })
    }

    /// The classes that a class inherits from or implements, as far as they are in the repository, each once.
    fn all_bases(&self, class: SymbolRef) -> Vec<SymbolRef> {
        let mut seen = FxHashSet::from_iter([class]);
        let (mut found, mut next) = (vec![class], 0);
        while next < found.len() && found.len() < MAX_CLASSES {
            let SymbolRef { file, index } = found[next];
            next += 1;
            let entries = self.symbols[file as usize].bases.iter().zip(&self.bases[file as usize]);
            for (_, base) in entries.filter(|(base, _)| base.class == index) {
                if let Meaning::Class(base) = base.meaning
                    && seen.insert(base)
                {
                    found.push(base);
                }
            }
        }
        found.swap_remove(0);
        found
    }
}

#[cfg(test)]
mod tests;
