//! Calls of Java. Method references (`Type::method`) are none.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{ARGUMENTS, CONSTRUCTOR_NAME, NAME, OBJECT, SCOPED_TYPE, TYPE, types::without_arguments};
use crate::engine::{CallSite, Walk};

pub(super) fn method_invocation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let argument_count = argument_count(walk, node);
    match walk.child(node, OBJECT) {
        Some(object) => {
            walk.add_call_through(CallSite { kind: CallKind::Method, name, callee: object, argument_count });
        }
        None => walk.add_call(CallSite { kind: CallKind::Function, name, callee: name, argument_count }),
    }
}

/// `new a.b.C<T>(…)`: the callee is the type without its arguments.
pub(super) fn object_creation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(type_node) = walk.child(node, TYPE) else { return };
    let callee = without_arguments(walk, type_node);
    let name = match walk.is(callee, SCOPED_TYPE) {
        true => walk.named_children(callee).pop().unwrap_or(callee),
        false => callee,
    };
    let argument_count = argument_count(walk, node);
    walk.add_call(CallSite { kind: CallKind::Constructor, name, callee, argument_count });
}

/// `this(…)`, `super(…)` and `outer.super(…)`.
pub(super) fn constructor_invocation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, CONSTRUCTOR_NAME) else { return };
    let argument_count = argument_count(walk, node);
    let kind = CallKind::Constructor;
    match walk.child(node, OBJECT) {
        Some(callee) => walk.add_call_through(CallSite { kind, name, callee, argument_count }),
        None => walk.add_call(CallSite { kind, name, callee: name, argument_count }),
    }
}

fn argument_count<'t>(walk: &mut Walk<'t>, call: Node<'t>) -> u32 {
    walk.child(call, ARGUMENTS).map_or(0, |list| walk.argument_count(list))
}
