//! Calls of Java: which method or constructor they mean.

use snake_pipe_core::model::{Call, CallKind, ClassKind, FunctionKind, ImportKind, Origin};

use crate::{
    Linkable,
    link::{
        LinkIndex,
        hierarchy::Ancestor,
        meaning::{Candidates, Found, Meaning, SymbolRef},
        names::Name,
        names_in_scope::{declared_type, dotted, is_parameter, variable},
        symbols::{FunctionEntry, Local, Scope},
    },
};

/// What methods are looked up by.
#[derive(Clone, Copy)]
struct Wanted {
    name: Name,
    argument_count: u32,
}

impl LinkIndex {
    /// What a call calls.
    pub(in crate::link) fn java_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name);
        let scope = self.java_scope(file, call.function);
        match (call.name.as_str(), call.kind) {
            ("this" | "super", _) => return self.java_delegated(file, scope, call),
            (_, CallKind::Constructor) => {
                let found = self.java_type(file, scope, text.trim_start_matches("new "));
                return self.java_constructed(found, call.argument_count);
            }
            (_, CallKind::Function | CallKind::Method | CallKind::Macro) => {}
        }
        let Some(parts) = dotted(text) else { return Found::UNKNOWN };
        // A name that nothing in the repository bears may still be a method of a type from outside.
        let wanted =
            self.names.get(&call.name).map(|name| Wanted { name, argument_count: call.argument_count });
        let method = |class| wanted.map_or(Found::UNKNOWN, |wanted| self.java_method(class, wanted));
        match parts.as_slice() {
            [] | [_] => wanted.map_or(Found::UNKNOWN, |wanted| self.java_unqualified(file, scope, wanted)),
            ["super", _] => match (self.java_class_of(file, scope), wanted) {
                (Some(class), Some(wanted)) => self.java_super(class, wanted),
                _ => Found::UNKNOWN,
            },
            [receiver @ .., _] => {
                let found = self.java_receiver(file, linkable, scope, receiver);
                match found.meaning {
                    Meaning::Class(class) => method(class),
                    Meaning::External | Meaning::Stdlib => found,
                    _ => Found::UNKNOWN,
                }
            }
        }
    }

    /// Where a call stands. Outside functions that is the only class of the file, or unknown.
    fn java_scope(&self, file: u32, function: Option<u32>) -> Scope {
        match function {
            Some(function) => Scope::Function(function),
            None if self.symbols[file as usize].classes.len() == 1 => Scope::Class(0),
            None => Scope::Top,
        }
    }

    /// The class whose object `this` is.
    fn java_class_of(&self, file: u32, scope: Scope) -> Option<SymbolRef> {
        self.symbols[file as usize].scopes(scope).find_map(|scope| match scope {
            Scope::Class(index) => Some(SymbolRef { file, index }),
            Scope::Top | Scope::Function(_) => None,
        })
    }

    /// `m()`: of the innermost class that has a method of this name, else a static import (JLS 15.12.1, 6.4.1).
    fn java_unqualified(&self, file: u32, scope: Scope, wanted: Wanted) -> Found {
        for scope in self.symbols[file as usize].scopes(scope) {
            match scope {
                Scope::Top => return self.java_static_import(file, wanted),
                Scope::Class(index) => {
                    let class = SymbolRef { file, index };
                    let found = self.java_method(class, wanted);
                    if found.is_known() || self.has_or_hides(class, wanted.name) {
                        return found;
                    }
                }
                Scope::Function(_) => {}
            }
        }
        Found::UNKNOWN
    }

    /// Whether a class has a method of this name, or may have it from a type that is not known.
    fn has_or_hides(&self, class: SymbolRef, name: Name) -> bool {
        let may_have = |ancestor: &Ancestor| match ancestor {
            Ancestor::Unknown => true,
            Ancestor::Known(base) => {
                self.java_methods(*base, name).any(|method| self.is_method_inherited(class, *base, method))
            }
        };
        self.java_methods(class, name).next().is_some() || self.ancestors(class).iter().any(may_have)
    }

    /// Whether a class has this method of one of its bases as a member (JLS 8.4.8).
    fn is_method_inherited(&self, heir: SymbolRef, base: SymbolRef, method: SymbolRef) -> bool {
        let method = self.function(method);
        let is_of_interface = method.is_static && self.class(base).kind == ClassKind::Interface;
        !is_of_interface && self.is_java_inherited(heir, base, method.visibility)
    }

    fn java_methods(&self, class: SymbolRef, name: Name) -> impl Iterator<Item = SymbolRef> + '_ {
        let members = self.symbols[class.file as usize].members(Scope::Class(class.index), name);
        members.filter_map(move |local| match local {
            Local::Function(index) => Some(SymbolRef { file: class.file, index }),
            Local::Class(_) => None,
        })
    }

    /// The method of a class, its own or an inherited one.
    fn java_method(&self, class: SymbolRef, wanted: Wanted) -> Found {
        let own = self.java_overload(class, wanted, Origin::Member, |_| true);
        own.or_else(|| self.java_inherited(class, wanted))
    }

    /// `super.m()`: the method of the class that this one extends; also a private one, where a class encloses both.
    fn java_super(&self, class: SymbolRef, wanted: Wanted) -> Found {
        match self.superclass(class).meaning {
            Meaning::Class(base) => self.java_method(base, wanted).by(Origin::Inherited),
            _ => Found::UNKNOWN,
        }
    }

    /// The method that a class inherits. Nothing where a type that is not known stands before it.
    fn java_inherited(&self, class: SymbolRef, wanted: Wanted) -> Found {
        for ancestor in self.ancestors(class) {
            let Ancestor::Known(base) = ancestor else { return Found::UNKNOWN };
            let is_inherited = |method| self.is_method_inherited(class, *base, method);
            let found = self.java_overload(*base, wanted, Origin::Inherited, is_inherited);
            if found.is_known() {
                return found;
            }
        }
        Found::UNKNOWN
    }

    /// The method of a class itself, among those that count, that can take this number of arguments.
    fn java_overload(
        &self,
        class: SymbolRef,
        wanted: Wanted,
        origin: Origin,
        counts: impl Fn(SymbolRef) -> bool,
    ) -> Found {
        let methods = self.java_methods(class, wanted.name).filter(|method| counts(*method));
        let methods = methods.map(|method| (method, self.function(method)));
        let methods =
            methods.filter(|(_, f)| !matches!(f.kind, FunctionKind::Constructor | FunctionKind::Closure));
        one_of(methods, wanted.argument_count, origin)
    }

    /// The constructor of a class that takes this number of arguments, or the class where it declares none such.
    fn java_constructed(&self, found: Found, argument_count: u32) -> Found {
        let Meaning::Class(class) = found.meaning else { return found };
        let constructors = self.java_methods(class, self.class(class).name);
        let constructors = constructors.map(|method| (method, self.function(method)));
        let constructors = constructors.filter(|(_, function)| function.kind == FunctionKind::Constructor);
        one_of(constructors, argument_count, found.origin).or_else(|| found)
    }

    /// `this(…)` and `super(…)`.
    fn java_delegated(&self, file: u32, scope: Scope, call: &Call) -> Found {
        let Some(class) = self.java_class_of(file, scope) else { return Found::UNKNOWN };
        let found = match call.name.as_str() {
            "this" => Found::new(Meaning::Class(class), Origin::Member),
            _ => self.superclass(class),
        };
        self.java_constructed(found, call.argument_count)
    }

    fn java_static_import(&self, file: u32, wanted: Wanted) -> Found {
        let imports = self.symbols[file as usize].imports.iter().zip(&self.modules[file as usize]);
        let mut starred = Found::UNKNOWN;
        for (import, found) in imports {
            let class = match found.meaning {
                Meaning::Function(method) => match self.function(method).scope {
                    Scope::Class(index) => SymbolRef { file: method.file, index },
                    Scope::Top | Scope::Function(_) => continue,
                },
                Meaning::Class(class) => class,
                Meaning::External | Meaning::Stdlib if import.local == Some(wanted.name) => {
                    return found.by(Origin::Import);
                }
                _ => continue,
            };
            let method = || self.java_method(class, wanted).by(Origin::Import);
            match import.local {
                Some(local) if local == wanted.name && self.class(class).name != local => return method(),
                None if import.kind == ImportKind::Wildcard => starred = starred.or_else(method),
                Some(_) | None => {}
            }
        }
        starred
    }

    /// The type of the receiver of a call: `this`, a variable, a field, a type, and fields of these.
    fn java_receiver(&self, file: u32, linkable: &Linkable, scope: Scope, parts: &[&str]) -> Found {
        let (head, fields) = match parts {
            ["this", fields @ ..] => match self.java_class_of(file, scope) {
                Some(class) => (Found::new(Meaning::Class(class), Origin::Member), fields),
                None => return Found::UNKNOWN,
            },
            [head, fields @ ..] => match self.java_variable(file, linkable, scope, head) {
                Some(found) => (found, fields),
                None => return self.java_receiver_type(file, scope, parts),
            },
            [] => return Found::UNKNOWN,
        };
        fields.iter().fold(head, |found, field| match found.meaning {
            Meaning::Class(class) => self.java_field(class, field).unwrap_or_default(),
            Meaning::External | Meaning::Stdlib => found,
            _ => Found::UNKNOWN,
        })
    }

    /// The type of a parameter, a local variable, or a field of the classes around; none where there is no such name.
    fn java_variable(&self, file: u32, linkable: &Linkable, scope: Scope, name: &str) -> Option<Found> {
        self.symbols[file as usize].scopes(scope).find_map(|scope| match scope {
            Scope::Function(function) => {
                let type_name = variable(linkable, function, name)?;
                // The type of a parameter stands before all classes of the body.
                let is_parameter = is_parameter(linkable, function, name);
                let around = self.symbols[file as usize].scopes(scope).nth(usize::from(is_parameter));
                Some(self.java_type(file, around.unwrap_or(Scope::Top), type_name))
            }
            Scope::Class(index) => {
                let own = linkable.classes.get(index as usize)?;
                match declared_type(&own.typed_names, name) {
                    Some(type_name) => Some(self.java_type(file, scope, type_name)),
                    None => self.java_field(SymbolRef { file, index }, name),
                }
            }
            Scope::Top => None,
        })
    }

    /// The type of a field that a class has, its own or inherited.
    fn java_field(&self, class: SymbolRef, name: &str) -> Option<Found> {
        let name = self.names.get(name)?;
        let bases = self.ancestors(class).iter().filter_map(|ancestor| match ancestor {
            Ancestor::Known(base) => Some(*base),
            Ancestor::Unknown => None,
        });
        std::iter::once(class).chain(bases).find_map(|owner| {
            let mut fields = self.symbols[owner.file as usize].fields_named(owner.index, name);
            let field = fields
                .find(|field| owner == class || self.is_java_inherited(class, owner, field.visibility))?;
            let type_name = self.names.text(field.type_name);
            Some(self.java_type(owner.file, Scope::Class(owner.index), type_name))
        })
    }

    /// A type, or a static field of one. By convention a type begins with a capital letter; anything else may be a
    /// field that is inherited from a type not known here.
    fn java_receiver_type(&self, file: u32, scope: Scope, parts: &[&str]) -> Found {
        let is_type = |part: &&str| part.starts_with(char::is_uppercase);
        match parts {
            [.., last] if is_type(last) => {
                let found = self.java_type(file, scope, &parts.join("."));
                found.or_else(|| self.java_static_field(file, scope, parts))
            }
            [_, _, ..] => self.java_static_field(file, scope, parts),
            _ => Found::UNKNOWN,
        }
    }

    fn java_static_field(&self, file: u32, scope: Scope, parts: &[&str]) -> Found {
        let [class @ .., field] = parts else { return Found::UNKNOWN };
        // `Outer.this` is the object of an enclosing class.
        let found = self.java_type(file, scope, &class.join("."));
        match found.meaning {
            Meaning::Class(_) if *field == "this" => found,
            Meaning::Class(class) => self.java_field(class, field).unwrap_or_default(),
            Meaning::External | Meaning::Stdlib => found,
            _ => Found::UNKNOWN,
        }
    }
}

/// The functions that can take this number of arguments. Which of several is meant, also of one with a fixed and one with
/// a variable number, depends on the arguments' types (JLS 15.12.2).
fn one_of<'a>(
    functions: impl Iterator<Item = (SymbolRef, &'a FunctionEntry)>,
    argument_count: u32,
    origin: Origin,
) -> Found {
    let takes = |function: &FunctionEntry| {
        let parameter_count = u32::from(function.parameter_count);
        let is_enough = function.is_variadic && parameter_count <= argument_count + 1;
        is_enough || parameter_count == argument_count
    };
    let mut candidates = Candidates::default();
    for (function, _) in functions.filter(|(_, function)| takes(function)) {
        candidates.add(Found::new(Meaning::Function(function), origin));
    }
    candidates.decide()
}
