//! Imports.

use snake_pipe_core::model::{Import, ImportKind};
use tree_sitter::Node;

use super::{
    ALIAS, ALIASED_IMPORT, CONDITION, ELIF_CLAUSE, ELSE_CLAUSE, IF_STATEMENT, MODULE_NAME, NAME,
    RELATIVE_IMPORT, WILDCARD_IMPORT, strings::string_value,
};
use crate::engine::{Limit, Walk};

pub(super) fn import_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    for name in walk.children_in(node, NAME) {
        let (module, alias) = aliased(walk, name);
        let import = Import {
            kind: ImportKind::Module,
            module,
            alias,
            is_type_only: is_type_checking(walk),
            ..Import::default()
        };
        walk.add_import(node, name, import);
    }
}

pub(super) fn import_from<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let module_node = walk.child(node, MODULE_NAME);
    let is_relative = module_node.is_some_and(|module| walk.is(module, RELATIVE_IMPORT));
    let module =
        module_node.map_or_else(|| "__future__".to_owned(), |module| walk.name(module).replace(' ', ""));
    let is_type_only = is_type_checking(walk);
    if let Some(wildcard) = walk.child_of_kind(node, WILDCARD_IMPORT) {
        let import =
            Import { kind: ImportKind::Wildcard, module, is_relative, is_type_only, ..Import::default() };
        walk.add_import(node, wildcard, import);
        return;
    }
    for name_node in walk.children_in(node, NAME) {
        let (name, alias) = aliased(walk, name_node);
        let import = Import {
            kind: ImportKind::Name,
            module: module.clone(),
            name: Some(name),
            alias,
            is_relative,
            is_type_only,
            ..Import::default()
        };
        walk.add_import(node, name_node, import);
    }
}

fn aliased<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> (String, Option<String>) {
    if !walk.is(node, ALIASED_IMPORT) {
        return (walk.name(node), None);
    }
    let name = walk.child_text(node, NAME, Limit::Name).unwrap_or_default();
    (name, walk.child_text(node, ALIAS, Limit::Name))
}

/// Whether the current node stands in the body of an `if TYPE_CHECKING:`.
fn is_type_checking(walk: &Walk<'_>) -> bool {
    let around = (1..).map_while(|levels| walk.ancestor(levels));
    let mut is_in_else = false;
    for node in around {
        if walk.is(node, IF_STATEMENT)
            && !is_in_else
            && walk
                .child(node, CONDITION)
                .is_some_and(|condition| is_type_checking_flag(walk.bytes(condition)))
        {
            return true;
        }
        is_in_else = walk.is_any(node, &[ELSE_CLAUSE, ELIF_CLAUSE]);
    }
    false
}

/// `TYPE_CHECKING`, or that of a module.
fn is_type_checking_flag(condition: &[u8]) -> bool {
    condition.strip_suffix(b"TYPE_CHECKING").is_some_and(|module| module.is_empty() || module.ends_with(b"."))
}

/// `importlib.import_module("a.b")` and `__import__("a.b")`.
pub(super) fn dynamic_import<'t>(walk: &mut Walk<'t>, call: Node<'t>, callee: Node<'t>, arguments: Node<'t>) {
    if !matches!(walk.bytes(callee), b"__import__" | b"import_module" | b"importlib.import_module") {
        return;
    }
    let Some(literal) = arguments.named_child(0) else { return };
    if let Some(module) = string_value(walk, literal).map(|module| module.replace('\0', "")) {
        let is_relative = module.starts_with('.');
        let import = Import { kind: ImportKind::Dynamic, module, is_relative, ..Import::default() };
        walk.add_import(call, literal, import);
    }
}
