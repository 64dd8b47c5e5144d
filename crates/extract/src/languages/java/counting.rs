//! What lizard counts in Java: words and operators in bodies.

use tree_sitter::Node;

use super::TYPE_ARGUMENT_LIST;
use crate::engine::{Count, Counting, Definitions, Walk};

const WORD: Count = Count::one(Definitions::LIZARD);

/// Methods of classes inside methods, and lambdas, are a part of the method around them.
pub(super) static COUNTING: Counting = Counting {
    definitions: Definitions::LIZARD,
    nodes: &[("ternary_expression", WORD)],
    tokens: &[
        ("if", WORD),
        ("for", WORD),
        ("while", WORD),
        ("case", WORD),
        ("catch", WORD),
        ("&&", WORD),
        ("||", WORD),
    ],
    in_bodies: Definitions::LIZARD,
    joins: |_| Definitions::LIZARD,
};

/// `?` is a decision to lizard wherever it stands, but for `<?>` and `<? extends Name>`.
pub(super) fn wildcard<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let is_alone = walk.parent().is_some_and(|parent| {
        walk.is(parent, TYPE_ARGUMENT_LIST) && parent.named_child_count() == 1 && is_plain(walk.bytes(node))
    });
    if !is_alone {
        walk.count(node, WORD);
    }
}

/// Whether the text is `?` or `? extends Name`.
fn is_plain(wildcard: &[u8]) -> bool {
    let mut words = wildcard.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_name = |word: &[u8]| word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(b"?"), None, ..) => true,
        (Some(b"?"), Some(b"extends"), Some(name), None) => is_name(name),
        _ => false,
    }
}
