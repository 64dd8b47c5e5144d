//! Prototypes and variables.

use tree_sitter::Node;

use super::{
    ARGUMENT_LIST, ARRAY_DECLARATOR, ATTRIBUTED_DECLARATOR, DECLARATION, DECLARATOR, ERROR,
    FUNCTION_DECLARATOR, IDENTIFIER, INIT_DECLARATOR, INITIALIZER_LIST, MACRO_TYPE_SPECIFIER, NEW_EXPRESSION,
    PARAMETERS, PARENTHESIZED_DECLARATOR, PLACEHOLDER_TYPE_SPECIFIER, POINTER_DECLARATOR,
    REFERENCE_DECLARATOR, STRUCTURED_BINDING_DECLARATOR, TYPE, VALUE,
    calls::{constructed, macro_loop_around},
    declarators::{Declared, MAX_DEPTH, declared, last_name, type_text},
};
use crate::engine::{Flow, KindName, Limit, Scope, Walk};

/// Declarators that may stand around a function's.
const AROUND: [KindName; 6] = [
    ARRAY_DECLARATOR,
    ATTRIBUTED_DECLARATOR,
    INIT_DECLARATOR,
    PARENTHESIZED_DECLARATOR,
    POINTER_DECLARATOR,
    REFERENCE_DECLARATOR,
];

/// C: a prototype, or a variable that points to a function. Declarations as a whole are too many to be looked at.
pub(in crate::languages) fn function_declarator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let around = (1..=MAX_DEPTH).map_while(|levels| walk.ancestor(levels));
    let mut around =
        around.skip_while(|node| walk.is_any(*node, &AROUND) || walk.is(*node, FUNCTION_DECLARATOR));
    let Some(container) = around.next() else { return };
    // What the parser did not understand is often a prototype with a macro behind it.
    if !walk.is_any(container, &[DECLARATION, ERROR]) {
        return;
    }
    let Some(found) = declared(walk, node).filter(|found| found.function == Some(node)) else { return };
    declare(walk, container, found);
}

/// A prototype of the file, a pointer to a function, or a loop that a macro makes.
fn declare<'t>(walk: &mut Walk<'t>, declaration: Node<'t>, found: Declared<'t>) {
    if found.is_pointer {
        let name = walk.name(found.name);
        walk.add_local(name, None);
    } else if walk.scope() == Scope::File {
        let is_static = match walk.child(declaration, DECLARATOR) {
            Some(first) => {
                let before = walk.children_before(declaration, first.start_byte());
                before.into_iter().any(|word| walk.bytes(word) == b"static")
            }
            // An error may hold half of the file as its children: the line says enough.
            None => walk.line_before(found.name).starts_with(b"static "),
        };
        let name = walk.name(found.name);
        walk.declare(walk.qualified(&name), is_static);
    } else if walk.child(declaration, TYPE).is_some_and(|node| walk.is(node, MACRO_TYPE_SPECIFIER)) {
        macro_loop_around(walk, declaration, found);
    }
}

/// C++: prototypes, and variables with their types.
pub(in crate::languages) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let in_function = walk.enclosing_function().is_some();
    for declarator in walk.children_in(node, DECLARATOR) {
        let Some(found) = declared(walk, declarator) else { continue };
        if walk.is(found.name, STRUCTURED_BINDING_DECLARATOR) {
            bind_all(walk, found.name);
        } else if found.as_function().is_some() && !in_function {
            declare(walk, node, found);
        } else if walk.is(found.name, IDENTIFIER) {
            variable(walk, node, declarator, found);
        }
    }
}

fn variable<'t>(walk: &mut Walk<'t>, node: Node<'t>, declarator: Node<'t>, found: Declared<'t>) {
    let value = walk.child(declarator, VALUE).filter(|_| walk.is(declarator, INIT_DECLARATOR));
    let arguments = match found.as_function() {
        // Inside a function `Foo x(y)` makes a Foo, though it looks like a prototype.
        Some(function) => walk.child(function, PARAMETERS),
        None => value.filter(|value| {
            walk.is(*value, ARGUMENT_LIST)
                || walk.is(*value, INITIALIZER_LIST) && !is_assigned(walk, declarator, *value)
        }),
    };
    let type_node = walk.child(node, TYPE);
    if let (Some(arguments), Some(type_node)) = (arguments, type_node) {
        let argument_count = walk.argument_count(arguments);
        constructed(walk, type_node, argument_count);
    }
    let is_deduced = type_node.is_some_and(|type_node| walk.is(type_node, PLACEHOLDER_TYPE_SPECIFIER));
    let declared_type = match is_deduced {
        true => value
            .filter(|value| walk.is(*value, NEW_EXPRESSION))
            .and_then(|value| walk.child_text(value, TYPE, Limit::Type)),
        false => {
            let declarator =
                walk.child(declarator, DECLARATOR).filter(|_| value.is_some()).unwrap_or(declarator);
            type_text(walk, node, Some(declarator), Some(found.function.unwrap_or(found.name)))
        }
    };
    let name = walk.name(found.name);
    walk.add_local(name, declared_type);
}

/// Whether a value stands behind `=`: `Point p = {1, 2}`.
fn is_assigned<'t>(walk: &Walk<'t>, declarator: Node<'t>, value: Node<'t>) -> bool {
    let name = walk.child(declarator, DECLARATOR).map_or(declarator.start_byte(), |name| name.end_byte());
    let behind_name = &walk.bytes(declarator)[name - declarator.start_byte()..];
    behind_name[..value.start_byte() - name].contains(&b'=')
}

fn bind_all<'t>(walk: &mut Walk<'t>, binding: Node<'t>) {
    for name in walk.named_children(binding) {
        let name = walk.name(name);
        walk.add_local(name, None);
    }
}

pub(in crate::languages) fn for_range_loop<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    bind_one(walk, node);
}

pub(in crate::languages) fn catch_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::CATCH);
    if let Some(parameter) = walk.child(node, PARAMETERS).and_then(|list| list.named_child(0)) {
        bind_one(walk, parameter);
    }
}

/// The variable that a loop or a handler declares.
fn bind_one<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(declarator) = walk.child(node, DECLARATOR) else { return };
    let Some(found) = declared(walk, declarator) else { return };
    if walk.is(found.name, STRUCTURED_BINDING_DECLARATOR) {
        bind_all(walk, found.name);
        return;
    }
    let is_deduced = walk.child(node, TYPE).is_some_and(|node| walk.is(node, PLACEHOLDER_TYPE_SPECIFIER));
    let type_name = if is_deduced { None } else { type_text(walk, node, Some(declarator), Some(found.name)) };
    let last = last_name(walk, found.name);
    let name = walk.name(last);
    walk.add_local(name, type_name);
}
