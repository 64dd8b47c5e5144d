//! Everything that is checked without running the tests.

use crate::{
    Result, examples, links,
    shell::{self, cargo},
};

/// A name, and what is done under it.
type Step = (&'static str, fn() -> Result);

/// Quick ones first.
const STEPS: [Step; 6] = [
    ("format", format),
    ("links", || links::check(&shell::root())),
    ("architecture", architecture),
    ("lints", lints),
    ("documentation", documentation),
    ("examples", check_examples),
];

/// The steps' names, for the command line.
pub(crate) fn step_names() -> Vec<&'static str> {
    STEPS.map(|(name, _)| name).to_vec()
}

/// Runs these steps, or without any all of them, and fails with the list of those that failed.
pub(crate) fn run(chosen: &[String]) -> Result {
    let steps: Vec<Step> = STEPS
        .into_iter()
        .filter(|(name, _)| chosen.is_empty() || chosen.iter().any(|step| step == name))
        .collect();
    let mut failures = Vec::new();
    for (name, step) in &steps {
        println!("\n── {name}");
        if let Err(message) = step() {
            println!("{message}");
            failures.push(*name);
        }
    }
    println!();
    if failures.is_empty() {
        println!("check: {} of {} steps passed", steps.len(), steps.len());
        return Ok(());
    }
    let again = failures.join(" ");
    Err(format!(
        "check: {} of {} steps failed; alone: cargo xtask check {again}",
        failures.len(),
        steps.len()
    ))
}

fn format() -> Result {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn architecture() -> Result {
    shell::run(&mut cargo(&["test", "--quiet", "--package", "xtask", "--test", "architecture"]))
}

fn lints() -> Result {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    shell::run(&mut cargo(&arguments))?;
    // Without a database and without a language, as whoever measures the extractor builds it.
    let arguments = ["clippy", "--package", "snake-pipe", "--no-default-features", "--", "-D", "warnings"];
    shell::run(&mut cargo(&arguments))
}

fn documentation() -> Result {
    let arguments = ["doc", "--workspace", "--all-features", "--no-deps"];
    shell::run(cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Format and lints of the crates in examples/, which the steps on the workspace do not see.
fn check_examples() -> Result {
    for manifest in examples::manifests() {
        shell::run(&mut examples::cargo_for(&manifest, &["fmt", "--check"])?)?;
        let mut lints = examples::cargo_for(&manifest, &["clippy", "--all-targets"])?;
        shell::run(lints.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}
