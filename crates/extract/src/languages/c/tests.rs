use snake_pipe_core::Language;

use crate::engine::testing::check_fixture;

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) = (include_str!("../fixtures/c.c"), include_str!("../fixtures/c.facts"));
    check_fixture(Language::C, source, expected, "c.facts");
}
