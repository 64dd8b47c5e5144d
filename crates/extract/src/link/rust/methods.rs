//! Members of types of Rust: functions of their `impl` blocks, wherever these stand, and of their traits.

use snake_pipe_core::model::{ClassKind, FunctionKind, Origin};

use super::{
    Modules,
    items::{Item, Seen},
};
use crate::link::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::Name,
    qualified::{class_of, decide},
    symbols::{Local, Scope},
    trace::note_key,
};

/// More traits than these are not looked through for a method.
const MAX_TRAITS: usize = 100;

impl LinkIndex {
    /// The module in which a class stands.
    pub(super) fn rust_module_of_class(&self, class: SymbolRef) -> Item {
        let container = self.symbols[class.file as usize].container(Local::Class(class.index));
        Item::module(class.file, container.map_or("", |container| self.rust_inner(class.file, container)))
    }

    /// The module in which a function stands, or the type whose member it is.
    pub(super) fn rust_module_of_function(&self, file: u32, function: u32) -> Item {
        let symbols = &self.symbols[file as usize];
        let outermost = symbols.scopes(Scope::Function(function)).filter_map(|scope| match scope {
            Scope::Function(index) => Some(index),
            Scope::Top | Scope::Class(_) => None,
        });
        let Some(outermost) = outermost.last() else { return Item::module(file, "") };
        let container = symbols.container(Local::Function(outermost));
        let inner = container.map_or("", |container| self.rust_inner(file, container));
        match symbols.functions.get(outermost as usize).map(|function| function.kind) {
            Some(FunctionKind::Method) => {
                Item::module(file, inner.rsplit_once("::").map_or("", |(outer, _)| outer))
            }
            _ => Item::module(file, inner),
        }
    }

    /// What follows the file in the name of a container.
    fn rust_inner(&self, file: u32, container: Name) -> &str {
        let text = self.names.text(container);
        text.get(self.paths.text(file).len() + 1..).unwrap_or_default()
    }

    /// The type whose member a function is: the class around it, or the one that its `impl` block names.
    pub(super) fn rust_self_type(&self, file: u32, function: u32) -> Option<SymbolRef> {
        let symbols = &self.symbols[file as usize];
        if let Some(index) = symbols.class_of(function) {
            return Some(SymbolRef { file, index });
        }
        let method = symbols.scopes(Scope::Function(function)).find_map(|scope| match scope {
            Scope::Function(index) if symbols.functions.get(index as usize)?.kind == FunctionKind::Method => {
                Some(index)
            }
            _ => None,
        })?;
        let inner = self.rust_inner(file, symbols.container(Local::Function(method))?);
        let name = inner.rsplit("::").next()?;
        class_of(self.rust_type(&self.rust_module_of_function(file, method), name))
    }

    /// `Type::name`: a function of the type; or a variant, which makes an object of it.
    pub(super) fn rust_associated(&self, class: SymbolRef, name: &str) -> Found {
        let found = self.names.get(name).map_or(Found::UNKNOWN, |name| self.rust_method(class, name));
        let is_variant = || {
            self.class(class).kind == ClassKind::Enum
                && name.starts_with(char::is_uppercase)
                && self.names.get(name).is_some_and(|name| {
                    self.symbols[class.file as usize].field_types(class.index, name).next().is_some()
                })
        };
        found.or_else(|| match is_variant() {
            true => Found::new(Meaning::Class(class), Origin::Member),
            false => Found::UNKNOWN,
        })
    }

    /// The function `name` of a type: its own, or one that a trait of it provides.
    pub(super) fn rust_method(&self, class: SymbolRef, name: Name) -> Found {
        self.rust_own_method(class, name).or_else(|| self.rust_provided(class, name))
    }

    fn rust_own_method(&self, class: SymbolRef, name: Name) -> Found {
        let container = self.container_of_class(class, "::");
        let is_function = |local: Local| match local {
            Local::Function(index) => {
                self.function(SymbolRef { file: class.file, index }).kind == FunctionKind::Method
            }
            Local::Class(_) => false,
        };
        let near = container.map_or(&[][..], |container| self.rust.names.get(container, name));
        let near = near.iter().copied().filter(|definition| is_function(definition.local));
        let owner = self.class(class).name;
        note_key(|| Modules::far_key(owner, name));
        let far = self.rust.far_methods.get(&(owner, name)).into_iter().flatten();
        let far = far.copied().filter(|definition| match definition.local {
            Local::Function(index) => {
                let module = self.rust_module_of_function(definition.file, index);
                let Item::Module { file, inner } = &module else { return false };
                let item = self.rust_item(*file, inner, self.names.text(owner), false, &mut Seen::default());
                self.found(&item).meaning == Meaning::Class(class)
            }
            Local::Class(_) => false,
        });
        decide(near.chain(far), Origin::Member)
    }

    /// A function with a body of one of the traits that the type implements, or of those that they build on.
    fn rust_provided(&self, class: SymbolRef, name: Name) -> Found {
        let (mut queue, mut seen) = (vec![class], vec![class]);
        let mut candidates = Candidates::default();
        while let Some(class) = queue.pop() {
            let file = class.file as usize;
            // While bases themselves are being resolved there are none to see.
            let Some(bases) = self.bases.get(file) else { break };
            let bases =
                self.symbols[file].bases.iter().zip(bases).filter(|(base, _)| base.class == class.index);
            for base in bases.filter_map(|(_, found)| class_of(*found)) {
                if seen.contains(&base) || seen.len() > MAX_TRAITS {
                    continue;
                }
                seen.push(base);
                let container = self.container_of_class(base, "::");
                let provided = container.map_or(&[][..], |container| self.rust.names.get(container, name));
                match decide(provided.iter().copied(), Origin::Inherited) {
                    found if found.is_known() => candidates.add(found),
                    _ => queue.push(base),
                }
            }
        }
        candidates.decide()
    }
}
