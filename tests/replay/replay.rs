//! A history against two databases, and against a clean load after every step.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use snake_pipe::core::{
    id::Digest,
    schema::{TableId, Unit},
};
use snake_pipe_testkit::{conformance, postgres::TestDatabase};
use tempfile::TempDir;

use crate::{
    compare::differences,
    program::{Program, Tables, answer, assert_done, rows_of_tables, sqlite_in},
    tree::{Changes, digests},
};

/// After so many steps, and after the last, the clean load begins without a cache of facts, and goes into PostgreSQL too.
const FROM_NOTHING: usize = 25;

/// So many steps may differ before the replay ends: one fault shows in many steps.
const MOST: usize = 10;

/// A source tree that changes step by step.
pub(crate) trait History {
    /// What its steps are.
    fn name(&self) -> &'static str;
    /// How many are left.
    fn steps(&self) -> usize;
    /// Before the first step; the tree is empty.
    fn begin(&mut self, tree: &Path);
    /// Changes the tree as the next step does, and says what that was; none after the last. `loaded` is a database that holds
    /// the tree as it was.
    fn step(&mut self, tree: &Path, loaded: &str) -> Option<String>;
}

/// Replays the history.
///
/// # Panics
/// When rows differed after any step, having said which.
pub(crate) fn replay(mut history: impl History) {
    let (name, steps, started) = (history.name(), history.steps(), Instant::now());
    let mut replay = Replay::new();
    history.begin(replay.tree.path());
    let (mut number, mut failed, mut all) = (0, Vec::new(), Changes::default());
    while failed.len() < MOST {
        let Some(label) = history.step(replay.tree.path(), &replay.sqlite) else { break };
        number += 1;
        let changes = replay.changes();
        all.add(changes);
        let clock = Instant::now();
        let found = replay.load_and_compare(number % FROM_NOTHING == 0 || number == steps);
        let (rows, took) = (replay.rows, clock.elapsed().as_millis());
        let verdict =
            if found.is_empty() { format!("{rows} rows are the same") } else { "ROWS DIFFER".to_owned() };
        println!("{name} {number}/{steps} {label}: {changes}; {verdict} ({took} ms)");
        found.iter().for_each(|difference| println!("    {difference}"));
        if !found.is_empty() {
            failed.push(format!("step {number}, {label}"));
        }
    }
    print(name, number, &all, &replay, failed.len(), started.elapsed());
    assert!(failed.is_empty(), "{name}: rows differ after {failed:#?}");
}

/// A table that can be pasted into a document.
fn print(name: &str, steps: usize, all: &Changes, replay: &Replay, failed: usize, took: Duration) {
    let Changes { added, changed, removed, moved, moved_folders } = all;
    let (files, rows, seconds) = (replay.held.len(), replay.rows, took.as_secs());
    println!(
        "\n| history | steps | files at the end | rows | files added | changed | removed | moved | folders moved | steps that differ | seconds |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n\
         | {name} | {steps} | {files} | {rows} | {added} | {changed} | {removed} | {moved} | {moved_folders} | {failed} | {seconds} |\n"
    );
}

struct Replay {
    tree: TempDir,
    /// The files after the step before.
    held: BTreeMap<String, Digest>,
    /// Loaded step by step.
    sqlite: String,
    postgres: TestDatabase,
    program: Program,
    /// Loads everything into empty databases, with a cache of its own.
    clean: Program,
    folder: TempDir,
    /// How many rows a clean load has.
    rows: usize,
}

impl Replay {
    fn new() -> Self {
        // Nothing is to outlive this process: what a disk would take time for lies in memory.
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        Self {
            tree: tempfile::tempdir().unwrap(),
            held: BTreeMap::new(),
            sqlite: sqlite_in(folder.path(), "replayed.db"),
            postgres: TestDatabase::create().unwrap(),
            program: Program::new(),
            clean: Program::new(),
            folder,
            rows: 0,
        }
    }

    /// What was done to the tree since this was asked last.
    fn changes(&mut self) -> Changes {
        let now = digests(self.tree.path());
        let changes = Changes::between(&self.held, &now);
        self.held = now;
        changes
    }

    /// Loads what changed, and says in what the databases differ from a clean load.
    fn load_and_compare(&mut self, is_from_nothing: bool) -> Vec<String> {
        let (sqlite, postgres) = (self.sqlite.clone(), self.postgres.url());
        self.program.load_wholly(self.tree.path(), &[&sqlite, &postgres]);
        thread::scope(|scope| {
            let held = [("SQLite", sqlite), ("PostgreSQL", postgres)]
                .map(|(name, url)| (name, scope.spawn(move || rows_in(&url))));
            let fresh = is_from_nothing.then(|| TestDatabase::create().unwrap());
            let expected = self.clean_rows(fresh.as_ref());
            let mut all: Vec<_> =
                held.map(|(name, rows)| (name, rows.join().expect("rows can be read"))).into();
            all.extend(fresh.map(|database| ("a clean load into PostgreSQL", rows_in(&database.url()))));
            self.rows = expected.values().map(Vec::len).sum();
            let of = |(name, rows): (&'static str, Tables)| {
                differences(&rows, &expected).into_iter().map(move |one| format!("{name}: {one}"))
            };
            all.into_iter().flat_map(of).collect()
        })
    }

    /// The rows of a load into an empty SQLite database, and into this one of PostgreSQL. How files were linked is not
    /// remembered; what each file says by itself is, unless nothing is to be.
    fn clean_rows(&self, fresh: Option<&TestDatabase>) -> Tables {
        let cache = self.folder.path().join("cache");
        forget(&cache, fresh.is_some());
        let database = self.folder.path().join("clean");
        drop(fs::remove_dir_all(&database));
        fs::create_dir(&database).unwrap();
        let url = sqlite_in(&database, "clean.db");
        let fresh = fresh.map(TestDatabase::url);
        let to: Vec<_> = std::iter::once(url.as_str()).chain(fresh.as_deref()).collect();
        let mut load = self.clean.load(self.tree.path(), &to);
        assert_done(&load.env("SNAKE_PIPE_EXTRACT__CACHE_DIR", &cache).output().unwrap());
        rows_in(&url)
    }
}

/// Leaves what files say by themselves in a cache of facts, or nothing at all.
fn forget(cache: &Path, everything: bool) {
    if everything {
        drop(fs::remove_dir_all(cache));
        return;
    }
    let Ok(repositories) = fs::read_dir(cache.join("facts")) else { return };
    let files = repositories.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    let is_beside = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("link-") || name.starts_with("stat-")
    };
    for file in files.iter().filter(|path| is_beside(path)) {
        fs::remove_file(file).unwrap();
    }
    assert!(files.iter().any(|path| !is_beside(path)), "facts are kept between clean loads");
}

/// The rows of the tables that belong to files, and of those that are derived from them. The latter are of the current snapshot: else
/// they would say nothing.
fn rows_in(url: &str) -> Tables {
    let outdated = "SELECT d.table_name FROM derived_tables d JOIN repositories r ON r.repository_id = d.repository_id \
                    WHERE d.snapshot_id <> r.snapshot_id";
    assert_eq!(answer(url, outdated), [""; 0], "{url}");
    let derived = |table: &TableId| table.table().unit == Unit::Derived && *table != TableId::DerivedTables;
    let derived = TableId::ALL.iter().copied().filter(derived);
    rows_of_tables(url, conformance::tables().chain(derived))
}
