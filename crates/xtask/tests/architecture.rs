//! Who may import whom. The directions of the house, held against what `cargo metadata` says.
#![expect(clippy::unwrap_used, reason = "what `cargo metadata` prints has a documented shape")]

use std::{collections::BTreeSet, env, process::Command};

use serde_json::Value;

/// Packages that any but core may use in their tests.
const FOR_TESTS: [&str; 1] = ["snake-pipe-testkit"];

/// A package of the workspace, with those of ours that it depends on.
#[derive(Debug)]
struct Package {
    name: String,
    is_plugin: bool,
    /// What its users get along with it.
    dependencies: BTreeSet<String>,
    /// What its own tests, examples and benches use besides.
    test_dependencies: BTreeSet<String>,
}

impl Package {
    /// The packages of ours that it may depend on; none for the one that knows them all.
    ///
    /// # Panics
    /// For a package that has no place in the house yet: it gets one here, and in the map of the code.
    fn allowed(&self) -> Option<&'static [&'static str]> {
        if self.is_plugin {
            return Some(&["snake-pipe-core"]);
        }
        match self.name.as_str() {
            "snake-pipe" => None,
            "snake-pipe-core" | "xtask" => Some(&[]),
            "snake-pipe-extract" | "snake-pipe-metadata" | "snake-pipe-testkit" => Some(&["snake-pipe-core"]),
            "snake-pipe-coordinator" | "snake-pipe-server" => {
                Some(&["snake-pipe-core", "snake-pipe-metadata"])
            }
            name => panic!("`{name}` has no place in the house: give it one in {}", file!()),
        }
    }
}

#[test]
fn every_crate_imports_only_from_the_floors_below() {
    for package in packages() {
        let Some(allowed) = package.allowed() else { continue };
        let wrong: Vec<_> =
            package.dependencies.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(wrong.is_empty(), "{} may depend on {allowed:?}, but not on {wrong:?}", package.name);
    }
}

#[test]
fn tests_may_use_the_testkit_besides() {
    for package in packages() {
        let Some(allowed) = package.allowed() else { continue };
        let for_tests: &[&str] = match package.name.as_str() {
            "snake-pipe-core" => &[],
            // The figures of accuracy are held in a test, by the extractor itself.
            "xtask" => &["snake-pipe-core", "snake-pipe-extract"],
            _ => &FOR_TESTS,
        };
        let may = |name: &str| allowed.contains(&name) || for_tests.contains(&name);
        let wrong: Vec<_> = package.test_dependencies.iter().filter(|name| !may(name)).collect();
        assert!(wrong.is_empty(), "tests of {} may not depend on {wrong:?}", package.name);
    }
}

#[test]
fn nobody_imports_the_facade() {
    let importers: Vec<_> = packages()
        .into_iter()
        .filter(|package| {
            package.dependencies.union(&package.test_dependencies).any(|name| name == "snake-pipe")
        })
        .map(|package| package.name)
        .collect();
    assert!(importers.is_empty(), "only crates in examples/ may depend on snake-pipe, but {importers:?} do");
}

fn packages() -> Vec<Package> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages: Vec<_> = metadata["packages"].as_array().unwrap().iter().map(package).collect();
    assert!(packages.iter().any(|package| package.is_plugin), "no plugin was found: {packages:?}");
    packages
}

fn package(metadata: &Value) -> Package {
    let dependencies = |is_for_tests: bool| {
        let of_kind = |dependency: &&Value| (dependency["kind"] == "dev") == is_for_tests;
        // Ours are those that come from a folder.
        let ours = |dependency: &&Value| dependency["path"].is_string();
        let list = metadata["dependencies"].as_array().unwrap().iter();
        list.filter(of_kind)
            .filter(ours)
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .collect()
    };
    Package {
        name: metadata["name"].as_str().unwrap().to_owned(),
        is_plugin: metadata["manifest_path"].as_str().unwrap().contains("/plugins/"),
        dependencies: dependencies(false),
        test_dependencies: dependencies(true),
    }
}
