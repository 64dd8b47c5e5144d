//! Java, up to Java SE 21 and the unnamed classes of later ones.
//!
//! Sources: The Java Language Specification, Java SE 21.
//!
//! A class without a name is a class called `(anonymous)`, that of an enum constant bears the constant's name; what it
//! extends or implements is a base of kind `extends`, for the source does not say which. Initialisers (`static { … }`)
//! are no functions. A `case` with several labels is one decision. What can only be seen inside a function is private.

mod calls;
mod counting;
mod functions;
mod heads;
mod surface;
mod types;
mod variables;

use snake_pipe_core::{
    Language,
    model::{Import, ImportKind, Owner},
};
use tree_sitter::Node;

use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Role, Walk, names};

names! {
    kinds {
        ANNOTATED_TYPE = "annotated_type",
        ANNOTATION = "annotation",
        ANNOTATION_ELEMENT = "annotation_type_element_declaration",
        ASTERISK = "asterisk",
        CATCH_TYPE = "catch_type",
        CLASS_DECLARATION = "class_declaration",
        COMPACT_CONSTRUCTOR = "compact_constructor_declaration",
        CONSTRUCTOR = "constructor_declaration",
        ENUM_CONSTANT = "enum_constant",
        ENUM_DECLARATION = "enum_declaration",
        EXTENDS_INTERFACES = "extends_interfaces",
        FIELD_DECLARATION = "field_declaration",
        FORMAL_PARAMETER = "formal_parameter",
        FORMAL_PARAMETERS = "formal_parameters",
        GENERIC_TYPE = "generic_type",
        IDENTIFIER = "identifier",
        INTERFACE_DECLARATION = "interface_declaration",
        LOCAL_VARIABLE = "local_variable_declaration",
        MARKER_ANNOTATION = "marker_annotation",
        MODIFIERS = "modifiers",
        OBJECT_CREATION = "object_creation_expression",
        RECEIVER_PARAMETER = "receiver_parameter",
        RECORD_DECLARATION = "record_declaration",
        SCOPED_IDENTIFIER = "scoped_identifier",
        SCOPED_TYPE = "scoped_type_identifier",
        SPREAD_PARAMETER = "spread_parameter",
        THIS = "this",
        TYPE_ARGUMENT_LIST = "type_arguments",
        TYPE_LIST = "type_list",
        VARIABLE_DECLARATOR = "variable_declarator",
    }
    fields {
        ARGUMENTS = "arguments",
        BODY = "body",
        CONSTRUCTOR_NAME = "constructor",
        DECLARATOR = "declarator",
        DIMENSIONS = "dimensions",
        INTERFACES = "interfaces",
        MODULE = "module",
        NAME = "name",
        OBJECT = "object",
        PARAMETERS = "parameters",
        RIGHT = "right",
        SCOPE = "scope",
        SUPERCLASS = "superclass",
        TYPE = "type",
        TYPE_PARAMETERS = "type_parameters",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision, definition or comment in the access of a field.
static CODE: Bytes = Bytes::of(b"({/?&|");
/// Without one of these there is no comment or wildcard in a type.
static TYPE_CODE: Bytes = Bytes::of(b"/?");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Java,
    extensions: &["java"],
    grammars: &[|| tree_sitter_java::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("line_comment", Role::Comment),
        ("block_comment", Role::Comment),
        ("package_declaration", Role::Rule(package)),
        ("module_declaration", Role::Rule(module)),
        ("requires_module_directive", Role::Rule(requires)),
        ("import_declaration", Role::Rule(import)),
        ("class_declaration", Role::Rule(types::declaration)),
        ("interface_declaration", Role::Rule(types::declaration)),
        ("enum_declaration", Role::Rule(types::declaration)),
        ("record_declaration", Role::Rule(types::declaration)),
        ("annotation_type_declaration", Role::Rule(types::declaration)),
        ("class_body", Role::Rule(types::body)),
        ("enum_constant", Role::Rule(types::enum_constant)),
        ("field_declaration", Role::Rule(types::fields)),
        ("constant_declaration", Role::Rule(types::fields)),
        ("method_declaration", Role::Rule(functions::declaration)),
        ("constructor_declaration", Role::Rule(functions::declaration)),
        ("compact_constructor_declaration", Role::Rule(functions::declaration)),
        ("annotation_type_element_declaration", Role::Rule(functions::declaration)),
        ("lambda_expression", Role::Rule(functions::lambda)),
        ("method_invocation", Role::Rule(calls::method_invocation)),
        ("object_creation_expression", Role::Rule(calls::object_creation)),
        ("explicit_constructor_invocation", Role::Rule(calls::constructor_invocation)),
        ("local_variable_declaration", Role::Rule(variables::declaration)),
        ("enhanced_for_statement", Role::Rule(variables::for_each)),
        ("catch_formal_parameter", Role::Rule(variables::caught)),
        ("resource", Role::Rule(variables::typed)),
        ("instanceof_expression", Role::Rule(variables::instance_of)),
        ("type_pattern", Role::Rule(variables::pattern)),
        ("record_pattern_component", Role::Rule(variables::pattern)),
        ("if_statement", Role::If),
        ("for_statement", Role::Flow(Flow::LOOP)),
        ("while_statement", Role::Flow(Flow::LOOP)),
        ("do_statement", Role::Flow(Flow::LOOP)),
        ("catch_clause", Role::Flow(Flow::CATCH)),
        ("ternary_expression", Role::Flow(Flow::TERNARY)),
        ("switch_expression", Role::Flow(Flow::SWITCH)),
        ("switch_label", Role::Rule(switch_label)),
        ("guard", Role::Flow(Flow::CASE)),
        ("wildcard", Role::Rule(counting::wildcard)),
        ("break_statement", Role::Rule(jump)),
        ("continue_statement", Role::Rule(jump)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
        ("field_access", Role::Unless(&CODE)),
        ("modifiers", Role::Unless(&Bytes::COMMENT)),
        ("type_arguments", Role::Unless(&TYPE_CODE)),
        ("type_parameters", Role::Unless(&Bytes::COMMENT)),
        ("generic_type", Role::Unless(&TYPE_CODE)),
        ("array_type", Role::Unless(&TYPE_CODE)),
        ("scoped_type_identifier", Role::Unless(&TYPE_CODE)),
        ("scoped_identifier", Role::Unless(&Bytes::COMMENT)),
        ("formal_parameters", Role::Unless(&Bytes::COMMENT)),
        ("superclass", Role::Unless(&Bytes::COMMENT)),
        ("super_interfaces", Role::Unless(&Bytes::COMMENT)),
        ("throws", Role::Unless(&Bytes::COMMENT)),
        ("string_literal", Role::Skip),
    ],
    tokens: &[("else", Role::Else), ("&&", Role::Boolean), ("||", Role::Boolean)],
    counting: &counting::COUNTING,
    comment_form,
    bare_calls_reach_members: true,
    texts: &["string_literal"],
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

/// Documentation is `/** … */`, and `///` since Java SE 23 (JEP 467).
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

/// A qualified name; white space may stand between its parts.
fn qualified_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) -> String {
    walk.name(name).replace(' ', "")
}

fn package<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for child in walk.named_children(node) {
        if walk.is_any(child, &[ANNOTATION, MARKER_ANNOTATION]) {
            heads::annotate(walk, Owner::File, child);
        } else if walk.is_any(child, &[IDENTIFIER, SCOPED_IDENTIFIER]) {
            let name = qualified_name(walk, child);
            walk.open_namespace_to_end(&name);
        }
    }
}

fn module<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = walk.child(node, NAME) {
        let name = qualified_name(walk, name);
        walk.open_namespace(&name);
    }
}

fn requires<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(required) = walk.child(node, MODULE) else { return };
    let module = qualified_name(walk, required);
    walk.add_import(node, required, Import { kind: ImportKind::Module, module, ..Import::default() });
}

/// `import a.b.C` is the name `C` of the package `a.b`; `import static a.b.C.m` the name `m` of the type `a.b.C`.
fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.named_children(node);
    let Some(path) =
        children.iter().copied().find(|child| walk.is_any(*child, &[IDENTIFIER, SCOPED_IDENTIFIER]))
    else {
        return;
    };
    if let Some(asterisk) = children.into_iter().find(|child| walk.is(*child, ASTERISK)) {
        let module = qualified_name(walk, path);
        walk.add_import(node, asterisk, Import { kind: ImportKind::Wildcard, module, ..Import::default() });
        return;
    }
    let (module, name) = match (walk.child(path, SCOPE), walk.child(path, NAME)) {
        (Some(scope), Some(name)) => (qualified_name(walk, scope), name),
        _ => (String::new(), path),
    };
    let place = name;
    let name = Some(walk.name(name));
    walk.add_import(node, place, Import { kind: ImportKind::Name, module, name, ..Import::default() });
}

/// `default`, and `case null, default`, are no decisions.
fn switch_label<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if !walk.bytes(node).trim_ascii_end().ends_with(b"default") {
        walk.flow(node, Flow::CASE);
    }
}

/// `break label` and `continue label`.
fn jump<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if node.named_child_count() > 0 {
        walk.flow(node, Flow::JUMP);
    }
}

#[cfg(test)]
mod tests;
