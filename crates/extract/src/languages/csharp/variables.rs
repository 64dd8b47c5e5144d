//! Variables of C#, with their types where those are written or made there.

use tree_sitter::Node;

use super::{
    EVENT_FIELD, FIELD_DECLARATION, IDENTIFIER, IMPLICIT_TYPE, LEFT, NAME, OBJECT_CREATION, TUPLE_PATTERN,
    TYPE, VARIABLE_DECLARATOR, functions::value_of, members,
};
use crate::engine::{Flow, Limit, Walk};

/// Adds a variable that has a name.
pub(super) fn bind(walk: &mut Walk<'_>, name: String, type_name: Option<String>) {
    if name != "_" {
        walk.add_local(name, type_name);
    }
}

/// The variables of a statement, or the fields of a class.
pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(fields) =
        walk.parent().filter(|parent| walk.is_any(*parent, &[FIELD_DECLARATION, EVENT_FIELD]))
    {
        members::fields(walk, fields, node);
        return;
    }
    let declared = declared_type(walk, node);
    for declarator in walk.named_children(node) {
        if !walk.is(declarator, VARIABLE_DECLARATOR) {
            continue;
        }
        if let Some(pattern) = walk.child_of_kind(declarator, TUPLE_PATTERN) {
            tuple(walk, pattern);
        } else if let Some(name) = walk.child_text(declarator, NAME, Limit::Name) {
            let value = value_of(walk, declarator).filter(|value| walk.is(*value, OBJECT_CREATION));
            let made = value.and_then(|made| walk.child_text(made, TYPE, Limit::Type));
            bind(walk, name, declared.clone().or(made));
        }
    }
}

/// The declared type; `var` is none.
fn declared_type<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    let type_node = walk.child(node, TYPE).filter(|type_node| !walk.is(*type_node, IMPLICIT_TYPE))?;
    Some(walk.text(type_node, Limit::Type))
}

fn tuple<'t>(walk: &mut Walk<'t>, pattern: Node<'t>) {
    let mut patterns = vec![pattern];
    while let Some(pattern) = patterns.pop() {
        if walk.is(pattern, IDENTIFIER) {
            let name = walk.name(pattern);
            bind(walk, name, None);
        } else if walk.is(pattern, TUPLE_PATTERN) {
            patterns.extend(walk.named_children(pattern).into_iter().rev());
        }
    }
}

/// What has a name and perhaps a type: a pattern, `out T x`, `catch (T x)`, `from T x in`.
pub(super) fn typed<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child_text(node, NAME, Limit::Name) {
        let type_name = declared_type(walk, node);
        bind(walk, name, type_name);
    }
}

pub(super) fn for_each<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    let Some(left) = walk.child(node, LEFT) else { return };
    match walk.child(node, TYPE) {
        Some(_) if walk.is(left, IDENTIFIER) => {
            let (name, type_name) = (walk.name(left), declared_type(walk, node));
            bind(walk, name, type_name);
        }
        _ => tuple(walk, left),
    }
}

pub(super) fn let_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child_of_kind(node, IDENTIFIER) {
        let name = walk.name(name);
        bind(walk, name, None);
    }
}
