//! Types, traits and `impl` blocks of Rust.

use snake_pipe_core::model::{BaseKind, Class, ClassKind, Field, Visibility};
use tree_sitter::Node;

use super::{
    ATTRIBUTE_ITEM, BODY, BOUNDED_TYPE, BOUNDS, DYNAMIC_TYPE, ENUM_ITEM, ENUM_VARIANT, EXCLAMATION,
    FIELD_DECLARATION, FUNCTION_TYPE, GENERIC_TYPE, HIGHER_RANKED, LIFETIME, NAME, POINTER_TYPE,
    REFERENCE_TYPE, REMOVED_BOUND, SCOPED_TYPE, STRUCT_ITEM, TRAIT, TRAIT_ITEM, TUPLE_FIELDS, TYPE,
    TYPE_PARAMETERS, UNION_ITEM, UNSAFE, VALUE, VISIBILITY, visibility,
};
use crate::engine::{ClassDraft, Limit, Scope, Walk};

pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let kind = if walk.is(node, STRUCT_ITEM) {
        ClassKind::Struct
    } else if walk.is(node, ENUM_ITEM) {
        ClassKind::Enum
    } else if walk.is(node, UNION_ITEM) {
        ClassKind::Union
    } else {
        ClassKind::Trait
    };
    let (visibility, mut modifiers) = visibility(walk, node);
    if kind == ClassKind::Trait && walk.child_of_kind(node, UNSAFE).is_some() {
        modifiers.push("unsafe".to_owned());
    }
    let class =
        Class { kind, visibility, modifiers, is_abstract: kind == ClassKind::Trait, ..named(walk, node) };
    let Some(index) = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() }) else { return };
    if walk.is(node, TRAIT_ITEM) {
        supertraits(walk, node, index);
    } else if let Some(body) = walk.child(node, BODY) {
        members(walk, body, index);
    }
}

/// A class with the name and type parameters of a declaration.
fn named<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Class {
    Class {
        name: walk.child_text(node, NAME, Limit::Name).unwrap_or_default(),
        type_parameters: walk.child(node, TYPE_PARAMETERS).map(|list| walk.text_inside(list, Limit::Type)),
        ..Class::default()
    }
}

/// `type A = B;` outside traits and their implementations.
pub(super) fn alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if matches!(walk.scope(), Scope::Extension | Scope::Class(_)) {
        return;
    }
    let (visibility, modifiers) = visibility(walk, node);
    let class = Class { kind: ClassKind::TypeAlias, visibility, modifiers, ..named(walk, node) };
    walk.add_class(node, ClassDraft { class, ..ClassDraft::default() });
}

fn supertraits<'t>(walk: &mut Walk<'t>, node: Node<'t>, class: u32) {
    let Some(bounds) = walk.child(node, BOUNDS) else { return };
    for bound in walk.named_children(bounds) {
        if walk.is_any(bound, &[LIFETIME, REMOVED_BOUND]) {
            continue;
        }
        let named =
            if walk.is(bound, HIGHER_RANKED) { walk.child(bound, TYPE).unwrap_or(bound) } else { bound };
        let name = without_arguments(walk, named);
        walk.add_base(class, BaseKind::Extends, bound, name);
    }
}

/// Fields and variants, with the attributes before them among their modifiers.
fn members<'t>(walk: &mut Walk<'t>, body: Node<'t>, class: u32) {
    let is_tuple = walk.is(body, TUPLE_FIELDS);
    let mut modifiers = Vec::new();
    let mut place = 0;
    for node in walk.named_children(body) {
        if walk.is(node, ATTRIBUTE_ITEM) {
            modifiers.push(walk.text(node, Limit::Arguments));
        } else if walk.is(node, VISIBILITY) {
            modifiers.push(walk.name(node));
        } else if walk.is(node, FIELD_DECLARATION) {
            let (visibility, words) = visibility(walk, node);
            let modifiers = std::mem::take(&mut modifiers).into_iter().chain(words).collect();
            let field = Field { visibility, modifiers, ..field(walk, node) };
            walk.add_field(class, field);
        } else if walk.is(node, ENUM_VARIANT) {
            let visibility = walk.class(class).visibility;
            let modifiers = std::mem::take(&mut modifiers);
            let type_name = walk.child_text(node, BODY, Limit::Type);
            let field = field(walk, node);
            let field = Field { type_name, visibility, modifiers, is_static: true, is_final: true, ..field };
            walk.add_field(class, field);
        } else if is_tuple {
            let field = tuple_field(walk, node, place, std::mem::take(&mut modifiers));
            walk.add_field(class, field);
            place += 1;
        }
    }
}

/// Name, type and value of a field, variant or constant.
pub(super) fn field<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Field {
    let name = walk.child(node, NAME).unwrap_or(node);
    Field {
        name: walk.name(name),
        type_name: walk.child_text(node, TYPE, Limit::Type),
        default_value: walk.child_text(node, VALUE, Limit::DefaultValue),
        line: walk.line(name),
        ..Field::default()
    }
}

/// A field of a tuple struct, named by its place.
fn tuple_field<'t>(walk: &mut Walk<'t>, node: Node<'t>, place: usize, modifiers: Vec<String>) -> Field {
    let visibility = match modifiers.iter().find(|modifier| modifier.starts_with("pub")).map(String::as_str) {
        Some("pub") => Visibility::Public,
        Some(_) => Visibility::Internal,
        None => Visibility::Private,
    };
    Field {
        name: place.to_string(),
        type_name: Some(walk.text(node, Limit::Type)),
        visibility,
        modifiers,
        line: walk.line(node),
        ..Field::default()
    }
}

/// `impl Type` and `impl Trait for Type`.
pub(super) fn implementation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(type_node) = walk.child(node, TYPE) else { return };
    let bare = implementing_type(walk, type_node);
    let name = walk.name(bare);
    let is_negative = walk.child_of_kind(node, EXCLAMATION).is_some();
    if let Some(base) = walk.child(node, TRAIT).filter(|_| !is_negative) {
        let base_name = without_arguments(walk, base);
        walk.add_base_of(&name, BaseKind::Implements, base, base_name);
    }
    walk.open_extension(&name);
}

/// The type itself of `&'a mut path::Type<T>`, or all of what has no name of its own, such as a tuple.
fn implementing_type<'t>(walk: &Walk<'t>, type_node: Node<'t>) -> Node<'t> {
    let mut bare = type_node;
    loop {
        let inner = if walk.is_any(bare, &[REFERENCE_TYPE, POINTER_TYPE, GENERIC_TYPE]) {
            walk.child(bare, TYPE)
        } else if walk.is(bare, BOUNDED_TYPE) {
            // `dyn Trait + Send`.
            bare.named_child(0)
        } else if walk.is(bare, HIGHER_RANKED) {
            walk.child(bare, TYPE)
        } else if walk.is(bare, DYNAMIC_TYPE) {
            walk.child(bare, TRAIT)
        } else if walk.is(bare, SCOPED_TYPE) {
            walk.child(bare, NAME)
        } else {
            None
        };
        match inner {
            Some(inner) => bare = inner,
            None => return bare,
        }
    }
}

/// A path without type arguments, the trait of `Fn(A) -> B`.
fn without_arguments<'t>(walk: &Walk<'t>, type_node: Node<'t>) -> Node<'t> {
    let bare = if walk.is(type_node, GENERIC_TYPE) {
        walk.child(type_node, TYPE)
    } else if walk.is(type_node, FUNCTION_TYPE) {
        walk.child(type_node, TRAIT)
    } else {
        None
    };
    bare.unwrap_or(type_node)
}
