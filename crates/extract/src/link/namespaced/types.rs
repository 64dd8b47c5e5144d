//! Names of types: what stands around them, in their namespaces, and what is imported.

use snake_pipe_core::model::{FunctionKind, ImportKind, Origin};

use super::{Place, Rules, Sight, Step};
use crate::link::{
    LinkIndex,
    c::Closure,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    qualified::{Definition, class_of, decide},
    symbols::{Local, Scope, is_member_kind},
    trace::{Key, note_key},
};

/// The namespace of a C++ file that bears no name: its members are seen in the one around it.
const NAMELESS: &str = "(anonymous namespace)";

impl LinkIndex {
    /// The qualified name of the namespace in which the outermost definition around a class stands.
    pub(super) fn namespace_of(&self, class: SymbolRef) -> &str {
        self.namespace_around(class.file, Scope::Class(class.index))
    }

    /// The qualified name of the namespace around a scope.
    pub(super) fn namespace_around(&self, file: u32, scope: Scope) -> &str {
        let symbols = &self.symbols[file as usize];
        let outermost = symbols.scopes(scope).filter(|scope| *scope != Scope::Top).last();
        let local = outermost.and_then(|outermost| match outermost {
            Scope::Function(index) => Some(Local::Function(index)),
            Scope::Class(index) => Some(Local::Class(index)),
            Scope::Top => None,
        });
        let container = match local {
            Some(local) => symbols.container(local),
            None => symbols.namespace,
        };
        let container = container.map_or("", |container| self.names.text(container));
        let is_member = |index: u32| {
            let function = symbols.functions.get(index as usize);
            function.is_some_and(|function| is_member_kind(function.kind))
        };
        match local {
            // A member that is defined outside of its class (C++) stands in that class's namespace.
            Some(Local::Function(index)) if is_member(index) => {
                container.rsplit_once("::").map_or("", |(outer, _)| outer)
            }
            _ => container,
        }
    }

    /// The definitions of a name in a container that are seen.
    pub(super) fn definitions_in(&self, place: Place<'_>, container: &str, name: &str) -> Vec<Definition> {
        let (Some(container), Some(name)) = (self.names.get(container), self.names.get(name)) else {
            return Vec::new();
        };
        let all = self.spaces.of(place.rules).names.get(container, name);
        let is_seen = |definition: &Definition| match place.sight {
            Sight::All => true,
            Sight::Included(closure) => self.is_reached(closure, *definition),
        };
        all.iter().copied().filter(is_seen).collect()
    }

    /// The only type among definitions. The parts of a type that is defined in several places are one.
    pub(super) fn one_type(&self, definitions: &[Definition], origin: Origin) -> Found {
        let classes = definitions.iter().filter_map(|definition| match definition.local {
            Local::Class(index) => Some(SymbolRef { file: definition.file, index }),
            Local::Function(_) => None,
        });
        let classes: Vec<SymbolRef> = classes.collect();
        let is_partial = |class: &SymbolRef| self.class(*class).is_partial;
        match classes.as_slice() {
            [] => Found::UNKNOWN,
            [first, ..] if classes.iter().all(is_partial) => Found::new(Meaning::Class(*first), origin),
            _ => decide(
                definitions.iter().copied().filter(|definition| matches!(definition.local, Local::Class(_))),
                origin,
            ),
        }
    }

    /// The type that a text names where it stands; type arguments, nullability and references are read over.
    pub(super) fn type_named(&self, place: Place<'_>, namespace: &str, text: &str) -> Found {
        let Some(path) = bare_type(text) else { return Found::UNKNOWN };
        let path = path.trim_start_matches("global::").trim_start_matches("_root_.");
        let parts: Vec<&str> = path.split(place.rules.separator).filter(|part| !part.is_empty()).collect();
        let [head, rest @ ..] = parts.as_slice() else { return Found::UNKNOWN };
        let found = self.simple_type(place, namespace, head);
        let nested = rest.iter().try_fold(found, |found, part| match found.meaning {
            Meaning::Class(class) => {
                let found = self.member_type(place, class, part);
                found.is_known().then_some(found)
            }
            Meaning::External | Meaning::Stdlib => Some(found),
            _ => None,
        });
        nested.unwrap_or_default().or_else(|| self.qualified_type(place, namespace, path))
    }

    /// A path with a separator that begins with a namespace, not with a type.
    fn qualified_type(&self, place: Place<'_>, namespace: &str, path: &str) -> Found {
        let Some((outer, name)) = path.rsplit_once(place.rules.separator) else { return Found::UNKNOWN };
        let found = self.each_around(place, namespace, &mut |around| {
            let container = joined(place.rules, around, outer);
            self.one_type(&self.definitions_in(place, &container, name), Origin::Package)
        });
        let found = found.or_else(|| match place.rules.sees_java {
            true => self.java_qualified(place.file, path),
            false => Found::UNKNOWN,
        });
        found.or_else(|| if (place.rules.is_standard)(path) { Found::STDLIB } else { Found::UNKNOWN })
    }

    /// Asks for a namespace and those around it, from the innermost; the nameless one alone where paths are absolute.
    pub(super) fn each_around(
        &self,
        place: Place<'_>,
        namespace: &str,
        ask: &mut dyn FnMut(&str) -> Found,
    ) -> Found {
        let mut around = if place.rules.has_relative_paths { namespace } else { "" };
        loop {
            let found = ask(around);
            if found.is_known() || around.is_empty() {
                return found;
            }
            around = around.rsplit_once(place.rules.separator).map_or("", |(outer, _)| outer);
        }
    }

    /// A name without a qualifier: a type around it, then by the steps of the language.
    fn simple_type(&self, place: Place<'_>, namespace: &str, name: &str) -> Found {
        self.type_around(place, name).or_else(|| {
            self.by_steps(place, namespace, name, &|definitions, origin| self.one_type(definitions, origin))
        })
    }

    fn type_around(&self, place: Place<'_>, name: &str) -> Found {
        let Some(number) = self.names.get(name) else { return Found::UNKNOWN };
        let file = place.file;
        for scope in self.symbols[file as usize].scopes(place.scope) {
            let found = match scope {
                Scope::Top => Found::UNKNOWN,
                Scope::Class(index) if self.class(SymbolRef { file, index }).name == number => {
                    Found::new(Meaning::Class(SymbolRef { file, index }), Origin::Scope)
                }
                Scope::Class(index) => self.member_type(place, SymbolRef { file, index }, name),
                Scope::Function(_) => {
                    let found = self.defined(file, scope, number, Origin::Scope);
                    if class_of(found).is_some() { found } else { Found::UNKNOWN }
                }
            };
            if found.is_known() {
                return found;
            }
        }
        Found::UNKNOWN
    }

    /// The type that a class has as a member.
    pub(super) fn member_type(&self, place: Place<'_>, class: SymbolRef, name: &str) -> Found {
        let Some(container) = self.container_of_class(class, place.rules.separator) else {
            return Found::UNKNOWN;
        };
        let definitions = self.definitions_in(place, self.names.text(container), name);
        self.one_type(&definitions, Origin::Member)
    }

    /// Looks a name up by the steps of the language; `choose` makes a meaning of the definitions at one level.
    pub(super) fn by_steps(
        &self,
        place: Place<'_>,
        namespace: &str,
        name: &str,
        choose: &dyn Fn(&[Definition], Origin) -> Found,
    ) -> Found {
        let mut found = Found::UNKNOWN;
        for step in place.rules.steps {
            found = found.or_else(|| match step {
                Step::File => self.each_around(place, namespace, &mut |around| {
                    let mut own = self.definitions_in(place, around, name);
                    own.retain(|definition| definition.file == place.file);
                    choose(&own, Origin::Scope)
                }),
                Step::Named => self.named_import(place, name, choose),
                Step::Package => self.in_package(place, namespace, name, choose),
                Step::Around => self.each_around(place, namespace, &mut |around| {
                    self.in_package(place, around, name, choose)
                }),
                Step::Wildcards => self.wildcard_import(place, namespace, name, choose),
            });
        }
        found.or_else(|| if (place.rules.is_known_everywhere)(name) { Found::STDLIB } else { Found::UNKNOWN })
    }

    fn in_package(
        &self,
        place: Place<'_>,
        namespace: &str,
        name: &str,
        choose: &dyn Fn(&[Definition], Origin) -> Found,
    ) -> Found {
        let origin = |definitions: &[Definition]| match definitions {
            [only] if only.file == place.file => Origin::Scope,
            _ => Origin::Package,
        };
        let definitions = self.definitions_in(place, namespace, name);
        let found = choose(&definitions, origin(&definitions));
        let nameless = || {
            let container = joined(place.rules, namespace, NAMELESS);
            let definitions = self.definitions_in(place, &container, name);
            let own: Vec<Definition> =
                definitions.into_iter().filter(|definition| definition.file == place.file).collect();
            choose(&own, Origin::Scope)
        };
        let found = if place.rules.separator == "::" { found.or_else(nameless) } else { found };
        found.or_else(|| match (place.rules.sees_java, self.names.get(namespace), self.names.get(name)) {
            (true, Some(package), Some(name)) => {
                self.java_in_package(place.file, package, name).by(Origin::Package)
            }
            _ => Found::UNKNOWN,
        })
    }

    /// What the file imports under a name.
    fn named_import(
        &self,
        place: Place<'_>,
        name: &str,
        choose: &dyn Fn(&[Definition], Origin) -> Found,
    ) -> Found {
        let Some(number) = self.names.get(name) else { return Found::UNKNOWN };
        let file = place.file as usize;
        let Some(modules) = self.modules.get(file) else { return Found::UNKNOWN };
        let imports = self.symbols[file].imports.iter().zip(modules).enumerate();
        let mut candidates = Candidates::default();
        for (at, (import, found)) in imports.filter(|(_, (import, _))| import.local == Some(number)) {
            if !self.holds_at(place, at) {
                continue;
            }
            match found.meaning {
                Meaning::External | Meaning::Stdlib => candidates.add(found.by(Origin::Import)),
                // A class of Java, or of another language, is no definition here.
                Meaning::Class(class) if self.paths.language(class.file) != place.rules.language => {
                    candidates.add(found.by(Origin::Import));
                }
                _ => {
                    let path = self.names.text(import.module);
                    candidates.add(self.each_around(
                        place,
                        self.namespace_of_file(place.file),
                        &mut |around| {
                            let path = joined(place.rules, around, path);
                            let (outer, name) =
                                path.rsplit_once(place.rules.separator).unwrap_or(("", &path));
                            choose(&self.definitions_in(place, outer, name), Origin::Import)
                        },
                    ));
                }
            }
        }
        candidates.decide()
    }

    fn wildcard_import(
        &self,
        place: Place<'_>,
        namespace: &str,
        name: &str,
        choose: &dyn Fn(&[Definition], Origin) -> Found,
    ) -> Found {
        let file = place.file as usize;
        let mut candidates = Candidates::default();
        let imports = self.symbols[file].imports.iter().enumerate();
        for (at, import) in imports.filter(|(_, import)| import.kind == ImportKind::Wildcard) {
            if !self.holds_at(place, at) {
                continue;
            }
            let path = self.names.text(import.module);
            candidates.add(self.each_around(place, namespace, &mut |around| {
                let container = joined(place.rules, around, path);
                let found = choose(&self.definitions_in(place, &container, name), Origin::Import);
                found.or_else(|| {
                    match (place.rules.sees_java, self.names.get(&container), self.names.get(name)) {
                        (true, Some(package), Some(name)) => {
                            self.java_in_package(place.file, package, name).by(Origin::Import)
                        }
                        _ => Found::UNKNOWN,
                    }
                })
            }));
        }
        candidates.decide()
    }

    fn namespace_of_file(&self, file: u32) -> &str {
        self.symbols[file as usize].namespace.map_or("", |namespace| self.names.text(namespace))
    }

    /// Whether an import holds where a name stands: for the whole file, or in a function or class around it.
    fn holds_at(&self, place: Place<'_>, import: usize) -> bool {
        let symbols = &self.symbols[place.file as usize];
        let Some(import) = symbols.import_place(import) else { return true };
        let qualifier = self.names.text(import.qualifier);
        match import.function {
            Some(function) => symbols.scopes(place.scope).any(|scope| scope == Scope::Function(function)),
            None => {
                let mut classes = symbols.scopes(place.scope).filter_map(|scope| match scope {
                    Scope::Class(index) => Some(SymbolRef { file: place.file, index }),
                    Scope::Top | Scope::Function(_) => None,
                });
                let is_of_class = |class: SymbolRef| {
                    let name = self.container_of_class(class, place.rules.separator);
                    name.is_some_and(|name| self.names.text(name) == qualifier)
                };
                let namespace = self.namespace_around(place.file, place.scope);
                let is_around = namespace.strip_prefix(qualifier).is_some_and(|rest| {
                    qualifier.is_empty() || rest.is_empty() || rest.starts_with(place.rules.separator)
                });
                is_around || classes.any(is_of_class)
            }
        }
    }

    /// Whether an include reaches a definition: it stands in an included file, or an included file declares it; or it is a
    /// member of a class, which is looked up only where the class is seen.
    fn is_reached(&self, closure: &Closure, definition: Definition) -> bool {
        if closure.contains(definition.file) {
            return true;
        }
        let Local::Function(index) = definition.local else { return false };
        let symbols = &self.symbols[definition.file as usize];
        let Some(function) = symbols.functions.get(index as usize).filter(|function| !function.is_local)
        else {
            return false;
        };
        let container =
            symbols.container(definition.local).map_or("", |container| self.names.text(container));
        let separator = if container.is_empty() { "" } else { "::" };
        let name = [container, separator, self.names.text(function.name)].concat();
        note_key(|| Key::of_name(&name));
        let declaring = self.names.get(&name).and_then(|name| self.spaces.0[0].declaring.get(&name));
        let is_member = matches!(
            function.kind,
            FunctionKind::Method
                | FunctionKind::Constructor
                | FunctionKind::Destructor
                | FunctionKind::Operator
        );
        is_member || declaring.into_iter().flatten().any(|file| closure.contains(*file))
    }
}

/// A path in a namespace.
pub(super) fn joined(rules: &Rules, namespace: &str, path: &str) -> String {
    let separator = if namespace.is_empty() { "" } else { rules.separator };
    [namespace, separator, path].concat()
}

/// The qualified name in a type as written; none for arrays, tuples and functions.
fn bare_type(text: &str) -> Option<String> {
    let mut depth = 0_u32;
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '[' => depth += 1,
            '>' | ']' => depth = depth.checked_sub(1)?,
            '(' | '=' | ',' if depth == 0 => return None,
            _ if depth > 0 => {}
            c => name.push(c),
        }
    }
    if text.trim_end().ends_with("[]") {
        return None;
    }
    let words = name.split(|c: char| c.is_whitespace() || matches!(c, '&' | '*' | '?' | '!'));
    let is_modifier = |word: &str| {
        matches!(
            word,
            "" | "const"
                | "volatile"
                | "struct"
                | "class"
                | "enum"
                | "typename"
                | "in"
                | "out"
                | "ref"
                | "readonly"
        )
    };
    let mut words = words.filter(|word| !is_modifier(word));
    let only = words.next().filter(|_| words.next().is_none())?;
    let is_name = only.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '`' | '$'));
    is_name.then(|| only.trim_matches(['.', ':']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::bare_type;

    #[test]
    fn types_lose_arguments_references_and_modifiers() {
        assert_eq!(bare_type("const ns::Bar<int> &").as_deref(), Some("ns::Bar"));
        assert_eq!(bare_type("Map<String, List<Int>>?").as_deref(), Some("Map"));
        assert_eq!(bare_type("geo.Area[T]").as_deref(), Some("geo.Area"));
        assert_eq!(
            (bare_type("(Int) -> Int"), bare_type("int[]"), bare_type("unsigned int")),
            (None, None, None)
        );
    }
}
