//! What befalls a load in real life: killed processes, crashed servers, full disks, two at once. Whatever happens, the
//! database shows the old state or the new one, wholly, and repeating the load sets everything right.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say where they were"
)]

mod big_tree;
mod program;
mod small_disk;
mod watch;

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use big_tree::{BigTree, FILES, State};
use program::{
    Program, answer, assert_done, assert_same_rows, is_done, rows_of, signal, sqlite_in, words_of,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, TestDatabase};
use watch::{Writes, watched};

/// When a load is disturbed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After a random time.
    Sometime,
    /// As soon as it writes to the database.
    Writing,
    /// A random time after that.
    LaterWriting,
}

const MOMENTS: [Moment; 3] = [Moment::Sometime, Moment::Writing, Moment::LaterWriting];

/// A tree that one backend holds, and that has changed since.
struct Loaded {
    tree: BigTree,
    url: String,
    state: State,
    /// How long a load took that nobody disturbed.
    duration: Duration,
    random: StdRng,
}

impl Loaded {
    fn new(url: &str) -> Self {
        let (tree, state) = (BigTree::new(FILES, State::One), State::One);
        let start = Instant::now();
        Program::new().load_wholly(tree.path(), &[url]);
        let duration = start.elapsed();
        Self { tree, url: url.to_owned(), state, duration, random: StdRng::seed_from_u64(1) }
    }

    /// Starts a load of the next state, lets `disturb` have its way with it, and returns what became of it. Nobody may have
    /// seen anything but the old and the new state.
    fn disturb(&mut self, program: &Program, moment: Moment, disturb: impl FnOnce(u32)) -> Output {
        self.tree.write(FILES, self.state.next());
        let fraction = match moment {
            Moment::Sometime => self.random.random_range(0.1..0.8),
            Moment::Writing => 0.0,
            Moment::LaterWriting => self.random.random_range(0.0..0.1),
        };
        let states = [self.state, self.state.next()];
        let output = watched(&self.url, &states, || {
            let mut load = program.load(self.tree.path(), &[&self.url]);
            let (start, writes) = (Instant::now(), Writes::of(&self.url));
            let mut child = load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            if !matches!(moment, Moment::Sometime) {
                writes.await_next(|| child.try_wait().unwrap().is_some());
            }
            thread::sleep(self.duration.mul_f64(fraction));
            println!("{moment:?}: disturbed after {:?}; undisturbed {:?}", start.elapsed(), self.duration);
            disturb(child.id());
            child.wait_with_output().unwrap()
        });
        println!("{:?}: {}", output.status, words_of(&output));
        output
    }

    /// The database shows one of the two states, the new one if the load said so.
    fn assert_whole(&self, status: ExitStatus) {
        await_end_of_sessions(&self.url);
        let rows = rows_of(&self.url);
        let is_new = status.success() || rows != *self.state.rows();
        assert_same_rows(&rows, if is_new { self.state.next().rows() } else { self.state.rows() });
    }

    /// One repetition leaves what a clean load leaves.
    fn repeat(&mut self, program: &Program) {
        program.load_wholly(self.tree.path(), &[&self.url]);
        self.state = self.state.next();
        assert_same_rows(&rows_of(&self.url), self.state.rows());
    }
}

/// What a killed loader had sent, a PostgreSQL server may still be about to do.
fn await_end_of_sessions(url: &str) {
    let others = "SELECT count(*) FROM pg_stat_activity \
                  WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()";
    let start = Instant::now();
    while url.starts_with("postgres") && answer(url, others) != ["0"] {
        assert!(start.elapsed() < Duration::from_secs(30), "a session outlives its client");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The code as a shell shows it.
fn code_of(status: ExitStatus) -> Option<i32> {
    status.code().or(status.signal().map(|signal| 128 + signal))
}

fn kill_loaders(url: &str) {
    let mut loaded = Loaded::new(url);
    for moment in MOMENTS {
        let program = Program::new();
        let output = loaded.disturb(&program, moment, |pid| signal(pid, libc::SIGKILL));
        loaded.assert_whole(output.status);
        loaded.repeat(&program);
    }
}

#[test]
fn a_killed_load_into_sqlite_leaves_the_old_state_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    kill_loaders(&sqlite_in(folder.path(), "killed.db"));
}

#[test]
fn a_killed_load_into_postgres_leaves_the_old_state_or_the_new_one() {
    kill_loaders(&TestDatabase::create().unwrap().url());
}

#[test]
fn a_killed_first_load_leaves_nothing_and_can_be_repeated() {
    let (folder, postgres) = (tempfile::tempdir().unwrap(), TestDatabase::create().unwrap());
    let (sqlite, postgres) = (sqlite_in(folder.path(), "killed.db"), postgres.url());
    let (tree, program) = (BigTree::new(FILES, State::One), Program::new());
    let start = Instant::now();
    for fraction in [0.0, 0.5, 1.0] {
        let mut load = program.load(tree.path(), &[&sqlite, &postgres]);
        let mut child = load.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(50) + start.elapsed().mul_f64(fraction));
        signal(child.id(), libc::SIGKILL);
        child.wait().unwrap();
        await_end_of_sessions(&postgres);
        for rows in [rows_of(&sqlite), rows_of(&postgres)] {
            if rows.values().any(|rows| !rows.is_empty()) {
                assert_same_rows(&rows, State::One.rows());
            }
        }
    }
    program.load_wholly(tree.path(), &[&sqlite, &postgres]);
    assert_same_rows(&rows_of(&sqlite), State::One.rows());
    assert_same_rows(&rows_of(&postgres), State::One.rows());
}

fn interrupt_loaders(url: &str) {
    let mut loaded = Loaded::new(url);
    let codes = MOMENTS.map(|moment| {
        let program = Program::new();
        let output = loaded.disturb(&program, moment, |pid| signal(pid, libc::SIGINT));
        let code = code_of(output.status);
        assert!(matches!(code, Some(0 | 130)), "{}", words_of(&output));
        loaded.assert_whole(output.status);
        loaded.repeat(&program);
        code
    });
    // The last moment may come when all is committed. A load that does not listen ends with 0 at each of them.
    assert!(codes.contains(&Some(130)), "{codes:?}");
}

#[test]
fn an_interrupted_load_into_sqlite_ends_with_130_and_nothing_half_loaded() {
    let folder = tempfile::tempdir().unwrap();
    interrupt_loaders(&sqlite_in(folder.path(), "interrupted.db"));
}

#[test]
fn an_interrupted_load_into_postgres_ends_with_130_and_nothing_half_loaded() {
    interrupt_loaders(&TestDatabase::create().unwrap().url());
}

#[test]
fn a_crash_of_the_postgres_server_leaves_the_old_state_or_the_new_one() {
    let cluster = PostgresCluster::start(ClusterOptions::durable().max_connections(30)).unwrap();
    // A loader waits for a server that is gone, so that a restart is no reason to fail; here not for long.
    let url = cluster.create_database("crashed").unwrap() + "&timeout_seconds=1";
    let mut loaded = Loaded::new(&url);
    for (moment, is_back_at_once) in [(Moment::Writing, false), (Moment::LaterWriting, true)] {
        let program = Program::new();
        let output = loaded.disturb(&program, moment, |_| {
            cluster.kill9().unwrap();
            if is_back_at_once {
                cluster.restart().unwrap();
            }
        });
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", words_of(&output));
        cluster.restart().unwrap();
        loaded.assert_whole(output.status);
        loaded.repeat(&program);
    }
}

fn load_twice_at_once(url: &str) {
    let loaded = Loaded::new(url);
    loaded.tree.write(FILES, State::Other);
    let programs = [Program::new(), Program::new()];
    let children = programs.each_ref().map(|program| {
        let mut load = program.load(loaded.tree.path(), &[url]);
        load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    assert!(
        outputs.iter().any(|output| output.status.success()),
        "{}",
        outputs.each_ref().map(words_of).concat()
    );
    for output in outputs.iter().filter(|output| !output.status.success()) {
        assert_eq!(output.status.code(), Some(1), "{}", words_of(output));
        let words = words_of(output);
        let is_told = ["a newer load", "another load of this repository was published"];
        assert!(is_told.iter().any(|told| words.contains(told)), "{words}");
    }
    assert_same_rows(&rows_of(url), State::Other.rows());
}

#[test]
fn of_two_loads_of_one_repository_into_sqlite_one_at_least_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    load_twice_at_once(&sqlite_in(folder.path(), "twice.db"));
}

#[test]
fn of_two_loads_of_one_repository_into_postgres_one_at_least_succeeds() {
    load_twice_at_once(&TestDatabase::create().unwrap().url());
}

#[test]
fn a_backend_that_is_dead_is_reported_and_does_not_stop_the_other() {
    let (folder, tree) = (tempfile::tempdir().unwrap(), BigTree::new(FILES, State::One));
    let good = sqlite_in(folder.path(), "good.db");
    let output = Program::new().load(tree.path(), &[&good, "postgres://127.0.0.1:1/dead"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", words_of(&output));
    assert_same_rows(&rows_of(&good), State::One.rows());

    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let lanes = report["run"]["lanes"].as_array().unwrap();
    let told: Vec<_> = lanes
        .iter()
        .map(|lane| (lane["status"].as_str().unwrap(), lane["owed_files"].as_u64().unwrap()))
        .collect();
    let files = answer(&good, "SELECT count(*) FROM files")[0].parse().unwrap();
    assert_eq!(told, [("published", 0), ("failed", files)]);
    assert!(lanes[1]["error"]["message"].is_string(), "{report}");
}

#[test]
fn a_full_disk_is_told_and_leaves_the_old_state() {
    let disk = SmallFolder::new();
    let url = sqlite_in(disk.folder.path(), "full.db");
    let (tree, program) = (BigTree::new(20, State::One), Program::new());
    assert_done(&disk.command(program.load(tree.path(), &[&url])).output().unwrap());
    let before = rows_of(&url);

    tree.write(FILES, State::One);
    let output = disk.command(program.load(tree.path(), &[&url])).output().unwrap();
    println!("{}", words_of(&output));
    assert_eq!(output.status.code(), Some(1), "{}", words_of(&output));
    let is_told = ["full", "too large", "no space"].iter().any(|word| words_of(&output).contains(word));
    assert!(is_told, "{}", words_of(&output));
    assert_same_rows(&rows_of(&url), &before);

    // What did not fit does not stand in the way of what does.
    tree.write(20, State::Other);
    assert_done(&disk.command(program.load(tree.path(), &[&url])).output().unwrap());
    assert_done(&program.command().args(["check", "--from", &url]).output().unwrap());
    assert_eq!(answer(&url, "SELECT count(*) FROM files"), ["19"]);
}

#[test]
fn a_full_disk_under_postgres_is_told_and_leaves_the_old_state() {
    let cluster = PostgresCluster::start(ClusterOptions::durable()).unwrap();
    let url = cluster.create_database("crowded").unwrap();
    let disk = ServersDisk::of(&cluster, "crowded");
    let (tree, program) = (BigTree::new(20, State::One), Program::new());
    assert_done(&program.load(tree.path(), &[&url]).output().unwrap());
    let before = rows_of(&url);

    tree.write(FILES, State::One);
    disk.fill();
    let output = program.load(tree.path(), &[&url]).output().unwrap();
    println!("{}", words_of(&output));
    assert_eq!(output.status.code(), Some(1), "{}", words_of(&output));
    assert!(words_of(&output).contains("No space left on device"), "{}", words_of(&output));
    assert_same_rows(&rows_of(&url), &before);

    disk.make_room();
    assert_done(&program.load(tree.path(), &[&url]).output().unwrap());
    assert_done(&program.command().args(["check", "--from", &url]).output().unwrap());
    assert_same_rows(&rows_of(&url), State::One.rows());
}

/// A server's disk: a file system of its own where that may be mounted, else a trigger that says what the server says on a
/// full one.
struct ServersDisk<'a> {
    cluster: &'a PostgresCluster,
    database: &'static str,
    disk: Option<small_disk::SmallDisk>,
}

impl<'a> ServersDisk<'a> {
    fn of(cluster: &'a PostgresCluster, database: &'static str) -> Self {
        let disk = small_disk::SmallDisk::mount(cluster);
        match &disk {
            Some(disk) => disk.take_over(cluster, database),
            None => println!("no file system can be mounted here: a trigger stands for the full disk"),
        }
        Self { cluster, database, disk }
    }

    fn fill(&self) {
        const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
            END$$;
            CREATE TRIGGER full_disk BEFORE INSERT ON files FOR EACH ROW EXECUTE FUNCTION full_disk()";
        match &self.disk {
            Some(disk) => disk.fill(),
            None => drop(self.cluster.psql_in(self.database, FULL).unwrap()),
        }
    }

    fn make_room(&self) {
        match &self.disk {
            Some(disk) => disk.make_room(),
            None => drop(self.cluster.psql_in(self.database, "DROP FUNCTION full_disk CASCADE").unwrap()),
        }
    }
}

/// A folder that holds so little: a file system of its own where that may be mounted, else a limit on every file.
struct SmallFolder {
    folder: tempfile::TempDir,
    is_mounted: bool,
}

impl SmallFolder {
    const KILOBYTES: u32 = 3_072;

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let is_mounted = is_done(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size={}k", Self::KILOBYTES), "tmpfs"])
                .arg(folder.path()),
        );
        Self { folder, is_mounted }
    }

    /// The command, under the limit.
    fn command(&self, command: Command) -> Command {
        if self.is_mounted {
            return command;
        }
        let mut limited = Command::new("sh");
        let blocks = Self::KILOBYTES * 2;
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        limited.arg(command.get_program()).args(command.get_args());
        limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited
    }
}

impl Drop for SmallFolder {
    fn drop(&mut self) {
        if self.is_mounted {
            is_done(Command::new("umount").arg(self.folder.path()));
        }
    }
}
