//! `extract`, and `load --facts`.

use serde_json::{Value, json};

use super::{
    rows::{query, rows_of_files},
    shop,
    support::Place,
};

/// What the snake_pipe Java parser would write for a class that calls a method of its own and one of another class.
const JAVA_PARSER: &str = r#"{
  "filePath": "/home/ada/app/src/org/example/Till.java",
  "imports": ["import java.util.List;"],
  "classes": [{
    "name": "Till",
    "qualifiedName": "org.example.Till",
    "modifiers": "[public , final ]",
    "isFinal": true,
    "extendsList": "[Drawer<Coin>]",
    "implementsList": "[]",
    "methods": [{
      "name": "sum",
      "signature": "sum(List<Coin>)",
      "returnType": "int",
      "parameters": ["coins"],
      "parameterTypes": ["java.util.List<org.example.Coin>"],
      "modifiers": "[public ]",
      "cyclomaticComplexity": 3,
      "methodCalls": [
        {"methodName": "count", "resolvedMethod": "org.example.Till.count(Coin)", "arguments": ["coin"]},
        {"methodName": "log", "resolvedMethod": "org.other.Log.log(String)", "arguments": ["\"sum\""]}
      ]
    }, {
      "name": "count",
      "signature": "count(Coin)",
      "symbolId": "org.example.Till.count(Coin)",
      "returnType": "int",
      "parameters": ["coin"],
      "parameterTypes": ["org.example.Coin"],
      "modifiers": "[private ]",
      "cyclomaticComplexity": 1
    }]
  }]
}
"#;

fn extracted(place: &Place) -> String {
    let answer = place.run(&["extract", "shop"]).exits(0);
    assert_eq!(answer.stderr, "");
    answer.stdout
}

#[test]
fn extracted_facts_load_to_the_same_rows_as_the_tree_itself() {
    let place = shop::loaded();
    let facts = extracted(&place);
    assert_eq!(facts.lines().count(), 9);
    place.write("facts.ndjson", &facts);
    let load = ["load", "--repository", "shop", "--to", "sqlite:facts.db", "--facts"];
    place.run(&[&load[..], &["facts.ndjson"]].concat()).exits(0);
    assert_eq!(rows_of_files(&place, "sqlite:facts.db"), rows_of_files(&place, "sqlite:code.db"));

    let load = ["load", "--repository", "shop", "--to", "sqlite:stdin.db", "--facts", "-"];
    place.run_with_input(&load, &facts).exits(0);
    assert_eq!(rows_of_files(&place, "sqlite:stdin.db"), rows_of_files(&place, "sqlite:code.db"));
}

#[test]
fn facts_add_to_what_is_there_unless_they_are_said_to_be_complete() {
    let place = shop::place();
    let facts = extracted(&place);
    let (first, rest) = facts.split_once('\n').unwrap();
    let files =
        |place: &Place| query(place, "sqlite:code.db", "SELECT count(*) AS n FROM files")[0]["n"].clone();
    place.write("rest.ndjson", rest);
    place.write("first.ndjson", first);
    let load = ["load", "--repository", "app", "--to", "sqlite:code.db", "--facts"];
    place.run(&[&load[..], &["rest.ndjson"]].concat()).exits(0);
    place.run(&[&load[..], &["first.ndjson"]].concat()).exits(0);
    assert_eq!(files(&place), json!(9));
    place.run(&[&load[..], &["first.ndjson", "--complete"]].concat()).exits(0);
    assert_eq!(files(&place), json!(1));
}

#[test]
fn what_is_broken_beyond_its_path_removes_nothing() {
    let place = Place::new();
    let load = ["load", "--repository", "app", "--to", "sqlite:code.db", "--facts"];
    place.write("whole.ndjson", "{\"path\":\"a.py\"}\n{\"path\":\"b.py\"}\n");
    place.run(&[&load[..], &["whole.ndjson"]].concat()).exits(0);
    for broken in ["{\"path\":\"a.py\"}\n{broken b.py\n", "[\n{\"path\":\"a.py\"},\n{\"path\":\"c.py\"}\n]\n"]
    {
        place.write("broken.ndjson", broken);
        let answer = place.run(&[&load[..], &["broken.ndjson", "--complete"]].concat()).exits(3);
        assert!(answer.stdout.contains("--complete removes nothing: line "), "{}", answer.told());
        assert!(answer.stderr.contains("--complete removes nothing: line "), "{}", answer.told());
        let held = query(&place, "sqlite:code.db", "SELECT file_path FROM files WHERE file_path = 'b.py'");
        assert_eq!(held.len(), 1);
    }
}

#[test]
fn a_size_that_no_table_holds_is_refused_with_line_and_field() {
    let place = Place::new();
    let facts = "{\"path\":\"a\",\"size_bytes\":9223372036854775808}\n{\"path\":\"b\",\"size_bytes\":9223372036854775808}\n";
    let load = ["load", "--facts", "-", "--repository", "app", "--to", "sqlite:code.db"];
    let answer = place.run_with_input(&load, facts).exits(3);
    assert!(
        answer.stdout.contains("refused: line 2, field size_bytes: is 9223372036854775808"),
        "{}",
        answer.told()
    );
}

#[test]
fn a_broken_line_is_named_and_the_others_are_loaded() {
    let place = Place::new();
    let facts = r#"{"path":"a.c","language":"c"}
{"path":"b.c","functions":[{"name":"f","parameters":[{"name":"x","kind":"odd"}]}]}
not JSON at all
{"path":"c.c","language":"c"}
"#;
    let load = ["load", "--facts", "-", "--repository", "app", "--to", "sqlite:code.db"];
    let answer = place.run_with_input(&load, facts).exits(3);
    assert!(
        answer
            .stdout
            .contains("refused: line 2, field functions[0].parameters[0].kind: `odd` is not known here"),
        "{}",
        answer.told()
    );
    assert!(answer.stdout.contains("refused: line 3: "), "{}", answer.told());
    // The file of the second line is known, so a row says that it was refused.
    assert_eq!(
        query(&place, "sqlite:code.db", "SELECT file_path, parse_status FROM files ORDER BY file_path"),
        [
            json!({"file_path": "a.c", "parse_status": "parsed"}),
            json!({"file_path": "b.c", "parse_status": "failed"}),
            json!({"file_path": "c.c", "parse_status": "parsed"}),
        ]
    );
    let report = place.run_with_input(&[&load[..], &["--format", "json"]].concat(), facts).exits(3).json();
    assert_eq!(report["quarantined"][0]["line"], 2);
    assert_eq!(report["quarantined"][0]["path"], "b.c");
    assert_eq!(report["quarantined"][1]["path"], Value::Null);
}

#[test]
fn the_java_parsers_objects_are_read() {
    let place = Place::new();
    place.write("till.json", JAVA_PARSER);
    let load = ["load", "--facts", "till.json", "--facts-format", "snake-pipe-json"];
    let load =
        [&load[..], &["--facts-root", "/home/ada/app", "--repository", "app", "--to", "sqlite:code.db"]]
            .concat();
    place.run(&load).exits(0);
    let rows = |sql: &str| query(&place, "sqlite:code.db", sql);
    assert_eq!(
        rows("SELECT file_path, language, function_count, class_count FROM files"),
        [
            json!({"file_path": "src/org/example/Till.java", "language": "java", "function_count": 2, "class_count": 1})
        ]
    );
    assert_eq!(
        rows("SELECT qualified_name, complexity, visibility FROM functions ORDER BY name"),
        [
            json!({"qualified_name": "org.example.Till.count", "complexity": 1, "visibility": "private"}),
            json!({"qualified_name": "org.example.Till.sum", "complexity": 3, "visibility": "public"}),
        ]
    );
    assert_eq!(
        rows("SELECT callee_name, status, target_name FROM call_details ORDER BY callee_name"),
        [
            json!({"callee_name": "count", "status": "resolved", "target_name": "org.example.Till.count"}),
            json!({"callee_name": "log", "status": "unresolved", "target_name": null}),
        ]
    );
    // The same again: the producer's facts carry no hash, and still nothing is written.
    let report = place.run(&[&load[..], &["--format", "json"]].concat()).exits(0).json();
    assert_eq!(report["run"]["lanes"][0]["files_written"], 0, "{report:#}");
}

#[test]
fn the_java_parsers_objects_are_recognised_where_lines_are_expected() {
    let place = Place::new();
    place.write("till.json", JAVA_PARSER);
    let load = ["load", "--repository", "app", "--to", "sqlite:code.db", "--facts"];
    let read = place.run(&[&load[..], &["till.json"]].concat()).exits(2);
    assert!(!place.path("code.db").exists());
    // A pipe is looked at when its records are read.
    let piped = place.run_with_input(&[&load[..], &["-"]].concat(), JAVA_PARSER).exits(1);
    for told in [read.stderr, piped.stdout] {
        assert!(told.contains("help: add `--facts-format snake-pipe-json`"), "{told}");
    }
}

#[test]
fn facts_from_standard_input_need_a_name() {
    let answer = Place::new().run(&["load", "--facts", "-", "--to", "sqlite:code.db"]).exits(2);
    assert!(
        answer.stderr.contains("help: say which repository they are of: --repository NAME"),
        "{}",
        answer.told()
    );
}
