//! Types of C#.

use snake_pipe_core::model::{BaseKind, CallKind, Class, ClassKind, Field, Owner, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    ALIAS_QUALIFIED_NAME, ARGUMENT_LIST, BASE_LIST, CLASS_DECLARATION, ENUM_DECLARATION, GENERIC_NAME,
    INTERFACE_DECLARATION, NAME, PARAMETER_LIST, PRIMARY_BASE, QUALIFIED_NAME, STRUCT, STRUCT_DECLARATION,
    TYPE, TYPE_PARAMETER_LIST,
    functions::parameters_in,
    heads::{Head, annotate, default_visibility, head},
};
use crate::engine::{CallSite, ClassDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let head = head(walk, node);
    let kind = if walk.is(node, CLASS_DECLARATION) {
        ClassKind::Class
    } else if walk.is(node, STRUCT_DECLARATION) {
        ClassKind::Struct
    } else if walk.is(node, INTERFACE_DECLARATION) {
        ClassKind::Interface
    } else if walk.is(node, ENUM_DECLARATION) {
        ClassKind::Enum
    } else {
        ClassKind::Record
    };
    let is_struct = kind == ClassKind::Struct || walk.child_of_kind(node, STRUCT).is_some();
    let class = Class {
        is_abstract: head.has("abstract") || head.has("static") || kind == ClassKind::Interface,
        is_final: head.has("sealed") || head.has("static") || is_struct || kind == ClassKind::Enum,
        ..class(walk, node, kind, &head)
    };
    let draft = ClassDraft { class, start: head.start, ..ClassDraft::default() };
    let Some(index) = walk.open_class(node, draft) else { return };
    for attribute in head.attributes {
        annotate(walk, Owner::Class(index), attribute);
    }
    if kind != ClassKind::Enum {
        bases(walk, node, index, is_struct);
    }
    if kind == ClassKind::Record {
        positional_properties(walk, node, index, is_struct);
    }
}

/// A delegate is a name for a type of functions.
pub(super) fn delegate<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let head = head(walk, node);
    let class = class(walk, node, ClassKind::TypeAlias, &head);
    let draft = ClassDraft { class, start: head.start, ..ClassDraft::default() };
    let Some(index) = walk.add_class(node, draft) else { return };
    for attribute in head.attributes {
        annotate(walk, Owner::Class(index), attribute);
    }
}

fn class<'t>(walk: &mut Walk<'t>, node: Node<'t>, kind: ClassKind, head: &Head<'t>) -> Class {
    let type_parameters = walk.child_of_kind(node, TYPE_PARAMETER_LIST);
    Class {
        kind,
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        type_parameters: type_parameters.map(|list| walk.text_inside(list, Limit::Type)),
        visibility: head.visibility(default_visibility(walk)),
        is_static: head.has("static"),
        modifiers: head.words.clone(),
        ..Class::default()
    }
}

fn bases<'t>(walk: &mut Walk<'t>, node: Node<'t>, class: u32, is_struct: bool) {
    let Some(list) = walk.child_of_kind(node, BASE_LIST) else { return };
    let is_interface = walk.is(node, INTERFACE_DECLARATION);
    let entries = walk.named_children(list);
    for (place, entry) in entries.iter().copied().enumerate() {
        if walk.is(entry, ARGUMENT_LIST) {
            continue;
        }
        let is_primary = walk.is(entry, PRIMARY_BASE);
        let base = if is_primary { walk.child(entry, TYPE).unwrap_or(entry) } else { entry };
        let arguments = match is_primary {
            true => walk.child_of_kind(entry, ARGUMENT_LIST),
            false => entries.get(place + 1).copied().filter(|next| walk.is(*next, ARGUMENT_LIST)),
        };
        let name = last_name(walk, base);
        let is_class = arguments.is_some() || !is_struct && place == 0 && !is_interface_name(walk, name);
        let kind = if is_interface || is_class { BaseKind::Extends } else { BaseKind::Implements };
        walk.add_base_named(class, kind, base, base.start_byte()..name.end_byte());
        if let Some(arguments) = arguments {
            let argument_count = walk.argument_count(arguments);
            construct(walk, base, argument_count);
        }
    }
}

/// A call of a type's constructor; type arguments at the type's end are left out.
pub(super) fn construct<'t>(walk: &mut Walk<'t>, type_node: Node<'t>, argument_count: u32) {
    let name = last_name(walk, type_node);
    let site = CallSite { kind: CallKind::Constructor, name, callee: type_node, argument_count };
    if name.start_byte() == type_node.start_byte() {
        walk.add_call(CallSite { callee: name, ..site });
    } else {
        walk.add_call_through(site);
    }
}

/// By convention the name of an interface begins with `I` and another capital letter.
fn is_interface_name<'t>(walk: &Walk<'t>, name: Node<'t>) -> bool {
    matches!(walk.bytes(name), [b'I', second, ..] if second.is_ascii_uppercase())
}

/// The last name of a type, without type arguments.
pub(super) fn last_name<'t>(walk: &Walk<'t>, name: Node<'t>) -> Node<'t> {
    let last = match walk.is_any(name, &[QUALIFIED_NAME, ALIAS_QUALIFIED_NAME]) {
        true => walk.child(name, NAME).unwrap_or(name),
        false => name,
    };
    match walk.is(last, GENERIC_NAME) {
        true => last.named_child(0).unwrap_or(last),
        false => last,
    }
}

/// The parameters of a record are public properties; only those of a record struct can be assigned again.
fn positional_properties<'t>(walk: &mut Walk<'t>, record: Node<'t>, class: u32, is_struct: bool) {
    let Some(list) = walk.child_of_kind(record, PARAMETER_LIST) else { return };
    let line = walk.line(list);
    let is_final = !is_struct || walk.class(class).modifiers.iter().any(|modifier| modifier == "readonly");
    for (node, parameter) in parameters_in(walk, list) {
        let field = Field {
            name: parameter.name,
            type_name: parameter.type_name.filter(|_| parameter.kind != ParameterKind::Receiver),
            default_value: parameter.default_value,
            visibility: Visibility::Public,
            is_final,
            line: node.map_or(line, |node| walk.line(node)),
            ..Field::default()
        };
        walk.add_field(class, field);
    }
}
