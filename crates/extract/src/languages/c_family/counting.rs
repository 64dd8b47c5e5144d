//! What lizard counts in C and C++: words and operators in bodies, and the directives that leave out code.

use tree_sitter::Node;

use crate::engine::{Count, Counting, Definitions, Walk};

const WORD: Count = Count::one(Definitions::LIZARD);

/// Functions inside others, and lambdas, are a part of the function around them.
pub(super) static COUNTING: Counting = Counting {
    definitions: Definitions::LIZARD,
    nodes: &[("preproc_if", WORD), ("preproc_elif", WORD)],
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
    if matches!(walk.bytes(name), b"if" | b"for" | b"while" | b"case" | b"catch") {
        walk.count(name, WORD);
    }
}
