use snake_pipe_core::{Language, model::ParseStatus};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/csharp.cs"), include_str!("../fixtures/csharp.facts"));
    check_fixture(Language::CSharp, source, expected, "csharp.facts");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let facts = parse_text(Language::CSharp, "class A {\n  void F() {}\n  int = ;\n  void G() {}\n}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["A.F", "A.G"]);
    assert_eq!(facts.parse_issues[0].span.line_start, 3);
}

#[test]
fn a_namespace_without_braces_reaches_to_the_end_of_the_file() {
    let facts = parse_text(Language::CSharp, "namespace A.B;\nclass C { class D {} }\nenum E { F }\n").facts;
    let names: Vec<&str> = facts.classes.iter().map(|class| class.qualified_name.as_str()).collect();
    assert_eq!(names, ["A.B.C", "A.B.C.D", "A.B.E"]);
    assert_eq!(facts.namespace.as_deref(), Some("A.B"));
}

#[test]
fn statements_outside_of_types_are_those_of_the_file() {
    let facts = parse_text(Language::CSharp, "var x = 1;\nRun(x);\nvoid Run(int y) {}\n").facts;
    assert_eq!((facts.calls[0].name.as_str(), facts.calls[0].function), ("Run", None));
    assert_eq!(facts.functions[0].qualified_name, "Run");
}
