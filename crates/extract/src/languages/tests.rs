use snake_pipe_core::{Language, SourcePath};

use tree_sitter::Language as Grammar;

use super::{LANGUAGES, LanguageRules, language_of};

fn language(path: &str, head: &str) -> Language {
    language_of(&SourcePath::from(path), head.as_bytes())
}

#[test]
fn every_name_that_rules_use_is_in_a_grammar() {
    for rules in LANGUAGES {
        let own = grammars(rules);
        let check =
            |is_there: bool, name: &str| assert!(is_there, "{}: {name} is in no grammar", rules.language);
        rules.nodes.iter().for_each(|(name, _)| check(has_kind(&own, name, true), name));
        rules.tokens.iter().for_each(|(name, _)| check(has_kind(&own, name, false), name));
        rules.wrappers.iter().for_each(|name| check(has_kind(&own, name, true), name));
        // Languages that share their rules share these lists, and each has what one of them needs.
        let related = LANGUAGES.iter().filter(|other| other.kinds == rules.kinds);
        let related: Vec<Grammar> = related.flat_map(|rules| grammars(rules)).collect();
        for name in rules.kinds {
            check(has_kind(&related, name, true) || has_kind(&related, name, false), name);
        }
        for name in rules.fields {
            check(related.iter().any(|grammar| grammar.field_id_for_name(name).is_some()), name);
        }
    }
}

fn grammars(rules: &LanguageRules) -> Vec<Grammar> {
    rules.grammars.iter().map(|grammar| grammar()).collect()
}

fn has_kind(grammars: &[Grammar], name: &str, named: bool) -> bool {
    grammars.iter().any(|grammar| grammar.id_for_node_kind(name, named) > 0)
}

#[test]
fn no_two_languages_claim_an_extension() {
    let mut claimed = std::collections::BTreeMap::new();
    for rules in LANGUAGES {
        for extension in rules.extensions {
            let other = claimed.insert(extension, rules.language);
            assert_eq!(other, None, "{extension}");
        }
    }
}

#[test]
fn extensions_are_read_in_any_case() {
    assert_eq!(language("a/b.py", ""), Language::Python);
    assert_eq!(language("a/b.PY", ""), Language::Python);
    assert_eq!(language("stub.pyi", ""), Language::Python);
    assert_eq!(language("a/py", ""), Language::Unknown);
    assert_eq!(language("a.txt", ""), Language::Unknown);
}

#[test]
fn the_first_line_names_the_interpreter() {
    for line in ["#!/usr/bin/python3.11", "#!/usr/bin/env python", "#! /usr/bin/env -S X=1 python3 -u"] {
        assert_eq!(language("bin/tool", line), Language::Python, "{line}");
    }
    assert_eq!(language("bin/tool", "#!/bin/sh\n# python"), Language::Unknown);
}

#[test]
fn extensions_of_javascript_and_typescript() {
    for path in ["a.js", "a.mjs", "a.cjs", "a.jsx"] {
        assert_eq!(language(path, ""), Language::JavaScript, "{path}");
    }
    for path in ["a.ts", "a.mts", "a.cts", "a.tsx", "a.d.ts"] {
        assert_eq!(language(path, ""), Language::TypeScript, "{path}");
    }
    assert_eq!(language("bin/cli", "#!/usr/bin/env node"), Language::JavaScript);
}

#[test]
fn headers_are_c_unless_their_content_is_cpp() {
    assert_eq!(language("a.c", ""), Language::C);
    assert_eq!(language("a.h", "int f(void);\n"), Language::C);
    assert_eq!(language("a.h", "namespace a {\n"), Language::Cpp);
    for path in ["a.cc", "a.cpp", "a.cxx", "a.hpp", "a.hh", "a.C", "a.H", "a.CPP"] {
        assert_eq!(language(path, ""), Language::Cpp, "{path}");
    }
}

#[test]
fn some_files_are_known_by_their_whole_name() {
    assert_eq!(language("site/SConstruct", ""), Language::Python);
}
