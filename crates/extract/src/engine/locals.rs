//! Variables: what binds a name besides definitions and imports, and in which scope.

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::model::{Function, FunctionKind, Import, TransformedAst};

use super::{Scope, Walk};
use crate::parsed::{Local, is_in_pattern};

/// A name in a function, or at the file's top level.
type Place = (Option<u32>, String);

/// What is known of variables until the whole file was seen.
#[derive(Default)]
pub(super) struct Locals {
    /// Variables that were added once, with whether they hold nothing.
    known: FxHashSet<(Local, bool)>,
    /// Variables, by their numbers, that hold nothing where they are bound.
    empty: FxHashSet<usize>,
    /// Variables with a written type, which what is assigned to them does not change.
    annotated: FxHashSet<Place>,
    /// Names that a function says are those of the file's top level, or else of a function around it.
    outside: FxHashMap<(u32, String), bool>,
    assigned: Vec<Assigned>,
}

/// An assignment in a language in which it binds no name of its own.
struct Assigned {
    function: Option<u32>,
    name: String,
    type_name: Option<String>,
    /// The value is a function or class that gets its name from it.
    is_definition: bool,
}

/// How a variable is bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocalForm {
    /// By a function without a name, or in a part of the scope alone: the name stays what it is around that.
    pub(crate) is_inner: bool,
    /// It holds nothing yet (`let f;`), or stands for what could not be imported (`except ImportError: f = None`): what
    /// can be called is what else bears the name.
    pub(crate) is_empty: bool,
    /// The type is written, not that of the value.
    pub(crate) is_annotated: bool,
}

impl Walk<'_> {
    /// Adds a variable that is bound here, with its type where that is written. In the body of a class there are fields
    /// instead.
    pub(crate) fn add_local(&mut self, name: String, type_name: Option<String>) {
        self.add_local_of(name, type_name, LocalForm::default());
    }

    /// Adds a variable that a function without a name, or a comprehension, binds inside itself.
    pub(crate) fn add_inner_local(&mut self, name: String, type_name: Option<String>) {
        self.add_local_of(name, type_name, LocalForm { is_inner: true, ..LocalForm::default() });
    }

    /// Adds a variable that is bound here, in this form.
    pub(crate) fn add_local_of(&mut self, name: String, type_name: Option<String>, form: LocalForm) {
        let Some(function) = self.binding_function() else { return };
        if name.is_empty() {
            return;
        }
        if form.is_annotated {
            self.late.locals.annotated.insert((function, name.clone()));
        }
        self.push_local(Local { function, name, type_name, is_inner: form.is_inner }, form.is_empty);
    }

    fn push_local(&mut self, local: Local, is_empty: bool) {
        if self.late.locals.known.insert((local.clone(), is_empty)) {
            if is_empty {
                self.late.locals.empty.insert(self.locals.len());
            }
            self.locals.push(local);
        }
    }

    /// The function that a variable bound here belongs to, the top level having none; nothing in the body of a class.
    fn binding_function(&self) -> Option<Option<u32>> {
        match self.scope() {
            Scope::Class(_) | Scope::Extension => None,
            Scope::Function(index) => Some(Some(index)),
            Scope::File => Some(None),
        }
    }

    /// Says that the function around does not bind a name itself: it is the top level's, or else that of a function
    /// further out.
    pub(crate) fn bind_outside(&mut self, name: String, is_global: bool) {
        if let Some(function) = self.enclosing_function() {
            self.late.locals.outside.insert((function, name), is_global);
        }
    }

    /// Adds an assignment to a variable that is declared elsewhere; a value that `is_definition` gets its name from it.
    pub(crate) fn assign(&mut self, name: String, type_name: Option<String>, is_definition: bool) {
        let function = match self.scope() {
            Scope::Function(index) => Some(index),
            Scope::Class(_) | Scope::Extension | Scope::File => None,
        };
        self.late.locals.assigned.push(Assigned { function, name, type_name, is_definition });
    }

    /// Leaves out variables that are parameters. Where names of definitions are variables like others, a variable of such
    /// a name stays and has no type: what the name stands for is decided when the program runs. Elsewhere it is left out.
    pub(super) fn settle_locals(&mut self) {
        if self.rules.rebinds_definitions {
            self.settle_outside();
            self.settle_assigned();
        }
        let rebinds = self.rules.rebinds_definitions;
        let mut locals = std::mem::take(&mut self.locals);
        let facts = &self.facts;
        let mut bound: FxHashSet<(Option<u32>, &str)> = self.defined_names().collect();
        for import in &facts.imports {
            bound.extend(imported(import, rebinds).map(|name| (None, name)));
        }
        let empty = &self.late.locals.empty;
        let mut number = 0;
        locals.retain_mut(|local| {
            let is_empty = empty.contains(&number);
            number += 1;
            let function = local.function.and_then(|index| facts.functions.get(index as usize));
            let is_parameter =
                function.is_some_and(|function| function.parameters.iter().any(|p| p.name == local.name));
            if local.is_inner || is_parameter {
                return local.is_inner;
            }
            let is_bound = bound.contains(&(local.function, local.name.as_str()));
            if is_bound {
                local.type_name = None;
            }
            !is_bound || rebinds && !is_empty
        });
        self.locals = locals;
    }

    /// The names that definitions bind outside classes, with the functions around them.
    fn defined_names(&self) -> impl Iterator<Item = (Option<u32>, &str)> {
        let unscoped: FxHashSet<u32> = self.unscoped.iter().copied().collect();
        let is_name = move |(index, function): &(u32, &Function)| {
            let is_plain = matches!(function.kind, FunctionKind::Function | FunctionKind::Closure);
            function.class.is_none()
                && (!self.rules.rebinds_definitions || is_plain && !unscoped.contains(index))
        };
        let functions = (0..).zip(&self.facts.functions).filter(is_name);
        let functions = functions.map(|(_, function)| (function.parent, function.name.as_str()));
        let classes = self.facts.classes.iter().filter(|class| class.outer.is_none());
        functions.chain(classes.map(|class| (class.function, class.name.as_str())))
    }

    /// Moves what functions bind outside themselves to where it belongs.
    fn settle_outside(&mut self) {
        let outside = std::mem::take(&mut self.late.locals.outside);
        if outside.is_empty() {
            return;
        }
        let scopes = Scopes::new(self, &[]);
        let target = |function: u32, name: &str| {
            let is_global = *outside.get(&(function, name.to_owned()))?;
            let around = || scopes.find(scopes.around(function), name).filter(Option::is_some);
            if is_global { Some(None) } else { around() }
        };
        let mut moved: Vec<(usize, Option<u32>)> = Vec::new();
        for (number, local) in self.locals.iter().enumerate().filter(|(_, local)| !local.is_inner) {
            if let Some(place) = local.function.and_then(|function| target(function, &local.name)) {
                moved.push((number, place));
            }
        }
        let functions = self.facts.functions.iter().map(|function| (function.parent, &function.name));
        let classes = self.facts.classes.iter().map(|class| (class.function, &class.name));
        let added: Vec<Place> = functions
            .chain(classes)
            .filter_map(|(function, name)| Some((target(function?, name)?, name.clone())))
            .collect();
        for (number, place) in moved {
            self.locals[number].function = place;
        }
        for (function, name) in added {
            self.push_local(Local { function, name, type_name: None, is_inner: false }, false);
        }
    }

    /// Finds the variables that assignments change.
    fn settle_assigned(&mut self) {
        let assigned = std::mem::take(&mut self.late.locals.assigned);
        if assigned.is_empty() {
            return;
        }
        let scopes = Scopes::new(self, &assigned);
        let mut changed = Vec::new();
        for Assigned { function, name, type_name, is_definition } in &assigned {
            let (function, name, is_definition) = (*function, name.clone(), *is_definition);
            let Some(place) = scopes.find(function, &name) else { continue };
            let is_itself = is_definition && place == function;
            if is_itself || self.late.locals.annotated.contains(&(place, name.clone())) {
                continue;
            }
            let is_inner = scopes.is_inner(place, &name);
            if is_definition {
                changed.push(Local { function, name: name.clone(), type_name: None, is_inner: false });
            }
            changed.push(Local { function: place, name, type_name: type_name.clone(), is_inner });
        }
        changed.into_iter().for_each(|local| self.push_local(local, false));
    }
}

/// The names that an import binds.
fn imported(import: &Import, rebinds: bool) -> impl Iterator<Item = &str> {
    let alias = import.alias.as_deref();
    let name = import.name.as_deref().filter(|_| !rebinds || alias.is_none());
    let module = import.module.split('.').next().filter(|_| rebinds && alias.or(name).is_none());
    alias.into_iter().chain(name).chain(module)
}

/// Which scopes bind which names.
struct Scopes<'a> {
    facts: &'a TransformedAst,
    /// With whether all that binds the name stands in a part of the scope.
    bound: FxHashMap<(Option<u32>, &'a str), bool>,
}

impl<'a> Scopes<'a> {
    /// The scopes of a file. Definitions that an assignment names bind nothing themselves.
    fn new(walk: &'a Walk<'_>, assigned: &'a [Assigned]) -> Self {
        let mut bound = FxHashMap::default();
        let mut named: FxHashMap<(Option<u32>, &str), usize> = FxHashMap::default();
        for assigned in assigned.iter().filter(|assigned| assigned.is_definition) {
            *named.entry((assigned.function, assigned.name.as_str())).or_default() += 1;
        }
        for name in walk.defined_names() {
            match named.get_mut(&name) {
                Some(count) if *count > 0 => *count -= 1,
                Some(_) | None => {
                    bound.insert(name, false);
                }
            }
        }
        for import in &walk.facts.imports {
            bound.extend(imported(import, true).map(|name| ((None, name), false)));
        }
        for local in &walk.locals {
            *bound.entry((local.function, local.name.as_str())).or_insert(true) &= local.is_inner;
        }
        Self { facts: &walk.facts, bound }
    }

    /// The scope that binds a name, from a function or the top level outwards.
    fn find(&self, from: Option<u32>, name: &str) -> Option<Option<u32>> {
        let outwards = |place: &Option<u32>| place.map(|function| self.around(function));
        // Definitions are around later ones, so the walk ends; the bound holds where a member is far from its class.
        let mut places = std::iter::successors(Some(from), outwards).take(self.facts.functions.len() + 2);
        places.find(|place| self.bound.contains_key(&(*place, name)) || self.is_parameter(*place, name))
    }

    fn is_inner(&self, place: Option<u32>, name: &str) -> bool {
        self.bound.get(&(place, name)).copied().unwrap_or_default()
    }

    fn is_parameter(&self, place: Option<u32>, name: &str) -> bool {
        let function = place.and_then(|function| self.facts.functions.get(function as usize));
        let mut parameters = function.into_iter().flat_map(|function| &function.parameters);
        parameters.any(|parameter| parameter.name == name || is_in_pattern(&parameter.name, name))
    }

    /// The function around a function.
    fn around(&self, function: u32) -> Option<u32> {
        let function = self.facts.functions.get(function as usize)?;
        let mut class = function.class;
        for _ in 0..=self.facts.classes.len() {
            let Some(around) = class.and_then(|class| self.facts.classes.get(class as usize)) else { break };
            if around.function.is_some() {
                return around.function;
            }
            class = around.outer;
        }
        function.parent
    }
}
