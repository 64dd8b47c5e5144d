//! What stands before a definition of Scala: annotations and modifiers.

use snake_pipe_core::model::{Owner, Visibility};
use tree_sitter::Node;

use super::{
    ACCESS_MODIFIER, ACCESS_QUALIFIER, ANNOTATION, ARGUMENTS, CASE, MODIFIERS, NAME, types::without_arguments,
};
use crate::engine::{Limit, Scope, Walk};

/// Annotations and modifiers of a definition.
#[derive(Default)]
pub(super) struct Head<'t> {
    /// The modifiers as written, `case` included.
    pub(super) words: Vec<String>,
    /// The annotations.
    pub(super) annotations: Vec<Node<'t>>,
    /// Where the definition begins, annotations left out.
    pub(super) start: Option<Node<'t>>,
    access: Option<Visibility>,
}

impl Head<'_> {
    /// Whether a modifier is written.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|written| written == word)
    }

    /// The visibility that is written, or else the default.
    pub(super) fn visibility(&self, default: Visibility) -> Visibility {
        self.access.unwrap_or(default)
    }
}

/// Reads the annotations and modifiers that begin a definition.
pub(super) fn head<'t>(walk: &mut Walk<'t>, definition: Node<'t>) -> Head<'t> {
    let mut head = Head::default();
    for child in walk.children(definition) {
        if walk.is(child, ANNOTATION) {
            head.annotations.push(child);
            continue;
        }
        head.start.get_or_insert(child);
        if walk.is(child, MODIFIERS) {
            for modifier in walk.children(child) {
                head.words.push(walk.name(modifier));
                if walk.is(modifier, ACCESS_MODIFIER) {
                    head.access = Some(access(walk, modifier));
                }
            }
        } else if walk.is(child, CASE) {
            head.words.push("case".to_owned());
        } else {
            break;
        }
    }
    head
}

/// `private[this]` is private, `private[enclosing]` reaches a package or class around.
fn access<'t>(walk: &mut Walk<'t>, modifier: Node<'t>) -> Visibility {
    let qualifier = walk.child_of_kind(modifier, ACCESS_QUALIFIER);
    let is_wide = qualifier.is_some_and(|qualifier| walk.bytes(qualifier) != b"[this]");
    match walk.bytes(modifier).starts_with(b"protected") {
        true => Visibility::Protected,
        false if is_wide => Visibility::Internal,
        false => Visibility::Private,
    }
}

/// Records an annotation of what is known already.
pub(super) fn annotate<'t>(walk: &mut Walk<'t>, owner: Owner, annotation: Node<'t>) {
    if let Some(name) = walk.child(annotation, NAME) {
        let name = without_arguments(walk, name);
        let arguments = walk.child(annotation, ARGUMENTS);
        walk.annotate(owner, annotation, name, arguments);
    }
}

/// The modifiers of a field, its annotations among them.
pub(super) fn field_modifiers<'t>(walk: &mut Walk<'t>, head: &Head<'t>) -> Vec<String> {
    let annotations = head.annotations.iter().map(|annotation| walk.text(*annotation, Limit::Arguments));
    let mut modifiers: Vec<String> = annotations.collect();
    modifiers.extend(head.words.iter().cloned());
    modifiers
}

/// Everything is public but what stands in a function.
pub(super) fn default_visibility(walk: &Walk<'_>) -> Visibility {
    match walk.scope() {
        Scope::Function(_) => Visibility::Private,
        Scope::File | Scope::Class(_) | Scope::Extension => Visibility::Public,
    }
}
