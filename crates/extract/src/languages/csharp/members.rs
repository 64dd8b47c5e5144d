//! Fields, properties and events of C#, and their accessors.

use snake_pipe_core::model::{Field, Function, FunctionKind, Owner, Visibility};
use tree_sitter::Node;

use super::{
    ACCESSOR_LIST, ACCESSORS, ARROW, BODY, EXPLICIT_INTERFACE, INDEXER, NAME, PARAMETERS, PROPERTY, THIS,
    TYPE, VALUE, VARIABLE_DECLARATOR,
    functions::{parameters_in, value_of},
    heads::{annotate, default_visibility, field_modifiers, head},
};
use crate::engine::{FunctionDraft, Limit, Walk};

pub(super) fn enum_member<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(name)) = (walk.enclosing_class(), walk.child(node, NAME)) else { return };
    let head = head(walk, node);
    let field = Field {
        name: walk.name(name),
        type_name: Some(walk.class(class).name.clone()),
        default_value: walk.child_text(node, VALUE, Limit::DefaultValue),
        visibility: Visibility::Public,
        modifiers: field_modifiers(walk, &head),
        is_static: true,
        is_final: true,
        line: walk.line(name),
    };
    walk.add_field(class, field);
}

/// The variables of a field declaration, or the events of one without accessors.
pub(super) fn fields<'t>(walk: &mut Walk<'t>, declaration: Node<'t>, variables: Node<'t>) {
    let Some(class) = walk.enclosing_class() else { return };
    let head = head(walk, declaration);
    let modifiers = field_modifiers(walk, &head);
    let type_name = walk.child_text(variables, TYPE, Limit::Type);
    for declarator in walk.named_children(variables) {
        let Some(name) = walk.child(declarator, NAME).filter(|_| walk.is(declarator, VARIABLE_DECLARATOR))
        else {
            continue;
        };
        let value = value_of(walk, declarator);
        let field = Field {
            name: walk.name(name),
            type_name: type_name.clone(),
            default_value: value.map(|value| walk.text(value, Limit::DefaultValue)),
            visibility: head.visibility(default_visibility(walk)),
            modifiers: modifiers.clone(),
            is_static: head.has("static") || head.has("const"),
            is_final: head.has("readonly") || head.has("const"),
            line: walk.line(name),
        };
        walk.add_field(class, field);
    }
}

/// A property, or an event with accessors.
pub(super) fn property<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(name)) = (walk.enclosing_class(), walk.child(node, NAME)) else { return };
    let head = head(walk, node);
    let is_property = walk.is(node, PROPERTY);
    let value = walk.child(node, VALUE).filter(|value| !walk.is(*value, ARROW));
    let field = Field {
        name: walk.name(name),
        type_name: walk.child_text(node, TYPE, Limit::Type),
        default_value: value.map(|value| walk.text(value, Limit::DefaultValue)),
        visibility: head.visibility(property_visibility(walk, node)),
        modifiers: field_modifiers(walk, &head),
        is_static: head.has("static"),
        is_final: is_property && !has_setter(walk, node),
        line: walk.line(name),
    };
    walk.add_field(class, field);
}

/// What implements an interface explicitly is reached through the interface.
pub(super) fn property_visibility<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Visibility {
    match walk.child_of_kind(node, EXPLICIT_INTERFACE) {
        Some(_) => Visibility::Public,
        None => default_visibility(walk),
    }
}

fn has_setter<'t>(walk: &mut Walk<'t>, property: Node<'t>) -> bool {
    let accessors = walk.child(property, ACCESSORS).map(|list| walk.named_children(list)).unwrap_or_default();
    accessors
        .into_iter()
        .any(|accessor| walk.child(accessor, NAME).is_some_and(|name| walk.bytes(name) == b"set"))
}

/// `get { … }`; without a body an accessor is made by the compiler and is no function.
pub(super) fn accessor<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(name), Some(body)) = (walk.child(node, NAME), walk.child(node, BODY)) else { return };
    let around =
        walk.ancestor(2).filter(|_| walk.parent().is_some_and(|parent| walk.is(parent, ACCESSOR_LIST)));
    let Some(owner) = around else { return };
    let own = head(walk, node);
    let kind = walk.name(name);
    let function = accessor_function(walk, owner, &kind);
    let modifiers = own.words.iter().cloned().chain([kind]).collect();
    let visibility = own.visibility(function.visibility);
    let function = Function { modifiers, visibility, ..function };
    let draft = FunctionDraft { function, body: Some(body), start: own.start, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    for attribute in own.attributes {
        annotate(walk, Owner::Function(index), attribute);
    }
}

/// `Type Name => value` is a property or indexer with a `get`. It begins where the property does.
pub(super) fn arrow<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(owner) = walk.parent().filter(|parent| walk.is_any(*parent, &[PROPERTY, INDEXER])) else {
        return;
    };
    let start = head(walk, owner).start;
    let function = Function { modifiers: vec!["get".to_owned()], ..accessor_function(walk, owner, "get") };
    let draft =
        FunctionDraft { function, body: Some(node), head: Some(owner), start, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    let first = walk.span(start.unwrap_or(owner));
    let span = &mut walk.function(index).span;
    (span.line_start, span.column_start) = (first.line_start, first.column_start);
}

/// What an accessor takes over from its property, event or indexer. An indexer is called `this`.
fn accessor_function<'t>(walk: &mut Walk<'t>, owner: Node<'t>, kind: &str) -> Function {
    let head = head(walk, owner);
    let name = walk.child(owner, NAME).or_else(|| walk.child_of_kind(owner, THIS));
    let parameters = walk.child(owner, PARAMETERS).map(|list| parameters_in(walk, list)).unwrap_or_default();
    Function {
        kind: FunctionKind::Accessor,
        name: name.map(|name| walk.name(name)).unwrap_or_default(),
        parameters: parameters.into_iter().map(|(_, parameter)| parameter).collect(),
        return_type: walk.child_text(owner, TYPE, Limit::Type).filter(|_| kind == "get"),
        visibility: head.visibility(property_visibility(walk, owner)),
        is_static: head.has("static"),
        ..Function::default()
    }
}
