//! Methods, constructors and function literals of Scala.

use snake_pipe_core::model::{Function, FunctionKind, Owner, Parameter, ParameterKind};
use tree_sitter::Node;

use super::{
    BINDING, BINDINGS, BODY, CATCH_CLAUSE, DEFAULT_VALUE, EXTENSION_DEFINITION, IDENTIFIER, LAMBDA_START,
    MATCH_EXPRESSION, NAME, OPERATOR_IDENTIFIER, PARAMETER, PARAMETERS, PARAMETERS_LIST, PATTERN,
    REPEATED_TYPE, RETURN_TYPE, TYPE, TYPE_PARAMETERS_LIST, VAL_DEFINITION, VALUE, VAR_DEFINITION,
    heads::{Head, annotate, default_visibility, head},
    is_of_structural_type,
};
use crate::engine::{Flow, FunctionDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name_node) = walk.child(node, NAME).filter(|_| !is_of_structural_type(walk)) else { return };
    let head = head(walk, node);
    let name = walk.name(name_node);
    let class = walk.enclosing_class();
    let is_operator = walk.is(name_node, OPERATOR_IDENTIFIER) || name.starts_with("unary_");
    let (kind, name) = match class {
        Some(class) if name == "this" => (FunctionKind::Constructor, walk.class(class).name.clone()),
        Some(_) if name.ends_with("_=") && !is_operator => (FunctionKind::Accessor, name),
        _ if is_operator => (FunctionKind::Operator, name),
        _ => (FunctionKind::Function, name),
    };
    let mut parameters = receiver(walk);
    for list in walk.children_in(node, PARAMETERS) {
        parameters.extend(parameters_in(walk, list));
    }
    let function = Function {
        kind,
        name,
        parameters,
        return_type: walk.child_text(node, RETURN_TYPE, Limit::Type),
        visibility: head.visibility(default_visibility(walk)),
        is_test: is_test(walk, &head),
        modifiers: head.words,
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    let draft = FunctionDraft { function, body, start: head.start, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    for annotation in head.annotations {
        annotate(walk, Owner::Function(index), annotation);
    }
}

/// The annotations of JUnit 4, 5 and TestNG; tests that are written as calls (`test("…") { … }`) are no functions.
fn is_test<'t>(walk: &mut Walk<'t>, head: &Head<'t>) -> bool {
    head.annotations.iter().any(|annotation| {
        let name = walk.child_text(*annotation, NAME, Limit::Name).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        matches!(last, "Test" | "ParameterizedTest" | "RepeatedTest" | "TestFactory" | "TestTemplate")
    })
}

/// The value that the extension around a method extends.
fn receiver<'t>(walk: &mut Walk<'t>) -> Vec<Parameter> {
    let Some(extension) = walk.parent().filter(|parent| walk.is(*parent, EXTENSION_DEFINITION)) else {
        return Vec::new();
    };
    let mut receivers = Vec::new();
    for list in walk.children_in(extension, PARAMETERS) {
        receivers.extend(parameters_in(walk, list));
    }
    for receiver in &mut receivers {
        receiver.kind = ParameterKind::Receiver;
    }
    receivers
}

/// The parameters of one list; a context parameter may have no name.
fn parameters_in<'t>(walk: &mut Walk<'t>, list: Node<'t>) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if !walk.is(list, PARAMETERS_LIST) || walk.is(list, TYPE_PARAMETERS_LIST) {
        return parameters;
    }
    for node in walk.named_children(list) {
        let type_node = walk.child(node, TYPE).filter(|_| walk.is(node, PARAMETER));
        let (kind, type_node) = match type_node {
            Some(repeated) if walk.is(repeated, REPEATED_TYPE) => {
                (ParameterKind::Variadic, walk.child(repeated, TYPE))
            }
            Some(type_node) => (ParameterKind::Ordinary, Some(type_node)),
            None => (ParameterKind::Ordinary, (!walk.is(node, PARAMETER)).then_some(node)),
        };
        parameters.push(Parameter {
            name: walk
                .child_text(node, NAME, Limit::Name)
                .filter(|_| walk.is(node, PARAMETER))
                .unwrap_or_default(),
            type_name: type_node.map(|type_node| walk.text(type_node, Limit::Type)),
            default_value: walk.child_text(node, DEFAULT_VALUE, Limit::DefaultValue),
            kind,
        });
    }
    parameters
}

/// A function literal is a function where it is the value of a `val` or `var` with one name.
pub(super) fn lambda<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let parameters = lambda_parameters(walk, node);
    if !open_bound(walk, node, &parameters) {
        walk.flow(node, Flow::LAMBDA);
        bind(walk, parameters);
    }
}

/// `{ case … }` outside of `match` and `catch` is a function literal.
pub(super) fn cases<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let is_literal =
        !walk.parent().is_some_and(|parent| walk.is_any(parent, &[MATCH_EXPRESSION, CATCH_CLAUSE]));
    if is_literal && !open_bound(walk, node, &[]) {
        walk.flow(node, Flow::LAMBDA);
    }
}

/// `xs.map: x =>`.
pub(super) fn colon_argument<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LAMBDA);
    for start in walk.children_in(node, LAMBDA_START) {
        let parameters = bindings(walk, start);
        bind(walk, parameters);
    }
}

/// Opens a closure, where `node` is the value of a definition.
fn open_bound<'t>(walk: &mut Walk<'t>, node: Node<'t>, parameters: &[Parameter]) -> bool {
    let definition = walk.parent().filter(|parent| {
        walk.is_any(*parent, &[VAL_DEFINITION, VAR_DEFINITION]) && walk.child(*parent, VALUE) == Some(node)
    });
    let name = definition.and_then(|definition| walk.child(definition, PATTERN));
    let Some((definition, name)) = definition.zip(name.filter(|name| walk.is(*name, IDENTIFIER))) else {
        return false;
    };
    let head = head(walk, definition);
    let function = Function {
        kind: FunctionKind::Closure,
        name: walk.name(name),
        parameters: parameters.to_vec(),
        visibility: head.visibility(default_visibility(walk)),
        ..Function::default()
    };
    let body =
        walk.named_children(node).pop().or(Some(node)).filter(|_| !parameters.is_empty()).or(Some(node));
    let draft = FunctionDraft {
        function,
        body,
        head: Some(definition),
        start: head.start,
        ..FunctionDraft::default()
    };
    walk.open_function(node, draft).is_some()
}

fn lambda_parameters<'t>(walk: &mut Walk<'t>, lambda: Node<'t>) -> Vec<Parameter> {
    walk.child(lambda, PARAMETERS).map(|list| bindings(walk, list)).unwrap_or_default()
}

/// `x` or `(x: T, y)`.
fn bindings<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Vec<Parameter> {
    let nodes = if walk.is(node, BINDINGS) { walk.named_children(node) } else { vec![node] };
    let mut parameters = Vec::new();
    for node in nodes.into_iter().filter(Node::is_named) {
        let (name, type_name) = match walk.is(node, BINDING) {
            true => (
                walk.child_text(node, NAME, Limit::Name).unwrap_or_else(|| "_".to_owned()),
                walk.child_text(node, TYPE, Limit::Type),
            ),
            false => (walk.name(node), None),
        };
        parameters.push(Parameter { name, type_name, ..Parameter::default() });
    }
    parameters
}

fn bind(walk: &mut Walk<'_>, parameters: Vec<Parameter>) {
    for Parameter { name, type_name, .. } in parameters {
        if name != "_" {
            walk.add_local(name, type_name);
        }
    }
}
