//! What other tools count in Python: mccabe, radon and lizard.

use snake_pipe_core::model::FunctionKind;
use tree_sitter::Node;

use super::{BLOCK, CASE_CLAUSE, CASE_PATTERN, DOTTED_NAME, EXCEPT_CLAUSE, IF_STATEMENT, TRY_STATEMENT};
use crate::engine::{Count, Counting, Definitions, Flow, Walk};

const MCCABE: Definitions = Definitions::MCCABE;
const RADON: Definitions = Definitions::RADON;
const LIZARD: Definitions = Definitions::LIZARD;
const SYNTAX: Definitions = Definitions::SYNTAX;

/// mccabe and radon count nodes, lizard words.
///
/// mccabe does not look into `finally` and into statements that it does not know (`match`, `except*`), radon not into
/// `assert`, decorators, and heads of functions; to lizard a string is a word, whatever it holds.
pub(super) static COUNTING: Counting = Counting {
    definitions: Definitions::ALL,
    nodes: &[
        ("if_statement", Count::one(SYNTAX).graph()),
        ("elif_clause", Count::one(SYNTAX)),
        ("for_statement", Count::one(SYNTAX).graph()),
        ("while_statement", Count::one(SYNTAX).graph()),
        ("finally_clause", Count::NONE.hiding(MCCABE)),
        ("match_statement", Count::NONE.hiding(MCCABE)),
        ("conditional_expression", Count::one(RADON)),
        ("for_in_clause", Count::one(RADON)),
        ("assert_statement", Count::one(RADON).hiding(RADON)),
        ("decorator", Count::NONE.hiding(RADON)),
        ("interpolation", Count::NONE.hiding(LIZARD)),
    ],
    tokens: &[
        ("and", WORD_AND_OPERATOR),
        ("or", WORD_AND_OPERATOR),
        ("if", WORD),
        ("elif", WORD),
        ("for", WORD),
        ("while", WORD),
        ("except", WORD),
        ("finally", WORD),
    ],
    in_bodies: RADON,
    joins: |kind| match kind {
        FunctionKind::Closure => Definitions::ALL,
        _ => MCCABE,
    },
};

const WORD: Count = Count::one(LIZARD);
const WORD_AND_OPERATOR: Count = Count::one(Definitions::RADON_AND_LIZARD);

/// A `try` is a path for each handler and one more to mccabe, and none for itself to radon. Neither knows `except*`.
pub(super) fn try_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    let clauses = walk.named_children(node);
    let handlers = clauses.into_iter().filter(|clause| walk.is(*clause, EXCEPT_CLAUSE));
    let handlers: Vec<Node<'t>> = handlers.collect();
    if handlers.iter().any(|handler| is_group(*handler)) {
        walk.count(node, Count::NONE.hiding(MCCABE));
        return;
    }
    walk.count(node, Count::one(MCCABE).graph());
    for handler in handlers {
        walk.count(handler, Count::one(SYNTAX));
    }
}

/// Whether a handler is an `except*`.
fn is_group(handler: Node<'_>) -> bool {
    handler.child(1).is_some_and(|token| token.kind() == "*")
}

/// The `else` of a loop or a `try` is one more to radon.
pub(super) fn count_else<'t>(walk: &mut Walk<'t>, node: Node<'t>, parent: Option<Node<'t>>) {
    let Some(parent) = parent.filter(|parent| !walk.is(*parent, IF_STATEMENT)) else { return };
    let is_of_group =
        walk.is(parent, TRY_STATEMENT) && walk.child_of_kind(parent, EXCEPT_CLAUSE).is_some_and(is_group);
    if !is_of_group {
        walk.count(node, Count::one(RADON));
    }
}

/// An `if` in a comprehension is a decision; as the guard of a `case` it is one too, but not to radon.
pub(super) fn if_clause<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::CASE);
    if !walk.parent().is_some_and(|parent| walk.is(parent, CASE_CLAUSE)) {
        walk.count(node, Count::one(RADON));
    }
}

/// A `match` is as many decisions as it has cases to radon, less one where a case takes everything: `_` or a name.
pub(super) fn match_statement<'t>(walk: &mut Walk<'t>, node: Node<'t>) {
    walk.flow(node, Flow::SWITCH);
    let Some(block) = walk.child_of_kind(node, BLOCK) else { return };
    let mut has_default = false;
    let cases = walk.named_children(block).into_iter().filter(|case| walk.is(*case, CASE_CLAUSE));
    for case in cases.collect::<Vec<_>>() {
        if !has_default && takes_everything(walk, case) {
            has_default = true;
        } else {
            walk.count(case, Count::one(RADON));
        }
    }
}

fn takes_everything<'t>(walk: &mut Walk<'t>, case: Node<'t>) -> bool {
    let children = walk.children(case);
    // Behind a comma (`case x,:`) the pattern is one of a sequence.
    let [_, pattern, next, ..] = children[..] else { return false };
    if next.kind() == "," || !walk.is(pattern, CASE_PATTERN) {
        return false;
    }
    if walk.bytes(pattern) == b"_" {
        return true;
    }
    let Some(name) = pattern.named_child(0) else { return false };
    walk.is(name, DOTTED_NAME) && name.named_child_count() == 1
}
