use snake_pipe_core::Language;

use crate::engine::testing::{check_fixture, parse_text};

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
