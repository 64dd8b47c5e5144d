use snake_pipe_core::{Language, model::Visibility};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/javascript.js"), include_str!("../fixtures/javascript.facts"));
    check_fixture(Language::JavaScript, source, expected, "javascript.facts");
}

#[test]
fn members_of_an_object_are_qualified_by_what_it_is_bound_to() {
    let source = "function f() {\n  const api = { get() { call() }, deep: { run: () => {} } }\n}\n\
                  A.prototype = { m() {} }\nmodule.exports = { open() {} }\ng({ nameless() {} })\n";
    let facts = parse_text(Language::JavaScript, source).facts;
    let functions: Vec<_> = facts
        .functions
        .iter()
        .map(|function| (function.qualified_name.as_str(), function.visibility))
        .collect();
    let expected = [
        ("f", Visibility::Unspecified),
        ("f.api.get", Visibility::Unspecified),
        ("f.api.deep.run", Visibility::Unspecified),
        ("A.m", Visibility::Unspecified),
        ("open", Visibility::Public),
        ("nameless", Visibility::Unspecified),
    ];
    assert_eq!(functions, expected);
    // The object is no scope: what is inside belongs to the function around it.
    assert_eq!((facts.functions[1].parent, facts.calls[0].function), (Some(0), Some(1)));
}
