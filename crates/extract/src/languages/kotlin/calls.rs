//! Calls of Kotlin.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{
    ANNOTATED_LAMBDA, CALL_EXPRESSION, IDENTIFIER, NAVIGATION, PARENTHESIZED_EXPRESSION, PATH_SEPARATOR,
    VALUE_ARGUMENTS,
};
use crate::engine::{CallSite, Walk};

/// `f(a) { … }` is two nested calls in the tree: that with the lambda alone is a part of that with the arguments.
pub(super) fn call<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(mut callee) = walk.named_children(node).into_iter().next() else { return };
    let arguments = walk.child_of_kind(node, VALUE_ARGUMENTS);
    let has_lambda = walk.child_of_kind(node, ANNOTATED_LAMBDA).is_some();
    while walk.is(callee, PARENTHESIZED_EXPRESSION)
        && let Some(inner) = callee.named_child(0)
    {
        callee = inner;
    }
    let (kind, name) = if walk.is(callee, IDENTIFIER) {
        (CallKind::Function, Some(callee))
    } else if walk.is(callee, NAVIGATION) && walk.child_of_kind(callee, PATH_SEPARATOR).is_none() {
        (CallKind::Method, walk.named_children(callee).pop())
    } else {
        return;
    };
    let Some(name) = name.filter(|name| walk.is(*name, IDENTIFIER)) else { return };
    let lambda_behind =
        arguments.is_some() && walk.parent().is_some_and(|around| adds_lambda(walk, around, node));
    let written = arguments.map_or(0, |list| walk.argument_count(list));
    let argument_count = written + u32::from(has_lambda) + u32::from(lambda_behind);
    walk.add_call(CallSite { kind, name, callee, argument_count });
}

/// Whether `around` is `call` with a lambda behind it.
fn adds_lambda<'t>(walk: &mut Walk<'t>, around: Node<'t>, call: Node<'t>) -> bool {
    walk.is(around, CALL_EXPRESSION)
        && around.start_byte() == call.start_byte()
        && walk.child_of_kind(around, VALUE_ARGUMENTS).is_none()
        && walk.child_of_kind(around, ANNOTATED_LAMBDA).is_some()
}

/// `a to b` calls `to`.
pub(super) fn infix<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let [_, name, _] = walk.named_children(node)[..]
        && walk.is(name, IDENTIFIER)
    {
        walk.add_call(CallSite { kind: CallKind::Method, name, callee: name, argument_count: 1 });
    }
}

/// `this(…)` and `super(…)` of a constructor.
pub(super) fn delegation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.children(node).into_iter().next() else { return };
    let arguments = walk.child_of_kind(node, VALUE_ARGUMENTS);
    let argument_count = arguments.map_or(0, |list| walk.argument_count(list));
    walk.add_call(CallSite { kind: CallKind::Constructor, name, callee: name, argument_count });
}
