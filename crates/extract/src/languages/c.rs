//! C. The rules are those of [`c_family`](super::c_family).

use snake_pipe_core::Language;

use super::{LanguageRules, c_family as c};
use crate::engine::{Bytes, Flow, Role};

/// Without one of these there is no call, decision, definition or comment in an expression or a declaration.
static CODE: Bytes = Bytes::of(b"(){}?&|/#");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::C,
    extensions: &["c", "h"],
    prepare: c::without_macros,
    grammars: &[|| tree_sitter_c::LANGUAGE.into()],
    nodes: &[
        ("comment", Role::Comment),
        ("field_identifier", Role::Leaf),
        ("identifier", Role::Leaf),
        ("number_literal", Role::Leaf),
        ("primitive_type", Role::Leaf),
        ("type_identifier", Role::Leaf),
        ("string_literal", Role::Skip),
        ("char_literal", Role::Skip),
        ("system_lib_string", Role::Skip),
        ("attribute_specifier", Role::Unless(&Bytes::COMMENT)),
        ("parameter_list", Role::Unless(&Bytes::COMMENT)),
        ("preproc_call", Role::Rule(c::directive)),
        ("preproc_def", Role::Unless(&Bytes::COMMENT)),
        ("preproc_params", Role::Unless(&Bytes::COMMENT)),
        ("type_descriptor", Role::Unless(&Bytes::COMMENT)),
        ("declaration", Role::Unless(&CODE)),
        ("expression_statement", Role::Unless(&CODE)),
        ("field_expression", Role::Unless(&CODE)),
        ("return_statement", Role::Unless(&CODE)),
        ("subscript_expression", Role::Unless(&CODE)),
        ("preproc_include", Role::Rule(c::include)),
        ("preproc_if", Role::Rule(c::if_directive)),
        ("preproc_ifdef", Role::Flow(Flow::DIRECTIVE)),
        ("preproc_elif", Role::Rule(c::elif_directive)),
        ("preproc_elifdef", Role::Flow(Flow::JUMP)),
        ("preproc_else", Role::Flow(Flow::JUMP)),
        ("preproc_function_def", Role::Rule(c::macro_definition)),
        ("function_definition", Role::Rule(c::function_definition)),
        ("function_declarator", Role::Rule(c::function_declarator)),
        ("struct_specifier", Role::Rule(c::class)),
        ("union_specifier", Role::Rule(c::class)),
        ("enum_specifier", Role::Rule(c::enum_specifier)),
        ("enumerator", Role::Rule(c::enumerator)),
        ("field_declaration", Role::Rule(c::field_declaration)),
        ("type_definition", Role::Rule(c::type_definition)),
        ("call_expression", Role::Rule(c::call_expression)),
        ("compound_statement", Role::Rule(c::compound_statement)),
        ("if_statement", Role::If),
        ("else_clause", Role::Else),
        ("for_statement", Role::Flow(Flow::LOOP)),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("do_statement", Role::Flow(Flow::LOOP)),
        ("switch_statement", Role::Flow(Flow::SWITCH)),
        ("case_statement", Role::Rule(c::case_statement)),
        ("goto_statement", Role::Flow(Flow::JUMP)),
        ("seh_except_clause", Role::Flow(Flow::CATCH)),
        ("conditional_expression", Role::Flow(Flow::TERNARY)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
    ],
    wrappers: &["declaration", "linkage_specification", "type_definition"],
    ..c::COMMON
};

#[cfg(test)]
mod tests;
