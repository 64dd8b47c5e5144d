//! Whatever bytes come: facts and issues, no panic, in bounded time and memory.

use std::{
    io::BufReader,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*, sample::select};
use snake_pipe_core::{Language, model::TransformedAst};
use snake_pipe_extract::{
    AstMode, ParseOptions,
    facts::{NdjsonReader, Record, SnakePipeJsonOptions, SnakePipeJsonReader, write_ndjson},
    parse,
};

const LANGUAGES: [Language; 11] = [
    Language::C,
    Language::Cpp,
    Language::CSharp,
    Language::Go,
    Language::Java,
    Language::JavaScript,
    Language::Kotlin,
    Language::Python,
    Language::Rust,
    Language::Scala,
    Language::TypeScript,
];

/// Time for one source of some kilobytes, on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(20);

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

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn any_source_in_any_language_gives_facts_in_bounded_time_and_memory(
        source in source(),
        language in select(LANGUAGES.to_vec()),
        options in options(),
    ) {
        let started = Instant::now();
        let (facts, _) = parse(language, &source, &options).divide();
        prop_assert!(started.elapsed() < LIMIT, "{:?} for {} bytes of {language}", started.elapsed(), source.len());
        let bytes = facts.approximate_bytes();
        prop_assert!(bytes < BYTES_PER_BYTE * (source.len() + 1_000), "{bytes} bytes of facts");
        // What was extracted can be written and read again.
        let mut text = Vec::new();
        let facts = TransformedAst { path: "any".into(), language, ..facts };
        write_ndjson(&mut text, &facts).unwrap();
        let read: Vec<_> = NdjsonReader::new(BufReader::new(&text[..])).collect::<Result<_, _>>().unwrap();
        prop_assert!(matches!(&read[..], [Record::Facts(read)] if **read == facts), "{read:?}");
    }
}

/// A line of facts, whole or with something wrong in it.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let whole = r#"{"path":"a.py","language":"python","functions":[{"name":"f","symbol":"0000000000000001"}],"calls":[{"name":"g","function":0}]}"#;
    prop_oneof![
        Just(whole.as_bytes().to_vec()),
        vec(any::<u8>(), 0..300),
        // Cut off, or with a byte changed.
        (0..whole.len()).prop_map(move |end| whole.as_bytes()[..end].to_vec()),
        (0..whole.len(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut line = whole.as_bytes().to_vec();
            line[at] = byte;
            line
        }),
        (1..2_000_usize).prop_map(|depth| [vec![b'['; depth], vec![b']'; depth]].concat()),
    ]
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn any_input_of_facts_gives_facts_or_says_what_is_wrong(lines in vec(line(), 0..8)) {
        let text = lines.join(&b'\n');
        let mut records = 0;
        for record in NdjsonReader::new(BufReader::new(&text[..])) {
            match record.unwrap() {
                Record::Facts(facts) => prop_assert!(!facts.path.as_bytes().is_empty()),
                Record::Quarantined(piece) => prop_assert!(piece.line >= 1 && !piece.message.is_empty()),
            }
            records += 1;
        }
        let filled = text.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
        // Nothing is left out silently: a record for each line that holds anything.
        prop_assert!(records >= usize::from(filled.count() > 0));
    }

    #[test]
    fn any_input_of_the_other_form_gives_facts_or_says_what_is_wrong(lines in vec(line(), 0..8)) {
        let text = lines.join(&b'\n');
        let reader = SnakePipeJsonReader::new(BufReader::new(&text[..]), SnakePipeJsonOptions::default());
        // An error of the whole input ends it; a panic or an endless loop would not.
        let records = reader.take(text.len() + 10).filter(Result::is_ok).count();
        prop_assert!(records <= text.len() + 1);
    }
}
