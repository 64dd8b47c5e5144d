//! What `go.mod` says about import paths.

use rustc_hash::FxHashMap;

use crate::link::{
    ConfigurationFile,
    paths::{ancestors, file_name, join, parent, shared_depth},
};

/// The modules of the repository.
#[derive(Debug, Default)]
pub(super) struct Modules {
    /// Directories by the path of the module in them.
    directories: FxHashMap<String, Vec<String>>,
    /// What a module, by its directory, replaces by directories: path and directory.
    replaced: FxHashMap<String, Vec<(String, String)>>,
}

/// The directories in which the package with an import path may be.
#[derive(Debug, Default)]
pub(super) struct Directories {
    /// The most preferred first.
    pub(super) found: Vec<String>,
    /// Whether the path is one of a module of the repository.
    pub(super) is_ours: bool,
}

impl Modules {
    pub(super) fn new(configuration: &[ConfigurationFile]) -> Self {
        let mut modules = Self::default();
        let mut files: Vec<&ConfigurationFile> =
            configuration.iter().filter(|file| file_name(file.path.as_str()) == "go.mod").collect();
        files.sort_by(|one, two| one.path.as_bytes().cmp(two.path.as_bytes()));
        for file in files {
            modules.add(parent(file.path.as_str()), &file.text);
        }
        modules
    }

    fn add(&mut self, directory: &str, text: &str) {
        let mut block = "";
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or_default().trim();
            if line == ")" {
                block = "";
                continue;
            }
            let mut words = line.split_whitespace().map(|word| word.trim_matches(['"', '`']));
            let keyword = if block.is_empty() { words.next().unwrap_or_default() } else { block };
            let words: Vec<&str> = words.collect();
            match (keyword, words.as_slice()) {
                (_, ["("]) => block = keyword,
                ("module", [path]) => {
                    self.directories.entry((*path).to_owned()).or_default().push(directory.to_owned());
                }
                ("replace", [path, "=>", target] | [path, _, "=>", target]) if target.starts_with('.') => {
                    if let Some(target) = join(directory, target) {
                        let replaced = self.replaced.entry(directory.to_owned()).or_default();
                        replaced.push(((*path).to_owned(), target));
                    }
                }
                _ => {}
            }
        }
    }

    /// Where the package with this path may be, seen from a directory.
    pub(super) fn directories(&self, own: &str, path: &str) -> Directories {
        let mut directories = Directories::default();
        let main = ancestors(own).find(|above| self.is_module(above));
        for (replaced, target) in main.and_then(|main| self.replaced.get(main)).into_iter().flatten() {
            if let Some(rest) = below(path, replaced) {
                directories.found.extend(join(target, rest));
            }
        }
        directories.found.extend(main.and_then(|main| join(main, &format!("vendor/{path}"))));
        for module in ancestors(path).filter(|module| !module.is_empty()) {
            let Some(places) = self.directories.get(module) else { continue };
            directories.is_ours = true;
            let rest = below(path, module).unwrap_or_default();
            let near = |place: &&String| shared_depth(&format!("{own}/x"), &format!("{place}/x"));
            let mut places: Vec<&String> = places.iter().collect();
            places.sort_by_key(|place| std::cmp::Reverse(near(place)));
            directories.found.extend(places.into_iter().filter_map(|place| join(place, rest)));
        }
        // The library's own sources are the module `std`, whose packages have no prefix.
        for place in self.directories.get("std").into_iter().flatten() {
            directories.found.extend(join(place, path));
            directories.found.extend(join(place, &format!("vendor/{path}")));
        }
        if main.is_none() {
            // Before modules there was one tree for all (GOPATH).
            let roots = ancestors(own).filter(|above| file_name(above) == "src");
            directories.found.extend(roots.filter_map(|root| join(root, path)));
        }
        directories
    }

    fn is_module(&self, directory: &str) -> bool {
        self.replaced.contains_key(directory)
            || self.directories.values().flatten().any(|module| module == directory)
    }
}

/// What of a path is below the module with this one.
fn below<'a>(path: &'a str, module: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(module)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}
