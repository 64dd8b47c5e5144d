use snake_pipe_core::Language;

use crate::{
    ParseOptions,
    engine::testing::{check_fixture, parse_text},
    parse,
};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/python.py"), include_str!("../fixtures/python.facts"));
    check_fixture(Language::Python, source, expected, "python.facts");
}

#[test]
fn an_assignment_to_an_attribute_of_a_type_is_no_alias() {
    let facts = parse_text(Language::Python, "type(mock).signature = sig\ntype Alias = int\n").facts;
    let names: Vec<&str> = facts.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["Alias"]);
}

#[test]
fn what_is_imported_for_the_checker_of_types_is_so_marked() {
    let source = "if TYPE_CHECKING:\n  import a\nelse:\n  import b\n";
    let facts = parse_text(Language::Python, source).facts;
    let imports: Vec<_> =
        facts.imports.iter().map(|import| (import.module.as_str(), import.is_type_only)).collect();
    assert_eq!(imports, [("a", true), ("b", false)]);
}

#[test]
fn a_definition_ends_with_its_last_statement_not_with_a_comment() {
    let source = "class A:\n  def f(self):\n    pass  # why\n    # more\n  # of A\nx = 1\n";
    let options = ParseOptions { store_source: true, ..ParseOptions::default() };
    let facts = parse(Language::Python, source.as_bytes(), &options).facts;
    let ends = [facts.functions[0].span, facts.classes[0].span].map(|span| (span.line_end, span.column_end));
    assert_eq!(ends, [(3, 9), (3, 9)]);
    assert_eq!(facts.functions[0].source_code.as_deref(), Some("def f(self):\n    pass"));
}

#[test]
fn a_doc_string_is_what_the_literals_say() {
    let source = "def f():\n  # one\n  # two\n  ('a\\tb' r'\\n')\ndef g():\n  f'no'\ndef h():\n  b'no'\n";
    let facts = parse_text(Language::Python, source).facts;
    let doc_strings: Vec<_> = facts.functions.iter().map(|function| function.doc_string.as_deref()).collect();
    assert_eq!(doc_strings, [Some(r"a       b\n"), None, None]);
}

#[test]
fn a_lambda_in_parentheses_is_bound() {
    let facts = parse_text(Language::Python, "f = ((lambda x: x))\ng = [lambda: 0]\n").facts;
    let names: Vec<&str> = facts.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["f"]);
}

#[test]
fn unpacked_calls_are_calls_of_what_is_unpacked() {
    let facts = parse_text(Language::Python, "x = [*f(), *a.g()]\ny = *b.h(1),\n").facts;
    let calls: Vec<_> = facts.calls.iter().map(|call| (call.name.as_str(), call.text.as_deref())).collect();
    assert_eq!(calls, [("f", None), ("g", Some("a.g")), ("h", Some("b.h"))]);
}

#[test]
fn arguments_are_counted_without_comments_and_last_commas() {
    let facts = parse_text(Language::Python, "f(a, # one\n  b,)\ng(a,\n  # two\n)\nh(a, b,)\n").facts;
    let counts: Vec<_> = facts.calls.iter().map(|call| call.argument_count).collect();
    assert_eq!(counts, [2, 1, 2]);
}

#[test]
fn an_assignment_to_an_attribute_of_a_type_calls_type() {
    let facts = parse_text(Language::Python, "type(mock, 2).signature = sig\n").facts;
    let calls: Vec<_> = facts.calls.iter().map(|call| (call.name.as_str(), call.argument_count)).collect();
    assert_eq!(calls, [("type", 2)]);
}

#[test]
fn keywords_and_unpacked_keywords_are_no_bases() {
    let facts = parse_text(Language::Python, "class A(B, *C, metaclass=M, **options): pass\n").facts;
    let bases: Vec<_> = facts.bases.iter().map(|base| base.name.as_str()).collect();
    assert_eq!(bases, ["B", "*C"]);
}
