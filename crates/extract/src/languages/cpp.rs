//! C++. The rules are those of [`c_family`](super::c_family).

mod qt;
mod sniff;

use snake_pipe_core::{
    Language,
    model::{Import, ImportKind},
};
use tree_sitter::Node;

use super::{LanguageRules, c_family as c};
use crate::engine::{Bytes, Flow, Limit, Role, Walk};

/// Without one of these there is no call, decision or comment in the access of a field.
static CODE: Bytes = Bytes::of(b"(){}[]?&|/# ");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Cpp,
    extensions: &[
        "C", "H", "c++", "cc", "cpp", "cppm", "cxx", "h++", "hh", "hpp", "hxx", "inl", "ipp", "ixx", "tpp",
    ],
    shared_extensions: &[("h", sniff::is_cpp)],
    prepare,
    grammars: &[|| tree_sitter_cpp::LANGUAGE.into()],
    nodes: &[
        ("comment", Role::Comment),
        ("field_identifier", Role::Leaf),
        ("identifier", Role::Leaf),
        ("namespace_identifier", Role::Leaf),
        ("number_literal", Role::Leaf),
        ("primitive_type", Role::Leaf),
        ("type_identifier", Role::Leaf),
        ("string_literal", Role::Skip),
        ("char_literal", Role::Skip),
        ("system_lib_string", Role::Skip),
        ("attribute_declaration", Role::Unless(&Bytes::COMMENT)),
        ("attribute_specifier", Role::Unless(&Bytes::COMMENT)),
        ("preproc_call", Role::Rule(c::directive)),
        ("preproc_def", Role::Unless(&Bytes::COMMENT)),
        ("preproc_params", Role::Unless(&Bytes::COMMENT)),
        ("field_expression", Role::Unless(&CODE)),
        ("preproc_include", Role::Rule(c::include)),
        ("preproc_if", Role::Rule(c::if_directive)),
        ("preproc_ifdef", Role::Flow(Flow::DIRECTIVE)),
        ("preproc_elif", Role::Rule(c::elif_directive)),
        ("preproc_elifdef", Role::Flow(Flow::JUMP)),
        ("preproc_else", Role::Flow(Flow::JUMP)),
        ("preproc_function_def", Role::Rule(c::macro_definition)),
        ("using_declaration", Role::Rule(using_declaration)),
        ("namespace_definition", Role::Rule(c::namespace)),
        ("function_definition", Role::Rule(c::function_definition)),
        ("lambda_expression", Role::Rule(c::lambda)),
        ("class_specifier", Role::Rule(c::class)),
        ("struct_specifier", Role::Rule(c::class)),
        ("union_specifier", Role::Rule(c::class)),
        ("enum_specifier", Role::Rule(c::enum_specifier)),
        ("enumerator", Role::Rule(c::enumerator)),
        ("access_specifier", Role::Rule(c::access_specifier)),
        ("field_declaration", Role::Rule(c::field_declaration)),
        ("declaration", Role::Rule(c::declaration)),
        ("type_definition", Role::Rule(c::type_definition)),
        ("alias_declaration", Role::Rule(c::alias_declaration)),
        ("call_expression", Role::Rule(c::call_expression)),
        ("compound_literal_expression", Role::Rule(c::compound_literal)),
        ("new_expression", Role::Rule(c::new_expression)),
        ("if_statement", Role::If),
        ("else_clause", Role::Else),
        ("for_statement", Role::Flow(Flow::LOOP)),
        ("for_range_loop", Role::Rule(c::for_range_loop)),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("do_statement", Role::Flow(Flow::LOOP)),
        ("switch_statement", Role::Flow(Flow::SWITCH)),
        ("case_statement", Role::Rule(c::case_statement)),
        ("catch_clause", Role::Rule(c::catch_clause)),
        ("goto_statement", Role::Flow(Flow::JUMP)),
        ("seh_except_clause", Role::Flow(Flow::CATCH)),
        ("conditional_expression", Role::Flow(Flow::TERNARY)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
    ],
    tokens: &[("&&", Role::Boolean), ("||", Role::Boolean), ("and", Role::Boolean), ("or", Role::Boolean)],
    wrappers: &["declaration", "linkage_specification", "template_declaration", "type_definition"],
    calls_construct: true,
    bare_calls_reach_members: true,
    texts: &["raw_string_literal"],
    ..c::COMMON
};

/// What the preprocessor takes out of heads of classes, and Qt out of a source.
fn prepare(source: &[u8]) -> Option<Vec<u8>> {
    let without_macros = c::without_macros(source);
    qt::without_words(without_macros.as_deref().unwrap_or(source)).or(without_macros)
}

/// `using a::b;` takes a name, `using namespace a;` all names.
fn using_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let Some(name) = children.iter().copied().rfind(|child| child.is_named()) else { return };
    let text = walk.text(name, Limit::Name).replace(' ', "");
    let import = if children.iter().any(|child| child.kind() == "namespace") {
        Import { kind: ImportKind::Wildcard, module: text, ..Import::default() }
    } else {
        let (module, name) = text.rsplit_once("::").unwrap_or(("", &text));
        let (module, name) = (module.to_owned(), Some(name.to_owned()));
        Import { kind: ImportKind::Name, module, name, ..Import::default() }
    };
    walk.add_import(node, name, import);
}

#[cfg(test)]
mod tests;
