//! Calls of Go: which function, method or type they mean.

use snake_pipe_core::model::{Call, FunctionKind, ImportKind, Origin};

use crate::{
    Linkable,
    link::{
        LinkIndex,
        meaning::{Candidates, Found, Meaning},
        names_in_scope::{Inner, declared_type, dotted},
        qualified::class_of,
        standard,
    },
};

impl LinkIndex {
    /// What a call calls.
    pub(in crate::link) fn go_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name);
        let Some(parts) = dotted(text) else { return Found::UNKNOWN };
        let inner = self.inner_name(file, linkable, call.function, parts[0]);
        match parts.as_slice() {
            [name] => match inner {
                Inner::Definition(found) => found,
                Inner::Variable { .. } => Found::UNKNOWN,
                Inner::Nothing => self.go_bare(file, linkable, name),
            },
            [head, fields @ .., method] => {
                let receiver = match inner {
                    Inner::Definition(_) => return Found::UNKNOWN,
                    Inner::Variable { type_name, .. } => self.go_type(file, type_name),
                    Inner::Nothing => match self.go_imported(file, head).meaning {
                        Meaning::File(_) if fields.is_empty() => return self.go_selected(file, head, method),
                        meaning @ (Meaning::External | Meaning::Stdlib) => {
                            return Found::new(meaning, Origin::Import);
                        }
                        Meaning::File(_) => return Found::UNKNOWN,
                        _ => self.go_of_package(file, linkable, head),
                    },
                };
                self.go_member(receiver, fields, method)
            }
            [] => Found::UNKNOWN,
        }
    }

    /// `f()`: of the package, of a package whose names are all imported, or predeclared.
    fn go_bare(&self, file: u32, linkable: &Linkable, name: &str) -> Found {
        if declared_type(&linkable.variables, name).is_some() {
            return Found::UNKNOWN;
        }
        let found = match (self.go_package(file), self.names.get(name)) {
            (Some(package), Some(number)) => {
                let found = self.go_in_package(file, package, number, Origin::Package);
                found.or_else(|| self.go_dotted(file, name))
            }
            _ => Found::UNKNOWN,
        };
        match found.meaning {
            // A variable that holds a function may hold another one.
            Meaning::Function(function) if self.function(function).kind == FunctionKind::Closure => {
                Found::UNKNOWN
            }
            Meaning::Unknown if standard::go::is_builtin(name) => Found::STDLIB,
            _ => found,
        }
    }

    /// `import . "path"`.
    fn go_dotted(&self, file: u32, name: &str) -> Found {
        let imports = self.symbols[file as usize].imports.iter().zip(&self.modules[file as usize]);
        let mut candidates = Candidates::default();
        for (_, found) in imports.filter(|(import, _)| import.kind == ImportKind::Wildcard) {
            if let Meaning::File(imported) = found.meaning
                && let (Some(package), Some(name)) = (self.go_package(imported), self.names.get(name))
            {
                candidates
                    .add(self.go_in_package(imported, package, name, Origin::Import).by(Origin::Import));
            }
        }
        candidates.decide()
    }

    /// The type of a variable of the package, or a type of it.
    fn go_of_package(&self, file: u32, linkable: &Linkable, name: &str) -> Found {
        match declared_type(&linkable.variables, name) {
            Some(type_name) => self.go_type(file, type_name),
            None => self.go_type(file, name),
        }
    }

    /// A method of a type, or of the type of a field of it.
    fn go_member(&self, receiver: Found, fields: &[&str], method: &str) -> Found {
        let mut receiver = receiver;
        for field in fields {
            let Some(class) = class_of(receiver) else { break };
            let type_name = self.field_type(class, field);
            receiver = type_name.map_or(Found::UNKNOWN, |type_name| self.go_type(class.file, type_name));
        }
        match receiver.meaning {
            Meaning::External | Meaning::Stdlib => receiver,
            Meaning::Class(class) => {
                self.names.get(method).map_or(Found::UNKNOWN, |method| self.go_method(class, method))
            }
            _ => Found::UNKNOWN,
        }
    }
}
