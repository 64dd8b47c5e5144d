//! What keeps the databases in order: `status`, `check`, `repositories`, `migrate`, `backends`, `doctor`.

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;
use snake_pipe_testkit::postgres::TestDatabase;

use super::{
    rows::{query, row_counts},
    shop,
    support::Place,
};

#[test]
fn status_says_whether_the_tables_show_what_is_on_disk() {
    let place = shop::loaded();
    let status = ["status", "--from", "sqlite:code.db"];
    let root = place.path("shop").canonicalize().unwrap();
    let answer = place.run(&status).exits(0);
    let current = format!("shop in sqlite:code.db\n  current    shows what is in {}\n", root.display());
    assert!(answer.stdout.starts_with(&current), "{}", answer.told());

    place.write("shop/new.py", "x = 1\n");
    place.write("shop/native/sum.h", "int sum(int, int);\n");
    fs::remove_file(place.path("shop/web/api.ts")).unwrap();
    let answer = place.run(&status).exits(0);
    let stale =
        format!("  stale      files in {}: 1 new, 1 changed, 1 removed; load it again\n", root.display());
    assert!(answer.stdout.contains(&stale), "{}", answer.told());

    fs::rename(place.path("shop"), place.path("moved")).unwrap();
    let answer = place.run(&status).exits(0);
    assert!(answer.stdout.contains("  unknown    loaded from "), "{}", answer.told());
}

#[test]
fn options_of_a_load_do_not_make_it_stale() {
    let place = shop::place();
    place.run(&["load", "shop", "--to", "sqlite:code.db", "--store-source", "--ast", "full"]).exits(0);
    let answer = place.run(&["status", "--from", "sqlite:code.db"]).exits(0);
    assert!(answer.stdout.contains("\n  current    shows what is in "), "{}", answer.told());
}

#[test]
fn status_of_an_empty_database_says_what_to_do() {
    let place = Place::new();
    place.run(&["migrate", "--to", "sqlite:code.db"]).exits(0);
    let answer = place.run(&["status", "--from", "sqlite:code.db"]).exits(0);
    assert_eq!(answer.stdout, "nothing is loaded yet: try `snake-pipe load .`\n");
}

#[test]
fn a_loaded_database_is_clean() {
    let place = shop::loaded();
    let answer = place.run(&["check", "--from", "sqlite:code.db"]).exits(0);
    assert!(answer.stdout.starts_with("sqlite:code.db: clean, "), "{}", answer.told());
}

#[test]
fn check_finds_what_contradicts_itself() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "shop", "--to", &database.url()]).exits(0);
    database.psql("UPDATE files SET function_count = 77 WHERE file_path = 'web/api.ts'").unwrap();
    let answer = place.run(&["check", "--from", &database.url()]).exits(1);
    assert!(answer.stdout.contains("NOT clean"), "{}", answer.told());
    assert!(answer.stdout.contains("function_count"), "{}", answer.told());
}

#[test]
fn a_file_of_the_longest_path_is_held_whole_by_both_databases() {
    let place = Place::new();
    let path = ("f".repeat(199) + "/").repeat(19) + &"g".repeat(195) + "/a.py";
    assert_eq!(path.len(), 4_000);
    place.write(format!("long/{path}"), "def f(): pass\n");
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "long", "--to", "sqlite:code.db", "--to", &database.url()]).exits(0);
    for url in ["sqlite:code.db", &database.url()] {
        let sql = "SELECT s.file_path, s.parse_status, f.name FROM files s LEFT JOIN functions f ON f.file_id = s.file_id";
        let expected = json!({"file_path": path, "parse_status": "parsed", "name": "f"});
        assert_eq!(query(&place, url, sql), [expected], "{url}");
        place.run(&["check", "--from", url]).exits(0);
    }
}

#[test]
fn a_removed_repository_leaves_no_row_behind() {
    let place = shop::loaded();
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "shop", "--to", &database.url()]).exits(0);
    place.write("other/a.py", "import os\n");
    let both = ["--from", "sqlite:code.db", "--from", &database.url()];
    place.run(&["load", "other", "--to", "sqlite:code.db"]).exits(0);
    let answer = place.run(&[&["repositories", "list"], &both[..]].concat()).exits(0);
    assert_eq!(answer.stdout.matches("shop").count(), 4, "{}", answer.told());

    let answer = place.run(&[&["repositories", "remove", "shop"], &both[..]].concat()).exits(0);
    assert!(answer.stdout.starts_with("removed shop from sqlite:code.db\nremoved shop from postgres://"));
    assert_eq!(query(&place, "sqlite:code.db", "SELECT name FROM repositories"), [json!({"name": "other"})]);
    for (table, count) in row_counts(&place, &database.url()) {
        assert_eq!(count == 0, table != "metric_definitions", "{table} has {count} rows");
    }
    let answer = place.run(&[&["repositories", "remove", "shop"], &both[..]].concat()).exits(2);
    assert!(
        answer.stderr.contains("no repository is named `shop`\n  help: see `snake-pipe repositories list`")
    );
}

#[test]
fn one_branch_can_be_removed_alone() {
    let place = shop::place();
    for branch in ["main", "next"] {
        place.run(&["load", "shop", "--to", "sqlite:code.db", "--ref", branch]).exits(0);
    }
    place.run(&["repositories", "remove", "shop", "--ref", "next", "--from", "sqlite:code.db"]).exits(0);
    assert_eq!(
        query(&place, "sqlite:code.db", "SELECT ref_name FROM repositories"),
        [json!({"ref_name": "main"})]
    );
}

#[test]
fn a_dry_run_of_migrate_prints_statements_and_changes_nothing() {
    let place = Place::new();
    let database = TestDatabase::create().unwrap();
    let answer = place.run(&["migrate", "--to", &database.url(), "--dry-run"]).exits(0);
    assert!(answer.stdout.contains(": would migrate from version 0 to "), "{}", answer.told());
    assert!(answer.stdout.contains("CREATE TABLE repositories ("));
    assert_eq!(database.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").unwrap(), "0");
    let answer = place.run(&["migrate", "--to", "sqlite:code.db", "--dry-run"]).exits(0);
    assert!(
        answer.stdout.starts_with("-- sqlite:code.db: would migrate from version 0 to "),
        "{}",
        answer.told()
    );
    assert!(answer.stdout.contains("CREATE TABLE repositories ("));
    assert!(!place.path("code.db").exists());

    let answer = place.run(&["migrate", "--to", &database.url()]).exits(0);
    assert!(answer.stdout.contains(": migrated from version 0 to "), "{}", answer.told());
    let answer = place.run(&["migrate", "--to", &database.url()]).exits(0);
    assert!(answer.stdout.contains(": up to date at version "), "{}", answer.told());
}

#[test]
fn a_database_of_production_is_migrated_only_on_purpose() {
    let place = shop::place();
    place.write("snake-pipe.toml", "[backends.live]\nurl = \"sqlite:live.db\"\nmigrations = \"check\"\n");
    let answer = place.run(&["load", "shop", "--to", "live"]).exits(1);
    assert!(answer.stderr.contains("run `snake-pipe migrate"), "{}", answer.told());
    place.run(&["migrate", "--to", "live"]).exits(0);
    place.run(&["load", "shop", "--to", "live"]).exits(0);
}

#[test]
fn kinds_of_backend_are_listed_with_their_options() {
    let place = Place::new();
    let answer = place.run(&["backends", "list"]).exits(0);
    for kind in [" memory ", " postgres ", " sqlite "] {
        assert!(answer.stdout.contains(kind), "{}", answer.told());
    }
    let answer = place.run(&["backends", "show", "sqlite"]).exits(0);
    assert!(answer.stdout.contains("  yes readers see a load wholly or not at all\n"), "{}", answer.told());
    assert!(answer.stdout.contains("  durability: one of full, normal, default full\n"), "{}", answer.told());
}

#[test]
fn doctor_names_what_is_sound_and_what_is_not() {
    let place = shop::loaded();
    let answer = place.run(&["doctor", "--from", "sqlite:code.db"]).exits(0);
    assert!(answer.stdout.contains("ok       sqlite:code.db schema: version "), "{}", answer.told());
    let answer = place.run(&["doctor", "--from", "sqlite:code.db", "--from", "sqlite:none.db"]).exits(1);
    assert!(answer.stdout.contains("FAILED   "), "{}", answer.told());
    assert!(!place.path("none.db").exists());
}

#[test]
fn an_interrupted_load_says_so_and_leaves_nothing_half_loaded() {
    let place = Place::new();
    let mut command =
        place.command(&["load", "--facts", "-", "--repository", "app", "--to", "sqlite:code.db"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The program waits for facts, which never come; the database is made before it reads the first.
    while !place.path("code.db").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("interrupted after "), "{said}");
    assert_eq!(row_counts(&place, "sqlite:code.db")["snapshots"], 0);
}
