//! Running other programs, and saying so.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::Result;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("xtask is two folders below the root").to_owned()
}

/// The `cargo` that runs this program, in the root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Prints the command, runs it, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result {
    let shown = Shown(command).to_string();
    println!("$ {shown}");
    wait_for(command, &shown)
}

fn wait_for(command: &mut Command, shown: &str) -> Result {
    let status = command.status().map_err(|error| format!("cannot run `{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) }
}

/// As [`run`], with a variable of the environment that is not printed.
pub(crate) fn run_with_secret(command: &mut Command, name: &str, value: &str) -> Result {
    let shown = Shown(command).to_string();
    println!("$ {name}=… {shown}");
    wait_for(command.env(name, value), &shown)
}

/// What the command prints, without its last line break; none when it fails or does not exist.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// What `cargo metadata` says about the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    let text = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))
        .ok_or("`cargo metadata` failed; run it to see why")?;
    serde_json::from_str(&text).map_err(|error| format!("`cargo metadata` does not print JSON: {error}"))
}

/// A command as one would type it.
pub(crate) struct Shown<'a>(pub(crate) &'a Command);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0.get_envs() {
            if let Some(value) = value {
                write!(f, "{}={:?} ", name.display(), value.to_string_lossy())?;
            }
        }
        let program = Path::new(self.0.get_program());
        f.write_str(&program.file_name().unwrap_or(program.as_os_str()).to_string_lossy())?;
        self.0.get_args().try_for_each(|argument| write!(f, " {}", argument.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Shown;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--no-deps"]);
        assert_eq!(Shown(&command).to_string(), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }
}
