use snake_pipe_core::Language;

use crate::{
    engine::{parse, testing::check_fixture},
    parsed::ParseOptions,
};

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/cpp.cpp"), include_str!("../fixtures/cpp.facts"));
    check_fixture(Language::Cpp, source, expected, "cpp.facts");
}

#[test]
fn a_class_with_a_pure_virtual_method_is_abstract() {
    let source = "class Shape { public: virtual int size() const = 0; virtual void draw(); };\n\
                  struct Node { virtual ~Node() = 0; };\n\
                  struct Round : Shape { int size() const override { return 0; } int sides = 0; };\n";
    let parsed = parse(Language::Cpp, source.as_bytes(), &ParseOptions::default());
    let classes = parsed.facts.classes.iter().map(|class| (class.name.as_str(), class.is_abstract));
    assert_eq!(classes.collect::<Vec<_>>(), [("Shape", true), ("Node", true), ("Round", false)]);
}
