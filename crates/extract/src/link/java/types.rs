//! Type names of Java: which class or interface they mean in a file.

use snake_pipe_core::model::{ImportKind, Origin, Visibility};

use crate::link::{
    LinkIndex,
    hierarchy::Ancestor,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::Name,
    paths::shared_depth,
    standard,
    symbols::{Local, Scope},
};

impl LinkIndex {
    /// The type that a text names in `scope` of a file. Type arguments and annotations are read over; arrays and
    /// primitive types are none.
    pub(super) fn java_type(&self, file: u32, scope: Scope, text: &str) -> Found {
        let Some(name) = bare_type(text) else { return Found::UNKNOWN };
        let mut parts = name.split('.');
        let head = parts.next().unwrap_or_default();
        let found = self.java_simple_type(file, scope, head);
        let nested = parts.try_fold(found, |found, part| match found.meaning {
            Meaning::Class(class) => {
                let found =
                    self.names.get(part).map_or(Found::UNKNOWN, |part| self.java_member_type(class, part));
                found.is_known().then_some(found)
            }
            Meaning::External | Meaning::Stdlib => Some(found),
            _ => None,
        });
        nested.unwrap_or_default().or_else(|| {
            let found = self.java_qualified(file, &name);
            found.or_else(|| if standard::java::is_qualified(&name) { Found::STDLIB } else { Found::UNKNOWN })
        })
    }

    /// A name without dots: a type of an enclosing class or function, of the file, of an import, of the package, of a
    /// star import, of `java.lang`; in this order (JLS 6.4.1).
    fn java_simple_type(&self, file: u32, scope: Scope, name: &str) -> Found {
        let lang = || if standard::java::is_lang(name) { Found::STDLIB } else { Found::UNKNOWN };
        let Some(name) = self.names.get(name) else { return lang() };
        let mut local = None;
        let member = { self.symbols[file as usize].scopes(scope) }.find_map(|scope| {
            let found = self.java_enclosing_type(file, scope, name);
            let is_local = matches!(scope, Scope::Function(_)) && found.is_known();
            if is_local {
                local.get_or_insert(found);
            }
            (found.is_known() && !is_local).then_some(found)
        });
        let outer = member.unwrap_or_default().or_else(|| self.java_outer_type(file, name)).or_else(lang);
        match local {
            None => outer,
            Some(local) if !outer.is_known() => local,
            // A class of a function's body is known from its declaration to the end of its block (JLS 6.3); what the
            // name means elsewhere in the body is the type around it, and the place is not certain.
            Some(local) => {
                let mut candidates = Candidates::default();
                candidates.add(local);
                candidates.add(outer);
                candidates.decide()
            }
        }
    }

    /// A type of the top level of the file, of an import, of the package, of a star import.
    fn java_outer_type(&self, file: u32, name: Name) -> Found {
        self.java_defined_type(file, Scope::Top, name, Origin::Scope)
            .or_else(|| self.java_imported_type(file, name))
            .or_else(|| {
                let package = self.symbols[file as usize].namespace;
                self.nearest(file, self.java.types(package, name)).by(Origin::Package)
            })
            .or_else(|| self.java_starred_type(file, name))
    }

    /// The type `name` of one of the scopes around a place: a class itself, a member of it, or a class of a function's body.
    fn java_enclosing_type(&self, file: u32, scope: Scope, name: Name) -> Found {
        match scope {
            Scope::Class(index) => {
                let class = SymbolRef { file, index };
                match self.class(class).name == name {
                    true => Found::new(Meaning::Class(class), Origin::Scope),
                    false => self.java_member_type(class, name),
                }
            }
            Scope::Function(_) => self.java_defined_type(file, scope, name, Origin::Scope),
            Scope::Top => Found::UNKNOWN,
        }
    }

    /// The type `name` that a class has as a member, its own or an inherited one.
    fn java_member_type(&self, class: SymbolRef, name: Name) -> Found {
        let own = self.java_defined_type(class.file, Scope::Class(class.index), name, Origin::Member);
        own.or_else(|| {
            let inherited = self.ancestors(class).iter().find_map(|ancestor| {
                let Ancestor::Known(base) = ancestor else { return None };
                let found =
                    self.java_defined_type(base.file, Scope::Class(base.index), name, Origin::Inherited);
                let is_inherited = match found.meaning {
                    Meaning::Class(inner) => {
                        self.is_java_inherited(class, *base, self.class(inner).visibility)
                    }
                    _ => found.is_known(),
                };
                is_inherited.then_some(found)
            });
            inherited.unwrap_or_default()
        })
    }

    /// Whether a class has what a base declares with this visibility as a member: nothing private, and what belongs to a
    /// package in that package alone (JLS 8.2).
    pub(super) fn is_java_inherited(&self, heir: SymbolRef, base: SymbolRef, visibility: Visibility) -> bool {
        let package = |class: SymbolRef| self.symbols[class.file as usize].namespace;
        match visibility {
            Visibility::Private => false,
            Visibility::Internal => package(heir) == package(base),
            _ => true,
        }
    }

    /// Types and methods have names of their own each: only types are asked for.
    fn java_defined_type(&self, file: u32, scope: Scope, name: Name, origin: Origin) -> Found {
        let mut candidates = Candidates::default();
        for local in self.symbols[file as usize].members(scope, name) {
            if let Local::Class(index) = local {
                candidates.add(Found::new(Meaning::Class(SymbolRef { file, index }), origin));
            }
        }
        candidates.decide()
    }

    fn java_imported_type(&self, file: u32, name: Name) -> Found {
        let imports = self.symbols[file as usize].imports.iter().zip(&self.modules[file as usize]);
        let mut candidates = Candidates::default();
        for (_, found) in imports.filter(|(import, _)| import.local == Some(name)) {
            match found.meaning {
                // A static import of a member of the class.
                Meaning::Class(class) if self.class(class).name != name => {}
                Meaning::Function(_) => {}
                _ => candidates.add(found.by(Origin::Import)),
            }
        }
        candidates.decide()
    }

    fn java_starred_type(&self, file: u32, name: Name) -> Found {
        let imports = self.symbols[file as usize].imports.iter().zip(&self.modules[file as usize]);
        let mut candidates = Candidates::default();
        for (import, found) in imports.filter(|(import, _)| import.kind == ImportKind::Wildcard) {
            match found.meaning {
                Meaning::Class(class) => {
                    candidates.add(self.java_member_type(class, name).by(Origin::Import))
                }
                _ => {
                    let types = self.java.types(Some(import.module), name);
                    candidates.add(self.nearest(file, types).by(Origin::Import));
                }
            }
        }
        candidates.decide()
    }

    /// The type with a qualified name: some leading parts are the package, the others nested types.
    pub(in crate::link) fn java_qualified(&self, file: u32, path: &str) -> Found {
        let dots = path.match_indices('.').map(|(at, _)| at);
        let mut found = dots.filter_map(|at| {
            let package = self.names.get(&path[..at])?;
            let mut parts = path[at + 1..].split('.');
            let top = self.nearest(file, self.java.types(Some(package), self.names.get(parts.next()?)?));
            let nested = parts.try_fold(top, |found, part| match found.meaning {
                Meaning::Class(class) => Some(self.java_member_type(class, self.names.get(part)?)),
                _ => Some(found),
            })?;
            nested.is_known().then_some(nested.by(Origin::Package))
        });
        found.next().unwrap_or_default()
    }

    /// The type of this name that stands directly in a package.
    pub(in crate::link) fn java_in_package(&self, file: u32, package: Name, name: Name) -> Found {
        self.nearest(file, self.java.types(Some(package), name))
    }

    /// The only type. Of several with the same qualified name (a project that keeps variants of its code side by side)
    /// the one that shares most directories with the file, where that is one; a copy of the tree in a directory of its
    /// own (`android/a/X.java` beside `a/X.java`) is meant by files of the copy alone.
    fn nearest(&self, file: u32, types: &[SymbolRef]) -> Found {
        let path = self.paths.text(file);
        let near = |class: &SymbolRef| shared_depth(path, self.paths.text(class.file));
        let nearest = types.iter().map(near).max();
        let near: Vec<&SymbolRef> = types.iter().filter(|class| Some(near(class)) == nearest).collect();
        let is_copy = |class: &SymbolRef| {
            let copy = self.paths.text(class.file);
            near.iter().any(|other| {
                let other = copy.strip_suffix(self.paths.text(other.file));
                other.is_some_and(|above| above.ends_with('/') && !path.starts_with(above))
            })
        };
        let mut candidates = Candidates::default();
        for class in near.iter().filter(|class| !is_copy(class)) {
            candidates.add(Found::new(Meaning::Class(**class), Origin::Package));
        }
        candidates.decide()
    }
}

/// The dotted name in a type as written: `final @Nullable Map.Entry<K, V>` is `Map.Entry`. None for arrays.
fn bare_type(text: &str) -> Option<String> {
    if text.contains('[') || text.ends_with("...") {
        return None;
    }
    let mut depth = 0_u32;
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // What stands before white space is a modifier or an annotation.
            c if c.is_whitespace() => name.clear(),
            c => name.push(c),
        }
    }
    let is_name = name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    });
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::bare_type;

    #[test]
    fn types_lose_their_arguments_and_annotations() {
        assert_eq!(bare_type("final @Nullable Map.Entry<K, List<V>>").as_deref(), Some("Map.Entry"));
        assert_eq!(bare_type("Foo").as_deref(), Some("Foo"));
        assert_eq!(bare_type("Foo[]"), None);
        assert_eq!(bare_type("String..."), None);
    }
}
