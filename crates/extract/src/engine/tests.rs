//! What holds for every language, whatever the bytes are.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use snake_pipe_core::{
    Language,
    model::{IssueKind, ParseStatus},
};

use super::testing::{describe, parse_text};
use crate::{AstMode, ParseOptions, ParsedFile, languages::LANGUAGES, parse};

fn languages() -> impl Iterator<Item = Language> {
    LANGUAGES.iter().map(|rules| rules.language)
}

fn issues(parsed: &ParsedFile) -> Vec<IssueKind> {
    parsed.facts.parse_issues.iter().map(|issue| issue.kind).collect()
}

#[test]
fn an_empty_file_is_parsed() {
    for language in languages() {
        let parsed = parse_text(language, "");
        assert_eq!(parsed.facts.parse_status, ParseStatus::Parsed, "{language}");
        assert_eq!(parsed.facts.size_bytes, Some(0));
        assert_eq!(parsed.facts.lines.unwrap().total, 0);
        assert_eq!(parsed.facts.ast_content.unwrap().as_str(), r#"{"definitions":[]}"#);
    }
}

#[test]
fn no_metric_of_a_file_without_functions_is_a_negative_zero() {
    for language in languages() {
        let metrics = parse_text(language, "").facts.metrics;
        let zeros: Vec<_> =
            metrics.iter().map(|metric| (metric.name.as_str(), metric.value.to_bits())).collect();
        let zero = 0.0_f64.to_bits();
        assert_eq!(
            zeros,
            [
                ("class_count", zero),
                ("cognitive_complexity_total", zero),
                ("cyclomatic_complexity_max", zero),
                ("cyclomatic_complexity_total", zero),
                ("function_count", zero),
                ("max_nesting", zero),
            ],
            "{language}"
        );
        assert!(metrics.iter().all(|metric| metric.value.is_sign_positive()));
    }
}

#[test]
fn an_unknown_language_has_lines_alone() {
    let facts = parse_text(Language::Unknown, "a\n\nb").facts;
    assert_eq!((facts.lines.unwrap().total, facts.lines.unwrap().blank), (3, 1));
    assert_eq!(facts.parse_status, ParseStatus::Skipped);
    assert_eq!(facts.skip_reason.as_deref(), Some("no known language"));
    assert!(facts.metrics.is_empty());
}

#[test]
fn utf_16_is_refused_with_the_reason() {
    for bytes in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a"] {
        let facts = parse(Language::Python, bytes, &ParseOptions::default()).facts;
        assert_eq!(facts.parse_status, ParseStatus::Failed);
        assert_eq!(facts.skip_reason.as_deref(), Some("the file is UTF-16; snake-pipe reads UTF-8"));
    }
}

#[test]
fn a_byte_order_mark_shifts_nothing() {
    for language in languages() {
        let plain = parse_text(language, "int x;");
        let marked = parse_text(language, "\u{feff}int x;");
        assert_eq!(marked.facts.size_bytes, Some(9));
        assert_eq!(marked.facts.parse_issues, plain.facts.parse_issues, "{language}");
    }
}

#[test]
fn foreign_bytes_and_nul_are_reported_once() {
    for language in languages() {
        let parsed = parse(language, b"a\xff = b\xfe\0\0\n", &ParseOptions::default());
        let kinds = issues(&parsed);
        let count = |kind| kinds.iter().filter(|other| **other == kind).count();
        assert_eq!(
            (count(IssueKind::InvalidUtf8), count(IssueKind::NulByte)),
            (1, 1),
            "{language}: {kinds:?}"
        );
        let first =
            parsed.facts.parse_issues.iter().find(|issue| issue.kind == IssueKind::InvalidUtf8).unwrap();
        assert_eq!((first.span.line_start, first.span.column_start), (1, 2));
    }
}

#[test]
fn a_syntax_error_is_an_issue_with_its_place() {
    for language in languages() {
        let parsed = parse_text(language, "\n  ) ) (\n");
        assert_eq!(parsed.facts.parse_status, ParseStatus::Partial, "{language}");
        let issue = &parsed.facts.parse_issues[0];
        assert!(matches!(issue.kind, IssueKind::SyntaxError | IssueKind::MissingToken), "{language}");
        assert_eq!(issue.span.line_start, 2, "{language}: {issue:?}");
    }
}

#[test]
fn a_hundred_thousand_parentheses_overflow_nothing() {
    let source = format!("x = {}1{};\n", "(".repeat(100_000), ")".repeat(100_000));
    for language in languages() {
        let start = Instant::now();
        for ast in [AstMode::Outline, AstMode::Full] {
            let parsed = parse(
                language,
                source.as_bytes(),
                &ParseOptions { ast, store_source: true, ..ParseOptions::default() },
            );
            assert_eq!(parsed.facts.lines.unwrap().total, 1, "{language}");
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{language} took {:?}", start.elapsed());
    }
}

#[test]
fn deep_nests_of_calls_and_operators_take_linear_time() {
    let calls = format!("x = {}1{};\n", "f(".repeat(10_000), ")".repeat(10_000));
    let operators = format!("x = {}a{};\n", "(a && ".repeat(10_000), ")".repeat(10_000));
    for language in languages() {
        for source in [&calls, &operators] {
            let start = Instant::now();
            parse_text(language, source);
            assert!(start.elapsed() < Duration::from_secs(30), "{language} took {:?}", start.elapsed());
        }
    }
}

#[test]
fn many_statements_and_blocks_take_linear_time() {
    for line in ["f(a, b);\n", "f(a) { g(b); }\n", "{ (\n", "@a\n", "/** d */\n", "class A { f() {} }\n"] {
        let source = line.repeat(5_000);
        for language in languages() {
            let start = Instant::now();
            parse_text(language, &source);
            assert!(start.elapsed() < Duration::from_secs(30), "{language}, {line:?}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn more_than_a_hundred_errors_are_counted() {
    let parsed = parse_text(Language::Python, &"x = = 1\ny = 2\n".repeat(150));
    let kinds = issues(&parsed);
    assert_eq!(kinds.len(), 101);
    assert_eq!(kinds[100], IssueKind::Truncated);
    assert_eq!(parsed.facts.parse_issues[100].message, "50 more syntax errors are not listed");
}

#[test]
fn the_outline_nests_as_the_file_does() {
    let parsed = parse_text(Language::Python, "class A:\n  def f(self):\n    pass\ndef g(): pass\n");
    let json = parsed.facts.ast_content.unwrap();
    let expected = concat!(
        r#"{"definitions":[{"kind":"class","name":"A","line_start":1,"line_end":3,"children":["#,
        r#"{"kind":"method","name":"f","line_start":2,"line_end":3,"children":[]}]},"#,
        r#"{"kind":"function","name":"g","line_start":4,"line_end":4,"children":[]}]}"#,
    );
    assert_eq!(json.as_str(), expected);
}

#[test]
fn a_tree_that_does_not_fit_the_memory_is_not_made() {
    let options = ParseOptions { max_tree_bytes: 4 << 20, ..ParseOptions::default() };
    for source in [";".repeat(100_000), "x = 1\n".repeat(50_000)] {
        let facts = parse(Language::JavaScript, source.as_bytes(), &options).facts;
        assert_eq!(facts.parse_status, ParseStatus::Failed);
        assert_eq!(facts.parse_issues[0].kind, IssueKind::OverLimit);
        assert_eq!(
            facts.skip_reason.unwrap(),
            "the syntax tree would take more than 4194304 bytes of memory; extract.max_tree_bytes raises the limit"
        );
    }
    // What is long and says little takes little: registers of devices, as headers of kernels list them.
    let header = "#define REGISTER_OF_A_DEVICE__FIELD_OF_IT_MASK 0x00000001L\n".repeat(4_000);
    assert_eq!(parse(Language::C, header.as_bytes(), &options).facts.parse_status, ParseStatus::Parsed);
}

#[test]
fn definitions_are_outlined_down_to_the_depth_that_databases_take() {
    for levels in [400, 550, 20_000] {
        let source = "function a(){".repeat(levels) + &"}".repeat(levels);
        let parsed = parse_text(Language::JavaScript, &source);
        assert_eq!(parsed.facts.functions.len(), levels);
        let json = parsed.facts.ast_content.unwrap();
        assert_eq!(json.as_str().matches("\"kind\"").count(), 400);
        assert_eq!(json.as_str().matches('{').count(), json.as_str().matches('}').count());
        let cuts = parsed.facts.parse_issues.iter().map(|issue| issue.message.as_str());
        let expected: &[&str] = match levels {
            400 => &[],
            _ => &["the outline was cut below 400 levels of definitions"],
        };
        assert_eq!(cuts.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn the_whole_tree_has_kinds_fields_and_spans() {
    let options = ParseOptions { ast: AstMode::Full, store_source: false, ..ParseOptions::default() };
    let json = parse(Language::Python, b"x = 1\n", &options).facts.ast_content.unwrap();
    let expected = concat!(
        r#"{"kind":"module","span":[1,1,1,6],"children":[{"kind":"expression_statement","span":[1,1,1,6],"#,
        r#""children":[{"kind":"assignment","span":[1,1,1,6],"children":["#,
        r#"{"kind":"identifier","field":"left","span":[1,1,1,2]},"#,
        r#"{"kind":"integer","field":"right","span":[1,5,1,6]}]}]}]}"#,
    );
    assert_eq!(json.as_str(), expected);
}

#[test]
fn a_whole_tree_over_the_limit_is_cut_and_says_so() {
    let options = ParseOptions { ast: AstMode::Full, store_source: false, ..ParseOptions::default() };
    let parsed = parse(Language::Python, "x = 1\n".repeat(60_000).as_bytes(), &options);
    assert_eq!(issues(&parsed), [IssueKind::Truncated]);
    let json: serde_json::Value = serde_json::from_str(parsed.facts.ast_content.unwrap().as_str()).unwrap();
    assert_eq!(json["kind"], "module");
}

#[test]
fn source_text_is_kept_on_request() {
    let source = "# note\ndef f():\n  pass\n";
    let options = ParseOptions { ast: AstMode::None, store_source: true, ..ParseOptions::default() };
    let facts = parse(Language::Python, source.as_bytes(), &options).facts;
    assert_eq!(facts.functions[0].source_code.as_deref(), Some("def f():\n  pass"));
    assert_eq!(facts.comments[0].text.as_deref(), Some("# note"));
    assert_eq!(facts.ast_content, None);
    assert_eq!(parse_text(Language::Python, source).facts.functions[0].source_code, None);
}

#[test]
fn long_texts_are_cut_with_an_issue_each() {
    let name = "n".repeat(10_000);
    let source = format!("def {name}(a={name}):\n  x.{name}()\n  y.{name}()\n");
    let facts = parse_text(Language::Python, &source).facts;
    assert_eq!(facts.functions[0].name.len(), 1_000);
    assert_eq!(facts.functions[0].parameters[0].default_value.as_ref().unwrap().len(), 200);
    assert_eq!(facts.functions[0].signature.as_ref().unwrap().len(), 2_000);
    let messages: Vec<_> = facts.parse_issues.iter().map(|issue| issue.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "3 texts of kind name over 1000 bytes were cut, the first one here",
            "a default value over 200 bytes was cut",
            "a signature over 2000 bytes was cut",
            "2 texts of kind callee over 200 bytes were cut, the first one here",
        ]
    );
}

#[test]
fn line_ends_of_windows_change_no_facts() {
    let source = "def f(a):\n  \"\"\"One.\n\n  Two.\n  \"\"\"\n  # c\n  return a\n";
    let windows = parse_text(Language::Python, &source.replace('\n', "\r\n"));
    let unix = parse_text(Language::Python, source);
    assert_eq!(describe(&windows), describe(&unix));
}

#[test]
fn a_long_identifier_is_cut_in_every_language() {
    let name = "n".repeat(10_000);
    for language in languages() {
        let parsed = parse_text(language, &format!("{name}({name});\n"));
        assert!(parsed.facts.calls.iter().all(|call| call.name.len() <= 1_000), "{language}");
    }
}

proptest! {
    // Longer ones are tried in `tests/fuzz`, in bounded time and memory.
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for language in languages() {
            for ast in [AstMode::Outline, AstMode::Full] {
                let parsed = parse(language, &bytes, &ParseOptions { ast, store_source: true, ..ParseOptions::default() });
                if let Some(content) = parsed.facts.ast_content {
                    prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(content.as_str()).is_ok());
                }
            }
        }
    }

    #[test]
    fn arbitrary_words_never_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "class", "def", "fn", "func", "fun", "function", "if", "else", "(", ")", "{", "}", "[", "]", "<", ">",
                ":", ";", ",", ".", "=", "=>", "->", "import", "from", "package", "namespace", "struct", "enum",
                "interface", "trait", "impl", "object", "val", "let", "const", "static", "x", "y", "Foo", "\"s\"", "1",
                "/** d */", "// c\n", "# c\n", "\n", "  ", "@a", "#[a]", "&&", "||", "new", "return", "switch", "case",
                "match", "for", "while", "extends", "implements", "template", "typename", "operator", "#define", "*",
            ]),
            0..120,
        ),
    ) {
        let source = words.join(" ");
        for language in languages() {
            parse_text(language, &source);
        }
    }
}
