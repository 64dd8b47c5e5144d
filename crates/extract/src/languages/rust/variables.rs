//! Variables and constants of Rust, with their types where those are written or made there.

use snake_pipe_core::model::{ClassKind, Field};
use tree_sitter::Node;

use super::{
    ALTERNATIVE, CAPTURED_PATTERN, CONDITION, FIELD_PATTERN, IDENTIFIER, MATCH_PATTERN, MUT_PATTERN, NAME,
    OR_PATTERN, PATTERN, REF_PATTERN, REFERENCE_PATTERN, SHORTHAND_FIELD, SLICE_PATTERN, STRUCT_EXPRESSION,
    STRUCT_PATTERN, TUPLE_PATTERN, TUPLE_STRUCT_PATTERN, TYPE, VALUE, default_visibility, types::field,
};
use crate::engine::{Flow, KindName, Limit, Scope, Walk};

/// Patterns that hold others.
const PATTERNS: &[KindName] = &[
    CAPTURED_PATTERN,
    FIELD_PATTERN,
    MUT_PATTERN,
    OR_PATTERN,
    REF_PATTERN,
    REFERENCE_PATTERN,
    SLICE_PATTERN,
    STRUCT_PATTERN,
    TUPLE_PATTERN,
    TUPLE_STRUCT_PATTERN,
];

/// `const` and `static`: a field of the trait around it, or a variable.
pub(super) fn constant<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    match walk.scope() {
        Scope::Class(class) if walk.class(class).kind == ClassKind::Trait => {
            let visibility = default_visibility(walk);
            let field = Field { visibility, is_static: true, is_final: true, ..field(walk, node) };
            walk.add_field(class, field);
        }
        Scope::File | Scope::Function(_) => {
            let name = walk.child_text(node, NAME, Limit::Name).unwrap_or_default();
            let type_name = walk.child_text(node, TYPE, Limit::Type);
            if name != "_" {
                walk.add_local(name, type_name);
            }
        }
        Scope::Class(_) | Scope::Extension => {}
    }
}

/// `let x: T = …`; `let x = T { … }` has the type `T`. With `else` it is a branch.
pub(super) fn let_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, ALTERNATIVE).is_some() {
        walk.flow(node, Flow::LOOP);
    }
    let made = walk.child(node, VALUE).filter(|value| walk.is(*value, STRUCT_EXPRESSION));
    let made = made.and_then(|value| walk.child_text(value, NAME, Limit::Type));
    let type_name = walk.child_text(node, TYPE, Limit::Type).or(made);
    if let Some(pattern) = walk.child(node, PATTERN) {
        bind_pattern(walk, pattern, type_name);
    }
}

/// `let pattern = …` in a condition.
pub(super) fn pattern_of<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(pattern) = walk.child(node, PATTERN) {
        bind_pattern(walk, pattern, None);
    }
}

pub(super) fn for_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    pattern_of(walk, node);
}

/// An arm counts as a decision, and its guard as another; `_` is the default.
pub(super) fn match_arm<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(pattern) = walk.child(node, PATTERN).filter(|pattern| walk.is(*pattern, MATCH_PATTERN)) else {
        return;
    };
    let guard = walk.child(pattern, CONDITION);
    if guard.is_some() {
        walk.flow(node, Flow::CASE);
    }
    // `_` has no node with a name.
    if let Some(inner) = walk.named_children(pattern).into_iter().next().filter(|inner| Some(*inner) != guard)
    {
        walk.flow(node, Flow::CASE);
        bind_pattern(walk, inner, None);
    }
}

/// Adds the variables that a pattern binds; the type is that of the whole, and so of a single name alone. A name in upper case
/// is a constant or a variant that is compared with.
pub(super) fn bind_pattern<'t>(walk: &mut Walk<'t>, pattern: Node<'t>, type_name: Option<String>) {
    let type_name = type_name.filter(|_| walk.is(pattern, IDENTIFIER));
    let mut patterns = vec![pattern];
    while let Some(pattern) = patterns.pop() {
        if walk.is_any(pattern, &[IDENTIFIER, SHORTHAND_FIELD]) {
            let is_variable = !walk.bytes(pattern).first().is_some_and(u8::is_ascii_uppercase);
            if is_variable {
                let name = walk.name(pattern);
                walk.add_local(name, type_name.clone());
            }
        } else if walk.is_any(pattern, PATTERNS) {
            let is_of_type = walk.is_any(pattern, &[STRUCT_PATTERN, TUPLE_STRUCT_PATTERN]);
            let is_field = walk.is(pattern, FIELD_PATTERN) && walk.child(pattern, PATTERN).is_some();
            let skipped = usize::from(is_of_type || is_field);
            patterns.extend(walk.named_children(pattern).into_iter().skip(skipped).rev());
        }
    }
}
