//! `config`, profiles, and where a command finds its databases.

use serde_json::Value;
use snake_pipe_testkit::postgres::TestDatabase;

use super::{
    shop,
    support::{Answer, PASSWORD, Place},
};

#[test]
fn a_written_configuration_is_read_and_changes_nothing() {
    let place = shop::place();
    let before = place.run(&["config", "show"]).exits(0).stdout;
    let answer = place.run(&["config", "init"]).exits(0);
    assert!(answer.stdout.contains("snake-pipe.toml"), "{}", answer.told());
    assert_eq!(place.run(&["config", "show"]).exits(0).stdout, before);

    let answer = place.run(&["config", "init"]).exits(1);
    assert!(answer.stderr.contains("an existing file is not overwritten"), "{}", answer.told());
}

/// The written file with every key uncommented: what it shows as defaults must be what the program takes.
#[test]
fn every_key_of_a_written_configuration_is_right() {
    let place = Place::new();
    place.run(&["config", "init"]).exits(0);
    let text = std::fs::read_to_string(place.path("snake-pipe.toml")).unwrap();
    let uncommented: Vec<_> = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| rest.starts_with('[') || rest.contains(" = "))
                .unwrap_or(line)
        })
        .filter(|line| !line.starts_with("cache_dir"))
        .collect();
    place.write("snake-pipe.toml", uncommented.join("\n"));
    let settings =
        place.run(&["--profile", "production", "config", "show", "--format", "json"]).exits(0).json();
    let settings: Vec<_> =
        settings.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    for key in
        ["extract.ast", "load.threads", "log.format", "backends.nightly.url", "backends.nightly.migrations"]
    {
        assert!(settings.contains(&key), "{key} in {settings:?}");
    }
}

#[test]
fn every_value_is_shown_with_its_origin_and_without_passwords() {
    let place = Place::new();
    place.write(
        "snake-pipe.toml",
        format!(
            "[load]\nthreads = 3\nto = [\"nightly\"]\n[backends.nightly]\nurl = \"postgres://me:{PASSWORD}@db.example/code\"\n\
             [profiles.big.load]\nthreads = 16\n"
        ),
    );
    let mut command = place.command(&["--profile", "big", "config", "show", "--format", "json"]);
    command.env("SNAKE_PIPE_EXTRACT__AST", "none");
    let settings = Answer::of(command, "").exits(0).json();
    let of = |key: &str| -> [String; 2] {
        let one = settings.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap();
        ["value", "origin"].map(|field| one[field].as_str().unwrap().to_owned())
    };
    assert_eq!(of("load.policy"), ["all", "default"]);
    assert_eq!(of("load.threads"), ["16", "profile big"]);
    assert_eq!(of("extract.ast"), ["none", "$SNAKE_PIPE_EXTRACT__AST"]);
    assert_eq!(of("backends.nightly.url"), ["postgres://me:***@db.example/code", "snake-pipe.toml"]);
    assert_eq!(of("(backends used)"), ["nightly", "result"]);
}

#[test]
fn what_is_not_set_and_what_backends_take_by_default_is_shown_too() {
    let place = Place::new();
    place.write(
        "snake-pipe.toml",
        "[backends.nightly]\nurl = \"postgres://me@db.example/code?pool_size=3\"\nretry_attempts = 7\n",
    );
    let settings = place.run(&["config", "show", "--format", "json"]).exits(0).json();
    let of = |key: &str| settings.as_array().unwrap().iter().find(|one| one["key"] == key).cloned();
    let told = |key: &str| of(key).map(|one| [one["value"].clone(), one["origin"].clone()]);
    let value = |value: &str, origin: &str| Some([Value::from(value), Value::from(origin)]);
    assert_eq!(told("load.threads"), Some([Value::Null, Value::from("not set")]));
    assert_eq!(told("load.policy"), value("all", "default"));
    assert_eq!(told("load.retry_attempts"), value("3", "default"));
    assert_eq!(told("backends.nightly.retry_attempts"), value("7", "snake-pipe.toml"));
    assert_eq!(told("backends.nightly.timeout_seconds"), value("30", "default"));
    assert_eq!(told("backends.nightly.pool_size"), None, "the URL says it");
}

#[test]
fn macros_that_the_configuration_names_define_functions() {
    let place = Place::new();
    place.write("tree/timer.c", "ISR(TIMER0_vect)\n{\n\ttick();\n}\n");
    let functions = || {
        let answer = place.run(&["extract", "tree"]).exits(0);
        let file: Value = serde_json::from_str(answer.stdout.lines().next().unwrap()).unwrap();
        let functions = file["functions"].as_array().cloned().unwrap_or_default();
        functions.iter().map(|function| function["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(functions(), Vec::<String>::new());
    place.write("snake-pipe.toml", "[extract]\nfunction_macros = [\"ISR=void {1}\"]\n");
    assert_eq!(functions(), ["TIMER0_vect"]);
    place.write("snake-pipe.toml", "[extract]\nfunction_macros = [\"ISR\"]\n");
    let answer = place.run(&["extract", "tree"]).exits(2);
    assert!(answer.stderr.contains("`ISR` names no macro that defines functions"), "{}", answer.told());
    assert!(answer.stderr.contains("help: write it as `SYSCALL_DEFINE#=long sys_{1}`"), "{}", answer.told());
}

#[test]
fn a_misspelt_option_of_a_backend_is_told_at_once() {
    let place = Place::new();
    place.write("snake-pipe.toml", "[backends.nightly]\nurl = \"postgres://h/d\"\nretry_attemts = 7\n");
    let answer = place.run(&["queries"]).exits(2);
    let message = "error: unknown option `retry_attemts` (backend: nightly, file: snake-pipe.toml)\n  help: did you mean `retry_attempts`?";
    assert!(answer.stderr.starts_with(message), "{}", answer.told());
    // A kind that another program has does not concern this one.
    place.write("snake-pipe.toml", "[backends.lake]\nurl = \"parquet:lake\"\nrow_groups = 7\n");
    place.run(&["queries"]).exits(0);
}

#[test]
fn a_profile_lies_over_the_file() {
    let place = shop::place();
    place.write(
        "settings.toml",
        "[backends.db]\nurl = \"sqlite:everyday.db\"\n[profiles.release.backends.db]\nurl = \"sqlite:release.db\"\n",
    );
    place.run(&["--config", "settings.toml", "load", "shop", "--to", "db"]).exits(0);
    place.run(&["--config", "settings.toml", "--profile", "release", "load", "shop", "--to", "db"]).exits(0);
    assert!(place.path("everyday.db").exists() && place.path("release.db").exists());
    let answer = place
        .run(&["--config", "settings.toml", "--profile", "releases", "load", "shop", "--to", "db"])
        .exits(2);
    assert!(answer.stderr.contains("no profile `releases`"), "{}", answer.told());
    assert!(answer.stderr.contains("help: the file has release\n"), "{}", answer.told());
}

#[test]
fn without_a_database_a_file_in_the_working_directory_is_used() {
    let place = shop::place();
    let answer = place.run(&["load", "shop"]).exits(0);
    assert!(answer.stdout.ends_with("\nnext: snake-pipe query hotspots\n"), "{}", answer.told());
    place.run(&["query", "hotspots"]).exits(0);
    assert!(place.path("snake-pipe.db").exists());
}

#[test]
fn the_environment_names_the_database_where_nothing_else_does() {
    let place = shop::place();
    let load = |variables: &[(&str, &str)], arguments: &[&str]| -> Value {
        let mut command = place.command(&[&["load", "shop", "--format", "json"], arguments].concat());
        command.envs(variables.iter().copied());
        Answer::of(command, "").exits(0).json()["run"]["lanes"][0]["address"].clone()
    };
    let (plain, own) = (("DATABASE_URL", "sqlite:plain.db"), ("SNAKE_PIPE_DATABASE_URL", "sqlite:own.db"));
    assert_eq!(load(&[plain], &[]), "sqlite:plain.db");
    assert_eq!(load(&[plain, own], &[]), "sqlite:own.db");
    assert_eq!(load(&[plain, own, ("SNAKE_PIPE_LOAD__TO", "sqlite:listed.db")], &[]), "sqlite:listed.db");
    assert_eq!(load(&[plain, own], &["--to", "sqlite:flag.db"]), "sqlite:flag.db");
}

#[test]
fn a_password_may_come_from_the_environment_or_a_file() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    let role = format!("reader_of_{}", database.name());
    database
        .psql(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; GRANT USAGE, CREATE ON SCHEMA public TO {role}"
        ))
        .unwrap();
    let port = database.cluster().port();
    place.write(
        "snake-pipe.toml",
        format!(
            "[backends.db]\nhost = \"127.0.0.1\"\nport = {port}\ndatabase = \"{}\"\nusername = \"{role}\"\n\
             password_env = \"CODE_PASSWORD\"\n",
            database.name()
        ),
    );
    let mut command = place.command(&["load", "shop", "--to", "db"]);
    command.env("CODE_PASSWORD", PASSWORD);
    Answer::of(command, "").exits(0);
    let answer = place.run(&["load", "shop", "--to", "db"]).exits(2);
    assert!(answer.stderr.contains("the environment variable `CODE_PASSWORD`"), "{}", answer.told());

    place.write("secret", format!("{PASSWORD}\n"));
    let url = format!("postgres://{role}@127.0.0.1:{port}/{}?password_file=secret", database.name());
    place.run(&["status", "--from", &url]).exits(0);
    database.psql(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).unwrap();
}
