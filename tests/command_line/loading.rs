//! `load` of a source tree.

use std::fs;

use serde_json::{Value, json};
use snake_pipe_testkit::postgres::TestDatabase;

use super::{
    rows::{all_rows, query, row_counts, rows_of_files},
    shop,
    support::Place,
};

#[test]
fn the_summary_says_what_was_loaded_and_what_to_do_next() {
    let place = shop::place();
    let answer = place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    assert_eq!(answer.stderr, "");
    assert!(
        answer.stdout.starts_with("loaded shop into sqlite:code.db: 9 files, 0.0 MB in "),
        "{}",
        answer.told()
    );
    let table = [
        " language     files   lines   functions   classes ",
        "──────────────────────────────────────────────────",
        " python           3      23           3         1 ",
        " java             2      10           2         2 ",
        " typescript       2       8           2         0 ",
        " c                2       5           1         0 ",
        " total            9      46           8         3 ",
        "9 dependencies; 5 imports, 60 % resolved in the repository; 7 calls, 57 % resolved; 0 parse issues",
        "",
        "next: snake-pipe query hotspots --from sqlite:code.db",
        "",
    ];
    assert!(answer.stdout.ends_with(&table.join("\n")), "{}", answer.told());
}

#[test]
fn imports_are_resolved_across_files() {
    let place = shop::loaded();
    let sql = "SELECT source_file_path AS source, target_file_path AS target, target_module AS module, status \
               FROM dependency_details WHERE dependency_type = 'import' ORDER BY 1, 2, 3";
    let resolved = |source: &str, target: &str| json!({"source": source, "target": target, "module": null, "status": "resolved"});
    let standard = |source: &str, module: &str| json!({"source": source, "target": null, "module": module, "status": "stdlib"});
    assert_eq!(
        query(&place, "sqlite:code.db", sql),
        [
            standard("native/sum.c", "stdio.h"),
            resolved("native/sum.c", "native/sum.h"),
            standard("pkg/model.py", "json"),
            resolved("pkg/service.py", "pkg/model.py"),
            resolved("web/api.ts", "web/format.ts"),
        ]
    );
}

#[test]
fn an_unchanged_tree_writes_nothing() {
    let place = shop::loaded();
    let before = all_rows(&place, "sqlite:code.db");
    let answer = place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    let expected = "shop is unchanged: 9 files compared, nothing written to sqlite:code.db, ";
    assert!(answer.stdout.starts_with(expected), "{}", answer.told());
    assert_eq!(answer.stderr, "");
    assert_eq!(all_rows(&place, "sqlite:code.db"), before);
}

#[test]
fn edits_end_in_the_same_rows_as_a_clean_load() {
    let place = shop::loaded();
    change(&place);
    let report = place.run(&["load", "shop", "--to", "sqlite:code.db", "--format", "json"]).exits(0).json();
    let lane = &report["run"]["lanes"][0];
    // Written are the edited file, the renamed one under its new name, and the one whose import lost its target.
    assert_eq!(
        ["files_written", "files_unchanged", "files_removed"].map(|key| lane[key].as_u64().unwrap()),
        [3, 5, 2],
        "{report:#}"
    );
    place.run(&["load", "shop", "--to", "sqlite:clean.db"]).exits(0);
    assert_eq!(rows_of_files(&place, "sqlite:code.db"), rows_of_files(&place, "sqlite:clean.db"));
    place.run(&["check", "--from", "sqlite:code.db", "--from", "sqlite:clean.db"]).exits(0);
    let answer = place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    assert!(answer.stdout.starts_with("shop is unchanged: 8 files"), "{}", answer.told());
}

/// Edits a file, deletes one, and renames one that another file imports.
fn change(place: &Place) {
    place.write("shop/native/sum.c", "#include \"sum.h\"\n\nint sum(int a, int b) { return b + a; }\n");
    fs::remove_file(place.path("shop/java/app/Shop.java")).unwrap();
    fs::rename(place.path("shop/web/format.ts"), place.path("shop/web/text.ts")).unwrap();
}

#[test]
fn unchanged_rows_keep_the_time_when_they_were_written() {
    let place = shop::loaded();
    let times =
        "SELECT file_path, created_at, updated_at FROM files WHERE file_path <> 'native/sum.c' ORDER BY 1";
    let before = query(&place, "sqlite:code.db", times);
    place.write("shop/native/sum.c", "int sum(int a, int b);\n");
    place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    assert_eq!(query(&place, "sqlite:code.db", times), before);
}

#[test]
fn two_databases_end_up_with_the_same_rows() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    let to = ["load", "shop", "--to", "sqlite:code.db", "--to", &database.url()];
    let answer = place.run(&to).exits(0);
    assert!(
        answer.stdout.starts_with("loaded shop into sqlite:code.db and postgres://"),
        "{}",
        answer.told()
    );
    let counts = row_counts(&place, "sqlite:code.db");
    assert_eq!(counts, row_counts(&place, &database.url()));
    assert_eq!((counts["files"], counts["functions"], counts["imports"]), (9, 8, 5));

    change(&place);
    place.run(&to).exits(0);
    assert_eq!(row_counts(&place, "sqlite:code.db"), row_counts(&place, &database.url()));
    let answer = place.run(&to).exits(0);
    assert!(answer.stdout.starts_with("shop is unchanged: 8 files"), "{}", answer.told());
    place.run(&["check", "--from", "sqlite:code.db", "--from", &database.url()]).exits(0);
}

#[test]
fn only_the_chosen_languages_are_loaded_and_the_others_stay() {
    let place = shop::place();
    let languages = |place: &Place| -> Vec<Value> {
        query(place, "sqlite:code.db", "SELECT DISTINCT language FROM files ORDER BY language")
    };
    place
        .run(&["load", "shop", "--to", "sqlite:code.db", "--language", "python", "--language", "c"])
        .exits(0);
    assert_eq!(languages(&place), [json!({"language": "c"}), json!({"language": "python"})]);
    place.run(&["load", "shop", "--to", "sqlite:code.db", "--language", "java"]).exits(0);
    assert_eq!(languages(&place).len(), 3);
}

#[test]
fn a_load_of_one_language_links_against_all_of_them() {
    let place = shop::place();
    place.write("web/j.js", "export function j() {}\n");
    place.write("web/t.ts", "import { j } from './j.js';\nexport function t() { j(); }\n");
    let statuses = |place: &Place| {
        query(
            place,
            "sqlite:web.db",
            "SELECT status, count(*) AS n FROM calls GROUP BY status ORDER BY status",
        )
    };
    let load = ["load", "web", "--to", "sqlite:web.db"];
    place.run(&load).exits(0);
    let clean = statuses(&place);
    assert_eq!(clean, [json!({"status": "resolved", "n": 1})]);
    place.run(&[&load[..], &["--language", "typescript"]].concat()).exits(0);
    assert_eq!(statuses(&place), clean);

    place.write("web/j.js", "export function k() {}\n");
    place.run(&[&load[..], &["--language", "typescript"]].concat()).exits(0);
    assert_eq!(statuses(&place), [json!({"status": "unresolved", "n": 1})]);
    place.write("web/j.js", "export function j() {}\n");
    place.run(&load).exits(0);
    assert_eq!(statuses(&place), clean);
}

#[test]
fn branches_of_a_repository_stand_beside_each_other() {
    let place = shop::place();
    for branch in ["main", "next"] {
        place
            .run(&["load", "shop", "--to", "sqlite:code.db", "--repository", "app", "--ref", branch])
            .exits(0);
    }
    assert_eq!(
        query(
            &place,
            "sqlite:code.db",
            "SELECT repository, ref_name, count(*) AS files FROM file_details GROUP BY 1, 2 ORDER BY 2"
        ),
        [
            json!({"repository": "app", "ref_name": "main", "files": 9}),
            json!({"repository": "app", "ref_name": "next", "files": 9}),
        ]
    );
}

#[test]
fn another_source_of_the_same_name_is_refused_unless_allowed() {
    let place = shop::loaded();
    place.write("elsewhere/shop/a.py", "x = 1\n");
    let load = ["load", "elsewhere/shop", "--to", "sqlite:code.db"];
    let answer = place.run(&load).exits(1);
    assert!((answer.stdout + &answer.stderr).contains("--allow-other-source"));
    assert_eq!(row_counts(&place, "sqlite:code.db")["files"], 9);
    place.run(&[&load[..], &["--allow-other-source"]].concat()).exits(0);
    assert_eq!(row_counts(&place, "sqlite:code.db")["files"], 1);
}

#[test]
fn source_and_syntax_trees_are_stored_on_request() {
    let place = shop::place();
    place.run(&["load", "shop", "--to", "sqlite:code.db", "--store-source", "--ast", "none"]).exits(0);
    assert_eq!(
        query(&place, "sqlite:code.db", "SELECT source_code FROM functions WHERE name = 'price'"),
        [json!({"source_code": "def price(self):\n        return 1"})]
    );
    assert_eq!(
        query(&place, "sqlite:code.db", "SELECT count(*) AS n FROM files WHERE ast_content IS NOT NULL"),
        [json!({"n": 0})]
    );
}

#[test]
fn timings_are_shown_on_request() {
    let place = shop::place();
    let answer = place.run(&["load", "shop", "--to", "sqlite:code.db", "--timings"]).exits(0);
    for phase in
        ["connect and migrate", "control plane", "parse and link", "publish: write rows", "everything else"]
    {
        assert!(answer.stdout.contains(phase), "{phase}: {}", answer.told());
    }
}

#[test]
fn timings_sum_up_to_the_whole_time() {
    let place = shop::place();
    let answer = place.run(&["load", "shop", "--to", "sqlite:code.db", "--format", "json"]).exits(0);
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    let seconds = |value: &Value| value.as_f64().unwrap();
    let sum: f64 =
        report["timings"].as_array().unwrap().iter().map(|timing| seconds(&timing["seconds"])).sum();
    assert!((sum - seconds(&report["seconds"])).abs() < 1e-6, "{}", answer.told());
    let lane = &report["run"]["lanes"][0];
    let of_lane: f64 =
        lane["phases"].as_array().unwrap().iter().map(|phase| seconds(&phase["seconds"])).sum();
    assert!((of_lane - seconds(&lane["duration_ms"]) / 1e3).abs() < 2e-3, "{}", answer.told());
    assert!(lane["transaction"].is_string() && seconds(&lane["bytes"]) > 0.0, "{}", answer.told());
}
