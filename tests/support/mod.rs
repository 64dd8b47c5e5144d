//! What the end-to-end tests share: a folder of their own, the program, and what it answered.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The password of every database in these tests. No output may show it.
pub(crate) const PASSWORD: &str = "hunter2";

/// An empty folder that the program runs in, with a fact cache of its own. Gone with the value.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("the system has a directory for temporary files"))
    }

    /// A path below the folder.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes a file below the folder, and the directories that it needs.
    pub(crate) fn write(&self, relative: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        let written = fs::create_dir_all(path.parent().expect("a path below the folder has a parent"))
            .and_then(|()| fs::write(&path, content));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// The program in this folder. It knows nothing of the configuration and the databases of whoever runs the tests.
    pub(crate) fn command<T: AsRef<OsStr>>(&self, arguments: &[T]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snake-pipe"));
        // Coverage is told by a variable where to write.
        let kept = ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"];
        let kept = kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        command.env_clear().envs(kept);
        command.args(arguments).current_dir(self.0.path());
        command.env("HOME", self.path("home")).env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run<T: AsRef<OsStr>>(&self, arguments: &[T]) -> Answer {
        Answer::of(self.command(arguments), "")
    }

    /// Runs the program with this text on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Answer {
        Answer::of(self.command(arguments), input)
    }
}

/// What a command answered.
pub(crate) struct Answer {
    command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Runs a command to its end. Whatever it does, it must neither panic nor show a password.
    pub(crate) fn of(mut command: Command, input: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // A program that does not read its input may have ended before all of it was written.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        let answer = Self {
            command: command.get_args().map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" "),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("answers are UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("errors are UTF-8"),
        };
        for text in [&answer.stdout, &answer.stderr] {
            assert!(!text.contains("panicked"), "a panic\n{}", answer.told());
            assert!(!text.contains(PASSWORD), "a password\n{}", answer.told());
        }
        answer
    }

    /// Asserts how the program ended.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code\n{}", self.told());
        self
    }

    /// The one JSON value on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.told()))
    }

    /// Everything, for the message of a failed test.
    pub(crate) fn told(&self) -> String {
        let Self { command, code, stdout, stderr } = self;
        format!("snake-pipe {command}\nexit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
