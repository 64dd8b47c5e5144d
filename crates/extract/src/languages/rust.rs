//! Rust, edition 2024.
//!
//! Sources: The Rust Reference, chapters "Items", "Attributes", "Visibility and privacy", "Expressions".
//!
//! `impl` gives methods to the type of its name if the file defines it. Associated types are no classes, associated
//! constants are fields of traits alone. A call of a tuple struct or variant (`Some(x)`) makes an object. Inside macros
//! the grammar sees tokens: calls are found in those macros that are known to take expressions (`assert!`, `println!`).
//! Each arm of a `match` but `_` is a decision, and `let … else`; the operator `?` is none.

mod calls;
mod functions;
mod imports;
mod macros;
mod surface;
mod types;
mod variables;

use snake_pipe_core::{
    Language,
    model::{ClassKind, Owner, Visibility},
};
use tree_sitter::Node;

use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Role, Scope, Walk, names};

names! {
    kinds {
        ATTRIBUTE = "attribute",
        ATTRIBUTE_ITEM = "attribute_item",
        BLOCK = "block",
        BOUNDED_TYPE = "bounded_type",
        CAPTURED_PATTERN = "captured_pattern",
        CLOSURE_PARAMETERS = "closure_parameters",
        COMMA = ",",
        CONST_ITEM = "const_item",
        DOT = ".",
        DYNAMIC_TYPE = "dynamic_type",
        ENUM_ITEM = "enum_item",
        ENUM_VARIANT = "enum_variant",
        EXCLAMATION = "!",
        FIELD_DECLARATION = "field_declaration",
        FIELD_EXPRESSION = "field_expression",
        FIELD_PATTERN = "field_pattern",
        FUNCTION_ITEM = "function_item",
        FUNCTION_MODIFIERS = "function_modifiers",
        FUNCTION_TYPE = "function_type",
        GENERIC_FUNCTION = "generic_function",
        GENERIC_TYPE = "generic_type",
        HIGHER_RANKED = "higher_ranked_trait_bound",
        IDENTIFIER = "identifier",
        IMPL_ITEM = "impl_item",
        LABEL = "label",
        LET_DECLARATION = "let_declaration",
        LIFETIME = "lifetime",
        MACRO_RULE = "macro_rule",
        MATCH_PATTERN = "match_pattern",
        MUTABLE = "mutable_specifier",
        MUT_PATTERN = "mut_pattern",
        OR_PATTERN = "or_pattern",
        PARAMETER = "parameter",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PATH_SEPARATOR = "::",
        POINTER_TYPE = "pointer_type",
        QUESTION_MARK = "?",
        REFERENCE_PATTERN = "reference_pattern",
        REFERENCE_TYPE = "reference_type",
        REF_PATTERN = "ref_pattern",
        REMOVED_BOUND = "removed_trait_bound",
        SCOPED_IDENTIFIER = "scoped_identifier",
        SCOPED_TYPE = "scoped_type_identifier",
        SCOPED_USE_LIST = "scoped_use_list",
        SELF = "self",
        SELF_PARAMETER = "self_parameter",
        SHORTHAND_FIELD = "shorthand_field_identifier",
        SLICE_PATTERN = "slice_pattern",
        SOURCE_FILE = "source_file",
        STATIC_ITEM = "static_item",
        STRUCT_EXPRESSION = "struct_expression",
        STRUCT_ITEM = "struct_item",
        STRUCT_PATTERN = "struct_pattern",
        TOKEN_TREE = "token_tree",
        TRAIT_ITEM = "trait_item",
        TUPLE_FIELDS = "ordered_field_declaration_list",
        TUPLE_PATTERN = "tuple_pattern",
        TUPLE_STRUCT_PATTERN = "tuple_struct_pattern",
        UNION_ITEM = "union_item",
        UNSAFE = "unsafe",
        USE_AS = "use_as_clause",
        USE_LIST = "use_list",
        USE_WILDCARD = "use_wildcard",
        VARIADIC_PARAMETER = "variadic_parameter",
        VISIBILITY = "visibility_modifier",
    }
    fields {
        ALIAS = "alias",
        ALTERNATIVE = "alternative",
        ARGUMENTS = "arguments",
        BODY = "body",
        BOUNDS = "bounds",
        CONDITION = "condition",
        FIELD = "field",
        FUNCTION = "function",
        LIST = "list",
        MACRO = "macro",
        NAME = "name",
        PARAMETERS = "parameters",
        PATH = "path",
        PATTERN = "pattern",
        RETURN_TYPE = "return_type",
        TRAIT = "trait",
        TYPE = "type",
        TYPE_PARAMETERS = "type_parameters",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision, definition or comment in the access of a field.
static CODE: Bytes = Bytes::of(b"({/&|!");
/// A type may call a macro, hold a block, or have a length that is a call.
static TYPE_CODE: Bytes = Bytes::of(b"({/!");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Rust,
    extensions: &["rs"],
    grammars: &[|| tree_sitter_rust::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("line_comment", Role::Comment),
        ("block_comment", Role::Comment),
        ("attribute_item", Role::Rule(attribute)),
        ("inner_attribute_item", Role::Rule(inner_attribute)),
        ("mod_item", Role::Rule(imports::module)),
        ("use_declaration", Role::Rule(imports::use_declaration)),
        ("extern_crate_declaration", Role::Rule(imports::extern_crate)),
        ("struct_item", Role::Rule(types::declaration)),
        ("enum_item", Role::Rule(types::declaration)),
        ("union_item", Role::Rule(types::declaration)),
        ("trait_item", Role::Rule(types::declaration)),
        ("type_item", Role::Rule(types::alias)),
        ("impl_item", Role::Rule(types::implementation)),
        ("function_item", Role::Rule(functions::declaration)),
        ("function_signature_item", Role::Rule(functions::declaration)),
        ("macro_definition", Role::Rule(macros::definition)),
        ("macro_invocation", Role::Rule(macros::invocation)),
        ("closure_expression", Role::Rule(functions::closure)),
        ("call_expression", Role::Rule(calls::call)),
        ("const_item", Role::Rule(variables::constant)),
        ("static_item", Role::Rule(variables::constant)),
        ("let_declaration", Role::Rule(variables::let_declaration)),
        ("let_condition", Role::Rule(variables::pattern_of)),
        ("for_expression", Role::Rule(variables::for_expression)),
        ("match_arm", Role::Rule(variables::match_arm)),
        ("if_expression", Role::If),
        ("else_clause", Role::Else),
        ("while_expression", Role::Flow(Flow::LOOP)),
        ("loop_expression", Role::Flow(Flow::LOOP)),
        ("match_expression", Role::Flow(Flow::SWITCH)),
        ("break_expression", Role::Rule(jump)),
        ("continue_expression", Role::Rule(jump)),
        ("binary_expression", Role::BooleanExpression),
        ("let_chain", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
        ("field_expression", Role::Unless(&CODE)),
        ("scoped_identifier", Role::Unless(&TYPE_CODE)),
        ("scoped_type_identifier", Role::Unless(&TYPE_CODE)),
        ("type_arguments", Role::Unless(&TYPE_CODE)),
        ("type_parameters", Role::Unless(&TYPE_CODE)),
        ("reference_type", Role::Unless(&TYPE_CODE)),
        ("generic_type", Role::Unless(&TYPE_CODE)),
        ("attribute", Role::Unless(&TYPE_CODE)),
        ("token_tree", Role::Unless(&Bytes::COMMENT)),
        ("token_tree_pattern", Role::Unless(&Bytes::COMMENT)),
        ("use_list", Role::Unless(&Bytes::COMMENT)),
        ("scoped_use_list", Role::Unless(&Bytes::COMMENT)),
        ("string_literal", Role::Skip),
        ("raw_string_literal", Role::Skip),
    ],
    tokens: &[("&&", Role::Boolean), ("||", Role::Boolean)],
    separator: "::",
    comment_form,
    calls_construct: true,
    texts: &["raw_string_literal", "string_literal"],
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// The Rust Reference, "Comments".
fn comment_form(comment: &[u8]) -> CommentForm {
    match comment {
        [b'/', b'/', b'!', ..] | [b'/', b'*', b'!', ..] => CommentForm::DocInner,
        [b'/', b'/', b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'/', b'/', ..] => CommentForm::DocLine,
        [b'/', b'/', ..] => CommentForm::Line,
        [b'/', b'*', b'*', b'*' | b'/', ..] => CommentForm::Block,
        [b'/', b'*', b'*', ..] => CommentForm::DocBlock,
        _ => CommentForm::Block,
    }
}

/// `#[name(arguments)]`, `#[name = "argument"]` or `#[name = value]` before what it stands at.
fn attribute<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some((name, arguments)) = attribute_parts(walk, node) {
        walk.annotate_next(node, name, arguments);
    }
}

/// `#![…]` in a function or at the top of the file.
fn inner_attribute<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some((name, arguments)) = attribute_parts(walk, node) else { return };
    match walk.scope() {
        Scope::Function(index) if is_of_function(walk) => {
            walk.annotate(Owner::Function(index), node, name, arguments);
        }
        Scope::Class(index) => walk.annotate(Owner::Class(index), node, name, arguments),
        Scope::File if walk.parent().is_some_and(|parent| walk.is(parent, SOURCE_FILE)) => {
            walk.annotate(Owner::File, node, name, arguments);
        }
        // Modules and `impl` blocks are no rows that an attribute could stand at.
        Scope::File | Scope::Extension | Scope::Function(_) => {}
    }
}

/// Whether the current node stands in the body of a function itself, not in that of a `match` or a block inside.
fn is_of_function(walk: &Walk<'_>) -> bool {
    walk.parent().is_some_and(|parent| walk.is(parent, BLOCK))
        && walk.ancestor(2).is_some_and(|around| walk.is(around, FUNCTION_ITEM))
}

fn attribute_parts<'t>(walk: &mut Walk<'t>, item: Node<'t>) -> Option<(Node<'t>, Option<Node<'t>>)> {
    let attribute = walk.child_of_kind(item, ATTRIBUTE)?;
    let name = attribute.named_child(0)?;
    Some((name, walk.child(attribute, ARGUMENTS).or_else(|| walk.child(attribute, VALUE))))
}

/// Visibility, and the modifiers of an item as written.
fn visibility<'t>(walk: &mut Walk<'t>, item: Node<'t>) -> (Visibility, Vec<String>) {
    match walk.child_of_kind(item, VISIBILITY) {
        Some(modifier) => {
            let text = walk.name(modifier);
            let visibility = match text.replace(' ', "").as_str() {
                "pub" => Visibility::Public,
                "pub(self)" | "pub(inself)" => Visibility::Private,
                _ => Visibility::Internal,
            };
            (visibility, vec![text])
        }
        None => (default_visibility(walk), Vec::new()),
    }
}

/// What is not marked is private to its module, but items of a trait and of its implementations are seen wherever the
/// trait is.
fn default_visibility(walk: &mut Walk<'_>) -> Visibility {
    match walk.scope() {
        Scope::Class(class) if walk.class(class).kind == ClassKind::Trait => walk.class(class).visibility,
        Scope::Extension if is_of_implementation(walk) => Visibility::Public,
        Scope::Extension => Visibility::Private,
        Scope::File | Scope::Function(_) | Scope::Class(_) => Visibility::Private,
    }
}

/// Whether the current node is an item of `impl Trait for Type`.
fn is_of_implementation(walk: &Walk<'_>) -> bool {
    let implementation = walk.ancestor(2).filter(|around| walk.is(*around, IMPL_ITEM));
    implementation.is_some_and(|implementation| walk.child(implementation, TRAIT).is_some())
}

/// `break 'label` and `continue 'label`.
fn jump<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child_of_kind(node, LABEL).is_some() {
        walk.flow(node, Flow::JUMP);
    }
}

#[cfg(test)]
mod tests;
