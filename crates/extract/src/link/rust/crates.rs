//! What `Cargo.toml` says about crates.

use toml::Table;

use crate::link::{
    ConfigurationFile,
    paths::{Paths, ancestors, file_name, join, parent},
};

/// The packages of the repository.
#[derive(Debug, Default)]
pub(super) struct Crates {
    packages: Vec<Package>,
}

/// A `Cargo.toml` with a package.
#[derive(Debug)]
struct Package {
    directory: String,
    /// The name of its library, as code writes it.
    library_name: String,
    library: Option<u32>,
    /// Names of dependencies, as code writes them, and the packages' own names.
    dependencies: Vec<(String, String)>,
}

/// A crate by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CrateRoot {
    /// The root file of a library of the repository.
    File(u32),
    /// A dependency from elsewhere.
    External,
    /// Nothing says so.
    Unknown,
}

impl Crates {
    pub(super) fn new(configuration: &[ConfigurationFile], paths: &Paths) -> Self {
        let manifests = configuration.iter().filter(|file| file_name(file.path.as_str()) == "Cargo.toml");
        let mut packages: Vec<Package> = manifests
            .filter_map(|file| Package::new(parent(file.path.as_str()), &file.text, paths))
            .collect();
        packages.sort_by(|one, two| one.directory.cmp(&two.directory));
        Self { packages }
    }

    /// All of it as text.
    pub(super) fn described(&self, paths: &Paths) -> String {
        let package = |package: &Package| {
            let Package { directory, library_name, library, dependencies } = package;
            format!(
                "{directory} {library_name} {:?} {dependencies:?}\n",
                library.map(|file| paths.text(file))
            )
        };
        self.packages.iter().map(package).collect()
    }

    /// The crate that a name means in a file.
    pub(super) fn root(&self, path: &str, name: &str) -> CrateRoot {
        let is_around = |package: &&Package| ancestors(parent(path)).any(|above| above == package.directory);
        let own = self.packages.iter().filter(is_around).max_by_key(|package| package.directory.len());
        let library = |package: &Package| package.library.map_or(CrateRoot::Unknown, CrateRoot::File);
        let Some(own) = own else { return CrateRoot::Unknown };
        if own.library_name == name {
            return library(own);
        }
        let Some((_, package)) = own.dependencies.iter().find(|(dependency, _)| dependency == name) else {
            return CrateRoot::Unknown;
        };
        let mut named =
            self.packages.iter().filter(|other| other.has_name(package) && other.library.is_some());
        match (named.next(), named.next()) {
            (Some(only), None) => library(only),
            (Some(_), Some(_)) => CrateRoot::Unknown,
            (None, _) => CrateRoot::External,
        }
    }
}

impl Package {
    fn new(directory: &str, text: &str, paths: &Paths) -> Option<Self> {
        let manifest: Table = text.parse().ok()?;
        let package = manifest.get("package")?.as_table()?;
        let name = package.get("name")?.as_str()?;
        let library = manifest.get("lib").and_then(|library| library.as_table());
        let of_library = |key: &str| library.and_then(|library| library.get(key)?.as_str());
        let path = join(directory, of_library("path").unwrap_or("src/lib.rs"))?;
        let mut dependencies = Vec::new();
        add_dependencies(&manifest, &mut dependencies);
        for target in manifest.get("target").and_then(|targets| targets.as_table()).into_iter().flatten() {
            target.1.as_table().into_iter().for_each(|target| add_dependencies(target, &mut dependencies));
        }
        Some(Self {
            directory: directory.to_owned(),
            library_name: as_code(of_library("name").unwrap_or(name)),
            library: paths.file(&path),
            dependencies,
        })
    }

    /// Whether the package bears a name; the name of its library is taken for it where no other is known.
    fn has_name(&self, name: &str) -> bool {
        self.library_name == as_code(name)
    }
}

fn add_dependencies(table: &Table, dependencies: &mut Vec<(String, String)>) {
    for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, value) in table.get(key).and_then(|value| value.as_table()).into_iter().flatten() {
            let package = value.get("package").and_then(|package| package.as_str()).unwrap_or(name);
            dependencies.push((as_code(name), package.to_owned()));
        }
    }
}

/// Hyphens of a package's name are underscores in code.
fn as_code(name: &str) -> String {
    name.replace('-', "_")
}
