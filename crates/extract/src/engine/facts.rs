//! What rules record beside functions and classes: annotations, fields, bases, imports, calls.

use std::ops::Range;

use snake_pipe_core::model::{Annotation, Base, BaseKind, Call, CallKind, Field, Import, Owner, Visibility};
use tree_sitter::Node;

use super::{Limit, Walk, late::MemberOf, walk::Pending};
use crate::parsed::{Declaration, Export};

/// A call as a rule finds it.
pub(crate) struct CallSite<'t> {
    /// The form.
    pub(crate) kind: CallKind,
    /// The last name of the callee; the call's place.
    pub(crate) name: Node<'t>,
    /// The callee as a whole.
    pub(crate) callee: Node<'t>,
    /// Number of arguments written.
    pub(crate) argument_count: u32,
}

impl<'t> Walk<'t> {
    /// Adds an annotation of a definition that is known already, or of the file.
    pub(crate) fn annotate(
        &mut self,
        owner: Owner,
        node: Node<'t>,
        name: Node<'t>,
        arguments: Option<Node<'t>>,
    ) {
        let annotation = self.annotation(owner, node, name, arguments);
        self.facts.annotations.push(annotation);
    }

    /// Adds an annotation of the definition that follows: directly, or inside the same wrapper. Where none follows
    /// (an attribute of an import), it is dropped: there is no entity that it could stand at.
    pub(crate) fn annotate_next(&mut self, node: Node<'t>, name: Node<'t>, arguments: Option<Node<'t>>) {
        let follows =
            |last: &Pending<'t>| self.only_comments_between(last.node.end_byte(), node.start_byte(), false);
        if !self.pending.last().is_none_or(follows) {
            self.pending.clear();
        }
        let annotation = self.annotation(Owner::File, node, name, arguments);
        self.pending.push(Pending { node, annotation });
    }

    fn annotation(
        &mut self,
        owner: Owner,
        node: Node<'t>,
        name: Node<'t>,
        arguments: Option<Node<'t>>,
    ) -> Annotation {
        let span = self.span(node);
        let name = self.name(name);
        let arguments = arguments.map(|arguments| match self.bytes(arguments).first() {
            Some(b'(' | b'[' | b'{' | b'"' | b'\'' | b'<') => self.text_inside(arguments, Limit::Arguments),
            _ => self.text(arguments, Limit::Arguments),
        });
        Annotation { owner, name, arguments, span }
    }

    /// The names of the annotations that stand before the definition at the current node.
    pub(crate) fn annotations_before(&self, node: Node<'t>) -> Vec<&str> {
        if !self.pending_belongs_to(self.outer_start(node)) {
            return Vec::new();
        }
        self.pending.iter().map(|pending| pending.annotation.name.as_str()).collect()
    }

    /// Gives the definition what stands before it: its annotations, and the documentation, which is returned.
    pub(super) fn attach(&mut self, head: Node<'t>, owner: Owner) -> Option<String> {
        let definition_start = self.outer_start(head);
        let mut start = definition_start;
        if self.pending_belongs_to(start) {
            if let Some(first) = self.pending.first() {
                start = start.min(first.node.start_byte());
            }
            let annotations = self.pending.drain(..);
            self.facts
                .annotations
                .extend(annotations.map(|pending| Annotation { owner, ..pending.annotation }));
        }
        self.pending.clear();
        // Documentation stands before the annotations, or between them and the definition.
        self.take_documentation(definition_start).or_else(|| self.take_documentation(start))
    }

    fn pending_belongs_to(&self, start: usize) -> bool {
        let (Some(first), Some(last)) = (self.pending.first(), self.pending.last()) else { return false };
        first.node.start_byte() >= start || self.only_comments_between(last.node.end_byte(), start, false)
    }

    /// Where a definition begins for a reader: with the wrappers directly around it.
    fn outer_start(&self, head: Node<'t>) -> usize {
        let is_in_head =
            |node: &&Node<'_>| node.start_byte() >= head.start_byte() && node.end_byte() <= head.end_byte();
        let around = self.ancestors.iter().rev().skip_while(is_in_head);
        let wrappers = around.take_while(|node| self.table.is_wrapper(node.kind_id()));
        wrappers.last().map_or(head.start_byte(), |node| node.start_byte().min(head.start_byte()))
    }

    /// Adds a field to a class.
    pub(crate) fn add_field(&mut self, class: u32, field: Field) {
        if !field.name.is_empty() {
            self.facts.classes[class as usize].fields.push(field);
        }
    }

    /// Adds a field to a class, unless the class has one of that name.
    pub(crate) fn add_new_field(&mut self, class: u32, field: Field) {
        if self.late.field_names.insert((class, field.name.clone())) {
            self.add_field(class, field);
        }
    }

    /// Says who may use the members of a class that follow (`private:` in C++).
    pub(crate) fn set_member_visibility(&mut self, class: u32, visibility: Visibility) {
        self.late.member_visibility.insert(class, visibility);
    }

    /// Who may use the members of a class here, as [`set_member_visibility`](Self::set_member_visibility) said last.
    pub(crate) fn member_visibility(&self, class: u32) -> Visibility {
        self.late.member_visibility.get(&class).copied().unwrap_or_default()
    }

    /// Adds a base of a class. `name` is the base without type arguments.
    pub(crate) fn add_base(&mut self, class: u32, kind: BaseKind, base: Node<'t>, name: Node<'t>) {
        let base = self.base(class, kind, base, name);
        self.facts.bases.push(base);
    }

    /// Adds a base whose name without type arguments is a part of it, in bytes of the file.
    pub(crate) fn add_base_named(&mut self, class: u32, kind: BaseKind, base: Node<'t>, name: Range<usize>) {
        let line = self.line(base);
        let text = self.text(base, Limit::Type);
        let source = self.source;
        let name = self.stored(source.get(name).unwrap_or_default(), Limit::Name, base);
        self.facts.bases.push(Base { class, kind, text, name, line, ..Base::default() });
    }

    /// Adds a base that is written from `name` to `end`, where no node holds the two alone.
    pub(crate) fn add_base_through(&mut self, class: u32, kind: BaseKind, name: Node<'t>, end: Node<'t>) {
        let base = self.base(class, kind, name, name);
        let text = self.text_through(name, end, Limit::Type);
        self.facts.bases.push(Base { text, ..base });
    }

    /// Adds a base of a type that is defined elsewhere in the file; dropped where it is not in the file.
    pub(crate) fn add_base_of(&mut self, type_name: &str, kind: BaseKind, base: Node<'t>, name: Node<'t>) {
        let base = self.base(0, kind, base, name);
        let qualified_name = self.qualified(type_name);
        self.late.bases.push((MemberOf { qualified_name, name: type_name.to_owned() }, base));
    }

    fn base(&mut self, class: u32, kind: BaseKind, base: Node<'t>, name: Node<'t>) -> Base {
        let line = self.line(base);
        let text = self.text(base, Limit::Type);
        let name = self.name(name);
        Base { class, kind, text, name, line, ..Base::default() }
    }

    /// Adds an import. The rule fills kind, module, name, alias and flags; `statement` is the raw text, `place` the
    /// imported name.
    pub(crate) fn add_import(&mut self, statement: Node<'t>, place: Node<'t>, import: Import) {
        let raw = self.text(statement, Limit::Import);
        let position = place.start_position();
        let (line, column) = (position.row as u32 + 1, position.column as u32 + 1);
        let alias = import.alias.filter(|alias| Some(alias) != import.name.as_ref());
        self.place_import((line, column));
        self.facts.imports.push(Import { raw, line, column, alias, ..import });
    }

    /// Adds a call of a callee that has a name.
    pub(crate) fn add_call(&mut self, site: CallSite<'t>) {
        if site.name.start_byte() < self.ignored_until {
            return;
        }
        let is_bare = site.callee.byte_range() == site.name.byte_range();
        let text = (!is_bare).then(|| self.text(site.callee, Limit::Callee));
        self.add_call_of(site, text);
    }

    /// Adds a call whose callee is no node of its own but reaches from `callee` to the end of `name`.
    pub(crate) fn add_call_through(&mut self, site: CallSite<'t>) {
        let text = self.text_through(site.callee, site.name, Limit::Callee);
        self.add_call_of(site, Some(text));
    }

    fn add_call_of(&mut self, site: CallSite<'t>, text: Option<String>) {
        let name = self.name(site.name);
        if name.is_empty() {
            return;
        }
        let position = site.name.start_position();
        self.facts.calls.push(Call {
            kind: site.kind,
            function: self.enclosing_function(),
            name,
            text,
            argument_count: site.argument_count,
            line: position.row as u32 + 1,
            column: position.column as u32 + 1,
            ..Call::default()
        });
    }

    /// Takes back the last call of `name` from `line` on: what was taken for it is the head of a definition.
    pub(crate) fn retract_call(&mut self, name: &str, line: u32) {
        let calls = &mut self.facts.calls;
        let recent = calls.iter().rev().take_while(|call| call.line >= line);
        if let Some(place) = recent.enumerate().find_map(|(place, call)| (call.name == name).then_some(place))
        {
            calls.remove(calls.len() - 1 - place);
        }
    }

    /// Adds a name that the file declares without defining it.
    pub(crate) fn declare(&mut self, name: String, is_local: bool) {
        if !name.is_empty() {
            self.declarations.push(Declaration { name, is_local });
        }
    }

    /// Says that a function's name means nothing in the scope around it.
    pub(crate) fn add_unscoped(&mut self, function: u32) {
        self.unscoped.push(function);
    }

    /// Adds a name under which the file offers the definition or import that it calls `local`.
    pub(crate) fn add_export(&mut self, name: String, local: String) {
        if !name.is_empty() && !local.is_empty() {
            self.exports.push(Export { name, local });
        }
    }
}
