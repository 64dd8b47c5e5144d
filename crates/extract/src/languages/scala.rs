//! Scala 2.13 and Scala 3.
//!
//! Sources: the Scala Language Specification 2.13, chapters 4 to 9, and the Scala 3 Reference.
//!
//! The first type behind `extends` is a base of kind `extends`, all others are mixed in. Class parameters are fields where
//! they are `val` or `var`, or where the class is a case class. A `new` with a body is a class `(anonymous)`, a `given` with
//! a body an object. `x_=` is an accessor. Argument lists that follow each other are one call, a selection without parentheses (`list.size`) is
//! none. A function literal that is not bound to a name is part of what is around it, `{ case … }` included. A `case` but
//! `_` is a decision, a guard another. The extended value of an extension is its methods' receiver.

mod calls;
mod functions;
mod heads;
mod imports;
mod surface;
mod types;
mod variables;

use snake_pipe_core::Language;
use tree_sitter::Node;

use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Limit, Role, Walk, names};

names! {
    kinds {
        ACCESS_MODIFIER = "access_modifier",
        ACCESS_QUALIFIER = "access_qualifier",
        ALTERNATIVE_PATTERN = "alternative_pattern",
        ANNOTATION = "annotation",
        APPLIED_TYPE = "applied_constructor_type",
        ARGUMENTS_LIST = "arguments",
        ARROW_RENAMED = "arrow_renamed_identifier",
        AS_RENAMED = "as_renamed_identifier",
        BINDING = "binding",
        BINDINGS = "bindings",
        CALL_EXPRESSION = "call_expression",
        CAPTURE_PATTERN = "capture_pattern",
        CASE = "case",
        CASE_CLASS_PATTERN = "case_class_pattern",
        CATCH_CLAUSE = "catch_clause",
        CLASS_DEFINITION = "class_definition",
        CLASS_PARAMETER = "class_parameter",
        COMMA = ",",
        COMPOUND_TYPE = "compound_type",
        DOT = ".",
        ENUM_BODY = "enum_body",
        ENUM_DEFINITION = "enum_definition",
        EXPORT_DECLARATION = "export_declaration",
        EXTENSION_DEFINITION = "extension_definition",
        FIELD_EXPRESSION = "field_expression",
        GENERIC_FUNCTION = "generic_function",
        GENERIC_TYPE = "generic_type",
        IDENTIFIER = "identifier",
        IDENTIFIERS = "identifiers",
        INFIX_PATTERN = "infix_pattern",
        INSTANCE = "instance_expression",
        MATCH_EXPRESSION = "match_expression",
        MODIFIERS = "modifiers",
        NAMESPACE_SELECTORS = "namespace_selectors",
        NAMESPACE_WILDCARD = "namespace_wildcard",
        OPERATOR_IDENTIFIER = "operator_identifier",
        PACKAGE_CLAUSE = "package_clause",
        PARAMETER = "parameter",
        PARAMETERS_LIST = "parameters",
        REPEATED_TYPE = "repeated_parameter_type",
        REFINEMENT = "refinement",
        STABLE_TYPE = "stable_type_identifier",
        STRUCTURAL_TYPE = "structural_type",
        TEMPLATE_BODY = "template_body",
        TRAIT_DEFINITION = "trait_definition",
        TUPLE_PATTERN = "tuple_pattern",
        TYPED_PATTERN = "typed_pattern",
        TYPE_PARAMETERS_LIST = "type_parameters",
        VAL = "val",
        VAL_DEFINITION = "val_definition",
        VAR = "var",
        VAR_DEFINITION = "var_definition",
        WILDCARD = "wildcard",
        WITH_TEMPLATE_BODY = "with_template_body",
    }
    fields {
        ALIAS = "alias",
        ARGUMENTS = "arguments",
        BASE = "base",
        BODY = "body",
        CLASS_PARAMETERS = "class_parameters",
        DEFAULT_VALUE = "default_value",
        EXTEND = "extend",
        EXTRA = "extra",
        FIELD = "field",
        FUNCTION = "function",
        LAMBDA_START = "lambda_start",
        NAME = "name",
        OPERATOR = "operator",
        PARAMETERS = "parameters",
        PATTERN = "pattern",
        RETURN_TYPE = "return_type",
        TYPE = "type",
        TYPE_PARAMETERS = "type_parameters",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision, definition or comment in the selection of a member
/// (`new` stands before a space).
static CODE: Bytes = Bytes::of(b"({/: ");
/// A type may hold members, and annotations with arguments.
static TYPE_CODE: Bytes = Bytes::of(b"({/");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Scala,
    extensions: &["scala", "sc", "sbt"],
    grammars: &[|| tree_sitter_scala::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("comment", Role::Comment),
        ("block_comment", Role::Comment),
        ("compilation_unit", Role::Rule(file)),
        ("package_clause", Role::Rule(package)),
        ("import_declaration", Role::Rule(imports::declaration)),
        ("export_declaration", Role::Rule(imports::declaration)),
        ("class_definition", Role::Rule(types::declaration)),
        ("trait_definition", Role::Rule(types::declaration)),
        ("object_definition", Role::Rule(types::declaration)),
        ("package_object", Role::Rule(types::declaration)),
        ("enum_definition", Role::Rule(types::declaration)),
        ("given_definition", Role::Rule(types::given)),
        ("simple_enum_case", Role::Rule(types::enum_case)),
        ("full_enum_case", Role::Rule(types::enum_case)),
        ("template_body", Role::Rule(types::anonymous_body)),
        ("type_definition", Role::Rule(types::alias)),
        ("function_definition", Role::Rule(functions::declaration)),
        ("function_declaration", Role::Rule(functions::declaration)),
        ("lambda_expression", Role::Rule(functions::lambda)),
        ("case_block", Role::Rule(functions::cases)),
        ("indented_cases", Role::Rule(functions::cases)),
        ("colon_argument", Role::Rule(functions::colon_argument)),
        ("val_definition", Role::Rule(variables::declaration)),
        ("val_declaration", Role::Rule(variables::declaration)),
        ("var_definition", Role::Rule(variables::declaration)),
        ("var_declaration", Role::Rule(variables::declaration)),
        ("enumerator", Role::Rule(variables::enumerator)),
        ("call_expression", Role::Rule(calls::call)),
        ("instance_expression", Role::Rule(calls::instance)),
        ("infix_expression", Role::BooleanRule(calls::infix)),
        ("operator_identifier", Role::Rule(boolean_operator)),
        ("if_expression", Role::If),
        ("for_expression", Role::Flow(Flow::LOOP)),
        ("while_expression", Role::Flow(Flow::LOOP)),
        ("do_while_expression", Role::Flow(Flow::LOOP)),
        ("match_expression", Role::Flow(Flow::SWITCH)),
        ("catch_clause", Role::Flow(Flow::SWITCH)),
        ("case_clause", Role::Rule(case_clause)),
        ("guard", Role::Flow(Flow::CASE)),
        ("parenthesized_expression", Role::Parentheses),
        ("field_expression", Role::Unless(&CODE)),
        ("generic_type", Role::Unless(&TYPE_CODE)),
        ("type_arguments", Role::Unless(&TYPE_CODE)),
        ("type_parameters", Role::Unless(&TYPE_CODE)),
        ("function_type", Role::Unless(&TYPE_CODE)),
        ("package_identifier", Role::Unless(&Bytes::COMMENT)),
        ("namespace_selectors", Role::Unless(&Bytes::COMMENT)),
        ("string", Role::Skip),
    ],
    tokens: &[("else", Role::Else)],
    comment_form,
    calls_construct: true,
    bare_calls_reach_members: true,
    texts: &["interpolated_string", "string"],
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// Scaladoc is `/** … */`.
fn comment_form(comment: &[u8]) -> CommentForm {
    match comment {
        [b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'*', b'*', b'*' | b'/', ..] => CommentForm::Block,
        [b'/', b'*', b'*', ..] => CommentForm::DocBlock,
        _ => CommentForm::Block,
    }
}

/// `package a` and then `package b` put the file into `a.b`.
fn file<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let mut name = String::new();
    for child in walk.named_children(node) {
        if walk.is(child, PACKAGE_CLAUSE)
            && walk.child(child, BODY).is_none()
            && let Some(part) = walk.child_text(child, NAME, Limit::Name)
        {
            name.push_str(if name.is_empty() { "" } else { "." });
            name.push_str(&part.replace(' ', ""));
        }
    }
    if !name.is_empty() {
        walk.open_namespace(&name);
    }
}

/// `package a { … }`; those without a body are dealt with when the file is entered.
fn package<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, BODY).is_some()
        && let Some(name) = walk.child_text(node, NAME, Limit::Name)
    {
        walk.open_namespace(&name.replace(' ', ""));
    }
}

/// Whether the current node is a member that a type asks for (`{ def close(): Unit }`), not one of a class.
fn is_of_structural_type(walk: &Walk<'_>) -> bool {
    walk.parent().is_some_and(|parent| walk.is_any(parent, &[REFINEMENT, STRUCTURAL_TYPE]))
}

/// `&&` and `||`, which the grammar does not tell from other operators.
fn boolean_operator<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    match walk.bytes(node) {
        b"&&" => walk.boolean_operator(node, 1),
        b"||" => walk.boolean_operator(node, 2),
        _ => {}
    }
}

/// `case _` is the default and no decision; its guard would be one.
fn case_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(pattern) = walk.child(node, PATTERN) else { return };
    if !walk.is(pattern, WILDCARD) {
        walk.flow(node, Flow::CASE);
    }
    variables::bind_pattern(walk, pattern, None);
}

#[cfg(test)]
mod tests;
