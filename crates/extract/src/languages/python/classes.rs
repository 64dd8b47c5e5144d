//! Classes and aliases.

use snake_pipe_core::model::{BaseKind, CallKind, Class, ClassKind};
use tree_sitter::Node;

use super::{
    BODY, DICTIONARY_SPLAT, KEYWORD_ARGUMENT, LEFT, NAME, PARENTHESIZED_EXPRESSION, SUBSCRIPT, SUPERCLASSES,
    TUPLE, TYPE_PARAMETERS, VALUE, last_part, strings::doc_string, visibility,
};
use crate::engine::{CallSite, ClassDraft, Count, Definitions, Limit, Walk};

pub(super) fn class_definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.is_in_function() {
        // radon leaves out classes inside functions.
        walk.count(node, Count::NONE.hiding(Definitions::RADON));
    }
    let Some(name) = walk.child(node, NAME) else { return };
    let name = walk.name(name);
    let superclasses = walk.child(node, SUPERCLASSES);
    let arguments = superclasses.map(|list| walk.named_children(list)).unwrap_or_default();
    let bases: Vec<Node<'t>> = arguments
        .iter()
        .copied()
        .filter(|base| !walk.is_any(*base, &[KEYWORD_ARGUMENT, DICTIONARY_SPLAT]))
        .collect();
    let base_names: Vec<&[u8]> = bases.iter().map(|base| walk.bytes(base_name(walk, *base))).collect();
    let names_base = |names: &[&str]| {
        base_names.iter().any(|base| {
            let last = base.rsplit(|byte| *byte == b'.').next().unwrap_or(base);
            names.iter().any(|name| name.as_bytes() == last)
        })
    };
    let metaclass = arguments.iter().any(|argument| walk.bytes(*argument).ends_with(b"ABCMeta"));
    let is_record = walk.annotations_before(node).iter().any(|name| last_part(name) == "dataclass");
    let kind = if names_base(&["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"]) {
        ClassKind::Enum
    } else if names_base(&["Protocol"]) {
        ClassKind::Interface
    } else if is_record || names_base(&["NamedTuple", "TypedDict"]) {
        ClassKind::Record
    } else {
        ClassKind::Class
    };
    let class = Class {
        kind,
        type_parameters: walk.child(node, TYPE_PARAMETERS).map(|list| walk.text_inside(list, Limit::Type)),
        doc_string: walk.child(node, BODY).and_then(|body| doc_string(walk, body)),
        visibility: visibility(&name),
        is_abstract: metaclass || names_base(&["ABC", "Protocol"]),
        is_final: walk.annotations_before(node).iter().any(|name| last_part(name) == "final"),
        name,
        ..Class::default()
    };
    let Some(index) = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() }) else { return };
    for base in bases {
        let name = base_name(walk, base);
        walk.add_base(index, BaseKind::Extends, base, name);
    }
}

/// A base without its type arguments: `Generic` in `Generic[T]`.
fn base_name<'t>(walk: &Walk<'t>, base: Node<'t>) -> Node<'t> {
    match walk.is(base, SUBSCRIPT) {
        true => walk.child(base, VALUE).unwrap_or(base),
        false => base,
    }
}

pub(super) fn type_alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(left) = walk.child(node, LEFT) else { return };
    let name = walk.name(left);
    let name = name.split('[').next().unwrap_or("").trim_end().to_owned();
    // To the grammar `type(a).b = c` is an alias, too.
    if !name.chars().all(|character| character.is_alphanumeric() || character == '_') {
        call_of_type(walk, node, left);
        return;
    }
    let visibility = visibility(&name);
    let class = Class { kind: ClassKind::TypeAlias, visibility, name, ..Class::default() };
    walk.add_class(node, ClassDraft { class, ..ClassDraft::default() });
}

/// The call of `type` in `type(a).b = c`.
fn call_of_type<'t>(walk: &mut Walk<'t>, node: Node<'t>, left: Node<'t>) {
    let (Some(name), mut arguments) = (node.child(0), left) else { return };
    while !walk.is_any(arguments, &[PARENTHESIZED_EXPRESSION, TUPLE]) {
        let Some(inner) = arguments.named_child(0) else { return };
        arguments = inner;
    }
    let argument_count = walk.argument_count(arguments);
    walk.add_call(CallSite { kind: CallKind::Function, name, callee: name, argument_count });
}
