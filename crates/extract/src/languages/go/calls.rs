//! Calls of Go.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{
    ARGUMENTS, FIELD, FUNCTION, GENERIC_TYPE, IDENTIFIER, INDEX, INDEX_EXPRESSION, NAME, OPERAND,
    PARENTHESIZED_EXPRESSION, QUALIFIED_TYPE, SELECTOR, TYPE, TYPE_ARGUMENTS, TYPE_IDENTIFIER,
};
use crate::engine::{CallSite, Walk};

/// The predeclared types of the specification.
const TYPES: [&[u8]; 22] = [
    b"any",
    b"bool",
    b"byte",
    b"comparable",
    b"complex128",
    b"complex64",
    b"error",
    b"float32",
    b"float64",
    b"int",
    b"int16",
    b"int32",
    b"int64",
    b"int8",
    b"rune",
    b"string",
    b"uint",
    b"uint16",
    b"uint32",
    b"uint64",
    b"uint8",
    b"uintptr",
];

pub(super) fn call<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(mut callee) = walk.child(node, FUNCTION) else { return };
    while walk.is(callee, PARENTHESIZED_EXPRESSION)
        && let Some(inner) = callee.named_child(0)
    {
        callee = inner;
    }
    // `f[int](x, y)`: an index that is a predeclared type is a type argument.
    if walk.is(callee, INDEX_EXPRESSION)
        && walk.child(callee, INDEX).is_some_and(|index| TYPES.contains(&walk.bytes(index)))
    {
        callee = walk.child(callee, OPERAND).unwrap_or(callee);
    }
    let (kind, name) = if walk.is(callee, IDENTIFIER) {
        (CallKind::Function, callee)
    } else if walk.is(callee, SELECTOR)
        && let Some(name) = walk.child(callee, FIELD)
    {
        (CallKind::Method, name)
    } else {
        return;
    };
    if kind == CallKind::Function && TYPES.contains(&walk.bytes(callee)) {
        return;
    }
    let argument_count = walk.child(node, ARGUMENTS).map_or(0, |list| walk.argument_count(list));
    walk.add_call(CallSite { kind, name, callee, argument_count });
}

/// `f[int](x)`, which the grammar takes for a conversion. `f[i](x)` with a variable `i` looks the same, so the arguments
/// must be certain to be types: predeclared, with a capital letter, or of a form that no expression has.
pub(super) fn conversion<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(generic) = walk.child(node, TYPE).filter(|generic| walk.is(*generic, GENERIC_TYPE)) else {
        return;
    };
    let arguments =
        walk.child(generic, TYPE_ARGUMENTS).map(|list| walk.named_children(list)).unwrap_or_default();
    let is_type = |argument: &Node<'t>| match argument.named_child(0) {
        Some(name) if walk.is(name, TYPE_IDENTIFIER) => {
            let name = walk.bytes(name);
            TYPES.contains(&name) || name.first().is_some_and(u8::is_ascii_uppercase)
        }
        other => other.is_some(),
    };
    if !arguments.iter().all(is_type) {
        return;
    }
    let Some(callee) = walk.child(generic, TYPE) else { return };
    let (kind, name) = match walk.child(callee, NAME) {
        Some(name) if walk.is(callee, QUALIFIED_TYPE) => (CallKind::Method, name),
        _ => (CallKind::Function, callee),
    };
    walk.add_call(CallSite { kind, name, callee, argument_count: 1 });
}
