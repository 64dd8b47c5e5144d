//! Calls of C#.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{
    ARGUMENT_LIST, ARGUMENTS, COLON, CONDITIONAL_ACCESS, FUNCTION, GENERIC_NAME, IDENTIFIER, MEMBER_ACCESS,
    MEMBER_BINDING, NAME, PARENTHESIZED_EXPRESSION, TYPE,
    types::{construct, last_name},
};
use crate::engine::{CallSite, Walk};

pub(super) fn invocation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(mut callee) = walk.child(node, FUNCTION) else { return };
    while walk.is(callee, PARENTHESIZED_EXPRESSION)
        && let Some(inner) = callee.named_child(0)
    {
        callee = inner;
    }
    let (kind, name) = if walk.is_any(callee, &[IDENTIFIER, GENERIC_NAME]) {
        callee = last_name(walk, callee);
        (CallKind::Function, Some(callee))
    } else if walk.is(callee, MEMBER_ACCESS) {
        (CallKind::Method, walk.child(callee, NAME))
    } else if walk.is(callee, CONDITIONAL_ACCESS) {
        let binding = walk.child_of_kind(callee, MEMBER_BINDING);
        (CallKind::Method, binding.and_then(|binding| walk.child(binding, NAME)))
    } else {
        return;
    };
    let Some(name) = name else { return };
    let name = last_name(walk, name);
    // `nameof` is an operator unless something is called so.
    if kind == CallKind::Function && walk.bytes(name) == b"nameof" {
        return;
    }
    let argument_count = walk.child(node, ARGUMENTS).map_or(0, |list| walk.argument_count(list));
    walk.add_call(CallSite { kind, name, callee, argument_count });
}

/// `new A.B<T>(…)`; the parentheses may be left out before an initialiser.
pub(super) fn object_creation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(type_node) = walk.child(node, TYPE) else { return };
    let argument_count = walk.child(node, ARGUMENTS).map_or(0, |list| walk.argument_count(list));
    construct(walk, type_node, argument_count);
}

/// `: base(…)` and `: this(…)`.
pub(super) fn constructor_initializer<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let Some(name) = children.iter().copied().find(|child| !walk.is(*child, COLON)) else { return };
    let arguments = children.into_iter().find(|child| walk.is(*child, ARGUMENT_LIST));
    let argument_count = arguments.map_or(0, |list| walk.argument_count(list));
    walk.add_call(CallSite { kind: CallKind::Constructor, name, callee: name, argument_count });
}
