//! JavaScript, JSX included. The rules are those of [`ecmascript`](super::ecmascript).

use snake_pipe_core::Language;

use super::{LanguageRules, ecmascript as es};
use crate::engine::{Flow, Role};

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::JavaScript,
    extensions: &["js", "mjs", "cjs", "jsx", "es6"],
    file_names: &["Jakefile"],
    interpreters: &["node", "nodejs"],
    grammars: &[|| tree_sitter_javascript::LANGUAGE.into()],
    nodes: &[
        ("comment", Role::Comment),
        ("identifier", Role::Leaf),
        ("number", Role::Leaf),
        ("property_identifier", Role::Leaf),
        ("shorthand_property_identifier", Role::Leaf),
        ("this", Role::Leaf),
        ("hash_bang_line", Role::Comment),
        ("html_comment", Role::Comment),
        ("string", Role::Skip),
        ("regex", Role::Skip),
        ("member_expression", Role::Unless(&es::CODE)),
        ("function_declaration", Role::Rule(es::function)),
        ("function_expression", Role::Rule(es::function)),
        ("generator_function", Role::Rule(es::function)),
        ("generator_function_declaration", Role::Rule(es::function)),
        ("arrow_function", Role::Rule(es::function)),
        ("method_definition", Role::Rule(es::method)),
        ("class", Role::Rule(es::class)),
        ("class_declaration", Role::Rule(es::class)),
        ("field_definition", Role::Rule(es::field)),
        ("decorator", Role::Rule(es::decorator)),
        ("variable_declarator", Role::Rule(es::variable_declarator)),
        ("assignment_expression", Role::Rule(es::assignment_expression)),
        ("augmented_assignment_expression", Role::Rule(es::augmented_assignment)),
        ("call_expression", Role::Rule(es::call_expression)),
        ("new_expression", Role::Rule(es::new_expression)),
        ("object", Role::Rule(es::object)),
        ("import_statement", Role::Rule(es::import_statement)),
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
    counting: &es::COUNTING,
    ..es::COMMON
};

#[cfg(test)]
mod tests;
