use snake_pipe_core::{
    Language,
    model::{CallKind, ParseStatus},
};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/go.go"), include_str!("../fixtures/go.facts"));
    check_fixture(Language::Go, source, expected, "go.facts");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let facts = parse_text(Language::Go, "package a\n\nfunc f() {}\n\nfunc = \n\nfunc g() {}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["a.f", "a.g"]);
    assert_eq!(facts.parse_issues[0].span.line_start, 5);
}

#[test]
fn a_method_of_a_type_in_another_file_has_no_class() {
    let facts = parse_text(Language::Go, "package a\nfunc (s Server) Run() {}\n").facts;
    assert_eq!(
        (facts.functions[0].qualified_name.as_str(), facts.functions[0].class),
        ("a.Server.Run", None)
    );
}

#[test]
fn packages_are_known_by_the_end_of_their_path() {
    let source = concat!(
        "package a\nimport (\n\"math/rand/v2\"\n\"gopkg.in/yaml.v3\"\nf \"fmt\"\n)\n",
        "func g() { rand.Int(); yaml.Marshal(1); f.Print(); x.Print() }\n",
    );
    let facts = parse_text(Language::Go, source).facts;
    let kinds: Vec<CallKind> = facts.calls.iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [CallKind::Function, CallKind::Function, CallKind::Function, CallKind::Method]);
}
