//! Methods, constructors, operators, local functions and lambdas of C#.

use snake_pipe_core::model::{Function, FunctionKind, Owner, Parameter, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    BODY, CONSTRUCTOR, CONVERSION_OPERATOR, DESTRUCTOR, EQUALS, EVENT_FIELD, FIELD_DECLARATION,
    IMPLICIT_PARAMETER, LOCAL_DECLARATION, MODIFIER, NAME, OPERATOR, OPERATOR_DECLARATION, PARAMETER,
    PARAMETERS, RETURN_TYPE, TILDE, TYPE, VARIABLE_DECLARATOR,
    heads::{Head, annotate, default_visibility, head},
    members::property_visibility,
    variables::bind,
};
use crate::engine::{Flow, FunctionDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let head = head(walk, node);
    let (kind, name) = kind_and_name(walk, node);
    let list = walk.child(node, PARAMETERS);
    let parameters = list.map(|list| parameters_in(walk, list)).unwrap_or_default();
    let has_return_type = !matches!(kind, FunctionKind::Constructor | FunctionKind::Destructor);
    let return_type =
        walk.child(node, RETURN_TYPE).or_else(|| walk.child(node, TYPE)).filter(|_| has_return_type);
    let function = Function {
        kind,
        name,
        parameters: parameters.into_iter().map(|(_, parameter)| parameter).collect(),
        return_type: return_type.map(|return_type| walk.text(return_type, Limit::Type)),
        visibility: head.visibility(property_visibility(walk, node)),
        is_static: head.has("static"),
        is_async: head.has("async"),
        is_test: is_test(walk, &head),
        modifiers: head.words,
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    let draft = FunctionDraft { function, body, start: head.start, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    for attribute in head.attributes {
        annotate(walk, Owner::Function(index), attribute);
    }
}

fn kind_and_name<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> (FunctionKind, String) {
    let name = walk.child_text(node, NAME, Limit::Name).unwrap_or_default();
    if walk.is(node, CONSTRUCTOR) {
        return (FunctionKind::Constructor, name);
    }
    if walk.is(node, DESTRUCTOR) {
        let tilde = walk.child_of_kind(node, TILDE).is_some();
        return (FunctionKind::Destructor, if tilde { format!("~{name}") } else { name });
    }
    if walk.is(node, OPERATOR_DECLARATION) {
        let operator = walk.child_text(node, OPERATOR, Limit::Name).unwrap_or_default();
        return (FunctionKind::Operator, format!("operator{operator}"));
    }
    if walk.is(node, CONVERSION_OPERATOR) {
        let target = walk.child_text(node, TYPE, Limit::Name).unwrap_or_default();
        return (FunctionKind::Operator, format!("operator {target}"));
    }
    (FunctionKind::Function, name)
}

/// The attributes of xUnit, NUnit and MSTest.
fn is_test<'t>(walk: &mut Walk<'t>, head: &Head<'t>) -> bool {
    head.attributes.iter().any(|attribute| {
        let name = walk.child_text(*attribute, NAME, Limit::Name).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        let last = last.strip_suffix("Attribute").unwrap_or(last);
        matches!(
            last,
            "Fact" | "Theory" | "Test" | "TestCase" | "TestCaseSource" | "TestMethod" | "DataTestMethod"
        )
    })
}

/// A lambda is a function where it is the value of a variable or field; elsewhere it is part of what is around it.
pub(super) fn lambda<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let list = walk.child(node, PARAMETERS);
    let parameters = list.map(|list| parameters_in(walk, list)).unwrap_or_default();
    let parameters = parameters.into_iter().map(|(_, parameter)| parameter);
    let binding = walk.parent().filter(|parent| walk.is(*parent, VARIABLE_DECLARATOR));
    let binding = binding.filter(|binding| value_of(walk, *binding) == Some(node));
    let Some((binding, name)) = binding.and_then(|binding| Some((binding, walk.child(binding, NAME)?)))
    else {
        walk.flow(node, Flow::LAMBDA);
        for Parameter { name, type_name, .. } in parameters {
            bind(walk, name, type_name);
        }
        return;
    };
    let around = walk.ancestor(3).filter(|around| {
        walk.is_any(*around, &[FIELD_DECLARATION, EVENT_FIELD, LOCAL_DECLARATION])
            && walk.ancestor(2).and_then(|variables| variables.named_child(1)) == Some(binding)
    });
    let own = head(walk, node);
    let field = walk.enclosing_class().and(around).map(|field| head(walk, field)).unwrap_or_default();
    let function = Function {
        kind: FunctionKind::Closure,
        name: walk.name(name),
        parameters: parameters.collect(),
        return_type: walk.child_text(node, TYPE, Limit::Type),
        visibility: field.visibility(if walk.enclosing_class().is_some() {
            default_visibility(walk)
        } else {
            Visibility::Private
        }),
        is_static: field.has("static"),
        is_async: own.has("async"),
        modifiers: own.words,
        ..Function::default()
    };
    let body = walk.child(node, BODY).or_else(|| walk.named_children(node).pop());
    let draft = FunctionDraft {
        function,
        body,
        head: Some(around.unwrap_or(binding)),
        start: field.start,
        ..FunctionDraft::default()
    };
    walk.open_function(node, draft);
}

/// What stands behind `=`.
pub(super) fn value_of<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<Node<'t>> {
    let children = walk.children(node);
    let equals = children.iter().position(|child| walk.is(*child, EQUALS))?;
    children.get(equals + 1).copied()
}

/// The parameters of a list, each with its node where it has one: `params T[] name` stands in the list itself.
pub(super) fn parameters_in<'t>(walk: &mut Walk<'t>, list: Node<'t>) -> Vec<(Option<Node<'t>>, Parameter)> {
    if walk.is(list, IMPLICIT_PARAMETER) {
        return vec![(Some(list), Parameter { name: walk.name(list), ..Parameter::default() })];
    }
    let mut parameters = Vec::new();
    for node in walk.named_children(list) {
        if walk.is(node, PARAMETER) {
            parameters.push((Some(node), parameter(walk, node)));
        }
    }
    if let (Some(type_node), Some(name)) = (walk.child(list, TYPE), walk.child(list, NAME)) {
        let parameter = Parameter {
            name: walk.name(name),
            type_name: Some(walk.text(type_node, Limit::Type)),
            kind: ParameterKind::Variadic,
            ..Parameter::default()
        };
        parameters.push((Some(name), parameter));
    }
    parameters
}

/// The type keeps `ref`, `out` and `in`; `this` makes the receiver of an extension method.
fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Parameter {
    let mut kind = ParameterKind::Ordinary;
    let mut type_name = String::new();
    for child in walk.named_children(node) {
        if walk.is(child, MODIFIER) {
            let word = walk.name(child);
            match word.as_str() {
                "this" => kind = ParameterKind::Receiver,
                word => type_name.extend([word, " "]),
            }
        }
    }
    if let Some(written) = walk.child_text(node, TYPE, Limit::Type) {
        type_name.push_str(&written);
    }
    Parameter {
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        type_name: Some(type_name).filter(|type_name| !type_name.is_empty()),
        default_value: value_of(walk, node).map(|value| walk.text(value, Limit::DefaultValue)),
        kind,
    }
}
