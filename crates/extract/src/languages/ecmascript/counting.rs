//! What lizard counts in JavaScript: words and operators. (What it makes of TypeScript depends on white space.)

use tree_sitter::Node;

use crate::engine::{Count, Counting, Definitions, Walk};

const WORD: Count = Count::one(Definitions::LIZARD);
const PAIR: Count = Count::two(Definitions::LIZARD);
const APART: Count = Count::NONE.hiding(Definitions::LIZARD);

/// A function without a name counts for itself, and a template is one word. `?.` is a `?`, and `??` are two.
pub(in crate::languages) static COUNTING: Counting = Counting {
    definitions: Definitions::LIZARD,
    nodes: &[
        ("arrow_function", APART),
        ("function_expression", APART),
        ("generator_function", APART),
        ("optional_chain", WORD),
        ("template_string", APART),
    ],
    tokens: &[
        ("if", WORD),
        ("for", WORD),
        ("while", WORD),
        ("case", WORD),
        ("catch", WORD),
        ("&&", WORD),
        ("||", WORD),
        ("&&=", WORD),
        ("||=", WORD),
        ("?", WORD),
        ("??", PAIR),
        ("??=", PAIR),
    ],
    in_bodies: Definitions::NONE,
    joins: |_| Definitions::NONE,
};

/// Counts the name of a method that is one of the words: `promise.catch(…)`.
pub(super) fn count_name<'t>(walk: &mut Walk<'t>, name: Node<'t>) {
    if matches!(walk.bytes(name), b"catch" | b"for" | b"if" | b"case" | b"while") {
        walk.count(name, WORD);
    }
}
