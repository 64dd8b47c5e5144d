//! The programs of a PostgreSQL server, which the tests of the PostgreSQL backend start by themselves.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Result, debian, shell};

/// Names the folder of the programs, before any other place is searched.
const FOLDER_VARIABLE: &str = "SNAKE_PIPE_PG_BIN";
/// Where the packages of Debian, of the PostgreSQL project for Fedora, and of Homebrew put the programs: the folder
/// above one folder per version.
const PARENTS: [&str; 4] = ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];
/// Debian's rule for what is done after an installation.
const CLUSTER_RULE: &str = "/etc/postgresql-common/createcluster.conf";

/// Installs PostgreSQL where no server programs are found.
///
/// Tests search in the same places (`snake_pipe_testkit::postgres`), and fail without the programs: nothing is skipped.
pub(crate) fn install_if_missing() -> Result {
    if let Some(folder) = env::var_os(FOLDER_VARIABLE).map(PathBuf::from) {
        // Somebody chose a version: another one would not do.
        let refusal =
            || format!("{FOLDER_VARIABLE} names {}, where initdb and postgres are not", folder.display());
        return if has_programs(&folder) { Ok(()) } else { Err(refusal()) };
    }
    if is_installed() {
        return install_pooler_if_missing();
    }
    println!("no server programs of PostgreSQL were found; the tests need them");
    if debian::may_install() {
        install()?;
    }
    if is_installed() { install_pooler_if_missing() } else { Err(advice().to_owned()) }
}

/// One test puts PgBouncer before a server. Where it cannot be installed, that test says so.
fn install_pooler_if_missing() -> Result {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let is_missing = !folders.into_iter().any(|folder| folder.join("pgbouncer").is_file());
    // Its package starts it where there is an init system; nothing uses that one.
    if is_missing && debian::may_install() { debian::install(&["pgbouncer"]) } else { Ok(()) }
}

fn is_installed() -> bool {
    let from_config = shell::output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    let versions = PARENTS.iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten().flatten();
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path)
        .filter_map(|folder| Some(folder.join("postgres").canonicalize().ok()?.parent()?.to_owned()));
    from_config
        .into_iter()
        .chain(versions.map(|entry| entry.path().join("bin")))
        .chain(in_path)
        .any(|folder| has_programs(&folder))
}

fn has_programs(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("postgres").is_file()
}

/// Installs the programs alone: by default Debian's package also makes a cluster and starts it at every boot.
fn install() -> Result {
    debian::install(&["postgresql-common"])?;
    forbid_cluster(Path::new(CLUSTER_RULE))?;
    debian::install(&["postgresql"])
}

/// Adds the rule that no cluster is made, at the end, where it wins over what stands before.
fn forbid_cluster(rule: &Path) -> Result {
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(rule)
        .map_err(|error| format!("cannot write {}: {error}", rule.display()))?;
    writeln!(file, "create_main_cluster = false")
        .map_err(|error| format!("cannot write {}: {error}", rule.display()))
}

const fn advice() -> &'static str {
    "PostgreSQL's server programs are missing. Run one of these, then this command again:\n\
     \x20 sudo apt-get install postgresql             Debian, Ubuntu\n\
     \x20 sudo dnf install postgresql-server          Fedora\n\
     \x20 brew install postgresql@17                  macOS\n\
     \x20 export SNAKE_PIPE_PG_BIN=/path/to/bin       where they are elsewhere (initdb, postgres, psql)"
}

#[cfg(test)]
mod tests {
    use super::forbid_cluster;

    #[test]
    fn the_rule_against_a_cluster_follows_what_stands_there() {
        let rule = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(rule.path(), "#create_main_cluster = true\nssl = on\n").unwrap();
        forbid_cluster(rule.path()).unwrap();
        let text = std::fs::read_to_string(rule.path()).unwrap();
        assert_eq!(text, "#create_main_cluster = true\nssl = on\ncreate_main_cluster = false\n");
    }
}
