//! What lizard counts in C and C++: words and operators in bodies, and the directives that leave out code.

use tree_sitter::Node;

use super::DIRECTIVE;
use crate::engine::{Count, Counting, Definitions, Walk, is_word};

const WORD: Count = Count::one(Definitions::LIZARD);

/// Functions inside others, and lambdas, are a part of the function around them.
pub(super) static COUNTING: Counting = Counting {
    definitions: Definitions::LIZARD,
    nodes: &[("preproc_if", WORD), ("preproc_elif", WORD), ("identifier", WORD.where_hidden())],
    tokens: &[
        ("#ifdef", WORD),
        ("if", WORD),
        ("for", WORD),
        ("while", WORD),
        ("case", WORD),
        ("catch", WORD),
        ("&&", WORD.or_reference()),
        ("||", WORD),
        ("?", WORD),
    ],
    in_bodies: Definitions::LIZARD,
    joins: |_| Definitions::LIZARD,
};

/// Counts a name that is one of the words: where a macro is not understood, a statement behind it looks like a call or a function.
pub(super) fn count_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) {
    // Where there are errors, every name is looked at.
    if !walk.has_errors() && is_word(walk.bytes(name)) {
        walk.count(name, WORD);
    }
}

/// A directive that the grammar does not understand where it stands, such as an `#if` among arguments.
pub(in crate::languages) fn directive<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let name = walk.child(node, DIRECTIVE).map_or(&b""[..], |name| walk.bytes(name));
    let name = name.strip_prefix(b"#").unwrap_or(name).trim_ascii_start();
    if matches!(name, b"if" | b"ifdef" | b"elif") {
        walk.count(node, WORD);
    }
    walk.skip_children_but_comments(node);
}
