//! What the program ends with, by one rule: 2 where the command or the configuration has to be put otherwise, 1 where it was
//! rightly put and failed.

use snake_pipe_testkit::postgres::TestDatabase;

use super::{shop, support::Answer};

/// Commands that name what does not exist, or say what cannot be.
const WRONGLY_PUT: &[&[&str]] = &[
    &["nonsense"],
    &["load"],
    &["load", "nowhere"],
    &["load", "shop/web/format.ts"],
    &["load", "shop", "--facts", "facts.ndjson"],
    &["load", "shop", "--language", "klingon"],
    &["load", "shop", "--ast", "half"],
    &["load", "shop", "--format", "yaml"],
    &["load", "shop", "--to", "nightly"],
    &["load", "shop", "--to", "mysql://h/d"],
    &["load", "shop", "--to", "postgres://h:port/d"],
    &["load", "shop", "--to", "postgres://h/d?pool_size=many"],
    &["load", "shop", "--to", "sqlite:nowhere/code.db"],
    &["load", "shop", "--to", "sqlite:shop"],
    &["load", "--facts", "nowhere.ndjson"],
    &["load", "--facts", "shop"],
    &["load", "--facts", "-"],
    &["extract", "nowhere"],
    &["query", "hotspot"],
    &["query", "hotspots", "--format", "xml"],
    &["query", "hotspots", "--param", "limit"],
    &["query", "hotspots", "--param", "limit=many"],
    &["query", "hotspots", "--param", "colour=red"],
    &["query", "callers"],
    &["query", "SELECT 1", "--param", "1=surplus"],
    &["query", "SELECT 1", "--param", "name=surplus"],
    &["query", "SELECT $1"],
    &["query", "SELECT $2", "--param", "2=two"],
    &["query", "hotspots", "--from", "sqlite:nowhere.db"],
    &["status", "--from", "nightly"],
    &["check", "--from", "sqlite:nowhere.db"],
    &["repositories", "remove", "nobody"],
    &["backends", "show", "mysql"],
    &["--config", "nowhere.toml", "status"],
    &["--profile", "nowhere", "status"],
];

#[test]
fn a_command_that_is_wrongly_put_ends_with_2_and_a_way_out() {
    let place = shop::loaded();
    for arguments in WRONGLY_PUT {
        let mut command = place.command(arguments);
        command.env("DATABASE_URL", "sqlite:code.db");
        let answer = Answer::of(command, "").exits(2);
        assert!(answer.stderr.starts_with("error: "), "{}", answer.told());
        assert!(
            answer.stderr.contains("\n  help: ") || answer.stderr.contains("try '--help'"),
            "no way out\n{}",
            answer.told()
        );
        assert_eq!(answer.stdout, "", "{}", answer.told());
    }
}

#[test]
fn a_wrong_configuration_ends_every_command_with_2() {
    let place = shop::loaded();
    for toml in ["[load]\nthread = 3\n", "[load]\nthreads = \"many\"\n", "[load\n"] {
        place.write("snake-pipe.toml", toml);
        for arguments in [&["load", "shop"] as &[_], &["status"], &["queries"], &["config", "show"]] {
            place.run(arguments).exits(2);
        }
    }
}

#[test]
fn a_command_that_is_rightly_put_and_fails_ends_with_1() {
    let place = shop::loaded();
    let down = "postgres://me@127.0.0.1:1/code?retry_attempts=0";
    place.write("letter.txt", "Dear all,\n".repeat(100));
    place.write("empty.db", "");
    for arguments in [
        &["load", "shop", "--to", down] as &[_],
        &["query", "hotspots", "--from", down],
        &["doctor", "--from", down],
        &["load", "shop", "--to", "sqlite:letter.txt"],
        &["query", "SELECT nonsense FROM files", "--from", "sqlite:code.db"],
        &["query", "DELETE FROM files", "--from", "sqlite:code.db"],
        &["query", "hotspots", "--from", "sqlite:empty.db"],
    ] {
        place.run(arguments).exits(1);
    }
}

#[test]
fn what_is_done_in_part_ends_with_3() {
    let place = shop::place();
    place.write("facts.ndjson", "{\"path\":\"a.c\"}\nnonsense\n");
    place.run(&["load", "--facts", "facts.ndjson", "--to", "sqlite:code.db"]).exits(3);
    place.write("snake-pipe.toml", "[load]\nretry_attempts = 0\n");
    let down = "postgres://me@127.0.0.1:1/code?retry_attempts=0";
    place.run(&["load", "shop", "--to", "sqlite:code.db", "--to", down]).exits(3);
}

#[test]
fn a_value_too_many_or_too_few_is_refused_by_every_database() {
    let place = shop::loaded();
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "shop", "--to", &database.url()]).exits(0);
    for from in ["sqlite:code.db", &database.url()] {
        for (sql, parameters, message, help) in [
            (
                "SELECT 1",
                &["1=a"] as &[_],
                "the statement has 0 parameters, 1 value given",
                "it takes no `--param`",
            ),
            (
                "SELECT $1",
                &["1=a", "2=b"],
                "the statement has 1 parameter, 2 values given",
                "it takes `--param 1=…`",
            ),
            (
                "SELECT $1, $2",
                &[],
                "the statement has 2 parameters, 0 values given",
                "`--param 1=…` to `--param 2=…`",
            ),
        ] {
            let mut arguments = vec!["query", sql, "--from", from];
            parameters.iter().for_each(|parameter| arguments.extend(["--param", parameter]));
            let answer = place.run(&arguments).exits(2);
            assert!(answer.stderr.contains(message), "{message}\n{}", answer.told());
            assert!(answer.stderr.contains(help), "{help}\n{}", answer.told());
        }
        let answer = place.run(&["query", "hotspots", "--from", from, "--param", "colour=red"]).exits(2);
        assert!(answer.stderr.contains("query `hotspots` has no parameter `colour`"), "{}", answer.told());
        assert!(answer.stderr.contains("it takes `--param repository=…`"), "{}", answer.told());
    }
}
