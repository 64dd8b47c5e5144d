//! Imports and exports.

use snake_pipe_core::model::{Import, ImportKind};
use tree_sitter::Node;

use super::{
    ALIAS, ARGUMENTS, CALL_EXPRESSION, DECLARATION, EXPORT_CLAUSE, EXPORT_SPECIFIER, IDENTIFIER, IMPORT,
    IMPORT_CLAUSE, KEY, NAME, NAMED_IMPORTS, NAMESPACE_EXPORT, NAMESPACE_IMPORT, OBJECT, PAIR, SHORTHAND,
    SOURCE, VALUE, VARIABLE_DECLARATOR, bindings::bound_names, literal, property_name,
};
use crate::engine::Walk;

pub(in crate::languages) fn import_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(source) = walk.child(node, SOURCE) else { return };
    let Some(module) = literal(walk, source) else { return };
    let of_module = Import { is_type_only: is_type_only(walk, node), ..import(ImportKind::Name, module) };
    let Some(clause) = walk.child_of_kind(node, IMPORT_CLAUSE) else {
        walk.add_import(node, source, Import { kind: ImportKind::Module, ..of_module });
        return;
    };
    for child in walk.named_children(clause) {
        if walk.is(child, NAMED_IMPORTS) {
            for specifier in walk.named_children(child) {
                import_specifier(walk, node, specifier, &of_module);
            }
        } else if walk.is(child, NAMESPACE_IMPORT) {
            let name = child.named_child(0).unwrap_or(child);
            let alias = Some(walk.name(name));
            walk.add_import(node, name, Import { kind: ImportKind::Wildcard, alias, ..of_module.clone() });
        } else {
            let (name, alias) = (Some("default".to_owned()), Some(walk.name(child)));
            walk.add_import(node, child, Import { name, alias, ..of_module.clone() });
        }
    }
}

fn import_specifier<'t>(walk: &mut Walk<'t>, statement: Node<'t>, specifier: Node<'t>, of_module: &Import) {
    let Some(name) = walk.child(specifier, NAME) else { return };
    let import = Import {
        name: Some(property_name(walk, name)),
        alias: walk.child(specifier, ALIAS).map(|alias| walk.name(alias)),
        is_type_only: of_module.is_type_only || is_type_only(walk, specifier),
        ..of_module.clone()
    };
    walk.add_import(statement, name, import);
}

/// TypeScript's `import x = require("m")`.
pub(in crate::languages) fn import_require<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let (Some(source), Some(name)) = (walk.child(node, SOURCE), node.named_child(0)) else { return };
    let (Some(module), Some(statement)) = (literal(walk, source), walk.parent()) else { return };
    let alias = Some(walk.name(name));
    walk.add_import(statement, name, Import { alias, ..import(ImportKind::Module, module) });
}

/// `require("m")` and `import("m")`, with what the variable that takes it binds.
pub(super) fn dynamic_import<'t>(walk: &mut Walk<'t>, call: Node<'t>, callee: Node<'t>) {
    if !walk.is(callee, IMPORT) && walk.bytes(callee) != b"require" {
        return;
    }
    let argument = walk.child(call, ARGUMENTS).and_then(|list| list.named_child(0));
    let Some(argument) = argument else { return };
    let Some(module) = literal(walk, argument) else { return };
    let mut of_module = import(ImportKind::Dynamic, module);
    if is_in_type(walk) {
        of_module.is_type_only = true;
        walk.add_import(call, argument, of_module);
        return;
    }
    // `const m = await import("m")` has one node more between.
    let declarator = (1..=2).filter_map(|levels| walk.ancestor(levels));
    let declarator = { declarator }.find(|node| walk.is(*node, VARIABLE_DECLARATOR));
    let Some(pattern) = declarator.and_then(|declarator| walk.child(declarator, NAME)) else {
        walk.add_import(call, argument, of_module);
        return;
    };
    if walk.is(pattern, IDENTIFIER) {
        let alias = Some(walk.name(pattern));
        walk.add_import(call, argument, Import { alias, ..of_module });
        return;
    }
    for (key, local) in bound_names(walk, pattern) {
        let (name, alias) = (key.map(|key| walk.name(key)), Some(walk.name(local)));
        walk.add_import(call, local, Import { name, alias, ..of_module.clone() });
    }
}

/// Whether the current node is part of a type, as in `typeof import("m")`.
fn is_in_type(walk: &Walk<'_>) -> bool {
    let around = (1..=6).map_while(|levels| walk.ancestor(levels)).map(|node| node.kind());
    let expressions =
        ["arguments", "statement_block", "await_expression", "call_expression", "variable_declarator"];
    let mut inner = around.take_while(|kind| !expressions.contains(kind) && !kind.ends_with("_statement"));
    inner.any(|kind| kind.starts_with("type_") || kind.ends_with("_type") || kind == "nested_type_identifier")
}

pub(in crate::languages) fn export_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let clause = walk.child_of_kind(node, EXPORT_CLAUSE);
    let source = walk.child(node, SOURCE);
    let module = source.and_then(|source| literal(walk, source));
    if let (Some(source), Some(module)) = (source, module) {
        let of_module =
            Import { is_type_only: is_type_only(walk, node), ..import(ImportKind::ReExport, module) };
        re_export(walk, node, source, clause, of_module);
        return;
    }
    if let Some(clause) = clause {
        for specifier in walk.named_children(clause) {
            export_specifier(walk, specifier);
        }
        return;
    }
    let children = walk.children(node);
    let is_default = children.iter().any(|child| matches!(child.kind(), "default" | "="));
    let declared = walk.child(node, DECLARATION).and_then(|declaration| walk.child(declaration, NAME));
    let value = walk
        .child(node, VALUE)
        .or_else(|| children.last().copied().filter(|last| walk.is(*last, IDENTIFIER)));
    let named = declared.or_else(|| value.filter(|value| walk.is(*value, IDENTIFIER)));
    if let Some(name) = named.filter(|_| is_default) {
        let local = walk.name(name);
        walk.add_export("default".to_owned(), local);
    }
}

fn re_export<'t>(
    walk: &mut Walk<'t>,
    node: Node<'t>,
    source: Node<'t>,
    clause: Option<Node<'t>>,
    of_module: Import,
) {
    let Some(clause) = clause else {
        let namespace = walk.child_of_kind(node, NAMESPACE_EXPORT).and_then(|export| export.named_child(0));
        let alias = namespace.map(|name| property_name(walk, name));
        walk.add_import(node, namespace.unwrap_or(source), Import { alias, ..of_module });
        return;
    };
    for specifier in walk.named_children(clause) {
        let Some(name) = walk.child(specifier, NAME) else { continue };
        let import = Import {
            name: Some(property_name(walk, name)),
            alias: walk.child(specifier, ALIAS).map(|alias| property_name(walk, alias)),
            is_type_only: of_module.is_type_only || is_type_only(walk, specifier),
            ..of_module.clone()
        };
        walk.add_import(node, name, import);
    }
}

fn export_specifier<'t>(walk: &mut Walk<'t>, specifier: Node<'t>) {
    if !walk.is(specifier, EXPORT_SPECIFIER) {
        return;
    }
    let Some(local) = walk.child(specifier, NAME) else { return };
    let outside = walk.child(specifier, ALIAS).unwrap_or(local);
    let (outside, local) = (property_name(walk, outside), property_name(walk, local));
    walk.add_export(outside, local);
}

/// `module.exports = …`, `exports.name = …` and `module.exports.name = …`, where the value is a name or an object of names.
/// Functions and classes that are assigned so are named by what they are assigned to.
pub(super) fn common_js_export<'t>(walk: &mut Walk<'t>, left: Node<'t>, right: Node<'t>) {
    let left = walk.bytes(left);
    let name = match left {
        b"module.exports" => "default".to_owned(),
        _ => {
            let name = left.strip_prefix(b"module.exports.").or_else(|| left.strip_prefix(b"exports."));
            let Some(name) = name.filter(|name| !name.contains(&b'.')) else { return };
            String::from_utf8_lossy(name).into_owned()
        }
    };
    if walk.is(right, IDENTIFIER) {
        let local = walk.name(right);
        walk.add_export(name, local);
    } else if walk.is(right, OBJECT) {
        for entry in walk.named_children(right) {
            let (outside, local) = if walk.is(entry, SHORTHAND) {
                (Some(entry), Some(entry))
            } else if walk.is(entry, PAIR) {
                (walk.child(entry, KEY), walk.child(entry, VALUE).filter(|value| walk.is(*value, IDENTIFIER)))
            } else {
                continue;
            };
            if let (Some(outside), Some(local)) = (outside, local) {
                let (outside, local) = (property_name(walk, outside), walk.name(local));
                walk.add_export(outside, local);
            }
        }
    } else if !walk.is(right, CALL_EXPRESSION) {
        walk.add_export(name.clone(), name);
    }
}

fn import(kind: ImportKind, module: String) -> Import {
    let is_relative =
        module.starts_with("./") || module.starts_with("../") || matches!(module.as_str(), "." | "..");
    Import { kind, module, is_relative, ..Import::default() }
}

/// Whether the word `type` (or Flow's `typeof`) stands in an import, export or one of their names.
fn is_type_only<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> bool {
    let children = walk.children(node);
    children.into_iter().any(|child| !child.is_named() && matches!(child.kind(), "type" | "typeof"))
}
