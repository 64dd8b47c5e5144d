//! What operators do: roles, health, backups, figures, and the ways in which a password reaches the program.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/shop.rs"]
#[expect(dead_code, reason = "these tests load the tree themselves")]
mod shop;
#[expect(dead_code, reason = "these tests give no command anything to read")]
mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use serde_json::Value;
use snake_pipe_testkit::postgres::{ClusterOptions, PostgresCluster, StopMode, TestDatabase};
use support::{Answer, Place};

/// The URL as another role has it.
fn as_role(url: &str, role: &str) -> String {
    url.replacen("postgres@", &format!("{role}@"), 1)
}

#[test]
fn each_role_may_do_what_it_is_for_and_no_more() {
    let (place, database) = (shop::place(), TestDatabase::create().unwrap());
    let url = database.url();
    let prefix = format!("team_{}", database.name());
    let sql =
        place.run(&["doctor", "--from", &url, "--print-grants", "--role-prefix", &prefix]).exits(0).stdout;
    database.psql(&sql).unwrap();
    let [owner, writer, reader] =
        ["owner", "writer", "reader"].map(|role| as_role(&url, &format!("{prefix}_{role}")));

    place.run(&["load", "shop", "--to", &owner]).exits(0);
    // It may be run again, after a load too.
    database.psql(&sql).unwrap();

    place.write("shop/pkg/more.py", "def more():\n    return 1\n");
    place.run(&["load", "shop", "--to", &writer]).exits(0);
    place.run(&["load", "shop", "--to", &writer, "--repository", "another"]).exits(0);
    let as_writer = |sql: &str| Command::new("psql").args(["-X", "-w", "-c", sql, &writer]).output().unwrap();
    for sql in
        ["DROP TABLE calls", "ALTER TABLE files ADD COLUMN x int", "CREATE TABLE mine ()", "TRUNCATE files"]
    {
        let output = as_writer(sql);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success()
                && (said.contains("permission denied") || said.contains("must be owner")),
            "{sql}: {said}"
        );
    }

    for reading in [
        &["query", "hotspots"][..],
        &["query", "SELECT count(*) FROM function_details"],
        &["status"],
        &["check"],
        &["repositories", "list"],
        &["doctor"],
        &["backup", "by-the-reader"],
    ] {
        let arguments = [reading, &["--from", &reader]].concat();
        place.run(&arguments).exits(0);
    }
    place.run(&["migrate", "--dry-run", "--to", &reader]).exits(0);
    bookkeeping_is_read_by_the_reader_and_kept_by_the_writer(&place, &reader, &writer);
    // A busy machine is no healthy one, which is not the role's fault.
    let health = place.run(&["health", "--from", &reader]);
    assert!(matches!(health.code, Some(0 | 3)), "{}", health.told());
    assert!(
        health.stdout.contains("reads only") && !health.stdout.contains("may not write"),
        "{}",
        health.told()
    );
    place.write("shop/pkg/more.py", "def still_more():\n    return 1\n");
    let refused = place.run(&["load", "shop", "--to", &reader]).exits(1);
    assert!(refused.stderr.contains("permission denied"), "{}", refused.told());
}

fn bookkeeping_is_read_by_the_reader_and_kept_by_the_writer(place: &Place, reader: &str, writer: &str) {
    let kept_under = |url: &str| place.write("snake-pipe.toml", format!("[metadata]\nurl = \"{url}\"\n"));
    kept_under(reader);
    let runs = place.run(&["runs", "list", "--format", "json"]).exits(0).json();
    assert_eq!(runs.as_array().unwrap().len(), 3, "one by the owner, two by the writer: {runs}");
    for reading in [
        &["stats", "--since", "7d"][..],
        &["tasks"],
        &["errors", "list"],
        &["dead-letters", "list"],
        &["positions"],
        &["schemas", "list"],
        &["lineage"],
        &["pipelines", "list"],
        &["audit"],
        &["gc", "--dry-run"],
    ] {
        place.run(reading).exits(0);
    }
    kept_under(writer);
    for writing in [&["recover"][..], &["gc", "--older-than", "1"], &["dead-letters", "replay"]] {
        place.run(writing).exits(0);
    }
    fs::remove_file(place.path("snake-pipe.toml")).unwrap();
}

#[test]
fn health_is_told_by_words_and_by_the_exit_code() {
    let place = shop::place();
    let cluster = PostgresCluster::start(ClusterOptions::fast()).unwrap();
    let url = cluster.url();
    let ask = || place.run(&["health", "--from", &url, "--format", "json"]);
    let health = |code: i32| -> Value {
        let mut answer = ask();
        // A round trip may be slow while other tests keep the machine busy.
        for _ in 0..10 {
            if code != 0 || !answer.stdout.contains("a round trip takes") {
                break;
            }
            answer = ask();
        }
        answer.exits(code).json()[0].clone()
    };
    assert_eq!(health(3)["status"], "degraded");
    place.run(&["load", "shop", "--to", &url]).exits(0);
    let well = health(0);
    assert_eq!(well["status"], "healthy");
    let doctor = place.run(&["doctor", "--from", &url]).exits(0);
    for name in [
        "wal_position",
        "replication_slots",
        "deadlocks_since_last_check",
        "dead_rows",
        "longest_transaction_seconds",
        "transactions_left",
        "multixacts_left",
        "database_size_bytes",
    ] {
        assert!(well["details"][name].is_string(), "{name} in {well}");
        let is_counted_by_health = name == "deadlocks_since_last_check";
        assert!(is_counted_by_health || doctor.stdout.contains(&format!("  {name} ")), "{}", doctor.told());
    }

    deadlock(&url);
    let after = health(3);
    assert_eq!(after["details"]["deadlocks_since_last_check"], "1", "{after}");
    assert_eq!(health(0)["details"]["deadlocks_since_last_check"], "0");

    cluster.stop(StopMode::Fast).unwrap();
    assert_eq!(health(1)["status"], "unhealthy");
    assert_eq!(place.run(&["health", "--from", "sqlite:nowhere.db"]).exits(2).stdout, "");
}

/// Two transactions that wait for each other, one of which the server ends.
fn deadlock(url: &str) {
    use sqlx::Connection as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut one = sqlx::PgConnection::connect(url).await.unwrap();
        let mut other = sqlx::PgConnection::connect(url).await.unwrap();
        let lock = async |connection: &mut sqlx::PgConnection, table: &'static str| {
            sqlx::query(sqlx::AssertSqlSafe(format!("LOCK TABLE {table}"))).execute(connection).await
        };
        for connection in [&mut one, &mut other] {
            sqlx::query("BEGIN").execute(connection).await.unwrap();
        }
        lock(&mut one, "snapshots").await.unwrap();
        lock(&mut other, "repositories").await.unwrap();
        let second = async {
            let locked = lock(&mut other, "snapshots").await.map(drop);
            drop(other);
            locked
        };
        let (first, second) = tokio::join!(lock(&mut one, "repositories"), second);
        assert!(first.is_err() != second.is_err());
        one.close().await.unwrap();
    });
}

/// The counts and rows that a database answers with.
fn content(place: &Place, url: &str) -> String {
    let names = "SELECT file_path, function_count FROM files ORDER BY file_path";
    let calls = "SELECT count(*), sum(line_number) FROM calls";
    [names, calls]
        .map(|sql| place.run(&["query", sql, "--from", url, "--format", "csv"]).exits(0).stdout)
        .concat()
}

#[test]
fn a_backup_of_postgresql_comes_back_as_it_was_and_an_altered_one_is_refused() {
    let (place, database, empty) =
        (shop::place(), TestDatabase::create().unwrap(), TestDatabase::create().unwrap());
    let to = format!("{}&partition_rows=0&schema=My+Facts", database.url());
    place.run(&["load", "shop", "--to", &to]).exits(0);
    let told = place.run(&["backup", "monday", "--from", &to, "--format", "json"]).exits(0).json();
    let tables = told["manifest"]["tables"].as_array().unwrap();
    let files = tables.iter().find(|table| table["name"] == "files").unwrap();
    assert_eq!(files["rows"], 9);
    // The bookkeeping in the same database comes along.
    let runs = tables.iter().find(|table| table["name"] == "snake_pipe.runs").unwrap();
    assert_eq!(runs["rows"], 1);
    let again = place.run(&["backup", "monday", "--from", &to]).exits(2);
    assert!(again.stderr.contains("a backup in this folder already"), "{}", again.told());

    let restored = format!("{}&partition_rows=0&schema=My+Facts", empty.url());
    place.run(&["restore", "monday", "--to", &restored]).exits(0);
    assert_eq!(content(&place, &restored), content(&place, &to));
    place.run(&["check", "--from", &restored]).exits(0);
    let recorded = "SELECT count(*) FROM snake_pipe.runs";
    assert_eq!(empty.psql(recorded).unwrap(), "1");
    // What was restored goes on as a database of its own.
    place.write("shop/pkg/more.py", "def more():\n    return 1\n");
    place.run(&["load", "shop", "--to", &restored]).exits(0);

    let full = place.run(&["restore", "monday", "--to", &restored]).exits(1);
    assert!(full.stderr.contains("already") && full.stderr.contains("createdb"), "{}", full.told());
    let archive = place.path("monday/database.dump");
    let mut bytes = fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let altered = place.run(&["restore", "monday", "--to", &empty.url()]).exits(1);
    assert!(altered.stderr.contains("not the one that was written"), "{}", altered.told());
}

#[test]
fn a_backup_of_sqlite_comes_back_as_it_was() {
    let place = shop::place();
    place.run(&["load", "shop", "--to", "sqlite:code.db"]).exits(0);
    place.run(&["backup", "monday", "--from", "sqlite:code.db"]).exits(0);
    let there = place.run(&["restore", "monday", "--to", "sqlite:code.db"]).exits(2);
    assert!(there.stderr.contains("there already"), "{}", there.told());
    place.run(&["restore", "monday", "--to", "sqlite:again.db"]).exits(0);
    assert_eq!(content(&place, "sqlite:again.db"), content(&place, "sqlite:code.db"));

    let manifest = fs::read_to_string(place.path("monday/backup.json")).unwrap();
    place.write("monday/backup.json", manifest.replacen("\"rows\": 9", "\"rows\": 8", 1));
    let wrong = place.run(&["restore", "monday", "--to", "sqlite:wrong.db"]).exits(1);
    assert!(wrong.stderr.contains("9 rows in place of 8"), "{}", wrong.told());
    assert!(!place.path("wrong.db").exists());
    let none = place.run(&["restore", "shop", "--to", "sqlite:wrong.db"]).exits(2);
    assert!(none.stderr.contains("is no backup"), "{}", none.told());
}

#[test]
fn a_short_load_leaves_its_figures_in_a_file() {
    let (place, database) = (shop::place(), TestDatabase::create().unwrap());
    place.run(&["load", "shop", "--to", &database.url(), "--metrics-file", "load.prom"]).exits(0);
    let text = fs::read_to_string(place.path("load.prom")).unwrap();
    for line in [
        "snake_pipe_runs_total{outcome=\"success\"} 1",
        "# TYPE snake_pipe_lane_files_total counter",
        "# TYPE snake_pipe_postgres_connections_opened_total counter",
        "# TYPE snake_pipe_postgres_pool_acquire_seconds summary",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let failed = place.run(&[
        "load",
        "shop",
        "--to",
        "postgres://u@127.0.0.1:1/x?retry_attempts=0",
        "--to",
        "sqlite:x.db",
        "--metrics-file",
        "load.prom",
    ]);
    assert!(failed.code == Some(3) || failed.code == Some(1), "{}", failed.told());
    let text = fs::read_to_string(place.path("load.prom")).unwrap();
    assert!(text.contains("snake_pipe_runs_total{outcome=\"partly_failed\"} 1"), "{text}");
    place.run(&["load", "shop", "--metrics-file", "nowhere/load.prom"]).exits(2);
}

/// What the way is called, the URL, and environment variables.
type Way<'a> = (&'a str, String, Vec<(&'a str, String)>);

#[test]
fn a_password_comes_by_every_way_that_postgresql_knows() {
    let (place, database) = (shop::place(), TestDatabase::create().unwrap());
    let role = format!("by_password_{}", database.name());
    database
        .psql(&format!(
            "SET password_encryption = 'scram-sha-256'; CREATE ROLE {role} LOGIN PASSWORD '{}'",
            support::PASSWORD
        ))
        .unwrap();
    let port = database.cluster().port();
    let url = format!("postgres://{role}@127.0.0.1:{port}/{}", database.name());
    let ask = |url: &str, variables: &[(&str, String)]| {
        let mut command = place.command(&["query", "SELECT 1 AS one", "--from", url, "--format", "csv"]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Answer::of(command, "")
    };
    let file = |name: &str, content: String| {
        place.write(name, content);
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        place.path(name).display().to_string()
    };
    let password = support::PASSWORD;
    let line = format!("127.0.0.1:{port}:{}:{role}:{password}\n", database.name());
    let service = format!(
        "[code]\nhost=127.0.0.1\nport={port}\ndbname={}\nuser={role}\npassword={password}\n",
        database.name()
    );
    let ways: [Way<'_>; 7] = [
        ("URL", url.replacen('@', &format!(":{password}@"), 1), vec![]),
        ("PGPASSWORD", url.clone(), vec![("PGPASSWORD", password.into())]),
        (
            "password_env",
            format!("{url}?password_env=CODE_PASSWORD"),
            vec![("CODE_PASSWORD", password.into())],
        ),
        ("password_file", format!("{url}?password_file={}", file("secret", format!("{password}\n"))), vec![]),
        ("PGPASSFILE", url.clone(), vec![("PGPASSFILE", file("passwords", line.clone()))]),
        ("service", "postgres:///?service=code".into(), vec![("PGSERVICEFILE", file("services", service))]),
        (
            "PGSERVICE",
            "postgres:///".into(),
            vec![
                ("PGSERVICEFILE", place.path("services").display().to_string()),
                ("PGSERVICE", "code".into()),
            ],
        ),
    ];
    for (way, url, variables) in ways {
        let answer = ask(&url, &variables);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "one\n1\n"), "{way}\n{}", answer.told());
    }
    file("home/.pgpass", line);
    ask(&url, &[]).exits(0);
    let wrong = ask(&url, &[("PGPASSWORD", "wrong".into())]).exits(1);
    assert!(wrong.stderr.contains("password authentication failed"), "{}", wrong.told());
}
