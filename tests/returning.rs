//! A database server that is stopped during a load and comes back: the load that was told to wait completes it by itself.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

#[expect(dead_code, reason = "these tests ask less than those of other faults")]
mod program;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use program::{Program, answer, assert_same_rows, rows_of, sqlite_in};
use serde_json::Value;
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, StopMode};

const FILES: usize = 40;

/// After its return, a backend is complete within this time.
const LIMIT: Duration = Duration::from_secs(30);

/// Two databases that hold a tree which has changed since, the second of which dies.
struct Backends {
    program: Program,
    tree: tempfile::TempDir,
    cluster: PostgresCluster,
    sqlite: String,
    postgres: String,
    folder: tempfile::TempDir,
}

impl Backends {
    fn new() -> Self {
        let (tree, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let cluster = PostgresCluster::start(ClusterOptions::durable()).unwrap();
        let (sqlite, postgres) = (sqlite_in(folder.path(), "one.db"), impatient(&cluster.url()));
        let backends = Self { program: Program::new(), tree, cluster, sqlite, postgres, folder };
        backends.write("old");
        let to = [backends.sqlite.as_str(), backends.postgres.as_str()];
        backends.program.load_wholly(backends.tree.path(), &to);
        backends.write("new");
        backends
    }

    fn write(&self, name: &str) {
        for number in 0..FILES {
            let path = self.tree.path().join(format!("m{number}.py"));
            fs::write(path, format!("import m0\n\n\ndef {name}{number}():\n    return m0.{name}0()\n"))
                .unwrap();
        }
    }

    /// Starts the load, which waits a minute for a backend that does not answer.
    fn load(&self) -> Load {
        let mut load = self.program.load(self.tree.path(), &[&self.sqlite, &self.postgres]);
        load.env("SNAKE_PIPE_LOAD__RETURN_WITHIN_SECONDS", "60");
        let mut child = load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (words, stderr) = (Arc::new(Mutex::new(String::new())), child.stderr.take().unwrap());
        let heard = words.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                heard.lock().unwrap().push_str(&(line.unwrap() + "\n"));
            }
        });
        Load { child, words }
    }

    /// Starts the server again, and gives what the load says of its second backend once it has ended well and in time.
    fn complete(&self, load: Load) -> Value {
        self.cluster.restart().unwrap();
        let back = Instant::now();
        let output = load.child.wait_with_output().unwrap();
        let (took, words) = (back.elapsed(), load.words.lock().unwrap().clone());
        assert_eq!(output.status.code(), Some(0), "{}{words}", String::from_utf8_lossy(&output.stdout));
        assert!(took < LIMIT, "complete after {took:?}");
        let clean = sqlite_in(self.folder.path(), "clean.db");
        Program::new().load_wholly(self.tree.path(), &[&clean]);
        for url in [&self.sqlite, &self.postgres] {
            assert_same_rows(&rows_of(url), &rows_of(&clean));
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["run"]["lanes"][1].clone()
    }

    /// Whether the database in the file shows the new state.
    fn is_first_complete(&self) -> bool {
        answer(&self.sqlite, "SELECT count(*) FROM functions WHERE name LIKE 'new%'") == [FILES.to_string()]
    }
}

/// Without the half minute for which the backend itself waits for a server that restarts.
fn impatient(url: &str) -> String {
    format!("{url}{}timeout_seconds=2", if url.contains('?') { '&' } else { '?' })
}

/// A load that goes on, and what it said so far.
struct Load {
    child: Child,
    words: Arc<Mutex<String>>,
}

impl Load {
    /// Whether its second backend is waited for, after all tries of single calls.
    fn is_waiting(&self) -> bool {
        self.words.lock().unwrap().contains("the lane waits for it")
    }
}

/// Waits, but not for ever.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A session that lets nobody write files, as long as the server lives.
fn hold_writers(cluster: &PostgresCluster) -> Child {
    let mut session = Command::new("psql");
    session.arg(cluster.url()).args(["-c", "BEGIN; LOCK TABLE files IN SHARE MODE; SELECT pg_sleep(600)"]);
    let session = session.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let held =
        "SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND granted AND relation = 'files'::regclass";
    until("the lock is held", || cluster.psql(held).unwrap() == "1");
    session
}

#[test]
fn a_server_that_is_stopped_while_it_is_written_to_is_completed_in_the_same_load() {
    let backends = Backends::new();
    let mut holding = hold_writers(&backends.cluster);
    let load = backends.load();
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    until("the load writes", || backends.cluster.psql(waiting).unwrap() == "t");
    backends.cluster.stop(StopMode::Immediate).unwrap();
    holding.wait().unwrap();
    until("the other one is complete", || backends.is_first_complete());
    until("the lane waits", || load.is_waiting());
    let lane = backends.complete(load);
    assert_eq!((&lane["status"], &lane["returns"]), (&"published".into(), &1.into()), "{lane:#}");
}

#[test]
fn a_server_that_was_dead_when_the_load_began_is_completed_in_the_same_load() {
    let backends = Backends::new();
    backends.cluster.stop(StopMode::Fast).unwrap();
    let load = backends.load();
    until("the other one is complete", || backends.is_first_complete());
    until("the lane waits", || load.is_waiting());
    let lane = backends.complete(load);
    assert_eq!((&lane["status"], &lane["returns"]), (&"published".into(), &1.into()), "{lane:#}");
}
