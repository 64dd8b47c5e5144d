//! C#, up to C# 13.
//!
//! Sources: the C# language specification (ECMA-334) and the proposals of later versions.
//!
//! The source does not say whether a base is a class or an interface: the bases of structs, and those named like
//! interfaces (`IList`), count as interfaces, and all but the first of a class. Properties and events are fields; their
//! accessors with a body are functions of the same name. `new(…)` without a type and `nameof` are no calls. Neither `??`
//! nor `?.` is a decision. A label `case` with several patterns is one.

mod calls;
mod functions;
mod heads;
mod members;
mod mend;
mod surface;
mod types;
mod variables;

use snake_pipe_core::{
    Language,
    model::{Import, ImportKind, Owner},
};
use tree_sitter::Node;

use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Limit, Role, Walk, names};

names! {
    kinds {
        ACCESSOR_LIST = "accessor_list",
        ALIAS_QUALIFIED_NAME = "alias_qualified_name",
        ARGUMENT_LIST = "argument_list",
        ARROW = "arrow_expression_clause",
        ATTRIBUTE = "attribute",
        ATTRIBUTE_ARGUMENTS = "attribute_argument_list",
        ATTRIBUTE_LIST = "attribute_list",
        BASE_LIST = "base_list",
        CLASS_DECLARATION = "class_declaration",
        COLON = ":",
        CONDITIONAL_ACCESS = "conditional_access_expression",
        CONSTRUCTOR = "constructor_declaration",
        CONVERSION_OPERATOR = "conversion_operator_declaration",
        DESTRUCTOR = "destructor_declaration",
        DISCARD = "discard",
        ENUM_DECLARATION = "enum_declaration",
        EQUALS = "=",
        EVENT_FIELD = "event_field_declaration",
        EXPLICIT_INTERFACE = "explicit_interface_specifier",
        FIELD_DECLARATION = "field_declaration",
        GENERIC_NAME = "generic_name",
        IDENTIFIER = "identifier",
        IMPLICIT_PARAMETER = "implicit_parameter",
        IMPLICIT_TYPE = "implicit_type",
        INDEXER = "indexer_declaration",
        INTERFACE_DECLARATION = "interface_declaration",
        LOCAL_DECLARATION = "local_declaration_statement",
        MEMBER_ACCESS = "member_access_expression",
        MEMBER_BINDING = "member_binding_expression",
        MODIFIER = "modifier",
        OBJECT_CREATION = "object_creation_expression",
        OPERATOR_DECLARATION = "operator_declaration",
        PARAMETER = "parameter",
        PARAMETER_LIST = "parameter_list",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PRIMARY_BASE = "primary_constructor_base_type",
        PROPERTY = "property_declaration",
        QUALIFIED_NAME = "qualified_name",
        STATIC = "static",
        STRUCT = "struct",
        STRUCT_DECLARATION = "struct_declaration",
        THIS = "this",
        TILDE = "~",
        TUPLE_PATTERN = "tuple_pattern",
        TYPE_PARAMETER_LIST = "type_parameter_list",
        VARIABLE_DECLARATOR = "variable_declarator",
    }
    fields {
        ACCESSORS = "accessors",
        ARGUMENTS = "arguments",
        BODY = "body",
        FUNCTION = "function",
        LEFT = "left",
        NAME = "name",
        OPERATOR = "operator",
        PARAMETERS = "parameters",
        RETURN_TYPE = "returns",
        TYPE = "type",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision, definition or comment in the access of a member.
static CODE: Bytes = Bytes::of(b"({/?&|>");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::CSharp,
    extensions: &["cs", "csx"],
    mend: mend::keep_first_branches,
    grammars: &[|| tree_sitter_c_sharp::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("comment", Role::Comment),
        ("namespace_declaration", Role::Rule(namespace)),
        ("file_scoped_namespace_declaration", Role::Rule(file_namespace)),
        ("using_directive", Role::Rule(using)),
        ("extern_alias_directive", Role::Rule(extern_alias)),
        ("global_attribute", Role::Rule(global_attribute)),
        ("class_declaration", Role::Rule(types::declaration)),
        ("struct_declaration", Role::Rule(types::declaration)),
        ("interface_declaration", Role::Rule(types::declaration)),
        ("enum_declaration", Role::Rule(types::declaration)),
        ("record_declaration", Role::Rule(types::declaration)),
        ("delegate_declaration", Role::Rule(types::delegate)),
        ("enum_member_declaration", Role::Rule(members::enum_member)),
        ("property_declaration", Role::Rule(members::property)),
        ("event_declaration", Role::Rule(members::property)),
        ("accessor_declaration", Role::Rule(members::accessor)),
        ("arrow_expression_clause", Role::Rule(members::arrow)),
        ("method_declaration", Role::Rule(functions::declaration)),
        ("constructor_declaration", Role::Rule(functions::declaration)),
        ("destructor_declaration", Role::Rule(functions::declaration)),
        ("operator_declaration", Role::Rule(functions::declaration)),
        ("conversion_operator_declaration", Role::Rule(functions::declaration)),
        ("local_function_statement", Role::Rule(functions::declaration)),
        ("lambda_expression", Role::Rule(functions::lambda)),
        ("anonymous_method_expression", Role::Rule(functions::lambda)),
        ("invocation_expression", Role::Rule(calls::invocation)),
        ("object_creation_expression", Role::Rule(calls::object_creation)),
        ("constructor_initializer", Role::Rule(calls::constructor_initializer)),
        ("variable_declaration", Role::Rule(variables::declaration)),
        ("foreach_statement", Role::Rule(variables::for_each)),
        ("catch_declaration", Role::Rule(variables::typed)),
        ("declaration_pattern", Role::Rule(variables::typed)),
        ("recursive_pattern", Role::Rule(variables::typed)),
        ("var_pattern", Role::Rule(variables::typed)),
        ("declaration_expression", Role::Rule(variables::typed)),
        ("from_clause", Role::Rule(variables::typed)),
        ("let_clause", Role::Rule(variables::let_clause)),
        ("preproc_if", Role::Flow(Flow::DIRECTIVE)),
        ("preproc_elif", Role::Flow(Flow::JUMP)),
        ("preproc_else", Role::Flow(Flow::JUMP)),
        ("if_statement", Role::If),
        ("for_statement", Role::Flow(Flow::LOOP)),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("do_statement", Role::Flow(Flow::LOOP)),
        ("catch_clause", Role::Flow(Flow::CATCH)),
        ("catch_filter_clause", Role::Flow(Flow::CASE)),
        ("conditional_expression", Role::Flow(Flow::TERNARY)),
        ("switch_statement", Role::Flow(Flow::SWITCH)),
        ("switch_expression", Role::Flow(Flow::SWITCH)),
        ("switch_section", Role::Rule(switch_section)),
        ("switch_expression_arm", Role::Rule(switch_arm)),
        ("when_clause", Role::Flow(Flow::CASE)),
        ("where_clause", Role::Flow(Flow::CASE)),
        ("goto_statement", Role::Flow(Flow::JUMP)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
        ("member_access_expression", Role::Unless(&CODE)),
        ("attribute_list", Role::Unless(&Bytes::COMMENT)),
        ("type_argument_list", Role::Unless(&Bytes::COMMENT)),
        ("type_parameter_list", Role::Unless(&Bytes::COMMENT)),
        ("generic_name", Role::Unless(&Bytes::COMMENT)),
        ("qualified_name", Role::Unless(&Bytes::COMMENT)),
        ("nullable_type", Role::Unless(&Bytes::COMMENT)),
        ("array_type", Role::Unless(&CODE)),
        ("string_literal", Role::Skip),
    ],
    tokens: &[("else", Role::Else), ("&&", Role::Boolean), ("||", Role::Boolean)],
    comment_form,
    bare_calls_reach_members: true,
    texts: &["interpolated_string_expression", "raw_string_literal", "verbatim_string_literal"],
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// ECMA-334, annex D: documentation is `///` and `/** … */`.
fn comment_form(comment: &[u8]) -> CommentForm {
    match comment {
        [b'/', b'/', b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'/', b'/', ..] => CommentForm::DocLine,
        [b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'*', b'*', b'*' | b'/', ..] => CommentForm::Block,
        [b'/', b'*', b'*', ..] => CommentForm::DocBlock,
        _ => CommentForm::Block,
    }
}

fn namespace<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child(node, NAME) {
        let name = qualified_name(walk, name);
        walk.open_namespace(&name);
    }
}

fn file_namespace<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child(node, NAME) {
        let name = qualified_name(walk, name);
        walk.open_namespace_to_end(&name);
    }
}

/// A name with its qualifiers, without white space.
fn qualified_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) -> String {
    walk.name(name).replace(' ', "")
}

/// `using A.B` takes a namespace as a whole, `using static A.C` all members of a type, `using D = A.C` gives a name.
fn using<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(target) = walk.named_children(node).pop() else { return };
    let module = qualified_name(walk, target);
    let alias = walk.child_text(node, NAME, Limit::Name);
    let is_static = walk.child_of_kind(node, STATIC).is_some();
    let kind = if is_static { ImportKind::Wildcard } else { ImportKind::Module };
    walk.add_import(node, target, Import { kind, module, alias, ..Import::default() });
}

fn extern_alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let module = walk.name(name);
    walk.add_import(node, name, Import { kind: ImportKind::Module, module, ..Import::default() });
}

/// `[assembly: Name(arguments)]`.
fn global_attribute<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for attribute in walk.named_children(node) {
        heads::annotate(walk, Owner::File, attribute);
    }
}

fn switch_section<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if !walk.bytes(node).starts_with(b"default") {
        walk.flow(node, Flow::CASE);
    }
}

/// `_ => …` is the default and no decision.
fn switch_arm<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if !node.named_child(0).is_some_and(|pattern| walk.is(pattern, DISCARD)) {
        walk.flow(node, Flow::CASE);
    }
}

#[cfg(test)]
mod tests;
