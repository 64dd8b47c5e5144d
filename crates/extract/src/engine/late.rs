//! What can be said only when the whole file was seen.

use rustc_hash::{FxHashMap, FxHashSet};
use snake_pipe_core::model::{Base, CallKind, Import, Owner, TransformedAst, Visibility};

use super::{Walk, lines::Lines, locals::Locals, recursion};
use crate::parsed::{Declaration, Export};

/// A type whose member something is, by the name it would have here and by its bare name.
pub(super) struct MemberOf {
    pub(super) qualified_name: String,
    pub(super) name: String,
}

/// What waits for the end of the file.
#[derive(Default)]
pub(super) struct Late {
    /// Functions that are members of a type which is named, not around them.
    pub(super) members: Vec<(u32, MemberOf)>,
    /// Bases of such types.
    pub(super) bases: Vec<(MemberOf, Base)>,
    /// Fields that were added once.
    pub(super) field_names: FxHashSet<(u32, String)>,
    /// What is known of variables.
    pub(super) locals: Locals,
    /// Functions that are members of objects without a class.
    pub(super) object_members: FxHashSet<u32>,
    /// Who may use the members that follow, by class.
    pub(super) member_visibility: FxHashMap<u32, Visibility>,
    /// Functions and classes in source order, with the number of definitions around each.
    pub(super) definitions: Vec<(u32, Owner)>,
    /// The names that the file offers, where it says so for all.
    pub(super) offered: Option<FxHashSet<String>>,
    /// Functions that the file hands to its run-time, by name.
    pub(super) called: FxHashSet<String>,
}

impl Late {
    pub(super) fn define(&mut self, depth: u32, definition: Owner) {
        self.definitions.push((depth, definition));
    }
}

impl Walk<'_> {
    /// Finds the classes of this file that members and bases named, orders references, counts lines of functions.
    pub(super) fn settle(&mut self, lines: &Lines) {
        self.settle_members();
        self.settle_locals();
        if self.rules.calls_construct {
            self.settle_constructors();
        }
        self.facts.annotations.sort_by_key(|annotation| annotation.span);
        self.facts.imports.sort_by_key(|import| (import.line, import.column));
        self.facts.bases.sort_by_key(|base| base.class);
        self.facts.calls.sort_by_key(|call| (call.line, call.column));
        recursion::settle(&mut self.facts, self.rules.bare_calls_reach_members);
        for function in &mut self.facts.functions {
            let code = lines.code_between(function.span.line_start, function.span.line_end);
            function.code_lines = Some(code);
        }
    }

    fn settle_members(&mut self) {
        if self.late.members.is_empty() && self.late.bases.is_empty() {
            return;
        }
        let (mut qualified, mut bare) = (FxHashMap::default(), FxHashMap::default());
        for (index, class) in self.facts.classes.iter().enumerate() {
            qualified.entry(class.qualified_name.as_str()).or_insert(index as u32);
            // A bare name that two classes share says nothing.
            bare.entry(class.name.as_str()).and_modify(|index| *index = None).or_insert(Some(index as u32));
        }
        let find = |owner: &MemberOf| {
            let exact = qualified.get(owner.qualified_name.as_str()).copied();
            exact.or_else(|| bare.get(owner.name.as_str()).copied().flatten())
        };
        for (function, owner) in &self.late.members {
            self.facts.functions[*function as usize].class = find(owner);
        }
        for (owner, base) in std::mem::take(&mut self.late.bases) {
            if let Some(class) = find(&owner) {
                self.facts.bases.push(Base { class, ..base });
            }
        }
    }

    /// A bare call of a class of this file makes an object.
    fn settle_constructors(&mut self) {
        let names: FxHashSet<&str> = self.facts.classes.iter().map(|class| class.name.as_str()).collect();
        for call in &mut self.facts.calls {
            if call.kind == CallKind::Function && call.text.is_none() && names.contains(call.name.as_str()) {
                call.kind = CallKind::Constructor;
            }
        }
    }

    /// Says that a function is a member of an object without a class.
    pub(crate) fn add_object_member(&mut self, function: u32) {
        self.late.object_members.insert(function);
    }

    /// The functions that [`add_object_member`](Self::add_object_member) named.
    pub(crate) fn object_members(&self) -> &FxHashSet<u32> {
        &self.late.object_members
    }

    /// All facts, for a language's last look at them.
    pub(crate) fn facts(&mut self) -> &mut TransformedAst {
        &mut self.facts
    }

    /// The names under which the file offers its definitions.
    pub(crate) fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// Keeps the declarations that `keep` wants.
    pub(crate) fn retain_declarations(&mut self, keep: impl FnMut(&Declaration) -> bool) {
        self.declarations.retain(keep);
    }

    /// Makes calls through a module that the file imports calls of functions: `local_name` gives what the module is
    /// called in the file.
    pub(crate) fn settle_module_calls(&mut self, local_name: impl Fn(&Import) -> Option<String>) {
        let modules: FxHashSet<String> = self.facts.imports.iter().filter_map(local_name).collect();
        for call in &mut self.facts.calls {
            let receiver = call.text.as_deref().and_then(|text| text.strip_suffix(call.name.as_str()));
            let module = receiver.and_then(|receiver| receiver.strip_suffix(['.', ':']));
            if call.kind == CallKind::Method && module.is_some_and(|module| modules.contains(module)) {
                call.kind = CallKind::Function;
            }
        }
    }
}
