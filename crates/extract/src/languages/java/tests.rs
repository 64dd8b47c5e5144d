use snake_pipe_core::{Language, model::ParseStatus};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/java.java"), include_str!("../fixtures/java.facts"));
    check_fixture(Language::Java, source, expected, "java.facts");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let facts = parse_text(Language::Java, "class A {\n  void f() {}\n  int = ;\n  void g() {}\n}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["A.f", "A.g"]);
    assert_eq!(facts.parse_issues[0].span.line_start, 3);
}

#[test]
fn a_package_holds_all_types_of_its_file() {
    let facts = parse_text(Language::Java, "package a . b;\nclass C { class D {} }\ninterface E {}\n").facts;
    let names: Vec<&str> = facts.classes.iter().map(|class| class.qualified_name.as_str()).collect();
    assert_eq!(names, ["a.b.C", "a.b.C.D", "a.b.E"]);
    assert_eq!(facts.namespace.as_deref(), Some("a.b"));
}
