//! The binary knows its own kind of backend beside those that snake-pipe brings.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_kind_may_be_registered_without_relying_on_the_linker() -> Result<(), Box<dyn std::error::Error>> {
    let mut registry = snake_pipe::registry()?;
    toy_backend::register(&mut registry)?;
    assert_eq!(registry.kind("toy")?, &toy_backend::DESCRIPTOR);
    Ok(())
}

#[test]
fn the_toy_is_listed_beside_the_kinds_of_snake_pipe() {
    let output = Command::new(env!("CARGO_BIN_EXE_private-binary"))
        .args(["backends", "list", "--format", "json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kinds: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = kinds.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert_eq!(names, ["memory", "postgres", "sqlite", "toy"]);
}
