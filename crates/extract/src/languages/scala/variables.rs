//! Values and variables of Scala: fields of a class, or variables.

use snake_pipe_core::model::Field;
use tree_sitter::Node;

use super::{
    ALTERNATIVE_PATTERN, APPLIED_TYPE, BASE, CAPTURE_PATTERN, CASE_CLASS_PATTERN, COMPOUND_TYPE, ENUM_BODY,
    IDENTIFIER, IDENTIFIERS, INFIX_PATTERN, INSTANCE, NAME, PATTERN, TEMPLATE_BODY, TUPLE_PATTERN, TYPE,
    TYPED_PATTERN, VALUE, VAR, WITH_TEMPLATE_BODY,
    heads::{default_visibility, field_modifiers, head},
    is_of_structural_type,
};
use crate::engine::{KindName, Limit, Walk};

/// Patterns that hold others.
const PATTERNS: &[KindName] = &[
    ALTERNATIVE_PATTERN,
    CAPTURE_PATTERN,
    CASE_CLASS_PATTERN,
    IDENTIFIERS,
    INFIX_PATTERN,
    TUPLE_PATTERN,
    TYPED_PATTERN,
];

/// `val` and `var`, defined or only declared.
pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if is_of_structural_type(walk) {
        return;
    }
    let type_name = walk.child_text(node, TYPE, Limit::Type);
    let Some(pattern) = walk.child(node, PATTERN) else {
        for name in walk.children_in(node, NAME).into_iter().filter(Node::is_named) {
            add(walk, node, name, type_name.clone());
        }
        return;
    };
    if walk.is(pattern, IDENTIFIER) {
        let made = made_type(walk, node).filter(|_| !is_member(walk));
        add(walk, node, pattern, type_name.or(made));
    } else {
        let is_list = walk.is(pattern, IDENTIFIERS);
        for (name, own_type) in names_in(walk, pattern) {
            add(walk, node, name, own_type.or_else(|| type_name.clone().filter(|_| is_list)));
        }
    }
}

/// Whether the definition at the current node stands in the body of a class.
fn is_member(walk: &Walk<'_>) -> bool {
    walk.enclosing_class().is_some()
        && walk
            .parent()
            .is_some_and(|parent| walk.is_any(parent, &[TEMPLATE_BODY, WITH_TEMPLATE_BODY, ENUM_BODY]))
}

fn add<'t>(walk: &mut Walk<'t>, node: Node<'t>, name: Node<'t>, type_name: Option<String>) {
    let text = walk.name(name);
    value(walk, node, text, type_name);
}

/// Adds a field of the class around, or a variable.
pub(super) fn value<'t>(walk: &mut Walk<'t>, node: Node<'t>, name: String, type_name: Option<String>) {
    let Some(class) = walk.enclosing_class().filter(|_| is_member(walk)) else {
        return walk.add_local(name, type_name);
    };
    let head = head(walk, node);
    let field = Field {
        name,
        type_name,
        default_value: walk.child_text(node, VALUE, Limit::DefaultValue),
        visibility: head.visibility(default_visibility(walk)),
        modifiers: field_modifiers(walk, &head),
        is_final: walk.child_of_kind(node, VAR).is_none(),
        line: walk.line(node),
        ..Field::default()
    };
    walk.add_field(class, field);
}

/// `T` of `new T(…)` and of `new T(…) with U`.
fn made_type<'t>(walk: &mut Walk<'t>, definition: Node<'t>) -> Option<String> {
    let instance = walk.child(definition, VALUE).filter(|value| walk.is(*value, INSTANCE))?;
    let type_node = instance.named_child(0).filter(|first| !walk.is(*first, TEMPLATE_BODY))?;
    let base = walk.child(type_node, BASE).filter(|_| walk.is(type_node, COMPOUND_TYPE));
    let made = base.unwrap_or(type_node);
    let made = if walk.is(made, APPLIED_TYPE) { made.named_child(0).unwrap_or(made) } else { made };
    Some(walk.text(made, Limit::Type))
}

/// `pattern <- generator` and `pattern = value` of a `for`.
pub(super) fn enumerator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(pattern) = walk.named_children(node).into_iter().next() {
        bind_pattern(walk, pattern, None);
    }
}

/// Adds the variables that a pattern binds.
pub(super) fn bind_pattern<'t>(walk: &mut Walk<'t>, pattern: Node<'t>, type_name: Option<String>) {
    for (name, own_type) in names_in(walk, pattern) {
        let name = walk.name(name);
        walk.add_local(name, own_type.or_else(|| type_name.clone()));
    }
}

/// The names that a pattern binds, with the types that it says they have. A name in upper case or in backquotes is a
/// value that is compared with (SLS 8.1.1, 8.1.5).
fn names_in<'t>(walk: &mut Walk<'t>, pattern: Node<'t>) -> Vec<(Node<'t>, Option<String>)> {
    let mut names = Vec::new();
    let mut patterns = vec![(pattern, None)];
    while let Some((pattern, type_name)) = patterns.pop() {
        if walk.is(pattern, IDENTIFIER) {
            let first = walk.bytes(pattern).first().copied().unwrap_or_default();
            if !first.is_ascii_uppercase() && first != b'`' {
                names.push((pattern, type_name));
            }
        } else if walk.is(pattern, TYPED_PATTERN) {
            let own_type = walk.child_text(pattern, TYPE, Limit::Type);
            patterns.extend(walk.child(pattern, PATTERN).map(|inner| (inner, own_type)));
        } else if walk.is_any(pattern, PATTERNS) {
            let constructor = walk.child(pattern, TYPE);
            let inner = walk.named_children(pattern).into_iter().rev();
            patterns.extend(inner.filter(|inner| Some(*inner) != constructor).map(|inner| (inner, None)));
        }
    }
    names
}
