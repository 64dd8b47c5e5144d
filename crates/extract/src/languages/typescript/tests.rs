use snake_pipe_core::{Language, model::ParseStatus};

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/typescript.ts"), include_str!("../fixtures/typescript.facts"));
    check_fixture(Language::TypeScript, source, expected, "typescript.facts");
}

#[test]
fn tags_are_told_from_type_assertions() {
    let (source, expected) = (include_str!("../fixtures/tsx.tsx"), include_str!("../fixtures/tsx.facts"));
    check_fixture(Language::TypeScript, source, expected, "tsx.facts");
}

#[test]
fn a_type_assertion_is_understood_beside_what_looks_like_a_tag() {
    let parsed = parse_text(Language::TypeScript, "const a = <Foo>make();\nconst b = '</b>';\n");
    assert_eq!(parsed.facts.parse_status, ParseStatus::Parsed);
    assert_eq!(parsed.facts.calls[0].name, "make");
}
