//! The code to compare on: fetched once through the registries' own clients, pinned, and kept in the user's cache.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

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
    /// OpenJDK's own sources, from Debian's package `openjdk-17-source`.
    JavaLibrary,
    /// The files of a package of Debian.
    Debian(&'static str),
    /// Every fifteenth file of C, in the order of their paths, of Debian's package `linux-source-6.1`.
    LinuxSample,
    /// The crates of the registry that this workspace's lock file names.
    RustDependencies,
    /// A package of npm, as `name@version`.
    Npm(&'static str),
}

/// Fetches what is not there yet, and gives the folder that holds the language's corpus.
pub(crate) fn fetch(judge: &Judge) -> Result<PathBuf> {
    fetch_all(judge.language, judge.corpus)
}

/// As [`fetch`], for a corpus of this name.
pub(crate) fn fetch_all(name: &str, corpus: &[Source]) -> Result<PathBuf> {
    let folder = cache()?.join(name);
    make_folder(&folder)?;
    for source in corpus {
        match source {
            Source::PythonLibrary => python_library(&folder)?,
            Source::PyPi(package) => pypi(&folder, package)?,
            Source::Npm(package) => npm(&folder, package)?,
            Source::JavaLibrary => java_library(&folder)?,
            Source::Debian(package) => debian(&folder, package)?,
            Source::LinuxSample => linux_sample(&folder)?,
            Source::RustDependencies => rust_dependencies(&folder)?,
        }
    }
    Ok(folder)
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

fn python_library(folder: &Path) -> Result {
    let (python, version) = judges::python_program()?;
    unless_there(folder, &format!("python-{version}"), |there| {
        let place = "import sysconfig; print(sysconfig.get_path('stdlib'))";
        let library = shell::output(Command::new(&python).args(["-c", place]))
            .ok_or("the judging Python does not say where its library is")?;
        // tar knows how to leave out what was installed into the library.
        let mut copy = Command::new("sh");
        let script = "tar -C \"$1\" -cf - --exclude=site-packages --exclude=dist-packages --exclude=__pycache__ . | tar -C \"$2\" -xf -";
        shell::run(copy.args(["-c", script, "sh", &library]).arg(there))
    })
}

fn pypi(folder: &Path, package: &str) -> Result {
    unless_there(folder, &package.replace("==", "-"), |there| {
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
        unpack(there)
    })
}

fn npm(folder: &Path, package: &str) -> Result {
    unless_there(folder, &package.trim_start_matches('@').replace(['@', '/'], "-"), |there| {
        shell::run(Command::new("npm").args(["pack", "--silent", package, "--pack-destination"]).arg(there))?;
        unpack(there)
    })
}

/// The modules of OpenJDK that are compared.
const JAVA_MODULES: [&str; 5] = ["java.base", "java.net.http", "java.sql", "java.xml", "jdk.compiler"];

fn java_library(folder: &Path) -> Result {
    unless_there(folder, "openjdk-17-source", |there| {
        shell::run(Command::new("apt-get").args(["download", "openjdk-17-source"]).current_dir(there))?;
        let script =
            "dpkg-deb --fsys-tarfile openjdk-17-source_*.deb | tar -xf - && rm openjdk-17-source_*.deb";
        shell::run(Command::new("sh").args(["-c", script]).current_dir(there))?;
        let archive = there.join("usr/lib/jvm/openjdk-17/lib/src.zip");
        let (python, _) = judges::python_program()?;
        let extract = "import sys, zipfile; archive = zipfile.ZipFile(sys.argv[1]); modules = tuple(name + '/' for name in sys.argv[3:]); archive.extractall(sys.argv[2], [name for name in archive.namelist() if name.startswith(modules)])";
        shell::run(Command::new(python).args(["-c", extract]).arg(archive).arg(there).args(JAVA_MODULES))?;
        let rest = there.join("usr");
        fs::remove_dir_all(&rest).map_err(|error| format!("cannot remove {}: {error}", rest.display()))
    })
}

fn debian(folder: &Path, package: &str) -> Result {
    unless_there(folder, package, |there| {
        shell::run(Command::new("apt-get").args(["download", package]).current_dir(there))?;
        let script = "dpkg-deb --fsys-tarfile ./*.deb | tar -xf - && rm ./*.deb";
        shell::run(Command::new("sh").args(["-c", script]).current_dir(there))
    })
}

/// How many files of Linux one of the sample stands for.
const LINUX_STEP: &str = "15";

fn linux_sample(folder: &Path) -> Result {
    unless_there(folder, "linux-source-6.1-sample", |there| {
        let whole = there.join("whole");
        make_folder(&whole)?;
        shell::run(Command::new("apt-get").args(["download", "linux-source-6.1"]).current_dir(&whole))?;
        let script = "dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards '*/linux-source-6.1.tar.xz' | tar -xJf - --wildcards '*.c' '*.h'";
        shell::run(Command::new("sh").args(["-c", script]).current_dir(&whole))?;
        let (python, _) = judges::python_program()?;
        let sample = "import os, shutil, sys; root, to, step = sys.argv[1], sys.argv[2], int(sys.argv[3]); paths = sorted(os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names if name.endswith(('.c', '.h')) and not os.path.islink(os.path.join(folder, name))); [(os.makedirs(os.path.dirname(os.path.join(to, path)), exist_ok=True), shutil.copy(os.path.join(root, path), os.path.join(to, path))) for path in paths[::step]]";
        let root = whole.join("linux-source-6.1");
        shell::run(Command::new(python).args(["-c", sample]).args([&root, there]).arg(LINUX_STEP))?;
        fs::remove_dir_all(&whole).map_err(|error| format!("cannot remove {}: {error}", whole.display()))
    })
}

/// Copies the Rust files of every crate in the lock file, and removes crates that are no longer there.
fn rust_dependencies(folder: &Path) -> Result {
    let metadata = shell::output(&mut shell::cargo(&[
        "metadata",
        "--locked",
        "--all-features",
        "--format-version",
        "1",
    ]));
    let metadata = metadata.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let metadata = metadata.ok_or("`cargo metadata` does not say what the workspace depends on")?;
    let mut wanted = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten().filter(|it| !it["source"].is_null())
    {
        let name = format!(
            "{}-{}",
            package["name"].as_str().unwrap_or_default(),
            package["version"].as_str().unwrap_or_default()
        );
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let sources = manifest.parent().ok_or_else(|| format!("{name} has no folder"))?;
        unless_there(folder, &name, |there| {
            let script = "cd \"$1\" && find . -type f -name '*.rs' -print0 | tar --null -T - -cf - | tar -C \"$2\" -xf -";
            shell::run(Command::new("sh").args(["-c", script, "sh"]).arg(sources).arg(there))
        })?;
        wanted.push(name);
    }
    let there = fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in there.flatten().filter(|entry| !wanted.iter().any(|name| entry.file_name() == name.as_str()))
    {
        fs::remove_dir_all(entry.path())
            .map_err(|error| format!("cannot remove {}: {error}", entry.path().display()))?;
    }
    Ok(())
}

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

/// Unpacks the one archive in a folder, and removes it.
fn unpack(folder: &Path) -> Result {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let archive = entry.path();
        let (python, _) = judges::python_program()?;
        let unpack = "import shutil, sys; shutil.unpack_archive(sys.argv[1], sys.argv[2])";
        shell::run(Command::new(python).args(["-c", unpack]).arg(&archive).arg(folder))?;
        fs::remove_file(&archive).map_err(|error| format!("cannot remove {}: {error}", archive.display()))?;
    }
    Ok(())
}
