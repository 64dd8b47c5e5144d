//! What C and C++ have in common: C++'s grammar extends C's.
//!
//! A function is what has a body; prototypes are declarations, pure virtual methods abstract functions. A class
//! that declares one is abstract; one that inherits it without defining it is not known to be. Function-like macros
//! are functions of kind `macro`, without complexity: their bodies are no syntax. A struct, union or enum without a name is
//! named by the typedef, variable or field that it is the type of, else `(anonymous)`; the fields of a struct inside another
//! one that are reached without a name are fields of the outer one.

mod blocks;
mod calls;
mod classes;
mod counting;
mod declarators;
mod functions;
mod heads;
mod surface;
mod variables;

pub(super) use blocks::compound_statement;
pub(super) use calls::{call_expression, compound_literal, new_expression};
pub(super) use classes::{
    access_specifier, alias_declaration, class, enum_specifier, enumerator, field_declaration, namespace,
    type_definition,
};
pub(super) use counting::directive;
pub(super) use functions::{function_definition, lambda, macro_definition};
pub(super) use heads::without_macros;
use snake_pipe_core::model::{Import, ImportKind};
use tree_sitter::Node;
pub(super) use variables::{catch_clause, declaration, for_range_loop, function_declarator};

use super::LanguageRules;
use crate::engine::{Flow, Limit, Role, Walk, names};

names! {
    kinds {
        ACCESS_SPECIFIER = "access_specifier",
        ARGUMENT_LIST = "argument_list",
        ARRAY_DECLARATOR = "array_declarator",
        ATTRIBUTE = "attribute",
        ATTRIBUTED_DECLARATOR = "attributed_declarator",
        ATTRIBUTE_DECLARATION = "attribute_declaration",
        ATTRIBUTE_SPECIFIER = "attribute_specifier",
        BASE_CLASS_CLAUSE = "base_class_clause",
        CALL_EXPRESSION = "call_expression",
        CLASS_SPECIFIER = "class_specifier",
        DECLARATION = "declaration",
        DEFAULT_METHOD_CLAUSE = "default_method_clause",
        DELETE_METHOD_CLAUSE = "delete_method_clause",
        DEPENDENT_NAME = "dependent_name",
        DESTRUCTOR_NAME = "destructor_name",
        ENUM_SPECIFIER = "enum_specifier",
        ERROR = "ERROR",
        EXPLICIT_FUNCTION_SPECIFIER = "explicit_function_specifier",
        EXPRESSION_STATEMENT = "expression_statement",
        FIELD_DECLARATION = "field_declaration",
        FIELD_DECLARATION_LIST = "field_declaration_list",
        FIELD_EXPRESSION = "field_expression",
        FIELD_IDENTIFIER = "field_identifier",
        FIELD_INITIALIZER_LIST = "field_initializer_list",
        FUNCTION_DECLARATOR = "function_declarator",
        IDENTIFIER = "identifier",
        INITIALIZER_LIST = "initializer_list",
        INIT_DECLARATOR = "init_declarator",
        MACRO_TYPE_SPECIFIER = "macro_type_specifier",
        NEW_EXPRESSION = "new_expression",
        OPERATOR_CAST = "operator_cast",
        OPERATOR_NAME = "operator_name",
        PARENTHESIZED_DECLARATOR = "parenthesized_declarator",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PLACEHOLDER_TYPE_SPECIFIER = "placeholder_type_specifier",
        POINTER_DECLARATOR = "pointer_declarator",
        POINTER_EXPRESSION = "pointer_expression",
        PURE_VIRTUAL_CLAUSE = "pure_virtual_clause",
        QUALIFIED_IDENTIFIER = "qualified_identifier",
        REFERENCE_DECLARATOR = "reference_declarator",
        STORAGE_CLASS_SPECIFIER = "storage_class_specifier",
        STRING_LITERAL = "string_literal",
        STRUCTURED_BINDING_DECLARATOR = "structured_binding_declarator",
        STRUCT_SPECIFIER = "struct_specifier",
        SYSTEM_LIB_STRING = "system_lib_string",
        TEMPLATE_DECLARATION = "template_declaration",
        TEMPLATE_FUNCTION = "template_function",
        TEMPLATE_METHOD = "template_method",
        TEMPLATE_TYPE = "template_type",
        SIZED_TYPE_SPECIFIER = "sized_type_specifier",
        TRAILING_RETURN_TYPE = "trailing_return_type",
        TRY_STATEMENT = "try_statement",
        TYPE_DEFINITION = "type_definition",
        TYPE_IDENTIFIER = "type_identifier",
        TYPE_QUALIFIER = "type_qualifier",
        UNION_SPECIFIER = "union_specifier",
        VARIADIC_DECLARATOR = "variadic_declarator",
        VARIADIC_PARAMETER_DECLARATION = "variadic_parameter_declaration",
        VIRTUAL_SPECIFIER = "virtual_specifier",
    }
    fields {
        ARGUMENTS = "arguments",
        BODY = "body",
        CONDITION = "condition",
        DECLARATOR = "declarator",
        DEFAULT_VALUE = "default_value",
        DIRECTIVE = "directive",
        FIELD = "field",
        FUNCTION = "function",
        NAME = "name",
        PARAMETERS = "parameters",
        PATH = "path",
        SCOPE = "scope",
        TYPE = "type",
        VALUE = "value",
    }
}

/// The rules that both languages have, but for language, files, grammars and roles.
pub(super) const COMMON: LanguageRules = LanguageRules {
    kinds: KINDS,
    fields: FIELDS,
    tokens: &[("&&", Role::Boolean), ("||", Role::Boolean)],
    counting: &counting::COUNTING,
    separator: "::",
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// A `case` with a value; `default` is no decision.
pub(super) fn case_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, VALUE).is_some() {
        walk.flow(node, Flow::CASE);
    }
}

/// `#if`: the condition is decided before there is a program.
pub(super) fn if_directive<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::DIRECTIVE);
    ignore_condition(walk, node);
}

/// `#elif`.
pub(super) fn elif_directive<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::JUMP);
    ignore_condition(walk, node);
}

fn ignore_condition<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(condition) = walk.child(node, CONDITION) {
        walk.ignore(condition);
    }
}

/// `#include "near.h"` is looked for beside the file first, `#include <far.h>` is not.
pub(super) fn include<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(path) = walk.child(node, PATH) else { return };
    let (is_near, is_system) = (walk.is(path, STRING_LITERAL), walk.is(path, SYSTEM_LIB_STRING));
    let module = match is_near || is_system {
        true => walk.text_inside(path, Limit::Name),
        // A macro that gives the path.
        false => walk.name(path),
    };
    let import =
        Import { kind: ImportKind::Include, module, is_relative: is_near, is_system, ..Import::default() };
    walk.add_import(node, path, import);
}
