//! What is to be loaded is not there, or is something else.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use serde_json::json;

use super::{
    as_somebody, assert_refused, rows,
    support::{Answer, Place},
};

#[test]
fn a_path_that_does_not_exist() {
    let place = Place::new();
    let answer = place.run(&["load", "nowhere", "--to", "sqlite:code.db"]).exits(2);
    assert_refused(
        &answer,
        "the source directory does not exist (path: nowhere)",
        "name a directory that exists",
    );
    assert!(!place.path("code.db").exists(), "nothing is made for a load that cannot begin");
}

#[test]
fn a_path_that_is_a_file() {
    let place = Place::new();
    place.write("src/a.py", "x = 1\n");
    let answer = place.run(&["load", "src/a.py", "--to", "sqlite:code.db"]).exits(2);
    assert_refused(
        &answer,
        "a source is a directory, not a file (path: src/a.py)",
        "load the directory that holds it: ",
    );
    assert!(!place.path("code.db").exists());
}

#[test]
fn a_directory_without_files_is_loaded_as_such() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    place.run(&["load", "empty", "--to", "sqlite:code.db"]).exits(0);
    assert_eq!(rows(&place, "sqlite:code.db", "SELECT name FROM repositories"), [json!({"name": "empty"})]);
}

#[test]
fn what_may_not_be_read_is_a_row_or_ends_the_load() {
    let place = Place::new();
    place.write("src/open.py", "x = 1\n");
    place.write("src/closed.py", "x = 1\n");
    place.write("src/closed/a.py", "x = 1\n");
    place.write("shut/a.py", "x = 1\n");
    for path in ["src/closed.py", "src/closed", "shut"] {
        fs::set_permissions(place.path(path), Permissions::from_mode(0o000)).unwrap();
    }
    Answer::of(as_somebody(&place, &["load", "src", "--to", "sqlite:out/code.db"]), "").exits(0);
    assert_eq!(
        rows(
            &place,
            "sqlite:out/code.db",
            "SELECT file_path, parse_status, skip_reason FROM files ORDER BY file_path"
        ),
        [
            json!({"file_path": "closed", "parse_status": "failed", "skip_reason": "cannot be read: permission denied"}),
            json!({"file_path": "closed.py", "parse_status": "failed", "skip_reason": "cannot be read: permission denied"}),
            json!({"file_path": "open.py", "parse_status": "parsed", "skip_reason": null}),
        ]
    );
    let answer =
        Answer::of(as_somebody(&place, &["load", "shut", "--to", "sqlite:out/shut.db"]), "").exits(1);
    assert_refused(
        &answer,
        "the source directory cannot be read (path: shut)",
        "check that this user may list the directory",
    );
    for path in ["src/closed", "shut"] {
        fs::set_permissions(place.path(path), Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn facts_that_cannot_be_read() {
    let place = Place::new();
    fs::create_dir(place.path("src")).unwrap();
    let load = |facts: &str| place.run(&["load", "--facts", facts, "--to", "sqlite:code.db"]);
    assert_refused(
        &load("none.ndjson").exits(2),
        "cannot read the facts (file: none.ndjson)",
        "name a file that `snake-pipe extract`",
    );
    assert_refused(
        &load("src").exits(2),
        "cannot read the facts (file: src)",
        "a directory is loaded without it",
    );
    assert!(!place.path("code.db").exists());
}

#[test]
fn every_refused_record_names_its_line_and_field_and_what_is_expected() {
    let place = Place::new();
    let facts = "[]\n{\"path\":\"b.c\",\"langauge\":\"c\"}\n{\"functions\":[]}\n{\"path\":\"d.c\",\"size_bytes\":-1}\n\
                 {\"path\":\"e.c\",\"functions\":{}}\nnull\n{\"path\":\n";
    let load = ["load", "--facts", "-", "--repository", "app", "--to", "sqlite:code.db"];
    let answer = place.run_with_input(&load, facts).exits(3);
    for expected in [
        "refused: line 1: an object is expected, not a list: one object a line, without a list around them\n",
        "refused: line 2, field langauge: `langauge` is not known here, did you mean `language`?\n",
        "refused: line 3, field path: is missing\n",
        "refused: line 4, field size_bytes: a whole number from 0 is expected, not `-1`\n",
        "refused: line 5, field functions: a list is expected, not an object\n",
        "refused: line 6: an object is expected, not null\n",
        "refused: line 7, field path: not JSON from column 8 on: EOF while parsing a value\n",
        "  help: mend these and load the same again",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}\n{}", answer.told());
    }
    assert_eq!(answer.stderr, "", "the report says it all\n{}", answer.told());
}

#[test]
fn compressed_facts_say_how_to_uncompress_them() {
    let place = Place::new();
    place.write("facts.ndjson.gz", b"\x1f\x8b\x08\0\0\0\0\0");
    let answer = place.run(&["load", "--facts", "facts.ndjson.gz", "--to", "sqlite:code.db"]).exits(2);
    assert_refused(
        &answer,
        "cannot read the facts (file: facts.ndjson.gz, compressed_by: gzip)",
        "`gzip -dc FILE | snake-pipe load --facts -",
    );
}

#[test]
fn facts_that_are_nothing_of_the_kind() {
    let place = Place::new();
    let load = ["load", "--facts", "-", "--repository", "app", "--to", "sqlite:code.db"];
    let answer = place.run_with_input(&load, "\u{0}\u{1}\n[[[[\n{\"path\":\"../../etc/passwd\"}\n").exits(3);
    assert_eq!(answer.stdout.matches("refused: line ").count(), 3, "{}", answer.told());
    assert_eq!(rows(&place, "sqlite:code.db", "SELECT file_path FROM files"), [] as [serde_json::Value; 0]);
    let deep = format!("{{\"path\":\"a.c\",\"metadata\":{}{}}}\n", "[".repeat(100_000), "]".repeat(100_000));
    let answer = place.run_with_input(&load, &deep).exits(3);
    assert!(answer.stdout.contains("refused: line 1"), "{}", answer.told());
}
