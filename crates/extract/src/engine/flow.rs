//! Cyclomatic and cognitive complexity, counted along the walk.

use tree_sitter::Node;

use super::{
    Walk,
    counts::Counts,
    roles::{Flow, Increment, Role},
    scopes::FrameKind,
};

/// How far up the operands of a boolean operator are followed to the top of their expression. Deeper ones count as
/// sequences of their own, so that a nest of 100,000 parentheses costs linear time.
const EXPRESSION_DEPTH: usize = 256;

/// What is counted for the function that the walk is in; begins anew in a function inside it, which counts for itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) decisions: u32,
    pub(super) cognitive: u32,
    /// How many of these grow with the structures around them.
    pub(super) nested_increments: u32,
    /// The nesting of functions inside does not count.
    pub(super) is_transparent: bool,
    /// Structures around the current node, lambdas included.
    nesting: u32,
    /// Control structures around the current node.
    control_depth: u32,
    pub(super) max_control_depth: u32,
    /// By the definitions of other tools.
    pub(super) counts: Counts,
}

impl Tally {
    /// What is counted of a function inside what this is counted of, and whose body begins at this byte.
    pub(super) fn of_function(&self, body_start: usize) -> Self {
        Self { counts: self.counts.of_function(body_start), ..Self::default() }
    }
}

/// The state of counting.
#[derive(Default)]
pub(super) struct Complexity {
    pub(super) tally: Tally,
    /// Where the last `else` ended, in bytes.
    else_end: usize,
    /// Where the expression ends in which lizard looks for references, in bytes.
    pub(super) reference_end: usize,
    /// The boolean expressions that the walk is in: depth and start of the topmost, and the last operator in it.
    sequences: Vec<(usize, usize, u16)>,
}

impl<'t> Walk<'t> {
    /// Counts a control structure that the walk enters.
    pub(crate) fn flow(&mut self, _node: Node<'t>, flow: Flow) {
        let tally = &mut self.complexity.tally;
        tally.decisions += u32::from(flow.decisions);
        tally.cognitive += match flow.cognitive {
            Increment::None => 0,
            Increment::Flat => 1,
            Increment::Nested => 1 + tally.nesting,
        };
        tally.nested_increments += u32::from(flow.cognitive == Increment::Nested);
        if flow.nests {
            self.nest(flow.is_control);
        }
    }

    fn nest(&mut self, is_control: bool) {
        let tally = &mut self.complexity.tally;
        let before = (tally.nesting, tally.control_depth);
        tally.nesting += 1;
        if is_control {
            tally.control_depth += 1;
            tally.max_control_depth = tally.max_control_depth.max(tally.control_depth);
        }
        self.open_frame(FrameKind::Flow { nesting: before.0, control_depth: before.1 });
    }

    /// Ends a nesting that [`flow`](Self::flow) opened.
    pub(super) fn unnest(&mut self, nesting: u32, control_depth: u32) {
        self.complexity.tally.nesting = nesting;
        self.complexity.tally.control_depth = control_depth;
    }

    /// The nesting of functions inside the function that the walk is in does not count: it does nothing else than make them.
    pub(crate) fn ignore_nesting_of_functions(&mut self) {
        self.complexity.tally.is_transparent = true;
    }

    /// Adds to what is around a function, which is current again, what was counted in it: a function inside another one nests.
    pub(super) fn add_inner(&mut self, inner: &Tally) {
        let outer = &mut self.complexity.tally;
        let depth = outer.nesting + u32::from(!outer.is_transparent);
        outer.cognitive += inner.cognitive + inner.nested_increments * depth;
        outer.nested_increments += inner.nested_increments;
    }

    /// An `if`. Directly behind an `else` it is no deeper than the `if` of that `else`, which has counted it.
    pub(super) fn enter_if(&mut self, node: Node<'t>) {
        let between = self.source.get(self.complexity.else_end..node.start_byte());
        let is_else_if = self.complexity.else_end > 0
            && between.is_some_and(|gap| gap.iter().all(u8::is_ascii_whitespace));
        if is_else_if {
            self.complexity.tally.decisions += 1;
        } else {
            self.flow(node, Flow::LOOP);
        }
    }

    /// An `else`, or the clause that it begins.
    pub(crate) fn enter_else(&mut self, node: Node<'t>) {
        self.complexity.else_end = node.start_byte() + "else".len();
        self.complexity.tally.cognitive += 1;
    }

    /// A boolean operator: a decision each, and one for the cognitive complexity where it differs from the operator
    /// before it in the same expression.
    ///
    /// `node` is the current one; `operator` tells operators apart, for grammars that have one kind for all.
    pub(crate) fn boolean_operator(&mut self, node: Node<'t>, operator: u16) {
        if node.start_byte() < self.ignored_until {
            return;
        }
        let role = |node: &Node<'t>| self.table.role(node.kind_id());
        let is_boolean =
            |node: &Node<'t>| matches!(role(node), Role::BooleanExpression | Role::BooleanRule(_));
        if !self.ancestors.last().is_some_and(is_boolean) {
            return;
        }
        let chain = self.ancestors.iter().rev().take(EXPRESSION_DEPTH);
        let length =
            chain.take_while(|node| is_boolean(node) || matches!(role(node), Role::Parentheses)).count();
        let depth = self.ancestors.len() - length;
        let start = self.ancestors[depth].start_byte();
        let sequences = &mut self.complexity.sequences;
        while sequences.last().is_some_and(|(other, ..)| *other > depth) {
            sequences.pop();
        }
        self.complexity.tally.decisions += 1;
        match sequences.last_mut() {
            Some((other, other_start, last)) if *other == depth && *other_start == start => {
                self.complexity.tally.cognitive += u32::from(*last != operator);
                *last = operator;
            }
            Some(entry) if entry.0 == depth => {
                self.complexity.tally.cognitive += 1;
                *entry = (depth, start, operator);
            }
            _ => {
                self.complexity.tally.cognitive += 1;
                sequences.push((depth, start, operator));
            }
        }
    }
}

#[cfg(test)]
mod definition;
#[cfg(test)]
mod tests;
