//! Whatever bytes come: facts and issues, no panic, in bounded time and memory.
//!
//! `PROPTEST_CASES` says how many cases each property is tried on, and for sources how many in each language; unless it is set,
//! as many as every run of the tests has time for. `cargo xtask fuzz` tries more of all there are.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod facts;
mod limits;
mod memory;
mod mutated;
mod sources;

/// How many cases are tried: what the variable says, else so many.
fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES").map_or(default, |text| text.parse().expect("PROPTEST_CASES is a number"))
}

fn config(cases: u32) -> proptest::prelude::ProptestConfig {
    proptest::prelude::ProptestConfig {
        cases,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Default::default()
    }
}
