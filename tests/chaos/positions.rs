//! A loader that follows a source is killed: position and data never differ, and the control plane follows.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use snake_pipe::core::Result;
use snake_pipe_testkit::postgres::TestDatabase;

use crate::program::{Program, answer, assert_done, signal, sqlite_in, with_backend};

/// How often each database's loader is killed in every CI run.
const KILLS: u64 = 8;
const FILES: u64 = 60;

/// The state after so many changes of the source: every file has that size.
fn facts(number: u64) -> String {
    let file =
        |file: u64| format!("{{\"path\":\"{file}.py\",\"language\":\"python\",\"size_bytes\":{number}}}\n");
    (0..FILES).map(file).collect()
}

/// Loads this state, and is killed after a time, if there is one.
fn load(program: &Program, url: &str, number: u64, killed_after: Option<Duration>) {
    let home = program.command().get_current_dir().unwrap().to_owned();
    std::fs::write(home.join("facts.ndjson"), facts(number)).unwrap();
    let mut command = program.command();
    command.args(["load", "--facts", "facts.ndjson", "--repository", "tree", "--to", url]);
    command.args(["--position", &format!("changes={number}")]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    if let Some(time) = killed_after {
        thread::sleep(time);
        signal(child.id(), libc::SIGKILL);
    }
    let output = child.wait_with_output().unwrap();
    if killed_after.is_none() {
        assert_done(&output);
    }
}

/// The number that the position says, and those that the files have.
fn held(url: &str) -> (String, Vec<String>) {
    let positions = with_backend(url, async |backend| -> Result<String> {
        let stored = backend.repositories().await?;
        Ok(stored[0].snapshot.as_ref().unwrap().positions[0].value.to_string())
    });
    (positions.unwrap().unwrap(), answer(url, "SELECT DISTINCT size_bytes FROM files"))
}

fn kill_a_follower(url: &str) {
    let program = Program::new();
    let started = Instant::now();
    load(&program, url, 1, None);
    let first = started.elapsed();
    let started = Instant::now();
    load(&program, url, 2, None);
    let (undisturbed, mut random) =
        (started.elapsed().min(first), StdRng::seed_from_u64(crate::number("CHAOS_SEED", crate::SEED)));
    let mut at = 2;
    for _ in 0..crate::number("CHAOS_POSITIONS", KILLS) {
        at += 1;
        load(&program, url, at, Some(undisturbed.mul_f64(random.random_range(0.3..1.1))));
        let (position, files) = held(url);
        assert_eq!(files, [position.as_str()], "position and data differ");
        println!("killed on the way to {at}: {position} is held");
    }
    // A load that brings nothing new is enough for the control plane to follow.
    load(&program, url, at, None);
    load(&program, url, at, None);
    let listed = program.command().args(["positions", "--from", url, "--format", "json"]).output().unwrap();
    assert_done(&listed);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!((&listed[0]["key"]["source"], &listed[0]["value"]), (&"changes".into(), &at.into()));
}

#[test]
fn a_killed_follower_leaves_position_and_data_alike_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    kill_a_follower(&sqlite_in(folder.path(), "code.db"));
}

#[test]
fn a_killed_follower_leaves_position_and_data_alike_in_postgres() {
    let database = TestDatabase::create().unwrap();
    kill_a_follower(&database.url());
}
