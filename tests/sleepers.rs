//! A loader that is paused, is taken for dead or overtaken meanwhile, and wakes up: it is refused, and what was published while
//! it slept stays as it is.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking, and say where they were")]

#[expect(dead_code, reason = "other tests ask for more")]
mod program;

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use program::{Program, REPOSITORY, answer, assert_done, signal, sqlite_in, words_of};
use serde_json::Value;
use snake_pipe_testkit::postgres::TestDatabase;
use sqlx::Connection as _;
use tokio::runtime::Runtime;

/// Facts of one file, which differ by its size.
fn facts(size: u32) -> String {
    format!("{{\"path\":\"a.py\",\"language\":\"python\",\"size_bytes\":{size}}}\n")
}

/// A database that holds a file of size 1.
struct Place<'a> {
    program: Program,
    url: &'a str,
}

/// What readers see: the marker of the last publication, and the sizes of all files.
type Seen = (Vec<String>, Vec<String>);

impl<'a> Place<'a> {
    fn new(url: &'a str) -> Self {
        let place = Self { program: Program::new(), url };
        assert_done(&place.load_facts(1));
        place
    }

    fn seen(&self) -> Seen {
        (
            answer(self.url, "SELECT marker FROM repositories"),
            answer(self.url, "SELECT size_bytes FROM files"),
        )
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn facts_command(&self) -> Command {
        let mut command =
            self.command(&["load", "--facts", "-", "--repository", REPOSITORY, "--to", self.url]);
        command.stdin(Stdio::piped());
        command
    }

    /// An undisturbed load of facts.
    fn load_facts(&self, size: u32) -> Output {
        let mut child = self.facts_command().spawn().unwrap();
        child.stdin.take().unwrap().write_all(facts(size).as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// A load of the tree, not started. It does not migrate, which would wait for another writer of SQLite.
    fn tree_command(&self, tree: &Path) -> Command {
        let configuration = format!("[backends.held]\nurl = \"{}\"\nmigrations = \"check\"\n", self.url);
        let mut command = self.command(&["load", "--repository", REPOSITORY, "--to", "held"]);
        fs::write(command.get_current_dir().unwrap().join("snake-pipe.toml"), configuration).unwrap();
        command.arg(tree);
        command
    }

    /// Starts a load and puts it to sleep once it runs and `is_there`.
    fn asleep(&self, mut load: Command, lease_seconds: u32, is_there: impl Fn() -> bool) -> Child {
        let mut child =
            load.env("SNAKE_PIPE_METADATA__LEASE_SECONDS", lease_seconds.to_string()).spawn().unwrap();
        let start = Instant::now();
        while self.statuses().first().is_none_or(|status| status != "running") || !is_there() {
            assert!(child.try_wait().unwrap().is_none(), "{}", words_of(&child.wait_with_output().unwrap()));
            assert!(start.elapsed() < Duration::from_secs(60), "the load does not come so far");
            thread::sleep(Duration::from_millis(20));
        }
        signal(child.id(), libc::SIGSTOP);
        child
    }

    /// The statuses of all runs, the latest first.
    fn statuses(&self) -> Vec<String> {
        let listed =
            self.command(&["runs", "list", "--from", self.url, "--format", "json"]).output().unwrap();
        assert_done(&listed);
        let runs: Value = serde_json::from_slice(&listed.stdout).unwrap();
        runs.as_array().unwrap().iter().map(|run| run["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Wakes a loader that reads facts, gives it these, and waits for its end.
    fn wake(&self, mut sleeper: Child, size: u32) -> Output {
        signal(sleeper.id(), libc::SIGCONT);
        if let Some(mut input) = sleeper.stdin.take() {
            // One that has ended reads nothing.
            let _ = input.write_all(facts(size).as_bytes());
        }
        sleeper.wait_with_output().unwrap()
    }

    /// The loader has failed, said why and what to do, and changed nothing.
    fn assert_refused(&self, output: &Output, why: &str, way_out: &str, before: &Seen) {
        let words = words_of(output);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(why) && words.contains(way_out), "{words}");
        assert_eq!(&self.seen(), before, "{words}");
    }
}

const LOST: &str = "was given up as lost";
const OVERTAKEN: &str = "another load of this repository was published after this one had been planned";

/// A lease that runs out, and the time after which it has.
const SHORT: u32 = 1;
const AFTER_SHORT: Duration = Duration::from_millis(1_300);
/// A lease that does not.
const LONG: u32 = 600;

fn a_sleeper_that_was_replaced(url: &str) {
    let place = Place::new(url);
    let sleeper = place.asleep(place.facts_command(), SHORT, || true);
    thread::sleep(AFTER_SHORT);
    let newer = place.load_facts(3);
    assert_done(&newer);
    assert!(words_of(&newer).contains("an earlier load of this repository was lost"), "{}", words_of(&newer));
    let published = place.seen();
    assert_eq!(published.1, ["3"]);
    let output = place.wake(sleeper, 2);
    place.assert_refused(&output, LOST, "load again", &published);
    assert_eq!(place.statuses(), ["success", "lost", "success"]);
    assert_done(&place.load_facts(2));
    assert_eq!(place.seen().1, ["2"]);
}

/// The control plane does not think it dead: the backend knows by itself.
fn a_sleeper_that_was_overtaken(url: &str) {
    let place = Place::new(url);
    let sleeper = place.asleep(place.facts_command(), LONG, || true);
    assert_done(&place.load_facts(3));
    let published = place.seen();
    let output = place.wake(sleeper, 2);
    place.assert_refused(&output, OVERTAKEN, "run the load again", &published);
    assert_eq!(place.statuses(), ["success", "failed", "success"]);
    assert_done(&place.load_facts(2));
    assert_eq!(place.seen().1, ["2"]);
}

/// Nobody else has published anything.
fn a_sleeper_that_was_only_recovered(url: &str) {
    let place = Place::new(url);
    let before = place.seen();
    let sleeper = place.asleep(place.facts_command(), SHORT, || true);
    thread::sleep(AFTER_SHORT);
    assert_done(&place.command(&["recover", "--from", place.url]).output().unwrap());
    let output = place.wake(sleeper, 2);
    place.assert_refused(&output, LOST, "load again", &before);
    assert_eq!(place.statuses(), ["lost", "success"]);
}

/// A source tree has been read when its loader falls asleep, and nothing has been begun.
fn a_sleeper_that_had_read_its_tree(url: &str) {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("a.py"), "def old():\n    return 1\n").unwrap();
    for (lease, why, way_out) in [(LONG, OVERTAKEN, "run the load again"), (SHORT, LOST, "load again")] {
        let place = Place::new(url);
        let barrier = Barrier::before_writing(url);
        let sleeper = place.asleep(place.tree_command(tree.path()), lease, || barrier.is_reached());
        drop(barrier);
        if lease == SHORT {
            thread::sleep(AFTER_SHORT);
        }
        assert_done(&place.load_facts(3));
        let published = place.seen();
        assert_eq!(published.1, ["3"]);
        let output = place.wake(sleeper, 2);
        place.assert_refused(&output, why, way_out, &published);
        assert_done(&place.tree_command(tree.path()).output().unwrap());
        assert_eq!(place.seen().1, ["24"]);
    }
}

/// A lock that a load meets when it has read its tree: in PostgreSQL it cannot read the manifest, in SQLite it cannot begin.
/// Gone with the value. Whoever waits for it holds nothing himself.
struct Barrier {
    runtime: Runtime,
    lock: Option<Lock>,
    url: String,
}

enum Lock {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Barrier {
    fn before_writing(url: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let lock = runtime.block_on(async {
            if url.starts_with("sqlite") {
                let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
                sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
                return Lock::Sqlite(connection);
            }
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql("BEGIN; LOCK TABLE files").execute(&mut connection).await.unwrap();
            Lock::Postgres(connection)
        });
        Self { runtime, lock: Some(lock), url: url.to_owned() }
    }

    /// Whether a load waits for it, where that can be seen. In SQLite it cannot: there the load has the time that it takes to
    /// read one file many times over, and if it has not come so far it sleeps a little earlier.
    fn is_reached(&self) -> bool {
        if self.url.starts_with("sqlite") {
            thread::sleep(Duration::from_millis(500));
            return true;
        }
        let waiting = "SELECT count(*) > 0 FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        answer(&self.url, waiting) == ["true"]
    }
}

impl Drop for Barrier {
    fn drop(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        self.runtime.block_on(async {
            match lock {
                Lock::Sqlite(connection) => connection.close().await.unwrap(),
                Lock::Postgres(connection) => connection.close().await.unwrap(),
            }
        });
    }
}

fn in_sqlite(test: fn(&str)) {
    let folder = tempfile::tempdir().unwrap();
    test(&sqlite_in(folder.path(), "code.db"));
}

fn in_postgres(test: fn(&str)) {
    test(&TestDatabase::create().unwrap().url());
}

#[test]
fn a_loader_that_was_replaced_while_it_slept_is_refused_in_sqlite() {
    in_sqlite(a_sleeper_that_was_replaced);
}

#[test]
fn a_loader_that_was_replaced_while_it_slept_is_refused_in_postgres() {
    in_postgres(a_sleeper_that_was_replaced);
}

#[test]
fn a_loader_that_was_overtaken_while_it_slept_is_refused_by_sqlite() {
    in_sqlite(a_sleeper_that_was_overtaken);
}

#[test]
fn a_loader_that_was_overtaken_while_it_slept_is_refused_by_postgres() {
    in_postgres(a_sleeper_that_was_overtaken);
}

#[test]
fn a_loader_that_was_recovered_while_it_slept_publishes_nothing_in_sqlite() {
    in_sqlite(a_sleeper_that_was_only_recovered);
}

#[test]
fn a_loader_that_was_recovered_while_it_slept_publishes_nothing_in_postgres() {
    in_postgres(a_sleeper_that_was_only_recovered);
}

#[test]
fn a_loader_that_slept_after_reading_its_tree_is_refused_in_sqlite() {
    in_sqlite(a_sleeper_that_had_read_its_tree);
}

#[test]
fn a_loader_that_slept_after_reading_its_tree_is_refused_in_postgres() {
    in_postgres(a_sleeper_that_had_read_its_tree);
}
