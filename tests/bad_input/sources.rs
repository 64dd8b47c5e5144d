//! Files that no parser expects: odd names, odd bytes, odd sizes, broken code.

use std::{
    ffi::OsString,
    fs,
    os::unix::{ffi::OsStringExt as _, fs::symlink},
    process::Command,
};

use serde_json::{Value, json};
use snake_pipe_testkit::postgres::TestDatabase;

use super::{rows, support::Place};

#[test]
fn any_name_is_stored() {
    let place = Place::new();
    let names: [&[u8]; 7] = [
        b"with space.py",
        b"quote'\"s.py",
        b"new\nline.py",
        b"100%.py",
        b"bad\xff.py",
        b"-rf.py",
        "größe.py".as_bytes(),
    ];
    for name in names {
        place.write(OsString::from_vec([b"src/" as &[u8], name].concat()), "def f():\n    pass\n");
    }
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "src", "--to", "sqlite:code.db", "--to", &database.url()]).exits(0);
    let sql = "SELECT file_path, path_bytes FROM files WHERE function_count = 1 ORDER BY file_path";
    let of = |path: &str, bytes: Option<&str>| json!({"file_path": path, "path_bytes": bytes});
    let expected = [
        of("-rf.py", None),
        of("100%.py", None),
        of("bad\\xff.py", Some("626164ff2e7079")),
        of("größe.py", None),
        of("new\nline.py", None),
        of("quote'\"s.py", None),
        of("with space.py", None),
    ];
    assert_eq!(rows(&place, "sqlite:code.db", sql), expected);
    assert_eq!(rows(&place, &database.url(), sql), expected);
    let answer = place.run(&["load", "src", "--to", "sqlite:code.db", "--to", &database.url()]).exits(0);
    assert!(answer.stdout.starts_with("src is unchanged: 7 files"), "{}", answer.told());
}

#[test]
fn any_bytes_are_a_row() {
    let place = Place::new();
    place.write("src/empty.py", "");
    place.write("src/binary.py", (0..4096_u32).map(|n| (n * 7919 % 251) as u8).collect::<Vec<_>>());
    place.write("src/nul.c", "int a\0b;\n");
    place.write("src/latin1.py", b"# caf\xe9\ndef f():\n    pass\n");
    place.write("src/crlf.py", "def f():\r\n    pass\r\n");
    place.write("src/bom.py", "\u{feff}def f():\n    pass\n");
    place.write("src/notes.txt", "Nothing to parse.\n");
    let sparse = fs::File::create(place.path("src/sparse.c")).unwrap();
    sparse.set_len(200 << 20).unwrap();
    let answer = place.run(&["load", "src", "--to", "sqlite:code.db"]).exits(0);
    assert!(
        answer.stdout.contains("2 binary file, 1 larger than the limit of 33554432 bytes"),
        "{}",
        answer.told()
    );

    let sql = "SELECT file_path, size_bytes, parse_status, skip_reason, total_lines, function_count FROM files ORDER BY file_path";
    let found: Vec<_> = rows(&place, "sqlite:code.db", sql).iter().map(told).collect();
    assert_eq!(
        found,
        [
            r#""binary.py" 4096 "skipped" "binary file" null 0"#,
            r#""bom.py" 21 "parsed" null 2 1"#,
            r#""crlf.py" 20 "parsed" null 2 1"#,
            r#""empty.py" 0 "parsed" null 0 0"#,
            r#""latin1.py" 25 "parsed" null 3 1"#,
            r#""notes.txt" 18 "skipped" "no known language" 1 0"#,
            r#""nul.c" 9 "skipped" "binary file" null 0"#,
            r#""sparse.c" 209715200 "skipped" "larger than the limit of 33554432 bytes" null 0"#,
        ]
    );
    let sql =
        "SELECT f.file_path, p.kind FROM parse_issues p JOIN files f ON f.file_id = p.file_id ORDER BY 1";
    assert_eq!(
        rows(&place, "sqlite:code.db", sql),
        [
            json!({"file_path": "latin1.py", "kind": "invalid_utf8"}),
            json!({"file_path": "sparse.c", "kind": "over_limit"}),
        ]
    );
}

/// A row's values in the order of the statement above.
fn told(row: &Value) -> String {
    let columns = ["file_path", "size_bytes", "parse_status", "skip_reason", "total_lines", "function_count"];
    columns.map(|column| row[column].to_string()).join(" ")
}

#[test]
fn links_and_pipes_are_rows_and_never_followed() {
    let place = Place::new();
    place.write("src/a.py", "x = 1\n");
    symlink(".", place.path("src/loop")).unwrap();
    symlink("nowhere", place.path("src/dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(place.path("src/pipe")).status().unwrap().success());
    place.run(&["load", "src", "--to", "sqlite:code.db"]).exits(0);
    assert_eq!(
        rows(&place, "sqlite:code.db", "SELECT file_path, skip_reason FROM files ORDER BY file_path"),
        [
            json!({"file_path": "a.py", "skip_reason": null}),
            json!({"file_path": "dangling", "skip_reason": "symbolic link"}),
            json!({"file_path": "loop", "skip_reason": "symbolic link"}),
            json!({"file_path": "pipe", "skip_reason": "named pipe"}),
        ]
    );
}

#[test]
fn broken_code_of_every_language_is_a_row_with_an_issue() {
    let place = Place::new();
    for (name, code) in [
        ("a.c", "int f( {"),
        ("a.cpp", "class A { int f( {"),
        ("a.cs", "class A { void f( { }"),
        ("a.go", "package a\nfunc f( {\n"),
        ("a.java", "class A { void f( { }"),
        ("a.js", "function f( {"),
        ("a.kt", "fun f( {"),
        ("a.py", "def f(:\n"),
        ("a.rs", "fn f( {"),
        ("a.scala", "object A { def f( = "),
        ("a.ts", "function f(: {"),
    ] {
        place.write(format!("src/{name}"), code);
    }
    place.run(&["load", "src", "--to", "sqlite:code.db"]).exits(0);
    let sql = "SELECT language, parse_status, min(p.line_start) >= 1 AS has_line FROM files f \
               JOIN parse_issues p ON p.file_id = f.file_id GROUP BY language, parse_status ORDER BY language";
    let languages =
        ["c", "cpp", "csharp", "go", "java", "javascript", "kotlin", "python", "rust", "scala", "typescript"];
    let expected =
        languages.map(|language| json!({"language": language, "parse_status": "partial", "has_line": 1}));
    assert_eq!(rows(&place, "sqlite:code.db", sql), expected);
    place.run(&["check", "--from", "sqlite:code.db"]).exits(0);
}

#[test]
fn a_name_of_ten_thousand_characters_is_cut_in_every_database() {
    let place = Place::new();
    let name = "a".repeat(10_000);
    place.write(
        "src/long.py",
        format!("class {name}:\n    def {name}(self, {name}):\n        self.{name}()\n"),
    );
    place.write(format!("src/{}.py", "b".repeat(200)), format!("import {name}\n"));
    let database = TestDatabase::create().unwrap();
    place.run(&["load", "src", "--to", "sqlite:code.db", "--to", &database.url()]).exits(0);
    for database in ["sqlite:code.db", &database.url()] {
        let sql = "SELECT length(name) AS n FROM functions UNION ALL SELECT length(name) FROM classes";
        assert_eq!(rows(&place, database, sql), [json!({"n": 1000}), json!({"n": 1000})]);
        let sql = "SELECT count(*) > 0 AS is_told FROM parse_issues WHERE kind = 'truncated'";
        let told = rows(&place, database, sql)[0]["is_told"].clone();
        assert!(told == 1 || told == true, "{told}");
        place.run(&["check", "--from", database]).exits(0);
    }
}

#[test]
fn a_long_line_and_deeply_nested_code_are_loaded_with_their_whole_tree() {
    let place = Place::new();
    place.write("src/line.js", format!("var a = [{}];\n", "1,".repeat(50_000)));
    place.write("src/sum.py", format!("x = {}1\n", "1 + ".repeat(2_000)));
    place.write("src/deep.c", format!("int a = {}1{};\n", "(".repeat(5_000), ")".repeat(5_000)));
    let database = TestDatabase::create().unwrap();
    let url = database.url();
    place.run(&["load", "src", "--ast", "full", "--to", "sqlite:code.db", "--to", &url]).exits(0);
    for database in ["sqlite:code.db", &url] {
        let sql = "SELECT f.file_path, f.parse_status, p.kind, p.message FROM files f \
                   LEFT JOIN parse_issues p ON p.file_id = f.file_id ORDER BY f.file_path";
        let cut = "the syntax tree was cut below 400 levels";
        assert_eq!(
            rows(&place, database, sql),
            [
                json!({"file_path": "deep.c", "parse_status": "parsed", "kind": "truncated", "message": cut}),
                json!({"file_path": "line.js", "parse_status": "parsed", "kind": null, "message": null}),
                json!({"file_path": "sum.py", "parse_status": "parsed", "kind": "truncated", "message": cut}),
            ]
        );
    }
}
