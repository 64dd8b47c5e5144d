//! Functions, methods and function literals of Go.

use snake_pipe_core::model::{Function, FunctionKind, Parameter, ParameterKind};
use tree_sitter::Node;

use super::{
    ASSIGNMENT, BODY, EXPRESSION_LIST, IDENTIFIER, INTERFACE_TYPE, LEFT, METHOD_DECLARATION, NAME,
    PARAMETER_LIST, PARAMETERS, RECEIVER, RESULT, RIGHT, SHORT_VARIABLE, TYPE, TYPE_SPEC, VALUE,
    VARIABLE_DECLARATION, VARIABLE_SPEC, VARIADIC_PARAMETER, types::type_name_of, visibility,
    without_directives,
};
use crate::engine::{Flow, FunctionDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child_text(node, NAME, Limit::Name) else { return };
    let receiver = walk.child(node, RECEIVER);
    let mut receivers = receiver.map(|list| parameters(walk, list)).unwrap_or_default();
    for parameter in &mut receivers {
        parameter.kind = ParameterKind::Receiver;
    }
    let receiver_type =
        receiver.and_then(|list| list.named_child(0)).and_then(|receiver| walk.child(receiver, TYPE));
    let member_of = receiver_type.map(|type_node| {
        let bare = type_name_of(walk, type_node);
        walk.name(bare)
    });
    let ordinary = walk.child(node, PARAMETERS).map(|list| parameters(walk, list)).unwrap_or_default();
    let is_method = walk.is(node, METHOD_DECLARATION);
    let function = Function {
        visibility: visibility(walk, &name),
        is_test: !is_method && is_test(&name, &ordinary, walk.child(node, RESULT).is_some()),
        name,
        parameters: receivers.into_iter().chain(ordinary).collect(),
        return_type: walk.child_text(node, RESULT, Limit::Type),
        ..Function::default()
    };
    open(
        walk,
        node,
        FunctionDraft { function, body: walk.child(node, BODY), member_of, ..FunctionDraft::default() },
    );
}

/// Opens a function; its named results are variables of it.
fn open<'t>(walk: &mut Walk<'t>, node: Node<'t>, draft: FunctionDraft<'t>) {
    let result = walk.child(node, RESULT).filter(|result| walk.is(*result, PARAMETER_LIST));
    let results = result.map(|list| parameters(walk, list)).unwrap_or_default();
    let Some(index) = walk.open_function(node, draft) else { return };
    let function = walk.function(index);
    function.doc_string = without_directives(function.doc_string.take());
    bind(walk, results);
}

/// A method that an interface declares. Those of an interface without a name belong to nothing that has one.
pub(super) fn interface_method<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let is_of_named = walk.parent().is_some_and(|parent| walk.is(parent, INTERFACE_TYPE))
        && walk.ancestor(2).is_some_and(|around| walk.is(around, TYPE_SPEC));
    let Some(name) = walk.child_text(node, NAME, Limit::Name).filter(|_| is_of_named) else { return };
    let function = Function {
        visibility: visibility(walk, &name),
        name,
        parameters: walk.child(node, PARAMETERS).map(|list| parameters(walk, list)).unwrap_or_default(),
        return_type: walk.child_text(node, RESULT, Limit::Type),
        ..Function::default()
    };
    open(walk, node, FunctionDraft { function, ..FunctionDraft::default() });
}

/// `func TestXxx(t *testing.T)`, `func BenchmarkXxx(b *testing.B)`, `func FuzzXxx(f *testing.F)` and `func ExampleXxx()`, where
/// `Xxx` does not begin with a lower case letter (documentation of Go's package `testing`).
fn is_test(name: &str, parameters: &[Parameter], has_result: bool) -> bool {
    let rest = match parameters {
        [] if !has_result => name.strip_prefix("Example"),
        [Parameter { type_name: Some(type_name), .. }] => match type_name.as_str() {
            "*testing.T" => name.strip_prefix("Test"),
            "*testing.B" => name.strip_prefix("Benchmark"),
            "*testing.F" => name.strip_prefix("Fuzz"),
            _ => None,
        },
        _ => None,
    };
    rest.is_some_and(|rest| !rest.starts_with(char::is_lowercase))
}

/// A function literal is a function where it is bound to a name; elsewhere it is part of what is around it.
pub(super) fn literal<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let parameters = walk.child(node, PARAMETERS).map(|list| parameters(walk, list)).unwrap_or_default();
    let Some((name, head)) = binding(walk, node) else {
        walk.flow(node, Flow::LAMBDA);
        bind(walk, parameters);
        return;
    };
    let name = walk.name(name);
    let function = Function {
        kind: FunctionKind::Closure,
        visibility: visibility(walk, &name),
        name,
        parameters,
        return_type: walk.child_text(node, RESULT, Limit::Type),
        ..Function::default()
    };
    let draft = FunctionDraft {
        function,
        body: walk.child(node, BODY),
        head: Some(head),
        ..FunctionDraft::default()
    };
    open(walk, node, draft);
}

/// The name that a literal is bound to by `:=`, `=` or `var`, and the statement.
fn binding<'t>(walk: &mut Walk<'t>, literal: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
    let values = walk.parent().filter(|parent| walk.is(*parent, EXPRESSION_LIST))?;
    let statement = walk.ancestor(2)?;
    let is_assignment = walk.is_any(statement, &[SHORT_VARIABLE, ASSIGNMENT]);
    if !is_assignment && !walk.is(statement, VARIABLE_SPEC) {
        return None;
    }
    let values_of = if is_assignment { walk.child(statement, RIGHT) } else { walk.child(statement, VALUE) };
    let place = walk.named_children(values).iter().position(|value| *value == literal)?;
    let mut names = match is_assignment {
        true => walk.child(statement, LEFT).map(|left| walk.named_children(left)).unwrap_or_default(),
        false => walk.children_in(statement, NAME),
    };
    names.retain(|name| name.is_named());
    let name =
        names.get(place).copied().filter(|name| walk.is(*name, IDENTIFIER) && walk.bytes(*name) != b"_")?;
    let around = walk.ancestor(3).filter(|around| walk.is(*around, VARIABLE_DECLARATION));
    (values_of == Some(values)).then(|| (name, around.unwrap_or(statement)))
}

fn bind(walk: &mut Walk<'_>, parameters: Vec<Parameter>) {
    for Parameter { name, type_name, .. } in parameters {
        if name != "_" {
            walk.add_local(name, type_name);
        }
    }
}

/// The parameters of a list; `a, b int` are two. Where the list names none, their names are empty.
fn parameters<'t>(walk: &mut Walk<'t>, list: Node<'t>) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for node in walk.named_children(list) {
        let is_variadic = walk.is(node, VARIADIC_PARAMETER);
        let kind = if is_variadic { ParameterKind::Variadic } else { ParameterKind::Ordinary };
        let type_name = walk.child_text(node, TYPE, Limit::Type);
        let mut names = walk.children_in(node, NAME);
        names.retain(|name| name.is_named());
        if names.is_empty() {
            parameters.push(Parameter { type_name, kind, ..Parameter::default() });
            continue;
        }
        for name in names {
            let name = walk.name(name);
            parameters.push(Parameter { name, type_name: type_name.clone(), kind, ..Parameter::default() });
        }
    }
    name_all_or_none(&mut parameters);
    parameters
}

/// Where one parameter has a name, all have: what the grammar takes for a type without a name is a name whose type is that of
/// the next (`a, b int,`).
fn name_all_or_none(parameters: &mut [Parameter]) {
    if parameters.iter().all(|parameter| parameter.name.is_empty()) {
        return;
    }
    let mut next: Option<String> = None;
    for parameter in parameters.iter_mut().rev() {
        if parameter.name.is_empty() {
            parameter.name = parameter.type_name.take().unwrap_or_default();
            parameter.type_name.clone_from(&next);
        } else {
            next.clone_from(&parameter.type_name);
        }
    }
}
