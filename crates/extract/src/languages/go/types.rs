//! Types of Go: structs with their fields, interfaces, other named types, aliases.

use snake_pipe_core::model::{BaseKind, Class, ClassKind, Field};
use tree_sitter::Node;

use super::{
    FIELD_LIST, GENERIC_TYPE, INTERFACE_TYPE, NAME, PARENTHESIS, PARENTHESIZED_TYPE, POINTER_TYPE,
    QUALIFIED_TYPE, STAR, STRUCT_TYPE, TAG, TYPE, TYPE_ALIAS, TYPE_DECLARATION, TYPE_ELEMENT,
    TYPE_IDENTIFIER, TYPE_PARAMETERS, visibility, without_directives,
};
use crate::engine::{ClassDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child_text(node, NAME, Limit::Name) else { return };
    let type_node = walk.child(node, TYPE);
    let kind = match type_node {
        _ if walk.is(node, TYPE_ALIAS) => ClassKind::TypeAlias,
        Some(type_node) if walk.is(type_node, STRUCT_TYPE) => ClassKind::Struct,
        Some(type_node) if walk.is(type_node, INTERFACE_TYPE) => ClassKind::Interface,
        _ => ClassKind::Class,
    };
    let class = Class {
        kind,
        type_parameters: walk.child(node, TYPE_PARAMETERS).map(|list| walk.text_inside(list, Limit::Type)),
        visibility: visibility(walk, &name),
        is_abstract: kind == ClassKind::Interface,
        name,
        ..Class::default()
    };
    let head = walk.parent().filter(|parent| walk.is(*parent, TYPE_DECLARATION));
    let head = head.filter(|parent| walk.child_of_kind(*parent, PARENTHESIS).is_none());
    let Some(index) = walk.open_class(node, ClassDraft { class, head, ..ClassDraft::default() }) else {
        return;
    };
    let span = walk.span(head.unwrap_or(node));
    let class = walk.class(index);
    class.span = span;
    class.doc_string = without_directives(class.doc_string.take());
    match type_node {
        Some(type_node) if kind == ClassKind::Struct => fields(walk, index, type_node),
        Some(type_node) if kind == ClassKind::Interface => embedded(walk, index, type_node),
        _ => {}
    }
}

fn fields<'t>(walk: &mut Walk<'t>, class: u32, struct_type: Node<'t>) {
    let Some(list) = walk.child_of_kind(struct_type, FIELD_LIST) else { return };
    for node in walk.named_children(list) {
        let Some(type_node) = walk.child(node, TYPE) else { continue };
        let mut names = walk.children_in(node, NAME);
        names.retain(|name| name.is_named());
        let is_pointer = walk.child_of_kind(node, STAR).is_some();
        let mut type_name = walk.text(type_node, Limit::Type);
        if names.is_empty() {
            // The name of the type without its package is that of the field.
            let name = type_name_of(walk, type_node);
            walk.add_base(class, BaseKind::Embeds, type_node, name);
            names.push(walk.child(name, NAME).unwrap_or(name));
            type_name.insert_str(0, if is_pointer { "*" } else { "" });
        }
        let tag = walk.child(node, TAG).map(|tag| walk.text(tag, Limit::Arguments));
        for name in names {
            let text = walk.name(name);
            let field = Field {
                visibility: visibility(walk, &text),
                name: text,
                type_name: Some(type_name.clone()),
                modifiers: tag.iter().cloned().collect(),
                line: walk.line(name),
                ..Field::default()
            };
            walk.add_field(class, field);
        }
    }
}

/// The interfaces that an interface embeds; a constraint such as `~int | string` names no base.
fn embedded<'t>(walk: &mut Walk<'t>, class: u32, interface: Node<'t>) {
    for element in walk.named_children(interface) {
        if let [base] = walk.named_children(element)[..]
            && walk.is(element, TYPE_ELEMENT)
            && walk.is_any(base, &[TYPE_IDENTIFIER, QUALIFIED_TYPE, GENERIC_TYPE])
        {
            let name = type_name_of(walk, base);
            walk.add_base(class, BaseKind::Embeds, base, name);
        }
    }
}

/// A type without pointers, parentheses and type arguments.
pub(super) fn type_name_of<'t>(walk: &mut Walk<'t>, type_node: Node<'t>) -> Node<'t> {
    let mut bare = type_node;
    loop {
        let inner = if walk.is_any(bare, &[POINTER_TYPE, PARENTHESIZED_TYPE]) {
            walk.named_children(bare).into_iter().next()
        } else if walk.is(bare, GENERIC_TYPE) {
            walk.child(bare, TYPE)
        } else {
            None
        };
        match inner {
            Some(inner) => bare = inner,
            None => return bare,
        }
    }
}
