//! Help, suggestions and exit codes.

use super::{shop, support::Place};

const COMMANDS: &[&[&str]] = &[
    &["load"],
    &["extract"],
    &["query"],
    &["queries"],
    &["status"],
    &["check"],
    &["repositories", "list"],
    &["repositories", "remove"],
    &["backends", "list"],
    &["backends", "show"],
    &["migrate"],
    &["config", "init"],
    &["config", "show"],
    &["backup"],
    &["restore"],
    &["health"],
    &["doctor"],
    &["pipelines", "list"],
    &["pipelines", "show"],
    &["pipelines", "create"],
    &["pipelines", "update"],
    &["pipelines", "delete"],
    &["runs", "list"],
    &["runs", "show"],
    &["runs", "retry"],
    &["runs", "cancel"],
    &["tasks"],
    &["errors", "list"],
    &["errors", "show"],
    &["errors", "resolve"],
    &["errors", "ignore"],
    &["dead-letters", "list"],
    &["dead-letters", "show"],
    &["dead-letters", "replay"],
    &["dead-letters", "resolve"],
    &["dead-letters", "discard"],
    &["positions"],
    &["schemas", "list"],
    &["schemas", "show"],
    &["schemas", "diff"],
    &["lineage"],
    &["stats"],
    &["recover"],
    &["gc"],
    &["audit"],
];

#[test]
fn every_command_shows_an_example() {
    let place = Place::new();
    for command in COMMANDS {
        let answer = place.run(&[*command, &["--help"]].concat()).exits(0);
        let example = format!("snake-pipe {}", command.join(" "));
        let (_, examples) =
            answer.stdout.split_once("Example").unwrap_or_else(|| panic!("{}", answer.told()));
        let is_shown =
            examples.contains(&example) || examples.contains("snake-pipe --profile production config show");
        assert!(is_shown, "{}", answer.told());
    }
}

/// The commands above are all that there are.
#[test]
fn the_overview_lists_every_command_and_the_exit_codes() {
    let answer = Place::new().run(&["--help"]).exits(0);
    let (_, listed) = answer.stdout.split_once("\nLoad and ask:\n").unwrap();
    let (listed, after) = listed.split_once("\nEverywhere:\n").unwrap();
    let listed = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut listed: Vec<_> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    let mut known: Vec<_> = COMMANDS.iter().map(|command| command[0]).collect();
    known.dedup();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    for exit_code in [
        "\n  0    done;",
        "\n  1    failed,",
        "\n  2    wrongly put:",
        "\n  3    partly failed:",
        "\n  130  interrupted;",
    ] {
        assert!(after.contains(exit_code), "{exit_code}\n{after}");
    }
    assert!(after.contains("\nStart here:\n  snake-pipe load .\n"));
}

#[test]
fn without_a_command_the_help_is_shown() {
    let answer = Place::new().run::<&str>(&[]).exits(2);
    assert!(answer.stderr.contains("Usage: snake-pipe [OPTIONS] <COMMAND>"), "{}", answer.told());
}

#[test]
fn typing_mistakes_are_answered_by_the_nearest_name() {
    let place = shop::loaded();
    place.write("with-backend.toml", "[backends.nightly]\nurl = \"sqlite:n.db\"\n");
    for (arguments, code, suggestion) in [
        (&["lod", "shop"] as &[_], 2, "'load'"),
        (&["load", "shop", "--repositori", "x"], 2, "'--repository'"),
        (&["query", "hotspot", "--from", "sqlite:code.db"], 2, "did you mean `hotspots`?"),
        (
            &["query", "callers", "--param", "funktion=x", "--from", "sqlite:code.db"],
            2,
            "`--param function=…`",
        ),
        (&["query", "callers", "--from", "sqlite:code.db"], 2, "`--param function=…`"),
        (
            &["query", "hotspots", "--param", "limit", "--from", "sqlite:code.db"],
            2,
            "a parameter is name=value",
        ),
        (&["query", "hotspots", "--param", "limit=many", "--from", "sqlite:code.db"], 2, "a whole number"),
        (&["backends", "show", "postgre"], 2, "did you mean `postgres`?"),
        (&["--config", "with-backend.toml", "load", "shop", "--to", "nightli"], 2, "did you mean `nightly`?"),
        (&["load", "shop", "--to", "nightly"], 2, "write [backends.nightly] into snake-pipe.toml"),
        (&["load", "shop", "--to", "sqlite:n.db", "--to", "sqlite:n.db"], 2, "`sqlite:n.db` is given twice"),
        (&["load", "shop", "--repository", ""], 2, "a value is required for '--repository <NAME>'"),
        (
            &["load", "shop", "--to", "mysql://h/d"],
            2,
            "a backend is given as a URL such as memory:NAME, postgres://",
        ),
        (&["load", "shop", "--to", "postgres://h/d?pool_sise=3"], 2, "did you mean `pool_size`?"),
        (&["load", "shop", "--language", "pythn"], 2, "python"),
        (&["load", "shop", "--ast", "half"], 2, "it takes none, outline or full"),
        (&["--config", "none.toml", "status"], 2, "write one with `snake-pipe config init`"),
    ] {
        let answer = place.run(arguments).exits(code);
        assert!(answer.stderr.contains(suggestion), "{suggestion}\n{}", answer.told());
        assert_eq!(answer.stdout, "", "{}", answer.told());
    }
}

#[test]
fn a_misspelt_key_names_its_file_or_variable() {
    let place = shop::place();
    place.write("snake-pipe.toml", "[load]\nthread = 3\n");
    let answer = place.run(&["status"]).exits(2);
    assert!(answer.stderr.contains("unknown key `load.thread` (file: snake-pipe.toml)"), "{}", answer.told());
    assert!(answer.stderr.contains("help: did you mean `load.threads`?"), "{}", answer.told());

    place.write("snake-pipe.toml", "[load\n");
    let answer = place.run(&["status"]).exits(2);
    assert!(answer.stderr.contains("the configuration file is not TOML (line: 1, "), "{}", answer.told());
}

#[test]
fn logs_are_json_where_that_is_asked_for() {
    let place = shop::place();
    let load = ["-v", "--log-format", "json", "load", "shop", "--to", "sqlite:code.db", "--format", "json"];
    let answer = place.run(&load).exits(0);
    answer.json();
    for line in answer.stderr.lines() {
        let _: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}
