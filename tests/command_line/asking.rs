//! `query` and `queries`.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::json;
use snake_pipe_testkit::postgres::TestDatabase;

use super::{
    shop,
    support::{Answer, Place},
};

fn ask(place: &Place, arguments: &[&str]) -> Answer {
    place.run(&[&["query", "--from", "sqlite:code.db"], arguments].concat()).exits(0)
}

#[test]
fn a_named_query_answers_with_a_table() {
    let place = shop::loaded();
    let answer = ask(&place, &["hotspots", "--param", "limit=2"]);
    let lines: Vec<_> = answer.stdout.lines().map(str::trim_end).collect();
    assert_eq!(
        lines[..4],
        [
            " qualified_name   file_path        line_start   complexity   call_sites   score",
            "────────────────────────────────────────────────────────────────────────────────",
            " total            pkg/service.py            4            3            1       6",
            " format           web/format.ts             1            2            1       4",
        ]
    );
    assert!(lines[4].starts_with("2 rows in "), "{}", answer.told());
}

#[test]
fn every_named_query_answers_the_same_on_both_databases() {
    let place = shop::loaded();
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "shop", "--to", &database.url()]).exits(0);
    for query in place.run(&["queries", "--format", "json"]).exits(0).json().as_array().unwrap() {
        let name = query["name"].as_str().unwrap();
        let takes = |wanted: &str| {
            query["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == wanted)
        };
        let given = ["function=total", "files=pkg/model.py", "words=total"];
        let wanted = given.iter().filter(|pair| takes(pair.split('=').next().unwrap()));
        let parameters: Vec<&str> = wanted.flat_map(|pair| ["--param", *pair]).collect();
        let answer = |from: &str| {
            place
                .run(&[&["query", name, "--from", from, "--format", "json"], &parameters[..]].concat())
                .exits(0)
                .json()
        };
        assert_eq!(answer("sqlite:code.db"), answer(&database.url()), "{name}");
    }
}

#[test]
fn a_statement_may_stand_on_the_command_line_or_on_standard_input() {
    let place = shop::loaded();
    let sql = "SELECT language, count(*) AS files FROM files GROUP BY language ORDER BY language";
    let expected = json!([
        {"language": "c", "files": 2},
        {"language": "java", "files": 2},
        {"language": "python", "files": 3},
        {"language": "typescript", "files": 2},
    ]);
    assert_eq!(ask(&place, &[sql, "--format", "json"]).json(), expected);
    let arguments = ["query", "-", "--from", "sqlite:code.db", "--format", "json"];
    assert_eq!(place.run_with_input(&arguments, sql).exits(0).json(), expected);
}

#[test]
fn rows_come_in_the_form_that_is_asked_for() {
    let place = shop::loaded();
    let sql = "SELECT name, line_start AS line, return_type FROM functions WHERE name IN ('main', 'show') ORDER BY name";
    assert_eq!(
        ask(&place, &[sql, "--format", "ndjson"]).stdout,
        "{\"name\":\"main\",\"line\":13,\"return_type\":null}\n{\"name\":\"show\",\"line\":3,\"return_type\":\"string\"}\n"
    );
    assert_eq!(
        ask(&place, &[sql, "--format", "csv"]).stdout,
        "name,line,return_type\nmain,13,\nshow,3,string\n"
    );
    assert_eq!(
        ask(&place, &["SELECT 'a,\"b\"' AS a, 1.5 AS b", "--format", "csv"]).stdout,
        "a,b\n\"a,\"\"b\"\"\",1.5\n"
    );
    assert_eq!(
        ask(&place, &["SELECT name FROM functions WHERE false", "--format", "json"]).json(),
        json!([])
    );
}

#[test]
fn parameters_are_bound_never_pasted() {
    let place = shop::loaded();
    let answer = ask(&place, &["callers", "--param", "function=total", "--format", "json"]);
    assert_eq!(
        answer.json(),
        json!([
            {"callee": "total", "caller": "main", "file_path": "pkg/service.py", "line_number": 14, "column_number": 12}
        ])
    );
    let sql = "SELECT name FROM functions WHERE name = $1 AND line_start >= $2";
    let rows =
        |first: &str| ask(&place, &[sql, "--param", first, "--param", "2=1", "--format", "json"]).json();
    assert_eq!(rows("1=main"), json!([{"name": "main"}]));
    assert_eq!(rows("1=main' OR '1'='1"), json!([]));
}

#[test]
fn rows_beyond_the_limit_are_announced() {
    let place = shop::loaded();
    let answer = ask(&place, &["SELECT name FROM functions ORDER BY name", "--max-rows", "3"]);
    assert!(answer.stdout.contains("\n3 rows, there are more in "), "{}", answer.told());
    let named = ask(&place, &["hotspots", "--max-rows", "1"]);
    assert!(named.stdout.contains("\n1 row, there are more in "), "{}", named.told());
}

#[test]
fn lines_come_while_the_query_runs_and_an_error_leaves_whole_ones() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    let sql = "SELECT n, 1 / (5000 - n) AS x FROM generate_series(1, 9999) AS n";
    for (format, first, lines) in [("ndjson", "{\"n\":1,\"x\":0}", 544), ("csv", "n,x", 545)] {
        let answer = place.run(&["query", sql, "--from", &database.url(), "--format", format]).exits(1);
        assert!(answer.stderr.contains("division by zero"), "{}", answer.told());
        assert_eq!(answer.stdout.lines().next(), Some(first));
        assert_eq!(
            (
                answer.stdout.lines().count(),
                answer.stdout.ends_with(",0\n") || answer.stdout.ends_with("0}\n")
            ),
            (lines, true)
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn lines_are_printed_in_bounded_memory() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    let sql = "SELECT n, repeat('x', 1000000) AS x FROM generate_series(1, 200) AS n";
    let mut query = place.command(&["query", sql, "--from", &database.url(), "--format", "csv"]);
    let mut child = query.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // 50 MB are still to come, so the program waits to be read.
    let line = lines.nth(150).unwrap().unwrap();
    assert!(line.starts_with("150,xxx"));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 120_000, "{peak_kb} kB were held of 150 MB");
    drop(lines);
    assert!(child.wait().unwrap().success(), "a reader that went away is no error");
}

#[test]
fn a_slow_query_is_logged_by_its_text_or_its_name() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    let answer = place.run(&["query", "SELECT pg_sleep(1.05)", "--from", &database.url()]).exits(0);
    assert!(answer.stderr.contains("slow query"), "{}", answer.told());
    assert!(answer.stderr.contains("SELECT pg_sleep(1.05)"), "{}", answer.told());
    let off = format!("{}&sql_logging=off", database.url());
    let answer = place.run(&["query", "SELECT pg_sleep(1.05)", "--from", &off]).exits(0);
    assert_eq!(answer.stderr, "");
}

#[test]
fn the_plan_of_a_query_is_shown_on_request() {
    let place = shop::loaded();
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "shop", "--to", &database.url()]).exits(0);
    let answer = ask(&place, &["hotspots", "--explain"]);
    assert!(answer.stdout.contains("SEARCH "), "{}", answer.told());
    let json = ask(
        &place,
        &["SELECT name FROM functions WHERE name = $1", "--param", "1=main", "--explain", "--format", "json"],
    );
    assert!(json.json()[0]["plan"].as_str().unwrap().starts_with("SEARCH functions"), "{}", json.told());
    place.run(&["query", "hotspots", "--explain=analyze", "--from", "sqlite:code.db"]).exits(1);
    let answer = place.run(&["query", "hotspots", "--explain=analyze", "--from", &database.url()]).exits(0);
    assert!(
        answer.stdout.starts_with("Limit ") && answer.stdout.contains("(actual time="),
        "{}",
        answer.told()
    );
}

#[test]
fn a_repository_is_removed_by_the_name_that_queries_take() {
    let place = shop::place();
    for ref_name in ["main", "next"] {
        place
            .run(&["load", "shop", "--repository", "shop", "--ref", ref_name, "--to", "sqlite:code.db"])
            .exits(0);
    }
    let answer = place.run(&["repositories", "remove", "shop@next", "--from", "sqlite:code.db"]).exits(0);
    assert!(answer.stdout.starts_with("removed shop (next) from "), "{}", answer.told());
    let left =
        place.run(&["repositories", "list", "--from", "sqlite:code.db", "--format", "json"]).exits(0).json();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["ref_name"]), (1, &json!("main")));
}

#[test]
fn statements_that_write_are_refused() {
    let place = shop::loaded();
    for sql in [
        "DELETE FROM files",
        "SELECT 1; DROP TABLE files",
        "WITH gone AS (DELETE FROM files RETURNING 1) SELECT * FROM gone",
        "PRAGMA user_version = 7",
    ] {
        let answer = place.run(&["query", sql, "--from", "sqlite:code.db"]).exits(1);
        assert!(answer.stderr.starts_with("error: "), "{}", answer.told());
    }
    assert_eq!(
        ask(&place, &["SELECT count(*) AS n FROM files", "--format", "json"]).json(),
        json!([{"n": 9}])
    );
}

#[test]
fn the_list_of_queries_says_what_each_answers() {
    let answer = Place::new().run(&["queries"]).exits(0);
    for expected in [
        "import-cycles\n    Which files import each other in a circle?",
        "    --param function=…  a function's name or qualified name (required)\n",
        "    --param depth=…  so many steps at most (default 10)\n",
    ] {
        assert!(answer.stdout.contains(expected), "{expected}\n{}", answer.told());
    }
}

#[test]
fn a_statement_that_is_no_text_is_refused_at_once() {
    let place = shop::loaded();
    let arguments = ["query", "-", "--from", "sqlite:code.db"];
    let answer = place.run_with_input(&arguments, "SELECT 1\0 AS a").exits(1);
    let message = "error: the statement holds a NUL character (from: standard input)\n  help: a statement is a text in UTF-8";
    assert!(answer.stderr.starts_with(message), "{}", answer.told());
}

#[test]
fn a_full_disk_behind_standard_output_is_told_and_a_reader_that_went_away_is_not() {
    let place = shop::loaded();
    let mut full = place.command(&["queries"]);
    full.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let output = full.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("error: No space left on device"), "{told}");
    assert!(told.contains("(to: standard output)"), "{told}");

    let many =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n";
    let asked = ["table", "json", "ndjson", "csv"]
        .map(|format| ["query", "--from", "sqlite:code.db", "--format", format, many]);
    for arguments in [&["extract", "shop"][..]].into_iter().chain(asked.iter().map(|asked| &asked[..])) {
        let mut gone = place.command(arguments);
        let mut child = gone.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), told.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
