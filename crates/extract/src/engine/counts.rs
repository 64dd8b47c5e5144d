//! Cyclomatic complexity as well-known tools count it, each by its own definition: what a node adds is a row of the
//! language's tables, and the walk that counts everything else counts this too.
//!
//! Each number is that of its tool, not a better one. `docs/adr/0016-one-measure-for-each-definition.md` says why there are
//! several.

use snake_pipe_core::model::{Function, FunctionKind};
use tree_sitter::Node;

use super::{Walk, flow::Tally, scopes::FrameKind};

/// A set of definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Definitions(u8);

impl Definitions {
    /// None.
    pub(crate) const NONE: Self = Self(0);
    /// mccabe 0.7 (Python): edges − nodes + 2 of the graph of the statements.
    pub(crate) const MCCABE: Self = Self(1);
    /// radon 6.0 (Python): decisions of the syntax tree.
    pub(crate) const RADON: Self = Self(2);
    /// lizard 1.17: certain words and operators among the tokens.
    pub(crate) const LIZARD: Self = Self(4);
    /// All three.
    pub(crate) const ALL: Self = Self(7);
    /// Both that work on Python's syntax tree.
    pub(crate) const SYNTAX: Self = Self(3);
    /// Both that count boolean operators.
    pub(crate) const RADON_AND_LIZARD: Self = Self(6);

    const EACH: [Self; 3] = [Self::MCCABE, Self::RADON, Self::LIZARD];

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Inside a statement whose graph mccabe draws: a function there is a part of the graph and has none of its own.
const IN_GRAPH: u8 = 8;
/// Inside a function.
const IN_FUNCTION: u8 = 16;
/// Inside a function that radon does not know, and so none inside it.
const UNKNOWN_TO_RADON: u8 = 32;

/// What a node adds to the function around it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// Definitions by which it counts one.
    one: Definitions,
    /// Definitions by which it counts two.
    two: Definitions,
    /// Marks that hold inside it: definitions by which nothing there counts for the function, and [`IN_GRAPH`].
    marks: u8,
    /// It may be the mark of a reference of C++ to lizard.
    is_reference: bool,
    /// It is the text of a string.
    is_text: bool,
    /// It counts only where it is a word that the grammar takes for a name, in a source that it does not understand.
    is_hidden_word: bool,
}

impl Count {
    /// Nothing.
    pub(crate) const NONE: Self = Self {
        one: Definitions::NONE,
        two: Definitions::NONE,
        marks: 0,
        is_reference: false,
        is_text: false,
        is_hidden_word: false,
    };

    /// It counts one by these definitions.
    pub(crate) const fn one(by: Definitions) -> Self {
        Self { one: by, ..Self::NONE }
    }

    /// It counts two by these definitions.
    pub(crate) const fn two(by: Definitions) -> Self {
        Self { two: by, ..Self::NONE }
    }

    /// Nothing inside it counts by these definitions.
    pub(crate) const fn hiding(self, from: Definitions) -> Self {
        Self { marks: self.marks | from.0, ..self }
    }

    /// mccabe draws its graph: functions inside it are a part of that.
    pub(crate) const fn graph(self) -> Self {
        Self { marks: self.marks | IN_GRAPH, ..self }
    }

    /// `&&` in C and C++: lizard takes it for the mark of a reference where an assignment follows in the expression.
    pub(crate) const fn or_reference(self) -> Self {
        Self { is_reference: true, ..self }
    }

    /// A name: it counts only where it is one of lizard's words, which the grammar takes for a name where it does not understand the
    /// source.
    pub(crate) const fn where_hidden(self) -> Self {
        Self { is_hidden_word: true, ..self }
    }

    /// The text of a string: its lines are code even where they are blank.
    pub(super) const fn of_text(self) -> Self {
        Self { is_text: true, ..self }
    }

    /// Whether it says anything.
    #[inline]
    pub(super) fn says_anything(self) -> bool {
        self.one.0 | self.two.0 | self.marks != 0 || self.is_text
    }
}

/// How a language's functions count by the definitions of the tools that read it.
pub(crate) struct Counting {
    /// The definitions that the language has.
    pub(crate) definitions: Definitions,
    /// What named nodes add.
    pub(crate) nodes: &'static [(&'static str, Count)],
    /// What anonymous nodes (keywords, operators) add.
    pub(crate) tokens: &'static [(&'static str, Count)],
    /// Definitions that count what is in the body alone, not in parameters and their defaults.
    pub(crate) in_bodies: Definitions,
    /// Definitions by which a function of this kind is a part of the one around it, without a number of its own.
    pub(crate) joins: fn(FunctionKind) -> Definitions,
}

impl Counting {
    /// A language that none of the tools reads.
    pub(crate) const NONE: Self = Self {
        definitions: Definitions::NONE,
        nodes: &[],
        tokens: &[],
        in_bodies: Definitions::NONE,
        joins: |_| Definitions::NONE,
    };
}

/// What is counted of one function.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// By definition, in the order of [`Definitions::EACH`].
    values: [u32; 3],
    marks: u8,
    /// Where the body begins, in bytes.
    body_start: u32,
}

impl Counts {
    /// What is counted of a function inside what this is counted of, and whose body begins at this byte.
    pub(super) fn of_function(self, body_start: usize) -> Self {
        let body_start = u32::try_from(body_start).unwrap_or(u32::MAX);
        let unknown = if self.is_unknown_to_radon() { UNKNOWN_TO_RADON } else { 0 };
        Self { marks: IN_GRAPH | IN_FUNCTION | unknown, body_start, ..Self::default() }
    }

    fn is_unknown_to_radon(self) -> bool {
        self.marks & (Definitions::RADON.0 | UNKNOWN_TO_RADON) != 0
    }

    fn add(&mut self, by: Definitions, but: Definitions, value: u32) {
        for (slot, definition) in self.values.iter_mut().zip(Definitions::EACH) {
            if by.has(definition) && !but.has(definition) {
                *slot += value;
            }
        }
    }
}

impl<'t> Walk<'t> {
    /// Counts a node that the walk enters.
    pub(crate) fn count(&mut self, node: Node<'t>, count: Count) {
        let start = node.start_byte();
        if count.is_text && node.start_position().row < node.end_position().row {
            self.add_text(start as u32, node.end_byte() as u32);
        }
        if count.is_hidden_word && !(self.has_errors && is_word(self.bytes(node))) {
            return;
        }
        if start < self.ignored_until || count.is_reference && self.is_reference_to_lizard(node) {
            return;
        }
        let counts = &mut self.complexity.tally.counts;
        let mut hidden = counts.marks;
        if start < counts.body_start as usize {
            hidden |= self.rules.counting.in_bodies.0;
        }
        counts.add(count.one, Definitions(hidden), 1);
        counts.add(count.two, Definitions(hidden), 2);
        if count.marks & !counts.marks != 0 {
            let before = counts.marks;
            counts.marks |= count.marks;
            self.open_frame(FrameKind::Marks { before });
        }
    }

    /// Records a string over several lines, unless it is a part of another one.
    fn add_text(&mut self, start: u32, end: u32) {
        if self.texts.last().is_none_or(|(_, last_end)| *last_end <= start) {
            self.texts.push((start, end));
        }
    }

    /// Ends what [`count`](Self::count) opened.
    pub(super) fn unmark(&mut self, before: u8) {
        self.complexity.tally.counts.marks = before;
    }

    /// Whether the walk is in a function, however many classes are between.
    pub(crate) fn is_in_function(&self) -> bool {
        self.complexity.tally.counts.marks & IN_FUNCTION != 0
    }

    /// Gives a function that ends its numbers, or what is around it what is counted in it. `tally` is what was counted, and
    /// what is around it is current again.
    pub(super) fn settle_counts(&mut self, index: u32, tally: &Tally) {
        let Walk { facts, complexity, rules, .. } = self;
        let function: &mut Function = &mut facts.functions[index as usize];
        let outer = &mut complexity.tally.counts;
        let is_closure = function.kind == FunctionKind::Closure;
        let joins = (rules.counting.joins)(function.kind);
        let own = |definition: Definitions, value: u32| {
            let is_inside = match definition {
                Definitions::MCCABE => outer.marks & IN_GRAPH != 0,
                _ => outer.marks & IN_FUNCTION != 0,
            };
            let is_part = joins.has(definition) && (is_inside || is_closure);
            let is_unknown = match definition {
                Definitions::MCCABE => outer.marks & Definitions::MCCABE.0 != 0,
                Definitions::RADON => outer.is_unknown_to_radon(),
                _ => false,
            };
            (rules.counting.definitions.has(definition) && !is_part && !is_unknown).then_some(1 + value)
        };
        let [mccabe, radon, lizard] = tally.counts.values;
        function.complexity_mccabe = own(Definitions::MCCABE, mccabe);
        function.complexity_radon = own(Definitions::RADON, radon);
        function.complexity_lizard = own(Definitions::LIZARD, lizard);
        // To mccabe a function is a path of its own through the one around it.
        let path = u32::from(!is_closure);
        let hidden = Definitions(outer.marks);
        for (definition, value) in Definitions::EACH.into_iter().zip([mccabe + path, radon, lizard]) {
            if joins.has(definition) {
                outer.add(definition, hidden, value);
            }
        }
    }

    /// Whether lizard takes an `&&` of C or C++ for the mark of a reference: an `=` follows before the expression ends. Of several
    /// `&&` before the same end it looks at the first alone.
    fn is_reference_to_lizard(&mut self, operator: Node<'t>) -> bool {
        if operator.start_byte() < self.complexity.reference_end {
            return false;
        }
        let end = expression_end(self.source, operator.end_byte());
        self.complexity.reference_end = end;
        self.source.get(end) == Some(&b'=')
    }
}

/// Whether a text is one of the words of C that lizard counts.
pub(crate) fn is_word(text: &[u8]) -> bool {
    matches!(text, b"if" | b"for" | b"while" | b"case" | b"catch")
}

/// The place of the next `=`, `;`, `{`, `}` or `)` that is a token by itself, or the end of the source.
fn expression_end(source: &[u8], start: usize) -> usize {
    let mut place = start;
    while let Some(rest) = source.get(place..).filter(|rest| !rest.is_empty()) {
        place += match rest {
            [b'=', b'=', b'=', ..] | [b'!', b'=', b'=', ..] => 3,
            [b'<' | b'>', second, b'=', ..] if *second == rest[0] => 3,
            [b'=', b'=' | b'>', ..]
            | [b'!' | b'<' | b'>' | b'+' | b'-' | b'^' | b':', b'=', ..]
            | [b'-', b'>', ..]
            | [b'&', b'&' | b'=', ..]
            | [b'|', b'|' | b'=', ..] => 2,
            [b'=' | b';' | b'{' | b'}' | b')', ..] => return place,
            [b'/', b'*', ..] => length(rest, 2, |text| text.starts_with(b"*/")) + 2,
            [b'/', b'/', ..] | [b'#', ..] => length(rest, 1, |text| text[0] == b'\n'),
            [quote @ (b'"' | b'\''), ..] => length(rest, 1, |text| text[0] == *quote) + 1,
            _ => 1,
        };
    }
    source.len()
}

/// How many bytes there are before what ends the text; what a backslash stands before does not end it.
fn length(text: &[u8], from: usize, ends: impl Fn(&[u8]) -> bool) -> usize {
    let mut place = from;
    while place < text.len() && !ends(&text[place..]) {
        place += if text[place] == b'\\' { 2 } else { 1 };
    }
    place.min(text.len())
}

#[cfg(test)]
mod tests;
