//! What lizard counts in Go: words and operators.

use crate::engine::{Count, Counting, Definitions};

const WORD: Count = Count::one(Definitions::LIZARD);

/// A function without a name counts for itself.
pub(super) static COUNTING: Counting = Counting {
    definitions: Definitions::LIZARD,
    nodes: &[("func_literal", Count::NONE.hiding(Definitions::LIZARD))],
    tokens: &[("if", WORD), ("for", WORD), ("case", WORD), ("&&", WORD), ("||", WORD)],
    in_bodies: Definitions::NONE,
    joins: |_| Definitions::NONE,
};
