//! Functions, macros, and macros that define functions.

use snake_pipe_core::model::{Function, FunctionKind, Owner, Parameter, ParameterKind, Visibility};
use tree_sitter::Node;

use super::{
    ARGUMENTS, ATTRIBUTE, ATTRIBUTE_DECLARATION, ATTRIBUTE_SPECIFIER, BODY, CALL_EXPRESSION, DECLARATION,
    DECLARATOR, DEFAULT_METHOD_CLAUSE, DEFAULT_VALUE, DELETE_METHOD_CLAUSE, DESTRUCTOR_NAME,
    EXPLICIT_FUNCTION_SPECIFIER, FIELD_INITIALIZER_LIST, FUNCTION, IDENTIFIER, INIT_DECLARATOR,
    MACRO_TYPE_SPECIFIER, NAME, OPERATOR_CAST, OPERATOR_NAME, PARAMETERS, PURE_VIRTUAL_CLAUSE,
    STORAGE_CLASS_SPECIFIER, TRAILING_RETURN_TYPE, TRY_STATEMENT, TYPE, TYPE_QUALIFIER, VALUE,
    VARIADIC_PARAMETER_DECLARATION, VIRTUAL_SPECIFIER,
    blocks::definition_by_macro,
    calls::{macro_loop, macro_loop_around},
    counting::count_name,
    declarators::{Declared, declared, is_modifier, last_name, scope_text, type_text},
};
use crate::engine::{Flow, FunctionDraft, Limit, Walk};

/// The part of a qualified name that an unnamed namespace has.
pub(super) const UNNAMED_NAMESPACE: &str = "(anonymous namespace)";

pub(in crate::languages) fn function_definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if definition_by_macro(walk, node) {
        return;
    }
    let Some(declarator) = walk.child(node, DECLARATOR) else { return };
    let found = declared(walk, declarator).filter(|found| found.as_function().is_some());
    let Some(found) = found else {
        macro_loop(walk, node);
        return;
    };
    if walk.enclosing_function().is_some() && !is_nested_function(walk, node, found) {
        macro_loop_around(walk, node, found);
        return;
    }
    let default = walk.child_of_kind(node, DEFAULT_METHOD_CLAUSE);
    // `try : a(1) { … } catch (…) { … }` of a constructor is in no field.
    let body = walk.child(node, BODY).or(default).or_else(|| walk.child_of_kind(node, TRY_STATEMENT));
    // The signature ends where a constructor begins to initialise.
    let initializers = walk.child_of_kind(node, FIELD_INITIALIZER_LIST);
    if walk.child_of_kind(node, PURE_VIRTUAL_CLAUSE).is_some()
        && let Some(class) = walk.enclosing_class()
    {
        walk.class(class).is_abstract = true;
    }
    if walk.child_of_kind(node, DELETE_METHOD_CLAUSE).is_none() {
        open(walk, node, declarator, found, initializers.or(body));
    }
}

/// Whether what looks like a function inside a function is one (an extension of GNU C): its parameters have names. What a
/// macro opens, such as `for_each(x) y(z) { … }`, has none.
fn is_nested_function<'t>(walk: &mut Walk<'t>, node: Node<'t>, found: Declared<'t>) -> bool {
    let is_macro = walk.child(node, TYPE).is_none_or(|type_node| walk.is(type_node, MACRO_TYPE_SPECIFIER));
    let list = found.function.and_then(|function| walk.child(function, PARAMETERS));
    let parameters = list.map(|list| walk.named_children(list)).unwrap_or_default();
    !is_macro
        && parameters.iter().all(|parameter| {
            walk.child(*parameter, DECLARATOR).is_some() || walk.bytes(*parameter) == b"void"
        })
}

/// Opens a function; also an abstract one, which has no body.
pub(super) fn open<'t>(
    walk: &mut Walk<'t>,
    node: Node<'t>,
    declarator: Node<'t>,
    found: Declared<'t>,
    body: Option<Node<'t>>,
) {
    let last = last_name(walk, found.name);
    let member_of = scope_text(walk, found.name);
    let class = walk.enclosing_class();
    let class_name = match (&member_of, class) {
        (Some(scope), _) => scope.rsplit("::").next().map(str::to_owned),
        (None, Some(class)) => Some(walk.class(class).name.clone()),
        (None, None) => None,
    };
    let name = function_name(walk, last);
    // What is not understood may leave a statement that looks like a function.
    if matches!(name.as_str(), "if" | "for" | "while" | "switch" | "return" | "sizeof") {
        count_name(walk, last);
        return;
    }
    let modifiers = modifiers(walk, node, found);
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    let kind = if walk.is(last, DESTRUCTOR_NAME) {
        FunctionKind::Destructor
    } else if walk.is_any(last, &[OPERATOR_NAME, OPERATOR_CAST]) {
        FunctionKind::Operator
    } else if class_name.as_deref() == Some(name.as_str()) {
        FunctionKind::Constructor
    } else {
        FunctionKind::Function
    };
    let test = test_name(walk, node, found, &name);
    let mut parameters = if test.is_some() { Vec::new() } else { parameters(walk, found.function) };
    declare_old_style(walk, node, &mut parameters);
    let function = Function {
        kind,
        parameters,
        // What stands before the name of a constructor is a macro.
        return_type: match kind {
            FunctionKind::Constructor | FunctionKind::Destructor => None,
            _ => return_type(walk, node, declarator, found),
        },
        visibility: visibility(walk, class, member_of.is_some(), has("static")),
        is_static: class.is_some() && has("static"),
        is_test: test.is_some(),
        modifiers,
        name: test.unwrap_or(name),
        ..Function::default()
    };
    let start = walk.children(node).into_iter().find(|child| !walk.is(*child, ATTRIBUTE_DECLARATION));
    let start = start.filter(|start| start.start_byte() > node.start_byte());
    // Where braces do not match, functions seem to lie inside others; by custom only the outermost begin a line.
    let is_outermost = walk.enclosing_function().is_some() && node.start_position().column == 0;
    let draft = FunctionDraft { function, body, start, is_outermost, member_of, ..FunctionDraft::default() };
    if let Some(index) = walk.open_function(node, draft) {
        attributes(walk, node, Owner::Function(index));
    }
}

fn function_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) -> String {
    if walk.is(name, OPERATOR_CAST) {
        let end = walk.child(name, TYPE).unwrap_or(name);
        return walk.text_through(name, end, Limit::Name);
    }
    let text = walk.name(name);
    match walk.is(name, OPERATOR_NAME) && !text.contains(char::is_alphanumeric)
        || text.starts_with("operator ")
    {
        true => operator_name(&text),
        false => text,
    }
}

/// `operator==` for `operator ==`, but `operator new`.
fn operator_name(text: &str) -> String {
    match text.strip_prefix("operator ") {
        Some(operator) if !operator.starts_with(char::is_alphabetic) => format!("operator{operator}"),
        _ => text.to_owned(),
    }
}

pub(super) fn visibility(
    walk: &Walk<'_>,
    class: Option<u32>,
    is_member: bool,
    is_static: bool,
) -> Visibility {
    match class {
        Some(class) => walk.member_visibility(class),
        // What a member's definition outside its class leaves to the class.
        None if is_member => Visibility::Unspecified,
        None if is_static || walk.qualified("").contains(UNNAMED_NAMESPACE) => Visibility::Private,
        None => Visibility::Public,
    }
}

fn return_type<'t>(
    walk: &mut Walk<'t>,
    node: Node<'t>,
    declarator: Node<'t>,
    found: Declared<'t>,
) -> Option<String> {
    let trailing = found.function.and_then(|function| walk.child_of_kind(function, TRAILING_RETURN_TYPE));
    match trailing.and_then(|trailing| trailing.named_child(0)) {
        Some(trailing) => Some(walk.text(trailing, Limit::Type)),
        None => type_text(walk, node, Some(declarator), found.function),
    }
}

/// Words before and behind the name that say how a function or field is defined.
pub(super) fn modifiers<'t>(walk: &mut Walk<'t>, node: Node<'t>, found: Declared<'t>) -> Vec<String> {
    let function = found.as_function();
    let behind = function.map(|function| walk.children(function)).unwrap_or_default();
    let end = walk.child(node, DECLARATOR).map_or(found.name.start_byte(), |first| first.start_byte());
    let words = walk.children_before(node, end).into_iter().filter(|child| {
        walk.is_any(*child, &[STORAGE_CLASS_SPECIFIER, EXPLICIT_FUNCTION_SPECIFIER])
            || child.kind() == "virtual"
            || (walk.is(*child, TYPE_QUALIFIER) && is_modifier(walk.bytes(*child)))
    });
    let behind = behind.into_iter().filter(|child| walk.is_any(*child, &[TYPE_QUALIFIER, VIRTUAL_SPECIFIER]));
    let words: Vec<Node<'t>> = words.chain(behind).collect();
    words.into_iter().map(|word| walk.name(word)).collect()
}

pub(super) fn parameters<'t>(walk: &mut Walk<'t>, function: Option<Node<'t>>) -> Vec<Parameter> {
    let Some(list) = function.and_then(|function| walk.child(function, PARAMETERS)) else {
        return Vec::new();
    };
    let nodes = walk.children(list);
    let nodes = nodes.into_iter().filter(|node| node.is_named() || node.kind() == "...");
    let nodes: Vec<Node<'t>> = nodes.filter(|node| walk.bytes(*node) != b"void").collect();
    nodes.into_iter().map(|node| parameter(walk, node)).collect()
}

fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Parameter {
    if matches!(walk.bytes(node), b"...") {
        return Parameter { kind: ParameterKind::Variadic, ..Parameter::default() };
    }
    if walk.is(node, IDENTIFIER) {
        // A parameter of the old style, whose type is declared behind the list.
        return Parameter { name: walk.name(node), ..Parameter::default() };
    }
    let declarator = walk.child(node, DECLARATOR);
    let name = declarator.and_then(|declarator| declared(walk, declarator)).map(|found| found.name);
    let is_pack = walk.is(node, VARIADIC_PARAMETER_DECLARATION);
    Parameter {
        name: name.map(|name| walk.name(name)).unwrap_or_default(),
        type_name: type_text(walk, node, declarator, name),
        default_value: walk.child_text(node, DEFAULT_VALUE, Limit::DefaultValue),
        kind: if is_pack { ParameterKind::Variadic } else { ParameterKind::Ordinary },
    }
}

/// The types of parameters that are declared between the list and the body: `int f(a, b) int a; char *b; { … }`.
fn declare_old_style<'t>(walk: &mut Walk<'t>, node: Node<'t>, parameters: &mut [Parameter]) {
    if !parameters.iter().any(|parameter| parameter.type_name.is_none()) {
        return;
    }
    for declaration in
        walk.named_children(node).into_iter().filter(|child| walk.is(*child, DECLARATION)).collect::<Vec<_>>()
    {
        for declarator in walk.children_in(declaration, DECLARATOR) {
            let Some(found) = declared(walk, declarator) else { continue };
            let name = walk.name(found.name);
            let type_name = type_text(walk, declaration, Some(declarator), Some(found.name));
            if let Some(parameter) = parameters.iter_mut().find(|parameter| parameter.name == name) {
                parameter.type_name = type_name;
            }
        }
    }
}

/// `[[nodiscard]]` and `__attribute__((format(printf, 1, 2)))`.
pub(super) fn attributes<'t>(walk: &mut Walk<'t>, node: Node<'t>, owner: Owner) {
    for child in walk.named_children(node) {
        if walk.is(child, ATTRIBUTE_DECLARATION) {
            for attribute in walk
                .named_children(child)
                .into_iter()
                .filter(|node| walk.is(*node, ATTRIBUTE))
                .collect::<Vec<_>>()
            {
                let name = walk.child(attribute, NAME).unwrap_or(attribute);
                let last = attribute.named_child(attribute.named_child_count().saturating_sub(1) as u32);
                let arguments = last.filter(|last| last.start_byte() >= name.end_byte());
                walk.annotate(owner, attribute, name, arguments);
            }
        } else if walk.is(child, ATTRIBUTE_SPECIFIER)
            && let Some(list) = child.named_child(0)
        {
            for attribute in walk.named_children(list) {
                let is_call = walk.is(attribute, CALL_EXPRESSION);
                let name = walk.child(attribute, FUNCTION).filter(|_| is_call).unwrap_or(attribute);
                let arguments = walk.child(attribute, ARGUMENTS).filter(|_| is_call);
                walk.annotate(owner, attribute, name, arguments);
            }
        }
    }
}

/// `#define NAME(a, b) …`.
pub(in crate::languages) fn macro_definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let list = walk.child(node, PARAMETERS).map(|list| walk.children(list)).unwrap_or_default();
    let list: Vec<Node<'t>> =
        list.into_iter().filter(|node| node.is_named() || node.kind() == "...").collect();
    let parameters = list.into_iter().map(|parameter| match walk.is(parameter, IDENTIFIER) {
        true => Parameter { name: walk.name(parameter), ..Parameter::default() },
        false => Parameter { kind: ParameterKind::Variadic, ..Parameter::default() },
    });
    let function = Function {
        kind: FunctionKind::Macro,
        parameters: parameters.collect(),
        name: walk.name(name),
        ..Function::default()
    };
    let body = walk.child(node, VALUE);
    walk.open_function(node, FunctionDraft { function, body, ..FunctionDraft::default() });
    walk.skip_children_but_comments(node);
}

/// A lambda is a function where it is the value of a variable; elsewhere it is part of the function around it.
pub(in crate::languages) fn lambda<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let variable = walk.parent().filter(|parent| walk.is(*parent, INIT_DECLARATOR));
    let name = variable.and_then(|variable| declared(walk, variable)).map(|found| found.name);
    let Some(name) = name.filter(|name| walk.is(*name, IDENTIFIER)) else {
        walk.flow(node, Flow::LAMBDA);
        return;
    };
    let declarator = walk.child(node, DECLARATOR);
    let trailing = declarator.and_then(|declarator| walk.child_of_kind(declarator, TRAILING_RETURN_TYPE));
    let trailing = trailing.and_then(|trailing| trailing.named_child(0));
    let function = Function {
        kind: FunctionKind::Closure,
        parameters: parameters(walk, declarator),
        return_type: trailing.map(|trailing| walk.text(trailing, Limit::Type)),
        name: walk.name(name),
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    walk.open_function(node, FunctionDraft { function, body, head: variable, ..FunctionDraft::default() });
}

/// `TEST(Suite, Name) { … }` of GoogleTest and its like defines the test `Suite.Name`.
fn test_name<'t>(walk: &mut Walk<'t>, node: Node<'t>, found: Declared<'t>, name: &str) -> Option<String> {
    const MACROS: &[&str] = &[
        "BOOST_AUTO_TEST_CASE",
        "BOOST_FIXTURE_TEST_CASE",
        "TEST",
        "TEST_F",
        "TEST_P",
        "TYPED_TEST",
        "TYPED_TEST_P",
    ];
    if walk.child(node, TYPE).is_some() || !MACROS.contains(&name) {
        return None;
    }
    let list = walk.child(found.function?, PARAMETERS)?;
    let names: Vec<String> = walk.named_children(list).into_iter().map(|name| walk.name(name)).collect();
    Some(names.join("."))
}
