//! Which files a backend takes.

use std::collections::BTreeSet;

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use snake_pipe_core::{
    Error, ErrorKind, Language, Result, SourcePath, dependencies_of,
    id::{Digest, FileKey},
    load::Scope,
    model::{Dependency, ResolutionStatus, TransformedAst},
};

/// Which files a backend takes: those that fit every rule that is not empty. The default takes all.
///
/// What a backend holds and its route does not take any more is removed by the next complete load, as if it were gone from
/// the source; of a partial load, by the next one that brings the file. A reference to a file that the backend does not take
/// is unresolved there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Files of these languages; empty for all.
    pub languages: Vec<Language>,
    /// Files whose path fits one of these globs, and none of those that begin with `!`; empty for all. `*` stands for
    /// anything but `/`, `**` for any directories, `{a,b}` for either.
    pub paths: Vec<String>,
    /// Repositories whose name fits one of these globs, and none of those that begin with `!`; empty for all.
    pub repositories: Vec<String>,
}

impl Route {
    /// Checks the globs.
    ///
    /// # Errors
    /// `Configuration`, naming the glob.
    pub fn validate(&self) -> Result<()> {
        Router::new(self).map(drop)
    }

    /// The keys of those files that a backend with this route takes.
    ///
    /// # Errors
    /// As of [`validate`](Self::validate).
    pub fn keys<'a>(
        &self,
        repository: &str,
        files: impl IntoIterator<Item = (&'a SourcePath, Language)>,
    ) -> Result<BTreeSet<FileKey>> {
        let router = Router::new(self)?;
        if !router.takes_repository(repository) {
            return Ok(BTreeSet::new());
        }
        let taken = files.into_iter().filter(|(path, language)| router.takes(path, *language));
        Ok(taken.map(|(path, _)| path.key()).collect())
    }

    /// Whether it takes everything.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether its rules look at files, and not at repositories alone.
    pub(crate) fn looks_at_files(&self) -> bool {
        !self.languages.is_empty() || !self.paths.is_empty()
    }
}

/// A route, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    pub(crate) route: Route,
    paths: Globs,
    repositories: Globs,
}

impl Router {
    pub(crate) fn new(route: &Route) -> Result<Self> {
        let (paths, repositories) = (Globs::new(&route.paths)?, Globs::new(&route.repositories)?);
        Ok(Self { route: route.clone(), paths, repositories })
    }

    pub(crate) fn takes_repository(&self, name: &str) -> bool {
        self.repositories.take(name.as_bytes())
    }

    pub(crate) fn takes(&self, path: &SourcePath, language: Language) -> bool {
        (self.route.languages.is_empty() || self.route.languages.contains(&language))
            && self.paths.take(path.as_bytes())
    }
}

#[derive(Clone, Debug)]
struct Globs {
    included: GlobSet,
    excluded: GlobSet,
    includes_all: bool,
}

impl Globs {
    fn new(patterns: &[String]) -> Result<Self> {
        let (mut included, mut excluded) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let (set, glob) = match pattern.strip_prefix('!') {
                Some(glob) => (&mut excluded, glob),
                None => (&mut included, pattern.as_str()),
            };
            let glob = GlobBuilder::new(glob).literal_separator(true).build();
            set.add(glob.map_err(|source| wrong_glob(pattern, source))?);
        }
        let build = |set: GlobSetBuilder| set.build().map_err(|source| wrong_glob("", source));
        let includes_all = patterns.iter().all(|pattern| pattern.starts_with('!'));
        Ok(Self { included: build(included)?, excluded: build(excluded)?, includes_all })
    }

    fn take(&self, bytes: &[u8]) -> bool {
        let candidate = Candidate::from_bytes(bytes);
        (self.includes_all || self.included.is_match_candidate(&candidate))
            && !self.excluded.is_match_candidate(&candidate)
    }
}

fn wrong_glob(pattern: &str, source: globset::Error) -> Error {
    Error::new(ErrorKind::Configuration, format!("`{pattern}` is not a glob of a route"))
        .with_context("reason", source.kind())
        .with_help(
            "write for instance `src/**` or `**/*.{py,pyi}`; `!` before a glob leaves out what fits it",
        )
        .with_source(source)
}

/// What of a complete load's files a backend with this route takes.
pub(crate) fn scope_of(
    router: &Router,
    repository: &str,
    files: &BTreeSet<FileKey>,
    listing: Option<&[(SourcePath, Language)]>,
) -> Result<Scope> {
    if !router.takes_repository(repository) {
        return Ok(Scope::Complete(BTreeSet::new().into()));
    }
    let Some(listing) = listing else {
        if router.route.looks_at_files() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a route by language or path of a complete load needs the files' paths and languages",
            )
            .with_help("call `listing` with every file of the repository"));
        }
        return Ok(Scope::Complete(files.clone().into()));
    };
    let taken = listing.iter().filter(|(path, language)| router.takes(path, *language));
    let keys: BTreeSet<_> = taken.map(|(path, _)| path.key()).filter(|key| files.contains(key)).collect();
    Ok(Scope::Complete(keys.into()))
}

/// The facts for a backend that takes these files and no others, if they are to differ: references to the others are
/// unresolved, and the link hash tells of them, so that the file is owed again should the route take one of them later.
pub(crate) fn without_references_beyond(
    facts: &TransformedAst,
    files: &BTreeSet<FileKey>,
) -> Option<TransformedAst> {
    let mut beyond = BTreeSet::new();
    let mut inside = facts.clone();
    let imports = inside.imports.iter_mut().map(|import| &mut import.resolution);
    let bases = inside.bases.iter_mut().map(|base| &mut base.resolution);
    let calls = inside.calls.iter_mut().map(|call| &mut call.resolution);
    for resolution in imports.chain(bases).chain(calls) {
        if let Some(target) = resolution.target.filter(|target| !files.contains(&target.file)) {
            beyond.insert(target.file);
            *resolution = Default::default();
        }
    }
    if facts.dependencies == derived_dependencies(facts) {
        inside.dependencies = derived_dependencies(&inside);
    }
    for dependency in &mut inside.dependencies {
        if let Some(target) = dependency.target.filter(|target| !files.contains(target)) {
            beyond.insert(target);
            dependency.target = None;
            dependency.status = ResolutionStatus::Unresolved;
        }
    }
    if beyond.is_empty() {
        return None;
    }
    // The content stays what it is, whatever its references came to.
    inside.content_hash = Some(facts.content_identity());
    inside.link_hash = facts.link_hash.map(|linked| {
        let mut bytes = linked.as_bytes().to_vec();
        beyond.iter().for_each(|file| bytes.extend_from_slice(&file.0.to_le_bytes()));
        Digest::of(&bytes)
    });
    Some(inside)
}

fn derived_dependencies(facts: &TransformedAst) -> Vec<Dependency> {
    dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(route: &Route) -> Vec<&'static str> {
        const FILES: [(&str, Language); 5] = [
            ("app.py", Language::Python),
            ("src/a.py", Language::Python),
            ("src/deep/b.c", Language::C),
            ("src/generated/c.c", Language::C),
            ("tests/d.go", Language::Go),
        ];
        let router = Router::new(route).unwrap();
        let fits = |(path, language): &(&str, Language)| router.takes(&(*path).into(), *language);
        FILES.into_iter().filter(fits).map(|(path, _)| path).collect()
    }

    fn paths(globs: &[&str]) -> Route {
        Route { paths: globs.iter().map(|glob| (*glob).to_owned()).collect(), ..Route::default() }
    }

    #[test]
    fn a_file_has_to_fit_every_rule() {
        assert_eq!(taken(&Route::default()).len(), 5);
        let c = Route { languages: vec![Language::C], ..Route::default() };
        assert_eq!(taken(&c), ["src/deep/b.c", "src/generated/c.c"]);
        let both = Route { languages: vec![Language::C, Language::Go], ..paths(&["src/**"]) };
        assert_eq!(taken(&both), ["src/deep/b.c", "src/generated/c.c"]);
    }

    #[test]
    fn globs_know_directories_alternatives_and_exceptions() {
        assert_eq!(taken(&paths(&["*.py"])), ["app.py"]);
        assert_eq!(taken(&paths(&["**/*.{py,go}"])), ["app.py", "src/a.py", "tests/d.go"]);
        assert_eq!(taken(&paths(&["src/**", "!src/generated/**"])), ["src/a.py", "src/deep/b.c"]);
        assert_eq!(taken(&paths(&["!src/**"])), ["app.py", "tests/d.go"]);
    }

    #[test]
    fn a_repository_is_known_by_its_name() {
        let route = Route { repositories: vec!["github.com/org/*".into()], ..Route::default() };
        let router = Router::new(&route).unwrap();
        assert!(router.takes_repository("github.com/org/app"));
        assert!(!router.takes_repository("github.com/other/app"));
    }

    #[test]
    fn a_wrong_glob_is_named() {
        let error = paths(&["src/[a"]).validate().unwrap_err();
        assert_eq!(error.message(), "`src/[a` is not a glob of a route");
        assert!(error.help().unwrap().contains("src/**"));
    }
}
