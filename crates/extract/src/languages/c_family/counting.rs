//! What lizard counts in C and C++: words and operators in bodies, and the directives that leave out code.

use crate::engine::{Count, Counting, Definitions};

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
