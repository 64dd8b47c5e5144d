//! Structs, unions, classes, enums, aliases, and their fields.

use snake_pipe_core::model::{BaseKind, Class, ClassKind, Field, Owner, Visibility};
use tree_sitter::Node;

use super::{
    ACCESS_SPECIFIER, BASE_CLASS_CLAUSE, BODY, CLASS_SPECIFIER, DECLARATION, DECLARATOR, DEFAULT_VALUE,
    ENUM_SPECIFIER, FIELD_DECLARATION, FIELD_DECLARATION_LIST, NAME, PARAMETERS, QUALIFIED_IDENTIFIER,
    STRUCT_SPECIFIER, TEMPLATE_DECLARATION, TEMPLATE_TYPE, TYPE, TYPE_DEFINITION, TYPE_IDENTIFIER,
    UNION_SPECIFIER, VALUE, VIRTUAL_SPECIFIER,
    declarators::{Declared, declared, last_name, type_text},
    functions::{UNNAMED_NAMESPACE, attributes, modifiers, open, visibility},
};
use crate::engine::{ClassDraft, Limit, Walk};

/// The name of a type that nothing names.
const ANONYMOUS: &str = "(anonymous)";

/// A struct, union or class with a body.
pub(in crate::languages) fn class<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, BODY).is_none() {
        return;
    }
    let name = walk.child(node, NAME);
    if name.is_none() && is_transparent(walk) {
        return;
    }
    let kind = if walk.is(node, STRUCT_SPECIFIER) {
        ClassKind::Struct
    } else if walk.is(node, UNION_SPECIFIER) {
        ClassKind::Union
    } else {
        ClassKind::Class
    };
    let Some(index) = open_type(walk, node, kind) else { return };
    let is_closed = walk.is(node, CLASS_SPECIFIER);
    walk.set_member_visibility(index, if is_closed { Visibility::Private } else { Visibility::Public });
    if let Some(clause) = walk.child_of_kind(node, BASE_CLASS_CLAUSE) {
        for base in walk.named_children(clause) {
            if walk.is_any(base, &[TYPE_IDENTIFIER, QUALIFIED_IDENTIFIER, TEMPLATE_TYPE]) {
                add_base(walk, index, base);
            }
        }
    }
}

/// `a::Base<T>` is written with its arguments and named without.
fn add_base<'t>(walk: &mut Walk<'t>, class: u32, base: Node<'t>) {
    let last = last_name(walk, base);
    walk.add_base_named(class, BaseKind::Extends, base, base.start_byte()..last.end_byte());
}

/// A struct inside another one, without a name of its own and of its member: its fields are the outer one's (C11, 6.7.2.1).
fn is_transparent(walk: &Walk<'_>) -> bool {
    let field = walk.parent().filter(|parent| walk.is(*parent, FIELD_DECLARATION));
    field.is_some_and(|field| walk.child(field, DECLARATOR).is_none())
}

pub(in crate::languages) fn enum_specifier<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, BODY).is_some()
        && let Some(index) = open_type(walk, node, ClassKind::Enum)
    {
        walk.set_member_visibility(index, Visibility::Public);
    }
}

fn open_type<'t>(walk: &mut Walk<'t>, node: Node<'t>, kind: ClassKind) -> Option<u32> {
    let name = match walk.child(node, NAME) {
        Some(name) => walk.name(name),
        None => used_name(walk).map_or_else(|| ANONYMOUS.to_owned(), |name| walk.name(name)),
    };
    let template = walk.parent().filter(|parent| walk.is(*parent, TEMPLATE_DECLARATION));
    let parameters = template.and_then(|template| walk.child(template, PARAMETERS));
    let outer = walk.enclosing_class();
    let class = Class {
        kind,
        type_parameters: parameters.map(|list| walk.text_inside(list, Limit::Type)),
        visibility: visibility(walk, outer, false, false),
        is_final: walk.child_of_kind(node, VIRTUAL_SPECIFIER).is_some(),
        name,
        ..Class::default()
    };
    let index = walk.open_class(node, ClassDraft { class, ..ClassDraft::default() })?;
    attributes(walk, node, Owner::Class(index));
    Some(index)
}

/// The typedef, variable or field whose type the current node is.
fn used_name<'t>(walk: &Walk<'t>) -> Option<Node<'t>> {
    let user = walk
        .parent()
        .filter(|parent| walk.is_any(*parent, &[TYPE_DEFINITION, DECLARATION, FIELD_DECLARATION]))?;
    let declarator = walk.child(user, DECLARATOR)?;
    Some(declared(walk, declarator)?.name)
}

pub(in crate::languages) fn enumerator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(class), Some(name)) = (walk.enclosing_class(), walk.child(node, NAME)) else { return };
    let field = Field {
        name: walk.name(name),
        default_value: walk.child_text(node, VALUE, Limit::DefaultValue),
        visibility: Visibility::Public,
        is_static: true,
        is_final: true,
        line: walk.line(name),
        ..Field::default()
    };
    walk.add_field(class, field);
}

/// The fields that a declaration in a class makes. Methods that it declares are declarations; `= 0` makes them abstract, and
/// the class with them.
pub(in crate::languages) fn field_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(class) = walk.enclosing_class() else { return };
    let declarators = walk.children_in(node, DECLARATOR);
    let values = walk.children_in(node, DEFAULT_VALUE);
    for (position, declarator) in declarators.iter().enumerate() {
        let Some(found) = declared(walk, *declarator) else { continue };
        let next = declarators.get(position + 1).map_or(usize::MAX, |next| next.start_byte());
        let place = values.partition_point(|value| value.start_byte() < declarator.end_byte());
        let value = values.get(place).copied().filter(|value| value.start_byte() < next);
        if found.as_function().is_none() {
            add_field(walk, class, node, *declarator, found, value);
        } else if value.is_some_and(|value| walk.bytes(value) == b"0") {
            walk.class(class).is_abstract = true;
            open(walk, node, *declarator, found, None);
        } else {
            let class_name = walk.class(class).qualified_name.clone();
            let name = walk.name(found.name);
            walk.declare(format!("{class_name}::{name}"), false);
        }
    }
    // Most fields hold nothing else that counts: no types, calls or function pointers.
    let has_type = walk.child(node, TYPE).is_some_and(|type_node| walk.child(type_node, BODY).is_some());
    if !has_type && !walk.bytes(node).contains(&b'(') {
        walk.skip_children_but_comments(node);
    }
}

fn add_field<'t>(
    walk: &mut Walk<'t>,
    class: u32,
    node: Node<'t>,
    declarator: Node<'t>,
    found: Declared<'t>,
    value: Option<Node<'t>>,
) {
    let modifiers = modifiers(walk, node, found);
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    // `const char *` is no constant, `char *const` and `const int` are.
    let is_pointer = declarator.kind() == "pointer_declarator";
    let first = walk.child(node, DECLARATOR).unwrap_or(declarator);
    let is_const =
        walk.children_before(node, first.start_byte()).into_iter().any(|word| walk.bytes(word) == b"const");
    let field = Field {
        name: walk.name(found.name),
        type_name: type_text(walk, node, Some(declarator), Some(found.name)),
        default_value: value.map(|value| walk.text(value, Limit::DefaultValue)),
        visibility: walk.member_visibility(class),
        is_static: has("static"),
        is_final: has("constexpr") || (is_const && !is_pointer),
        modifiers,
        line: walk.line(found.name),
    };
    walk.add_field(class, field);
}

/// `public:` and its like hold for the members that follow.
pub(in crate::languages) fn access_specifier<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let in_body = walk.parent().is_some_and(|parent| walk.is(parent, FIELD_DECLARATION_LIST));
    if let Some(class) = walk.enclosing_class().filter(|_| in_body && walk.is(node, ACCESS_SPECIFIER)) {
        let visibility = match walk.bytes(node) {
            b"public" => Visibility::Public,
            b"protected" => Visibility::Protected,
            _ => Visibility::Private,
        };
        walk.set_member_visibility(class, visibility);
    }
}

/// A typedef is an alias where it names something new: not what a struct without a name is named by, nor the struct's name.
pub(in crate::languages) fn type_definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(type_node) = walk.child(node, TYPE) else { return };
    let is_struct =
        walk.is_any(type_node, &[STRUCT_SPECIFIER, UNION_SPECIFIER, CLASS_SPECIFIER, ENUM_SPECIFIER]);
    let tag = walk.child(type_node, NAME).filter(|_| is_struct);
    let has_body = is_struct && walk.child(type_node, BODY).is_some();
    let is_nameless = has_body && tag.is_none();
    for declarator in walk.children_in(node, DECLARATOR).into_iter().skip(usize::from(is_nameless)) {
        let Some(found) = declared(walk, declarator) else { continue };
        if tag.is_none_or(|tag| walk.bytes(tag) != walk.bytes(found.name)) {
            add_alias(walk, node, found.name, has_body);
        }
    }
}

/// `using Name = …`.
pub(in crate::languages) fn alias_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child(node, NAME) {
        add_alias(walk, node, name, false);
    }
}

fn add_alias<'t>(walk: &mut Walk<'t>, node: Node<'t>, name: Node<'t>, is_secondary: bool) {
    let outer = walk.enclosing_class();
    let class = Class {
        kind: ClassKind::TypeAlias,
        visibility: visibility(walk, outer, false, false),
        name: walk.name(name),
        ..Class::default()
    };
    walk.add_class(node, ClassDraft { class, is_secondary, ..ClassDraft::default() });
}

/// `namespace a::b { … }`; one without a name makes private what it holds.
pub(in crate::languages) fn namespace<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    match walk.child(node, NAME) {
        Some(name) => {
            let name = walk.name(name).replace(' ', "");
            walk.open_namespace(&name);
        }
        None => walk.open_qualifier(UNNAMED_NAMESPACE),
    }
}
