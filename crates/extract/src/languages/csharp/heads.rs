//! What stands before a definition of C#: attributes and modifiers.

use snake_pipe_core::model::{ClassKind, Owner, Visibility};
use tree_sitter::Node;

use super::{ATTRIBUTE, ATTRIBUTE_ARGUMENTS, ATTRIBUTE_LIST, MODIFIER, NAME};
use crate::engine::{Limit, Scope, Walk};

/// Attributes and modifiers of a declaration.
#[derive(Default)]
pub(super) struct Head<'t> {
    /// The modifiers as written.
    pub(super) words: Vec<String>,
    /// The attributes.
    pub(super) attributes: Vec<Node<'t>>,
    /// Where the declaration begins, attributes left out.
    pub(super) start: Option<Node<'t>>,
}

impl Head<'_> {
    /// Whether a modifier is written.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|written| written == word)
    }

    /// The visibility that is written, or else the default. `protected internal` and `private protected` reach heirs,
    /// whatever else they allow or forbid.
    pub(super) fn visibility(&self, default: Visibility) -> Visibility {
        match () {
            () if self.has("public") => Visibility::Public,
            () if self.has("protected") => Visibility::Protected,
            () if self.has("internal") => Visibility::Internal,
            () if self.has("private") || self.has("file") => Visibility::Private,
            () => default,
        }
    }
}

/// Reads the attributes and modifiers of a declaration.
pub(super) fn head<'t>(walk: &mut Walk<'t>, declaration: Node<'t>) -> Head<'t> {
    let mut head = Head::default();
    for child in walk.children(declaration) {
        if walk.is(child, ATTRIBUTE_LIST) {
            let attributes = walk.named_children(child);
            head.attributes.extend(attributes.into_iter().filter(|attribute| walk.is(*attribute, ATTRIBUTE)));
            continue;
        }
        head.start.get_or_insert(child);
        if !walk.is(child, MODIFIER) {
            break;
        }
        head.words.push(walk.name(child));
    }
    head
}

/// Records an attribute of what is known already.
pub(super) fn annotate<'t>(walk: &mut Walk<'t>, owner: Owner, attribute: Node<'t>) {
    if let Some(name) = walk.child(attribute, NAME) {
        let arguments = walk.child_of_kind(attribute, ATTRIBUTE_ARGUMENTS);
        walk.annotate(owner, attribute, name, arguments);
    }
}

/// The modifiers of a field, its attributes among them.
pub(super) fn field_modifiers<'t>(walk: &mut Walk<'t>, head: &Head<'t>) -> Vec<String> {
    let attributes = head.attributes.iter().map(|attribute| {
        let text = walk.text(*attribute, Limit::Arguments);
        format!("[{text}]")
    });
    let mut modifiers: Vec<String> = attributes.collect();
    modifiers.extend(head.words.iter().cloned());
    modifiers
}

/// What the place says about a member's visibility (ECMA-334, 7.5.2): members of interfaces and enums are public, others
/// private.
pub(super) fn default_visibility(walk: &mut Walk<'_>) -> Visibility {
    let kind = walk.enclosing_class().map(|class| walk.class(class).kind);
    match (walk.scope(), kind) {
        (_, Some(ClassKind::Interface | ClassKind::Enum)) => Visibility::Public,
        (Scope::File | Scope::Extension, _) => Visibility::Internal,
        (Scope::Function(_) | Scope::Class(_), _) => Visibility::Private,
    }
}
