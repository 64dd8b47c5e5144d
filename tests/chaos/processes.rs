//! The real program and a real PostgreSQL server, which are killed, cut off and starved.

use std::{
    collections::BTreeMap,
    fmt,
    process::{Child, Output, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use snake_pipe::core::schema::TableId;
use snake_pipe_testkit::{
    conformance,
    postgres::{Cut, StopMode},
};

use crate::{
    big_tree::{BigTree, State},
    program::{Program, Tables, answer, assert_done, rows_of, signal, sqlite_in, words_of},
    server::Server,
    soak::number,
};

/// Files of the tree.
const FILES: usize = 150;

/// Sequences of every CI run, and the seed of the first.
const SEQUENCES: u64 = 3;
const SEED: u64 = 1;

/// What befalls a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    LoaderKilled,
    LoaderInterrupted,
    ServerKilled { is_back_at_once: bool },
    ServerStopped,
    SessionsTerminated,
    ReplyToCommitLost,
    ConnectionCut(u64),
    DiskFull,
    ConnectionsTaken,
}

const BLOWS: [Blow; 10] = [
    Blow::LoaderKilled,
    Blow::LoaderInterrupted,
    Blow::ServerKilled { is_back_at_once: true },
    Blow::ServerKilled { is_back_at_once: false },
    Blow::ServerStopped,
    Blow::SessionsTerminated,
    Blow::ReplyToCommitLost,
    Blow::ConnectionCut(0),
    Blow::DiskFull,
    Blow::ConnectionsTaken,
];

impl Blow {
    fn random(random: &mut StdRng, has_small_disk: bool) -> Self {
        loop {
            match BLOWS.choose(random).unwrap() {
                Self::ConnectionCut(_) => return Self::ConnectionCut(random.random_range(1..120)),
                Self::DiskFull if !has_small_disk => {}
                blow => return *blow,
            }
        }
    }

    /// Its name, without numbers.
    fn name(self) -> String {
        let name = format!("{self:?}");
        name.split(['(', ' ']).next().unwrap_or_default().to_owned()
    }
}

/// The rows of a clean load of a state.
fn clean(state: State) -> &'static Tables {
    static ROWS: [OnceLock<Tables>; 2] = [OnceLock::new(), OnceLock::new()];
    ROWS[state as usize].get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let url = sqlite_in(folder.path(), "clean.db");
        Program::new().load_wholly(BigTree::new(FILES, state).path(), &[&url]);
        rows_of(&url)
    })
}

/// A tree, and the databases that hold it.
struct Place {
    server: Server,
    tree: BigTree,
    folder: tempfile::TempDir,
    state: State,
    /// How long a load takes that nobody disturbs.
    duration: Duration,
    markers: BTreeMap<String, String>,
    seen: BTreeMap<String, [u64; 2]>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.seen)
    }
}

impl Place {
    fn new() -> Self {
        let server = Server::start();
        let (tree, folder) = (BigTree::new(FILES, State::One), tempfile::tempdir().unwrap());
        let mut place = Self {
            server,
            tree,
            folder,
            state: State::One,
            duration: Duration::ZERO,
            markers: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        place.load_undisturbed(&place.urls());
        place
    }

    /// The databases as their readers see them: PostgreSQL, and beside it SQLite.
    fn urls(&self) -> [String; 2] {
        [self.server.url(), sqlite_in(self.folder.path(), "beside.db")]
    }

    fn load_undisturbed(&mut self, urls: &[String; 2]) {
        let start = Instant::now();
        Program::new().load_wholly(self.tree.path(), &urls.each_ref().map(String::as_str));
        self.duration = start.elapsed();
    }

    /// A load of the other state, which something befalls; then the load once more.
    fn sequence(&mut self, seed: u64) -> Result<(), String> {
        let mut random = StdRng::seed_from_u64(seed);
        let blow = Blow::random(&mut random, self.server.has_small_disk());
        let with_sqlite = random.random_bool(0.3);
        let moment = self.duration.mul_f64(random.random_range(0.0..1.0));
        self.tree.write(FILES, self.state.next());
        let output = self.disturbed_load(blow, moment, with_sqlite);
        let what = format!("{blow:?} after {moment:?}: {:?}, {}", output.status, words_of(&output));
        self.server.heal();
        self.server.await_end_of_sessions();
        let is_new = self.check_whole(&output).map_err(|message| format!("{message}\n{what}"))?;
        self.seen.entry(blow.name()).or_default()[usize::from(is_new)] += 1;
        let urls = self.urls();
        let again =
            Program::new().load(self.tree.path(), &urls.each_ref().map(String::as_str)).output().unwrap();
        if !again.status.success() {
            return Err(format!("the repetition failed: {}\n{what}", words_of(&again)));
        }
        self.state = self.state.next();
        for url in &urls {
            same(&rows_of(url), clean(self.state)).map_err(|message| format!("{url}: {message}\n{what}"))?;
            self.check_marker(url).map_err(|message| format!("{url}: {message}\n{what}"))?;
        }
        Ok(())
    }

    fn disturbed_load(&mut self, blow: Blow, moment: Duration, with_sqlite: bool) -> Output {
        let program = Program::new();
        let mut urls = vec![self.server.loader_url()];
        if with_sqlite {
            urls.push(self.urls()[1].clone());
        }
        let urls: Vec<_> = urls.iter().map(String::as_str).collect();
        let mut load = program.load(self.tree.path(), &urls);
        match blow {
            Blow::ReplyToCommitLost => self.server.proxy.cut(Cut::ReplyToCommit),
            Blow::ConnectionCut(message) => self.server.proxy.cut(Cut::Message(message)),
            _ => {}
        }
        let child = load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(moment);
        self.strike(blow, &child);
        child.wait_with_output().unwrap()
    }

    fn strike(&mut self, blow: Blow, child: &Child) {
        let server = &mut self.server;
        match blow {
            Blow::LoaderKilled => signal(child.id(), libc::SIGKILL),
            Blow::LoaderInterrupted => signal(child.id(), libc::SIGINT),
            Blow::ServerKilled { is_back_at_once } => {
                server.cluster.kill9().unwrap();
                if is_back_at_once {
                    server.cluster.restart().unwrap();
                }
            }
            Blow::ServerStopped => server.cluster.stop(StopMode::Immediate).unwrap(),
            Blow::SessionsTerminated => server.terminate_sessions(),
            Blow::ReplyToCommitLost | Blow::ConnectionCut(_) => {}
            Blow::DiskFull => server.fill_disk(),
            Blow::ConnectionsTaken => server.take_connections(),
        }
    }

    /// PostgreSQL shows the old state or the new one, the new one if the load said so. Whether it is the new one.
    fn check_whole(&self, output: &Output) -> Result<bool, String> {
        let rows = rows_of(&self.server.url());
        let is_new = output.status.success() || same(&rows, clean(self.state)).is_err();
        same(&rows, clean(if is_new { self.state.next() } else { self.state }))?;
        Ok(is_new)
    }

    /// The marker of the last publication is a later one than before.
    fn check_marker(&mut self, url: &str) -> Result<(), String> {
        let markers = answer(url, "SELECT marker FROM repositories");
        let now = markers.first().cloned().unwrap_or_default();
        let before = self.markers.insert(url.to_owned(), now.clone());
        match before {
            Some(before) if now <= before => Err(format!("the marker went from {before} to {now}")),
            _ => Ok(()),
        }
    }
}

fn same(held: &Tables, expected: &Tables) -> Result<(), String> {
    let different = |(table, rows): (&TableId, &conformance::Rows)| {
        (rows != &expected[table]).then(|| conformance::difference(*table, rows, &expected[table]))
    };
    match held.iter().find_map(different) {
        None => Ok(()),
        Some(difference) => Err(difference.unwrap_or_else(|| "rows differ".to_owned())),
    }
}

#[test]
fn whatever_befalls_the_program_and_the_server_one_repetition_later_the_database_is_right() {
    let (first, count) = (number("CHAOS_SEED", SEED), number("CHAOS_PROCESSES", SEQUENCES));
    let (mut place, started, mut failed) = (Place::new(), Instant::now(), Vec::new());
    for seed in first..first + count {
        if let Err(message) = place.sequence(seed) {
            println!("seed {seed}: {message}");
            failed.push(seed);
            // What one sequence left behind is not to fail the next.
            place = Place { seen: std::mem::take(&mut place.seen), ..Place::new() };
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{count} sequences in {seconds:.1} s; of each kind, the old and the new state afterwards: {place:?}"
    );
    assert!(failed.is_empty(), "{} of {count} sequences failed, with the seeds {failed:?}", failed.len());
    assert_nothing_is_owed(&place);
}

/// One more load finds nothing to do.
fn assert_nothing_is_owed(place: &Place) {
    let urls = place.urls();
    let output =
        Program::new().load(place.tree.path(), &urls.each_ref().map(String::as_str)).output().unwrap();
    assert_done(&output);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for lane in report["run"]["lanes"].as_array().unwrap() {
        assert_eq!(lane["status"], "unchanged", "{lane}");
    }
}
