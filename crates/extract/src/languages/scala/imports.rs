//! Imports and exports of Scala.

use snake_pipe_core::model::{Import, ImportKind};
use tree_sitter::Node;

use super::{
    ALIAS, ARROW_RENAMED, AS_RENAMED, COMMA, DOT, EXPORT_DECLARATION, IDENTIFIER, NAME, NAMESPACE_SELECTORS,
    NAMESPACE_WILDCARD, WILDCARD,
};
use crate::engine::{Limit, Walk};

/// `import a.b.C, d.{E => F, _}`: one import for every name. `given T` takes the instances of a type and has its name.
pub(super) fn declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let children = walk.children(node);
    let expressions = children.get(1..).unwrap_or_default().split(|child| walk.is(*child, COMMA));
    let expressions: Vec<Vec<Node<'t>>> = expressions.map(<[Node<'t>]>::to_vec).collect();
    for expression in expressions {
        let path: Vec<Node<'t>> =
            expression.iter().copied().take_while(|part| walk.is_any(*part, &[IDENTIFIER, DOT])).collect();
        let selector = expression.get(path.len()).copied().filter(|selector| selector.is_named());
        // The last dot of the path belongs to the selector.
        let names: Vec<Node<'t>> = path.into_iter().filter(|part| walk.is(*part, IDENTIFIER)).collect();
        match selector {
            Some(selector) if walk.is(selector, NAMESPACE_SELECTORS) => {
                for selector in walk.named_children(selector) {
                    select(walk, node, &names, selector);
                }
            }
            // `given T` without braces.
            None if expression.last().is_some_and(|last| last.is_named() && !walk.is(*last, IDENTIFIER)) => {
                if let Some(last) = expression.last() {
                    select(walk, node, &names, *last);
                }
            }
            Some(selector) => select(walk, node, &names, selector),
            None => {
                if let [module @ .., name] = names.as_slice() {
                    select(walk, node, module, *name);
                }
            }
        }
    }
}

/// Adds what a selector takes from the module that `path` names.
fn select<'t>(walk: &mut Walk<'t>, statement: Node<'t>, path: &[Node<'t>], selector: Node<'t>) {
    let module = match path {
        [first, .., last] => walk.text_through(*first, *last, Limit::Import).replace(' ', ""),
        [only] => walk.name(*only),
        [] => String::new(),
    };
    let is_renamed = walk.is_any(selector, &[ARROW_RENAMED, AS_RENAMED]);
    let name = if is_renamed { walk.child(selector, NAME).unwrap_or(selector) } else { selector };
    let alias = if is_renamed { walk.child(selector, ALIAS) } else { None };
    if alias.is_some_and(|alias| walk.is(alias, WILDCARD)) {
        // `{a => _}` leaves `a` out.
        return;
    }
    let alias = alias.map(|alias| walk.name(alias));
    let is_wildcard = walk.is(selector, NAMESPACE_WILDCARD);
    let text = walk.name(name);
    let import = match (is_wildcard, module.is_empty()) {
        (true, _) => Import { kind: ImportKind::Wildcard, module, ..Import::default() },
        (false, true) => Import { kind: ImportKind::Module, module: text, alias, ..Import::default() },
        (false, false) => {
            Import { kind: ImportKind::Name, module, name: Some(text), alias, ..Import::default() }
        }
    };
    let is_export = walk.is(statement, EXPORT_DECLARATION);
    let kind = if is_export { ImportKind::ReExport } else { import.kind };
    walk.add_import(statement, name, Import { kind, ..import });
}
