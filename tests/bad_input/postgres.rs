//! PostgreSQL: a server that is down, a wrong password, missing rights, somebody else's tables.

use std::time::{Duration, Instant};

use snake_pipe_testkit::postgres::TestDatabase;

use super::{
    assert_refused, rows,
    support::{Answer, PASSWORD, Place},
};

/// A port that nobody listens on: the first one, which needs privileges.
const SERVER_DOWN: &str = "postgres://me:hunter2@127.0.0.1:1/code?retry_attempts=0";

fn place() -> Place {
    let place = Place::new();
    place.write("src/a.py", "def f():\n    pass\n");
    place
}

fn load(place: &Place, to: &str) -> Answer {
    place.run(&["load", "src", "--to", to])
}

/// A role with a password of its own that may connect and nothing else, and its URL.
struct Stranger<'a> {
    database: &'a TestDatabase,
    name: String,
}

impl<'a> Stranger<'a> {
    fn new(database: &'a TestDatabase) -> Self {
        let name = format!("stranger_{}", database.name());
        database.psql(&format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")).unwrap();
        Self { database, name }
    }

    fn url(&self) -> String {
        let (name, port) = (&self.name, self.database.cluster().port());
        format!("postgres://{name}:{PASSWORD}@127.0.0.1:{port}/{}", self.database.name())
    }
}

#[test]
fn a_server_that_is_down() {
    let place = place();
    let message = "the server cannot be reached: Connection refused";
    for command in [&["load", "src", "--to"] as &[_], &["query", "hotspots", "--from"], &["check", "--from"]]
    {
        let answer = place.run(&[command, &[SERVER_DOWN]].concat()).exits(1);
        assert_refused(&answer, message, "look whether the server runs");
    }
    let answer = place.run(&["doctor", "--from", SERVER_DOWN]).exits(1);
    assert!(
        answer.stdout.contains("FAILED   postgres://127.0.0.1:1/code: the server cannot be reached"),
        "{}",
        answer.told()
    );
}

#[test]
fn one_server_of_two_that_is_down_does_not_stop_the_other() {
    let place = place();
    place.write("snake-pipe.toml", "[load]\nretry_attempts = 0\n");
    let answer = place.run(&["load", "src", "--to", SERVER_DOWN, "--to", "sqlite:code.db"]).exits(3);
    for expected in [
        "loaded src in part",
        "the server cannot be reached",
        "help: look whether",
        "1 file is owed; repeat the load",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}\n{}", answer.told());
    }
    assert_eq!(rows(&place, "sqlite:code.db", "SELECT file_path FROM files").len(), 1);
}

#[test]
fn a_wrong_password() {
    let database = TestDatabase::create().unwrap();
    let url = Stranger::new(&database).url().replace(PASSWORD, "hunter2hunter2");
    let answer = load(&place(), &url).exits(1);
    assert_refused(&answer, "password authentication failed for user", "password_env");
}

#[test]
fn a_database_that_does_not_exist() {
    let database = TestDatabase::create().unwrap();
    let url = database.url().replace(database.name(), "nowhere");
    let answer = load(&place(), &url).exits(2);
    assert_refused(&answer, "database \"nowhere\" does not exist", "create the database (`createdb NAME`)");
}

#[test]
fn no_rights_on_the_schema_public() {
    let database = TestDatabase::create().unwrap();
    database.psql("REVOKE CREATE ON SCHEMA public FROM PUBLIC").unwrap();
    let stranger = Stranger::new(&database);
    let answer = load(&place(), &stranger.url()).exits(1);
    let grant = format!("GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"{}\";", stranger.name);
    assert_refused(&answer, "permission denied for schema public", &grant);
    assert!(answer.stderr.contains("?schema=NAME"), "{}", answer.told());
    assert_eq!(answer.stderr.lines().count(), 2, "{}", answer.told());
    let answer = place().run(&["doctor", "--from", &stranger.url()]).exits(1);
    assert!(answer.stdout.contains(&grant), "{}", answer.told());

    // Both ways out work.
    let schema = format!("CREATE SCHEMA facts AUTHORIZATION \"{}\"", stranger.name);
    database.psql(&schema).unwrap();
    load(&place(), &format!("{}?schema=facts", stranger.url())).exits(0);
    database.psql(&grant).unwrap();
    load(&place(), &stranger.url()).exits(0);
}

#[test]
fn a_role_that_only_reads_can_ask_but_not_load() {
    let place = place();
    let database = TestDatabase::create().unwrap();
    load(&place, &database.url()).exits(0);
    let reader = Stranger::new(&database);
    database.psql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", reader.name)).unwrap();
    for command in [&["status"] as &[_], &["query", "hotspots"], &["repositories", "list"]] {
        place.run(&[command, &["--from", &reader.url()]].concat()).exits(0);
    }
    place.write("src/b.py", "y = 2\n");
    let answer = load(&place, &reader.url()).exits(1);
    assert!(answer.stdout.contains("permission denied for table"), "{}", answer.told());
    assert!(
        answer.stdout.contains("help: `snake-pipe doctor --from …` prints the GRANT"),
        "{}",
        answer.told()
    );

    // The doctor says so beforehand, with the way out, which works.
    let answer = place.run(&["doctor", "--from", &reader.url()]).exits(0);
    let grant = format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"public\" TO \"{}\";",
        reader.name
    );
    assert!(answer.stdout.contains("access                       reads only"), "{}", answer.told());
    assert!(answer.stdout.contains(&grant), "{}", answer.told());
    database.psql(&grant).unwrap();
    let answer = place.run(&["doctor", "--from", &reader.url()]).exits(0);
    assert!(!answer.stdout.contains("warning"), "{}", answer.told());
    load(&place, &reader.url()).exits(0);
}

#[test]
fn a_role_that_may_not_even_read_is_told_by_the_doctor() {
    let database = TestDatabase::create().unwrap();
    load(&place(), &database.url()).exits(0);
    let stranger = Stranger::new(&database);
    let answer = place().run(&["doctor", "--from", &stranger.url()]).exits(1);
    assert!(
        answer.stdout.contains("this role may not read, for it lacks DELETE, INSERT, SELECT, UPDATE"),
        "{}",
        answer.told()
    );
}

#[test]
fn a_server_that_is_down_holds_up_nobody_for_long() {
    let place = place();
    let down = "postgres://me:hunter2@127.0.0.1:3/code";
    let begin = Instant::now();
    load(&place, down).exits(1);
    let answer = place.run(&["load", "src", "--to", down, "--to", "sqlite:code.db"]).exits(3);
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    for expected in [
        "postgres://127.0.0.1:3/code: the server cannot be reached: Connection refused",
        "  help: look whether the server runs",
        "postgres://127.0.0.1:3/code: 1 file is owed; repeat the load\n  help: or let loads wait for a server",
        "next: snake-pipe query hotspots --from sqlite:code.db",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}\n{}", answer.told());
    }
}

#[test]
fn a_refused_password_of_one_of_two_names_the_backend_and_the_way_out() {
    let place = place();
    let database = TestDatabase::create().unwrap();
    let refused = Stranger::new(&database).url().replace(PASSWORD, "hunter2hunter2");
    let answer = place.run(&["load", "src", "--to", &refused, "--to", "sqlite:code.db"]).exits(3);
    for expected in
        ["loaded src in part", ": password authentication failed for user", "  help: check user and password"]
    {
        assert!(answer.stdout.contains(expected), "{expected}\n{}", answer.told());
    }
    assert_eq!(rows(&place, "sqlite:code.db", "SELECT file_path FROM files").len(), 1);
}

#[test]
fn a_table_of_somebody_else() {
    let database = TestDatabase::create().unwrap();
    database.psql("CREATE TABLE files (name text); INSERT INTO files VALUES ('mine')").unwrap();
    let answer = load(&place(), &database.url()).exits(1);
    assert_refused(
        &answer,
        "the schema holds a table or view `files` that snake-pipe did not make",
        "?schema=NAME",
    );
    assert_eq!(database.psql("SELECT name FROM files").unwrap(), "mine");
    const MADE: &str = "SELECT count(*) FROM pg_namespace WHERE nspname = 'snake_pipe'";
    assert_eq!(database.psql(MADE).unwrap(), "0", "a refused load leaves nothing behind");
    load(&place(), &format!("{}&schema=facts", database.url())).exits(0);
}

#[test]
fn a_newer_schema_is_refused_by_every_command() {
    let place = place();
    let database = TestDatabase::create().unwrap();
    load(&place, &database.url()).exits(0);
    database
        .psql("COMMENT ON TABLE snake_pipe_migrations IS 'The schema of snake-pipe, version 99.'")
        .unwrap();
    for command in [
        &["load", "src", "--to"] as &[_],
        &["status", "--from"],
        &["query", "hotspots", "--from"],
        &["migrate", "--to"],
    ] {
        let answer = place.run(&[command, &[database.url().as_str()]].concat()).exits(1);
        assert_refused(
            &answer,
            "the database has version 99 of the schema, this program knows ",
            "use a newer snake-pipe",
        );
    }
}

#[test]
fn urls_that_cannot_be_read_show_no_password() {
    let place = place();
    for url in [
        "postgres://me:hunter2@h:port/code",
        "postgres://me:hunter2@h/code?pool_sise=3",
        "postgres://me:hunter2@h/code?sslmode=perhaps",
        "postgres://me:hunter2@@@/%zz",
        "postgresq://me:hunter2@h/code",
        "postgres://me:hun/ter2hunter2@h:x/code",
        "postgres:/me:hunter2@h/code",
        "me:hunter2@h/code",
    ] {
        let answer = load(&place, url).exits(2);
        assert!(answer.stderr.contains("\n  help: "), "{}", answer.told());
    }
}

#[test]
fn asking_before_anything_was_loaded() {
    let database = TestDatabase::create().unwrap();
    let answer = place().run(&["query", "hotspots", "--from", &database.url()]).exits(1);
    assert_refused(
        &answer,
        "relation \"repositories\" does not exist",
        "this database holds no tables of snake-pipe yet",
    );
}
