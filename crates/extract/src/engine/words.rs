//! The words of a file: how often it says the names of its functions, and what shape their text has.

use rustc_hash::FxHashMap;
use snake_pipe_core::model::{Function, TransformedAst};

/// Functions with fewer words and signs than this have no shape: too many are alike by chance.
const LEAST_TOKENS: u64 = 50;

/// Shapes are numbers that JSON's readers take for what they are.
const SHAPE_BITS: u32 = 53;

/// Words that tell one shape from another in whatever language; all other words are alike, as all numbers are.
const KEYWORDS: [&str; 60] = [
    "and", "as", "assert", "async", "await", "break", "case", "catch", "class", "const", "continue", "def",
    "default", "defer", "delete", "do", "elif", "else", "enum", "except", "extends", "false", "finally",
    "fn", "for", "from", "func", "function", "goto", "if", "import", "in", "is", "lambda", "let", "loop",
    "match", "mut", "new", "nil", "not", "null", "or", "raise", "ref", "return", "select", "sizeof",
    "static", "struct", "super", "switch", "this", "throw", "true", "try", "var", "when", "while", "yield",
];

/// Counts the mentions of every function's name and digests the functions' text, in one pass over the bytes. Comments, which lie
/// at `comments` (in source order, none inside another), are left out.
pub(super) fn measure(facts: &mut TransformedAst, source: &[u8], comments: &[(u32, u32)]) {
    if facts.functions.is_empty() {
        return;
    }
    let mut words = Words::new(&facts.functions);
    let mut place = 0;
    for (first, last) in comments {
        words.read(source, place, *first as usize);
        // A comment may hold line breaks.
        words.skip(source, *first as usize, *last as usize);
        place = *last as usize;
    }
    words.read(source, place, source.len());
    words.reach((u32::MAX, u32::MAX));
    let Words { mentions, shapes, .. } = words;
    for (index, function) in facts.functions.iter_mut().enumerate() {
        // A name that was cut, or that the definition does not spell so, was said less often than it was defined.
        let count = mentions.get(&hash_of(function.name.as_bytes())).copied();
        function.name_mentions = count.filter(|count| is_word(&function.name) && *count < u32::MAX / 2);
        function.body_shape = shapes[index].filter(|_| !function.is_abstract);
    }
}

/// Whether a name is one word, and so can be counted.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_word_byte) && !name.starts_with(|c: char| c.is_ascii_digit())
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn hash_of(word: &[u8]) -> u64 {
    word.iter().fold(SEED, |hash, byte| step(hash, *byte))
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a.
const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

/// Where a function begins or ends: line, column, which, and whether it is the end.
type Boundary = ((u32, u32), u32, bool);

struct Words {
    /// Of the hash of a name: how often it was said, less the definitions.
    mentions: FxHashMap<u64, u32>,
    keywords: FxHashMap<u64, u64>,
    /// In order; the last is the next.
    boundaries: Vec<Boundary>,
    /// By function.
    shapes: Vec<Option<u64>>,
    /// Digest and number of the tokens before each open function.
    before: Vec<(u64, u64)>,
    digest: u64,
    tokens: u64,
    line: u32,
    line_start: usize,
}

impl Words {
    fn new(functions: &[Function]) -> Self {
        let mut mentions: FxHashMap<u64, u32> = FxHashMap::default();
        let mut boundaries: Vec<Boundary> = Vec::with_capacity(functions.len() * 2);
        for (index, function) in functions.iter().enumerate() {
            // Counting begins below zero: a definition says the name once.
            let count = mentions.entry(hash_of(function.name.as_bytes())).or_default();
            *count = count.wrapping_sub(1);
            let span = function.span;
            boundaries.push(((span.line_start, span.column_start), index as u32, false));
            boundaries.push(((span.line_end, span.column_end), index as u32, true));
        }
        boundaries.sort_unstable_by(|one, two| two.cmp(one));
        let keywords = KEYWORDS.iter().zip(4..).map(|(word, sign)| (hash_of(word.as_bytes()), sign));
        Self {
            mentions,
            keywords: keywords.collect(),
            boundaries,
            shapes: vec![None; functions.len()],
            before: vec![(0, 0); functions.len()],
            digest: 0,
            tokens: 0,
            line: 1,
            line_start: 0,
        }
    }

    fn read(&mut self, source: &[u8], start: usize, end: usize) {
        let mut place = start;
        while place < end {
            let byte = source[place];
            if byte == b'\n' {
                (self.line, self.line_start) = (self.line + 1, place + 1);
                place += 1;
            } else if byte.is_ascii_whitespace() {
                place += 1;
            } else {
                let first = place;
                let mut hash = SEED;
                while place < end && is_word_byte(source[place]) {
                    hash = step(hash, source[place]);
                    place += 1;
                }
                self.reach((self.line, (first - self.line_start) as u32 + 1));
                if place == first {
                    place += 1;
                    self.token(u64::from(byte) + 256);
                } else if byte.is_ascii_digit() {
                    self.token(1);
                } else {
                    if let Some(count) = self.mentions.get_mut(&hash) {
                        *count = count.wrapping_add(1);
                    }
                    self.token(self.keywords.get(&hash).copied().unwrap_or(2));
                }
            }
        }
    }

    fn skip(&mut self, source: &[u8], start: usize, end: usize) {
        for (place, byte) in (start..end).zip(&source[start..end]) {
            if *byte == b'\n' {
                (self.line, self.line_start) = (self.line + 1, place + 1);
            }
        }
    }

    fn token(&mut self, sign: u64) {
        self.digest = self.digest.wrapping_mul(BASE).wrapping_add(sign);
        self.tokens += 1;
    }

    /// Opens and closes the functions that begin or end at or before a place.
    fn reach(&mut self, place: (u32, u32)) {
        while let Some((_, index, is_end)) = self.boundaries.pop_if(|(at, ..)| *at <= place) {
            let index = index as usize;
            if !is_end {
                self.before[index] = (self.digest, self.tokens);
                continue;
            }
            let (digest, tokens) = self.before[index];
            let count = self.tokens - tokens;
            let own = self.digest.wrapping_sub(digest.wrapping_mul(power(count)));
            // The low bits of such a sum vary least.
            let mixed = (own ^ (own >> 29)).wrapping_mul(BASE) >> (64 - SHAPE_BITS);
            self.shapes[index] = (count >= LEAST_TOKENS).then_some(mixed);
        }
    }
}

/// Odd, so that no digest loses what came before.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// `BASE` to the power of `count`.
fn power(count: u64) -> u64 {
    let (mut result, mut base, mut count) = (1_u64, BASE, count);
    while count > 0 {
        if count & 1 == 1 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        count >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::{Language, model::Function};

    use super::KEYWORDS;
    use crate::{ParseOptions, parse};

    fn functions(language: Language, source: &str) -> Vec<Function> {
        parse(language, source.as_bytes(), &ParseOptions::default()).facts.functions
    }

    #[test]
    fn the_keywords_are_sorted_and_differ() {
        assert!(KEYWORDS.is_sorted_by(|one, two| one < two));
    }

    #[test]
    fn a_name_is_mentioned_where_it_is_said_outside_of_comments_and_definitions() {
        let source = "def used(): pass\ndef unused(): pass  # unused()\ndef value(): pass\nx = [value, 'used']\nused()\n";
        let mentions: Vec<_> =
            functions(Language::Python, source).into_iter().map(|f| (f.name, f.name_mentions)).collect();
        assert_eq!(
            mentions,
            [("used".to_owned(), Some(2)), ("unused".to_owned(), Some(0)), ("value".to_owned(), Some(1))]
        );
    }

    #[test]
    fn definitions_of_one_name_do_not_mention_each_other() {
        let source = "class A { void f() {} void f(int a) {} A() {} }";
        let mentions: Vec<_> =
            functions(Language::Java, source).into_iter().map(|f| f.name_mentions).collect();
        assert_eq!(mentions, [Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn an_operator_has_no_name_to_be_said() {
        let source = "struct A { bool operator==(const A &o) const { return true; } };";
        assert_eq!(functions(Language::Cpp, source)[0].name_mentions, None);
    }

    const LONG: &str = "fn one(a: u8, b: u8) -> u8 {\n    let mut sum = 0;\n    for x in 0..a { if x > b { sum += x * 2; } else { sum -= helper(x, b); } }\n    return sum;\n}\n";

    #[test]
    fn functions_that_differ_in_names_numbers_and_comments_have_one_shape() {
        let other =
            LONG.replace("sum", "total").replace("helper", "other").replace('2', "37").replace("one", "two");
        let other = other.replace("let mut", "// Why.\n    let mut");
        let both = functions(Language::Rust, &format!("{LONG}\nmod m {{\n{other}}}\n"));
        assert!(both[0].body_shape.is_some());
        assert_eq!(both[0].body_shape, both[1].body_shape);
    }

    #[test]
    fn another_keyword_or_sign_is_another_shape_and_short_functions_have_none() {
        let shape = |source: &str| functions(Language::Rust, source)[0].body_shape;
        assert_ne!(shape(LONG), shape(&LONG.replace("if x > b", "while x > b")));
        assert_ne!(shape(LONG), shape(&LONG.replace('*', "+")));
        assert_eq!(shape("fn f() { g(1) }"), None);
    }
}
