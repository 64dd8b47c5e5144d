//! Parts of a corpus that are packages of Debian, named `NAME=VERSION`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{digest, unless_there};
use crate::{
    Result,
    accuracy::{judges, make_folder},
    shell,
};

/// Unpacks a package of Debian; what is said of it when it is not the version asked for.
///
/// A mirror keeps the newest version alone. Where it no longer has ours, the one that it has is taken: the figures are then those of
/// another corpus, and the report says so.
pub(super) fn package(
    folder: &Path,
    package: &str,
    unpack: impl FnOnce(&Path, &Path) -> Result,
) -> Result<Part> {
    let (name, version) = package.split_once('=').ok_or_else(|| format!("{package} has no version"))?;
    let pinned = folder_name(name, version);
    if folder.join(&pinned).exists() {
        return Ok(Part { folder: pinned, note: None });
    }
    let offered = offered_versions(name)?;
    if offered.iter().any(|it| it == version) {
        unless_there(folder, &pinned, |there| {
            download(there, package).and_then(|archive| {
                digest::check(&archive, &pinned)?;
                unpacked(&archive, there, unpack)
            })
        })?;
        return Ok(Part { folder: pinned, note: None });
    }
    let newest = offered.first().ok_or_else(|| format!("apt-get knows no package {name}"))?;
    let note = format!("instead of {package}, which the mirror no longer has, {name}={newest}");
    println!("note: {note}: the figures are those of another corpus");
    let other = folder_name(name, newest);
    unless_there(folder, &other, |there| {
        unpacked(&download(there, &format!("{name}={newest}"))?, there, unpack)
    })?;
    Ok(Part { folder: other, note: Some(note) })
}

/// A part of a corpus that is there.
pub(super) struct Part {
    /// The name of its folder.
    pub(super) folder: String,
    /// What has to be said of it beside the figures.
    pub(super) note: Option<String>,
}

fn folder_name(name: &str, version: &str) -> String {
    format!("{name}-{}", version.replace([':', '+', '~'], "-"))
}

/// The versions that can be downloaded, the newest first.
fn offered_versions(name: &str) -> Result<Vec<String>> {
    let listed = shell::output(Command::new("apt-cache").args(["madison", name]));
    let listed = listed.ok_or("no `apt-cache`: packages of Debian can be fetched on Debian only")?;
    let versions = listed.lines().filter_map(|line| line.split('|').nth(1));
    Ok(versions.map(|version| version.trim().to_owned()).collect())
}

/// Downloads an archive; apt-get compares it with the digest of the signed index.
fn download(there: &Path, package: &str) -> Result<PathBuf> {
    shell::run(Command::new("apt-get").args(["download", package]).current_dir(there))?;
    let entries = fs::read_dir(there).map_err(|error| format!("cannot read {}: {error}", there.display()))?;
    let mut archives = entries.flatten().map(|entry| entry.path());
    let archive = archives.find(|path| path.extension().is_some_and(|extension| extension == "deb"));
    archive.ok_or_else(|| format!("apt-get left no archive of {package}"))
}

fn unpacked(archive: &Path, there: &Path, unpack: impl FnOnce(&Path, &Path) -> Result) -> Result {
    unpack(archive, there)?;
    fs::remove_file(archive).map_err(|error| format!("cannot remove {}: {error}", archive.display()))
}

/// Every file of the package.
pub(super) fn whole(archive: &Path, there: &Path) -> Result {
    let script = "dpkg-deb --fsys-tarfile \"$1\" | tar -C \"$2\" -xf -";
    shell::run(Command::new("sh").args(["-c", script, "sh"]).arg(archive).arg(there))
}

/// The modules of OpenJDK that are compared.
const JAVA_MODULES: [&str; 5] = ["java.base", "java.net.http", "java.sql", "java.xml", "jdk.compiler"];

/// Of `openjdk-17-source`, some modules.
pub(super) fn java_modules(archive: &Path, there: &Path) -> Result {
    whole(archive, there)?;
    let sources = there.join("usr/lib/jvm/openjdk-17/lib/src.zip");
    let (python, _) = judges::python_program()?;
    let extract = "import sys, zipfile; archive = zipfile.ZipFile(sys.argv[1]); modules = tuple(name + '/' for name in sys.argv[3:]); archive.extractall(sys.argv[2], [name for name in archive.namelist() if name.startswith(modules)])";
    shell::run(Command::new(python).args(["-c", extract]).arg(sources).arg(there).args(JAVA_MODULES))?;
    let rest = there.join("usr");
    fs::remove_dir_all(&rest).map_err(|error| format!("cannot remove {}: {error}", rest.display()))
}

/// How many files of Linux one of the sample stands for.
const LINUX_STEP: &str = "15";

/// Of `linux-source-6.1`, every fifteenth file of C in the order of their paths.
pub(super) fn linux_sample(archive: &Path, there: &Path) -> Result {
    let whole = there.join("whole");
    make_folder(&whole)?;
    let script = "dpkg-deb --fsys-tarfile \"$1\" | tar -xO --wildcards '*/linux-source-6.1.tar.xz' | tar -C \"$2\" -xJf - --wildcards '*.c' '*.h'";
    shell::run(Command::new("sh").args(["-c", script, "sh"]).arg(archive).arg(&whole))?;
    let (python, _) = judges::python_program()?;
    let sample = "import os, shutil, sys; root, to, step = sys.argv[1], sys.argv[2], int(sys.argv[3]); paths = sorted(os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names if name.endswith(('.c', '.h')) and not os.path.islink(os.path.join(folder, name))); [(os.makedirs(os.path.dirname(os.path.join(to, path)), exist_ok=True), shutil.copy(os.path.join(root, path), os.path.join(to, path))) for path in paths[::step]]";
    let root = whole.join("linux-source-6.1");
    shell::run(Command::new(python).args(["-c", sample]).args([&root, there]).arg(LINUX_STEP))?;
    fs::remove_dir_all(&whole).map_err(|error| format!("cannot remove {}: {error}", whole.display()))
}

#[cfg(test)]
mod tests {
    use super::folder_name;

    #[test]
    fn a_folder_names_the_version_too_so_that_another_version_is_another_corpus() {
        assert_eq!(folder_name("golang-x-net-dev", "1:0.7.0+dfsg-1"), "golang-x-net-dev-1-0.7.0-dfsg-1");
    }
}
