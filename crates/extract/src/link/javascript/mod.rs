//! JavaScript and TypeScript: modules by specifier, names by scope, members by class.
//!
//! Source: ECMA-262 (2024), chapters 9 (environment records) and 16 (modules).

mod configuration;
mod modules;

use snake_pipe_core::model::{Call, CallKind, ClassKind, FunctionKind, Import, ImportKind, Origin};

pub(super) use self::configuration::{Configuration, Package};
use super::{
    LinkIndex,
    hierarchy::meaning_of,
    meaning::{Candidates, Found, Meaning, SymbolRef},
    names::{Name, NameCollector},
    names_in_scope::{Inner, declared_type, dotted, is_variable_around},
    standard,
    symbols::{BaseEntry, FileSymbols, ImportEntry, Local, Scope},
};
use crate::Linkable;

/// A query that looks at more files than this is not followed to its end.
const MAX_FILES: usize = 1_000;

/// The first pass over a file.
pub(super) fn collect(linkable: &Linkable, names: &NameCollector, symbols: &mut FileSymbols) {
    let import = |import: &Import| ImportEntry {
        kind: import.kind,
        module: names.intern(&import.module),
        name: taken_name(import).map(|name| names.intern(name)),
        local: bound_name(import).map(|name| names.intern(name)),
        has_alias: import.alias.is_some(),
    };
    symbols.imports = linkable.imports.iter().map(import).collect();
    let bases = linkable.bases.iter().map(|base| {
        let head = base.name.split('.').next().unwrap_or_default();
        let around = linkable.classes.get(base.class as usize).and_then(|class| class.function);
        let is_shadowed = is_variable_around(linkable, around, head);
        BaseEntry {
            class: base.class,
            kind: base.kind,
            name: (!is_shadowed).then(|| names.intern(&base.name)),
        }
    });
    symbols.bases = bases.collect();
}

/// The name that is taken from the module; none for the module as a whole.
fn taken_name(import: &Import) -> Option<&str> {
    import.name.as_deref().filter(|name| *name != "*")
}

/// The name that an import binds; for a re-export, the name under which the file offers what it takes.
fn bound_name(import: &Import) -> Option<&str> {
    import.alias.as_deref().or(taken_name(import))
}

impl FileSymbols {
    /// Whether a definition is a value; a type is none.
    fn is_value(&self, local: Local) -> bool {
        match local {
            Local::Function(_) => true,
            Local::Class(index) => {
                !matches!(self.classes[index as usize].kind, ClassKind::Interface | ClassKind::TypeAlias)
            }
        }
    }
}

impl LinkIndex {
    /// What an import as a whole refers to: what is taken from the module, or else the module.
    pub(super) fn javascript_import(&self, file: u32, number: usize) -> Found {
        let symbols = &self.symbols[file as usize];
        let (Some(import), Some(module)) = (symbols.imports.get(number), self.module_of(file, number)) else {
            return Found::UNKNOWN;
        };
        let taken = self.javascript_taken(file, number, import, &mut Seen::default());
        match (module.meaning, taken.meaning) {
            (
                Meaning::File(_),
                Meaning::Unknown | Meaning::External | Meaning::Stdlib | Meaning::Several(_),
            ) => module,
            _ => taken.by(module.origin),
        }
    }

    /// What the name stands for that an import takes from its module.
    fn javascript_taken(&self, file: u32, number: usize, import: &ImportEntry, seen: &mut Seen) -> Found {
        let module = self.module_of(file, number).unwrap_or_default();
        match (import.name, module.meaning) {
            (Some(name), Meaning::File(target)) => {
                self.javascript_exported(target, name, seen).by(Origin::Import)
            }
            (Some(_) | None, _) => module.by(Origin::Import),
        }
    }

    /// What a module offers under a name.
    fn javascript_exported(&self, file: u32, name: Name, seen: &mut Seen) -> Found {
        if !seen.first_time(file, name) {
            return Found::UNKNOWN;
        }
        let symbols = &self.symbols[file as usize];
        let mut renamed = Candidates::default();
        for local in symbols.exported_as(name) {
            renamed.add(self.javascript_top(file, local, seen));
        }
        let own = renamed.decide().or_else(|| self.javascript_top(file, name, seen));
        let has_own = symbols.exported_as(name).next().is_some() || symbols.is_variable(name);
        own.or_else(|| self.javascript_reexported(file, name, has_own, seen))
    }

    /// What a module passes on under a name; what it may have of its own goes before what a star passes on.
    fn javascript_reexported(&self, file: u32, name: Name, has_own: bool, seen: &mut Seen) -> Found {
        let imports = || {
            let imports = self.symbols[file as usize].imports.iter().enumerate();
            imports.filter(|(_, import)| import.kind == ImportKind::ReExport)
        };
        let mut named = Candidates::default();
        for (number, import) in imports().filter(|(_, import)| import.local == Some(name)) {
            named.add(self.javascript_taken(file, number, import, seen));
        }
        named.decide().or_else(|| {
            if has_own {
                return Found::UNKNOWN;
            }
            let mut starred = Candidates::default();
            for (number, _) in imports().filter(|(_, import)| import.local.is_none()) {
                if let Some(Meaning::File(target)) = self.module_of(file, number).map(|found| found.meaning) {
                    starred.add(self.javascript_exported(target, name, seen).by(Origin::Import));
                }
            }
            starred.decide()
        })
    }

    /// What a name stands for at the top level of a file: a definition, or what an import binds.
    fn javascript_top(&self, file: u32, name: Name, seen: &mut Seen) -> Found {
        let symbols = &self.symbols[file as usize];
        if symbols.is_variable(name) {
            return self.javascript_type_beside(file, name);
        }
        let defined = self.javascript_defined(file, Scope::Top, name);
        defined.or_else(|| {
            let mut candidates = Candidates::default();
            for (number, import) in symbols.imports.iter().enumerate() {
                if import.local == Some(name) && import.kind != ImportKind::ReExport {
                    candidates.add(self.javascript_taken(file, number, import, seen));
                }
            }
            candidates.decide()
        })
    }

    /// The only type of the top level that bears the name of a variable: what that holds is decided when the program runs.
    fn javascript_type_beside(&self, file: u32, name: Name) -> Found {
        let symbols = &self.symbols[file as usize];
        let mut candidates = Candidates::default();
        for local in symbols.members(Scope::Top, name).filter(|local| !symbols.is_value(*local)) {
            candidates.add(Found::new(meaning_of(file, local), Origin::Scope));
        }
        candidates.decide()
    }

    /// The definition of a name in a scope. A type and a value may share a name; the value goes before.
    fn javascript_defined(&self, file: u32, scope: Scope, name: Name) -> Found {
        let found = self.defined(file, scope, name, Origin::Scope);
        if !matches!(found.meaning, Meaning::Several(_)) {
            return found;
        }
        let symbols = &self.symbols[file as usize];
        let mut values = symbols.members(scope, name).filter(|local| symbols.is_value(*local));
        match (values.next(), values.next()) {
            (Some(only), None) => Found::new(meaning_of(file, only), Origin::Scope),
            _ => found,
        }
    }

    /// The class or interface that a base names.
    pub(super) fn javascript_base(&self, file: u32, base: &BaseEntry) -> Found {
        let symbols = &self.symbols[file as usize];
        let Some(parts) = base.name.and_then(|name| dotted(self.names.text(name))) else {
            return Found::UNKNOWN;
        };
        let Some(class) = symbols.classes.get(base.class as usize) else { return Found::UNKNOWN };
        let own = Meaning::Class(SymbolRef { file, index: base.class });
        let inner = self.names.get(parts[0]).and_then(|name| {
            let functions = symbols.scopes(class.scope).filter(|scope| matches!(scope, Scope::Function(_)));
            let mut found = functions.map(|scope| self.javascript_defined(file, scope, name));
            found.find(|found| found.is_known() && found.meaning != own)
        });
        let head = inner.unwrap_or_else(|| self.javascript_global(file, parts[0]));
        let found = self.javascript_steps(head, &parts[1..]);
        if found.meaning == own { Found::UNKNOWN } else { found }
    }

    fn javascript_global(&self, file: u32, name: &str) -> Found {
        let number = self.names.get(name);
        let found =
            number.map(|name| self.javascript_top(file, name, &mut Seen::default())).unwrap_or_default();
        let is_variable = number.is_some_and(|name| self.symbols[file as usize].has_variable(name));
        let is_known = standard::javascript::is_global(name) || standard::javascript::is_namespace(name);
        found.or_else(|| if is_known && !is_variable { Found::STDLIB } else { Found::UNKNOWN })
    }

    fn javascript_steps(&self, head: Found, parts: &[&str]) -> Found {
        parts.iter().fold(head, |found, part| {
            let Some(name) = self.names.get(part) else {
                return if matches!(found.meaning, Meaning::External | Meaning::Stdlib) {
                    found
                } else {
                    Found::UNKNOWN
                };
            };
            match found.meaning {
                Meaning::File(file) => {
                    self.javascript_exported(file, name, &mut Seen::default()).by(Origin::Import)
                }
                Meaning::Class(class) => self.member(class, name),
                Meaning::External | Meaning::Stdlib => found,
                Meaning::Unknown | Meaning::Directory(_) | Meaning::Function(_) | Meaning::Several(_) => {
                    Found::UNKNOWN
                }
            }
        })
    }

    /// What a call calls.
    pub(super) fn javascript_call(&self, file: u32, linkable: &Linkable, call: &Call) -> Found {
        let text = call.text.as_deref().unwrap_or(&call.name).trim_start_matches("new ");
        let Some(parts) = dotted(text) else { return Found::UNKNOWN };
        let found = match (parts[0], parts.len()) {
            ("this", 2..) => self.javascript_this(file, linkable, call, &parts[1..]),
            ("super", _) => self.javascript_super(file, call, &parts[1..]),
            _ => match self.inner_name(file, linkable, call.function, parts[0]) {
                Inner::Definition(found) => self.javascript_steps(found, &parts[1..]),
                Inner::Variable { type_name, .. } => self.javascript_typed(file, type_name, &parts[1..]),
                Inner::Nothing => {
                    self.javascript_steps(self.javascript_head(file, linkable, &parts), &parts[1..])
                }
            },
        };
        self.javascript_callee(found, call.kind)
    }

    /// The first part of a callee at the top level; a variable counts as an object of its type.
    fn javascript_head(&self, file: u32, linkable: &Linkable, parts: &[&str]) -> Found {
        let found = self.javascript_global(file, parts[0]);
        found.or_else(|| match declared_type(&linkable.variables, parts[0]) {
            Some(type_name) if parts.len() == 2 => self.javascript_type(file, type_name),
            Some(_) | None => Found::UNKNOWN,
        })
    }

    /// The class of a type as written, type arguments aside.
    fn javascript_type(&self, file: u32, type_name: &str) -> Found {
        let type_name = type_name.trim_start_matches(':').trim();
        let bare = match type_name.split_once('<') {
            Some((bare, arguments)) if arguments.ends_with('>') => bare,
            Some(_) => return Found::UNKNOWN,
            None => type_name,
        };
        let Some(parts) = dotted(bare) else { return Found::UNKNOWN };
        let found = self.javascript_steps(self.javascript_global(file, parts[0]), &parts[1..]);
        if matches!(found.meaning, Meaning::Class(_) | Meaning::External | Meaning::Stdlib) {
            found
        } else {
            Found::UNKNOWN
        }
    }

    fn javascript_typed(&self, file: u32, type_name: &str, members: &[&str]) -> Found {
        match members {
            [_] => self.javascript_steps(self.javascript_type(file, type_name), members),
            _ => Found::UNKNOWN,
        }
    }

    /// `this.m()` and `this.field.m()`.
    fn javascript_this(&self, file: u32, linkable: &Linkable, call: &Call, members: &[&str]) -> Found {
        let Some(index) = self.javascript_class_of_this(file, call.function) else { return Found::UNKNOWN };
        let class = SymbolRef { file, index };
        match members {
            [member] => self.names.get(member).map_or(Found::UNKNOWN, |member| self.member(class, member)),
            [field, member] => {
                let fields = linkable.classes.get(index as usize).map_or(&[][..], |class| &class.typed_names);
                self.javascript_typed(file, declared_type(fields, field).unwrap_or_default(), &[member])
            }
            _ => Found::UNKNOWN,
        }
    }

    /// The class whose object `this` is: that of the method, also inside its arrow functions, not inside its functions.
    fn javascript_class_of_this(&self, file: u32, function: Option<u32>) -> Option<u32> {
        let symbols = &self.symbols[file as usize];
        for scope in symbols.scopes(Scope::Function(function?)) {
            let Scope::Function(index) = scope else { return None };
            let function = symbols.functions.get(index as usize)?;
            match (function.scope, function.kind) {
                (Scope::Class(class), _) => return Some(class),
                (_, FunctionKind::Closure) => {}
                _ => return None,
            }
        }
        None
    }

    /// `super.m()` is the inherited member, `super()` the constructor of the base.
    fn javascript_super(&self, file: u32, call: &Call, members: &[&str]) -> Found {
        let Some(index) = self.javascript_class_of_this(file, call.function) else { return Found::UNKNOWN };
        let class = SymbolRef { file, index };
        match members {
            [] => self.javascript_constructed(self.superclass(class)),
            [member] => self.names.get(member).map_or(Found::UNKNOWN, |member| self.inherited(class, member)),
            _ => Found::UNKNOWN,
        }
    }

    fn javascript_callee(&self, found: Found, kind: CallKind) -> Found {
        match found.meaning {
            // What `require` gives is called: the module's only export.
            Meaning::File(module) => match self.names.get("default") {
                Some(name) => {
                    let offered = self.javascript_exported(module, name, &mut Seen::default());
                    match offered.meaning {
                        Meaning::File(_) => Found::UNKNOWN,
                        _ => self.javascript_callee(offered.by(Origin::Import), kind),
                    }
                }
                None => Found::UNKNOWN,
            },
            // A type cannot be called: what is called is a variable of the same name. And calling what an accessor
            // gives is not calling the accessor.
            Meaning::Class(class) if self.class(class).kind != ClassKind::Class => Found::UNKNOWN,
            Meaning::Class(_) if kind == CallKind::Constructor => self.javascript_constructed(found),
            Meaning::Function(function) if self.function(function).kind == FunctionKind::Accessor => {
                Found::UNKNOWN
            }
            _ => found,
        }
    }

    fn javascript_constructed(&self, found: Found) -> Found {
        let Meaning::Class(class) = found.meaning else { return found };
        let Some(name) = self.names.get("constructor") else { return found };
        let constructor = self.defined(class.file, Scope::Class(class.index), name, found.origin);
        if matches!(constructor.meaning, Meaning::Function(_)) { constructor } else { found }
    }
}

/// The names of files that a query has looked at: modules may re-export each other in circles.
#[derive(Debug, Default)]
struct Seen(Vec<(u32, Name)>);

impl Seen {
    fn first_time(&mut self, file: u32, name: Name) -> bool {
        let is_new = self.0.len() < MAX_FILES && !self.0.contains(&(file, name));
        if is_new {
            self.0.push((file, name));
        }
        is_new
    }
}

#[cfg(test)]
mod tests;
