use snake_pipe_core::{
    Language,
    model::{ParseStatus, Visibility},
};

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
fn classes_of_qt_are_understood() {
    let source = "class Q_WIDGETS_EXPORT Clock : public QObject\n{\n    Q_OBJECT\n    Q_PROPERTY(int hour READ hour NOTIFY changed)\npublic:\n\
                  \x20   Q_INVOKABLE int hour() const { return m_hour; }\nsignals:\n    void changed(int hour);\npublic slots:\n\
                  \x20   void set(int hour) { emit changed(hour); }\nprivate:\n    int m_hour;\n};\n";
    let facts = parse(Language::Cpp, source.as_bytes(), &ParseOptions::default()).facts;
    assert_eq!((facts.parse_status, facts.parse_issues), (ParseStatus::Parsed, Vec::new()));
    assert_eq!((facts.classes[0].name.as_str(), facts.bases[0].name.as_str()), ("Clock", "QObject"));
    let functions =
        facts.functions.iter().map(|function| (function.qualified_name.as_str(), function.visibility));
    let expected = [("Clock::hour", Visibility::Public), ("Clock::set", Visibility::Public)];
    assert_eq!(functions.collect::<Vec<_>>(), expected);
    assert_eq!(
        facts.classes[0].fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
        ["m_hour"]
    );
    assert_eq!(facts.calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["changed"]);
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
