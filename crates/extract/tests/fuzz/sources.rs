//! Sources that nobody wrote, and real ones with something done to them, in every language.

use std::{cell::Cell, io::BufReader};

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{TestCaseError, TestRunner},
};
use snake_pipe_core::{Language, model::TransformedAst};
use snake_pipe_extract::{
    AstMode, ParseOptions,
    facts::{NdjsonReader, Record, write_ndjson},
};

use crate::{
    cases, config,
    limits::{Cost, within_limits},
    mutated::mutated,
};

/// Cases of each language in every run of the tests.
const CASES: u32 = 60;

/// Facts of a source may be larger than it, since they name what they speak of, but not without bound.
const BYTES_PER_BYTE: usize = 2_000;

/// Words that grammars look for, so that random sources get beyond the first token.
const WORDS: [&str; 64] = [
    "class",
    "def",
    "fn",
    "func",
    "function",
    "interface",
    "struct",
    "enum",
    "trait",
    "impl",
    "import",
    "from",
    "use",
    "package",
    "namespace",
    "#include",
    "#define",
    "#ifdef",
    "#endif",
    "if",
    "else",
    "for",
    "while",
    "switch",
    "match",
    "case",
    "try",
    "catch",
    "return",
    "yield",
    "await",
    "async",
    "lambda",
    "=>",
    "->",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ";",
    ":",
    ",",
    ".",
    "=",
    "\"",
    "'",
    "`",
    "/*",
    "*/",
    "//",
    "#",
    "\n",
    "\n    ",
    "\t",
    "x",
    "y.z",
    "0",
    "@a",
    "::",
    "\u{0}",
];

fn source() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..2_000),
        vec(select(WORDS.to_vec()), 0..600).prop_map(|words| words.join(" ").into_bytes()),
        vec(select(WORDS.to_vec()), 0..600).prop_map(|words| words.concat().into_bytes()),
        // Deep nesting.
        (select(vec!["(", "{", "[", "f(", "if x {", "class A { ", "a.b(", "<", "!"]), 1..3_000_usize)
            .prop_map(|(word, times)| word.repeat(times).into_bytes()),
    ]
}

fn options() -> impl Strategy<Value = ParseOptions> {
    (select(vec![AstMode::None, AstMode::Outline, AstMode::Full]), any::<bool>())
        .prop_map(|(ast, store_source)| ParseOptions { ast, store_source, ..ParseOptions::default() })
}

#[test]
fn any_source_in_any_language_gives_facts_in_bounded_time_and_memory() {
    println!("| language | cases | longest | most memory |\n|---|--:|--:|--:|");
    for language in Language::ALL.into_iter().filter(|language| *language != Language::Unknown) {
        let worst = worst_of(language);
        println!(
            "| {language} | {} | {} ms | {} KiB |",
            cases(CASES),
            worst.time.as_millis(),
            worst.peak_bytes / 1024
        );
    }
}

/// The most that any source of the language took.
fn worst_of(language: Language) -> Cost {
    let worst = Cell::new(Cost::default());
    let source = prop_oneof![1 => source(), 3 => mutated(language)];
    let outcome = TestRunner::new(config(cases(CASES))).run(&(source, options()), |(source, options)| {
        let (facts, cost) = within_limits(language, &source, &options).map_err(TestCaseError::fail)?;
        worst.set(worst.get().max(cost));
        let bytes = facts.approximate_bytes();
        prop_assert!(bytes < BYTES_PER_BYTE * (source.len() + 1_000), "{} bytes of facts", bytes);
        is_read_as_it_was_written(TransformedAst { path: "any".into(), language, ..facts })
    });
    outcome.unwrap_or_else(|error| panic!("{language}: {error}"));
    worst.get()
}

fn is_read_as_it_was_written(facts: TransformedAst) -> Result<(), TestCaseError> {
    let mut text = Vec::new();
    write_ndjson(&mut text, &facts).unwrap();
    let read: Vec<_> = NdjsonReader::new(BufReader::new(&text[..])).collect::<Result<_, _>>().unwrap();
    prop_assert!(matches!(&read[..], [Record::Facts(read)] if **read == facts), "{:?}", read);
    Ok(())
}
