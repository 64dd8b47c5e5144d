//! No secret is shown: canary passwords stand wherever a password can stand, and everything that the program says, writes or
//! returns is searched for them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on ends")]

#[expect(dead_code, reason = "other tests give the program an input and read its JSON")]
#[path = "support/mod.rs"]
mod support;

use std::{fs, path::Path};

use snake_pipe::metadata::{
    MetadataStore as _, SqlStore, StoreOptions,
    model::{NewDataset, NewDeadLetter, NewError, NewRun, PipelineId, RecordPolicy},
};
use snake_pipe::{
    config::{Config, Setting},
    coordinator::{ErrorSummary, Pipeline},
    core::{DatabaseBackend, Error, load::Repository, model::TransformedAst},
};
use snake_pipe_testkit::postgres::TestDatabase;
use support::{Answer, Place};

/// One for each place where a password can stand, so that a leak says which.
const CANARIES: [&str; 6] = [
    "canary-in-url",
    "canary-in-option",
    "canary-in-variable",
    "canary-in-file",
    "canary-in-query",
    "canary-in-default",
];

fn assert_clean(text: &str, whence: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{whence} shows `{canary}`:\n{text}");
    }
}

fn told(answer: &Answer) -> String {
    let text = answer.told();
    // The command itself is what the caller wrote.
    text.split_once("exit code").map(|(_, said)| said.to_owned()).unwrap_or(text)
}

/// A folder with backends of every kind of password, all of them of a server that refuses them or is not there.
fn place(port: u16) -> Place {
    let place = Place::new();
    place.write("src/a.py", "def f():\n    pass\n");
    place.write("password", "canary-in-file\n");
    place.write(
        "snake-pipe.toml",
        format!(
            "[backends.url]\nurl = \"postgres://me:canary-in-url@127.0.0.1:{port}/code\"\n\
             [backends.option]\nhost = \"127.0.0.1\"\nport = {port}\ndatabase = \"code\"\nusername = \"me\"\n\
             password_env = \"CODE_PASSWORD\"\n\
             [backends.variable]\nurl = \"postgres://me@127.0.0.1:{port}/code\"\npassword_env = \"CODE_PASSWORD\"\n\
             [backends.file]\nurl = \"postgres://me@127.0.0.1:{port}/code\"\npassword_file = \"password\"\n\
             [backends.query]\nurl = \"postgres://127.0.0.1:{port}/code?user=me&password=canary-in-query\"\n"
        ),
    );
    place
}

const BACKENDS: [&str; 5] = ["url", "option", "variable", "file", "query"];

fn run(place: &Place, arguments: &[&str]) -> Answer {
    let mut command = place.command(arguments);
    command.env("CODE_PASSWORD", "canary-in-variable");
    command.env("DATABASE_URL", "postgres://me:canary-in-default@127.0.0.1:1/code");
    command.env("RUST_BACKTRACE", "1");
    Answer::of(command, "")
}

#[test]
fn no_command_shows_a_password_whatever_goes_wrong() {
    // Nobody listens on the first port; a server that asks for passwords refuses these.
    let database = TestDatabase::create().unwrap();
    for port in [1, database.cluster().port()] {
        let place = place(port);
        for name in BACKENDS {
            let all = [
                &["load", "src", "--to", name, "--to", "sqlite:beside.db", "--format", "json"] as &[_],
                &["--log-format", "json", "load", "src", "--to", name],
                &["query", "SELECT 1", "--from", name],
                &["doctor", "--from", name],
                &["status", "--from", name, "--format", "json"],
            ];
            for arguments in if port == 1 { &all[..] } else { &all[..2] } {
                assert_clean(&told(&run(&place, arguments)), &arguments.join(" "));
            }
        }
        for arguments in [
            &["config", "show"] as &[_],
            &["config", "show", "--format", "json"],
            &["doctor"],
            &["load", "src", "--to", "ulr"],
            &["load", "src", "--to", "postgres://me:canary-in-url@127.0.0.1:x/code"],
            &["load", "src", "--to", "postgres://me:canary-in-url@[::bad/code?pool_size=many"],
            &["load", "src", "--to", "postgrse://me:canary-in-url@h/code"],
        ] {
            assert_clean(&told(&run(&place, arguments)), &arguments.join(" "));
        }
    }
}

#[test]
fn no_command_of_the_control_plane_shows_a_password() {
    let database = TestDatabase::create().unwrap();
    let (cluster, role) = (database.cluster(), format!("keeper_{}", database.name()));
    cluster.psql(&format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'canary-in-url'")).unwrap();
    let control = format!("postgres://{role}:canary-in-url@127.0.0.1:{}/{}", cluster.port(), database.name());
    let place = place(1);
    place.write("refused.ndjson", "{\"path\":\"b.py\",\"calls\":3}\n");
    let run = |arguments: &[&str], url: &str| {
        let mut command = place.command(arguments);
        command.env("CODE_PASSWORD", "canary-in-variable").env("SNAKE_PIPE_METADATA__URL", url);
        Answer::of(command, "")
    };
    for load in [
        &["load", "src", "--to", "sqlite:beside.db", "--to", "url", "--to", "query"] as &[_],
        &["load", "--facts", "refused.ndjson", "--to", "sqlite:beside.db"],
    ] {
        assert_clean(&told(&run(load, &control).exits(3)), "load");
    }
    // Nobody listens where the last one says.
    for url in [control.as_str(), "postgres://me:canary-in-default@127.0.0.1:1/control"] {
        for command in [
            "runs list",
            "errors list",
            "errors list --groups",
            "tasks",
            "dlq list",
            "audit",
            "lineage",
            "stats",
            "pipelines list",
            "schemas list",
            "positions",
            "gc --dry-run",
        ] {
            for format in ["text", "json"] {
                let arguments: Vec<_> = command.split(' ').chain(["--format", format]).collect();
                let answer = run(&arguments, url);
                let answer = if url == control { answer.exits(0) } else { answer.exits(1) };
                assert_clean(&told(&answer), command);
            }
        }
    }
    database.psql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[tokio::test]
async fn debug_of_the_control_plane_shows_no_password() {
    let url = "postgres://me:canary-in-url@127.0.0.1:1/control?password=canary-in-query";
    let store = SqlStore::postgres(url, StoreOptions::default()).unwrap();
    assert_clean(&format!("{store:?} {:?} {:?}", store.info(), StoreOptions::default()), "SqlStore");
    let record = serde_json::json!({
        "pwd": "canary-in-option", "headers": {"Authorization": "canary-in-variable"}, "api-key": "canary-in-file",
        "to": ["a text with postgres://me:canary-in-url@h/d in it"], "passphrase": "canary-in-default",
    });
    let error = NewError { record: record.clone(), ..NewError::default() };
    assert_clean(&format!("{error:?}"), "NewError");
    assert_clean(&format!("{:?}", NewDeadLetter::new("app", record.clone(), "refused")), "NewDeadLetter");
    let run = NewRun {
        source: record.clone(),
        destination: serde_json::json!([url]),
        ..NewRun::of(PipelineId::new())
    };
    assert_clean(&format!("{run:?}"), "NewRun");
    let dataset = NewDataset { address: Some(url.into()), ..NewDataset::new("app", "postgres") };
    assert_clean(&format!("{dataset:?}"), "NewDataset");
    assert_clean(&RecordPolicy::Secrets.apply(record).to_string(), "what is kept of a record");
}

#[test]
fn a_password_where_none_belongs_is_refused_without_showing_it() {
    let place = place(1);
    place.write(
        "snake-pipe.toml",
        "[backends.a]\nurl = \"postgres://h/d\"\npassword = \"canary-in-option\"\n",
    );
    for arguments in [&["load", "src", "--to", "a"] as &[_], &["config", "show"], &["doctor", "--from", "a"]]
    {
        assert_clean(&told(&run(&place, arguments)), &arguments.join(" "));
    }
}

#[test]
fn logs_at_every_level_show_no_password() {
    let place = place(1);
    for name in BACKENDS {
        let mut command = place.command(&["load", "src", "--to", name, "--to", "sqlite:beside.db"]);
        command.env("CODE_PASSWORD", "canary-in-variable").env("SNAKE_PIPE_LOG__FILTER", "trace");
        assert_clean(&told(&Answer::of(command, "")), name);
    }
}

#[test]
fn what_is_written_to_databases_and_files_holds_no_password() {
    let database = TestDatabase::create().unwrap();
    let (cluster, role) = (database.cluster(), format!("loader_{}", database.name()));
    cluster.psql(&format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'canary-in-url'")).unwrap();
    let url = format!("postgres://{role}:canary-in-url@127.0.0.1:{}/{}", cluster.port(), database.name());
    let place = place(1);
    // A remote with a password, too.
    for arguments in [
        vec!["init", "-q"],
        vec!["remote", "add", "origin", "https://me:canary-in-option@example.com/org/app.git"],
    ] {
        let git = std::process::Command::new("git").args(arguments).current_dir(place.path("src")).status();
        assert!(git.unwrap().success());
    }
    let answer = run(&place, &["load", "src", "--to", &url, "--to", "sqlite:beside.db", "--format", "json"]);
    assert_clean(&told(&answer.exits(0)), "load");
    let answer = run(&place, &["status", "--from", &url, "--format", "json"]).exits(0);
    assert_clean(&told(&answer), "status");
    let dump =
        std::process::Command::new("pg_dump").arg(format!("--dbname={}", database.url())).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    assert_clean(&String::from_utf8_lossy(&dump.stdout), "the database");
    assert!(
        String::from_utf8_lossy(&dump.stdout).contains("example.com/org/app"),
        "the remote is not in the dump"
    );
    for file in files_below(place.path(".").as_path()) {
        let is_input = ["snake-pipe.toml", "password", "config"].iter().any(|name| file.ends_with(name));
        if !is_input {
            assert_clean(&String::from_utf8_lossy(&fs::read(&file).unwrap()), &file.display().to_string());
        }
    }
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// What an embedding program does that expects too much.
fn expect_a_connection(connected: Result<(), Error>) {
    connected.expect("a connection");
}

fn backend(url: &str) -> std::sync::Arc<dyn DatabaseBackend> {
    snake_pipe::registry().unwrap().build(url, None, []).unwrap()
}

#[tokio::test]
async fn debug_errors_and_panics_of_the_library_show_no_password() {
    let url = "postgres://me:canary-in-url@127.0.0.1:1/code?timeout_seconds=1&password=canary-in-query";
    let place = place(1);
    let environment = [("CODE_PASSWORD", "canary-in-variable"), ("DATABASE_URL", url)];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::read(Some(&place.path("snake-pipe.toml")), None, environment).unwrap();
    assert_clean(&format!("{config:?}"), "Config");
    for (key, setting) in config.settings() {
        assert_clean(&format!("{setting:?}{}", Setting::shown(&setting, &key)), &key);
    }
    for name in BACKENDS {
        assert_clean(&format!("{:?}", config.backend(name).unwrap()), name);
    }
    assert_clean(&format!("{:?}", config.backends(&[]).unwrap()), "BackendSettings");

    let built = backend(url);
    assert_clean(&format!("{built:?} {:?}", built.info()), "PostgresBackend");
    let error: Error = built.connect().await.unwrap_err();
    assert_clean(&format!("{error} {error:?} {:?}", ErrorSummary::from(&error)), "the error");
    let facts = futures::stream::iter([Ok(TransformedAst::new("a.py".into()))]);
    let pipeline = Pipeline::from(facts).repository(Repository::named("app")).to(built.clone());
    let told: std::sync::Arc<std::sync::Mutex<String>> = Default::default();
    let events = told.clone();
    let pipeline = pipeline.observe(move |event| {
        events.lock().unwrap().push_str(&format!("{event:?}{}", serde_json::to_string(event).unwrap()));
    });
    assert_clean(&format!("{pipeline:?}"), "Pipeline");
    let summary = pipeline.run().await.unwrap();
    assert_clean(&format!("{summary:?}{}", serde_json::to_string(&summary).unwrap()), "RunSummary");
    assert_clean(&told.lock().unwrap(), "RunEvent");

    // What an embedding program does that expects too much.
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| expect_a_connection(Err(error))));
    let message = panic.unwrap_err().downcast::<String>().unwrap();
    assert_clean(&message, "a panic");
    for wrong in ["postgres://me:canary-in-url@h:x/d", "postgres://me:canary-in-url@h/d?pool_size=canary"] {
        let error = snake_pipe::registry().unwrap().build(wrong, None, []).unwrap_err();
        assert_clean(&format!("{error} {error:?} {:?}", error.help()), "a wrong URL");
    }
}
