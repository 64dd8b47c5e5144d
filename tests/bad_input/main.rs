//! Input that is wrong, odd or hostile. In every case the program says what is wrong and what to do, ends with the right
//! code, does not panic and shows no password; the last two are asserted wherever it runs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

mod paths;
mod postgres;
mod sources;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;

use support::{Answer, Place};

/// Asserts that a command failed with this message and this way out.
#[track_caller]
fn assert_refused(answer: &Answer, message: &str, help: &str) {
    assert!(answer.stderr.starts_with(&format!("error: {message}")), "{message}\n{}", answer.told());
    let (_, given) =
        answer.stderr.split_once("\n  help: ").unwrap_or_else(|| panic!("no help\n{}", answer.told()));
    assert!(given.contains(help), "{help}\n{}", answer.told());
    assert_eq!(answer.stdout, "", "{}", answer.told());
}

/// The rows of a statement.
#[track_caller]
fn rows(place: &Place, database: &str, sql: &str) -> Vec<Value> {
    let answer = place.run(&["query", sql, "--from", database, "--format", "json"]).exits(0);
    serde_json::from_value(answer.json()).unwrap()
}
