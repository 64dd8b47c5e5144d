//! Where the server's programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use snake_pipe_core::{Error, ErrorKind, Result};

/// Names the folder of the programs, before any other place is searched.
const FOLDER_VARIABLE: &str = "SNAKE_PIPE_PG_BIN";

/// Folders with one folder per version, by the packages of Debian, Fedora's packages of the PostgreSQL project, and
/// Homebrew: what stands before the version, and what behind.
const VERSIONED_FOLDERS: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// `initdb`, `postgres` and `psql` of one version.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    version: String,
}

impl Programs {
    /// Finds the programs, of this major version if one is asked for.
    ///
    /// # Errors
    /// `NotFound`, saying how to install them.
    pub(super) fn find(major: Option<u32>) -> Result<Self> {
        if let Some(folder) = env::var_os(FOLDER_VARIABLE) {
            let found = Self::in_folder(PathBuf::from(&folder)).filter(|found| found.is_of(major));
            return found.ok_or_else(|| {
                not_found(major).with_context(FOLDER_VARIABLE, PathBuf::from(folder).display())
            });
        }
        let mut found = candidates().into_iter().filter_map(Self::in_folder);
        found.find(|programs| programs.is_of(major)).ok_or_else(|| not_found(major))
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(Self { folder, version })
    }

    fn is_of(&self, major: Option<u32>) -> bool {
        major.is_none_or(|major| major_version(&self.version) == Some(major))
    }

    /// The server's own words, such as `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// The path of the program `name`; the bare name where it is not beside the server.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        if path.is_file() { path } else { PathBuf::from(name) }
    }

    /// A command for the program, with nothing of the caller's PostgreSQL environment.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        for (variable, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(variable);
        }
        // The messages that are looked for in the log are English.
        command.env("LC_ALL", "C").env_remove("LANGUAGE");
        command
    }
}

/// Folders that may hold the programs, best first.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = pg_config_folder().into_iter().collect();
    for (parent, before, after) in VERSIONED_FOLDERS {
        folders.extend(versions_in(Path::new(parent), before).into_iter().map(|folder| folder.join(after)));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    // A link in PATH stands beside no `initdb`; the folder of the file that it means does.
    folders.extend(
        env::split_paths(&path)
            .filter_map(|folder| folder.join("postgres").canonicalize().ok()?.parent().map(Path::to_owned)),
    );
    folders
}

fn pg_config_folder() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// The folders in `parent` whose name is `before` and a number, greatest number first.
fn versions_in(parent: &Path, before: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(before)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// The first number of `postgres (PostgreSQL) 15.13 …`.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split(' ').find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn not_found(major: Option<u32>) -> Error {
    let version = major.map_or(String::new(), |major| format!(" {major}"));
    Error::new(ErrorKind::NotFound, format!("no server programs of PostgreSQL{version} (initdb, postgres) were found"))
        .with_help(format!(
            "run `cargo xtask test`, which installs them, or `apt-get install postgresql` (Debian, Ubuntu), \
             `dnf install postgresql-server` (Fedora), `brew install postgresql@17` (macOS), or name their folder in \
             {FOLDER_VARIABLE}"
        ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{major_version, not_found, versions_in};

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn newer_versions_come_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9", "17", "15", "notes"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let names: Vec<_> =
            versions_in(parent.path(), "").iter().map(|path| path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["17", "15", "9"]);
    }

    #[test]
    fn a_machine_without_a_server_is_told_what_to_run() {
        let error = not_found(Some(99));
        assert_eq!(error.message(), "no server programs of PostgreSQL 99 (initdb, postgres) were found");
        assert!(error.help().unwrap().contains("apt-get install postgresql"));
    }
}
