//! Functions, constructors and lambdas of Kotlin.

use snake_pipe_core::model::{Function, FunctionKind, Owner, Parameter, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    BLOCK, COLON, DELEGATION, EQUALS, FUNCTION_BODY, IDENTIFIER, LAMBDA, LAMBDA_PARAMETERS, MULTI_VARIABLE,
    NAME, PARAMETER, PARAMETER_MODIFIERS, PROPERTY, VALUE_PARAMETERS, VARIABLE,
    heads::{Head, annotate, default_visibility, head},
    properties::{name_and_type, receiver, type_after_colon, value_of, variables},
    types::is_class_body,
};
use crate::engine::{Flow, FunctionDraft, KindName, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let head = head(walk, &children);
    let receiver = receiver(walk, &children);
    let ordinary = parameters(walk, node);
    let function = Function {
        kind: if head.has("operator") { FunctionKind::Operator } else { FunctionKind::Function },
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        parameters: receiver.into_iter().chain(ordinary).collect(),
        return_type: type_after_parameters(walk, &children),
        is_test: is_test(walk, &head),
        ..function(walk, &head)
    };
    open(walk, node, function, FUNCTION_BODY, head);
}

/// `constructor(…) : this(…) { … }`.
pub(super) fn constructor<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let head = head(walk, &children);
    let class = walk.enclosing_class().map(|class| walk.class(class).name.clone());
    let function = Function {
        kind: FunctionKind::Constructor,
        name: class.unwrap_or_default(),
        parameters: parameters(walk, node),
        ..function(walk, &head)
    };
    let body = if children.iter().any(|child| walk.is(*child, DELEGATION)) { DELEGATION } else { BLOCK };
    open(walk, node, function, body, head);
}

fn function<'t>(walk: &Walk<'t>, head: &Head<'t>) -> Function {
    Function {
        visibility: head.visibility(default_visibility(walk)),
        modifiers: head.words.clone(),
        is_async: head.has("suspend"),
        ..Function::default()
    }
}

fn open<'t>(walk: &mut Walk<'t>, node: Node<'t>, function: Function, body: KindName, head: Head<'t>) {
    let body = walk.child_of_kind(node, body);
    let draft = FunctionDraft { function, body, start: head.start, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    for annotation in head.annotations {
        annotate(walk, Owner::Function(index), annotation);
    }
}

fn type_after_parameters<'t>(walk: &mut Walk<'t>, children: &[Node<'t>]) -> Option<String> {
    let place = children.iter().position(|child| walk.is(*child, VALUE_PARAMETERS))?;
    let after = &children[place + 1..];
    let is_type = after.first().is_some_and(|next| walk.is(*next, COLON));
    is_type.then(|| type_after_colon(walk, after)).flatten()
}

/// The annotations of `kotlin.test`, JUnit 4, 5 and TestNG.
fn is_test<'t>(walk: &mut Walk<'t>, head: &Head<'t>) -> bool {
    head.annotations.iter().any(|annotation| {
        let text = walk.name(*annotation);
        let name = text.trim_start_matches('@').split('(').next().unwrap_or_default();
        let last = name.rsplit(['.', ':']).next().unwrap_or_default().trim();
        matches!(last, "Test" | "ParameterizedTest" | "RepeatedTest" | "TestFactory" | "TestTemplate")
    })
}

/// A lambda or anonymous function is a function where it is the value of a property or variable; elsewhere it is part of
/// what is around it.
pub(super) fn literal<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let binding = walk.parent().filter(|parent| walk.is(*parent, PROPERTY));
    let around = binding.map(|binding| walk.children(binding)).unwrap_or_default();
    let variable = around.iter().find(|child| walk.is(**child, VARIABLE)).copied();
    let name = variable.filter(|_| value_of(walk, &around) == Some(node));
    let Some((name, _)) = name.and_then(|variable| name_and_type(walk, variable)) else {
        walk.flow(node, Flow::LAMBDA);
        if let Some(list) = walk.child_of_kind(node, LAMBDA_PARAMETERS) {
            variables(walk, list);
        }
        return;
    };
    let is_lambda = walk.is(node, LAMBDA);
    let of_property = head(walk, &around);
    let is_member = walk.ancestor(2).is_some_and(|around| is_class_body(walk, around));
    let default = if is_member { Visibility::Public } else { default_visibility(walk) };
    let children = walk.children(node);
    let function = Function {
        kind: FunctionKind::Closure,
        name: walk.name(name),
        parameters: if is_lambda { lambda_parameters(walk, node) } else { parameters(walk, node) },
        return_type: type_after_parameters(walk, &children),
        visibility: of_property.visibility(default),
        ..Function::default()
    };
    let body = if is_lambda { Some(node) } else { walk.child_of_kind(node, FUNCTION_BODY) };
    let draft =
        FunctionDraft { function, body, head: binding, start: of_property.start, ..FunctionDraft::default() };
    walk.open_function(node, draft);
}

fn lambda_parameters<'t>(walk: &mut Walk<'t>, lambda: Node<'t>) -> Vec<Parameter> {
    let Some(list) = walk.child_of_kind(lambda, LAMBDA_PARAMETERS) else { return Vec::new() };
    let mut parameters = Vec::new();
    for node in walk.named_children(list) {
        let (name, type_name) = match name_and_type(walk, node) {
            Some((name, type_name)) if !walk.is(node, MULTI_VARIABLE) => (walk.name(name), type_name),
            _ => (walk.name(node), None),
        };
        parameters.push(Parameter { name, type_name, ..Parameter::default() });
    }
    parameters
}

/// The parameters of a function: modifiers, name and type, default value.
fn parameters<'t>(walk: &mut Walk<'t>, function: Node<'t>) -> Vec<Parameter> {
    let Some(list) = walk.child_of_kind(function, VALUE_PARAMETERS) else { return Vec::new() };
    let children = walk.children(list);
    let mut parameters = Vec::new();
    for (place, node) in children.iter().copied().enumerate() {
        if !walk.is(node, PARAMETER) {
            continue;
        }
        let modifiers = place.checked_sub(1).map(|before| children[before]);
        let modifiers = modifiers.filter(|before| walk.is(*before, PARAMETER_MODIFIERS));
        let words = modifiers.map(|modifiers| walk.named_children(modifiers)).unwrap_or_default();
        let is_variadic = words.iter().any(|word| walk.bytes(*word) == b"vararg");
        let has_default = children.get(place + 1).is_some_and(|next| walk.is(*next, EQUALS));
        let default = children.get(place + 2).copied().filter(|_| has_default);
        let own = walk.children(node);
        let name = own.iter().find(|child| walk.is(**child, IDENTIFIER)).copied();
        parameters.push(Parameter {
            name: name.map(|name| walk.name(name)).unwrap_or_default(),
            type_name: type_after_colon(walk, &own),
            default_value: default.map(|default| walk.text(default, Limit::DefaultValue)),
            kind: if is_variadic { ParameterKind::Variadic } else { ParameterKind::Ordinary },
        });
    }
    parameters
}
