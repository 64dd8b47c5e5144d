//! Kotlin, up to Kotlin 2.1.
//!
//! Sources: the Kotlin language specification, chapters "Declarations", "Inheritance", "Expressions".
//!
//! A base with arguments is a class, any other an interface. Properties are fields where they stand in the body of a class
//! or in its primary constructor, which is itself no function; accessors with a body are functions of the property's name.
//! An object without a name is a class `(anonymous)`, a companion without one is `Companion`. The extended type of an
//! extension is its receiver, the extension belongs to what it is declared in. The elvis operator is no decision, a
//! branch of `when` but `else` is one. A function in infix form is called as a method.

mod calls;
mod functions;
mod heads;
mod mend;
mod properties;
mod surface;
mod types;

use snake_pipe_core::{
    Language,
    model::{Import, ImportKind, Owner},
};
use tree_sitter::Node;

use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Limit, Role, Walk, names};

names! {
    kinds {
        ANNOTATED_LAMBDA = "annotated_lambda",
        ANNOTATION = "annotation",
        BLOCK = "block",
        CALL_EXPRESSION = "call_expression",
        CLASS_BODY = "class_body",
        CLASS_PARAMETER = "class_parameter",
        CLASS_PARAMETERS = "class_parameters",
        COLON = ":",
        COMPANION_OBJECT = "companion_object",
        CONSTRUCTOR_INVOCATION = "constructor_invocation",
        DELEGATION = "constructor_delegation_call",
        DELEGATION_SPECIFIERS = "delegation_specifiers",
        DOT = ".",
        ENUM_CLASS_BODY = "enum_class_body",
        ENUM_ENTRY = "enum_entry",
        EQUALS = "=",
        EXPLICIT_DELEGATION = "explicit_delegation",
        FUNCTION_BODY = "function_body",
        GETTER = "getter",
        IDENTIFIER = "identifier",
        IF_EXPRESSION = "if_expression",
        INTERFACE = "interface",
        LAMBDA = "lambda_literal",
        LAMBDA_PARAMETERS = "lambda_parameters",
        MODIFIERS = "modifiers",
        MULTI_VARIABLE = "multi_variable_declaration",
        NAVIGATION = "navigation_expression",
        OBJECT_DECLARATION = "object_declaration",
        PARAMETER = "parameter",
        PARAMETER_MODIFIERS = "parameter_modifiers",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PATH_SEPARATOR = "::",
        PRIMARY_CONSTRUCTOR = "primary_constructor",
        PROPERTY = "property_declaration",
        QUALIFIED_IDENTIFIER = "qualified_identifier",
        STAR = "*",
        TYPE_PARAMETERS = "type_parameters",
        USER_TYPE = "user_type",
        VALUE_ARGUMENTS = "value_arguments",
        VALUE_PARAMETERS = "function_value_parameters",
        VARIABLE = "variable_declaration",
        VAL = "val",
        VAR = "var",
    }
    fields {
        NAME = "name",
        ALIAS_NAME = "type",
    }
}

/// Without one of these there is no call, decision, definition or comment in the access of a member.
static CODE: Bytes = Bytes::of(b"([{/?&|:");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Kotlin,
    extensions: &["kt", "kts"],
    prepare: mend::without_contexts,
    mend: mend::end_members,
    grammars: &[|| tree_sitter_kotlin_ng::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("line_comment", Role::Comment),
        ("block_comment", Role::Comment),
        ("package_header", Role::Rule(package)),
        ("import", Role::Rule(import)),
        ("file_annotation", Role::Rule(file_annotation)),
        ("class_declaration", Role::Rule(types::declaration)),
        ("object_declaration", Role::Rule(types::declaration)),
        ("companion_object", Role::Rule(types::declaration)),
        ("object_literal", Role::Rule(types::object_literal)),
        ("enum_entry", Role::Rule(types::enum_entry)),
        ("class_body", Role::Rule(types::body)),
        ("type_alias", Role::Rule(types::alias)),
        ("function_declaration", Role::Rule(functions::declaration)),
        ("secondary_constructor", Role::Rule(functions::constructor)),
        ("lambda_literal", Role::Rule(functions::literal)),
        ("anonymous_function", Role::Rule(functions::literal)),
        ("property_declaration", Role::Rule(properties::declaration)),
        ("getter", Role::Rule(properties::accessor)),
        ("setter", Role::Rule(properties::accessor)),
        ("call_expression", Role::Rule(calls::call)),
        ("infix_expression", Role::Rule(calls::infix)),
        ("constructor_delegation_call", Role::Rule(calls::delegation)),
        ("when_subject", Role::Rule(properties::variables)),
        ("for_statement", Role::Rule(for_statement)),
        ("catch_block", Role::Rule(catch_block)),
        ("if_expression", Role::If),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("do_while_statement", Role::Flow(Flow::LOOP)),
        ("when_expression", Role::Flow(Flow::SWITCH)),
        ("when_entry", Role::Rule(when_entry)),
        ("labeled_expression", Role::Rule(jump)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
        ("navigation_expression", Role::Unless(&CODE)),
        ("user_type", Role::Unless(&Bytes::COMMENT)),
        ("nullable_type", Role::Unless(&Bytes::COMMENT)),
        ("function_type", Role::Unless(&Bytes::COMMENT)),
        ("type_arguments", Role::Unless(&Bytes::COMMENT)),
        ("type_parameters", Role::Unless(&Bytes::COMMENT)),
        ("qualified_identifier", Role::Unless(&Bytes::COMMENT)),
    ],
    tokens: &[("else", Role::Rule(else_token)), ("&&", Role::Boolean), ("||", Role::Boolean)],
    comment_form,
    calls_construct: true,
    bare_calls_reach_members: true,
    texts: &["multiline_string_literal", "string_literal"],
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// KDoc is `/** … */`.
fn comment_form(comment: &[u8]) -> CommentForm {
    match comment {
        [b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'*', b'*', b'*' | b'/', ..] => CommentForm::Block,
        [b'/', b'*', b'*', ..] => CommentForm::DocBlock,
        _ => CommentForm::Block,
    }
}

fn package<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child_of_kind(node, QUALIFIED_IDENTIFIER) {
        let name = walk.name(name).replace(' ', "");
        walk.open_namespace_to_end(&name);
    }
}

/// `import a.b.C as D` is the name `C` of the package or object `a.b`.
fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(path) = walk.child_of_kind(node, QUALIFIED_IDENTIFIER) else { return };
    if let Some(star) = walk.child_of_kind(node, STAR) {
        let module = walk.name(path).replace(' ', "");
        walk.add_import(node, star, Import { kind: ImportKind::Wildcard, module, ..Import::default() });
        return;
    }
    let mut parts = walk.named_children(path);
    let Some(last) = parts.pop() else { return };
    let module = match (parts.first(), parts.last()) {
        (Some(first), Some(end)) => walk.text_through(*first, *end, Limit::Import).replace(' ', ""),
        _ => String::new(),
    };
    let name = Some(walk.name(last));
    let alias = walk.child_of_kind(node, IDENTIFIER).map(|alias| walk.name(alias));
    walk.add_import(node, last, Import { kind: ImportKind::Name, module, name, alias, ..Import::default() });
}

fn file_annotation<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    heads::annotate(walk, Owner::File, node);
}

fn for_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::LOOP);
    properties::variables(walk, node);
}

/// `catch (e: IOException)`.
fn catch_block<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::CATCH);
    let children = walk.children(node);
    let Some(place) = children.iter().position(|child| walk.is(*child, IDENTIFIER)) else { return };
    let name = walk.name(children[place]);
    let type_name = children.get(place + 2).map(|type_node| walk.text(*type_node, Limit::Type));
    walk.add_local(name, type_name);
}

fn when_entry<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if node.child(0).is_none_or(|first| first.kind() != "else") {
        walk.flow(node, Flow::CASE);
    }
}

/// `when` has an `else` too.
fn else_token<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.parent().is_some_and(|parent| walk.is(parent, IF_EXPRESSION)) {
        walk.enter_else(node);
    }
}

/// `break@label` and `continue@label`, which the grammar takes for expressions with a label.
fn jump<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let text = walk.bytes(node);
    if text.starts_with(b"break@") || text.starts_with(b"continue@") {
        walk.flow(node, Flow::JUMP);
    }
}

#[cfg(test)]
mod tests;
