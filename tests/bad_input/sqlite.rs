//! SQLite: what stands where the database should be.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use super::{
    as_somebody, assert_refused, rows,
    support::{Answer, Place},
};

fn place() -> Place {
    let place = Place::new();
    place.write("src/a.py", "x = 1\n");
    place
}

fn load(place: &Place, to: &str) -> Answer {
    place.run(&["load", "src", "--to", to])
}

#[test]
fn a_directory_that_does_not_exist() {
    let answer = load(&place(), "sqlite:missing/code.db").exits(2);
    assert_refused(
        &answer,
        "the database's directory does not exist (path: missing/code.db",
        "create it: mkdir -p 'missing'",
    );
}

#[test]
fn a_directory_in_place_of_the_file() {
    let place = place();
    let answer = load(&place, "sqlite:src");
    assert_ne!(answer.code, Some(0), "{}", answer.told());
    assert!(answer.stderr.contains("\n  help: "), "{}", answer.told());
    assert!(!place.path("src.control").exists(), "a refused load leaves nothing behind");
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let place = place();
    let letter = "Dear all,\n".repeat(100);
    place.write("letter.txt", &letter);
    for command in [&["load", "src", "--to"] as &[_], &["query", "hotspots", "--from"], &["status", "--from"]]
    {
        let answer = place.run(&[command, &["sqlite:letter.txt"]].concat()).exits(1);
        assert_refused(&answer, "the file is not a SQLite database", "choose another path");
    }
    assert_eq!(fs::read_to_string(place.path("letter.txt")).unwrap(), letter);
    assert!(!place.path("letter.txt.control").exists(), "a refused load leaves nothing behind");
}

#[test]
fn a_newer_schema_is_refused_by_every_command() {
    let place = place();
    load(&place, "sqlite:code.db").exits(0);
    make_newer(&place);
    for command in [
        &["load", "src", "--to"] as &[_],
        &["status", "--from"],
        &["query", "hotspots", "--from"],
        &["migrate", "--to"],
    ] {
        let answer = place.run(&[command, &["sqlite:code.db"]].concat()).exits(1);
        assert_refused(
            &answer,
            "the database has schema version 99, this program knows versions up to ",
            "newer snake-pipe",
        );
    }
}

/// What a newer program would leave behind. There is no SQL to write with but that of the tool itself, so it is done as
/// the tool's own driver would.
fn make_newer(place: &Place) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection as _, SqliteConnection};
        let url = format!("sqlite://{}", place.path("code.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let sql = "INSERT INTO snake_pipe_migrations SELECT 99, 'from the future', checksum, applied_at FROM snake_pipe_migrations LIMIT 1";
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn reading_from_a_file_that_does_not_exist_makes_none() {
    let place = place();
    for command in [&["query", "hotspots"] as &[_], &["status"], &["check"], &["repositories", "list"]] {
        let answer = place.run(&[command, &["--from", "sqlite:code.db"]].concat()).exits(2);
        assert_refused(
            &answer,
            "there is no database at code.db",
            "load something first: `snake-pipe load PATH`",
        );
    }
    assert!(!place.path("code.db").exists());
}

#[test]
fn asking_before_anything_was_loaded() {
    let place = place();
    place.write("code.db", "");
    let answer = place.run(&["query", "hotspots", "--from", "sqlite:code.db"]).exits(1);
    assert_refused(&answer, "the database has no tables yet", "run `snake-pipe migrate`");
}

#[test]
fn a_file_that_may_only_be_read_is_told_by_the_doctor_before_a_load_fails() {
    let place = place();
    fs::create_dir(place.path("out")).unwrap();
    load(&place, "sqlite:out/code.db").exits(0);
    fs::set_permissions(place.path("out/code.db"), Permissions::from_mode(0o444)).unwrap();
    place.write("src/b.py", "y = 2\n");
    let run = |arguments: &[&str]| Answer::of(as_somebody(&place, arguments), "");
    let answer = run(&["doctor", "--from", "sqlite:out/code.db"]).exits(0);
    for expected in [
        "warning  sqlite:out/code.db health: degraded",
        "help: loads will fail, for the database may not be written to (path: out/code.db)",
        "give this user the right to write the file and its directory",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}\n{}", answer.told());
    }
    run(&["query", "SELECT 1", "--from", "sqlite:out/code.db"]).exits(0);
    let answer = run(&["load", "src", "--to", "sqlite:out/code.db"]).exits(1);
    assert!(answer.stdout.contains("the database may not be written to"), "{}", answer.told());
}

#[test]
fn the_file_alone_holds_everything_that_was_loaded() {
    let place = place();
    load(&place, "sqlite:code.db").exits(0);
    place.run(&["query", "hotspots", "--from", "sqlite:code.db"]).exits(0);
    assert!(!place.path("code.db-wal").exists(), "nothing is left in a log beside the file");
    fs::copy(place.path("code.db"), place.path("copy.db")).unwrap();
    assert_eq!(rows(&place, "sqlite:copy.db", "SELECT file_path FROM files").len(), 1);
}
