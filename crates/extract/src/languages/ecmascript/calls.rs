//! Calls and decorators.

use snake_pipe_core::model::{CallKind, Owner};
use tree_sitter::Node;

use super::{
    ARGUMENTS, CALL_EXPRESSION, CLASS_BODY, CONSTRUCTOR, EXPORT_STATEMENT, FUNCTION, IDENTIFIER,
    NON_NULL_EXPRESSION, PARENTHESIZED_EXPRESSION, SUPER, TEMPLATE_STRING, bindings::member,
    counting::count_name, imports::dynamic_import,
};
use crate::engine::{CallSite, Walk};

pub(in crate::languages) fn call_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(callee) = walk.child(node, FUNCTION) else { return };
    let callee = bare(walk, callee);
    let argument_count = argument_count(walk, node);
    if walk.is(callee, IDENTIFIER) {
        walk.add_call(CallSite { kind: CallKind::Function, name: callee, callee, argument_count });
    } else if walk.is(callee, SUPER) {
        walk.add_call(CallSite { kind: CallKind::Constructor, name: callee, callee, argument_count });
    } else if let Some((_, name)) = member(walk, callee) {
        count_name(walk, name);
        walk.add_call(CallSite { kind: CallKind::Method, name, callee, argument_count });
    }
    dynamic_import(walk, node, callee);
}

pub(in crate::languages) fn new_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(class) = walk.child(node, CONSTRUCTOR) else { return };
    let callee = bare(walk, class);
    let argument_count = argument_count(walk, node);
    let name = match member(walk, callee) {
        Some((_, name)) => name,
        None if walk.is(callee, IDENTIFIER) => callee,
        None => return,
    };
    walk.add_call(CallSite { kind: CallKind::Constructor, name, callee, argument_count });
}

/// A callee without parentheses and `!`.
fn bare<'t>(walk: &Walk<'t>, mut callee: Node<'t>) -> Node<'t> {
    while walk.is_any(callee, &[PARENTHESIZED_EXPRESSION, NON_NULL_EXPRESSION])
        && let Some(inner) = callee.named_child(0)
    {
        callee = inner;
    }
    callee
}

/// The number of arguments; a template that is a tag's argument is one.
fn argument_count<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> u32 {
    match walk.child(node, ARGUMENTS) {
        Some(list) if walk.is(list, TEMPLATE_STRING) => 1,
        Some(list) => walk.argument_count(list),
        None => 0,
    }
}

/// A decorator that stands before its definition; the others are among the children of theirs.
pub(in crate::languages) fn decorator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.parent().is_some_and(|parent| walk.is_any(parent, &[EXPORT_STATEMENT, CLASS_BODY])) {
        let (name, arguments) = parts(walk, node);
        walk.annotate_next(node, name, arguments);
    }
}

/// Adds a decorator of a known definition.
pub(super) fn annotate<'t>(walk: &mut Walk<'t>, owner: Owner, decorator: Node<'t>) {
    let (name, arguments) = parts(walk, decorator);
    walk.annotate(owner, decorator, name, arguments);
}

/// A decorator's name and arguments.
pub(super) fn parts<'t>(walk: &Walk<'t>, decorator: Node<'t>) -> (Node<'t>, Option<Node<'t>>) {
    let expression = decorator.named_child(0).unwrap_or(decorator);
    match walk.is(expression, CALL_EXPRESSION) {
        true => (walk.child(expression, FUNCTION).unwrap_or(expression), walk.child(expression, ARGUMENTS)),
        false => (expression, None),
    }
}
