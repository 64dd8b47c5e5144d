//! Histories are replayed: after every step, the rows of a database that was loaded step by step are those of a load from
//! nothing, in SQLite and in PostgreSQL.
//!
//! Every CI run replays two small histories that are made up. `cargo xtask replay` replays real ones: the commits of a
//! repository, and successive releases of packages, with edits between them of functions that other files call.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say where they were"
)]

mod commits;
mod compare;
mod made_up;
#[expect(dead_code, reason = "nothing befalls these loads, and rows are compared in another way")]
#[path = "../program/mod.rs"]
mod program;
mod releases;
mod replay;
mod tree;

use std::{env, path::PathBuf};

use commits::Commits;
use releases::Releases;
use replay::replay;

/// A repository whose commits are replayed instead of those that are made up.
const REPOSITORY: &str = "REPLAY_REPOSITORY";
/// A folder of releases, replayed instead of those that are made up.
const RELEASES: &str = "REPLAY_RELEASES";
/// The last steps alone, of either.
const STEPS: &str = "REPLAY_STEPS";

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}

/// How many of so many steps are left out at the beginning.
fn skipped(steps: usize) -> usize {
    let wanted = env::var(STEPS).map_or(steps, |text| text.parse().expect("a number of steps"));
    steps.saturating_sub(wanted)
}

#[test]
fn after_every_commit_the_rows_are_those_of_a_clean_load() {
    let made_up = tempfile::tempdir().unwrap();
    let repository = folder(REPOSITORY).unwrap_or_else(|| made_up_in(made_up.path(), made_up::repository));
    replay(Commits::of(&repository));
}

#[test]
fn after_every_release_and_every_edit_of_a_callee_the_rows_are_those_of_a_clean_load() {
    let made_up = tempfile::tempdir().unwrap();
    let releases = folder(RELEASES).unwrap_or_else(|| made_up_in(made_up.path(), made_up::releases));
    replay(Releases::of(&releases));
}

fn made_up_in(folder: &std::path::Path, make: impl Fn(&std::path::Path)) -> PathBuf {
    make(folder);
    folder.to_owned()
}
