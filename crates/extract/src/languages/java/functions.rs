//! Methods, constructors and lambdas of Java.

use snake_pipe_core::model::{
    ClassKind, Function, FunctionKind, Owner, Parameter, ParameterKind, Visibility,
};
use tree_sitter::Node;

use super::{
    ANNOTATION, ANNOTATION_ELEMENT, BODY, COMPACT_CONSTRUCTOR, CONSTRUCTOR, DECLARATOR, FIELD_DECLARATION,
    FORMAL_PARAMETERS, IDENTIFIER, LOCAL_VARIABLE, MARKER_ANNOTATION, MODIFIERS, NAME, PARAMETERS,
    RECEIVER_PARAMETER, SPREAD_PARAMETER, THIS, VALUE, VARIABLE_DECLARATOR,
    heads::{Head, annotate, default_visibility, head},
    types::declared_type,
    variables,
};
use crate::engine::{Flow, FunctionDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let head = head(walk, node);
    let is_constructor = walk.is_any(node, &[CONSTRUCTOR, COMPACT_CONSTRUCTOR]);
    let kind = if is_constructor { FunctionKind::Constructor } else { FunctionKind::Function };
    let function = Function {
        kind,
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        parameters: parameters(walk, node),
        return_type: declared_type(walk, node, node),
        visibility: head.visibility(visibility(walk, kind)),
        is_abstract: head.has("abstract") || walk.is(node, ANNOTATION_ELEMENT),
        is_static: head.has("static"),
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

/// The constructors of an enum are private where nothing is written (JLS 8.9.2).
fn visibility(walk: &mut Walk<'_>, kind: FunctionKind) -> Visibility {
    let class = walk.enclosing_class().map(|class| walk.class(class).kind);
    match (kind, class) {
        (FunctionKind::Constructor, Some(ClassKind::Enum)) => Visibility::Private,
        _ => default_visibility(walk),
    }
}

/// The annotations of JUnit 4, 5 and TestNG.
fn is_test<'t>(walk: &mut Walk<'t>, head: &Head<'t>) -> bool {
    head.annotations.iter().any(|annotation| {
        let name = walk.child_text(*annotation, NAME, Limit::Name).unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        matches!(name, "Test" | "ParameterizedTest" | "RepeatedTest" | "TestFactory" | "TestTemplate")
    })
}

/// A lambda is a function where it is the value of a variable or field; elsewhere it is part of what is around it.
pub(super) fn lambda<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let parameters = parameters(walk, node);
    let binding = walk.parent().filter(|parent| walk.is(*parent, VARIABLE_DECLARATOR));
    let Some(binding) = binding.filter(|binding| walk.child(*binding, VALUE) == Some(node)) else {
        walk.flow(node, Flow::LAMBDA);
        for Parameter { name, type_name, .. } in parameters {
            variables::bind(walk, name, type_name);
        }
        return;
    };
    let declaration = walk.ancestor(2).filter(|around| {
        let is_first = walk.child(*around, DECLARATOR) == Some(binding);
        is_first && walk.is_any(*around, &[FIELD_DECLARATION, LOCAL_VARIABLE])
    });
    let field =
        declaration.filter(|around| walk.is(*around, FIELD_DECLARATION)).map(|field| head(walk, field));
    let function = Function {
        kind: FunctionKind::Closure,
        name: walk.child_text(binding, NAME, Limit::Name).unwrap_or_default(),
        parameters,
        visibility: match &field {
            Some(field) => field.visibility(default_visibility(walk)),
            None => default_visibility(walk),
        },
        is_static: field.as_ref().is_some_and(|field| field.has("static")),
        ..Function::default()
    };
    let draft = FunctionDraft {
        function,
        body: walk.child(node, BODY),
        head: Some(declaration.unwrap_or(binding)),
        ..FunctionDraft::default()
    };
    walk.open_function(node, draft);
}

fn parameters<'t>(walk: &mut Walk<'t>, function: Node<'t>) -> Vec<Parameter> {
    let Some(list) = walk.child(function, PARAMETERS) else { return Vec::new() };
    let parameters = match walk.is(list, IDENTIFIER) {
        true => vec![list],
        false => walk.named_children(list),
    };
    let is_typed = walk.is(list, FORMAL_PARAMETERS);
    let untyped = |walk: &mut Walk<'t>, name| Parameter { name: walk.name(name), ..Parameter::default() };
    let parameters = parameters.into_iter();
    parameters.map(|node| if is_typed { parameter(walk, node) } else { untyped(walk, node) }).collect()
}

/// A parameter of a method, or a component of a record.
pub(super) fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Parameter {
    if walk.is(node, RECEIVER_PARAMETER) {
        let mut children = walk.named_children(node).into_iter();
        let type_node = children.find(|child| !walk.is_any(*child, &[ANNOTATION, MARKER_ANNOTATION]));
        return Parameter {
            name: walk.child_of_kind(node, THIS).map(|this| walk.name(this)).unwrap_or_default(),
            type_name: type_node.map(|type_node| walk.text(type_node, Limit::Type)),
            kind: ParameterKind::Receiver,
            ..Parameter::default()
        };
    }
    if walk.is(node, SPREAD_PARAMETER) {
        let mut children = walk.named_children(node).into_iter();
        let type_node = children.find(|child| !walk.is(*child, MODIFIERS));
        let declarator = walk.child_of_kind(node, VARIABLE_DECLARATOR);
        return Parameter {
            name: declarator.and_then(|node| walk.child_text(node, NAME, Limit::Name)).unwrap_or_default(),
            type_name: type_node.map(|type_node| walk.text(type_node, Limit::Type)),
            kind: ParameterKind::Variadic,
            ..Parameter::default()
        };
    }
    Parameter {
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        // `var` in a lambda leaves the type to the compiler.
        type_name: declared_type(walk, node, node).filter(|type_name| type_name != "var"),
        ..Parameter::default()
    }
}
