//! What JavaScript and TypeScript have in common: TypeScript's grammar extends JavaScript's.
//!
//! A function is named by its own name or by what it is bound to: a variable, a property, a field of a class, an
//! assignment, `default` where it is exported so. Calls of what has no name, and elements of JSX, are no calls. `??` is
//! no boolean operator. Overloads are declarations; a method of an interface is an abstract function.

mod bindings;
mod calls;
mod classes;
mod counting;
mod functions;
mod imports;
mod surface;

pub(super) use bindings::{
    augmented_assignment, catch_clause, for_in_statement, object, variable_declarator,
};
pub(super) use calls::{call_expression, decorator, new_expression};
pub(super) use classes::{
    assignment_expression, class, enum_declaration, field, interface_declaration, method_signature,
    namespace, property_signature, type_alias,
};
pub(super) use counting::COUNTING;
pub(super) use functions::{function, function_signature, method};
pub(super) use imports::{export_statement, import_require, import_statement};
use rustc_hash::FxHashSet;
use snake_pipe_core::model::{ImportKind, Visibility};
use tree_sitter::Node;

use self::bindings::TRANSPARENT;
use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Limit, Role, Walk, c_like_form, names};

names! {
    kinds {
        ABSTRACT_CLASS_DECLARATION = "abstract_class_declaration",
        AMBIENT_DECLARATION = "ambient_declaration",
        ARROW_FUNCTION = "arrow_function",
        ARRAY_PATTERN = "array_pattern",
        AS_EXPRESSION = "as_expression",
        ASSIGNMENT_EXPRESSION = "assignment_expression",
        ASSIGNMENT_PATTERN = "assignment_pattern",
        AWAIT_EXPRESSION = "await_expression",
        CALL_EXPRESSION = "call_expression",
        CATCH_CLAUSE = "catch_clause",
        CLASS = "class",
        CLASS_BODY = "class_body",
        CLASS_HERITAGE = "class_heritage",
        DECORATOR = "decorator",
        ENUM_ASSIGNMENT = "enum_assignment",
        EXPORT_CLAUSE = "export_clause",
        EXPORT_SPECIFIER = "export_specifier",
        EXPORT_STATEMENT = "export_statement",
        EXTENDS_CLAUSE = "extends_clause",
        EXTENDS_TYPE_CLAUSE = "extends_type_clause",
        FIELD_DEFINITION = "field_definition",
        FOR_IN_STATEMENT = "for_in_statement",
        FOR_STATEMENT = "for_statement",
        FUNCTION_EXPRESSION = "function_expression",
        GENERATOR_FUNCTION = "generator_function",
        GENERIC_TYPE = "generic_type",
        IDENTIFIER = "identifier",
        IMPLEMENTS_CLAUSE = "implements_clause",
        IMPORT = "import",
        IMPORT_CLAUSE = "import_clause",
        INTERFACE_BODY = "interface_body",
        LEXICAL_DECLARATION = "lexical_declaration",
        MEMBER_EXPRESSION = "member_expression",
        NAMED_IMPORTS = "named_imports",
        NAMESPACE_EXPORT = "namespace_export",
        NAMESPACE_IMPORT = "namespace_import",
        NEW_EXPRESSION = "new_expression",
        NON_NULL_EXPRESSION = "non_null_expression",
        NULL = "null",
        OBJECT = "object",
        OBJECT_ASSIGNMENT_PATTERN = "object_assignment_pattern",
        OBJECT_PATTERN = "object_pattern",
        OBJECT_TYPE = "object_type",
        OPTIONAL_PARAMETER = "optional_parameter",
        PAIR = "pair",
        PAIR_PATTERN = "pair_pattern",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PUBLIC_FIELD_DEFINITION = "public_field_definition",
        REQUIRED_PARAMETER = "required_parameter",
        REST_PATTERN = "rest_pattern",
        SATISFIES_EXPRESSION = "satisfies_expression",
        SHORTHAND = "shorthand_property_identifier",
        SHORTHAND_PATTERN = "shorthand_property_identifier_pattern",
        STATEMENT_BLOCK = "statement_block",
        STRING = "string",
        SUPER = "super",
        SWITCH_BODY = "switch_body",
        TEMPLATE_STRING = "template_string",
        TEMPLATE_SUBSTITUTION = "template_substitution",
        THIS = "this",
        TYPE_ALIAS_DECLARATION = "type_alias_declaration",
        TYPE_ANNOTATION = "type_annotation",
        TYPE_PREDICATE_ANNOTATION = "type_predicate_annotation",
        ASSERTS_ANNOTATION = "asserts_annotation",
        UNDEFINED = "undefined",
        VARIABLE_DECLARATION = "variable_declaration",
        VARIABLE_DECLARATOR = "variable_declarator",
    }
    fields {
        ALIAS = "alias",
        ARGUMENTS = "arguments",
        BODY = "body",
        CONSTRUCTOR = "constructor",
        DECLARATION = "declaration",
        FUNCTION = "function",
        KEY = "key",
        KIND = "kind",
        LABEL = "label",
        LEFT = "left",
        NAME = "name",
        OBJECT_FIELD = "object",
        PARAMETER = "parameter",
        PARAMETERS = "parameters",
        PATTERN = "pattern",
        PROPERTY = "property",
        RETURN_TYPE = "return_type",
        RIGHT = "right",
        SOURCE = "source",
        TYPE = "type",
        TYPE_ARGUMENTS = "type_arguments",
        TYPE_PARAMETERS = "type_parameters",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision, definition or comment in the access of a property.
pub(super) static CODE: Bytes = Bytes::of(b"([{`/?&|<");

/// The rules that both languages have, but for language, files, grammars and roles.
pub(super) const COMMON: LanguageRules = LanguageRules {
    kinds: KINDS,
    fields: FIELDS,
    tokens: &[("&&", Role::Boolean), ("||", Role::Boolean)],
    wrappers: &[
        "export_statement",
        "expression_statement",
        "lexical_declaration",
        "pair",
        "variable_declaration",
        "variable_declarator",
    ],
    texts: &["string", "template_string"],
    comment_form,
    rebinds_definitions: true,
    finish,
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// JSDoc alone documents; `/*!` is a licence by custom, and `///` is TypeScript's reference to another file.
fn comment_form(comment: &[u8]) -> CommentForm {
    match comment {
        [b'/', b'*', b'*', ..] => c_like_form(comment),
        [b'/', b'*', ..] => CommentForm::Block,
        _ => CommentForm::Line,
    }
}

/// A `break` or `continue` to a label.
pub(super) fn jump<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if walk.child(node, LABEL).is_some() {
        walk.flow(node, Flow::JUMP);
    }
}

/// The words before the name that say how something is defined, in source order.
fn modifiers<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Vec<String> {
    const MODIFIERS: &[&str] = &[
        "abstract",
        "accessibility_modifier",
        "accessor",
        "async",
        "const",
        "declare",
        "get",
        "override_modifier",
        "readonly",
        "set",
        "static",
        "static get",
    ];
    let children = walk.children(node);
    let modifiers = children
        .into_iter()
        .take_while(|child| !walk.is_any(*child, &[IDENTIFIER, CLASS_BODY]) && child.kind() != "(");
    let modifiers: Vec<Node<'t>> = modifiers.filter(|child| MODIFIERS.contains(&child.kind())).collect();
    let texts: Vec<String> = modifiers.into_iter().map(|child| walk.name(child)).collect();
    texts.iter().flat_map(|text| text.split(' ')).map(str::to_owned).collect()
}

/// The decorators among a node's children.
fn decorators<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Vec<Node<'t>> {
    let children = walk.named_children(node);
    children.into_iter().filter(|child| walk.is(*child, DECORATOR)).collect()
}

/// The first child behind the decorators, if there are any.
fn start_behind_decorators<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<Node<'t>> {
    let first = node.child(0).filter(|first| walk.is(*first, DECORATOR))?;
    let children = walk.children(node);
    children.into_iter().find(|child| child.start_byte() > first.start_byte() && !walk.is(*child, DECORATOR))
}

/// Who may use a member of a class.
fn member_visibility(name: &str, modifiers: &[String]) -> Visibility {
    let has = |modifier: &str| modifiers.iter().any(|other| other == modifier);
    match () {
        () if name.starts_with('#') || has("private") => Visibility::Private,
        () if has("protected") => Visibility::Protected,
        () => Visibility::Public,
    }
}

/// Who may use a definition that is no member: everyone if it is exported where it stands. [`finish`] knows more.
fn visibility(walk: &Walk<'_>, is_member: bool, name: &str, modifiers: &[String]) -> Visibility {
    if is_member {
        return member_visibility(name, modifiers);
    }
    let statements = [
        AMBIENT_DECLARATION,
        EXPORT_STATEMENT,
        LEXICAL_DECLARATION,
        VARIABLE_DECLARATION,
        VARIABLE_DECLARATOR,
    ];
    let around = (1..=8).map_while(|levels| walk.ancestor(levels));
    let is_exported = around
        .take_while(|node| walk.is_any(*node, &statements) || walk.is_any(*node, &TRANSPARENT))
        .any(|node| walk.is(node, EXPORT_STATEMENT));
    if is_exported { Visibility::Public } else { Visibility::Unspecified }
}

/// The text of a type annotation without its colon.
fn type_text<'t>(walk: &mut Walk<'t>, annotation: Option<Node<'t>>) -> Option<String> {
    let annotation = annotation?;
    let annotations = [TYPE_ANNOTATION, TYPE_PREDICATE_ANNOTATION, ASSERTS_ANNOTATION];
    let inner = match walk.is_any(annotation, &annotations) {
        true => annotation.named_child(0).unwrap_or(annotation),
        false => annotation,
    };
    Some(walk.text(inner, Limit::Type))
}

/// The name that a property's name gives: strings without quotes, `[computed]` as written.
fn property_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) -> String {
    if walk.is(name, STRING) { walk.text_inside(name, Limit::Name) } else { walk.name(name) }
}

/// The text of a literal string or template; none where it is computed.
fn literal<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<String> {
    let is_literal = walk.is(node, STRING)
        || (walk.is(node, TEMPLATE_STRING) && walk.child_of_kind(node, TEMPLATE_SUBSTITUTION).is_none());
    is_literal.then(|| walk.text_inside(node, Limit::Name))
}

/// In a module, what is not exported is private to it. A script without imports and exports has no such idea.
fn finish(walk: &mut Walk<'_>) {
    walk.end_before_comments();
    let exported: FxHashSet<String> = walk.exports().iter().map(|export| export.local.clone()).collect();
    let object_members = walk.object_members().clone();
    let facts = walk.facts();
    let functions = facts.functions.iter_mut().enumerate().filter(|(index, function)| {
        let is_outermost = function.class.is_none() && function.parent.is_none();
        is_outermost && !object_members.contains(&(*index as u32))
    });
    let functions =
        functions.map(|(_, function)| function).map(|function| (&function.name, &mut function.visibility));
    let classes = facts.classes.iter_mut().filter(|class| class.outer.is_none() && class.function.is_none());
    let definitions = functions.chain(classes.map(|class| (&class.name, &mut class.visibility)));
    let mut definitions: Vec<(&String, &mut Visibility)> = definitions.collect();
    let is_module = !exported.is_empty()
        || facts.imports.iter().any(|import| import.kind != ImportKind::Dynamic)
        || definitions.iter().any(|(_, visibility)| **visibility == Visibility::Public);
    let defined: FxHashSet<String> = definitions.iter().map(|(name, _)| (*name).clone()).collect();
    for (name, visibility) in &mut definitions {
        if exported.contains(*name) {
            **visibility = Visibility::Public;
        } else if is_module && **visibility == Visibility::Unspecified {
            **visibility = Visibility::Private;
        }
    }
    // The last of several overloads is the definition.
    walk.retain_declarations(|declaration| !defined.contains(&declaration.name));
}
