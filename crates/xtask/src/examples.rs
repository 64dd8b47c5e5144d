//! The crates in examples/. Each is a workspace of its own, as the crate of somebody else would be.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    shell::{self, cargo},
};

/// Every example's `Cargo.toml`, by name.
pub(crate) fn manifests() -> Vec<PathBuf> {
    let entries = fs::read_dir(shell::root().join("examples")).into_iter().flatten().flatten();
    let mut manifests: Vec<_> =
        entries.map(|entry| entry.path().join("Cargo.toml")).filter(|path| path.is_file()).collect();
    manifests.sort();
    manifests
}

/// `cargo` for an example, with the workspace's versions and in its target directory: what is built there serves it too.
pub(crate) fn cargo_for(manifest: &Path, arguments: &[&str]) -> Result<Command> {
    lock_alike(manifest)?;
    let mut command = cargo(arguments);
    command.arg("--manifest-path").arg(manifest).env("CARGO_TARGET_DIR", target());
    Ok(command)
}

/// Where the workspace is built.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| shell::root().join("target"), PathBuf::from)
}

/// Gives a crate without a lock file the workspace's.
fn lock_alike(manifest: &Path) -> Result {
    let lock = manifest.with_file_name("Cargo.lock");
    if lock.exists() {
        return Ok(());
    }
    let copied = fs::copy(shell::root().join("Cargo.lock"), &lock);
    copied.map(drop).map_err(|error| format!("cannot write {}: {error}", lock.display()))
}
