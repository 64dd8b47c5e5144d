//! Properties and variables of Kotlin, and accessors.

use snake_pipe_core::model::{Field, Function, FunctionKind, Owner, Parameter, ParameterKind};
use tree_sitter::Node;

use super::{
    CALL_EXPRESSION, COLON, DOT, EQUALS, FUNCTION_BODY, GETTER, IDENTIFIER, MULTI_VARIABLE, NAVIGATION,
    PROPERTY, VAL, VARIABLE,
    heads::{annotate, default_visibility, field_modifiers, head},
    types::is_class_body,
};
use crate::engine::{FunctionDraft, Limit, Walk};

/// A field, where it stands in the body of a class, or variables.
pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let is_member = walk.parent().is_some_and(|parent| is_class_body(walk, parent));
    let Some(class) = walk.enclosing_class().filter(|_| is_member) else {
        return bind(walk, &children);
    };
    let Some(variable) = children.iter().find(|child| walk.is(**child, VARIABLE)).copied() else { return };
    let head = head(walk, &children);
    let Some((name, type_name)) = name_and_type(walk, variable) else { return };
    let field = Field {
        name: walk.name(name),
        type_name,
        default_value: value_of(walk, &children).map(|value| walk.text(value, Limit::DefaultValue)),
        visibility: head.visibility(default_visibility(walk)),
        modifiers: field_modifiers(walk, &head),
        is_final: children.iter().any(|child| walk.is(*child, VAL)),
        line: walk.line(name),
        ..Field::default()
    };
    walk.add_field(class, field);
}

/// The variables that a `for`, a `when (val x = …)` or the parameters of a lambda bind.
pub(super) fn variables<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    bind(walk, &children);
}

/// Adds the variables among children, with their types where those are written, or an object is made whose class is in
/// upper case.
fn bind<'t>(walk: &mut Walk<'t>, children: &[Node<'t>]) {
    let value = value_of(walk, children);
    for child in children {
        let variables = match () {
            () if walk.is(*child, MULTI_VARIABLE) => walk.named_children(*child),
            () if walk.is(*child, VARIABLE) => vec![*child],
            () => continue,
        };
        for variable in variables {
            let Some((name, declared)) = name_and_type(walk, variable) else { continue };
            let made = value.filter(|_| walk.is(*child, VARIABLE)).and_then(|value| made_type(walk, value));
            let name = walk.name(name);
            if name != "_" {
                walk.add_local(name, declared.or(made));
            }
        }
    }
}

/// `Foo` of `Foo(…)`.
fn made_type<'t>(walk: &mut Walk<'t>, value: Node<'t>) -> Option<String> {
    let callee = walk.named_children(value).into_iter().next().filter(|_| walk.is(value, CALL_EXPRESSION))?;
    let is_name = walk.is_any(callee, &[IDENTIFIER, NAVIGATION]);
    let text = walk.text(callee, Limit::Type);
    let is_type = text.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase));
    (is_name && is_type && text.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_')).then_some(text)
}

/// Name and type of a variable.
pub(super) fn name_and_type<'t>(
    walk: &mut Walk<'t>,
    variable: Node<'t>,
) -> Option<(Node<'t>, Option<String>)> {
    let children = walk.children(variable);
    let name = children.iter().find(|child| walk.is(**child, IDENTIFIER)).copied()?;
    Some((name, type_after_colon(walk, &children)))
}

/// The type behind the first `:` among children.
pub(super) fn type_after_colon<'t>(walk: &mut Walk<'t>, children: &[Node<'t>]) -> Option<String> {
    let colon = children.iter().position(|child| walk.is(*child, COLON))?;
    children.get(colon + 1).map(|type_node| walk.text(*type_node, Limit::Type))
}

/// What stands behind the first `=` among children.
pub(super) fn value_of<'t>(walk: &Walk<'t>, children: &[Node<'t>]) -> Option<Node<'t>> {
    let equals = children.iter().position(|child| walk.is(*child, EQUALS))?;
    children.get(equals + 1).copied()
}

/// The type before the dot of an extension: the receiver.
pub(super) fn receiver<'t>(walk: &mut Walk<'t>, children: &[Node<'t>]) -> Option<Parameter> {
    let dot = children.iter().position(|child| walk.is(*child, DOT))?;
    let type_node = children.get(dot.checked_sub(1)?)?;
    Some(Parameter {
        name: "this".to_owned(),
        type_name: Some(walk.text(*type_node, Limit::Type)),
        kind: ParameterKind::Receiver,
        ..Parameter::default()
    })
}

/// `get()` and `set(value)` with a body; without one they are made by the compiler.
pub(super) fn accessor<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(property) = walk.parent().filter(|parent| walk.is(*parent, PROPERTY)) else { return };
    let Some(body) = walk.child_of_kind(node, FUNCTION_BODY) else { return };
    let around = walk.children(property);
    let Some(variable) = around.iter().find(|child| walk.is(**child, VARIABLE)).copied() else { return };
    let Some((name, property_type)) = name_and_type(walk, variable) else { return };
    let of_property = head(walk, &around);
    let children = walk.children(node);
    let own = head(walk, &children);
    let is_getter = walk.is(node, GETTER);
    let mut parameters: Vec<Parameter> = receiver(walk, &around).into_iter().collect();
    if let Some(value) = children.iter().find(|child| walk.is(**child, IDENTIFIER)) {
        parameters.push(Parameter { name: walk.name(*value), ..Parameter::default() });
    }
    let written = type_after_colon(walk, &children).filter(|_| is_getter);
    let keyword = if is_getter { "get" } else { "set" };
    let function = Function {
        kind: FunctionKind::Accessor,
        name: walk.name(name),
        parameters,
        return_type: written.or(property_type.filter(|_| is_getter)),
        visibility: own.visibility(of_property.visibility(default_visibility(walk))),
        modifiers: own.words.into_iter().chain([keyword.to_owned()]).collect(),
        ..Function::default()
    };
    let draft = FunctionDraft { function, body: Some(body), start: own.start, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    for annotation in own.annotations {
        annotate(walk, Owner::Function(index), annotation);
    }
}
