//! What the documents tell people to type works: every command and every statement in them is run.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

#[path = "support/shop.rs"]
mod shop;
mod support;

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path, process::Command};

use serde_json::Value;
use snake_pipe_testkit::postgres::TestDatabase;

use support::{Answer, Place};

/// Commands that are not run here, by how they begin, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo xtask", "the tests, checks and measurements themselves"),
    ("docker compose", "needs Docker and a network"),
    ("git clone", "needs a network"),
    ("createdb", "the database is there already"),
];

/// How the documents call the program, besides its name.
const FROM_SOURCE: &str = "cargo run --release -- ";

/// The server that the documents speak of.
const EXAMPLE_SERVER: &str = "postgres://me@db.example/code";

#[test]
fn what_the_readme_says_works() {
    let readme = document("README.md").expect("the repository has a README.md");
    assert!(run_commands(&readme) > 0, "README.md shows no command of snake-pipe");
    run_statements(&readme);
}

#[test]
fn what_the_query_guide_says_works() {
    let guide = document("docs/query-guide.md").expect("the repository has a query guide");
    assert!(run_commands(&guide) > 0, "the query guide shows no command of snake-pipe");
    run_statements(&guide);
}

#[test]
fn what_the_optimisation_guide_says_works() {
    let guide = document("docs/optimisation-guide.md").expect("the repository has an optimisation guide");
    assert!(run_commands(&guide) > 1, "the optimisation guide shows no command of snake-pipe");
    assert!(run_statements(&guide) >= 10, "the optimisation guide shows no statements");
}

#[test]
fn what_the_readme_of_the_plugin_for_postgresql_says_works() {
    let readme = document("plugins/postgres/README.md").expect("the plugin has a README.md");
    assert!(run_commands(&readme) > 2, "it shows no commands");
}

#[test]
fn what_the_guides_for_operators_say_works() {
    for name in ["setup", "tuning", "backup", "monitoring", "upgrade", "troubleshooting"] {
        let guide = document(&format!("docs/operations/{name}.md")).expect(name);
        assert!(run_commands(&guide) > 0, "{name} shows no command of snake-pipe");
    }
}

/// Where the code in the plugin guide is compiled and tested.
const SHOWN_IN_THE_PLUGIN_GUIDE: [&str; 5] = [
    "examples/jsonlines-backend/src/lib.rs",
    "examples/jsonlines-backend/tests/conformance.rs",
    "examples/jsonlines-backend/tests/guide.rs",
    "examples/private-binary/src/main.rs",
    "examples/private-binary/tests/kinds.rs",
];

#[test]
fn the_code_in_the_plugin_guide_is_that_of_the_examples() {
    let guide = document("docs/plugin-guide.md").expect("the repository has a plugin guide");
    let sources = SHOWN_IN_THE_PLUGIN_GUIDE.map(|path| code(&document(path).expect(path)));
    let blocks: Vec<_> = blocks(&guide, "rust").collect();
    assert_eq!(blocks.len(), guide.matches("```rust").count(), "a block is marked otherwise than `rust`");
    assert!(blocks.len() > 5, "{blocks:?}");
    for block in blocks {
        let shown = code(&block);
        assert!(sources.iter().any(|source| source.contains(&shown)), "no example has this code:\n{block}");
    }
}

#[test]
fn the_dependencies_in_the_plugin_guide_are_those_of_the_example() {
    let guide = document("docs/plugin-guide.md").expect("the repository has a plugin guide");
    let manifest =
        code(&document("examples/jsonlines-backend/Cargo.toml").expect("the example has a manifest"));
    let block = blocks(&guide, "toml").next().expect("the guide names the dependencies");
    for line in block.lines().filter(|line| !line.starts_with("snake-pipe-")) {
        assert!(manifest.contains(&code(line)), "the example has no such line: {line}");
    }
}

/// Whole lines of code, each behind a line break, without indentation, blank lines and comments of their own.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.fold("\n".to_owned(), |code, line| code + line + "\n")
}

#[test]
fn what_the_page_on_the_control_plane_says_works() {
    let page = document("docs/metadata.md").expect("the repository has a page on the control plane");
    assert!(run_commands(&page) > 10, "the page shows no commands");
}

fn document(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

/// Runs a document's commands one after the other in a small tree that is loaded already. How many there were.
fn run_commands(document: &str) -> usize {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    shell(&place, "snake-pipe load .").exits(0);
    let mut count = 0;
    for line in commands(document) {
        if NOT_RUN.iter().any(|(beginning, _)| line.starts_with(beginning)) {
            continue;
        }
        let line =
            line.replace(FROM_SOURCE, "snake-pipe ").replace(EXAMPLE_SERVER, &shell_word(&database.url()));
        let is_known = line.contains("snake-pipe ") || line.starts_with("psql ");
        assert!(is_known, "`{line}` is not run: add it to NOT_RUN with the reason");
        shell(&place, &line).exits(0);
        count += 1;
    }
    count
}

/// The lines of a document's shell blocks; of console blocks those behind a prompt.
fn commands(document: &str) -> Vec<String> {
    let typed = blocks(document, "sh").flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    let shown = blocks(document, "console").flat_map(|block| {
        block.lines().filter_map(|line| line.strip_prefix("$ ").map(str::to_owned)).collect::<Vec<_>>()
    });
    typed.chain(shown).filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}

/// The fenced blocks of a language. A line that ends in a backslash goes on.
fn blocks<'a>(document: &'a str, language: &'a str) -> impl Iterator<Item = String> + 'a {
    let opening = format!("```{language}\n");
    let blocks: Vec<_> = format!("\n{document}")
        .split(&format!("\n{opening}"))
        .skip(1)
        .map(|rest| rest.split("\n```").next().expect("a split has a first part").replace("\\\n", ""))
        .collect();
    blocks.into_iter()
}

/// Runs a line as a shell does, in the tree, where `snake-pipe` is the program under test.
fn shell(place: &Place, line: &str) -> Answer {
    let programs = place.path("programs");
    if !programs.exists() {
        fs::create_dir(&programs).unwrap();
        symlink(env!("CARGO_BIN_EXE_snake-pipe"), programs.join("snake-pipe")).unwrap();
    }
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    let surroundings = place.command::<&str>(&[]);
    let variables = surroundings.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.args(["-euc", line]).env_clear().envs(variables).env("PATH", path);
    command.current_dir(place.path("shop"));
    Answer::of(command, "")
}

fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Runs a document's statements on both databases, which have to agree. How many there were.
fn run_statements(document: &str) -> usize {
    let place = shop::loaded();
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "shop", "--to", &database.url()]).exits(0);
    let statements: Vec<_> = blocks(document, "sql").collect();
    for sql in &statements {
        let answer = |from: &str| -> BTreeSet<String> {
            let arguments = ["query", "-", "--from", from, "--format", "json"];
            let rows = place.run_with_input(&arguments, sql).exits(0).json();
            // Rows that the statement's order leaves equal come in any order.
            rows.as_array().unwrap().iter().map(Value::to_string).collect()
        };
        assert_eq!(answer("sqlite:code.db"), answer(&database.url()), "{sql}");
    }
    // What the tables' owner runs, for those that ask afterwards.
    for sql in blocks(document, "sql owner") {
        database.psql(&sql).unwrap();
    }
    for sql in blocks(document, "sql postgres")
        .flat_map(|block| block.split_inclusive(';').map(str::to_owned).collect::<Vec<_>>())
    {
        place.run_with_input(&["query", "-", "--from", &database.url()], &sql).exits(0);
    }
    statements.len()
}
