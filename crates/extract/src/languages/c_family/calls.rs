//! Calls, and the loops that macros make.

use snake_pipe_core::model::CallKind;
use tree_sitter::Node;

use super::{
    ARGUMENTS, DESTRUCTOR_NAME, FIELD, FIELD_EXPRESSION, FIELD_IDENTIFIER, FUNCTION, FUNCTION_DECLARATOR,
    IDENTIFIER, MACRO_TYPE_SPECIFIER, NAME, PARAMETERS, PARENTHESIZED_EXPRESSION, POINTER_EXPRESSION,
    QUALIFIED_IDENTIFIER, TEMPLATE_FUNCTION, TYPE, TYPE_IDENTIFIER, VALUE,
    counting::count_name,
    declarators::{Declared, last_name},
    surface::hand_over,
};
use crate::engine::{CallSite, Walk};

pub(in crate::languages) fn call_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(callee) = walk.child(node, FUNCTION) else { return };
    // A macro behind a prototype that says something about the function.
    if walk.parent().is_some_and(|parent| walk.is(parent, FUNCTION_DECLARATOR)) {
        return;
    }
    let argument_count = match walk.child(node, ARGUMENTS) {
        Some(list) => walk.argument_count(list),
        None => 0,
    };
    let (mut name, mut is_pointer) = (callee, false);
    // `(*pointer)(x)` calls what `pointer` points to; `(function)(x)` keeps a macro of that name from being used.
    while walk.is_any(name, &[PARENTHESIZED_EXPRESSION, POINTER_EXPRESSION])
        && let Some(inner) = name.named_child(0)
    {
        is_pointer |= walk.is(name, POINTER_EXPRESSION);
        name = inner;
    }
    let callee = if is_pointer { callee } else { name };
    let (kind, name) = if walk.is(name, IDENTIFIER) {
        count_name(walk, name);
        if is_operator(walk.bytes(name)) {
            return;
        }
        hand_over(walk, node, name);
        (CallKind::Function, name)
    } else if walk.is(name, FIELD_EXPRESSION) {
        let Some(field) = walk.child(name, FIELD) else { return };
        (CallKind::Method, last_name(walk, field))
    } else if walk.is_any(name, &[QUALIFIED_IDENTIFIER, TEMPLATE_FUNCTION]) {
        let last = last_name(walk, name);
        if walk.is(name, TEMPLATE_FUNCTION) && is_cast(walk.bytes(last)) {
            return;
        }
        (CallKind::Function, last)
    } else {
        return;
    };
    if walk.is_any(name, &[IDENTIFIER, FIELD_IDENTIFIER, DESTRUCTOR_NAME, TYPE_IDENTIFIER])
        || name.kind() == "operator_name"
    {
        walk.add_call(CallSite { kind, name, callee, argument_count });
    }
}

/// Operators that the grammar takes for functions.
fn is_operator(name: &[u8]) -> bool {
    matches!(name, b"typeid" | b"noexcept" | b"decltype" | b"alignof" | b"sizeof" | b"defined")
}

/// `static_cast<int>(x)` and its like look like calls of templates.
fn is_cast(name: &[u8]) -> bool {
    matches!(name, b"static_cast" | b"dynamic_cast" | b"const_cast" | b"reinterpret_cast")
}

/// C++: `Point{1, 2}`.
pub(in crate::languages) fn compound_literal<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(list)) = (walk.child(node, TYPE), walk.child(node, VALUE)) else { return };
    let argument_count = walk.argument_count(list);
    constructed(walk, class, argument_count);
}

pub(in crate::languages) fn new_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(class) = walk.child(node, TYPE) else { return };
    let argument_count = match walk.child(node, ARGUMENTS) {
        Some(list) => walk.argument_count(list),
        None => 0,
    };
    constructed(walk, class, argument_count);
}

/// A call of a constructor, where the type is one that can have any.
pub(super) fn constructed<'t>(walk: &mut Walk<'t>, class: Node<'t>, argument_count: u32) {
    let name = last_name(walk, class);
    if walk.is_any(name, &[TYPE_IDENTIFIER, IDENTIFIER]) {
        walk.add_call(CallSite { kind: CallKind::Constructor, name, callee: class, argument_count });
    }
}

/// `for_each(x) { … }` inside a function looks like the definition of a variable with a body: it is a call of a macro.
pub(super) fn macro_loop<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let name = walk.child(node, TYPE).filter(|name| walk.is(*name, TYPE_IDENTIFIER));
    if let Some(name) = name.filter(|_| walk.enclosing_function().is_some()) {
        walk.add_call(CallSite { kind: CallKind::Function, name, callee: name, argument_count: 1 });
    }
}

/// `for_each(x) f(y)` with a body or a semicolon looks like a function `f` of type `for_each(x)`: both are called.
pub(super) fn macro_loop_around<'t>(walk: &mut Walk<'t>, node: Node<'t>, found: Declared<'t>) {
    let type_node = walk.child(node, TYPE);
    if let Some(name) = type_node
        .filter(|type_node| walk.is(*type_node, MACRO_TYPE_SPECIFIER))
        .and_then(|type_node| walk.child(type_node, NAME))
    {
        walk.add_call(CallSite { kind: CallKind::Function, name, callee: name, argument_count: 1 });
    }
    let name = found.name;
    if walk.is(name, IDENTIFIER) {
        let list = found.function.and_then(|function| walk.child(function, PARAMETERS));
        let argument_count = list.map_or(0, |list| walk.argument_count(list));
        walk.add_call(CallSite { kind: CallKind::Function, name, callee: name, argument_count });
    }
}
