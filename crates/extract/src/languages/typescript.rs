//! TypeScript, TSX included. The rules are those of [`ecmascript`](super::ecmascript).
//!
//! TypeScript has two grammars, of which only the file's extension says which one is meant, and the extension is no part of
//! what is parsed. `<T>value` is a type assertion in the one and a syntax error in the other, `<b>text</b>` the other way
//! round. So TSX is tried first where something looks like a closing tag, and the other grammar where that fails.

mod mend;

use snake_pipe_core::Language;

use super::{LanguageRules, ecmascript as es};
use crate::engine::{Bytes, Flow, Role};

/// Without one of these there is no import, member or comment in a type.
static TYPE_CODE: Bytes = Bytes::of(b"/({");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::TypeScript,
    extensions: &["ts", "mts", "cts", "tsx"],
    interpreters: &["deno", "ts-node", "tsx", "bun"],
    grammars: &[
        || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        || tree_sitter_typescript::LANGUAGE_TSX.into(),
    ],
    prefer: |source| {
        let has_tag = source.windows(2).any(|pair| matches!(pair, b"</" | b"/>"));
        usize::from(has_tag)
    },
    mend: mend::mend,
    nodes: &[
        ("comment", Role::Comment),
        ("identifier", Role::Leaf),
        ("number", Role::Leaf),
        ("predefined_type", Role::Leaf),
        ("property_identifier", Role::Leaf),
        ("shorthand_property_identifier", Role::Leaf),
        ("this", Role::Leaf),
        ("type_identifier", Role::Leaf),
        ("hash_bang_line", Role::Comment),
        ("html_comment", Role::Comment),
        ("string", Role::Skip),
        ("regex", Role::Skip),
        ("type_annotation", Role::Unless(&TYPE_CODE)),
        ("type_arguments", Role::Unless(&TYPE_CODE)),
        ("type_parameters", Role::Unless(&TYPE_CODE)),
        ("member_expression", Role::Unless(&es::CODE)),
        ("function_declaration", Role::Rule(es::function)),
        ("function_expression", Role::Rule(es::function)),
        ("generator_function", Role::Rule(es::function)),
        ("generator_function_declaration", Role::Rule(es::function)),
        ("arrow_function", Role::Rule(es::function)),
        ("function_signature", Role::Rule(es::function_signature)),
        ("method_definition", Role::Rule(es::method)),
        ("method_signature", Role::Rule(es::method_signature)),
        ("abstract_method_signature", Role::Rule(es::method_signature)),
        ("class", Role::Rule(es::class)),
        ("class_declaration", Role::Rule(es::class)),
        ("abstract_class_declaration", Role::Rule(es::class)),
        ("interface_declaration", Role::Rule(es::interface_declaration)),
        ("enum_declaration", Role::Rule(es::enum_declaration)),
        ("type_alias_declaration", Role::Rule(es::type_alias)),
        ("internal_module", Role::Rule(es::namespace)),
        ("module", Role::Rule(es::namespace)),
        ("public_field_definition", Role::Rule(es::field)),
        ("property_signature", Role::Rule(es::property_signature)),
        ("decorator", Role::Rule(es::decorator)),
        ("variable_declarator", Role::Rule(es::variable_declarator)),
        ("assignment_expression", Role::Rule(es::assignment_expression)),
        ("augmented_assignment_expression", Role::Rule(es::augmented_assignment)),
        ("call_expression", Role::Rule(es::call_expression)),
        ("new_expression", Role::Rule(es::new_expression)),
        ("object", Role::Rule(es::object)),
        ("import_statement", Role::Rule(es::import_statement)),
        ("import_require_clause", Role::Rule(es::import_require)),
        ("export_statement", Role::Rule(es::export_statement)),
        ("if_statement", Role::If),
        ("else_clause", Role::Else),
        ("for_statement", Role::Flow(Flow::LOOP)),
        ("for_in_statement", Role::Rule(es::for_in_statement)),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("do_statement", Role::Flow(Flow::LOOP)),
        ("switch_statement", Role::Flow(Flow::SWITCH)),
        ("switch_case", Role::Flow(Flow::CASE)),
        ("catch_clause", Role::Rule(es::catch_clause)),
        ("ternary_expression", Role::Flow(Flow::TERNARY)),
        ("break_statement", Role::Rule(es::jump)),
        ("continue_statement", Role::Rule(es::jump)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
    ],
    wrappers: &[
        "ambient_declaration",
        "export_statement",
        "expression_statement",
        "lexical_declaration",
        "pair",
        "variable_declaration",
        "variable_declarator",
    ],
    ..es::COMMON
};

#[cfg(test)]
mod tests;
