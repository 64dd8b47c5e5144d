//! Calls of Rust: which function, macro or type they mean.

use snake_pipe_core::model::{Call, CallKind, FunctionKind, Origin};

use super::items::{Item, Seen};
use crate::{
    Linkable,
    link::{
        LinkIndex,
        meaning::{Found, Meaning, SymbolRef},
        names_in_scope::{Inner, dotted},
        qualified::{class_of, decide},
        standard,
        symbols::{Local, Scope},
    },
};

impl LinkIndex {
    /// What a call calls.
    pub(in crate::link) fn rust_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name);
        if call.kind == CallKind::Macro {
            return self.rust_macro(file, call, text);
        }
        if text.contains('.') {
            return match dotted(text) {
                Some(parts) => self.rust_method_call(file, linkable, call, &parts),
                None => Found::UNKNOWN,
            };
        }
        let Some(path) = call_path(text) else { return Found::UNKNOWN };
        let parts: Vec<&str> = path.split("::").collect();
        match parts.as_slice() {
            [name] => self.rust_bare(file, linkable, call, name),
            ["Self", name] => {
                let class = call.function.and_then(|function| self.rust_self_type(file, function));
                class.map_or(Found::UNKNOWN, |class| self.rust_associated(class, name))
            }
            parts => {
                let found = self.callee(&self.rust_path_in(file, call, parts));
                if found.origin == Origin::Scope { found.by(Origin::Path) } else { found }
            }
        }
    }

    /// What a path means where a call stands: first what its functions import themselves.
    fn rust_path_in(&self, file: u32, call: &Call, parts: &[&str]) -> Item {
        let functions = self.rust_functions_around(file, call.function);
        let module = match call.function {
            Some(function) => self.rust_module_of_function(file, function),
            None => Item::module(file, ""),
        };
        match (self.rust_imported_in_function(file, &functions, parts[0]), parts) {
            (Item::NOTHING, _) => self.rust_path(&module, parts, &mut Seen::default()),
            (head, [_]) => head,
            (Item::Module { file, inner }, [_, rest @ ..]) => self.rust_path(
                &Item::Module { file, inner },
                &[&["self"], rest].concat(),
                &mut Seen::default(),
            ),
            (Item::Found(found), [_, name]) => match found.meaning {
                Meaning::Class(class) => Item::Found(self.rust_associated(class, name)),
                Meaning::External | Meaning::Stdlib => Item::Found(found),
                _ => Item::NOTHING,
            },
            (Item::Found(found), _) if matches!(found.meaning, Meaning::External | Meaning::Stdlib) => {
                Item::Found(found)
            }
            (Item::Found(_) | Item::Module { .. }, _) => Item::NOTHING,
        }
    }

    fn rust_functions_around(&self, file: u32, function: Option<u32>) -> Vec<u32> {
        let Some(function) = function else { return Vec::new() };
        let scopes = self.symbols[file as usize].scopes(Scope::Function(function));
        let functions = scopes.filter_map(|scope| match scope {
            Scope::Function(index) => Some(index),
            Scope::Top | Scope::Class(_) => None,
        });
        functions.collect()
    }

    /// Functions and types can be called, modules cannot.
    fn callee(&self, item: &Item) -> Found {
        match item {
            Item::Module { .. } => Found::UNKNOWN,
            Item::Found(found) => *found,
        }
    }

    fn rust_bare(&self, file: u32, linkable: &Linkable, call: &Call, name: &str) -> Found {
        match self.inner_name(file, linkable, call.function, name) {
            Inner::Definition(found) => return found,
            Inner::Variable { function: Some(_), .. } => return Found::UNKNOWN,
            // A constant of the file may be one of another module in it.
            Inner::Variable { function: None, .. } | Inner::Nothing => {}
        }
        if name == "Self" {
            let class = call.function.and_then(|function| self.rust_self_type(file, function));
            return class.map_or(Found::UNKNOWN, |class| Found::new(Meaning::Class(class), Origin::Member));
        }
        self.callee(&self.rust_path_in(file, call, &[name]))
    }

    /// `self.m()`, `self.field.m()`, `x.m()` and `x.field.m()` where the types are declared.
    fn rust_method_call(&self, file: u32, linkable: &Linkable, call: &Call, parts: &[&str]) -> Found {
        let [head, fields @ .., method] = parts else { return Found::UNKNOWN };
        let Some(function) = call.function else { return Found::UNKNOWN };
        let mut found = match *head {
            "self" => match self.rust_self_type(file, function) {
                Some(class) => Found::new(Meaning::Class(class), Origin::Member),
                None => return Found::UNKNOWN,
            },
            head => match self.inner_name(file, linkable, Some(function), head) {
                Inner::Variable { type_name, .. } => self.rust_variable_type(file, function, type_name),
                Inner::Definition(_) | Inner::Nothing => return Found::UNKNOWN,
            },
        };
        for field in fields {
            let Some(class) = class_of(found) else { break };
            let type_name = self.field_type(class, field).unwrap_or_default();
            found = self.rust_type(&self.rust_module_of_class(class), type_name);
        }
        match found.meaning {
            Meaning::Class(class) => {
                self.names.get(method).map_or(Found::UNKNOWN, |method| self.rust_method(class, method))
            }
            Meaning::External | Meaning::Stdlib => found,
            _ => Found::UNKNOWN,
        }
    }

    fn rust_variable_type(&self, file: u32, function: u32, type_name: &str) -> Found {
        if matches!(type_name.trim_start_matches(['&', ' ']), "Self" | "mut Self") {
            let class = self.rust_self_type(file, function);
            return class.map_or(Found::UNKNOWN, |class| Found::new(Meaning::Class(class), Origin::Member));
        }
        self.rust_type(&self.rust_module_of_function(file, function), type_name)
    }

    /// A macro of the file itself, one that a path or an import names, or one of the standard library.
    fn rust_macro(&self, file: u32, call: &Call, text: &str) -> Found {
        let bare = text.rsplit("::").next().unwrap_or_default();
        let stdlib = || if standard::rust::is_macro(bare) { Found::STDLIB } else { Found::UNKNOWN };
        if let Some((path, _)) = text.split_once("::") {
            return match path {
                "std" | "core" | "alloc" => Found::STDLIB,
                _ => {
                    let parts: Vec<&str> = text.split("::").collect();
                    let found = self.callee(&self.rust_path_in(file, call, &parts));
                    if matches!(found.meaning, Meaning::External) { found } else { Found::UNKNOWN }
                }
            };
        }
        let container = self.names.get(&format!("{}:", self.paths.text(file)));
        let own = match (container, self.names.get(bare)) {
            (Some(container), Some(name)) => self.rust.names.get(container, name),
            _ => &[],
        };
        let is_macro = |local: Local| match local {
            Local::Function(index) => self.function(SymbolRef { file, index }).kind == FunctionKind::Macro,
            Local::Class(_) => false,
        };
        let own = decide(own.iter().copied().filter(|definition| is_macro(definition.local)), Origin::Scope);
        own.or_else(|| {
            let found = self.callee(&self.rust_path_in(file, call, &[bare]));
            if matches!(found.meaning, Meaning::External) { found } else { stdlib() }
        })
    }
}

/// The path that is called, type arguments left out; none where it begins with a type of its own (`<T as A>::f`).
fn call_path(text: &str) -> Option<String> {
    if text.starts_with('<') {
        return None;
    }
    let mut depth = 0_u32;
    let mut path = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 && !c.is_whitespace() => path.push(c),
            _ => {}
        }
    }
    let path = path.replace("::::", "::");
    let is_path = path.split("::").all(|part| {
        !part.is_empty() && part.chars().all(|c| c == '_' || c == '#' || c == '$' || c.is_alphanumeric())
    });
    is_path.then(|| path.trim_end_matches("::").to_owned())
}
