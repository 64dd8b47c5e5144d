//! Types of Java and their fields.

use snake_pipe_core::model::{BaseKind, Class, ClassKind, Field, Owner, Visibility};
use tree_sitter::Node;

use super::{
    ANNOTATED_TYPE, CLASS_DECLARATION, DECLARATOR, DIMENSIONS, ENUM_CONSTANT, ENUM_DECLARATION,
    EXTENDS_INTERFACES, FORMAL_PARAMETER, GENERIC_TYPE, INTERFACE_DECLARATION, INTERFACES, NAME,
    OBJECT_CREATION, PARAMETERS, RECORD_DECLARATION, SPREAD_PARAMETER, SUPERCLASS, TYPE, TYPE_LIST,
    TYPE_PARAMETERS, VALUE,
    functions::parameter,
    heads::{Head, annotate, default_visibility, head, is_in_interface},
};
use crate::engine::{ClassDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let head = head(walk, node);
    let kind = if walk.is(node, CLASS_DECLARATION) {
        ClassKind::Class
    } else if walk.is(node, INTERFACE_DECLARATION) {
        ClassKind::Interface
    } else if walk.is(node, ENUM_DECLARATION) {
        ClassKind::Enum
    } else if walk.is(node, RECORD_DECLARATION) {
        ClassKind::Record
    } else {
        ClassKind::Annotation
    };
    // Nested types but classes, and all members of interfaces, are static (JLS 8.5.1, 9.5).
    let is_nested = walk.enclosing_class().is_some();
    let is_static = is_nested && (kind != ClassKind::Class || is_in_interface(walk));
    let class = Class {
        kind,
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        type_parameters: walk.child(node, TYPE_PARAMETERS).map(|list| walk.text_inside(list, Limit::Type)),
        visibility: head.visibility(default_visibility(walk)),
        is_abstract: head.has("abstract") || matches!(kind, ClassKind::Interface | ClassKind::Annotation),
        is_final: head.has("final") || matches!(kind, ClassKind::Enum | ClassKind::Record),
        is_static: is_static || head.has("static"),
        modifiers: head.words,
        ..Class::default()
    };
    let Some(index) = walk.open_class(node, ClassDraft { class, start: head.start, ..ClassDraft::default() })
    else {
        return;
    };
    for annotation in head.annotations {
        annotate(walk, Owner::Class(index), annotation);
    }
    bases(walk, node, index);
    if kind == ClassKind::Record {
        components(walk, node, index);
    }
}

fn bases<'t>(walk: &mut Walk<'t>, node: Node<'t>, class: u32) {
    if let Some(base) = walk.child(node, SUPERCLASS).and_then(|clause| clause.named_child(0)) {
        add_base(walk, class, BaseKind::Extends, base);
    }
    let extends = walk.child_of_kind(node, EXTENDS_INTERFACES).map(|clause| (clause, BaseKind::Extends));
    let implements = walk.child(node, INTERFACES).map(|clause| (clause, BaseKind::Implements));
    for (clause, kind) in extends.into_iter().chain(implements) {
        let Some(list) = walk.child_of_kind(clause, TYPE_LIST) else { continue };
        for base in walk.named_children(list) {
            add_base(walk, class, kind, base);
        }
    }
}

fn add_base<'t>(walk: &mut Walk<'t>, class: u32, kind: BaseKind, base: Node<'t>) {
    let name = without_arguments(walk, base);
    walk.add_base(class, kind, base, name);
}

/// A type without annotations and type arguments: `a.b.List` of `@X a.b.List<T>`.
pub(super) fn without_arguments<'t>(walk: &mut Walk<'t>, type_node: Node<'t>) -> Node<'t> {
    let mut bare = type_node;
    if walk.is(bare, ANNOTATED_TYPE) {
        bare = walk.named_children(bare).pop().unwrap_or(bare);
    }
    if walk.is(bare, GENERIC_TYPE) {
        bare = bare.named_child(0).unwrap_or(bare);
    }
    bare
}

/// The components of a record are private final fields of it (JLS 8.10.3).
fn components<'t>(walk: &mut Walk<'t>, record: Node<'t>, class: u32) {
    let Some(list) = walk.child(record, PARAMETERS) else { return };
    for node in walk.named_children(list) {
        if !walk.is_any(node, &[FORMAL_PARAMETER, SPREAD_PARAMETER]) {
            continue;
        }
        let head = head(walk, node);
        let modifiers = field_modifiers(walk, head);
        let parameter = parameter(walk, node);
        let field = Field {
            name: parameter.name,
            type_name: parameter.type_name,
            visibility: Visibility::Private,
            modifiers,
            is_final: true,
            line: walk.line(node),
            ..Field::default()
        };
        walk.add_field(class, field);
    }
}

/// The body of a class without a declaration: `new Runnable() { … }`, and that of an enum constant.
pub(super) fn body<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(parent) = walk.parent() else { return };
    if walk.is(parent, OBJECT_CREATION) {
        let class = Class {
            name: "(anonymous)".to_owned(),
            visibility: Visibility::Private,
            is_final: true,
            ..Class::default()
        };
        let index = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() });
        if let (Some(class), Some(base)) = (index, walk.child(parent, TYPE)) {
            add_base(walk, class, BaseKind::Extends, base);
        }
    } else if walk.is(parent, ENUM_CONSTANT) {
        let class = Class {
            name: walk.child_text(parent, NAME, Limit::Name).unwrap_or_default(),
            visibility: Visibility::Private,
            is_final: true,
            is_static: true,
            ..Class::default()
        };
        let index = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() });
        let around = walk.ancestor(3).and_then(|around| walk.child(around, NAME));
        if let (Some(class), Some(base)) = (index, around) {
            walk.add_base(class, BaseKind::Extends, base, base);
        }
    }
}

pub(super) fn enum_constant<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(name)) = (walk.enclosing_class(), walk.child(node, NAME)) else { return };
    let head = head(walk, node);
    let modifiers = field_modifiers(walk, head);
    let field = Field {
        name: walk.name(name),
        type_name: Some(walk.class(class).name.clone()),
        visibility: Visibility::Public,
        modifiers,
        is_static: true,
        is_final: true,
        line: walk.line(name),
        ..Field::default()
    };
    walk.add_field(class, field);
}

/// Fields of classes and constants of interfaces, which are public, static and final (JLS 9.3).
pub(super) fn fields<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(class) = walk.enclosing_class() else { return };
    let is_constant = is_in_interface(walk);
    let head = head(walk, node);
    let visibility = head.visibility(default_visibility(walk));
    let (is_static, is_final) = (is_constant || head.has("static"), is_constant || head.has("final"));
    let modifiers = field_modifiers(walk, head);
    for declarator in walk.children_in(node, DECLARATOR) {
        let Some(name) = walk.child(declarator, NAME) else { continue };
        let field = Field {
            name: walk.name(name),
            type_name: declared_type(walk, node, declarator),
            default_value: walk.child_text(declarator, VALUE, Limit::DefaultValue),
            visibility,
            modifiers: modifiers.clone(),
            is_static,
            is_final,
            line: walk.line(name),
        };
        walk.add_field(class, field);
    }
}

/// The modifiers of a field, its annotations among them.
fn field_modifiers<'t>(walk: &mut Walk<'t>, head: Head<'t>) -> Vec<String> {
    let annotations = head.annotations.into_iter().map(|annotation| walk.text(annotation, Limit::Arguments));
    let mut modifiers: Vec<String> = annotations.collect();
    modifiers.extend(head.words);
    modifiers
}

/// The type of a variable, with the brackets that may stand behind its name.
pub(super) fn declared_type<'t>(
    walk: &mut Walk<'t>,
    declaration: Node<'t>,
    declarator: Node<'t>,
) -> Option<String> {
    let mut type_name = walk.child_text(declaration, TYPE, Limit::Type)?;
    if let Some(dimensions) = walk.child_text(declarator, DIMENSIONS, Limit::Type) {
        type_name.push_str(&dimensions);
    }
    Some(type_name)
}
