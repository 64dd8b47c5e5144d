//! What of a file is seen and called from outside: exports, entry points, and overrides by their own words.
//!
//! Each language says in its [`Surface`] what its words mean; nothing here knows one. What overrides by what its bases are
//! resolved to is said by linking.

use rustc_hash::FxHashSet;
use snake_pipe_core::model::{Function, FunctionKind, Owner, TransformedAst, Visibility};

use super::Walk;

/// What a language says about who sees and who calls a definition from outside.
pub(crate) struct Surface {
    /// A member is seen as far as its class is.
    pub(crate) members_follow_classes: bool,
    /// Whether a member that leaves its visibility to a class which is defined elsewhere is seen (C++).
    pub(crate) sees_unspecified_members: bool,
    /// A part of a qualified name inside which nothing is seen outside the file.
    pub(crate) hidden_scope: Option<&'static str>,
    /// Annotations that export what they stand at, whatever its visibility.
    pub(crate) exporting_annotations: &'static [&'static str],
    /// Annotations that say of a method that it overrides.
    pub(crate) overriding_annotations: &'static [&'static str],
    /// Whether a function is the language's `main`, by its signature.
    pub(crate) is_main: fn(&TransformedAst, &Function) -> bool,
    /// Functions outside classes that run-times call by these names; `Java_*` stands for all names that begin so.
    pub(crate) entry_names: &'static [&'static str],
    /// Methods that run-times call by name, with their number of parameters.
    pub(crate) entry_members: &'static [(&'static str, usize)],
    /// Annotations that have a function called by a run-time or framework, by the last part of their names. One that
    /// begins with a dot counts only behind an object (`.get` is `@app.get`, not `@get`).
    pub(crate) entry_annotations: &'static [&'static str],
}

impl Surface {
    /// A language in which visibility says all and nothing is called from outside.
    pub(crate) const NONE: Self = Self {
        members_follow_classes: true,
        sees_unspecified_members: false,
        hidden_scope: None,
        exporting_annotations: &[],
        overriding_annotations: &[],
        is_main: |_, _| false,
        entry_names: &[],
        entry_members: &[],
        entry_annotations: &[],
    };

    /// Says of all definitions whether they are exported, entry points and overrides. `offered` has the names that the
    /// file says it offers, where it says so for all of them; `called` those of functions that it hands to its
    /// run-time.
    pub(crate) fn settle(
        &self,
        facts: &mut TransformedAst,
        offered: Option<&FxHashSet<String>>,
        called: &FxHashSet<String>,
    ) {
        self.export_classes(facts, offered);
        for index in 0..facts.functions.len() {
            let function = &facts.functions[index];
            let is_exported = self.is_exported(facts, function, offered);
            let is_entry_point = (self.is_main)(facts, function) || self.is_named(function, called);
            let is_override = function.modifiers.iter().any(|modifier| modifier == "override");
            let function = &mut facts.functions[index];
            function.is_exported |= is_exported;
            function.is_entry_point |= is_entry_point;
            function.is_override |= is_override;
        }
        for annotation in &facts.annotations {
            let Owner::Function(index) = annotation.owner else { continue };
            let Some(function) = facts.functions.get_mut(index as usize) else { continue };
            let is_any =
                |patterns: &[&str]| patterns.iter().any(|pattern| is_named_by(&annotation.name, pattern));
            function.is_exported |= is_any(self.exporting_annotations);
            function.is_entry_point |= is_any(self.entry_annotations);
            function.is_override |= is_any(self.overriding_annotations);
        }
    }

    /// Classes stand behind those that enclose them.
    fn export_classes(&self, facts: &mut TransformedAst, offered: Option<&FxHashSet<String>>) {
        for index in 0..facts.classes.len() {
            let class = &facts.classes[index];
            let is_seen = match (class.outer, offered) {
                (None, Some(offered)) => offered.contains(&class.name),
                (Some(outer), _) => {
                    let outer = facts.classes.get(outer as usize);
                    class.visibility == Visibility::Public && outer.is_some_and(|outer| outer.is_exported)
                }
                (None, None) => class.visibility == Visibility::Public,
            };
            let is_exported = is_seen && class.function.is_none() && !self.is_hidden(&class.qualified_name);
            facts.classes[index].is_exported |= is_exported;
        }
    }

    fn is_exported(
        &self,
        facts: &TransformedAst,
        function: &Function,
        offered: Option<&FxHashSet<String>>,
    ) -> bool {
        if function.parent.is_some() || self.is_hidden(&function.qualified_name) {
            return false;
        }
        let is_public = match function.visibility {
            Visibility::Public => true,
            Visibility::Unspecified => self.sees_unspecified_members && is_member(function),
            Visibility::Protected | Visibility::Internal | Visibility::Private => false,
        };
        match (function.class.and_then(|class| facts.classes.get(class as usize)), offered) {
            (Some(class), _) => is_public && (class.is_exported || !self.members_follow_classes),
            (None, Some(offered)) => offered.contains(&function.name),
            (None, None) => is_public,
        }
    }

    fn is_hidden(&self, qualified_name: &str) -> bool {
        self.hidden_scope.is_some_and(|scope| qualified_name.contains(scope))
    }

    fn is_named(&self, function: &Function, called: &FxHashSet<String>) -> bool {
        let Function { name, parameters, .. } = function;
        if function.class.is_some() {
            return self.entry_members.contains(&(name.as_str(), parameters.len()));
        }
        let fits = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let is_function = function.kind == FunctionKind::Function && function.parent.is_none();
        is_function && (called.contains(name) || self.entry_names.iter().any(fits))
    }
}

/// Whether a function belongs to a class, be it one of another file.
const fn is_member(function: &Function) -> bool {
    match function.kind {
        FunctionKind::Method
        | FunctionKind::Constructor
        | FunctionKind::Destructor
        | FunctionKind::Accessor
        | FunctionKind::Operator => true,
        FunctionKind::Function | FunctionKind::Closure | FunctionKind::Macro => false,
    }
}

fn is_named_by(annotation: &str, pattern: &str) -> bool {
    let (receiver, last) = annotation.rsplit_once(['.', ':']).unwrap_or(("", annotation));
    match pattern.strip_prefix('.') {
        Some(pattern) => last == pattern && !receiver.is_empty(),
        None => last == pattern,
    }
}

impl Walk<'_> {
    /// Says of all definitions how they are seen from outside.
    pub(super) fn settle_surface(&mut self) {
        let (offered, called) = (self.late.offered.take(), std::mem::take(&mut self.late.called));
        self.rules.surface.settle(&mut self.facts, offered.as_ref(), &called);
    }

    /// Says that the file offers these names besides those that it offers already, and no others.
    pub(crate) fn offer(&mut self, names: impl IntoIterator<Item = String>) {
        self.late.offered.get_or_insert_default().extend(names);
    }

    /// Takes back what [`offer`](Self::offer) said.
    pub(crate) fn retract_offer(&mut self) {
        self.late.offered = None;
    }

    /// Says that the file hands the function of this name to its run-time.
    pub(crate) fn hand_over(&mut self, name: String) {
        self.late.called.insert(name);
    }
}

#[cfg(test)]
mod tests;
