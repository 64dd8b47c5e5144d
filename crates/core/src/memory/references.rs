//! References into other files, and what becomes of them when their targets go.

use std::{collections::HashSet, sync::Arc};

use crate::{
    id::FileKey,
    model::{Dependency, Entity, Resolution, Target, TransformedAst},
    without_targets,
};

/// Everything that a reference can have for its target.
pub(super) struct Targets(HashSet<Target>);

impl Targets {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a Arc<TransformedAst>>) -> Self {
        let mut targets = HashSet::new();
        for facts in files {
            let file = facts.key();
            targets.insert(Target { file, entity: Entity::File });
            let functions = facts.functions.iter().map(|function| Entity::Function(function.symbol));
            let classes = facts.classes.iter().map(|class| Entity::Class(class.symbol));
            targets.extend(functions.chain(classes).map(|entity| Target { file, entity }));
        }
        Self(targets)
    }

    pub(super) fn lacks(&self, resolution: &Resolution) -> bool {
        resolution.target.is_some_and(|target| !self.0.contains(&target))
    }

    pub(super) fn lacks_file_of(&self, dependency: &Dependency) -> bool {
        dependency.target.is_some_and(|file| !self.has_file(file))
    }

    fn has_file(&self, file: FileKey) -> bool {
        self.0.contains(&Target { file, entity: Entity::File })
    }

    /// The facts without what lost its target; none where nothing is lost.
    pub(super) fn repair(&self, facts: &TransformedAst) -> Option<TransformedAst> {
        without_targets(facts, |target| !self.0.contains(target))
    }
}

/// What a backend holds once these facts, and no others of the repository, were published: what refers to something that is not
/// among them is as [`without_targets`] makes it. Content hashes are kept, and filled in where there are none.
#[must_use]
pub fn without_lost_targets(files: &[Arc<TransformedAst>]) -> Vec<Arc<TransformedAst>> {
    let targets = Targets::of(files.iter());
    files
        .iter()
        .map(|facts| {
            let facts = with_content_hash(facts);
            targets.repair(&facts).map_or(facts, Arc::new)
        })
        .collect()
}

/// The facts with their identity as the content's hash, which a change of their references must not change.
pub(super) fn with_content_hash(facts: &Arc<TransformedAst>) -> Arc<TransformedAst> {
    match facts.content_hash {
        Some(_) => facts.clone(),
        None => {
            let content_hash = Some(facts.content_identity());
            Arc::new(TransformedAst { content_hash, ..TransformedAst::clone(facts) })
        }
    }
}
