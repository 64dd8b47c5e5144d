use snake_pipe_core::{Language, model::ParseStatus};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/scala.scala"), include_str!("../fixtures/scala.facts"));
    check_fixture(Language::Scala, source, expected, "scala.facts");
}

#[test]
fn every_kind_of_fact_of_scala_3_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/scala3.scala"), include_str!("../fixtures/scala3.facts"));
    check_fixture(Language::Scala, source, expected, "scala3.facts");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let facts = parse_text(Language::Scala, "object A {\n  def f = 1\n  val = 2\n  def g = 3\n}\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["A.f", "A.g"]);
    assert_eq!(facts.parse_issues[0].span.line_start, 3);
}

#[test]
fn packages_behind_each_other_are_one() {
    let facts = parse_text(Language::Scala, "package a.b\npackage c\nclass D\npackage e { class F }\n").facts;
    let names: Vec<&str> = facts.classes.iter().map(|class| class.qualified_name.as_str()).collect();
    assert_eq!(names, ["a.b.c.D", "a.b.c.e.F"]);
    assert_eq!(facts.namespace.as_deref(), Some("a.b.c"));
}

#[test]
fn members_that_a_type_asks_for_are_not_those_of_the_class() {
    let source = "class A {\n  type B = { def close(): Unit; val n: Int }\n  def f(x: C { type D = Int }): Unit = ()\n}\n";
    let facts = parse_text(Language::Scala, source).facts;
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["A.f"]);
    let names: Vec<&str> = facts.classes.iter().map(|class| class.qualified_name.as_str()).collect();
    assert_eq!(names, ["A", "A.B"]);
    assert!(facts.classes[0].fields.is_empty());
}
