use snake_pipe_core::{Language, SourcePath};

use super::{LANGUAGES, language_of};

fn language(path: &str, head: &str) -> Language {
    language_of(&SourcePath::from(path), head.as_bytes())
}

#[test]
fn every_name_that_rules_use_is_in_a_grammar() {
    for rules in LANGUAGES {
        let grammars: Vec<tree_sitter::Language> = rules.grammars.iter().map(|grammar| grammar()).collect();
        let has_kind =
            |name: &str, named| grammars.iter().any(|grammar| grammar.id_for_node_kind(name, named) > 0);
        let check =
            |is_there: bool, name: &str| assert!(is_there, "{}: {name} is in no grammar", rules.language);
        rules.nodes.iter().for_each(|(name, _)| check(has_kind(name, true), name));
        rules.tokens.iter().for_each(|(name, _)| check(has_kind(name, false), name));
        rules.wrappers.iter().for_each(|name| check(has_kind(name, true), name));
        rules.kinds.iter().for_each(|name| check(has_kind(name, true) || has_kind(name, false), name));
        for name in rules.fields {
            check(grammars.iter().any(|grammar| grammar.field_id_for_name(name).is_some()), name);
        }
    }
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
fn some_files_are_known_by_their_whole_name() {
    assert_eq!(language("site/SConstruct", ""), Language::Python);
}
