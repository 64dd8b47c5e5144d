//! Calls of Scala.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{
    APPLIED_TYPE, ARGUMENTS, ARGUMENTS_LIST, BASE, CALL_EXPRESSION, COMPOUND_TYPE, FIELD, FIELD_EXPRESSION,
    FUNCTION, GENERIC_FUNCTION, IDENTIFIER, OPERATOR, STRUCTURAL_TYPE, TEMPLATE_BODY,
    types::{last_name, without_arguments},
};
use crate::engine::{CallSite, Walk};

/// How many argument lists behind each other are counted.
const MAX_LISTS: usize = 16;

/// `f(a)(b) { … }` is one call of `f` with three arguments.
pub(super) fn call<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(mut callee) = walk.child(node, FUNCTION) else { return };
    if walk.is(callee, GENERIC_FUNCTION) {
        callee = walk.child(callee, FUNCTION).unwrap_or(callee);
    }
    let (kind, name) = if walk.is(callee, IDENTIFIER) {
        (CallKind::Function, Some(callee))
    } else if walk.is(callee, FIELD_EXPRESSION) {
        (CallKind::Method, walk.child(callee, FIELD))
    } else {
        return;
    };
    let Some(name) = name else { return };
    let kind = match walk.bytes(name) {
        b"this" if kind == CallKind::Function => CallKind::Constructor,
        _ => kind,
    };
    let mut argument_count = arguments_of(walk, node);
    for level in 1..=MAX_LISTS {
        let around = walk.ancestor(level).filter(|around| walk.is(*around, CALL_EXPRESSION));
        let Some(around) = around.filter(|around| around.start_byte() == node.start_byte()) else { break };
        argument_count += arguments_of(walk, around);
    }
    walk.add_call(CallSite { kind, name, callee, argument_count });
}

/// A block, or cases, are one argument.
fn arguments_of<'t>(walk: &mut Walk<'t>, call: Node<'t>) -> u32 {
    match walk.child(call, ARGUMENTS) {
        Some(list) if walk.is(list, ARGUMENTS_LIST) => walk.argument_count(list),
        Some(_) => 1,
        None => 0,
    }
}

/// `new a.B[T](…) { … }`.
pub(super) fn instance<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.named_children(node);
    let Some(mut type_node) = children.first().copied().filter(|first| !walk.is(*first, TEMPLATE_BODY))
    else {
        return;
    };
    if walk.is(type_node, COMPOUND_TYPE) {
        type_node = walk.child(type_node, BASE).unwrap_or(type_node);
    }
    if walk.is(type_node, STRUCTURAL_TYPE) {
        return;
    }
    let own = walk.child_of_kind(type_node, ARGUMENTS_LIST).filter(|_| walk.is(type_node, APPLIED_TYPE));
    let lists = own.into_iter().chain(walk.children_in(node, ARGUMENTS));
    let lists: Vec<Node<'t>> = lists.filter(|list| walk.is(*list, ARGUMENTS_LIST)).collect();
    let argument_count = lists.into_iter().map(|list| walk.argument_count(list)).sum();
    let callee = without_arguments(walk, type_node);
    let name = last_name(walk, callee);
    walk.add_call(CallSite { kind: CallKind::Constructor, name, callee, argument_count });
}

/// `a to b` calls `to`; symbolic operators are not recorded.
pub(super) fn infix<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child(node, OPERATOR).filter(|operator| walk.is(*operator, IDENTIFIER)) {
        walk.add_call(CallSite { kind: CallKind::Method, name, callee: name, argument_count: 1 });
    }
}
