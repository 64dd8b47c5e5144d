//! What stands before a definition of Kotlin: modifiers and annotations.

use snake_pipe_core::model::{Owner, Visibility};
use tree_sitter::Node;

use super::{ANNOTATION, CONSTRUCTOR_INVOCATION, MODIFIERS, PARAMETER_MODIFIERS, USER_TYPE, VALUE_ARGUMENTS};
use crate::engine::{Limit, Scope, Walk};

/// Modifiers and annotations of a declaration.
#[derive(Default)]
pub(super) struct Head<'t> {
    /// The modifiers but annotations, as written.
    pub(super) words: Vec<String>,
    /// The annotations.
    pub(super) annotations: Vec<Node<'t>>,
    /// Where the declaration begins, annotations left out.
    pub(super) start: Option<Node<'t>>,
}

impl Head<'_> {
    /// Whether a modifier is written.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|written| written == word)
    }

    /// The visibility that is written, or else the default.
    pub(super) fn visibility(&self, default: Visibility) -> Visibility {
        match () {
            () if self.has("public") => Visibility::Public,
            () if self.has("protected") => Visibility::Protected,
            () if self.has("internal") => Visibility::Internal,
            () if self.has("private") => Visibility::Private,
            () => default,
        }
    }
}

/// Reads the modifiers that begin a declaration, of which `children` are all children.
pub(super) fn head<'t>(walk: &mut Walk<'t>, children: &[Node<'t>]) -> Head<'t> {
    let mut head = Head::default();
    let [first, rest @ ..] = children else { return head };
    if !walk.is_any(*first, &[MODIFIERS, PARAMETER_MODIFIERS]) {
        return head;
    }
    for modifier in walk.named_children(*first) {
        if walk.is(modifier, ANNOTATION) {
            head.annotations.push(modifier);
        } else {
            head.start.get_or_insert(modifier);
            head.words.push(walk.name(modifier));
        }
    }
    head.start = head.start.or_else(|| rest.first().copied()).filter(|_| !head.annotations.is_empty());
    head
}

/// Records the annotations of what is known already: `@A`, `@field:A(1)`, `@[A B]`.
pub(super) fn annotate<'t>(walk: &mut Walk<'t>, owner: Owner, annotation: Node<'t>) {
    for child in walk.named_children(annotation) {
        if walk.is(child, USER_TYPE) {
            walk.annotate(owner, annotation, child, None);
        } else if walk.is(child, CONSTRUCTOR_INVOCATION)
            && let Some(name) = child.named_child(0)
        {
            let arguments = walk.child_of_kind(child, VALUE_ARGUMENTS);
            walk.annotate(owner, annotation, name, arguments);
        }
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
