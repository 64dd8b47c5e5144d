use snake_pipe_core::Language;

use crate::engine::testing::check_fixture;

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/cpp.cpp"), include_str!("../fixtures/cpp.facts"));
    check_fixture(Language::Cpp, source, expected, "cpp.facts");
}
