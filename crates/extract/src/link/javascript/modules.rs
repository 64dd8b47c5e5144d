//! Module specifiers of JavaScript and TypeScript: which file they name.
//!
//! Sources: the TypeScript handbook's reference on module resolution
//! (<https://www.typescriptlang.org/docs/handbook/modules/reference.html>), the documentation of Node.js on CommonJS and
//! ECMAScript modules.

use snake_pipe_core::{Language, model::Origin};

use crate::link::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning},
    paths::{join, shared_depth},
    standard,
    symbols::ImportEntry,
};

const TYPESCRIPT_ENDINGS: [&str; 13] = [
    ".ts", ".tsx", ".mts", ".cts", ".d.ts", ".d.mts", ".d.cts", ".js", ".jsx", ".mjs", ".cjs", ".json",
    ".vue",
];
const JAVASCRIPT_ENDINGS: [&str; 13] = [
    ".js", ".jsx", ".mjs", ".cjs", ".json", ".ts", ".tsx", ".mts", ".cts", ".d.ts", ".d.mts", ".d.cts",
    ".vue",
];

/// Written endings of what is compiled, and those of the sources that compile to it.
const SOURCE_ENDINGS: [(&str, &[&str]); 4] = [
    (".js", &[".ts", ".tsx", ".jsx", ".d.ts"]),
    (".jsx", &[".tsx", ".d.ts"]),
    (".mjs", &[".mts", ".d.mts"]),
    (".cjs", &[".cts", ".d.cts"]),
];

impl LinkIndex {
    /// What the module of an import is.
    pub(in crate::link) fn javascript_module(&self, file: u32, import: &ImportEntry) -> Found {
        let specifier = self.names.text(import.module);
        // Bundlers read what follows a question mark; the file is before it.
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        let directory = self.paths.path(file).directory();
        let is_relative = specifier == "."
            || specifier == ".."
            || specifier.starts_with("./")
            || specifier.starts_with("../");
        if is_relative {
            let path = join(directory, specifier);
            return self.found_by(path.and_then(|path| self.javascript_file(file, &path)), Origin::Path);
        }
        let (aliases, is_alias) = self
            .javascript
            .compiler(directory)
            .map_or_else(Default::default, |compiler| compiler.candidates(specifier));
        if let Some(target) = aliases.iter().find_map(|path| self.javascript_file(file, path)) {
            return self.found_by(Some(target), Origin::Alias);
        }
        let (package, subpath) = package_of(specifier);
        let packages = self.javascript.packages(package);
        if !packages.is_empty() {
            return self.javascript_package(file, packages, subpath);
        }
        match specifier {
            _ if standard::javascript::is_module(specifier) => Found::STDLIB,
            // None of these can be a package's name.
            _ if is_alias || specifier.starts_with(['/', '#', '~']) || specifier.starts_with("@/") => {
                Found::UNKNOWN
            }
            _ => Found::new(Meaning::External, Origin::Import),
        }
    }

    fn found_by(&self, file: Option<u32>, origin: Origin) -> Found {
        file.map_or(Found::UNKNOWN, |file| Found::new(Meaning::File(file), origin))
    }

    /// A package of the repository; of several with the same name the one nearest to the importing file.
    fn javascript_package(&self, file: u32, packages: &[super::Package], subpath: &str) -> Found {
        let found = |package: &super::Package| {
            package.candidates(subpath).iter().find_map(|path| self.javascript_file(file, path))
        };
        let near =
            |directory: &str| shared_depth(self.paths.text(file), &format!("{directory}/package.json"));
        let nearest = packages.iter().map(|package| near(&package.directory)).max();
        let mut candidates = Candidates::default();
        for package in packages.iter().filter(|package| Some(near(&package.directory)) == nearest) {
            candidates.add(self.found_by(found(package), Origin::Alias));
        }
        candidates.decide()
    }

    /// The file for which a path stands, seen from `importer`: itself, the source it is compiled from, itself with an
    /// ending, or the index of a directory.
    fn javascript_file(&self, importer: u32, path: &str) -> Option<u32> {
        let is_typescript = self.paths.language(importer) == Language::TypeScript;
        let sources = || {
            let (stem, endings) = SOURCE_ENDINGS
                .iter()
                .find_map(|(ending, sources)| Some((path.strip_suffix(ending)?, sources)))?;
            endings.iter().find_map(|ending| self.paths.file(&format!("{stem}{ending}")))
        };
        let written = if is_typescript {
            sources().or_else(|| self.paths.file(path))
        } else {
            self.paths.file(path).or_else(sources)
        };
        let endings = if is_typescript { TYPESCRIPT_ENDINGS } else { JAVASCRIPT_ENDINGS };
        let ended =
            |stem: &str| endings.iter().find_map(|ending| self.paths.file(&format!("{stem}{ending}")));
        written.or_else(|| ended(path)).or_else(|| {
            self.paths.directory(path)?;
            ended(&join(path, "index")?)
        })
    }
}

/// `@scope/name/sub/path` is package `@scope/name` and subpath `sub/path`.
fn package_of(specifier: &str) -> (&str, &str) {
    let slashes = if specifier.starts_with('@') { 2 } else { 1 };
    match specifier.match_indices('/').nth(slashes - 1) {
        Some((at, _)) => (&specifier[..at], &specifier[at + 1..]),
        None => (specifier, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::package_of;

    #[test]
    fn a_package_name_may_have_a_scope() {
        assert_eq!(package_of("react"), ("react", ""));
        assert_eq!(package_of("lodash/fp/map"), ("lodash", "fp/map"));
        assert_eq!(package_of("@o/a"), ("@o/a", ""));
        assert_eq!(package_of("@o/a/b"), ("@o/a", "b"));
    }
}
