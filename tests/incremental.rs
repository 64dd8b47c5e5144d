//! A load of what changed leaves the same rows as a load of everything, in every database.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say where they were"
)]

#[expect(dead_code, reason = "nothing befalls these loads")]
mod program;
mod source_tree;

use std::{fs, path::Path};

use program::{Program, Tables, answer, assert_done, assert_same_rows, rows_of, rows_of_tables, sqlite_in};
use snake_pipe::core::schema::{TableId, Unit};
use snake_pipe_testkit::postgres::TestDatabase;
use source_tree::SourceTree;

/// The languages with calls that lead into another file: without them the rows would say little.
const LINKED: &str = "SELECT s.language FROM calls c JOIN files s ON s.file_id = c.file_id \
                      WHERE c.target_file_id <> c.file_id GROUP BY s.language ORDER BY s.language";

/// Methods that override by what their bases were resolved to: in these languages the trees say nothing else of it.
const OVERRIDES: &str = "SELECT count(*) FROM functions f JOIN files s ON s.file_id = f.file_id \
                         WHERE f.is_override AND s.language IN ('python', 'typescript')";

/// How many trees are edited, and how often; more where a variable says so.
const SERIES: (&str, u64) = ("SNAKE_PIPE_TEST_SERIES", 6);
const STEPS: (&str, u64) = ("SNAKE_PIPE_TEST_STEPS", 6);
/// The first seed.
const SEED: (&str, u64) = ("SNAKE_PIPE_TEST_SEED", 1);

#[test]
fn after_any_edits_the_rows_are_those_of_a_clean_load() {
    for seed in (number(SEED)..).take(number(SERIES) as usize) {
        edit_and_compare(seed, number(STEPS));
    }
}

fn number((variable, default): (&str, u64)) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn edit_and_compare(seed: u64, steps: u64) {
    let mut tree = SourceTree::new(seed);
    let (program, folder, postgres) =
        (Program::new(), tempfile::tempdir().unwrap(), TestDatabase::create().unwrap());
    let (sqlite, postgres) = (sqlite_in(folder.path(), "edited.db"), postgres.url());
    program.load_wholly(tree.path(), &[&sqlite, &postgres]);
    for step in 1..=steps {
        tree.edit();
        program.load_wholly(tree.path(), &[&sqlite, &postgres]);
        println!("seed {seed}, step {step}: {}", tree.edits.join("; "));
        tree.edits.clear();
        let expected = clean_rows(tree.path());
        println!("SQLite and a clean load:");
        assert_same_rows(&rows_of(&sqlite), &expected);
        println!("PostgreSQL and a clean load:");
        assert_same_rows(&rows_of(&postgres), &expected);
        println!("what is derived, in both:");
        assert_same_rows(&derived_rows_of(&sqlite), &expected);
        assert_same_rows(&derived_rows_of(&postgres), &expected);
    }
    for [table, ..] in HISTORIES {
        println!("seed {seed}: the past of {table}");
        assert_eq!(past(&sqlite, table), past(&postgres, table));
    }
    for url in [&sqlite, &postgres] {
        assert_history_leads_to_the_rows(url);
    }
    let fresh = TestDatabase::create().unwrap();
    program.load_wholly(tree.path(), &[&fresh.url()]);
    assert_same_rows(&rows_of(&postgres), &rows_of(&fresh.url()));
    for url in [&sqlite, &postgres] {
        assert_done(&program.command().args(["check", "--from", url]).output().unwrap());
    }
}

/// Each history, what it is the history of, that one's id, and a measure of both.
const HISTORIES: [[&str; 5]; 2] = [
    ["file_history", "files", "file_id", "lines", "total_lines"],
    ["function_history", "functions", "function_id", "complexity", "complexity"],
];

/// What a history says but for the snapshots, which are each database's own.
fn past(url: &str, table: &str) -> Vec<String> {
    let table = TableId::ALL.iter().map(|id| id.table()).find(|known| known.name == table).unwrap();
    let columns = table.columns.iter().filter(|column| !column.volatile).map(|column| column.name);
    let columns = columns.collect::<Vec<_>>().join(", ");
    let rows = answer(url, &format!("SELECT {columns} FROM {} ORDER BY {columns}", table.name));
    assert!(!rows.is_empty(), "edits have changed something");
    rows
}

/// Each change begins with what the one before it ended with, and the last one ends with what is there now.
fn assert_history_leads_to_the_rows(url: &str) {
    for [table, of, id, measure, column] in HISTORIES {
        let torn = format!(
            "SELECT a.{id}, a.change, b.change FROM {table} a JOIN {table} b ON b.{id} = a.{id}
             WHERE a.changed_at < b.changed_at AND NOT EXISTS (
                 SELECT 1 FROM {table} c
                 WHERE c.{id} = a.{id} AND c.changed_at > a.changed_at AND c.changed_at < b.changed_at)
               AND ((a.change = 'removed') <> (b.change = 'added')
                    OR a.{measure}_after IS DISTINCT FROM b.{measure}_before)"
        );
        assert_eq!(answer(url, &torn), [""; 0], "{url} {table}");
        let wrong = format!(
            "SELECT h.{id}, h.change FROM {table} h LEFT JOIN {of} n ON n.{id} = h.{id}
             WHERE NOT EXISTS (SELECT 1 FROM {table} c WHERE c.{id} = h.{id} AND c.changed_at > h.changed_at)
               AND ((h.change = 'removed') <> (n.{id} IS NULL) OR h.{measure}_after IS DISTINCT FROM n.{column})"
        );
        assert_eq!(answer(url, &wrong), [""; 0], "{url} {table}");
    }
}

/// The rows of derived tables. All are of the current snapshot: else their rows would say nothing.
fn derived_rows_of(url: &str) -> Tables {
    let outdated = "SELECT d.table_name FROM derived_tables d JOIN repositories r ON r.repository_id = d.repository_id \
                    WHERE d.snapshot_id <> r.snapshot_id";
    assert_eq!(answer(url, outdated), [""; 0]);
    let derived = |table: &TableId| table.table().unit == Unit::Derived && *table != TableId::DerivedTables;
    rows_of_tables(url, TableId::ALL.iter().copied().filter(derived))
}

/// The rows of a load that knows nothing beforehand: neither the database nor the cache of facts has been used.
fn clean_rows(tree: &Path) -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite_in(folder.path(), "clean.db");
    Program::new().load_wholly(tree, &[&url]);
    let mut rows = rows_of(&url);
    rows.extend(derived_rows_of(&url));
    rows
}

#[test]
fn threads_and_the_size_of_batches_leave_no_trace() {
    let tree = SourceTree::new(102);
    let folder = tempfile::tempdir().unwrap();
    let databases = [TestDatabase::create().unwrap(), TestDatabase::create().unwrap()];
    let mut loaded = Vec::new();
    for (index, (threads, batch_bytes)) in [("1", "1"), ("4", "60000000")].into_iter().enumerate() {
        let (sqlite, postgres) = (sqlite_in(folder.path(), threads), databases[index].url());
        let program = Program::new();
        let mut load = program.load(tree.path(), &[&sqlite, &postgres]);
        load.env("SNAKE_PIPE_LOAD__THREADS", threads).env("SNAKE_PIPE_LOAD__BATCH_BYTES", batch_bytes);
        assert_done(&load.output().unwrap());
        loaded.extend([rows_of(&sqlite), rows_of(&postgres)]);
    }
    for rows in &loaded[1..] {
        assert_same_rows(rows, &loaded[0]);
    }
    let linked = answer(&sqlite_in(folder.path(), "1"), LINKED);
    for language in ["c", "java", "javascript", "python", "typescript"] {
        assert!(linked.iter().any(|linked| linked == language), "{language}: only {linked:?} lead anywhere");
    }
    assert_ne!(answer(&sqlite_in(folder.path(), "1"), OVERRIDES), ["0"], "no method overrides one of a base");
}

/// Which functions call which, by the details that people read.
const EDGES: &str = "SELECT s.file_path, c.callee_name, c.status, t.file_path, c.line_number FROM calls c \
                     JOIN files s ON s.file_id = c.file_id LEFT JOIN files t ON t.file_id = c.target_file_id \
                     ORDER BY s.file_path, c.ordinal";

/// A tree of two files, the one calling the other, in both databases.
struct Pair {
    program: Program,
    tree: tempfile::TempDir,
    folder: tempfile::TempDir,
    postgres: TestDatabase,
}

impl Pair {
    fn new() -> Self {
        let (tree, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let pair = Self { program: Program::new(), tree, folder, postgres: TestDatabase::create().unwrap() };
        pair.write("caller.py", "from callee import f\n\ndef g():\n    return f()\n");
        pair.write("callee.py", "def f():\n    return 1\n");
        pair
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.tree.path().join(name), text).unwrap();
    }

    /// The edges after loading, which have to be the same in both databases.
    fn edges(&self) -> Vec<String> {
        let (sqlite, postgres) = (sqlite_in(self.folder.path(), "pair.db"), self.postgres.url());
        self.program.load_wholly(self.tree.path(), &[&sqlite, &postgres]);
        let edges = answer(&sqlite, EDGES);
        assert_eq!(edges, answer(&postgres, EDGES));
        edges
    }
}

#[test]
fn a_method_of_an_unchanged_file_overrides_for_as_long_as_its_base_has_one() {
    let pair = Pair::new();
    let flags = || {
        pair.edges();
        let asked = "SELECT is_override FROM functions WHERE qualified_name = 'D.m'";
        [sqlite_in(pair.folder.path(), "pair.db"), pair.postgres.url()].map(|url| answer(&url, asked))
    };
    pair.write("caller.py", "from callee import C\n\nclass D(C):\n    def m(self):\n        pass\n");
    let (with, without) = ("class C:\n    def m(self):\n        pass\n", "class C:\n    pass\n");
    for (base, is_override) in [(without, "false"), (with, "true"), (without, "false"), (with, "true")] {
        pair.write("callee.py", base);
        assert_eq!(flags(), [[is_override], [is_override]]);
    }
    fs::remove_file(pair.tree.path().join("callee.py")).unwrap();
    assert_eq!(flags(), [["false"], ["false"]]);
}

#[test]
fn edges_into_a_file_that_is_loaded_again_survive() {
    let pair = Pair::new();
    assert_eq!(pair.edges(), ["caller.py | f | resolved | callee.py | 4"]);
    pair.write("callee.py", "\n\ndef f():\n    return 2\n");
    assert_eq!(pair.edges(), ["caller.py | f | resolved | callee.py | 4"]);
}

#[test]
fn the_edges_of_an_unchanged_file_follow_what_changes_elsewhere() {
    let pair = Pair::new();
    assert_eq!(pair.edges(), ["caller.py | f | resolved | callee.py | 4"]);
    pair.write("callee.py", "def renamed():\n    return 1\n");
    assert_eq!(pair.edges(), ["caller.py | f | unresolved |  | 4"]);
    pair.write("callee.py", "def f():\n    return 1\n");
    assert_eq!(pair.edges(), ["caller.py | f | resolved | callee.py | 4"]);
    fs::create_dir(pair.tree.path().join("callee")).unwrap();
    fs::rename(pair.tree.path().join("callee.py"), pair.tree.path().join("callee/__init__.py")).unwrap();
    assert_eq!(pair.edges(), ["caller.py | f | resolved | callee/__init__.py | 4"]);
    // Without a file of that name the import is taken for one of a package from elsewhere.
    fs::remove_file(pair.tree.path().join("callee/__init__.py")).unwrap();
    assert_eq!(pair.edges(), ["caller.py | f | external |  | 4"]);
}
