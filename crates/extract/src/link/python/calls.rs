//! Which function a call of Python means.

use snake_pipe_core::model::Call;

use crate::{
    Linkable,
    link::{
        LinkIndex,
        meaning::{Found, Meaning, SymbolRef},
        names_in_scope::{Inner, declared_type, dotted},
        symbols::Scope,
    },
};

impl LinkIndex {
    /// What a call calls.
    pub(in crate::link) fn python_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name);
        if let Some(member) = text.strip_prefix("super().") {
            return self.python_inherited(file, call.function, member);
        }
        let Some(parts) = dotted(text) else { return Found::UNKNOWN };
        let found = match self.inner_name(file, linkable, call.function, parts[0]) {
            Inner::Definition(found) => self.python_steps(found, &parts[1..]),
            Inner::Variable { function, type_name } => {
                self.python_variable_call(file, linkable, (function, type_name), &parts)
            }
            Inner::Nothing => {
                let found = self.python_steps(self.python_global(file, parts[0]), &parts[1..]);
                found.or_else(|| match (declared_type(&linkable.variables, parts[0]), parts.as_slice()) {
                    (Some(type_name), [_, member]) => self.python_typed_member(file, type_name, member),
                    _ => Found::UNKNOWN,
                })
            }
        };
        self.python_constructed(found)
    }

    /// A call through a parameter or variable: `self.m()`, `self.field.m()`, or `x.m()` where the type of `x` is known.
    fn python_variable_call(
        &self,
        file: u32,
        linkable: &Linkable,
        (function, type_name): (Option<u32>, &str),
        parts: &[&str],
    ) -> Found {
        let class = match function
            .and_then(|f| self.symbols[file as usize].functions.get(f as usize))
            .map(|f| f.scope)
        {
            Some(Scope::Class(class)) if matches!(parts[0], "self" | "cls") => Some(class),
            _ => None,
        };
        match (class, parts) {
            (Some(class), [_, member]) => self.python_member(SymbolRef { file, index: class }, member),
            (Some(class), [_, field, member]) => {
                let fields = linkable.classes.get(class as usize).map_or(&[][..], |class| &class.typed_names);
                let type_name = declared_type(fields, field).unwrap_or_default();
                self.python_typed_member(file, type_name, member)
            }
            (None, [_, member]) => self.python_typed_member(file, type_name, member),
            _ => Found::UNKNOWN,
        }
    }

    fn python_typed_member(&self, file: u32, type_name: &str, member: &str) -> Found {
        let type_name = type_name.trim_matches(['"', '\'']);
        let Some(parts) = dotted(type_name) else { return Found::UNKNOWN };
        let found = self.python_steps(self.python_global(file, parts[0]), &parts[1..]);
        match found.meaning {
            Meaning::Class(class) => self.python_member(class, member),
            _ => Found::UNKNOWN,
        }
    }

    fn python_member(&self, class: SymbolRef, member: &str) -> Found {
        self.names.get(member).map_or(Found::UNKNOWN, |member| self.member(class, member))
    }

    fn python_inherited(&self, file: u32, function: Option<u32>, member: &str) -> Found {
        let class = function.and_then(|function| self.symbols[file as usize].class_of(function));
        match (class, self.names.get(member)) {
            (Some(index), Some(member)) => self.inherited(SymbolRef { file, index }, member),
            _ => Found::UNKNOWN,
        }
    }

    /// Calling a class calls its `__init__`, if it defines one.
    fn python_constructed(&self, found: Found) -> Found {
        let Meaning::Class(class) = found.meaning else { return found };
        let Some(name) = self.names.get("__init__") else { return found };
        let constructor = self.defined(class.file, Scope::Class(class.index), name, found.origin);
        if constructor.is_known() { constructor } else { found }
    }
}
