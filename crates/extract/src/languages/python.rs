//! Python.
//!
//! A class-level name and a `self.name` of `__init__` are fields. `_name` is protected, `__name` private. A function with
//! a `yield` is no kind of its own. Calls of what has no name (`handlers[key]()`) are not recorded.

mod classes;
mod counting;
mod imports;
mod strings;
mod surface;
mod variables;

use snake_pipe_core::{
    Language,
    model::{CallKind, Function, FunctionKind, ImportKind, Parameter, ParameterKind, Visibility},
};
use tree_sitter::Node;

use self::{
    classes::{class_definition, type_alias},
    counting::{COUNTING, count_else, if_clause, match_statement, try_statement},
    imports::{dynamic_import, import_from, import_statement},
    strings::doc_string,
    variables::{
        as_pattern, assignment, augmented_assignment, bind_captures, delete_statement, for_in_clause,
        for_statement, global_statement, named_expression, nonlocal_statement,
    },
};
use super::LanguageRules;
use crate::engine::{Bytes, CallSite, CommentForm, Flow, FunctionDraft, Limit, Role, Walk, names};

names! {
    kinds {
        ALIASED_IMPORT = "aliased_import",
        ARGUMENT_LIST = "argument_list",
        ASSIGNMENT = "assignment",
        ATTRIBUTE = "attribute",
        BLOCK = "block",
        CALL = "call",
        CASE_CLAUSE = "case_clause",
        CASE_PATTERN = "case_pattern",
        CLASS_DEFINITION = "class_definition",
        CLASS_PATTERN = "class_pattern",
        COMMENT = "comment",
        CONCATENATED_STRING = "concatenated_string",
        DEFAULT_PARAMETER = "default_parameter",
        DECORATED_DEFINITION = "decorated_definition",
        DICTIONARY_SPLAT = "dictionary_splat",
        DICTIONARY_SPLAT_PATTERN = "dictionary_splat_pattern",
        DOTTED_NAME = "dotted_name",
        ELIF_CLAUSE = "elif_clause",
        ELSE_CLAUSE = "else_clause",
        EXCEPT_CLAUSE = "except_clause",
        EXPRESSION_LIST = "expression_list",
        EXPRESSION_STATEMENT = "expression_statement",
        FUNCTION_DEFINITION = "function_definition",
        IDENTIFIER = "identifier",
        IF_STATEMENT = "if_statement",
        INTERPOLATION = "interpolation",
        KEYWORD_ARGUMENT = "keyword_argument",
        KEYWORD_PATTERN = "keyword_pattern",
        KEYWORD_SEPARATOR = "keyword_separator",
        LAMBDA = "lambda",
        LIST = "list",
        LIST_PATTERN = "list_pattern",
        LIST_SPLAT = "list_splat",
        LIST_SPLAT_PATTERN = "list_splat_pattern",
        NONE = "none",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PATTERN_LIST = "pattern_list",
        POSITIONAL_SEPARATOR = "positional_separator",
        RELATIVE_IMPORT = "relative_import",
        RETURN_STATEMENT = "return_statement",
        STRING = "string",
        STRING_END = "string_end",
        STRING_START = "string_start",
        SUBSCRIPT = "subscript",
        TRY_STATEMENT = "try_statement",
        TUPLE = "tuple",
        TUPLE_PATTERN = "tuple_pattern",
        TYPED_DEFAULT_PARAMETER = "typed_default_parameter",
        TYPED_PARAMETER = "typed_parameter",
        WILDCARD_IMPORT = "wildcard_import",
    }
    fields {
        ALIAS = "alias",
        ARGUMENTS = "arguments",
        ATTRIBUTE_NAME = "attribute",
        BODY = "body",
        CONDITION = "condition",
        FUNCTION = "function",
        LEFT = "left",
        MODULE_NAME = "module_name",
        NAME = "name",
        OBJECT = "object",
        PARAMETERS = "parameters",
        RETURN_TYPE = "return_type",
        RIGHT = "right",
        SUPERCLASSES = "superclasses",
        TYPE = "type",
        TYPE_PARAMETERS = "type_parameters",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision or comment in an attribute.
static CODE: Bytes = Bytes::of(b"([{#\\");
static BRACE: Bytes = Bytes::of(b"{");
static TYPE_CODE: Bytes = Bytes::of(b"(#");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Python,
    extensions: &["py", "pyi", "pyw"],
    file_names: &["SConstruct", "SConscript", "wscript"],
    interpreters: &["python", "pypy"],
    grammars: &[|| tree_sitter_python::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("comment", Role::Comment),
        ("identifier", Role::Leaf),
        ("integer", Role::Leaf),
        ("attribute", Role::Unless(&CODE)),
        ("dotted_name", Role::Skip),
        ("string", Role::Unless(&BRACE)),
        ("type", Role::Unless(&TYPE_CODE)),
        ("function_definition", Role::Rule(function_definition)),
        ("lambda", Role::Rule(lambda)),
        ("class_definition", Role::Rule(class_definition)),
        ("type_alias_statement", Role::Rule(type_alias)),
        ("decorator", Role::Rule(decorator)),
        ("assignment", Role::Rule(assignment)),
        ("augmented_assignment", Role::Rule(augmented_assignment)),
        ("delete_statement", Role::Rule(delete_statement)),
        ("global_statement", Role::Rule(global_statement)),
        ("nonlocal_statement", Role::Rule(nonlocal_statement)),
        ("import_statement", Role::Rule(import_statement)),
        ("import_from_statement", Role::Rule(import_from)),
        ("future_import_statement", Role::Rule(import_from)),
        ("call", Role::Rule(call)),
        ("if_statement", Role::Flow(Flow::LOOP)),
        ("elif_clause", Role::Flow(Flow::ELIF)),
        ("else_clause", Role::Rule(else_clause)),
        ("for_statement", Role::Rule(for_statement)),
        ("for_in_clause", Role::Rule(for_in_clause)),
        ("as_pattern", Role::Rule(as_pattern)),
        ("named_expression", Role::Rule(named_expression)),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("except_clause", Role::Flow(Flow::CATCH)),
        ("match_statement", Role::Rule(match_statement)),
        ("case_clause", Role::Rule(case_clause)),
        ("if_clause", Role::Rule(if_clause)),
        ("try_statement", Role::Rule(try_statement)),
        ("conditional_expression", Role::Flow(Flow::TERNARY)),
        ("boolean_operator", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
    ],
    tokens: &[("and", Role::Boolean), ("or", Role::Boolean)],
    counting: &COUNTING,
    wrappers: &["decorated_definition"],
    comment_form: |_| CommentForm::Line,
    calls_construct: true,
    rebinds_definitions: true,
    finish,
    texts: &["string"],
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

fn function_definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let name = walk.name(name);
    let decorators: Vec<String> =
        walk.annotations_before(node).iter().map(|name| last_part(name).to_owned()).collect();
    let has = |decorator: &str| decorators.iter().any(|name| name == decorator);
    let is_method = walk.enclosing_class().is_some();
    let is_static = has("staticmethod");
    let is_async = node.child(0).is_some_and(|token| token.kind() == "async");
    let kind = match name.as_str() {
        "__init__" | "__new__" if is_method => FunctionKind::Constructor,
        "__del__" if is_method => FunctionKind::Destructor,
        _ if is_method && is_accessor(&decorators) => FunctionKind::Accessor,
        name if is_method && is_operator(name) => FunctionKind::Operator,
        _ => FunctionKind::Function,
    };
    let body = walk.child(node, BODY);
    let function = Function {
        kind,
        parameters: parameters(walk, node, is_method && !is_static),
        return_type: walk.child_text(node, RETURN_TYPE, Limit::Type),
        doc_string: body.and_then(|body| doc_string(walk, body)),
        visibility: visibility(&name),
        modifiers: if is_async { vec!["async".to_owned()] } else { Vec::new() },
        is_abstract: has("abstractmethod"),
        is_static: is_static || has("classmethod"),
        is_async,
        is_test: name.starts_with("test_") || (is_method && name.starts_with("test")),
        name,
        ..Function::default()
    };
    let is_decorator = body.is_some_and(|body| makes_a_function(walk, body));
    let opened = walk.open_function(node, FunctionDraft { function, body, ..FunctionDraft::default() });
    if is_decorator && opened.is_some() {
        walk.ignore_nesting_of_functions();
    }
}

/// Whether a body holds nothing but a function and a `return`: the form of decorators, in which the function inside is no
/// deeper (Campbell, "Cognitive Complexity", appendix A).
fn makes_a_function<'t>(walk: &Walk<'t>, body: Node<'t>) -> bool {
    // Comments may stand between; more than a few are not worth the look.
    let count = body.named_child_count() as u32;
    if !(2..=8).contains(&count) {
        return false;
    }
    let mut statements = (0..count).filter_map(|index| body.named_child(index));
    let mut next = || statements.find(|node| !walk.is(*node, COMMENT));
    let makes = next().is_some_and(|node| walk.is_any(node, &[FUNCTION_DEFINITION, DECORATED_DEFINITION]));
    makes && next().is_some_and(|node| walk.is(node, RETURN_STATEMENT)) && next().is_none()
}

/// A lambda is a function where it is bound to a name; elsewhere it is part of the function around it.
fn lambda<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let mut levels = 1;
    while walk.ancestor(levels).is_some_and(|around| walk.is(around, PARENTHESIZED_EXPRESSION)) {
        levels += 1;
    }
    let binding = walk.ancestor(levels).filter(|parent| walk.is(*parent, ASSIGNMENT));
    let name =
        binding.and_then(|binding| walk.child(binding, LEFT)).filter(|left| walk.is(*left, IDENTIFIER));
    let Some(name) = name else {
        walk.flow(node, Flow::LAMBDA);
        for Parameter { name, .. } in parameters(walk, node, false) {
            walk.add_inner_local(name, None);
        }
        return;
    };
    let name = walk.name(name);
    let function = Function {
        kind: FunctionKind::Closure,
        parameters: parameters(walk, node, false),
        visibility: visibility(&name),
        name,
        ..Function::default()
    };
    let body = walk.child(node, BODY);
    walk.open_function(node, FunctionDraft { function, body, head: binding, ..FunctionDraft::default() });
}

fn parameters<'t>(walk: &mut Walk<'t>, function: Node<'t>, has_receiver: bool) -> Vec<Parameter> {
    let Some(list) = walk.child(function, PARAMETERS) else { return Vec::new() };
    let mut parameters = Vec::new();
    let mut kind = ParameterKind::Ordinary;
    for node in walk.named_children(list) {
        if walk.is(node, POSITIONAL_SEPARATOR) {
            for earlier in &mut parameters {
                let Parameter { kind, .. } = earlier;
                *kind = ParameterKind::PositionalOnly;
            }
        } else if walk.is(node, KEYWORD_SEPARATOR) {
            kind = ParameterKind::KeywordOnly;
        } else {
            let parameter = parameter(walk, node, kind);
            if parameter.kind == ParameterKind::Variadic {
                kind = ParameterKind::KeywordOnly;
            }
            parameters.push(parameter);
        }
    }
    if has_receiver
        && let Some(first) = parameters.first_mut()
        && matches!(first.name.as_str(), "self" | "cls" | "mcs" | "mcls")
    {
        first.kind = ParameterKind::Receiver;
    }
    parameters
}

fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>, kind: ParameterKind) -> Parameter {
    let has_default = walk.is_any(node, &[DEFAULT_PARAMETER, TYPED_DEFAULT_PARAMETER]);
    let inner = if has_default {
        walk.child(node, NAME)
    } else if walk.is(node, TYPED_PARAMETER) {
        node.named_child(0)
    } else {
        Some(node)
    };
    let inner = inner.unwrap_or(node);
    let (name, kind) = if walk.is(inner, LIST_SPLAT_PATTERN) {
        (inner.named_child(0).unwrap_or(inner), ParameterKind::Variadic)
    } else if walk.is(inner, DICTIONARY_SPLAT_PATTERN) {
        (inner.named_child(0).unwrap_or(inner), ParameterKind::KeywordVariadic)
    } else {
        (inner, kind)
    };
    Parameter {
        name: walk.name(name),
        type_name: walk.child_text(node, TYPE, Limit::Type),
        default_value: walk.child_text(node, VALUE, Limit::DefaultValue),
        kind,
    }
}

fn decorator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(expression) = node.named_child(0) else { return };
    if walk.is(expression, CALL) {
        let name = walk.child(expression, FUNCTION).unwrap_or(expression);
        let arguments = walk.child(expression, ARGUMENTS);
        walk.annotate_next(node, name, arguments);
    } else {
        walk.annotate_next(node, expression, None);
    }
}

fn call<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(callee) = walk.child(node, FUNCTION) else { return };
    let mut bare = callee;
    // To the grammar `[*f()]` is the call of `*f`.
    while walk.is_any(bare, &[PARENTHESIZED_EXPRESSION, LIST_SPLAT])
        && let Some(inner) = bare.named_child(0)
    {
        bare = inner;
    }
    let (kind, name) = if walk.is(bare, IDENTIFIER) {
        (CallKind::Function, bare)
    } else if walk.is(bare, ATTRIBUTE)
        && let Some(name) = walk.child(bare, ATTRIBUTE_NAME)
    {
        (CallKind::Method, name)
    } else {
        return;
    };
    let arguments = walk.child(node, ARGUMENTS);
    let argument_count = match arguments {
        Some(list) if walk.is(list, ARGUMENT_LIST) => walk.argument_count(list),
        // A generator expression is one argument.
        Some(_) => 1,
        None => 0,
    };
    walk.add_call(CallSite { kind, name, callee: bare, argument_count });
    // The same with `[*a.f()]`, where the object is `*a`.
    if walk.bytes(bare).starts_with(b"*")
        && let Some(text) = walk.facts().calls.last_mut().and_then(|call| call.text.as_mut())
    {
        *text = text.trim_start_matches(['*', ' ']).to_owned();
    }
    if let Some(arguments) = arguments {
        dynamic_import(walk, node, bare, arguments);
    }
}

fn else_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    // The `else` of a `try` is what happens in the ordinary case, not a branch.
    let parent = walk.parent();
    if !parent.is_some_and(|parent| walk.is(parent, TRY_STATEMENT)) {
        walk.flow(node, Flow::JUMP);
    }
    count_else(walk, node, parent);
}

/// `case _:` is the default and no decision.
fn case_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    bind_captures(walk, node);
    let pattern = node.named_child(0);
    if pattern.is_none_or(|pattern| walk.bytes(pattern) != b"_") {
        walk.flow(node, Flow::CASE);
    }
}

/// `os.getcwd()` is a call of a function if `os` is imported as a module.
fn finish(walk: &mut Walk<'_>) {
    walk.end_before_comments();
    walk.settle_module_calls(|import| match import.kind {
        ImportKind::Module => Some(import.alias.clone().unwrap_or_else(|| import.module.clone())),
        ImportKind::Name
        | ImportKind::Wildcard
        | ImportKind::Include
        | ImportKind::ReExport
        | ImportKind::Dynamic => None,
    });
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn is_accessor(decorators: &[String]) -> bool {
    let accessors = ["property", "cached_property", "setter", "getter", "deleter"];
    decorators.iter().any(|name| accessors.contains(&name.as_str()))
}

fn visibility(name: &str) -> Visibility {
    match name {
        _ if name.starts_with("__") && name.ends_with("__") => Visibility::Public,
        _ if name.starts_with("__") => Visibility::Private,
        _ if name.starts_with('_') => Visibility::Protected,
        _ => Visibility::Public,
    }
}

/// Whether a method implements an operator (data model, sections 3.3.1, 3.3.7 and 3.3.8 of the language reference).
fn is_operator(name: &str) -> bool {
    const OPERATORS: &[&str] = &[
        "lt", "le", "eq", "ne", "gt", "ge", "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod",
        "divmod", "pow", "lshift", "rshift", "and", "xor", "or", "neg", "pos", "abs", "invert", "getitem",
        "setitem", "delitem", "contains", "call",
    ];
    let Some(operator) = name.strip_prefix("__").and_then(|name| name.strip_suffix("__")) else {
        return false;
    };
    let plain = |prefix: char| operator.strip_prefix(prefix).is_some_and(|name| OPERATORS.contains(&name));
    OPERATORS.contains(&operator) || plain('r') || plain('i')
}

#[cfg(test)]
mod tests;
