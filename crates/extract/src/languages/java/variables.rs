//! Variables of Java, with their types where those are written or made there.

use tree_sitter::Node;

use super::{
    CATCH_TYPE, DECLARATOR, IDENTIFIER, NAME, OBJECT_CREATION, RIGHT, TYPE, VALUE, types::declared_type,
};
use crate::engine::{Flow, Limit, Walk};

/// Adds a variable that has a name.
pub(super) fn bind(walk: &mut Walk<'_>, name: String, type_name: Option<String>) {
    if name != "_" {
        walk.add_local(name, type_name);
    }
}

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for declarator in walk.children_in(node, DECLARATOR) {
        variable(walk, node, declarator);
    }
}

/// A resource of a `try`.
pub(super) fn typed<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    variable(walk, node, node);
}

pub(super) fn for_each<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    if let Some(name) = walk.child_text(node, NAME, Limit::Name) {
        let type_name = declared_type(walk, node, node).filter(|type_name| type_name != "var");
        bind(walk, name, type_name);
    }
}

/// `var x = new Foo()` has the type `Foo`.
fn variable<'t>(walk: &mut Walk<'t>, declaration: Node<'t>, declarator: Node<'t>) {
    let Some(name) = walk.child_text(declarator, NAME, Limit::Name) else { return };
    let declared = declared_type(walk, declaration, declarator);
    let type_name = match declared.as_deref() {
        Some("var") => {
            let made = walk.child(declarator, VALUE).filter(|value| walk.is(*value, OBJECT_CREATION));
            made.and_then(|made| walk.child_text(made, TYPE, Limit::Type))
        }
        _ => declared,
    };
    bind(walk, name, type_name);
}

/// The variable of a `catch`; where it catches several types it has none that is certain.
pub(super) fn caught<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child_text(node, NAME, Limit::Name) else { return };
    let types = walk.child_of_kind(node, CATCH_TYPE);
    let type_name =
        types.filter(|types| types.named_child_count() == 1).map(|types| walk.text(types, Limit::Type));
    bind(walk, name, type_name);
}

/// `x instanceof Foo foo`.
pub(super) fn instance_of<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child_text(node, NAME, Limit::Name) {
        let type_name = walk.child_text(node, RIGHT, Limit::Type);
        bind(walk, name, type_name);
    }
}

/// `Foo foo` in a `case` or in a record pattern.
pub(super) fn pattern<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let [type_node, name] = walk.named_children(node)[..]
        && walk.is(name, IDENTIFIER)
    {
        let type_name = Some(walk.text(type_node, Limit::Type)).filter(|type_name| type_name != "var");
        let name = walk.name(name);
        bind(walk, name, type_name);
    }
}
