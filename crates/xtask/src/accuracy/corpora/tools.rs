//! What a judge is made of, installed once through the registries' own clients and kept in the user's cache.

use std::{fs, path::PathBuf, process::Command};

use super::{cache, debian, unless_there};
use crate::{
    Result,
    accuracy::{judges, make_folder},
    shell,
};

/// Makes an environment of the judging Python with these packages, and gives its interpreter.
pub(crate) fn python_packages(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let (python, version) = judges::python_program()?;
    let folder = cache()?.join("judges").join(format!("{name}-{version}"));
    let interpreter = folder.join("bin/python3");
    let done = folder.join("installed");
    // An environment knows its own place, so it cannot be made elsewhere and moved.
    if !done.exists() {
        shell::run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
        shell::run(Command::new(&interpreter).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
        fs::write(&done, packages.join("\n"))
            .map_err(|error| format!("cannot write {}: {error}", done.display()))?;
    }
    Ok(interpreter)
}

/// Installs a program from a crate, and gives its path.
pub(crate) fn crate_program(name: &str, version: &str) -> Result<PathBuf> {
    let folder = cache()?.join("judges").join(format!("{name}-{version}"));
    let program = folder.join("bin").join(name);
    if !program.exists() {
        let mut install =
            shell::cargo(&["install", "--quiet", "--locked", name, "--version", version, "--root"]);
        shell::run(install.arg(&folder))?;
    }
    Ok(program)
}

/// Installs a package that a judge needs, and gives the folder in which `node_modules` is.
pub(crate) fn npm_package(package: &str) -> Result<PathBuf> {
    let folder = cache()?.join("judges");
    make_folder(&folder)?;
    let name = package.replace('@', "-");
    unless_there(&folder, &name, |there| {
        shell::run(Command::new("npm").args(["install", "--silent", package, "--prefix"]).arg(there))
    })?;
    Ok(folder.join(name))
}

/// Unpacks packages of Debian, `name=version`, that a judge needs, and gives their folders.
pub(crate) fn debian_packages(name: &str, packages: &[&str]) -> Result<Vec<PathBuf>> {
    let folder = cache()?.join("judges").join(name);
    make_folder(&folder)?;
    let unpacked = packages.iter().map(|package| debian::package(&folder, package, debian::whole));
    unpacked.map(|part| Ok(folder.join(part?.folder))).collect()
}
