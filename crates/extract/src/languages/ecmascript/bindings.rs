//! Variables, and the names that values are bound to.

use tree_sitter::Node;

use super::{
    ARRAY_PATTERN, ARROW_FUNCTION, AS_EXPRESSION, ASSIGNMENT_EXPRESSION, ASSIGNMENT_PATTERN,
    AWAIT_EXPRESSION, CALL_EXPRESSION, CATCH_CLAUSE, CLASS, CONSTRUCTOR, EXPORT_STATEMENT, FIELD_DEFINITION,
    FOR_IN_STATEMENT, FOR_STATEMENT, FUNCTION, FUNCTION_EXPRESSION, GENERATOR_FUNCTION, IDENTIFIER, IMPORT,
    KEY, KIND, LEFT, MEMBER_EXPRESSION, NAME, NEW_EXPRESSION, NON_NULL_EXPRESSION, NULL,
    OBJECT_ASSIGNMENT_PATTERN, OBJECT_FIELD, OBJECT_PATTERN, PAIR, PAIR_PATTERN, PARAMETER,
    PARENTHESIZED_EXPRESSION, PROPERTY, PUBLIC_FIELD_DEFINITION, REST_PATTERN, RIGHT, SATISFIES_EXPRESSION,
    SHORTHAND_PATTERN, STATEMENT_BLOCK, STRING, SWITCH_BODY, TYPE, UNDEFINED, VALUE, VARIABLE_DECLARATION,
    VARIABLE_DECLARATOR, property_name, type_text,
};
use crate::engine::{Flow, KindName, Limit, LocalForm, Walk};

/// What a function or class without a name of its own is bound to.
pub(super) struct Binding<'t> {
    /// The name.
    pub(super) name: String,
    /// Where the signature begins.
    pub(super) head: Node<'t>,
    /// `A` in `A.prototype.f = …`.
    pub(super) member_of: Option<String>,
    /// It is a property of an object: reached through that alone.
    pub(super) is_property: bool,
    /// It is the first value of a variable (`let`), which may get others.
    pub(super) is_variable: bool,
}

/// Nodes around a value that leave it what it is: parentheses and type assertions.
pub(super) const TRANSPARENT: [KindName; 4] =
    [PARENTHESIZED_EXPRESSION, AS_EXPRESSION, SATISFIES_EXPRESSION, NON_NULL_EXPRESSION];

/// What the value at the current node is bound to. One with a name of its own is exported by that.
pub(super) fn binding<'t>(walk: &mut Walk<'t>, has_name: bool) -> Option<Binding<'t>> {
    let mut levels = 1;
    while walk.is_any(walk.ancestor(levels)?, &TRANSPARENT) {
        levels += 1;
    }
    let head = walk.ancestor(levels)?;
    let named = |walk: &mut Walk<'t>, node: Node<'t>| {
        let is_property = walk.is(head, PAIR);
        Some(Binding {
            name: property_name(walk, node),
            head,
            member_of: None,
            is_property,
            is_variable: false,
        })
    };
    if walk.is(head, VARIABLE_DECLARATOR) {
        let name = walk.child(head, NAME).filter(|name| walk.is(*name, IDENTIFIER))?;
        let is_variable =
            walk.ancestor(levels + 1).is_some_and(|around| walk.bytes(around).starts_with(b"let"));
        let binding = named(walk, name)?;
        Some(Binding { is_variable, ..binding })
    } else if walk.is(head, PAIR) {
        let key = walk.child(head, KEY)?;
        named(walk, key)
    } else if walk.is_any(head, &[FIELD_DEFINITION, PUBLIC_FIELD_DEFINITION]) {
        let name = walk.child(head, NAME).or_else(|| walk.child(head, PROPERTY))?;
        named(walk, name)
    } else if walk.is(head, EXPORT_STATEMENT) && !has_name {
        Some(Binding {
            name: "default".to_owned(),
            head,
            member_of: None,
            is_property: false,
            is_variable: false,
        })
    } else if walk.is(head, ASSIGNMENT_EXPRESSION) {
        let left = walk.child(head, LEFT)?;
        assigned(walk, left, head)
    } else {
        None
    }
}

/// An object: what it is bound to qualifies the names of its members, unless it is what the module exports.
pub(in crate::languages) fn object<'t>(walk: &mut Walk<'t>, _node: Node<'t>) {
    let Some(binding) = binding(walk, false) else { return };
    if let Some(left) =
        walk.child(binding.head, LEFT).filter(|_| walk.is(binding.head, ASSIGNMENT_EXPRESSION))
    {
        if is_exports(walk.bytes(left)) {
            return;
        }
        let owner = member(walk, left).filter(|(_, name)| walk.bytes(*name) == b"prototype");
        if let Some((owner, _)) = owner {
            let owner = walk.name(owner);
            walk.open_object(&owner);
            return;
        }
    }
    match binding.member_of {
        Some(owner) => walk.open_object(&format!("{owner}.{}", binding.name)),
        None => walk.open_object(&binding.name),
    }
}

/// Whether the object `levels` above is what the module exports.
pub(super) fn is_exported_object(walk: &Walk<'_>, levels: usize) -> bool {
    let assignment = walk.ancestor(levels + 1).filter(|around| walk.is(*around, ASSIGNMENT_EXPRESSION));
    let left = assignment.and_then(|assignment| walk.child(assignment, LEFT));
    left.is_some_and(|left| is_exports(walk.bytes(left)))
}

fn is_exports(left: &[u8]) -> bool {
    matches!(left, b"module.exports" | b"exports")
}

/// The binding that an assignment to `left` makes.
fn assigned<'t>(walk: &mut Walk<'t>, left: Node<'t>, head: Node<'t>) -> Option<Binding<'t>> {
    if walk.is(left, IDENTIFIER) {
        return Some(Binding {
            name: walk.name(left),
            head,
            member_of: None,
            is_property: false,
            is_variable: false,
        });
    }
    let (object, property) = member(walk, left)?;
    if walk.bytes(left) == b"module.exports" {
        return Some(Binding {
            name: "default".to_owned(),
            head,
            member_of: None,
            is_property: false,
            is_variable: false,
        });
    }
    let prototype = member(walk, object).filter(|(_, name)| walk.bytes(*name) == b"prototype");
    let member_of = prototype.map(|(owner, _)| walk.name(owner));
    let is_property = member_of.is_none() && !matches!(walk.bytes(object), b"exports" | b"module.exports");
    Some(Binding { name: walk.name(property), head, member_of, is_property, is_variable: false })
}

/// Object and property of a member expression.
pub(super) fn member<'t>(walk: &Walk<'t>, node: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
    let is_member = walk.is(node, MEMBER_EXPRESSION);
    walk.child(node, OBJECT_FIELD).zip(walk.child(node, PROPERTY)).filter(|_| is_member)
}

/// `let`, `const` and `var`. A function or class is named by the variable and is none; what is required is an import.
pub(in crate::languages) fn variable_declarator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let value = walk.child(node, VALUE);
    if value.is_some_and(|value| is_definition(walk, name, value) || is_require(walk, value)) {
        return;
    }
    let is_block_scoped = !walk.parent().is_some_and(|around| walk.is(around, VARIABLE_DECLARATION));
    let is_inner = is_inner(walk, is_block_scoped);
    if !walk.is(name, IDENTIFIER) {
        return bind_in(walk, name, is_inner);
    }
    let declared = walk.child(node, TYPE);
    let declared = type_text(walk, declared);
    let made = value.and_then(|value| made_type(walk, value));
    let form = LocalForm {
        is_inner,
        is_empty: value.is_none_or(|value| walk.is_any(value, &[NULL, UNDEFINED])),
        is_annotated: declared.is_some(),
    };
    let name = walk.name(name);
    walk.add_local_of(name, declared.or(made), form);
}

/// Whether a value is a function or class that gets the name of what it is bound to, as in `f = exports.f = () => {}`.
fn is_definition<'t>(walk: &Walk<'t>, name: Node<'t>, value: Node<'t>) -> bool {
    let definitions = [ARROW_FUNCTION, FUNCTION_EXPRESSION, GENERATOR_FUNCTION, CLASS];
    let (mut value, mut name_of_value) = (value, name);
    loop {
        if walk.is_any(value, &definitions) {
            return walk.bytes(name) == walk.bytes(name_of_value);
        }
        let inner = if walk.is(value, ASSIGNMENT_EXPRESSION) {
            let left = walk.child(value, LEFT);
            name_of_value =
                left.map_or(name, |left| member(walk, left).map_or(left, |(_, property)| property));
            walk.child(value, RIGHT)
        } else if walk.is_any(value, &TRANSPARENT) {
            value.named_child(0)
        } else {
            None
        };
        match inner {
            Some(inner) => value = inner,
            None => return false,
        }
    }
}

/// Whether what is declared at the current node is known in a part of the innermost definition alone: inside a function
/// without a name, or a block.
fn is_inner(walk: &Walk<'_>, is_block_scoped: bool) -> bool {
    let functions = [ARROW_FUNCTION, FUNCTION_EXPRESSION, GENERATOR_FUNCTION];
    let blocks = [CATCH_CLAUSE, FOR_IN_STATEMENT, FOR_STATEMENT, STATEMENT_BLOCK, SWITCH_BODY];
    let is_part =
        |node: &Node<'_>| walk.is_any(*node, &functions) || is_block_scoped && walk.is_any(*node, &blocks);
    walk.ancestors_in_definition().iter().any(is_part)
}

/// An assignment to names: what they hold is no longer certain, unless the value is the definition of the only one.
pub(super) fn assign<'t>(walk: &mut Walk<'t>, left: Node<'t>, value: Option<Node<'t>>) {
    let is_name = walk.is(left, IDENTIFIER);
    let value = value.filter(|_| is_name);
    let is_definition = value.is_some_and(|value| is_definition(walk, left, value));
    let made = value.and_then(|value| made_type(walk, value));
    for (_, name) in bound_names(walk, left) {
        let name = walk.name(name);
        walk.assign(name, made.clone(), is_definition);
    }
}

/// `f ||= g`.
pub(in crate::languages) fn augmented_assignment<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(left) = walk.child(node, LEFT) {
        assign(walk, left, None);
    }
}

/// Whether a value is `require(…)`, `import(…)` or `await import(…)`.
pub(super) fn is_require<'t>(walk: &Walk<'t>, value: Node<'t>) -> bool {
    let awaited = value.named_child(0).filter(|_| walk.is(value, AWAIT_EXPRESSION));
    let value = awaited.unwrap_or(value);
    let callee = walk.child(value, FUNCTION).filter(|_| walk.is(value, CALL_EXPRESSION));
    callee.is_some_and(|callee| walk.bytes(callee) == b"require" || walk.is(callee, IMPORT))
}

/// `Foo` in `new Foo()`.
pub(super) fn made_type<'t>(walk: &mut Walk<'t>, value: Node<'t>) -> Option<String> {
    let class = walk.child(value, CONSTRUCTOR).filter(|_| walk.is(value, NEW_EXPRESSION))?;
    walk.is_any(class, &[IDENTIFIER, MEMBER_EXPRESSION]).then(|| walk.text(class, Limit::Type))
}

pub(in crate::languages) fn for_in_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    let Some(left) = walk.child(node, LEFT) else { return };
    match walk.child(node, KIND) {
        Some(kind) => {
            let is_block_scoped = walk.bytes(kind) != b"var";
            bind_in(walk, left, is_block_scoped || is_inner(walk, false));
        }
        None => assign(walk, left, None),
    }
}

pub(in crate::languages) fn catch_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::CATCH);
    if let Some(parameter) = walk.child(node, PARAMETER) {
        bind_in(walk, parameter, true);
    }
}

fn bind_in<'t>(walk: &mut Walk<'t>, pattern: Node<'t>, is_inner: bool) {
    for (_, name) in bound_names(walk, pattern) {
        let name = walk.name(name);
        walk.add_local_of(name, None, LocalForm { is_inner, ..LocalForm::default() });
    }
}

/// The names that a pattern binds, each with the property of the object that it takes, if it takes one directly.
pub(super) fn bound_names<'t>(walk: &mut Walk<'t>, pattern: Node<'t>) -> Vec<(Option<Node<'t>>, Node<'t>)> {
    let mut names = Vec::new();
    let mut open = vec![(None, pattern)];
    while let Some((key, node)) = open.pop() {
        if walk.is_any(node, &[IDENTIFIER, SHORTHAND_PATTERN]) {
            let key = key.or_else(|| Some(node).filter(|node| walk.is(*node, SHORTHAND_PATTERN)));
            names.push((key, node));
        } else if walk.is(node, PAIR_PATTERN) {
            let key = walk.child(node, KEY).filter(|key| !walk.is(*key, STRING));
            open.extend(walk.child(node, VALUE).map(|value| (key, value)));
        } else if walk.is_any(node, &[ASSIGNMENT_PATTERN, OBJECT_ASSIGNMENT_PATTERN]) {
            open.extend(walk.child(node, LEFT).map(|left| (key, left)));
        } else if walk.is_any(node, &[OBJECT_PATTERN, ARRAY_PATTERN, REST_PATTERN]) {
            open.extend(walk.named_children(node).into_iter().rev().map(|child| (None, child)));
        }
    }
    names
}
