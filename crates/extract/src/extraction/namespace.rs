//! The module that a file stands for by its place, where it does not say so itself.

use rustc_hash::FxHashSet;
use snake_pipe_core::{Language, SourcePath};

/// The directories of the tree that are packages of Python.
#[derive(Debug, Default)]
pub(super) struct PythonPackages(FxHashSet<String>);

const PACKAGE_FILE: &str = "__init__.py";

impl PythonPackages {
    pub(super) fn new<'a>(paths: impl Iterator<Item = &'a SourcePath>) -> Self {
        Self(
            paths
                .filter(|path| path.file_name() == PACKAGE_FILE)
                .map(|path| path.directory().to_owned())
                .collect(),
        )
    }

    /// The module's name with those of the regular packages around it
    /// (<https://docs.python.org/3/reference/import.html#regular-packages>); none for files of another language.
    pub(super) fn module(&self, path: &SourcePath, language: Language) -> Option<String> {
        if language != Language::Python {
            return None;
        }
        let mut parts = Vec::new();
        if path.file_name() != PACKAGE_FILE {
            let name = path.file_name();
            parts.push(name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        }
        let mut directory = path.directory();
        while !directory.is_empty() && self.0.contains(directory) {
            let (outer, name) = directory.rsplit_once('/').unwrap_or(("", directory));
            parts.push(name);
            directory = outer;
        }
        parts.reverse();
        (!parts.is_empty()).then(|| parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_named_by_the_packages_around_it() {
        let paths = ["src/app/__init__.py", "src/app/db/__init__.py"].map(SourcePath::from);
        let packages = PythonPackages::new(paths.iter());
        let module = |path: &str| packages.module(&path.into(), Language::Python);
        assert_eq!(module("src/app/db/models.py").as_deref(), Some("app.db.models"));
        assert_eq!(module("src/app/__init__.py").as_deref(), Some("app"));
        assert_eq!(module("tools/build.py").as_deref(), Some("build"));
        assert_eq!(module("__init__.py"), None);
        assert_eq!(packages.module(&"src/app/a.c".into(), Language::C), None);
    }
}
