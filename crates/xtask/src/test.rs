//! Running all tests, and adding up what they say.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::{
    Result, accuracy, examples, postgres,
    shell::{Shown, cargo},
};

/// Runs the tests. The last line printed is the summary, `N passed, N failed`.
pub(crate) fn run(arguments: &[String]) -> Result {
    postgres::install_if_missing()?;
    accuracy::install_python_if_missing()?;
    let mut tally = Tally::default();

    let mut workspace = cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    if names_packages(arguments) {
        workspace = cargo(&["test", "--all-features", "--no-fail-fast"]);
    }
    tally.run(workspace.args(arguments))?;

    if !names_packages(arguments) {
        for manifest in examples::manifests() {
            tally.run(examples::cargo_for(&manifest, &["test", "--no-fail-fast"])?.args(arguments))?;
        }
    }
    tally.summary()
}

/// Whether the caller chose packages, so that `--workspace` would contradict.
fn names_packages(arguments: &[impl AsRef<str>]) -> bool {
    let for_cargo = arguments.iter().map(AsRef::as_ref).take_while(|argument| *argument != "--");
    let choices = ["-p", "--package", "--manifest-path"];
    for_cargo.into_iter().any(|argument| choices.iter().any(|choice| argument.starts_with(choice)))
}

/// What the tests said so far.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Names of failed tests, and commands that could not run their tests.
    failures: Vec<String>,
}

impl Tally {
    pub(crate) fn run(&mut self, command: &mut Command) -> Result {
        let shown = Shown(command).to_string();
        println!("\n$ {shown}");
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run `{shown}`: {error}"))?;
        let failed_before = self.failed;
        let stdout = child.stdout.take().expect("the output is piped");
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|error| format!("cannot read the output of `{shown}`: {error}"))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            self.read(&line);
        }
        let status = child.wait().map_err(|error| format!("cannot wait for `{shown}`: {error}"))?;
        if !status.success() && self.failed == failed_before {
            // Something did not compile, or a test program died before it could count.
            self.failed += 1;
            self.failures.push(format!("{shown} ({status})"));
        }
        Ok(())
    }

    fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        }
        let Some(counts) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for count in counts.1.split("; ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let number: u64 = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    pub(crate) fn summary(&self) -> Result {
        println!();
        for failure in &self.failures {
            println!("FAILED: {failure}");
        }
        if self.ignored > 0 {
            println!("{} ignored", self.ignored);
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { Ok(()) } else { Err(String::new()) }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Tally, names_packages};

    #[test]
    fn results_of_all_test_programs_add_up() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 8 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test load::a_test ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s",
        ] {
            tally.read(line);
        }
        let failures = vec!["load::a_test".to_owned()];
        assert_eq!(tally, Tally { passed: 9, failed: 1, ignored: 1, failures });
    }

    #[test]
    fn tests_that_could_not_be_run_count_as_a_failure() {
        let mut tally = Tally::default();
        tally.run(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!((tally.passed, tally.failed), (0, 1));
        assert!(tally.summary().is_err());
    }

    #[test]
    fn a_chosen_package_replaces_the_workspace() {
        assert!(names_packages(&["-p", "snake-pipe-core"]));
        assert!(names_packages(&["--package=snake-pipe-core", "fence"]));
        assert!(!names_packages(&["fence", "--", "-p"]));
    }
}
