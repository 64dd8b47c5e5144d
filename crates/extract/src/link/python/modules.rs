//! Which file or directory a module of Python is.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use snake_pipe_core::{
    Language,
    id::{Digest, Hasher},
    model::Origin,
};

use crate::link::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning},
    paths::{Paths, ancestors, file_name, join, parent},
    standard,
};

/// Files that hold a module, in the order in which they are preferred: stubs lose to sources.
const MODULE_ENDINGS: [&str; 5] = ["/__init__.py", ".py", "/__init__.pyi", ".pyi", ".pyx"];

/// Directories from which modules are named.
#[derive(Debug)]
pub(in crate::link) struct Roots {
    /// The root, `src`, and every directory that holds a top-level package; sorted.
    directories: Vec<String>,
    /// Directories with a Python file at any depth: those that can be namespace packages.
    with_python: FxHashSet<String>,
}

impl Roots {
    pub(in crate::link) fn new(paths: &Paths) -> Self {
        let mut directories = BTreeSet::from([String::new(), "src".to_owned()]);
        let mut with_python = FxHashSet::default();
        for file in (0..paths.len() as u32).filter(|file| paths.language(*file) == Language::Python) {
            let directory = paths.path(file).directory();
            for above in ancestors(directory) {
                if !with_python.insert(above.to_owned()) {
                    break;
                }
            }
            let is_package = paths.path(file).file_name() == "__init__.py";
            if is_package && !directory.is_empty() && !is_package_directory(paths, parent(directory)) {
                directories.insert(parent(directory).to_owned());
            }
        }
        Self { directories: directories.into_iter().collect(), with_python }
    }

    /// A digest of all of it. Calls ask for roots as well as imports do.
    pub(in crate::link) fn digest(&self) -> Digest {
        let mut with_python: Vec<&String> = self.with_python.iter().collect();
        with_python.sort_unstable();
        let mut hasher = Hasher::new();
        for directory in self.directories.iter().chain(with_python) {
            hasher.update(directory.as_bytes());
            // No path has such a byte, so that no two lists give the same bytes.
            hasher.update(&[0]);
        }
        hasher.update(&(self.directories.len() as u64).to_le_bytes());
        hasher.finish()
    }
}

fn is_package_directory(paths: &Paths, directory: &str) -> bool {
    !directory.is_empty()
        && ["__init__.py", "__init__.pyi"]
            .iter()
            .any(|name| paths.file(&format!("{directory}/{name}")).is_some())
}

impl LinkIndex {
    pub(super) fn python_module_named(&self, file: u32, module: &str) -> Found {
        let rest = module.trim_start_matches('.');
        let dots = module.len() - rest.len();
        if dots == 0 {
            return self.python_absolute(file, module);
        }
        let Some(directory) = ancestors(self.paths.path(file).directory()).nth(dots - 1) else {
            return Found::UNKNOWN;
        };
        Found::new(self.python_module_at(directory, rest), Origin::Path)
    }

    /// The module `dotted` (empty for the package itself) seen from a directory.
    pub(super) fn python_module_at(&self, directory: &str, dotted: &str) -> Meaning {
        let Some(path) = join(directory, &dotted.replace('.', "/")) else { return Meaning::Unknown };
        if path.is_empty() {
            return self.paths.directory("").map_or(Meaning::Unknown, Meaning::Directory);
        }
        let file = MODULE_ENDINGS.iter().find_map(|ending| self.paths.file(&format!("{path}{ending}")));
        match file {
            Some(file) => Meaning::File(file),
            None if self.python.with_python.contains(&path) => {
                self.paths.directory(&path).map_or(Meaning::Unknown, Meaning::Directory)
            }
            None => Meaning::Unknown,
        }
    }

    /// An absolute module name. The directory from which the importing file itself is named comes first, as it does on
    /// `sys.path`; then the standard library, directories above the file, and the other roots.
    pub(super) fn python_absolute(&self, file: u32, module: &str) -> Found {
        let head = module.split('.').next().unwrap_or(module);
        let directory = self.paths.path(file).directory();
        let own_root =
            ancestors(directory).find(|above| !is_package_directory(&self.paths, above)).unwrap_or("");
        let by_path = |meaning| Found::new(meaning, Origin::Path);
        if let meaning @ Meaning::File(_) = self.python_module_at(own_root, module) {
            return by_path(meaning);
        }
        if matches!(self.python_module_at(own_root, head), Meaning::File(_)) {
            return Found::UNKNOWN;
        }
        if standard::python::is_module(head) {
            return Found::STDLIB;
        }
        // `import a` of a file beside some directory above would be a guess; `a.b` is none.
        let is_certain = |above: &str| module.contains('.') || above.is_empty();
        let above = ancestors(directory).filter(|above| is_certain(above));
        if let Some(found) =
            above.map(|above| self.python_module_at(above, module)).find(|m| matches!(m, Meaning::File(_)))
        {
            return by_path(found);
        }
        self.python_from_roots(directory, module, head)
    }

    fn python_from_roots(&self, directory: &str, module: &str, head: &str) -> Found {
        let mut candidates = Candidates::default();
        let mut is_ours = false;
        for root in &self.python.directories {
            let is_above =
                root.is_empty() || root == "src" || ancestors(directory).any(|above| above == root);
            match self.python_module_at(root, head) {
                // Beside a package that is no neighbour, a plain module is no module that this file could mean.
                Meaning::File(file) if is_above || is_package(&self.paths, file) => {}
                Meaning::Directory(_) if is_above => {}
                _ => continue,
            }
            is_ours = true;
            match self.python_module_at(root, module) {
                found @ Meaning::File(_) => candidates.add(Found::new(found, Origin::Path)),
                found @ Meaning::Directory(_) if is_above => candidates.add(Found::new(found, Origin::Path)),
                _ => {}
            }
        }
        let found = candidates.decide();
        if found.is_known() || is_ours { found } else { Found::new(Meaning::External, Origin::Import) }
    }
}

pub(super) fn is_package(paths: &Paths, file: u32) -> bool {
    matches!(file_name(paths.text(file)), "__init__.py" | "__init__.pyi")
}
