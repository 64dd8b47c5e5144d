//! What an import of a package, a namespace or a name in it refers to.

use snake_pipe_core::{
    Language,
    model::{ImportKind, Origin},
};

use super::{Place, Rules, Sight};
use crate::link::{
    LinkIndex,
    meaning::{Candidates, Found, Meaning},
    names::Name,
    qualified::decide,
    symbols::{ImportEntry, Scope},
};

impl LinkIndex {
    /// What an import refers to: a definition, or the only file of a package.
    pub(in crate::link) fn namespaced_import(
        &self,
        rules: &'static Rules,
        file: u32,
        import: &ImportEntry,
        sight: Sight<'_>,
    ) -> Found {
        if import.kind == ImportKind::Include {
            return Found::UNKNOWN;
        }
        let place = Place { rules, file, scope: Scope::Top, sight };
        let path = self.names.text(import.module);
        let mut found = Found::UNKNOWN;
        for path in self.paths_from(place, path) {
            found = found.or_else(|| self.imported(place, import, &path));
        }
        found.or_else(|| match () {
            () if self.is_in_space_of_ours(rules, path) => Found::UNKNOWN,
            () if (rules.is_standard)(path) => Found::STDLIB,
            // A name without a qualifier may be anything.
            () if rules.language == Language::Cpp => Found::UNKNOWN,
            () => Found::new(Meaning::External, Origin::Import),
        })
    }

    /// The paths that a path may mean: as it is, and in the namespaces around; the innermost first.
    fn paths_from(&self, place: Place<'_>, path: &str) -> Vec<String> {
        let namespace =
            self.symbols[place.file as usize].namespace.filter(|_| place.rules.has_relative_paths);
        let mut around = namespace.map_or("", |namespace| self.names.text(namespace));
        let mut paths = Vec::new();
        while !around.is_empty() {
            paths.push([around, place.rules.separator, path].concat());
            around = around.rsplit_once(place.rules.separator).map_or("", |(outer, _)| outer);
        }
        paths.push(path.to_owned());
        paths
    }

    fn imported(&self, place: Place<'_>, import: &ImportEntry, path: &str) -> Found {
        let is_all = import.kind == ImportKind::Wildcard;
        let files = || {
            let files = self.names.get(path).and_then(|path| self.spaces.of(place.rules).files.get(&path));
            match files.map(Vec::as_slice) {
                None | Some([]) => Found::UNKNOWN,
                Some([only]) => Found::new(Meaning::File(*only), Origin::Package),
                Some(files) => Found::new(Meaning::Several(files.len() as u32), Origin::Package),
            }
        };
        let defined = || self.import_of_definition(place, path);
        if is_all { files().or_else(defined) } else { defined().or_else(files) }
    }

    /// A definition by its qualified name. Several in one file are that file; a constant is found by what holds it.
    fn import_of_definition(&self, place: Place<'_>, path: &str) -> Found {
        let (outer, name) = path.rsplit_once(place.rules.separator).unwrap_or(("", path));
        let definitions = self.definitions_in(place, outer, name);
        let found = self.one_type(&definitions, Origin::Package);
        let found = found.or_else(|| decide(definitions.iter().copied(), Origin::Package));
        let found = match (found.meaning, definitions.as_slice()) {
            (Meaning::Several(_), [first, rest @ ..])
                if rest.iter().all(|other| other.file == first.file) =>
            {
                Found::new(Meaning::File(first.file), Origin::Package)
            }
            _ => found,
        };
        let java = || match place.rules.sees_java {
            true => self.java_qualified(place.file, path),
            false => Found::UNKNOWN,
        };
        found.or_else(java).or_else(|| self.import_of_variable(place.rules, outer, name)).or_else(|| {
            let (above, holder) = outer.rsplit_once(place.rules.separator).unwrap_or(("", outer));
            let holders = self.definitions_in(place, above, holder);
            self.one_type(&holders, Origin::Package)
        })
    }

    /// The only file of a package that has a variable of this name at its top level.
    fn import_of_variable(&self, rules: &Rules, package: &str, name: &str) -> Found {
        let (Some(package), Some(name)) = (self.names.get(package), self.names.get(name)) else {
            return Found::UNKNOWN;
        };
        let files = self.spaces.of(rules).files.get(&package).into_iter().flatten();
        let mut candidates = Candidates::default();
        for file in files.filter(|file| self.symbols[**file as usize].has_variable(name)) {
            candidates.add(Found::new(Meaning::File(*file), Origin::Package));
        }
        candidates.decide()
    }

    /// Whether a path is in a package of the repository that is its parent or the parent of that.
    fn is_in_space_of_ours(&self, rules: &Rules, path: &str) -> bool {
        let is_ours = |path: &str| {
            let is_space = |name: Name| self.spaces.of(rules).files.contains_key(&name);
            !path.is_empty() && self.names.get(path).is_some_and(is_space)
        };
        let outer = |path: &'_ str| path.rfind(rules.separator).map_or(0, |at| at);
        let parent = &path[..outer(path)];
        is_ours(path) || is_ours(parent) || is_ours(&parent[..outer(parent)])
    }
}
