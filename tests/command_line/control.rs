//! What a load leaves in the control plane, and what its commands tell of it.

use std::{io::Write as _, process::Stdio};

use serde_json::Value;
use snake_pipe_testkit::postgres::TestDatabase;

use super::{
    shop,
    support::{Answer, PASSWORD, Place},
};

/// Runs a command over the control plane of `code.db`, or of what `from` says.
fn ask(place: &Place, command: &str, from: &str) -> Answer {
    let arguments: Vec<_> = command.split(' ').chain(["--from", from, "--format", "json"]).collect();
    place.run(&arguments)
}

fn runs(place: &Place, from: &str) -> Vec<Value> {
    ask(place, "runs list", from).exits(0).json().as_array().unwrap().clone()
}

fn tasks(place: &Place, from: &str) -> Vec<Value> {
    ask(place, "tasks", from).exits(0).json().as_array().unwrap().clone()
}

/// The task of this name in the last run.
fn task(place: &Place, from: &str, name: &str) -> Value {
    tasks(place, from).into_iter().find(|task| task["name"] == name).unwrap()
}

fn statuses_of(tasks: &[Value]) -> Vec<String> {
    let status =
        |task: &Value| format!("{}: {}", task["name"].as_str().unwrap(), task["status"].as_str().unwrap());
    let mut statuses: Vec<_> = tasks.iter().map(status).collect();
    statuses.sort_unstable();
    statuses
}

/// Two records; the second one's shape is wrong.
const FACTS: &str = "{\"path\":\"a.py\",\"language\":\"python\"}\n{\"path\":\"b.py\",\"calls\":3}\n";

#[test]
fn a_load_is_a_run_with_its_tasks_deliveries_schemas_and_lineage() {
    let place = shop::place();
    let load = ["load", "shop", "--to", "sqlite:code.db", "--format", "json"];
    let loaded = place.run(&load).exits(0).json();
    let runs = runs(&place, "sqlite:code.db");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!(run["id"], loaded["run"]["run_id"]);
    assert_eq!((&run["status"], &run["pipeline"]), (&"success".into(), &"shop".into()));
    let files = loaded["source"]["files"].as_u64().unwrap();
    assert_eq!(
        (&run["statistics"]["processed"], &run["statistics"]["inserted"]),
        (&files.into(), &files.into())
    );
    assert_eq!(run["destination"], serde_json::json!(["sqlite:code.db"]));
    assert!(run["config_hash"].is_string() && run["instance"].is_string() && run["node"].is_string());

    assert_eq!(
        statuses_of(&tasks(&place, "sqlite:code.db")),
        [
            "discover and read: success",
            "link: success",
            "load sqlite:code.db: success",
            "manifests: success",
            "parse: success"
        ]
    );
    let discover = task(&place, "sqlite:code.db", "discover and read");
    assert_eq!(discover["output"]["files"], files);
    let lane = task(&place, "sqlite:code.db", "load sqlite:code.db");
    let manifests = task(&place, "sqlite:code.db", "manifests");
    assert_eq!(lane["depends_on"], serde_json::json!([manifests["id"]]));
    assert_eq!((&lane["input"]["files"], &lane["output"]["files_written"]), (&files.into(), &files.into()));
    assert!(lane["output"]["rows"].as_u64().unwrap() > files, "{lane}");
    let id = run["id"].as_str().unwrap();
    let shown = ask(&place, &format!("runs show {id}"), "sqlite:code.db").exits(0).json();
    let [batch, together] = &shown["deliveries"].as_array().unwrap()[..] else { panic!("{shown}") };
    assert_eq!((&batch["sequence"], &batch["status"]), (&0.into(), &"published".into()));
    assert_eq!((&batch["records"], &batch["retries"]), (&files.into(), &0.into()));
    assert_eq!((&together["sequence"], &together["records"]), (&Value::Null, &files.into()));
    assert!(batch["delivered_at"].as_str() < together["delivered_at"].as_str());
    let functions = ask(&place, "schemas show functions", "sqlite:code.db").exits(0).json();
    assert_eq!((&functions["version"], &functions["run_id"]), (&1.into(), &id.into()));
    let lineage = ask(&place, "lineage shop --downstream", "sqlite:code.db").exits(0).json();
    let destinations: Vec<_> =
        lineage.as_array().unwrap().iter().map(|step| &step["edge"]["destination"]).collect();
    assert_eq!(destinations[0], "sqlite:code.db");
    assert!(destinations.contains(&&"sqlite:code.db.functions".into()), "{destinations:?}");
    let origin =
        ask(&place, "lineage sqlite:code.db.functions --upstream --column complexity", "sqlite:code.db");
    let origin = origin.exits(0).json();
    assert_eq!(
        (&origin[0]["edge"]["source"], &origin[0]["edge"]["source_column"]),
        (&"shop".into(), &"content".into())
    );

    place.write("shop/pkg/model.py", "class Item:\n    pass\n");
    std::fs::remove_file(place.path("shop/web/format.ts")).unwrap();
    place.run(&load).exits(0);
    let second = &self::runs(&place, "sqlite:code.db")[0];
    assert_eq!(second["statistics"]["inserted"], 0);
    assert_eq!(second["statistics"]["deleted"], 1);
    assert!(second["statistics"]["updated"].as_u64().unwrap() >= 1);
}

#[test]
fn the_control_plane_is_no_source_file_and_can_be_left_out_or_elsewhere() {
    let place = shop::place();
    place.run(&["load", "shop", "--to", "sqlite:shop/code.db"]).exits(0);
    assert!(place.path("shop/code.db.control").exists());
    let again =
        place.run(&["load", "shop", "--to", "sqlite:shop/code.db", "--format", "json"]).exits(0).json();
    let paths = [
        "query",
        "SELECT file_path FROM files WHERE file_path LIKE 'code%'",
        "--from",
        "sqlite:shop/code.db",
    ];
    let found = place.run(&[&paths[..], &["--format", "json"]].concat()).exits(0).json();
    assert_eq!((found, &again["run"]["lanes"][0]["status"]), (serde_json::json!([]), &"unchanged".into()));

    let with = |url: &str| {
        let mut command = place.command(&["load", "shop", "--to", "sqlite:other.db"]);
        command.env("SNAKE_PIPE_METADATA__URL", url);
        Answer::of(command, "").exits(0)
    };
    with("none");
    with("sqlite:runs.control");
    assert!(!place.path("other.db.control").exists() && place.path("runs.control").exists());
    let answer = place.run(&["runs", "list", "--from", "sqlite:other.db"]).exits(2);
    assert!(
        answer.stderr.contains("there is no control plane at sqlite:other.db.control"),
        "{}",
        answer.told()
    );
}

#[test]
fn a_load_goes_on_without_its_control_plane_unless_that_is_required() {
    let place = shop::place();
    place.write("runs.control", "this is no database");
    let load = |required: &str| {
        let mut command = place.command(&["load", "shop", "--to", "sqlite:code.db"]);
        command.env("SNAKE_PIPE_METADATA__URL", "sqlite:runs.control");
        command.env("SNAKE_PIPE_METADATA__REQUIRED", required);
        Answer::of(command, "")
    };
    let refused = load("true").exits(1);
    assert!(refused.stderr.contains("file is not a database"), "{}", refused.told());
    let loaded = load("false").exits(0);
    assert!(loaded.stderr.contains("not recorded in the control plane"), "{}", loaded.told());
    assert!(loaded.stdout.starts_with("loaded shop into sqlite:code.db"), "{}", loaded.told());
}

#[test]
fn a_refused_record_is_a_dead_letter_until_a_replay_brings_it() {
    let place = Place::new();
    place.write("facts.ndjson", FACTS);
    place.run(&["load", "--facts", "facts.ndjson", "--to", "sqlite:code.db"]).exits(3);
    let letters = || ask(&place, "dead-letters list", "sqlite:code.db").exits(0).json();
    let first = letters();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["source_id"]), (1, &"b.py".into()));
    assert_eq!((&first[0]["status"], &first[0]["failures"]), (&"pending".into(), &1.into()));
    assert!(first[0]["reason"].as_str().unwrap().contains("field calls"), "{first}");
    assert_eq!(runs(&place, "sqlite:code.db")[0]["status"], "failed");

    // It is wrong still: the same letter counts another failure.
    place.run(&["dlq", "replay", "--from", "sqlite:code.db"]).exits(3);
    let second = letters();
    assert_eq!((&second[0]["id"], &second[0]["failures"]), (&first[0]["id"], &2.into()));
    assert_eq!(second[0]["status"], "pending");

    // Facts of another file say nothing of this one.
    place.write("other.ndjson", "{\"path\":\"c.py\",\"language\":\"python\"}\n");
    let other = ["load", "--facts", "other.ndjson", "--repository", "facts", "--to", "sqlite:code.db"];
    place.run(&other).exits(0);
    assert_eq!(letters()[0]["status"], "pending");

    place.write("facts.ndjson", FACTS.replace("\"calls\":3", "\"language\":\"python\""));
    place.run(&["dead-letters", "replay", "--from", "sqlite:code.db"]).exits(0);
    assert_eq!(letters()[0]["status"], "resolved");
    let sql = "SELECT parse_status FROM files WHERE file_path = 'b.py'";
    let answer = place.run(&["query", sql, "--from", "sqlite:code.db", "--format", "json"]).exits(0);
    assert_eq!(answer.json()[0]["parse_status"], "parsed");
    // Nothing is left to replay.
    place.run(&["dead-letters", "replay", "--from", "sqlite:code.db"]).exits(0);
}

#[test]
fn a_failed_run_is_retried_as_a_run_with_a_parent() {
    let place = shop::place();
    place.run(&["load", "shop", "--to", "sqlite:good.db", "--repository", "app"]).exits(0);
    place.write("bad.db", "this is no database");
    let both = ["load", "shop", "--to", "sqlite:good.db", "--to", "sqlite:bad.db", "--repository", "app"];
    place.run(&both).exits(3);
    let failed = runs(&place, "sqlite:good.db").remove(0);
    assert_eq!((&failed["status"], &failed["outcome"]), (&"failed".into(), &"partly_failed".into()));
    let id = failed["id"].as_str().unwrap();
    let errors = ask(&place, "errors list --status open", "sqlite:good.db").exits(0).json();
    assert_eq!((&errors[0]["run_id"], &errors[0]["dataset"]), (&id.into(), &"sqlite:bad.db".into()));
    assert_eq!((&errors[0]["class"], &errors[0]["code"]), (&"schema".into(), &"26".into()));
    assert!(errors[0]["causes"][0].as_str().unwrap().contains("file is not a database"), "{errors}");
    let dead = task(&place, "sqlite:good.db", "load sqlite:bad.db");
    assert_eq!((&dead["status"], &dead["error"]["class"]), (&"failed".into(), &"schema".into()));
    assert_eq!(errors[0]["task_id"], dead["id"]);
    assert_eq!(task(&place, "sqlite:good.db", "load sqlite:good.db")["status"], "success");
    let error = errors[0]["id"].as_str().unwrap();
    ask(&place, &format!("errors resolve {error} --note mended"), "sqlite:good.db").exits(0);
    let shown = ask(&place, &format!("errors show {error}"), "sqlite:good.db").exits(0).json();
    assert_eq!((&shown["status"], &shown["resolution"]), (&"resolved".into(), &"mended".into()));

    std::fs::remove_file(place.path("bad.db")).unwrap();
    place.run(&["runs", "retry", id, "--from", "sqlite:good.db"]).exits(0);
    let retried = runs(&place, "sqlite:good.db").remove(0);
    assert_eq!((&retried["parent_run_id"], &retried["attempt"]), (&id.into(), &2.into()));
    assert_eq!(retried["status"], "success");
    assert!(place.path("bad.db").exists());
    let again =
        place.run(&["runs", "retry", retried["id"].as_str().unwrap(), "--from", "sqlite:good.db"]).exits(1);
    assert!(again.stderr.contains("the run succeeded, there is nothing to try again"), "{}", again.told());
}

#[test]
fn a_killed_load_is_lost_and_the_next_one_says_so() {
    let place = shop::place();
    place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    // It waits for facts that never come, until it is killed.
    let load = ["load", "--facts", "-", "--repository", "shop", "--to", "sqlite:code.db"];
    let mut command = place.command(&load);
    command.env("SNAKE_PIPE_METADATA__LEASE_SECONDS", "1").stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let is_running = || {
        let running = ask(&place, "tasks --status running", "sqlite:code.db").exits(0).json();
        running.as_array().unwrap().len() == 2
    };
    while !is_running() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_running());
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let next = place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    assert!(next.stderr.contains("an earlier load of this repository was lost"), "{}", next.told());
    let statuses: Vec<_> = runs(&place, "sqlite:code.db").iter().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["success", "lost", "success"]);
    let lost = runs(&place, "sqlite:code.db")[1]["id"].as_str().unwrap().to_owned();
    let tasks = ask(&place, &format!("tasks --run {lost}"), "sqlite:code.db").exits(0).json();
    assert_eq!(statuses_of(tasks.as_array().unwrap()), ["load sqlite:code.db: failed", "read facts: failed"]);
    assert_eq!(tasks[0]["error"]["class"], "lost");
    assert_eq!(ask(&place, "recover", "sqlite:code.db").exits(0).json(), serde_json::json!([]));
}

#[test]
fn a_running_load_shows_how_far_it_is_and_is_cancelled_with_the_reason() {
    let place = Place::new();
    let load = ["load", "--facts", "-", "--repository", "shop", "--to", "sqlite:code.db"];
    let mut command = place.command(&load);
    command.env("SNAKE_PIPE_METADATA__LEASE_SECONDS", "1").env("SNAKE_PIPE_LOAD__BATCH_AGE_MS", "50");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut facts = child.stdin.take().unwrap();
    facts.write_all(b"{\"path\":\"a.py\",\"language\":\"python\"}\n").unwrap();
    facts.flush().unwrap();
    let statistics = || {
        let from = ["runs", "list", "--from", "sqlite:code.db", "--format", "json"];
        let answer = place.run(&from);
        if answer.code == Some(0) { answer.json()[0]["statistics"].clone() } else { Value::Null }
    };
    while statistics()["processed"] != 1 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let id = runs(&place, "sqlite:code.db")[0]["id"].as_str().unwrap().to_owned();
    let cancel = ["runs", "cancel", &id, "--reason", "disk full", "--from", "sqlite:code.db"];
    place.run(&cancel).exits(0);
    let ended = child.wait_with_output().unwrap();
    drop(facts);
    assert_eq!(ended.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("disk full"));
    let run = ask(&place, &format!("runs show {id}"), "sqlite:code.db").exits(0).json();
    assert_eq!((&run["status"], &run["cancel_reason"]), (&"cancelled".into(), &"disk full".into()));
    assert_eq!(
        (&run["error"]["class"], &run["error"]["message"]),
        (&"cancelled".into(), &"disk full".into())
    );
    assert_eq!(
        statuses_of(&tasks(&place, "sqlite:code.db")),
        ["load sqlite:code.db: cancelled", "read facts: cancelled"]
    );
    let stats = ask(&place, "stats", "sqlite:code.db").exits(0).json();
    let names: Vec<_> = stats["metrics"].as_array().unwrap().iter().map(|metric| &metric["name"]).collect();
    for name in ["pool_in_use sqlite:code.db", "pool_size sqlite:code.db", "pool_waiting sqlite:code.db"] {
        assert!(names.contains(&&name.into()), "{names:?}");
    }
}

#[test]
fn a_load_into_dead_backends_has_their_failed_tasks() {
    let place = shop::place();
    let load = |to: &[&str]| {
        let to: Vec<_> = to.iter().flat_map(|name| ["--to", name]).collect();
        let mut command = place.command(&[&["load", "shop"], &to[..]].concat());
        command.env("SNAKE_PIPE_METADATA__URL", "sqlite:runs.control");
        Answer::of(command, "").exits(1);
        let mut command = place.command(&["tasks", "--format", "json"]);
        command.env("SNAKE_PIPE_METADATA__URL", "sqlite:runs.control");
        Answer::of(command, "").exits(0).json().as_array().unwrap().clone()
    };
    place.write("one.db", "this is no database");
    place.write("two.db", "nor is this");
    let tasks = load(&["sqlite:one.db"]);
    assert_eq!(statuses_of(&tasks), ["load sqlite:one.db: failed"]);
    assert_eq!(
        tasks[0]["error"]["message"].as_str().unwrap().split(" (").next(),
        Some("the file is not a SQLite database")
    );
    let statuses = statuses_of(&load(&["sqlite:one.db", "sqlite:two.db"]));
    assert_eq!(statuses[0], "discover and read: success");
    assert!(statuses.contains(&"load sqlite:one.db: failed".to_owned()), "{statuses:?}");
    assert!(statuses.contains(&"load sqlite:two.db: failed".to_owned()), "{statuses:?}");
}

#[test]
fn postgresql_holds_the_control_plane_in_a_schema_of_its_own_without_passwords() {
    let place = shop::place();
    let database = TestDatabase::create().unwrap();
    database.psql(&format!("CREATE ROLE loader LOGIN SUPERUSER PASSWORD '{PASSWORD}'")).unwrap();
    let url = database.tcp_url();
    let (_, rest) = url.split_once('@').unwrap();
    let url = format!("postgres://loader:{PASSWORD}@{rest}");
    place.run(&["load", "shop", "--to", &url]).exits(0);
    let run = runs(&place, &url).remove(0);
    assert_eq!((&run["status"], &run["pipeline"]), (&"success".into(), &"shop".into()));
    let dumped = database.psql("SELECT string_agg(t::text, ' ') FROM snake_pipe.runs t").unwrap();
    assert!(dumped.contains("***") && !dumped.contains(PASSWORD), "{dumped}");
    let id = run["id"].as_str().unwrap();
    let refused = place.run(&["runs", "retry", id, "--from", &url]).exits(1);
    assert!(refused.stderr.contains("was not kept"), "{}", refused.told());
    let stats = ask(&place, "stats --since 1h", &url).exits(0).json();
    assert_eq!((&stats["runs"], &stats["success_rate"]), (&1.into(), &1.0.into()));
    database.psql("DROP OWNED BY loader; DROP ROLE loader").unwrap();
}
