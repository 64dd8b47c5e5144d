use snake_pipe_core::Language;

use crate::engine::testing::{check_fixture, parse_text};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/c.c"), include_str!("../fixtures/c.facts"));
    check_fixture(Language::C, source, expected, "c.facts");
}

#[test]
fn a_function_is_found_where_the_source_around_it_is_not_understood() {
    let source = "int a(void)\n{\n\tif (b) {\n#ifdef X\n\t} else {\n#else\n\t{\n#endif\n\t\tc();\n\t}\n}\n\n\
                  /** Doc. */\nstatic bool lost(struct s *s,\n\tint n)\n{\n\treturn n ? f(s) : 0;\n}\n";
    let facts = parse_text(Language::C, source).facts;
    let lost = facts.functions.iter().find(|function| function.name == "lost").unwrap();
    assert_eq!((lost.qualified_name.as_str(), lost.parent, lost.complexity), ("lost", None, Some(2)));
    assert_eq!((lost.span.line_start, lost.span.line_end), (14, 18));
    assert_eq!(lost.doc_string.as_deref(), Some("Doc."));
    let call = facts.calls.iter().find(|call| call.name == "f").unwrap();
    assert_eq!(call.function.map(|index| facts.functions[index as usize].name.as_str()), Some("lost"));
}

#[test]
fn a_hundred_thousand_declarators_take_linear_time() {
    let names: Vec<String> = (0..100_000).map(|number| format!("a{number}")).collect();
    let source = format!("struct s {{ int {}; }};\n", names.join(", "));
    for language in [Language::C, Language::Cpp] {
        let start = std::time::Instant::now();
        let facts = parse_text(language, &source).facts;
        assert_eq!(facts.classes[0].fields.len(), 100_000);
        assert_eq!(facts.classes[0].fields[99_999].type_name.as_deref(), Some("int"));
        assert!(start.elapsed().as_secs() < 60, "{language} took {:?}", start.elapsed());
    }
}
