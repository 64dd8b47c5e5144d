//! What a file of Rust takes from elsewhere: `use`, `extern crate`, `mod name;`.

use snake_pipe_core::model::{Import, ImportKind};
use tree_sitter::Node;

use super::{
    ALIAS, BODY, LIST, NAME, PATH, SCOPED_IDENTIFIER, SCOPED_USE_LIST, SELF, USE_AS, USE_LIST, USE_WILDCARD,
    VISIBILITY,
};
use crate::engine::{Limit, Walk};

/// A path longer than this is not followed further: no real one is, and every level of a tree repeats it.
const MAX_PATH_BYTES: usize = 1_000;

/// `mod name { … }` qualifies the names in it; `mod name;` is another file.
pub(super) fn module<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name_node) = walk.child(node, NAME) else { return };
    let name = walk.name(name_node);
    if walk.child(node, BODY).is_some() {
        walk.open_qualifier(&name);
        return;
    }
    let import = Import { kind: ImportKind::Module, module: name, is_relative: true, ..Import::default() };
    walk.add_import(node, name_node, import);
}

pub(super) fn extern_crate<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let Some(name) = walk.child(node, NAME) else { return };
    let module = walk.name(name);
    let alias = walk.child_text(node, ALIAS, Limit::Name);
    walk.add_import(node, name, Import { kind: ImportKind::Module, module, alias, ..Import::default() });
}

/// One import for every leaf of the tree.
pub(super) fn use_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let is_export = walk.child_of_kind(node, VISIBILITY).is_some();
    let Some(tree) = walk.named_children(node).pop() else { return };
    let mut trees = vec![(String::new(), tree)];
    while let Some((prefix, tree)) = trees.pop() {
        if prefix.len() > MAX_PATH_BYTES {
            continue;
        }
        if walk.is(tree, SCOPED_USE_LIST) {
            let path = walk.child(tree, PATH);
            let prefix = match path {
                Some(path) => joined(walk, &prefix, path),
                None => prefix,
            };
            trees.extend(walk.child(tree, LIST).map(|list| (prefix, list)));
        } else if walk.is(tree, USE_LIST) {
            let leaves = walk.named_children(tree).into_iter().rev();
            trees.extend(leaves.map(|leaf| (prefix.clone(), leaf)));
        } else {
            let import = leaf(walk, &prefix, tree);
            let import = Import { is_relative: is_relative(&import.module), ..import };
            let place = place(walk, tree);
            let import = if is_export { re_export(import) } else { import };
            walk.add_import(node, place, import);
        }
    }
}

/// A re-export without a name is one of all names; that of a module has the name `self`.
fn re_export(import: Import) -> Import {
    let own_name = (import.kind == ImportKind::Module).then(|| "self".to_owned());
    Import { kind: ImportKind::ReExport, name: import.name.or(own_name), ..import }
}

fn leaf<'t>(walk: &mut Walk<'t>, prefix: &str, leaf: Node<'t>) -> Import {
    if walk.is(leaf, USE_WILDCARD) {
        let module = match leaf.named_child(0) {
            Some(path) => joined(walk, prefix, path),
            None => prefix.to_owned(),
        };
        return Import { kind: ImportKind::Wildcard, module, ..Import::default() };
    }
    let is_renamed = walk.is(leaf, USE_AS);
    let path = if is_renamed { walk.child(leaf, PATH).unwrap_or(leaf) } else { leaf };
    let alias = if is_renamed { walk.child_text(leaf, ALIAS, Limit::Name) } else { None };
    if walk.is(path, SELF) && !prefix.is_empty() {
        return Import { kind: ImportKind::Module, module: prefix.to_owned(), alias, ..Import::default() };
    }
    let name = walk.child(path, NAME).filter(|_| walk.is(path, SCOPED_IDENTIFIER));
    let (module, name) = match name {
        Some(name) => {
            let module = match walk.child(path, PATH) {
                Some(path) => joined(walk, prefix, path),
                None => prefix.to_owned(),
            };
            (module, walk.name(name))
        }
        None => (prefix.to_owned(), walk.name(path)),
    };
    if module.is_empty() {
        // `use ::name;` keeps its colons.
        let name = if prefix.is_empty() { joined(walk, "", path) } else { name };
        return Import { kind: ImportKind::Module, module: name, alias, ..Import::default() };
    }
    Import { kind: ImportKind::Name, module, name: Some(name), alias, ..Import::default() }
}

fn joined<'t>(walk: &mut Walk<'t>, prefix: &str, path: Node<'t>) -> String {
    let path = walk.name(path).replace(' ', "");
    if prefix.is_empty() { path } else { format!("{prefix}::{path}") }
}

/// The name that a leaf imports.
fn place<'t>(walk: &Walk<'t>, leaf: Node<'t>) -> Node<'t> {
    let path = if walk.is(leaf, USE_AS) { walk.child(leaf, PATH).unwrap_or(leaf) } else { leaf };
    walk.child(path, NAME).unwrap_or(path)
}

fn is_relative(module: &str) -> bool {
    let first = module.split("::").next().unwrap_or_default();
    matches!(first, "self" | "super")
}
