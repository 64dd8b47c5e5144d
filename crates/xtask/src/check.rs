//! Everything that is checked without running the tests.

use crate::{
    Result, links,
    shell::{self, cargo},
};

/// A name, and what is done under it.
type Step = (&'static str, fn() -> Result);

/// Quick ones first.
const STEPS: [Step; 5] = [
    ("format", format),
    ("links", || links::check(&shell::root())),
    ("architecture", architecture),
    ("lints", lints),
    ("documentation", documentation),
];

/// Runs every step, and fails with the list of those that failed.
pub(crate) fn run() -> Result {
    let mut failures = Vec::new();
    for (name, step) in STEPS {
        println!("\n── {name}");
        if let Err(message) = step() {
            println!("{message}");
            failures.push(name);
        }
    }
    println!();
    if failures.is_empty() {
        println!("check: all {} steps passed", STEPS.len());
        return Ok(());
    }
    Err(format!("check: failed: {}; `cargo fmt --all` repairs the format", failures.join(", ")))
}

fn format() -> Result {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn architecture() -> Result {
    shell::run(&mut cargo(&["test", "--quiet", "--package", "xtask", "--test", "architecture"]))
}

fn lints() -> Result {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    shell::run(&mut cargo(&arguments))
}

fn documentation() -> Result {
    let arguments = ["doc", "--workspace", "--all-features", "--no-deps"];
    shell::run(cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))
}
