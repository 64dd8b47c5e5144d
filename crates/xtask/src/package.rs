//! Whether every crate builds from its own package, as those who depend on it will get it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    Result,
    shell::{self, cargo},
};

/// Packages all crates, builds each from its package, and compares what comes in by links.
pub(crate) fn run() -> Result {
    shell::run(&mut cargo(&["package", "--workspace", "--exclude", "xtask", "--allow-dirty"]))?;
    let metadata = shell::metadata()?;
    let packages = metadata["packages"].as_array().ok_or("`cargo metadata` lists no packages")?;
    let target = metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target directory")?;
    for package in packages.iter().filter(|package| package["name"] != "xtask") {
        compare(package, &Path::new(target).join("package"))?;
    }
    println!("package: all crates build from their packages");
    Ok(())
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
