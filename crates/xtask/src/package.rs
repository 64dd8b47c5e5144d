//! Whether every crate builds from its own package, as those who depend on it will get it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    Result,
    shell::{self, cargo},
};

/// Packages all crates, builds each from its package, and compares what comes in by links.
pub(crate) fn run() -> Result {
    let metadata = shell::metadata()?;
    let packages = metadata["packages"].as_array().ok_or("`cargo metadata` lists no packages")?;
    let target = metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target directory")?;
    let target = Path::new(target);
    for package in packages {
        forget(package["name"].as_str().unwrap_or_default(), target)?;
    }
    shell::run(&mut cargo(&["package", "--workspace", "--exclude", "xtask", "--allow-dirty"]))?;
    for package in packages.iter().filter(|package| package["name"] != "xtask") {
        compare(package, &target.join("package"))?;
    }
    println!("package: all crates build from their packages");
    Ok(())
}

/// Removes what an earlier verification left of a crate. Cargo holds that what comes from a registry never changes: it would
/// build the next one against the sources, and even the libraries, of an earlier state of the same version.
fn forget(package: &str, target: &Path) -> Result {
    let of_package = |entry: &PathBuf| {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = name.strip_prefix(package).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_hexdigit()))
    };
    // The registry of a verification is a folder, so that its name begins with the hyphen behind which others have a hash.
    let nameless =
        |entry: &PathBuf| entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"-"));
    let unpacked = entries(&cargo_home()?.join("registry/src")).into_iter().filter(nameless);
    let stale = unpacked.flat_map(|registry| entries(&registry));
    let stale = stale.chain(entries(&target.join("debug/.fingerprint"))).filter(of_package);
    for folder in stale {
        fs::remove_dir_all(&folder)
            .map_err(|error| format!("cannot remove {}: {error}", folder.display()))?;
    }
    Ok(())
}

/// What a folder holds; nothing where it is not there.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn cargo_home() -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .ok_or_else(|| "neither CARGO_HOME nor a home directory is known".into())
}

/// A plugin's `migrations` is a link into the repository's; the package must hold the files themselves.
fn compare(package: &Value, packaged: &Path) -> Result {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let source = Path::new(text("manifest_path")).with_file_name("migrations");
    if !source.is_symlink() {
        return Ok(());
    }
    let copy = packaged.join(format!("{}-{}", text("name"), text("version"))).join("migrations");
    let files =
        fs::read_dir(&source).map_err(|error| format!("cannot read {}: {error}", source.display()))?;
    for file in
        files.flatten().filter(|file| file.path().extension().is_some_and(|extension| extension == "sql"))
    {
        let (original, copy) = (fs::read(file.path()).ok(), copy.join(file.file_name()));
        if original.is_none() || fs::read(&copy).ok() != original {
            return Err(format!("the package of {} does not hold {}", text("name"), copy.display()));
        }
    }
    Ok(())
}
