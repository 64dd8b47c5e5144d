//! Variables and constants of Go, with their types where those are written or made there.

use tree_sitter::Node;

use super::{
    ALIAS, COMPOSITE_LITERAL, DEFINE, IDENTIFIER, LEFT, NAME, OPERAND, OPERATOR, RIGHT, TYPE,
    UNARY_EXPRESSION, VALUE,
};
use crate::engine::{Flow, Limit, Walk};

/// `var a, b T = …` and `const a T = …`.
pub(super) fn spec<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let names = walk.children_in(node, NAME);
    let values = walk.child(node, VALUE).map(|values| walk.named_children(values)).unwrap_or_default();
    let declared = walk.child_text(node, TYPE, Limit::Type);
    bind(walk, &names, declared, &values);
}

/// `a, b := …`.
pub(super) fn short<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let names = walk.child(node, LEFT).map(|left| walk.named_children(left)).unwrap_or_default();
    let values = walk.child(node, RIGHT).map(|right| walk.named_children(right)).unwrap_or_default();
    bind(walk, &names, None, &values);
}

/// `for a, b := range …` and `case a, b := <-…`.
pub(super) fn received<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child_of_kind(node, DEFINE).is_some() {
        let names = walk.child(node, LEFT).map(|left| walk.named_children(left)).unwrap_or_default();
        bind(walk, &names, None, &[]);
    }
}

/// `switch a := b.(type)`.
pub(super) fn type_switch<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::SWITCH);
    let names = walk.child(node, ALIAS).map(|alias| walk.named_children(alias)).unwrap_or_default();
    bind(walk, &names, None, &[]);
}

fn bind<'t>(walk: &mut Walk<'t>, names: &[Node<'t>], declared: Option<String>, values: &[Node<'t>]) {
    let names: Vec<Node<'t>> = names.iter().copied().filter(|name| name.is_named()).collect();
    let has_value_each = names.len() == values.len();
    for (place, name) in names.into_iter().enumerate() {
        if !walk.is(name, IDENTIFIER) || walk.bytes(name) == b"_" {
            continue;
        }
        let made = values.get(place).filter(|_| has_value_each).and_then(|value| made_type(walk, *value));
        let name = walk.name(name);
        walk.add_local(name, declared.clone().or(made));
    }
}

/// `T` of `T{…}`, and `*T` of `&T{…}`.
fn made_type<'t>(walk: &mut Walk<'t>, value: Node<'t>) -> Option<String> {
    if walk.is(value, COMPOSITE_LITERAL) {
        return walk.child_text(value, TYPE, Limit::Type);
    }
    let operand = walk.child(value, OPERAND).filter(|operand| walk.is(*operand, COMPOSITE_LITERAL))?;
    let is_address = walk.child(value, OPERATOR).is_some_and(|operator| walk.bytes(operator) == b"&");
    let type_name = walk.child_text(operand, TYPE, Limit::Type)?;
    (is_address && walk.is(value, UNARY_EXPRESSION)).then(|| format!("*{type_name}"))
}
