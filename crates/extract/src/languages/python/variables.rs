//! Fields and variables.

use snake_pipe_core::model::{Field, FunctionKind};
use tree_sitter::Node;

use super::{
    ALIAS, ATTRIBUTE, ATTRIBUTE_NAME, CALL, FUNCTION, IDENTIFIER, LEFT, NAME, OBJECT, PATTERN_LIST, RIGHT,
    TUPLE_PATTERN, TYPE, last_part, visibility,
};
use crate::engine::{Flow, Limit, Scope, Walk};

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
        Scope::File | Scope::Extension => bind(walk, left, Some(node)),
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

/// Variables that a pattern binds; an assignment may say the type, or make an object whose class is in upper case.
fn bind<'t>(walk: &mut Walk<'t>, pattern: Node<'t>, assignment: Option<Node<'t>>) {
    let names = bound_names(walk, pattern);
    let declared = assignment.and_then(|assignment| walk.child_text(assignment, TYPE, Limit::Type));
    let value = assignment.and_then(|assignment| walk.child(assignment, RIGHT));
    let callee = value.filter(|value| walk.is(*value, CALL)).and_then(|call| walk.child(call, FUNCTION));
    let made = callee.map(|callee| walk.text(callee, Limit::Type)).filter(|callee| {
        last_part(callee).starts_with(char::is_uppercase)
            && callee.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '_'))
    });
    let type_name = declared.or(made).filter(|_| names.len() == 1);
    for name in names {
        let name = walk.name(name);
        walk.add_local(name, type_name.clone());
    }
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
    for name in bound_names(walk, left) {
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
