//! The code to compare on: fetched once through the registries' own clients, pinned by version and digest, and kept in the user's cache.

mod debian;
mod digest;
mod tools;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) use self::tools::{crate_program, debian_packages, npm_package, python_packages};
use super::{
    judges::{self, Judge},
    make_folder,
};
use crate::{Result, shell};

/// Where a part of a corpus comes from.
pub(crate) enum Source {
    /// The standard library of the Python that judges.
    PythonLibrary,
    /// A source distribution, as `name==version`.
    PyPi(&'static str),
    /// OpenJDK's own sources, from Debian's package `openjdk-17-source`, as `name=version`.
    JavaLibrary(&'static str),
    /// The files of a package of Debian, as `name=version`.
    Debian(&'static str),
    /// Every fifteenth file of C, in the order of their paths, of Debian's package `linux-source-6.1`, as `name=version`.
    LinuxSample(&'static str),
    /// The crates of the registry that this workspace's lock file names.
    RustDependencies,
    /// A package of npm, as `name@version`.
    Npm(&'static str),
}

/// A corpus that is there.
pub(crate) struct Corpus {
    /// Where it is.
    pub(crate) folder: PathBuf,
    /// What has to be said of it beside the figures: parts that are not what was asked for.
    pub(crate) notes: Vec<String>,
}

/// Fetches what is not there yet.
pub(crate) fn fetch(judge: &Judge) -> Result<Corpus> {
    fetch_all(judge.language, judge.corpus)
}

/// As [`fetch`], for a corpus of this name. What lies in its folder and is no part of it is removed.
pub(crate) fn fetch_all(name: &str, corpus: &[Source]) -> Result<Corpus> {
    let folder = folder(name)?;
    let (mut parts, mut notes) = (Vec::new(), Vec::new());
    for source in corpus {
        let mut add = |part: debian::Part| {
            parts.push(part.folder);
            notes.extend(part.note);
        };
        match source {
            Source::PythonLibrary => parts.push(python_library(&folder)?),
            Source::PyPi(package) => parts.push(pypi(&folder, package)?),
            Source::Npm(package) => parts.push(npm(&folder, package)?),
            Source::JavaLibrary(package) => add(debian::package(&folder, package, debian::java_modules)?),
            Source::Debian(package) => add(debian::package(&folder, package, debian::whole)?),
            Source::LinuxSample(package) => add(debian::package(&folder, package, debian::linux_sample)?),
            Source::RustDependencies => parts.extend(rust_dependencies(&folder)?),
        }
    }
    remove_others(&folder, &parts)?;
    Ok(Corpus { folder, notes })
}

/// The folder of a corpus, which is made where it is not there.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let folder = cache()?.join(name);
    make_folder(&folder)?;
    Ok(folder)
}

/// Removes what an earlier corpus of the same name had.
fn remove_others(folder: &Path, parts: &[String]) -> Result {
    let there = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in there.flatten().filter(|entry| !parts.iter().any(|name| entry.file_name() == name.as_str()))
    {
        fs::remove_dir_all(entry.path())
            .map_err(|error| format!("cannot remove {}: {error}", entry.path().display()))?;
    }
    Ok(())
}

/// `snake-pipe/accuracy` in the user's cache.
fn cache() -> Result<PathBuf> {
    let folder = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    Ok(folder.ok_or("neither XDG_CACHE_HOME nor HOME is set")?.join("snake-pipe/accuracy"))
}

/// Makes the folder of one part, whole or not at all.
fn unless_there(folder: &Path, name: &str, make: impl FnOnce(&Path) -> Result) -> Result {
    let there = folder.join(name);
    if there.exists() {
        return Ok(());
    }
    let unfinished = folder.join(format!(".{name}"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)
            .map_err(|error| format!("cannot empty {}: {error}", unfinished.display()))?;
    }
    make_folder(&unfinished)?;
    make(&unfinished)?;
    fs::rename(&unfinished, &there).map_err(|error| format!("cannot make {}: {error}", there.display()))
}

fn python_library(folder: &Path) -> Result<String> {
    let (python, version) = judges::python_program()?;
    let name = format!("python-{version}");
    unless_there(folder, &name, |there| {
        let place = "import sysconfig; print(sysconfig.get_path('stdlib'))";
        let library = shell::output(Command::new(&python).args(["-c", place]))
            .ok_or("the judging Python does not say where its library is")?;
        // tar knows how to leave out what was installed into the library.
        let mut copy = Command::new("sh");
        let script = "tar -C \"$1\" -cf - --exclude=site-packages --exclude=dist-packages --exclude=__pycache__ . | tar -C \"$2\" -xf -";
        shell::run(copy.args(["-c", script, "sh", &library]).arg(there))
    })?;
    Ok(name)
}

fn pypi(folder: &Path, package: &str) -> Result<String> {
    let part = package.replace("==", "-");
    unless_there(folder, &part, |there| {
        let name = package.split("==").next().unwrap_or(package);
        let (python, _) = judges::python_program()?;
        let mut download = Command::new(python);
        download.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            name,
            package,
            "--dest",
        ]);
        shell::run(download.arg(there))?;
        unpack(there, &part)
    })?;
    Ok(part)
}

fn npm(folder: &Path, package: &str) -> Result<String> {
    let part = package.trim_start_matches('@').replace(['@', '/'], "-");
    unless_there(folder, &part, |there| {
        shell::run(Command::new("npm").args(["pack", "--silent", package, "--pack-destination"]).arg(there))?;
        unpack(there, &part)
    })?;
    Ok(part)
}

/// Copies the Rust files of every crate in the lock file, which has their digests.
fn rust_dependencies(folder: &Path) -> Result<Vec<String>> {
    let arguments = ["metadata", "--locked", "--all-features", "--format-version", "1"];
    let metadata = shell::output(&mut shell::cargo(&arguments));
    let metadata = metadata.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let metadata = metadata.ok_or("`cargo metadata` does not say what the workspace depends on")?;
    let mut parts = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten().filter(|it| !it["source"].is_null())
    {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        let name = format!("{}-{}", text("name"), text("version"));
        let sources =
            Path::new(text("manifest_path")).parent().ok_or_else(|| format!("{name} has no folder"))?;
        unless_there(folder, &name, |there| {
            let script = "cd \"$1\" && find . -type f -name '*.rs' -print0 | tar --null -T - -cf - | tar -C \"$2\" -xf -";
            shell::run(Command::new("sh").args(["-c", script, "sh"]).arg(sources).arg(there))
        })?;
        parts.push(name);
    }
    Ok(parts)
}

/// Unpacks the one archive of a part, when it is the one that was measured, and removes it.
fn unpack(folder: &Path, part: &str) -> Result {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let archive = entry.path();
        digest::check(&archive, part)?;
        let (python, _) = judges::python_program()?;
        let unpack = "import shutil, sys; shutil.unpack_archive(sys.argv[1], sys.argv[2])";
        shell::run(Command::new(python).args(["-c", unpack]).arg(&archive).arg(folder))?;
        fs::remove_file(&archive).map_err(|error| format!("cannot remove {}: {error}", archive.display()))?;
    }
    Ok(())
}
