//! Fields and variables.

use snake_pipe_core::model::{Field, FunctionKind};
use tree_sitter::Node;

use super::{
    ALIAS, ATTRIBUTE, ATTRIBUTE_NAME, CALL, CASE_PATTERN, CLASS_DEFINITION, CLASS_PATTERN, DOTTED_NAME,
    EXCEPT_CLAUSE, EXPRESSION_LIST, FUNCTION, FUNCTION_DEFINITION, IDENTIFIER, KEYWORD_PATTERN, LAMBDA, LEFT,
    LIST_PATTERN, LIST_SPLAT_PATTERN, NAME, NONE, OBJECT, PARENTHESIZED_EXPRESSION, PATTERN_LIST, RIGHT,
    TUPLE, TUPLE_PATTERN, TYPE, last_part, surface::offered, visibility,
};
use crate::engine::{Flow, KindName, Limit, LocalForm, Scope, Walk};

/// What holds several names that are bound.
const PATTERNS: [KindName; 7] = [
    EXPRESSION_LIST,
    LIST_PATTERN,
    LIST_SPLAT_PATTERN,
    PARENTHESIZED_EXPRESSION,
    PATTERN_LIST,
    TUPLE,
    TUPLE_PATTERN,
];

/// Fields: names assigned in the body of a class, and `self.name` in `__init__`. Variables: names assigned elsewhere.
pub(super) fn assignment<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(left) = walk.child(node, LEFT) else { return };
    match walk.scope() {
        Scope::Class(class) => {
            let names = bound_names(walk, left);
            for name in &names {
                add_field(walk, class, node, *name, names.len() == 1);
            }
        }
        Scope::Function(function) => {
            bind(walk, left, Some(node));
            let function = walk.function(function);
            let Some(class) = function.class.filter(|_| function.kind == FunctionKind::Constructor) else {
                return;
            };
            let object = walk.child(left, OBJECT).filter(|_| walk.is(left, ATTRIBUTE));
            if object.is_some_and(|object| walk.bytes(object) == b"self")
                && let Some(name) = walk.child(left, ATTRIBUTE_NAME)
            {
                add_field(walk, class, node, name, true);
            }
        }
        Scope::File | Scope::Extension => {
            offered(walk, node, true);
            bind(walk, left, Some(node));
        }
    }
}

/// The names that a pattern binds: `a` and `b` in `a, (b, c.d)`, but not what is inside a further tuple.
fn bound_names<'t>(walk: &mut Walk<'t>, pattern: Node<'t>) -> Vec<Node<'t>> {
    let mut names = match walk.is_any(pattern, &[PATTERN_LIST, TUPLE_PATTERN]) {
        true => walk.named_children(pattern),
        false => vec![pattern],
    };
    names.retain(|name| walk.is(*name, IDENTIFIER));
    names
}

/// All names that a pattern binds, at any depth: `a` and `b` in `a, [*b, c.d]`.
fn all_bound_names<'t>(walk: &mut Walk<'t>, pattern: Node<'t>) -> Vec<Node<'t>> {
    let (mut names, mut open) = (Vec::new(), vec![pattern]);
    while let Some(node) = open.pop() {
        if walk.is(node, IDENTIFIER) {
            names.push(node);
        } else if walk.is_any(node, &PATTERNS) {
            open.extend(walk.named_children(node).into_iter().rev());
        }
    }
    names
}

/// Variables that a pattern binds; an assignment may say the type, or make an object whose class is in upper case.
fn bind<'t>(walk: &mut Walk<'t>, pattern: Node<'t>, assignment: Option<Node<'t>>) {
    let names = all_bound_names(walk, pattern);
    let declared = assignment.and_then(|assignment| walk.child_text(assignment, TYPE, Limit::Type));
    let value = assignment.and_then(|assignment| walk.child(assignment, RIGHT));
    if value.is_some_and(|value| is_named_lambda(walk, pattern, value)) {
        return;
    }
    let callee = value.filter(|value| walk.is(*value, CALL)).and_then(|call| walk.child(call, FUNCTION));
    let made = callee.map(|callee| walk.text(callee, Limit::Type)).filter(|callee| {
        last_part(callee).starts_with(char::is_uppercase)
            && callee.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '_'))
    });
    let type_name = declared.or(made).filter(|_| names.len() == 1);
    let is_empty = value.is_some_and(|value| walk.is(value, NONE)) && is_in_handler(walk);
    for name in names {
        let name = walk.name(name);
        walk.add_local_of(name, type_name.clone(), LocalForm { is_empty, ..LocalForm::default() });
    }
}

/// `f = lambda: …` is a function of that name.
fn is_named_lambda(walk: &Walk<'_>, name: Node<'_>, value: Node<'_>) -> bool {
    let mut bare = value;
    while walk.is(bare, PARENTHESIZED_EXPRESSION)
        && let Some(inner) = bare.named_child(0)
    {
        bare = inner;
    }
    walk.is(name, IDENTIFIER) && walk.is(bare, LAMBDA)
}

/// Whether the current node stands in the `except` of the function or file around it.
fn is_in_handler(walk: &Walk<'_>) -> bool {
    let around = (1..).map_while(|levels| walk.ancestor(levels));
    let mut around = around.take_while(|node| !walk.is_any(*node, &[FUNCTION_DEFINITION, CLASS_DEFINITION]));
    around.any(|node| walk.is(node, EXCEPT_CLAUSE))
}

pub(super) fn for_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    if let Some(left) = walk.child(node, LEFT) {
        bind(walk, left, None);
    }
}

/// `for x in y` of a comprehension, whose names are its own.
pub(super) fn for_in_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(left) = walk.child(node, LEFT) else { return };
    for name in all_bound_names(walk, left) {
        let name = walk.name(name);
        walk.add_inner_local(name, None);
    }
}

/// `with open(path) as file`, `except Error as error`.
pub(super) fn as_pattern<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let target = walk.child(node, ALIAS).and_then(|target| target.named_child(0));
    if let Some(target) = target {
        bind(walk, target, None);
    }
}

pub(super) fn named_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child(node, NAME) {
        bind(walk, name, None);
    }
}

/// `x += 1`.
pub(super) fn augmented_assignment<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(left) = walk.child(node, LEFT) {
        if matches!(walk.scope(), Scope::File) {
            offered(walk, node, false);
        }
        bind(walk, left, None);
    }
}

/// `del x` makes `x` a name of the scope as an assignment does, and leaves it without a value.
pub(super) fn delete_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for deleted in walk.named_children(node) {
        bind(walk, deleted, None);
    }
}

pub(super) fn global_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for name in walk.named_children(node) {
        let name = walk.name(name);
        walk.bind_outside(name, true);
    }
}

pub(super) fn nonlocal_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for name in walk.named_children(node) {
        let name = walk.name(name);
        walk.bind_outside(name, false);
    }
}

/// The names that the pattern of a `case` captures: not values like `a.b`, nor the names of classes and of their fields.
pub(super) fn bind_captures<'t>(walk: &mut Walk<'t>, case: Node<'t>) {
    let mut open = walk.named_children(case);
    open.retain(|child| walk.is(*child, CASE_PATTERN));
    while let Some(node) = open.pop() {
        let children = walk.named_children(node);
        if walk.is(node, IDENTIFIER) {
            bind(walk, node, None);
        } else if walk.is(node, DOTTED_NAME) {
            if let [name] = children[..]
                && walk.bytes(name) != b"_"
            {
                bind(walk, name, None);
            }
        } else {
            let named_first = usize::from(walk.is_any(node, &[CLASS_PATTERN, KEYWORD_PATTERN]));
            open.extend(children.into_iter().skip(named_first));
        }
    }
}

fn add_field<'t>(walk: &mut Walk<'t>, class: u32, assignment: Node<'t>, name: Node<'t>, is_single: bool) {
    let line = walk.line(name);
    let name = walk.name(name);
    let type_name = walk.child_text(assignment, TYPE, Limit::Type);
    let value = walk.child(assignment, RIGHT).filter(|_| is_single);
    let default_value = value.map(|value| walk.text(value, Limit::DefaultValue));
    let at_class_level = walk.enclosing_class().is_some();
    let declared = type_name.as_deref().unwrap_or("");
    let is_marked = |marker: &str| {
        let declared = declared.strip_prefix("typing.").unwrap_or(declared);
        declared.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    };
    let field = Field {
        visibility: visibility(&name),
        // `x: int = 0` declares a default for objects, `x = 0` a variable of the class.
        is_static: at_class_level && (type_name.is_none() || is_marked("ClassVar")),
        is_final: is_marked("Final"),
        name,
        default_value,
        line,
        type_name,
        ..Field::default()
    };
    walk.add_new_field(class, field);
}
