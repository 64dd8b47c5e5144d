//! Calls: which function, method or type they mean.

use snake_pipe_core::{
    Language,
    model::{Call, CallKind, FunctionKind, Origin},
};

use super::{Place, Rules, Sight, callee::Callee, members::Wanted};
use crate::{
    Linkable,
    link::{
        LinkIndex,
        meaning::{Accepts, Found, Meaning, SymbolRef},
        names_in_scope::{Inner, declared_type, variable},
        qualified::{Definition, class_of, decide},
        symbols::{Local, Scope, is_member_kind},
    },
};

/// Words for the object itself and for what it has from its bases.
const SELF: &str = "this";
const SUPER: [&str; 2] = ["super", "base"];

impl LinkIndex {
    /// Resolves the calls of a file.
    pub(in crate::link) fn link_namespaced_calls(
        &self,
        rules: &'static Rules,
        file: u32,
        linkable: &Linkable,
        calls: &mut [Call],
    ) {
        self.with_sight(rules, file, |sight| {
            for call in calls.iter_mut() {
                let scope = call.function.map_or(Scope::Top, Scope::Function);
                let found = self.namespaced_call(Place { rules, file, scope, sight }, linkable, call);
                call.resolution = self.resolution(found, Accepts::Callables);
            }
        });
    }

    fn namespaced_call(&self, place: Place<'_>, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name);
        let namespace = self.namespace_around(place.file, place.scope);
        // Infix calls and calls of values have members of unknown objects.
        if call.kind == CallKind::Method && call.text.is_none() {
            return Found::UNKNOWN;
        }
        let Some(callee) = Callee::parse(text, place.rules.separator) else { return Found::UNKNOWN };
        let parts = callee.parts();
        if call.kind == CallKind::Constructor {
            return self.made(place, namespace, linkable, call, &parts);
        }
        let wanted = Wanted { name: &call.name, argument_count: call.argument_count };
        match (callee.path.as_slice(), callee.members.as_slice()) {
            ([_], []) => self.bare(place, namespace, linkable, wanted),
            ([path @ .., _], []) => self.of_path(place, namespace, &path.join(place.rules.separator), wanted),
            ([head], [fields @ .., _]) => {
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                if let ([], true) = (fields.as_slice(), SUPER.contains(&head.as_str())) {
                    let class = self.this_class(place);
                    return class
                        .map_or(Found::UNKNOWN, |class| self.namespaced_inherited(place, class, wanted));
                }
                let receiver = self.receiver(place, namespace, linkable, head, &fields);
                self.of_receiver(place, receiver, wanted)
            }
            _ => Found::UNKNOWN,
        }
    }

    fn of_receiver(&self, place: Place<'_>, receiver: Found, wanted: Wanted<'_>) -> Found {
        match receiver.meaning {
            Meaning::Class(class) => self.method_or_companions(place, class, wanted),
            Meaning::External | Meaning::Stdlib => receiver,
            _ => Found::UNKNOWN,
        }
    }

    /// A method of a class; in Kotlin also one of its companion, in Scala of the object beside it.
    fn method_or_companions(&self, place: Place<'_>, class: SymbolRef, wanted: Wanted<'_>) -> Found {
        let found = self.namespaced_method(place, class, wanted);
        found.or_else(|| {
            let companion = match place.rules.language {
                Language::Kotlin => self.member_type(place, class, "Companion"),
                _ => Found::UNKNOWN,
            };
            class_of(companion).map_or(Found::UNKNOWN, |class| self.namespaced_method(place, class, wanted))
        })
    }

    /// The class whose object `this` is.
    fn this_class(&self, place: Place<'_>) -> Option<SymbolRef> {
        self.classes_around(place).into_iter().next()
    }

    /// The classes around a place, from the innermost; in C++ also that of a member which is defined outside of it.
    fn classes_around(&self, place: Place<'_>) -> Vec<SymbolRef> {
        let symbols = &self.symbols[place.file as usize];
        let mut classes = Vec::new();
        for scope in symbols.scopes(place.scope) {
            match scope {
                Scope::Class(index) => classes.push(SymbolRef { file: place.file, index }),
                Scope::Function(index) => {
                    let is_outside = symbols.functions.get(index as usize).is_some_and(|function| {
                        function.scope == Scope::Top && is_member_kind(function.kind)
                    });
                    let container = symbols.container(Local::Function(index)).filter(|_| is_outside);
                    if let Some(container) = container {
                        let path = self.names.text(container);
                        let (outer, name) = path.rsplit_once(place.rules.separator).unwrap_or(("", path));
                        let definitions = self.definitions_in(place, outer, name);
                        classes.extend(class_of(self.one_type(&definitions, Origin::Member)));
                    }
                }
                Scope::Top => {}
            }
        }
        classes
    }

    /// `new T()` and `T()`, `this()` and `super()`.
    fn made(
        &self,
        place: Place<'_>,
        namespace: &str,
        linkable: &Linkable,
        call: &Call,
        parts: &[&str],
    ) -> Found {
        let found = match parts {
            [SELF] => match self.this_class(place) {
                Some(class) => Found::new(Meaning::Class(class), Origin::Member),
                None => Found::UNKNOWN,
            },
            [word] if SUPER.contains(word) => {
                self.this_class(place).map_or(Found::UNKNOWN, |class| self.superclass(class))
            }
            [name] if self.is_shadowed(place, linkable, name) => Found::UNKNOWN,
            parts => self.type_named(place, namespace, &parts.join(place.rules.separator)),
        };
        self.namespaced_constructed(place, found, call.argument_count)
    }

    fn is_shadowed(&self, place: Place<'_>, linkable: &Linkable, name: &str) -> bool {
        let Scope::Function(function) = place.scope else { return false };
        variable(linkable, function, name).is_some()
    }

    /// `f()`: a function around the call, a method of a class around it, then by the steps of the language.
    fn bare(&self, place: Place<'_>, namespace: &str, linkable: &Linkable, wanted: Wanted<'_>) -> Found {
        let function = match place.scope {
            Scope::Function(function) => Some(function),
            Scope::Top | Scope::Class(_) => None,
        };
        if function.is_some() {
            match self.inner_name(place.file, linkable, function, wanted.name) {
                Inner::Definition(found) => return found,
                Inner::Variable { .. } => return Found::UNKNOWN,
                Inner::Nothing => {}
            }
        }
        for class in self.classes_around(place) {
            let found = self.method_or_companions(place, class, wanted);
            if found.is_known() || self.may_have(place, class, wanted.name) {
                return found;
            }
        }
        if function.is_none() && place.rules.language != Language::Cpp && !linkable.classes.is_empty() {
            return self.made_outside_functions(place, namespace, wanted);
        }
        let found = self.by_steps(place, namespace, wanted.name, &|definitions, origin| {
            self.one_function(place, definitions, wanted, origin)
        });
        found.or_else(|| match place.sight {
            Sight::All => Found::UNKNOWN,
            Sight::Included(closure) => self.c_function_from_elsewhere(place.file, wanted.name, closure),
        })
    }

    /// A bare call outside of functions: it may stand in the body of a class, whose members go before. But a type is one.
    fn made_outside_functions(&self, place: Place<'_>, namespace: &str, wanted: Wanted<'_>) -> Found {
        let classes = &self.symbols[place.file as usize].classes;
        let is_other = |name: &str| {
            classes.iter().any(|class| class.scope != Scope::Top && self.names.text(class.name) == name)
        };
        if !wanted.name.starts_with(char::is_uppercase) || is_other(wanted.name) {
            return Found::UNKNOWN;
        }
        self.by_steps(place, namespace, wanted.name, &|definitions, origin| {
            self.one_type(definitions, origin)
        })
    }

    /// The only function among definitions that takes the arguments, or else the type that is made.
    fn one_function(
        &self,
        place: Place<'_>,
        definitions: &[Definition],
        wanted: Wanted<'_>,
        origin: Origin,
    ) -> Found {
        let is_meant = |definition: &&Definition| match definition.local {
            Local::Function(index) => {
                let function = self.function(SymbolRef { file: definition.file, index });
                !function.is_unscoped
                    && function.kind != FunctionKind::Closure
                    && !is_extension(function.kind, function.is_extension)
                    && self.takes(**definition, wanted.argument_count)
            }
            Local::Class(_) => false,
        };
        let found = decide(definitions.iter().filter(is_meant).copied(), origin);
        found.or_else(|| {
            let made = self.one_type(definitions, origin);
            self.namespaced_constructed(place, made, wanted.argument_count)
        })
    }

    /// `a::b::f()`: a member of a type, or a function of a namespace.
    fn of_path(&self, place: Place<'_>, namespace: &str, path: &str, wanted: Wanted<'_>) -> Found {
        let found = self.type_named(place, namespace, path);
        if found.is_known() {
            return self.of_receiver(place, found, wanted);
        }
        let found = self.each_around(place, namespace, &mut |around| {
            let container = super::types::joined(place.rules, around, path);
            let definitions = self.definitions_in(place, &container, wanted.name);
            self.one_function(place, &definitions, wanted, Origin::Package)
        });
        found.or_else(|| if (place.rules.is_standard)(path) { Found::STDLIB } else { Found::UNKNOWN })
    }

    /// The type of what a member is taken of: `this`, a variable, a field, a type or object, and fields of these.
    fn receiver(
        &self,
        place: Place<'_>,
        namespace: &str,
        linkable: &Linkable,
        head: &str,
        fields: &[&str],
    ) -> Found {
        let (mut found, mut fields) = (Found::UNKNOWN, fields);
        if head == SELF {
            let class = self.this_class(place);
            found = class.map_or(Found::UNKNOWN, |class| Found::new(Meaning::Class(class), Origin::Member));
        } else if let Some(type_name) = self.variable_type(place, linkable, head) {
            found = self.type_named(place, namespace, type_name);
        } else if let Some(of_field) =
            self.classes_around(place).into_iter().find_map(|class| self.namespaced_field(place, class, head))
        {
            found = of_field;
        } else if let Some(type_name) = declared_type(&linkable.variables, head) {
            found = self.type_named(place, namespace, type_name);
        } else {
            // A type, or a package and a type in it.
            for taken in 0..=fields.len() {
                let path = std::iter::once(&head).chain(&fields[..taken]).copied().collect::<Vec<_>>();
                found = self.type_named(place, namespace, &path.join(place.rules.separator));
                if found.is_known() {
                    fields = &fields[taken..];
                    break;
                }
            }
        }
        for field in fields {
            let Meaning::Class(class) = found.meaning else { break };
            found = match self.namespaced_field(place, class, field) {
                Some(found) => found,
                None => self.member_type(place, class, field),
            };
        }
        found
    }

    /// The declared type of a parameter or variable of the functions around.
    fn variable_type<'a>(&self, place: Place<'_>, linkable: &'a Linkable, name: &str) -> Option<&'a str> {
        self.symbols[place.file as usize].scopes(place.scope).find_map(|scope| match scope {
            Scope::Function(function) => variable(linkable, function, name),
            Scope::Top | Scope::Class(_) => None,
        })
    }
}

/// An extension needs a receiver: its bare name means it only where one is implied.
const fn is_extension(kind: FunctionKind, has_receiver: bool) -> bool {
    matches!(kind, FunctionKind::Function) && has_receiver
}
