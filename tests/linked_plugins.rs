//! A linker drops a plugin that nobody names, silently: the binary is asked which ones it has.

use std::process::Command;

#[test]
fn the_binary_has_exactly_its_plugins() {
    let output = Command::new(env!("CARGO_BIN_EXE_snake-pipe"))
        .args(["backends", "list", "--format", "json"])
        .env_remove("SNAKE_PIPE_CONFIG")
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let kinds: Vec<_> = listed.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["memory", "postgres", "sqlite"]);
}
