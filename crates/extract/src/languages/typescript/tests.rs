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

#[test]
fn what_the_grammar_does_not_know_is_parsed_all_the_same() {
    let source = "interface A<in out B, out C> { x: import('m').D<B, C> }\n\
                  declare module 'm' { export class E { f(a: A): void; } }\ntype F = A;\n";
    let facts = parse_text(Language::TypeScript, source).facts;
    assert_eq!(facts.parse_status, ParseStatus::Parsed);
    let names: Vec<&str> = facts.classes.iter().map(|class| class.qualified_name.as_str()).collect();
    assert_eq!(names, ["A", "m.E", "F"]);
    assert_eq!(facts.classes[0].type_parameters.as_deref(), Some("in out B, out C"));
    assert_eq!(facts.classes[2].span.column_end, 11);
    assert_eq!((facts.imports[0].module.as_str(), facts.imports[0].is_type_only), ("m", true));
    let functions: Vec<&str> =
        facts.functions.iter().map(|function| function.qualified_name.as_str()).collect();
    assert_eq!(functions, ["m.E.f"]);
}
