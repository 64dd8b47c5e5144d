//! Classes, interfaces and objects of Kotlin.

use snake_pipe_core::model::{BaseKind, CallKind, Class, ClassKind, Field, Owner, Visibility};
use tree_sitter::Node;

use super::{
    ALIAS_NAME, CLASS_BODY, CLASS_PARAMETER, CLASS_PARAMETERS, COMPANION_OBJECT, CONSTRUCTOR_INVOCATION,
    DELEGATION_SPECIFIERS, ENUM_CLASS_BODY, ENUM_ENTRY, EXPLICIT_DELEGATION, IDENTIFIER, INTERFACE, NAME,
    OBJECT_DECLARATION, PRIMARY_CONSTRUCTOR, TYPE_PARAMETERS, USER_TYPE, VAL, VALUE_ARGUMENTS, VAR,
    heads::{annotate, default_visibility, field_modifiers, head},
    properties::{type_after_colon, value_of},
};
use crate::engine::{CallSite, ClassDraft, Limit, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let head = head(walk, &children);
    let is_companion = walk.is(node, COMPANION_OBJECT);
    let is_interface = children.iter().any(|child| walk.is(*child, INTERFACE));
    let kind = match () {
        () if is_companion || walk.is(node, OBJECT_DECLARATION) => ClassKind::Object,
        () if is_interface => ClassKind::Interface,
        () if head.has("enum") => ClassKind::Enum,
        () if head.has("annotation") => ClassKind::Annotation,
        () if head.has("data") => ClassKind::Record,
        () => ClassKind::Class,
    };
    let name = walk.child_text(node, NAME, Limit::Name);
    let is_abstract = head.has("abstract") || head.has("sealed") || is_interface;
    let mut modifiers = head.words.clone();
    if is_companion {
        modifiers.push("companion".to_owned());
    }
    let class = Class {
        kind,
        name: name.or(is_companion.then(|| "Companion".to_owned())).unwrap_or_default(),
        type_parameters: type_parameters(walk, node),
        visibility: head.visibility(default_visibility(walk)),
        is_abstract,
        is_final: !is_abstract && !head.has("open"),
        // A nested class has an object around it only where it is `inner`.
        is_static: walk.enclosing_class().is_some() && !head.has("inner"),
        modifiers,
        ..Class::default()
    };
    base_calls(walk, node);
    let Some(index) = walk.open_class(node, ClassDraft { class, start: head.start, ..ClassDraft::default() })
    else {
        return;
    };
    for annotation in head.annotations {
        annotate(walk, Owner::Class(index), annotation);
    }
    bases(walk, node, index, is_interface);
    constructor_properties(walk, node, index);
}

fn type_parameters<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    let list = walk.child_of_kind(node, TYPE_PARAMETERS)?;
    Some(walk.text_inside(list, Limit::Type))
}

pub(super) fn alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let head = head(walk, &children);
    let class = Class {
        kind: ClassKind::TypeAlias,
        name: walk.child_text(node, ALIAS_NAME, Limit::Name).unwrap_or_default(),
        type_parameters: type_parameters(walk, node),
        visibility: head.visibility(default_visibility(walk)),
        modifiers: head.words,
        ..Class::default()
    };
    let draft = ClassDraft { class, start: head.start, ..ClassDraft::default() };
    let Some(index) = walk.add_class(node, draft) else { return };
    for annotation in head.annotations {
        annotate(walk, Owner::Class(index), annotation);
    }
}

/// `object : Base() { … }` in an expression.
pub(super) fn object_literal<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let class = Class {
        kind: ClassKind::Object,
        name: "(anonymous)".to_owned(),
        visibility: Visibility::Private,
        is_final: true,
        ..Class::default()
    };
    base_calls(walk, node);
    if let Some(index) = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() }) {
        bases(walk, node, index, false);
    }
}

pub(super) fn enum_entry<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(name)) = (walk.enclosing_class(), walk.child_of_kind(node, IDENTIFIER)) else {
        return;
    };
    let children = walk.children(node);
    let head = head(walk, &children);
    let field = Field {
        name: walk.name(name),
        type_name: Some(walk.class(class).name.clone()),
        visibility: Visibility::Public,
        modifiers: field_modifiers(walk, &head),
        is_static: true,
        is_final: true,
        line: walk.line(name),
        ..Field::default()
    };
    walk.add_field(class, field);
}

/// The body of an enum entry is a class of the entry's name.
pub(super) fn body<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(entry) = walk.parent().filter(|parent| walk.is(*parent, ENUM_ENTRY)) else { return };
    let class = Class {
        name: walk.child_of_kind(entry, IDENTIFIER).map(|name| walk.name(name)).unwrap_or_default(),
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

fn bases<'t>(walk: &mut Walk<'t>, node: Node<'t>, class: u32, is_interface: bool) {
    let Some(list) = walk.child_of_kind(node, DELEGATION_SPECIFIERS) else { return };
    for specifier in walk.named_children(list) {
        let Some(inner) = walk.named_children(specifier).pop() else { continue };
        let is_constructed = walk.is(inner, CONSTRUCTOR_INVOCATION);
        let base = base_type(walk, inner);
        let is_class = is_constructed || is_interface;
        let kind = if is_class { BaseKind::Extends } else { BaseKind::Implements };
        let name = last_name(walk, base);
        walk.add_base_named(class, kind, base, base.start_byte()..name.end_byte());
    }
}

fn base_type<'t>(walk: &Walk<'t>, specifier: Node<'t>) -> Node<'t> {
    let is_wrapped = walk.is_any(specifier, &[CONSTRUCTOR_INVOCATION, EXPLICIT_DELEGATION]);
    if is_wrapped { specifier.named_child(0).unwrap_or(specifier) } else { specifier }
}

/// The constructors of base classes are called where the class stands, not inside it.
fn base_calls<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(list) = walk.child_of_kind(node, DELEGATION_SPECIFIERS) else { return };
    for specifier in walk.named_children(list) {
        let inner = walk.named_children(specifier).pop();
        let Some(inner) = inner.filter(|inner| walk.is(*inner, CONSTRUCTOR_INVOCATION)) else { continue };
        let Some(arguments) = walk.child_of_kind(inner, VALUE_ARGUMENTS) else { continue };
        let argument_count = walk.argument_count(arguments);
        let base = base_type(walk, inner);
        let name = last_name(walk, base);
        let site = CallSite { kind: CallKind::Constructor, name, callee: base, argument_count };
        if name.start_byte() == base.start_byte() {
            walk.add_call(CallSite { callee: name, ..site });
        } else {
            walk.add_call_through(site);
        }
    }
}

/// The last name of a type, without type arguments.
fn last_name<'t>(walk: &mut Walk<'t>, type_node: Node<'t>) -> Node<'t> {
    let names = if walk.is(type_node, USER_TYPE) { walk.named_children(type_node) } else { Vec::new() };
    names.into_iter().rfind(|name| walk.is(*name, IDENTIFIER)).unwrap_or(type_node)
}

/// `val` and `var` in a primary constructor.
fn constructor_properties<'t>(walk: &mut Walk<'t>, node: Node<'t>, class: u32) {
    let constructor = walk.child_of_kind(node, PRIMARY_CONSTRUCTOR);
    let Some(list) = constructor.and_then(|node| walk.child_of_kind(node, CLASS_PARAMETERS)) else { return };
    for node in walk.named_children(list) {
        if !walk.is(node, CLASS_PARAMETER) {
            continue;
        }
        let children = walk.children(node);
        let Some(keyword) = children.iter().find(|child| walk.is_any(**child, &[VAL, VAR])).copied() else {
            continue;
        };
        let head = head(walk, &children);
        let Some(name) = children.iter().find(|child| walk.is(**child, IDENTIFIER)).copied() else {
            continue;
        };
        let field = Field {
            name: walk.name(name),
            type_name: type_after_colon(walk, &children),
            default_value: value_of(walk, &children).map(|value| walk.text(value, Limit::DefaultValue)),
            visibility: head.visibility(Visibility::Public),
            modifiers: field_modifiers(walk, &head),
            is_final: walk.is(keyword, VAL),
            line: walk.line(name),
            ..Field::default()
        };
        walk.add_field(class, field);
    }
}

/// Whether a node is the body of a class.
pub(super) fn is_class_body<'t>(walk: &Walk<'t>, node: Node<'t>) -> bool {
    walk.is_any(node, &[CLASS_BODY, ENUM_CLASS_BODY])
}
