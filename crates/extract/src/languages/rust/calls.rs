//! Calls of Rust.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{
    ARGUMENTS, ATTRIBUTE_ITEM, FIELD, FIELD_EXPRESSION, FUNCTION, GENERIC_FUNCTION, GENERIC_TYPE, IDENTIFIER,
    NAME, PARENTHESIZED_EXPRESSION, PATH, SCOPED_IDENTIFIER, TYPE,
};
use crate::engine::{CallSite, Walk};

/// A path whose last name is in upper case makes an object; behind a type (`Vec::new()`) stands a method.
pub(super) fn call<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(mut callee) = walk.child(node, FUNCTION) else { return };
    loop {
        let inner = if walk.is(callee, PARENTHESIZED_EXPRESSION) {
            callee.named_child(0)
        } else if walk.is(callee, GENERIC_FUNCTION) {
            walk.child(callee, FUNCTION)
        } else {
            None
        };
        match inner {
            Some(inner) => callee = inner,
            None => break,
        }
    }
    let (kind, name) = if walk.is(callee, IDENTIFIER) {
        (CallKind::Function, callee)
    } else if walk.is(callee, FIELD_EXPRESSION)
        && let Some(name) = walk.child(callee, FIELD)
    {
        (CallKind::Method, name)
    } else if walk.is(callee, SCOPED_IDENTIFIER)
        && let Some(name) = walk.child(callee, NAME)
    {
        let is_of_type = walk.child(callee, PATH).is_some_and(|path| is_type(walk, path));
        (if is_of_type { CallKind::Method } else { CallKind::Function }, name)
    } else {
        return;
    };
    let first = walk.bytes(name).first().copied().unwrap_or_default();
    if first.is_ascii_digit() {
        // `pair.0(x)` calls what has no name.
        return;
    }
    let kind = if first.is_ascii_uppercase() { CallKind::Constructor } else { kind };
    let argument_count = walk.child(node, ARGUMENTS).map_or(0, |list| argument_count(walk, list));
    walk.add_call(CallSite { kind, name, callee, argument_count });
}

/// By convention a type begins with a capital letter (RFC 430); `<T as Trait>` is one in any case.
fn is_type<'t>(walk: &Walk<'t>, path: Node<'t>) -> bool {
    let mut last = path;
    if walk.is(last, GENERIC_TYPE) {
        last = walk.child(last, TYPE).unwrap_or(last);
    }
    let last = walk.child(last, NAME).unwrap_or(last);
    walk.bytes(last).first().is_some_and(|first| first.is_ascii_uppercase() || *first == b'<')
}

fn argument_count<'t>(walk: &mut Walk<'t>, list: Node<'t>) -> u32 {
    let count = walk.argument_count(list);
    let attributes = match walk.child_of_kind(list, ATTRIBUTE_ITEM) {
        Some(_) => {
            walk.named_children(list).into_iter().filter(|child| walk.is(*child, ATTRIBUTE_ITEM)).count()
        }
        None => 0,
    };
    count - attributes as u32
}
