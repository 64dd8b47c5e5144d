use snake_pipe_core::Language;

use crate::engine::testing::check_fixture;

#[test]
fn every_kind_of_fact_is_found() {
    let (source, expected) =
        (include_str!("../fixtures/python.py"), include_str!("../fixtures/python.facts"));
    check_fixture(Language::Python, source, expected, "python.facts");
}
