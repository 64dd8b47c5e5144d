//! What stands before a definition of Java: modifiers and annotations.

use snake_pipe_core::model::{ClassKind, Owner, Visibility};
use tree_sitter::Node;

use super::{ANNOTATION, ARGUMENTS, MARKER_ANNOTATION, MODIFIERS, NAME};
use crate::engine::{Scope, Walk};

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
            () if self.has("private") => Visibility::Private,
            () => default,
        }
    }
}

/// Reads the modifiers of a declaration.
pub(super) fn head<'t>(walk: &mut Walk<'t>, declaration: Node<'t>) -> Head<'t> {
    let mut head = Head::default();
    let mut children = walk.children(declaration).into_iter();
    let Some(first) = children.next() else { return head };
    if !walk.is(first, MODIFIERS) {
        return head;
    }
    for modifier in walk.children(first) {
        if walk.is_any(modifier, &[ANNOTATION, MARKER_ANNOTATION]) {
            head.annotations.push(modifier);
        } else {
            head.start.get_or_insert(modifier);
            head.words.push(walk.name(modifier));
        }
    }
    head.start = head.start.or_else(|| children.next()).filter(|_| !head.annotations.is_empty());
    head
}

/// Records an annotation of what is known already.
pub(super) fn annotate<'t>(walk: &mut Walk<'t>, owner: Owner, annotation: Node<'t>) {
    if let Some(name) = walk.child(annotation, NAME) {
        let arguments = walk.child(annotation, ARGUMENTS);
        walk.annotate(owner, annotation, name, arguments);
    }
}

/// What the place says about a member's visibility: members of interfaces are public, what stands in a function is seen
/// there alone, all else in the package (JLS 6.6, 9.4, 14.3).
pub(super) fn default_visibility(walk: &mut Walk<'_>) -> Visibility {
    match walk.scope() {
        Scope::Class(_) if is_in_interface(walk) => Visibility::Public,
        Scope::Function(_) => Visibility::Private,
        Scope::File | Scope::Class(_) | Scope::Extension => Visibility::Internal,
    }
}

/// Whether the innermost definition is an interface or a type of annotations.
pub(super) fn is_in_interface(walk: &mut Walk<'_>) -> bool {
    let kind = walk.enclosing_class().map(|class| walk.class(class).kind);
    matches!(kind, Some(ClassKind::Interface | ClassKind::Annotation))
}
