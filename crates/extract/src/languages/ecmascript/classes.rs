//! Classes, interfaces, enums, aliases, and their fields.

use snake_pipe_core::model::{BaseKind, Class, ClassKind, Field, Function, FunctionKind, Owner};
use tree_sitter::Node;

use super::{
    ABSTRACT_CLASS_DECLARATION, ARROW_FUNCTION, BODY, CLASS_HERITAGE, DECORATOR, ENUM_ASSIGNMENT,
    EXTENDS_CLAUSE, EXTENDS_TYPE_CLAUSE, FUNCTION_EXPRESSION, GENERATOR_FUNCTION, GENERIC_TYPE,
    IMPLEMENTS_CLAUSE, INTERFACE_BODY, LEFT, NAME, OBJECT_TYPE, PROPERTY, RIGHT, STRING, THIS, TYPE,
    TYPE_ALIAS_DECLARATION, TYPE_ARGUMENTS, TYPE_PARAMETERS, VALUE,
    bindings::{assign, binding, made_type, member},
    calls::{annotate, parts},
    decorators,
    functions::{is_overload, parameters, return_type},
    imports::common_js_export,
    member_visibility, modifiers, property_name, start_behind_decorators, type_text, visibility,
};
use crate::engine::{ClassDraft, FunctionDraft, Limit, Walk};

/// A class declaration, or a class expression that is named or bound to a name.
pub(in crate::languages) fn class<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let own_name = walk.child(node, NAME).map(|name| walk.name(name));
    let binding = binding(walk, own_name.is_some());
    let (bound_name, head) = binding.map_or((None, None), |binding| (Some(binding.name), Some(binding.head)));
    let Some(name) = bound_name.or(own_name) else { return };
    let modifiers = modifiers(walk, node);
    let is_member = walk.enclosing_class().is_some();
    let class = Class {
        kind: ClassKind::Class,
        type_parameters: type_parameters(walk, node),
        visibility: visibility(walk, is_member, &name, &modifiers),
        is_abstract: walk.is(node, ABSTRACT_CLASS_DECLARATION),
        modifiers,
        name,
        ..Class::default()
    };
    let (decorators, start) = (decorators(walk, node), start_behind_decorators(walk, node));
    let Some(index) = walk.open_class(node, ClassDraft { class, head, start, ..ClassDraft::default() })
    else {
        return;
    };
    for decorator in decorators {
        annotate(walk, Owner::Class(index), decorator);
    }
    if let Some(heritage) = walk.child_of_kind(node, CLASS_HERITAGE) {
        for clause in walk.named_children(heritage) {
            if walk.is(clause, EXTENDS_CLAUSE) {
                extends(walk, index, clause);
            } else if walk.is(clause, IMPLEMENTS_CLAUSE) {
                bases(walk, index, BaseKind::Implements, clause);
            } else {
                // JavaScript has no clause: the expression stands in the heritage itself.
                walk.add_base(index, BaseKind::Extends, clause, clause);
            }
        }
    }
}

/// `extends Base<T>`: the type arguments stand beside the base.
fn extends<'t>(walk: &mut Walk<'t>, class: u32, clause: Node<'t>) {
    let Some(base) = walk.child(clause, VALUE) else { return };
    let end = walk.child(clause, TYPE_ARGUMENTS).unwrap_or(base);
    walk.add_base_through(class, BaseKind::Extends, base, end);
}

fn bases<'t>(walk: &mut Walk<'t>, class: u32, kind: BaseKind, clause: Node<'t>) {
    for base in walk.named_children(clause) {
        let name = match walk.is(base, GENERIC_TYPE) {
            true => walk.child(base, NAME).unwrap_or(base),
            false => base,
        };
        walk.add_base(class, kind, base, name);
    }
}

pub(in crate::languages) fn interface_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(index) = open(walk, node, ClassKind::Interface) else { return };
    if let Some(clause) = walk.child_of_kind(node, EXTENDS_TYPE_CLAUSE) {
        bases(walk, index, BaseKind::Extends, clause);
    }
}

pub(in crate::languages) fn type_alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    // The semicolon ends the statement and is no part of the definition.
    if let Some(index) = open(walk, node, ClassKind::TypeAlias)
        && walk.bytes(node).ends_with(b";")
    {
        walk.class(index).span.column_end -= 1;
    }
}

fn open<'t>(walk: &mut Walk<'t>, node: Node<'t>, kind: ClassKind) -> Option<u32> {
    let name = walk.child(node, NAME)?;
    let name = walk.name(name);
    let modifiers = modifiers(walk, node);
    let class = Class {
        kind,
        type_parameters: type_parameters(walk, node),
        visibility: visibility(walk, false, &name, &modifiers),
        is_abstract: kind == ClassKind::Interface,
        modifiers,
        name,
        ..Class::default()
    };
    walk.open_class(node, ClassDraft { class, ..ClassDraft::default() })
}

fn type_parameters<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    let list = walk.child(node, TYPE_PARAMETERS)?;
    Some(walk.text_inside(list, Limit::Type))
}

pub(in crate::languages) fn enum_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(index), Some(body)) = (open(walk, node, ClassKind::Enum), walk.child(node, BODY)) else {
        return;
    };
    for constant in walk.named_children(body) {
        let is_assigned = walk.is(constant, ENUM_ASSIGNMENT);
        let name = if is_assigned { walk.child(constant, NAME).unwrap_or(constant) } else { constant };
        let value = walk.child(constant, VALUE).filter(|_| is_assigned);
        let field = Field {
            name: property_name(walk, name),
            default_value: value.map(|value| walk.text(value, Limit::DefaultValue)),
            visibility: snake_pipe_core::model::Visibility::Public,
            is_static: true,
            is_final: true,
            line: walk.line(name),
            ..Field::default()
        };
        walk.add_field(index, field);
    }
}

/// A field of a class. One that holds a function is a method in all but name, and is found as that.
pub(in crate::languages) fn field<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(class) = walk.enclosing_class() else { return };
    let Some(name) = walk.child(node, NAME).or_else(|| walk.child(node, PROPERTY)) else { return };
    let value = walk.child(node, VALUE);
    let functions = [ARROW_FUNCTION, FUNCTION_EXPRESSION, GENERATOR_FUNCTION];
    if value.is_some_and(|value| walk.is_any(value, &functions)) {
        return;
    }
    let annotation = walk.child(node, TYPE);
    let declared = type_text(walk, annotation);
    add_field(walk, class, node, name, declared, value);
}

fn add_field<'t>(
    walk: &mut Walk<'t>,
    class: u32,
    node: Node<'t>,
    name: Node<'t>,
    declared: Option<String>,
    value: Option<Node<'t>>,
) {
    let line = walk.line(name);
    let name = property_name(walk, name);
    let mut modifiers = modifiers(walk, node);
    let visibility = member_visibility(&name, &modifiers);
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    let (is_static, is_final) = (has("static"), has("readonly"));
    let decorators = walk.named_children(node).into_iter().filter(|child| walk.is(*child, DECORATOR));
    let decorators: Vec<Node<'t>> = decorators.map(|decorator| parts(walk, decorator).0).collect();
    for decorator in decorators.into_iter().rev() {
        let name = format!("@{}", walk.name(decorator));
        modifiers.insert(0, name);
    }
    let made = value.and_then(|value| made_type(walk, value));
    let field = Field {
        name,
        type_name: declared.or(made),
        default_value: value.map(|value| walk.text(value, Limit::DefaultValue)),
        visibility,
        modifiers,
        is_static,
        is_final,
        line,
    };
    walk.add_new_field(class, field);
}

/// A property of an interface, or of the object type that an alias names.
pub(in crate::languages) fn property_signature<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if is_member_of_type(walk) {
        field(walk, node);
    }
}

/// A method without a body: of an interface, abstract, or of a class that is elsewhere. Others are overloads.
pub(in crate::languages) fn method_signature<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let modifiers = modifiers(walk, node);
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    if !has("abstract") && (is_overload(walk, node, name) || !is_member_of_type(walk) && !is_in_class(walk)) {
        return;
    }
    let name = property_name(walk, name);
    let function = Function {
        kind: if has("get") || has("set") { FunctionKind::Accessor } else { FunctionKind::Function },
        parameters: parameters(walk, node),
        return_type: return_type(walk, node),
        visibility: member_visibility(&name, &modifiers),
        is_abstract: true,
        is_static: has("static"),
        is_async: has("async"),
        modifiers,
        name,
        ..Function::default()
    };
    walk.open_function(node, FunctionDraft { function, ..FunctionDraft::default() });
}

fn is_in_class(walk: &Walk<'_>) -> bool {
    walk.parent().is_some_and(|parent| walk.is(parent, super::CLASS_BODY))
}

fn is_member_of_type(walk: &Walk<'_>) -> bool {
    let Some(parent) = walk.parent() else { return false };
    let is_alias = || walk.ancestor(2).is_some_and(|node| walk.is(node, TYPE_ALIAS_DECLARATION));
    walk.is(parent, INTERFACE_BODY) || (walk.is(parent, OBJECT_TYPE) && is_alias())
}

/// `this.name = …` in a constructor is a field; an assignment to `module.exports` an export; one to a name changes that.
pub(in crate::languages) fn assignment_expression<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(left), Some(right)) = (walk.child(node, LEFT), walk.child(node, RIGHT)) else { return };
    let Some((object, property)) = member(walk, left) else { return assign(walk, left, Some(right)) };
    if walk.is(object, THIS) {
        let Some(function) = walk.enclosing_function() else { return };
        let function = walk.function(function);
        let class = function.class.filter(|_| function.kind == FunctionKind::Constructor);
        let functions = [ARROW_FUNCTION, FUNCTION_EXPRESSION, GENERATOR_FUNCTION];
        if let Some(class) = class.filter(|_| !walk.is_any(right, &functions)) {
            add_field(walk, class, property, property, None, Some(right));
        }
    } else {
        common_js_export(walk, left, right);
    }
}

/// `namespace a.b { … }` and `declare module "m" { … }`: qualifies names.
pub(in crate::languages) fn namespace<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let name = match walk.is(name, STRING) {
        true => walk.text_inside(name, Limit::Name),
        false => walk.name(name),
    };
    walk.open_qualifier(&name);
}
