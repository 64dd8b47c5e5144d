//! Input that is wrong, odd or hostile. In every case the program says what is wrong and what to do, ends with the right
//! code, does not panic and shows no password; the last two are asserted wherever it runs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

mod paths;
mod postgres;
mod sources;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    process::Command,
};

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

/// The program as a user without privileges, who may write below `out`. Root may read everything.
fn as_somebody(place: &Place, arguments: &[&str]) -> Command {
    const NOBODY: u32 = 65_534;
    fs::create_dir_all(place.path("out")).unwrap();
    let mut command = place.command(arguments);
    if fs::metadata(place.path("out")).unwrap().uid() == 0 {
        // Nobody can reach the program where it was built, perhaps.
        let program = place.path("snake-pipe");
        // By another process: what this one has open for writing, a test beside it may pass on to a program that it starts, and nothing
        // that is open for writing can be run.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_snake-pipe")).arg(&program).status();
        assert!(copied.unwrap().success(), "the program was not copied");
        for path in ["", "out"] {
            fs::set_permissions(place.path(path), Permissions::from_mode(0o777)).unwrap();
        }
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(environment)
            .current_dir(place.path(""))
            .uid(NOBODY)
            .gid(NOBODY);
    }
    command.env("XDG_CACHE_HOME", place.path("out/cache"));
    command
}
