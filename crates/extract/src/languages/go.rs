//! Go, up to Go 1.24.
//!
//! Sources: The Go Programming Language Specification; for documentation, "Go Doc Comments".
//!
//! `type A B` is a class with the methods of its receivers, `type A = B` an alias. An embedded type is a base and a field.
//! A conversion to a predeclared type (`string(b)`) is no call; other conversions look like calls and count as such. What
//! can only be seen inside a function is private, what begins with no capital letter is internal to its package.

mod calls;
mod counting;
mod functions;
mod surface;
mod types;
mod variables;

use snake_pipe_core::{
    Language,
    model::{Import, ImportKind, Visibility},
};
use tree_sitter::Node;

use super::LanguageRules;
use crate::engine::{Bytes, CommentForm, Flow, Limit, Role, Scope, Walk, names};

names! {
    kinds {
        ASSIGNMENT = "assignment_statement",
        COMPOSITE_LITERAL = "composite_literal",
        DEFINE = ":=",
        DOT = "dot",
        EXPRESSION_LIST = "expression_list",
        FIELD_LIST = "field_declaration_list",
        GENERIC_TYPE = "generic_type",
        IDENTIFIER = "identifier",
        IMPORT_DECLARATION = "import_declaration",
        INDEX_EXPRESSION = "index_expression",
        INTERFACE_TYPE = "interface_type",
        METHOD_DECLARATION = "method_declaration",
        PARAMETER_LIST = "parameter_list",
        PARENTHESIS = "(",
        PARENTHESIZED_EXPRESSION = "parenthesized_expression",
        PARENTHESIZED_TYPE = "parenthesized_type",
        POINTER_TYPE = "pointer_type",
        QUALIFIED_TYPE = "qualified_type",
        SELECTOR = "selector_expression",
        SHORT_VARIABLE = "short_var_declaration",
        STAR = "*",
        STRUCT_TYPE = "struct_type",
        TYPE_ALIAS = "type_alias",
        TYPE_DECLARATION = "type_declaration",
        TYPE_ELEMENT = "type_elem",
        TYPE_IDENTIFIER = "type_identifier",
        TYPE_SPEC = "type_spec",
        UNARY_EXPRESSION = "unary_expression",
        VARIABLE_DECLARATION = "var_declaration",
        VARIABLE_SPEC = "var_spec",
        VARIADIC_PARAMETER = "variadic_parameter_declaration",
    }
    fields {
        ALIAS = "alias",
        ARGUMENTS = "arguments",
        BODY = "body",
        FIELD = "field",
        FUNCTION = "function",
        INDEX = "index",
        LEFT = "left",
        NAME = "name",
        OPERAND = "operand",
        OPERATOR = "operator",
        PARAMETERS = "parameters",
        PATH = "path",
        RECEIVER = "receiver",
        RESULT = "result",
        RIGHT = "right",
        TAG = "tag",
        TYPE = "type",
        TYPE_ARGUMENTS = "type_arguments",
        TYPE_PARAMETERS = "type_parameters",
        VALUE = "value",
    }
}

/// Without one of these there is no call, decision, definition or comment in an expression.
static CODE: Bytes = Bytes::of(b"({/&|");
/// The length of an array may be a call.
static TYPE_CODE: Bytes = Bytes::of(b"({/");

pub(super) static RULES: LanguageRules = LanguageRules {
    language: Language::Go,
    extensions: &["go"],
    grammars: &[|| tree_sitter_go::LANGUAGE.into()],
    kinds: KINDS,
    fields: FIELDS,
    nodes: &[
        ("comment", Role::Comment),
        ("package_clause", Role::Rule(package)),
        ("import_spec", Role::Rule(import)),
        ("type_spec", Role::Rule(types::declaration)),
        ("type_alias", Role::Rule(types::declaration)),
        ("function_declaration", Role::Rule(functions::declaration)),
        ("method_declaration", Role::Rule(functions::declaration)),
        ("method_elem", Role::Rule(functions::interface_method)),
        ("func_literal", Role::Rule(functions::literal)),
        ("call_expression", Role::Rule(calls::call)),
        ("type_conversion_expression", Role::Rule(calls::conversion)),
        ("var_spec", Role::Rule(variables::spec)),
        ("const_spec", Role::Rule(variables::spec)),
        ("short_var_declaration", Role::Rule(variables::short)),
        ("range_clause", Role::Rule(variables::received)),
        ("receive_statement", Role::Rule(variables::received)),
        ("type_switch_statement", Role::Rule(variables::type_switch)),
        ("if_statement", Role::If),
        ("for_statement", Role::Flow(Flow::LOOP)),
        ("expression_switch_statement", Role::Flow(Flow::SWITCH)),
        ("select_statement", Role::Flow(Flow::SWITCH)),
        ("expression_case", Role::Flow(Flow::CASE)),
        ("type_case", Role::Flow(Flow::CASE)),
        ("communication_case", Role::Flow(Flow::CASE)),
        ("goto_statement", Role::Flow(Flow::JUMP)),
        ("break_statement", Role::Rule(jump)),
        ("continue_statement", Role::Rule(jump)),
        ("binary_expression", Role::BooleanExpression),
        ("parenthesized_expression", Role::Parentheses),
        ("selector_expression", Role::Unless(&CODE)),
        ("expression_list", Role::Unless(&CODE)),
        ("pointer_type", Role::Unless(&TYPE_CODE)),
        ("slice_type", Role::Unless(&TYPE_CODE)),
        ("map_type", Role::Unless(&TYPE_CODE)),
        ("qualified_type", Role::Unless(&Bytes::COMMENT)),
        ("function_type", Role::Unless(&TYPE_CODE)),
        ("type_parameter_list", Role::Unless(&TYPE_CODE)),
        ("interpreted_string_literal", Role::Skip),
        ("raw_string_literal", Role::Skip),
    ],
    tokens: &[("else", Role::Else), ("&&", Role::Boolean), ("||", Role::Boolean)],
    counting: &counting::COUNTING,
    comment_form: |comment| match comment {
        [b'/', b'*', ..] => CommentForm::Block,
        _ => CommentForm::Line,
    },
    any_comment_documents: true,
    calls_construct: true,
    finish,
    surface: &surface::SURFACE,
    ..LanguageRules::NONE
};

fn package<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if let Some(name) = node.named_child(0) {
        let name = walk.name(name);
        walk.open_namespace_to_end(&name);
    }
}

/// `import alias "path"`. A dot imports all names of the package, `_` is kept as an alias.
fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(path) = walk.child(node, PATH) else { return };
    let name = walk.child(node, NAME);
    let module = walk.text_inside(path, Limit::Import);
    let is_relative = module.starts_with("./") || module.starts_with("../");
    let is_wildcard = name.is_some_and(|name| walk.is(name, DOT));
    let alias = name.filter(|_| !is_wildcard).map(|name| walk.name(name));
    let statement = walk.parent().filter(|parent| walk.is(*parent, IMPORT_DECLARATION)).unwrap_or(node);
    let kind = if is_wildcard { ImportKind::Wildcard } else { ImportKind::Module };
    walk.add_import(statement, path, Import { kind, module, alias, is_relative, ..Import::default() });
}

/// `break label` and `continue label`.
fn jump<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    if node.named_child_count() > 0 {
        walk.flow(node, Flow::JUMP);
    }
}

/// Exported names begin with an upper case letter.
fn visibility(walk: &Walk<'_>, name: &str) -> Visibility {
    match walk.scope() {
        Scope::Function(_) => Visibility::Private,
        Scope::File | Scope::Class(_) | Scope::Extension if name.starts_with(char::is_uppercase) => {
            Visibility::Public
        }
        Scope::File | Scope::Class(_) | Scope::Extension => Visibility::Internal,
    }
}

/// Documentation without directives such as `//go:noinline`, which `go doc` leaves out too.
fn without_directives(documentation: Option<String>) -> Option<String> {
    let documentation = documentation?;
    if !documentation.lines().any(is_directive) {
        return Some(documentation);
    }
    let lines: Vec<&str> = documentation.lines().filter(|line| !is_directive(line)).collect();
    let indent =
        lines.iter().filter(|line| !line.is_empty()).map(|line| line.len() - line.trim_start().len()).min();
    let lines: Vec<&str> = lines.iter().map(|line| line.get(indent.unwrap_or(0)..).unwrap_or("")).collect();
    Some(lines.join("\n").trim_matches('\n').to_owned()).filter(|text| !text.is_empty())
}

/// `word:word`, without white space before it.
fn is_directive(line: &str) -> bool {
    let is_word = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let Some((tool, rest)) = line.split_once(':') else { return false };
    is_word(rest)
        && is_word(tool)
        && tool.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `fmt.Println()` is a call of a function if `fmt` is a package that the file imports. Without an alias a package is
/// taken to bear the last part of its path, versions left out (`math/rand/v2`, `gopkg.in/yaml.v3`).
fn finish(walk: &mut Walk<'_>) {
    walk.settle_module_calls(|import| match import.kind {
        ImportKind::Module => {
            Some(import.alias.clone().unwrap_or_else(|| package_name(&import.module).to_owned()))
        }
        ImportKind::Name
        | ImportKind::Wildcard
        | ImportKind::Include
        | ImportKind::ReExport
        | ImportKind::Dynamic => None,
    });
}

fn package_name(path: &str) -> &str {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let last = path.rsplit('/').find(|part| !is_version(part)).unwrap_or(path);
    match last.rsplit_once('.') {
        Some((name, version)) if is_version(version) => name,
        _ => last.strip_prefix("go-").unwrap_or(last),
    }
}

#[cfg(test)]
mod tests;
