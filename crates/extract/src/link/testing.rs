//! Source trees in tests: parsed, linked, and their references as lines of text.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rustc_hash::FxHashMap;
use snake_pipe_core::{
    SourcePath,
    id::FileKey,
    model::{Entity, Resolution, ResolutionStatus},
};

use super::{ConfigurationFile, LinkFile, LinkIndexBuilder, Linked, is_link_configuration};
use crate::{Linkable, ParseOptions, language_of, parse};

/// A linked source tree.
pub(super) struct Tree {
    pub(super) paths: Vec<String>,
    pub(super) linked: Vec<Linked>,
    /// The qualified names of each file's functions.
    functions: Vec<Vec<String>>,
    /// What each target is called: `path` or `path:qualified.name`.
    targets: FxHashMap<(FileKey, Entity), String>,
}

/// Parses and links files of the languages that their names say.
pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    let sources = sources(files);
    let linked = link(&sources, &(0..sources.len()).collect::<Vec<_>>());
    Tree {
        paths: sources.iter().map(|source| source.file.path.as_str().to_owned()).collect(),
        functions: sources.iter().map(functions).collect(),
        targets: sources.iter().flat_map(targets).collect(),
        linked,
    }
}

/// A parsed file.
pub(super) struct Source {
    pub(super) file: LinkFile,
    pub(super) linkable: Linkable,
    pub(super) text: String,
}

/// Parses files; sorted by path.
pub(super) fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    let mut sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| {
            let path = SourcePath::from(*path);
            let language = language_of(&path, text.as_bytes());
            let (_, linkable) = parse(language, text.as_bytes(), &ParseOptions::default()).divide();
            Source { file: LinkFile { path, language }, linkable, text: (*text).to_owned() }
        })
        .collect();
    sources.sort_by(|one, two| one.file.path.as_bytes().cmp(two.file.path.as_bytes()));
    sources
}

/// Links parsed files, adding and linking them in this order; the result is in that of the files.
pub(super) fn link(sources: &[Source], order: &[usize]) -> Vec<Linked> {
    let configuration = sources
        .iter()
        .filter(|source| is_link_configuration(&source.file.path))
        .map(|source| ConfigurationFile { path: source.file.path.clone(), text: source.text.clone() });
    let files = sources.iter().map(|source| source.file.clone()).collect();
    let builder = LinkIndexBuilder::new(files, configuration.collect());
    order.par_iter().for_each(|number| builder.add(*number as u32, &sources[*number].linkable));
    let index = builder.finish();
    let linked = order
        .par_iter()
        .map(|number| (*number, index.link(*number as u32, sources[*number].linkable.clone())));
    let mut linked: Vec<(usize, Linked)> = linked.collect();
    linked.sort_by_key(|(number, _)| *number);
    linked.into_iter().map(|(_, linked)| linked).collect()
}

fn functions(source: &Source) -> Vec<String> {
    source.linkable.functions.iter().map(|function| function.qualified_name.clone()).collect()
}

fn targets(source: &Source) -> Vec<((FileKey, Entity), String)> {
    let path = source.file.path.as_str();
    let key = source.file.path.key();
    let functions = source.linkable.functions.iter().map(|f| (Entity::Function(f.symbol), &f.qualified_name));
    let classes = source.linkable.classes.iter().map(|c| (Entity::Class(c.symbol), &c.qualified_name));
    let symbols = functions.chain(classes).map(|(entity, name)| ((key, entity), format!("{path}:{name}")));
    symbols.chain([((key, Entity::File), path.to_owned())]).collect()
}

impl Tree {
    /// The imports of a file: `module[.name] → target (origin)`.
    pub(super) fn imports(&self, path: &str) -> Vec<String> {
        let describe = |import: &snake_pipe_core::model::Import| {
            let name = import.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            format!("{}{name} → {}", import.module, self.describe(&import.resolution))
        };
        self.of(path).imports.iter().map(describe).collect()
    }

    /// The calls of a file: `line callee → target (origin)`.
    pub(super) fn calls(&self, path: &str) -> Vec<String> {
        let describe = |call: &snake_pipe_core::model::Call| {
            let callee = call.text.as_ref().unwrap_or(&call.name);
            format!("{} {callee} → {}", call.line, self.describe(&call.resolution))
        };
        self.of(path).calls.iter().map(describe).collect()
    }

    /// The bases of a file's classes: `base → target (origin)`.
    pub(super) fn bases(&self, path: &str) -> Vec<String> {
        let describe = |base: &snake_pipe_core::model::Base| {
            format!("{} → {}", base.name, self.describe(&base.resolution))
        };
        self.of(path).bases.iter().map(describe).collect()
    }

    /// The functions of a file that override by what its bases are, by qualified name.
    pub(super) fn overrides(&self, path: &str) -> Vec<&str> {
        let names = &self.functions[self.number(path)];
        self.of(path).overrides.iter().map(|index| names[*index as usize].as_str()).collect()
    }

    pub(super) fn of(&self, path: &str) -> &Linked {
        &self.linked[self.number(path)]
    }

    fn number(&self, path: &str) -> usize {
        self.paths.iter().position(|known| known == path).expect("the path is one of the tree's")
    }

    fn describe(&self, resolution: &Resolution) -> String {
        match (resolution.status, resolution.target) {
            (ResolutionStatus::Resolved, Some(target)) => {
                format!("{} ({})", self.targets[&(target.file, target.entity)], resolution.origin.as_str())
            }
            (ResolutionStatus::Ambiguous, _) => format!("ambiguous {}", resolution.candidates),
            (status, _) => status.as_str().to_owned(),
        }
    }
}
