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
fn a_definition_that_directives_divide_is_that_of_the_first_branch() {
    let source = "public class S\n{\n    void Before() { }\n#if NET8\n    void A1() {\n#else\n    void A1() { Old(); // why\n#endif\n\
                  \x20       New();\n    }\n    void After() { }\n#if X\n    void Whole() { }\n#else\n    void Other() { }\n#endif\n}\n";
    let facts = parse_text(Language::CSharp, source).facts;
    assert_eq!((facts.parse_status, facts.parse_issues), (ParseStatus::Parsed, Vec::new()));
    let functions =
        facts.functions.iter().map(|function| (function.qualified_name.as_str(), function.span.line_start));
    let expected = [("S.Before", 3), ("S.A1", 5), ("S.After", 11), ("S.Whole", 13), ("S.Other", 15)];
    assert_eq!(functions.collect::<Vec<_>>(), expected);
    assert_eq!(facts.calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["New"]);
    assert_eq!(facts.comments.len(), 1);
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
