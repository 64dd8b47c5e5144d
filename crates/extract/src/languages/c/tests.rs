use snake_pipe_core::{Language, model::Visibility};

use crate::{
    ParseOptions,
    engine::{
        parse,
        testing::{check_fixture, parse_text},
    },
};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/c.c"), include_str!("../fixtures/c.facts"));
    check_fixture(Language::C, source, expected, "c.facts");
}

#[test]
fn macros_of_a_table_define_functions() {
    let source = "ISR(TIMER0_vect)\n{\n\tf();\n}\nPHP_METHOD(Foo, bar) {\n\tg();\n}\n\
                  HANDLER(open, struct req *r, int n)\n{\n\th();\n}\nstatic HANDLER(shut, int n) { i(); }\n\
                  OTHER(a) { j(); }\n";
    let macros = ["ISR=void {1}", "PHP_METHOD=void zim_{1}_{2}", "HANDLER=struct answer *handle_{1}"];
    let function_macros = macros.map(|text| text.parse().unwrap()).into();
    let options = ParseOptions { function_macros, ..ParseOptions::default() };
    for language in [Language::C, Language::Cpp] {
        let facts = parse(language, source.as_bytes(), &options).facts;
        let functions = facts.functions.iter().map(|function| {
            let parameters = function.parameters.iter().map(|parameter| {
                format!("{}: {}", parameter.name, parameter.type_name.as_deref().unwrap_or_default())
            });
            let parameters = parameters.collect::<Vec<_>>().join(", ");
            let return_type = function.return_type.as_deref().unwrap_or_default();
            (
                format!("{return_type} {}({parameters})", function.name),
                function.span.line_start,
                function.span.line_end,
            )
        });
        let expected = [
            ("void TIMER0_vect()", 1, 4),
            ("void zim_Foo_bar()", 5, 7),
            ("struct answer * handle_open(r: struct req *, n: int)", 8, 11),
            ("struct answer * handle_shut(n: int)", 12, 12),
        ];
        let expected = expected.map(|(text, start, end)| (text.to_owned(), start, end));
        assert_eq!(functions.take(4).collect::<Vec<_>>(), expected, "{language}");
        let calls = facts.calls.iter().filter(|call| !["j", "OTHER"].contains(&call.name.as_str()));
        let calls = calls.map(|call| (call.name.as_str(), call.function)).collect::<Vec<_>>();
        assert_eq!(calls, [("f", Some(0)), ("g", Some(1)), ("h", Some(2)), ("i", Some(3))], "{language}");
        assert_eq!(facts.functions[3].visibility, Visibility::Private);
    }
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
