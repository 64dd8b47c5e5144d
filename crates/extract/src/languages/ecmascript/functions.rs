//! Functions and methods.

use snake_pipe_core::model::{Field, Function, FunctionKind, Owner, Parameter, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    AMBIENT_DECLARATION, ARROW_FUNCTION, ASSIGNMENT_PATTERN, BODY, CLASS_BODY, DECLARATION, DECORATOR,
    EXPORT_STATEMENT, FIELD_DEFINITION, FUNCTION_EXPRESSION, GENERATOR_FUNCTION, LEFT, NAME, OBJECT,
    OPTIONAL_PARAMETER, PAIR, PARAMETER, PARAMETERS, PATTERN, PUBLIC_FIELD_DEFINITION, REQUIRED_PARAMETER,
    REST_PATTERN, RETURN_TYPE, RIGHT, THIS, TYPE, VALUE,
    bindings::{binding, is_exported_object},
    calls::annotate,
    decorators, member_visibility, modifiers, property_name, start_behind_decorators, type_text, visibility,
};
use crate::engine::{Flow, FunctionDraft, Limit, Walk};

/// A function declaration, function expression or arrow function.
pub(in crate::languages) fn function<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let own_name = walk.child(node, NAME).map(|name| walk.name(name));
    // A function expression that is bound to nothing is known by its name inside itself alone.
    let is_expression = walk.is_any(node, &[FUNCTION_EXPRESSION, GENERATOR_FUNCTION]);
    let (bound_name, head, member_of, is_unscoped) = match binding(walk, own_name.is_some()) {
        Some(binding) => {
            if binding.is_variable {
                walk.add_inner_local(binding.name.clone(), None);
            }
            let is_unscoped = binding.is_property || binding.is_variable;
            (Some(binding.name), Some(binding.head), binding.member_of, is_unscoped)
        }
        None => (None, None, None, is_expression),
    };
    let is_closure = walk.is(node, ARROW_FUNCTION) || (own_name.is_none() && member_of.is_none());
    let Some(name) = bound_name.or(own_name) else {
        walk.flow(node, Flow::LAMBDA);
        for Parameter { name, type_name, .. } in parameters(walk, node) {
            walk.add_inner_local(name, type_name);
        }
        return;
    };
    let mut modifiers = modifiers(walk, node);
    if let Some(field) = head.filter(|head| walk.is_any(*head, &[FIELD_DEFINITION, PUBLIC_FIELD_DEFINITION]))
    {
        modifiers = [super::modifiers(walk, field), modifiers].concat();
    }
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    let is_member = walk.enclosing_class().is_some() || member_of.is_some();
    let of_object = head.filter(|head| walk.is(*head, PAIR)).map(|_| object_visibility(walk));
    let function = Function {
        kind: if is_closure { FunctionKind::Closure } else { FunctionKind::Function },
        parameters: parameters(walk, node),
        return_type: return_type(walk, node),
        visibility: of_object.unwrap_or_else(|| visibility(walk, is_member, &name, &modifiers)),
        is_static: has("static"),
        is_async: has("async"),
        modifiers,
        name,
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    let draft = FunctionDraft { function, body, head, member_of, ..FunctionDraft::default() };
    let Some(index) = walk.open_function(node, draft) else { return };
    if is_unscoped {
        walk.add_unscoped(index);
    }
    if of_object.is_some() {
        walk.add_object_member(index);
    }
}

/// Who may use a member of the object around the current node: everyone if the module exports the object, and else whoever
/// has the object, which nothing says.
fn object_visibility(walk: &Walk<'_>) -> Visibility {
    let object = (1..).find(|levels| walk.ancestor(*levels).is_none_or(|around| walk.is(around, OBJECT)));
    match object.is_some_and(|levels| is_exported_object(walk, levels)) {
        true => Visibility::Public,
        false => Visibility::Unspecified,
    }
}

/// A method with a body, of a class or of an object.
pub(in crate::languages) fn method<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let name = property_name(walk, name);
    let modifiers = modifiers(walk, node);
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    let in_object = walk.parent().is_some_and(|parent| walk.is(parent, OBJECT));
    let kind = match name.as_str() {
        _ if has("get") || has("set") => FunctionKind::Accessor,
        "constructor" if !in_object => FunctionKind::Constructor,
        _ => FunctionKind::Function,
    };
    let function = Function {
        kind,
        parameters: parameters(walk, node),
        return_type: return_type(walk, node),
        visibility: match in_object {
            true => object_visibility(walk),
            false => member_visibility(&name, &modifiers),
        },
        is_abstract: has("abstract"),
        is_static: has("static"),
        is_async: has("async"),
        modifiers,
        name,
        ..Function::default()
    };
    let (body, start) = (walk.child(node, BODY), start_behind_decorators(walk, node));
    let decorators = decorators(walk, node);
    let Some(index) =
        walk.open_function(node, FunctionDraft { function, body, start, ..FunctionDraft::default() })
    else {
        return;
    };
    for decorator in decorators {
        annotate(walk, Owner::Function(index), decorator);
    }
    if in_object {
        walk.add_unscoped(index);
        walk.add_object_member(index);
    }
    if kind == FunctionKind::Constructor {
        parameter_properties(walk, node, index);
    }
}

/// How many signatures are looked at for the body behind them.
const MOST_OVERLOADS: usize = 100;

/// `function f(a: A): B;`: a function of elsewhere, which is abstract here; or an overload, which the function with the body
/// stands for.
pub(in crate::languages) fn function_signature<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let exported = walk.parent().filter(|parent| walk.is(*parent, EXPORT_STATEMENT));
    let name_text = walk.name(name);
    if !is_ambient(walk) && is_implemented(walk, exported.unwrap_or(node), name) {
        walk.declare(name_text, false);
        return;
    }
    let modifiers = modifiers(walk, node);
    let is_member = walk.enclosing_class().is_some();
    let function = Function {
        parameters: parameters(walk, node),
        return_type: return_type(walk, node),
        visibility: visibility(walk, is_member, &name_text, &modifiers),
        is_async: modifiers.iter().any(|modifier| modifier == "async"),
        modifiers,
        name: name_text,
        ..Function::default()
    };
    // The semicolon ends the statement and is no part of the definition.
    let ends_with_semicolon = walk.bytes(node).ends_with(b";");
    if let Some(index) = walk.open_function(node, FunctionDraft { function, ..FunctionDraft::default() })
        && ends_with_semicolon
    {
        let function = walk.function(index);
        function.span.column_end -= 1;
        for text in [&mut function.signature, &mut function.source_code].into_iter().flatten() {
            text.truncate(text.trim_end_matches(';').len());
        }
    }
}

/// Whether a method's signature in the body of a class is one of several, of which the last has a body. In declarations of
/// what is elsewhere it is all there is.
pub(super) fn is_overload<'t>(walk: &mut Walk<'t>, node: Node<'t>, name: Node<'t>) -> bool {
    let in_class = walk.parent().is_some_and(|parent| walk.is(parent, CLASS_BODY));
    in_class && !is_ambient(walk) && is_implemented(walk, node, name)
}

/// Whether the current node is in a declaration of what is elsewhere.
fn is_ambient(walk: &Walk<'_>) -> bool {
    let mut around = (1..).map_while(|levels| walk.ancestor(levels));
    around.any(|node| walk.is(node, AMBIENT_DECLARATION))
}

/// Whether what follows a signature, but for other signatures, is the body to it: TypeScript wants it there (error 2391).
fn is_implemented<'t>(walk: &mut Walk<'t>, signature: Node<'t>, name: Node<'t>) -> bool {
    let mut next = signature.next_named_sibling();
    for _ in 0..MOST_OVERLOADS {
        let Some(node) = next else { return false };
        let definition = walk.child(node, DECLARATION).unwrap_or(node);
        if !node.is_extra() && !walk.is(node, DECORATOR) {
            match walk.child(definition, NAME) {
                Some(other) if walk.bytes(other) == walk.bytes(name) => {}
                // What is exported as a whole (`export default function f() {}`) may have no name.
                _ => return false,
            }
            if walk.child(definition, BODY).is_some() {
                return true;
            }
        }
        next = node.next_named_sibling();
    }
    false
}

pub(super) fn return_type<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    let annotation = walk.child(node, RETURN_TYPE);
    type_text(walk, annotation)
}

pub(super) fn parameters<'t>(walk: &mut Walk<'t>, function: Node<'t>) -> Vec<Parameter> {
    if let Some(only) = walk.child(function, PARAMETER) {
        return vec![Parameter { name: walk.name(only), ..Parameter::default() }];
    }
    let Some(list) = walk.child(function, PARAMETERS) else { return Vec::new() };
    let nodes = walk.named_children(list);
    nodes.into_iter().map(|node| parameter(walk, node)).collect()
}

fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Parameter {
    let is_typed = walk.is_any(node, &[REQUIRED_PARAMETER, OPTIONAL_PARAMETER]);
    let (mut pattern, value) = if is_typed {
        (walk.child(node, PATTERN).unwrap_or(node), walk.child(node, VALUE))
    } else if walk.is(node, ASSIGNMENT_PATTERN) {
        (walk.child(node, LEFT).unwrap_or(node), walk.child(node, RIGHT))
    } else {
        (node, None)
    };
    let mut kind = ParameterKind::Ordinary;
    if walk.is(pattern, REST_PATTERN) {
        kind = ParameterKind::Variadic;
        pattern = pattern.named_child(0).unwrap_or(pattern);
    } else if walk.is(pattern, THIS) {
        kind = ParameterKind::Receiver;
    }
    let annotation = walk.child(node, TYPE).filter(|_| is_typed);
    Parameter {
        name: walk.name(pattern),
        type_name: type_text(walk, annotation),
        default_value: value.map(|value| walk.text(value, Limit::DefaultValue)),
        kind,
    }
}

/// `constructor(private name: string)` declares a field.
fn parameter_properties<'t>(walk: &mut Walk<'t>, constructor: Node<'t>, index: u32) {
    let (Some(class), Some(list)) = (walk.function(index).class, walk.child(constructor, PARAMETERS)) else {
        return;
    };
    for node in walk.named_children(list) {
        let modifiers = modifiers(walk, node);
        let Some(pattern) = walk.child(node, PATTERN) else { continue };
        if modifiers.is_empty() {
            continue;
        }
        let name = walk.name(pattern);
        let annotation = walk.child(node, TYPE);
        let field = Field {
            type_name: type_text(walk, annotation),
            visibility: member_visibility(&name, &modifiers),
            is_final: modifiers.iter().any(|modifier| modifier == "readonly"),
            line: walk.line(pattern),
            name,
            modifiers,
            ..Field::default()
        };
        walk.add_new_field(class, field);
    }
}
