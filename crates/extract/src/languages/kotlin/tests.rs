use snake_pipe_core::{Language, model::ParseStatus};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/kotlin.kt"), include_str!("../fixtures/kotlin.facts"));
    check_fixture(Language::Kotlin, source, expected, "kotlin.facts");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let facts = parse_text(Language::Kotlin, "fun f() {}\n\nfun h() { a[ }\n\nfun g() {}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["f", "h", "g"]);
    assert_eq!(facts.parse_issues[0].span.line_start, 3);
}

#[test]
fn a_lambda_behind_the_parentheses_is_an_argument() {
    let calls =
        parse_text(Language::Kotlin, "fun f() {\n  a(1, 2) { it }\n  b { it }\n  c(1)\n}\n").facts.calls;
    let counts: Vec<(&str, u32)> =
        calls.iter().map(|call| (call.name.as_str(), call.argument_count)).collect();
    assert_eq!(counts, [("a", 3), ("b", 1), ("c", 1)]);
}

#[test]
fn an_error_of_hidden_tokens_is_told() {
    let facts = parse_text(Language::Kotlin, "enum class A {\n  B { override fun f() = 1 };\n}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    assert_eq!(facts.parse_issues.len(), 1);
    assert_eq!(facts.parse_issues[0].message, "a token that the grammar does not name is missing in here");
    assert_eq!(facts.parse_issues[0].span.line_start, 2);
}
