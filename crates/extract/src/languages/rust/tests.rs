use snake_pipe_core::{Language, model::ParseStatus};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/rust.rs"), include_str!("../fixtures/rust.facts"));
    check_fixture(Language::Rust, source, expected, "rust.facts");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let facts = parse_text(Language::Rust, "fn f() {}\n\nfn = ;\n\nimpl A { fn g() {} }\n").facts;
    assert_eq!(facts.parse_status, ParseStatus::Partial);
    let names: Vec<&str> = facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(names, ["f", "A::g"]);
    assert_eq!(facts.parse_issues[0].span.line_start, 3);
}

#[test]
fn an_implementation_for_a_type_of_another_file_gives_no_class() {
    let facts = parse_text(Language::Rust, "impl fmt::Display for super::Shape { fn fmt(&self) {} }").facts;
    assert_eq!((facts.functions[0].qualified_name.as_str(), facts.functions[0].class), ("Shape::fmt", None));
    assert!(facts.bases.is_empty());
}

#[test]
fn a_deep_tree_of_imports_ends() {
    let depth = 10_000;
    let source = format!("use {}x{};", "a::{".repeat(depth), "}".repeat(depth));
    assert!(parse_text(Language::Rust, &source).facts.imports.is_empty());
}
