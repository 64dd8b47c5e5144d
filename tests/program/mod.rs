//! The binary as people run it, and the rows that it leaves behind.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use snake_pipe::core::{
    DatabaseBackend, MigrateMode, Result, SqlQuery, Value, load::Repository, schema::TableId,
};
use snake_pipe_testkit::conformance::{self, Rows};

/// The name under which the tests load their trees.
pub(crate) const REPOSITORY: &str = "tree";

/// The rows of every table whose rows belong to files.
pub(crate) type Tables = BTreeMap<TableId, Rows>;

/// The binary with a home, a cache and a working directory of its own, and nothing of the environment but what a process
/// needs.
#[derive(Debug)]
pub(crate) struct Program {
    home: tempfile::TempDir,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snake-pipe"));
        // Coverage is told by a variable where to write.
        let kept = ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"];
        let kept = kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        command.env_clear().envs(kept);
        command.env("HOME", self.home.path()).env("XDG_CACHE_HOME", self.home.path().join("cache"));
        command.current_dir(self.home.path()).stdin(Stdio::null());
        command
    }

    /// `load` of the tree into these backends, not started.
    pub(crate) fn load(&self, tree: &Path, to: &[&str]) -> Command {
        let mut command = self.command();
        command.arg("load").arg(tree).args(["--repository", REPOSITORY, "--format", "json"]);
        command.args(to.iter().flat_map(|url| ["--to", url]));
        command
    }

    /// A load that has to succeed.
    pub(crate) fn load_wholly(&self, tree: &Path, to: &[&str]) {
        assert_done(&self.load(tree, to).output().unwrap());
    }
}

/// Panics with what the program said unless it did what it was asked to.
pub(crate) fn assert_done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", words_of(output));
}

/// All that a program said.
pub(crate) fn words_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The rows that a database holds, in the form that all backends agree about. One without our schema holds none.
pub(crate) fn rows_of(url: &str) -> Tables {
    rows_of_tables(url, conformance::tables())
}

/// The rows of some tables, in that form.
pub(crate) fn rows_of_tables(url: &str, of: impl Iterator<Item = TableId>) -> Tables {
    with_backend(url, async |backend| {
        let mut tables = Tables::new();
        let has_schema = backend.migrate(MigrateMode::Plan).await.unwrap().steps.is_empty();
        let repository = Repository::named(REPOSITORY).id();
        for table in of {
            let rows = match has_schema {
                true => conformance::sql_rows(backend, table, repository).await.unwrap(),
                false => Rows::new(),
            };
            tables.insert(table, rows);
        }
        tables
    })
    .unwrap()
}

/// Panics at the first row that differs.
pub(crate) fn assert_same_rows(held: &Tables, expected: &Tables) {
    for (table, rows) in held {
        conformance::assert_same(*table, rows, &expected[table]);
    }
}

/// The answer of one statement, each row with its values separated by ` | `.
pub(crate) fn answer(url: &str, statement: &str) -> Vec<String> {
    with_backend(url, async |backend| {
        let answer = backend.execute_sql_query(SqlQuery::new(statement)).await.unwrap();
        answer
            .rows
            .iter()
            .map(|row| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" | "))
            .collect()
    })
    .unwrap()
}

/// The URL of an SQLite database in this folder.
pub(crate) fn sqlite_in(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

/// What a connected backend answers; an error when it cannot be connected.
pub(crate) fn with_backend<T>(url: &str, ask: impl AsyncFnOnce(&dyn DatabaseBackend) -> T) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let backend: Arc<dyn DatabaseBackend> = snake_pipe::registry()?.build(url, None, [])?;
        backend.connect().await?;
        let answer = ask(backend.as_ref()).await;
        backend.close().await?;
        Ok(answer)
    })
}

/// Sends a signal to a process that this test started and has not waited for yet.
#[expect(unsafe_code, reason = "kill has no safe form; it takes plain numbers")]
pub(crate) fn signal(pid: u32, signal: i32) {
    unsafe {
        libc::kill(pid as libc::pid_t, signal);
    }
}

/// Whether a command did what it was asked to, without a word.
pub(crate) fn is_done(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
