//! `[backends.NAME.route]`: each backend gets the files that it takes.

use super::{shop, support::Place};

const BOTH: [&str; 7] = ["load", "shop", "--to", "all", "--to", "python", "--format"];

fn configured(route: &str) -> Place {
    let place = shop::place();
    configure(&place, route);
    place
}

fn configure(place: &Place, route: &str) {
    place.write(
        "snake-pipe.toml",
        format!(
            "[backends.all]\nurl = \"sqlite:all.db\"\n[backends.python]\nurl = \"sqlite:python.db\"\n\
             [backends.python.route]\n{route}\n"
        ),
    );
}

fn load(place: &Place) -> serde_json::Value {
    let arguments: Vec<_> = BOTH.iter().copied().chain(["json"]).collect();
    place.run(&arguments).exits(0).json()
}

fn languages(place: &Place, from: &str) -> Vec<String> {
    let sql = "SELECT DISTINCT language FROM files ORDER BY language";
    let answer = place.run(&["query", sql, "--from", from, "--format", "json"]).exits(0).json();
    answer.as_array().unwrap().iter().map(|row| row["language"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_backend_gets_the_files_of_its_route_and_a_second_load_changes_nothing() {
    let place = configured("languages = [\"python\"]");
    let report = load(&place);
    let lane = &report["run"]["lanes"][1];
    assert_eq!(lane["route"]["languages"], serde_json::json!(["python"]));
    assert!(lane["files_elsewhere"].as_u64().unwrap() > 0, "{lane}");
    assert_eq!(languages(&place, "python"), ["python"]);
    assert!(languages(&place, "all").len() > 2);

    let again = load(&place);
    for lane in again["run"]["lanes"].as_array().unwrap() {
        assert_eq!(lane["status"], "unchanged", "{lane}");
    }
    let status = place.run(&["status", "--from", "python", "--format", "json"]).exits(0).json();
    assert_eq!(status[0]["freshness"]["state"], "current", "{status}");
}

#[test]
fn another_route_removes_and_brings_what_it_should() {
    let place = configured("paths = [\"pkg/**\"]");
    load(&place);
    assert_eq!(languages(&place, "python"), ["python"]);
    configure(&place, "paths = [\"web/**\"]");
    load(&place);
    assert!(!languages(&place, "python").contains(&"python".to_owned()));
    configure(&place, "paths = []");
    load(&place);
    assert_eq!(languages(&place, "python"), languages(&place, "all"));
    place.run(&["check", "--from", "python"]).exits(0);
}

#[test]
fn a_wrong_route_says_what_is_wrong() {
    let place = configured("language = [\"python\"]");
    let answer = place.run(&["load", "shop", "--to", "python"]).exits(2);
    assert!(answer.stderr.contains("did you mean `languages`?"), "{}", answer.told());
}
