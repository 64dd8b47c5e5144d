//! Line coverage by the tests, crate by crate.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    Result, accuracy, postgres,
    shell::{self, cargo},
};

/// The share of lines that tests must run, in percent.
const LEAST_PERCENT: f64 = 90.0;

/// Measures, prints a table, and fails under [`LEAST_PERCENT`].
pub(crate) fn run() -> Result {
    postgres::install_if_missing()?;
    accuracy::install_python_if_missing()?;
    if shell::output(&mut cargo(&["llvm-cov", "--version"])).is_none() {
        shell::run(&mut cargo(&["install", "cargo-llvm-cov", "--locked"]))?;
    }
    let tools = Tools::find_or_fetch()?;
    let folder = shell::root().join("target/coverage");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;

    // Profiles of an earlier run would count as run by this one, lines of programs of other code as not run.
    shell::run(&mut cargo(&["llvm-cov", "clean", "--workspace"]))?;
    let tests = ["llvm-cov", "--workspace", "--all-features", "--exclude", "xtask", "--no-report"];
    shell::run(tools.apply(&mut cargo(&tests)))?;
    let packages = measured_packages(&shell::metadata()?);
    let report = |format: &str| {
        // Tests kill programs, some in the middle of writing their profile: such a profile counts nothing.
        let mut command = cargo(&["llvm-cov", "report", "--failure-mode", "all", format]);
        command.args(packages.iter().flat_map(|package| ["--package", package]));
        command
    };
    shell::run(tools.apply(report("--html").arg("--output-dir").arg(&folder)))?;
    let json = folder.join("summary.json");
    shell::run(tools.apply(report("--json").args(["--summary-only", "--output-path"]).arg(&json)))?;
    judge(&lines_by_crate(&read_json(&json)?, &shell::root())?)
}

/// Everything in the workspace but these commands. Without names, a report is on the package in the root alone.
fn measured_packages(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let names = packages.filter_map(|package| package["name"].as_str());
    names.filter(|name| *name != "xtask").map(str::to_owned).collect()
}

fn read_json(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{} is no JSON: {error}", path.display()))
}

/// `llvm-cov` and `llvm-profdata`, where they are not the toolchain's own.
struct Tools {
    folder: Option<PathBuf>,
    suffix: String,
}

impl Tools {
    /// The profiles that the compiler's programs write are read by tools of its LLVM version only.
    fn find_or_fetch() -> Result<Self> {
        let version = shell::output(Command::new("rustc").arg("-vV")).unwrap_or_default();
        let major = version.lines().find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next());
        let major = major.ok_or("`rustc -vV` does not say its LLVM version")?.to_owned();
        if let Some(tools) = Self::find(&major) {
            return Ok(tools);
        }
        let _ = shell::run(Command::new("rustup").args(["component", "add", "llvm-tools"]));
        Self::find(&major).ok_or_else(|| {
            format!(
                "llvm-cov and llvm-profdata of LLVM {major} were not found; \
                 run `rustup component add llvm-tools`, or install your system's package `llvm-{major}`"
            )
        })
    }

    fn find(major: &str) -> Option<Self> {
        if is_in_toolchain() {
            return Some(Self { folder: None, suffix: String::new() });
        }
        let own = PathBuf::from(format!("/usr/lib/llvm-{major}/bin"));
        let choices =
            [(own, String::new()), ("/usr/bin".into(), format!("-{major}")), ("/usr/bin".into(), "".into())];
        choices.into_iter().map(|(folder, suffix)| Self { folder: Some(folder), suffix }).find(|tools| {
            let says = |name| shell::output(Command::new(tools.path(name)?).arg("--version"));
            ["llvm-cov", "llvm-profdata"]
                .iter()
                .all(|name| says(name).is_some_and(|said| said.contains(&format!("version {major}."))))
        })
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{name}{}", self.suffix)))
    }

    fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let (Some(cov), Some(profdata)) = (self.path("llvm-cov"), self.path("llvm-profdata")) {
            command.env("LLVM_COV", cov).env("LLVM_PROFDATA", profdata);
        }
        command
    }
}

fn is_in_toolchain() -> bool {
    let folder = shell::output(Command::new("rustc").args(["--print", "target-libdir"])).map(PathBuf::from);
    folder
        .and_then(|folder| Some(folder.parent()?.join("bin/llvm-profdata")))
        .is_some_and(|path| path.is_file())
}

/// Lines, and how many of them tests ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    covered: u64,
    count: u64,
}

impl Lines {
    fn percent(self) -> f64 {
        if self.count == 0 { 100.0 } else { self.covered as f64 * 100.0 / self.count as f64 }
    }
}

/// Adds up the files of `crates/NAME/src` and `plugins/NAME/src`, as `llvm-cov export` lists them.
fn lines_by_crate(report: &Value, root: &Path) -> Result<BTreeMap<String, Lines>> {
    let files = report["data"][0]["files"].as_array().ok_or("the coverage report lists no files")?;
    let mut crates = BTreeMap::<String, Lines>::new();
    for file in files {
        let path = Path::new(file["filename"].as_str().unwrap_or_default());
        let Ok(path) = path.strip_prefix(root) else { continue };
        let mut parts = path.iter().map(|part| part.to_string_lossy());
        let (Some(above), Some(name), Some(inside)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if !["crates", "plugins"].contains(&&*above) || name == "xtask" || inside != "src" {
            continue;
        }
        let lines = &file["summary"]["lines"];
        let total = crates.entry(format!("{above}/{name}")).or_default();
        total.covered += lines["covered"].as_u64().unwrap_or(0);
        total.count += lines["count"].as_u64().unwrap_or(0);
    }
    Ok(crates)
}

fn judge(crates: &BTreeMap<String, Lines>) -> Result {
    let mut total = Lines::default();
    println!("\n{:<24} {:>8} {:>8} {:>8}", "crate", "lines", "covered", "percent");
    for (name, lines) in crates {
        println!("{name:<24} {:>8} {:>8} {:>7.1}%", lines.count, lines.covered, lines.percent());
        total.covered += lines.covered;
        total.count += lines.count;
    }
    println!("{:<24} {:>8} {:>8} {:>7.1}%", "all", total.count, total.covered, total.percent());
    if total.count == 0 {
        return Err("no lines were measured".to_owned());
    }
    if total.percent() < LEAST_PERCENT {
        return Err(format!("line coverage is {:.1} %, less than {LEAST_PERCENT:.0} %", total.percent()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use serde_json::json;

    use super::{Lines, judge, lines_by_crate};

    #[test]
    fn files_add_up_to_crates_and_others_do_not_count() {
        let file = |path: &str, covered: u64, count: u64| json!({ "filename": path, "summary": { "lines": { "covered": covered, "count": count } } });
        let report = json!({ "data": [{ "files": [
            file("/w/crates/core/src/lib.rs", 3, 4),
            file("/w/crates/core/src/id.rs", 5, 6),
            file("/w/plugins/sqlite/src/lib.rs", 1, 1),
            file("/w/plugins/sqlite/tests/conformance.rs", 0, 100),
            file("/w/crates/xtask/src/main.rs", 0, 100),
            file("/elsewhere/crates/core/src/lib.rs", 0, 100),
        ] }] });
        let crates = lines_by_crate(&report, Path::new("/w")).unwrap();
        let expected = [("crates/core", 8, 10), ("plugins/sqlite", 1, 1)];
        let expected = expected.map(|(name, covered, count)| (name.to_owned(), Lines { covered, count }));
        assert_eq!(crates, BTreeMap::from(expected));
    }

    #[test]
    fn less_than_nine_lines_in_ten_is_a_failure() {
        let crates = |covered| BTreeMap::from([("crates/core".to_owned(), Lines { covered, count: 10 })]);
        assert_eq!(judge(&crates(9)), Ok(()));
        assert_eq!(judge(&crates(8)).unwrap_err(), "line coverage is 80.0 %, less than 90 %");
        assert!(judge(&BTreeMap::new()).is_err());
    }
}
