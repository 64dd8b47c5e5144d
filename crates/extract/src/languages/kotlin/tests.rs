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
fn bodies_on_one_line_are_understood() {
    let source = "class X { val y = 1 }\nobject O { const val Z = 1 }\ninterface I { fun z() }\n\
                  enum class E { A, B; fun v() = 1 }\nenum class F {\n  C { override fun w() = 1 };\n  open fun w() = 2\n}\n\
                  class Q { fun a() = 1; fun b() { c() } }\nfun after() { f { it } }\n";
    let facts = parse_text(Language::Kotlin, source).facts;
    assert_eq!((facts.parse_status, facts.parse_issues), (ParseStatus::Parsed, Vec::new()));
    let classes: Vec<&str> = facts.classes.iter().map(|class| class.qualified_name.as_str()).collect();
    assert_eq!(classes, ["X", "O", "I", "E", "F", "F.C", "Q"]);
    let functions: Vec<&str> =
        facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(functions, ["I.z", "E.v", "F.C.w", "F.w", "Q.a", "Q.b", "after"]);
    let fields = facts.classes.iter().flat_map(|class| &class.fields).map(|field| field.name.as_str());
    assert_eq!(fields.collect::<Vec<_>>(), ["y", "Z", "A", "B", "C"]);
    assert_eq!(facts.functions[5].signature.as_deref(), Some("fun b()"));
}

#[test]
fn receivers_of_a_context_are_no_call() {
    let facts = parse_text(Language::Kotlin, "context(Logger, io: Io)\nfun log() {\n  write()\n}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Parsed);
    assert_eq!(facts.functions[0].name, "log");
    assert_eq!(facts.calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["write"]);
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
    let facts = parse_text(Language::Kotlin, "enum class A {\n  B {override fun f() = 1};\n}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    assert_eq!(facts.parse_issues.len(), 1);
    assert_eq!(facts.parse_issues[0].message, "a token that the grammar does not name is missing in here");
    assert_eq!(facts.parse_issues[0].span.line_start, 2);
}
