//! Functions and closures of Rust.

use snake_pipe_core::model::{Function, FunctionKind, Parameter, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    ATTRIBUTE_ITEM, BODY, CLOSURE_PARAMETERS, CONST_ITEM, FUNCTION_MODIFIERS, IDENTIFIER, LET_DECLARATION,
    MUT_PATTERN, NAME, PARAMETER, PARAMETERS, PATTERN, RETURN_TYPE, SELF, SELF_PARAMETER, STATIC_ITEM, TYPE,
    VALUE, VARIADIC_PARAMETER, is_of_implementation, variables::bind_pattern, visibility,
};
use crate::engine::{Flow, FunctionDraft, Limit, Scope, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (visibility, mut modifiers) = visibility(walk, node);
    if let Some(words) = walk.child_of_kind(node, FUNCTION_MODIFIERS) {
        for word in walk.children(words) {
            modifiers.push(walk.name(word));
        }
    }
    let parameters = parameters(walk, node);
    let is_member = matches!(walk.scope(), Scope::Class(_) | Scope::Extension);
    let has_receiver = parameters.first().is_some_and(|parameter| parameter.kind == ParameterKind::Receiver);
    let function = Function {
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        return_type: walk.child_text(node, RETURN_TYPE, Limit::Type),
        visibility,
        is_static: is_member && !has_receiver,
        is_async: modifiers.iter().any(|modifier| modifier == "async"),
        is_test: is_test(&walk.annotations_before(node)),
        is_override: is_of_implementation(walk),
        modifiers,
        parameters,
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    walk.open_function(node, FunctionDraft { function, body, ..FunctionDraft::default() });
}

/// `#[test]`, that of a run-time (`#[tokio::test]`), and those of `rstest` and `test_case`.
fn is_test(attributes: &[&str]) -> bool {
    attributes.iter().any(|name| {
        let last = name.rsplit("::").next().unwrap_or(name);
        matches!(last, "test" | "rstest" | "test_case")
    })
}

/// A closure is a function where it is the value of a variable, constant or static; elsewhere it is part of what is
/// around it.
pub(super) fn closure<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let binding = walk.parent().filter(|parent| {
        walk.is_any(*parent, &[LET_DECLARATION, CONST_ITEM, STATIC_ITEM])
            && walk.child(*parent, VALUE) == Some(node)
    });
    let name = binding.and_then(|binding| walk.child(binding, PATTERN).or_else(|| walk.child(binding, NAME)));
    let Some(name) = name.filter(|name| walk.is(*name, IDENTIFIER)) else {
        walk.flow(node, Flow::LAMBDA);
        let patterns = walk.child(node, PARAMETERS).map(|list| walk.named_children(list)).unwrap_or_default();
        for parameter in patterns {
            let pattern = walk.child(parameter, PATTERN).unwrap_or(parameter);
            let type_name =
                walk.child_text(parameter, TYPE, Limit::Type).filter(|_| walk.is(parameter, PARAMETER));
            bind_pattern(walk, pattern, type_name);
        }
        return;
    };
    let tokens = walk.children(node);
    let is_async = tokens.iter().any(|token| walk.bytes(*token) == b"async");
    let words = tokens.into_iter().take_while(|token| !token.is_named());
    let modifiers: Vec<String> = words.map(|word| walk.name(word)).collect();
    let function = Function {
        kind: FunctionKind::Closure,
        name: walk.name(name),
        parameters: parameters(walk, node),
        return_type: walk.child_text(node, RETURN_TYPE, Limit::Type),
        visibility: match binding {
            Some(binding) => visibility(walk, binding).0,
            None => Visibility::Private,
        },
        modifiers,
        is_async,
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    walk.open_function(node, FunctionDraft { function, body, head: binding, ..FunctionDraft::default() });
}

fn parameters<'t>(walk: &mut Walk<'t>, function: Node<'t>) -> Vec<Parameter> {
    let Some(list) = walk.child(function, PARAMETERS) else { return Vec::new() };
    let is_closure = walk.is(list, CLOSURE_PARAMETERS);
    let mut parameters = Vec::new();
    for node in walk.children(list) {
        // `_` is a token.
        let is_parameter = node.is_named() && !walk.is(node, ATTRIBUTE_ITEM) || walk.bytes(node) == b"_";
        if is_parameter {
            parameters.push(parameter(walk, node, is_closure));
        }
    }
    parameters
}

fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>, is_closure: bool) -> Parameter {
    if walk.is(node, SELF_PARAMETER) {
        return Parameter { name: "self".to_owned(), kind: ParameterKind::Receiver, ..Parameter::default() };
    }
    if walk.is(node, VARIADIC_PARAMETER) {
        let name = walk.child_text(node, PATTERN, Limit::Name).unwrap_or_default();
        return Parameter { name, kind: ParameterKind::Variadic, ..Parameter::default() };
    }
    let Some(pattern) = walk.child(node, PATTERN).filter(|_| walk.is(node, PARAMETER)) else {
        // A closure's parameter without a type, or a type without a name (edition 2015).
        let variable = node.named_child(1).filter(|_| walk.is(node, MUT_PATTERN));
        let text = walk.text(variable.unwrap_or(node), Limit::Type);
        return match is_closure {
            true => Parameter { name: text, ..Parameter::default() },
            false => Parameter { type_name: Some(text), ..Parameter::default() },
        };
    };
    let kind = if walk.is(pattern, SELF) { ParameterKind::Receiver } else { ParameterKind::Ordinary };
    let type_name = walk.child_text(node, TYPE, Limit::Type);
    Parameter { name: walk.name(pattern), type_name, kind, ..Parameter::default() }
}
