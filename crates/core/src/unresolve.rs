//! What becomes of references whose targets are not there.

use crate::{
    dependencies_of,
    model::{Dependency, Entity, Resolution, ResolutionStatus, Target, TransformedAst},
};

/// The facts with every reference un-resolved whose target is lost: status `unresolved`, origin `none`, no candidates, no
/// target. Where imports, bases or calls were, the dependencies are derived again from them, so that a module is there as it
/// was written; a dependency that none of them explains is un-resolved as it is. The facts have no link hash then, so that
/// they are owed again, and their identity for a content hash. None where nothing is lost.
#[must_use]
pub fn without_targets(facts: &TransformedAst, is_lost: impl Fn(&Target) -> bool) -> Option<TransformedAst> {
    let lacks = |resolution: &Resolution| resolution.target.as_ref().is_some_and(&is_lost);
    let lacks_file = |dependency: &Dependency| {
        dependency.target.is_some_and(|file| is_lost(&Target { file, entity: Entity::File }))
    };
    let references = facts.imports.iter().map(|import| &import.resolution);
    let references = references.chain(facts.bases.iter().map(|base| &base.resolution));
    let has_lost_sites = references.chain(facts.calls.iter().map(|call| &call.resolution)).any(lacks);
    if !has_lost_sites && !facts.dependencies.iter().any(lacks_file) {
        return None;
    }
    let content_hash = Some(facts.content_identity());
    let mut facts = TransformedAst { content_hash, link_hash: None, ..facts.clone() };
    if has_lost_sites {
        let references = facts.imports.iter_mut().map(|import| &mut import.resolution);
        let references = references.chain(facts.bases.iter_mut().map(|base| &mut base.resolution));
        let references = references.chain(facts.calls.iter_mut().map(|call| &mut call.resolution));
        for resolution in references.filter(|resolution| lacks(resolution)) {
            *resolution = Resolution::default();
        }
        facts.dependencies = dependencies_again(&facts);
    }
    for dependency in facts.dependencies.iter_mut().filter(|dependency| lacks_file(dependency)) {
        dependency.target = None;
        dependency.status = ResolutionStatus::Unresolved;
    }
    Some(facts)
}

/// The dependencies by what the sites say now. Those of types that do not follow from sites stay.
fn dependencies_again(facts: &TransformedAst) -> Vec<Dependency> {
    let mut dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    let others = facts.dependencies.iter().filter(|edge| !edge.dependency_type.follows_from_sites());
    dependencies.extend(others.cloned());
    dependencies.sort_by_key(|dependency| dependency.dependency_type);
    dependencies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{Digest, FileKey},
        model::{DependencyType, Import, Origin},
    };

    fn import(module: &str, target: &str, line: u32) -> Import {
        let target = Target { file: FileKey::of(target.as_bytes()), entity: Entity::File };
        let resolution = Resolution::resolved(target, Origin::Import);
        Import { module: module.into(), line, resolution, ..Import::default() }
    }

    #[test]
    fn modules_that_one_file_stood_for_come_back_as_they_were_written() {
        let imports =
            vec![import(".sub", "sub", 1), import(".helper", "helper", 2), import("pkg.helper", "helper", 3)];
        let facts =
            TransformedAst { imports, link_hash: Some(Digest::of(b"l")), ..TransformedAst::new("a".into()) };
        let dependencies = dependencies_of(facts.key(), &facts.imports, &[], &[]);
        let facts = TransformedAst { dependencies, ..facts };
        let helper = FileKey::of(b"helper");
        let left = without_targets(&facts, |target| target.file == helper).unwrap();
        let edges: Vec<_> = left
            .dependencies
            .iter()
            .map(|edge| (edge.module.as_deref(), edge.status, edge.count, edge.line))
            .collect();
        assert_eq!(
            edges,
            [
                (None, ResolutionStatus::Resolved, 1, 1),
                (Some(".helper"), ResolutionStatus::Unresolved, 1, 2),
                (Some("pkg.helper"), ResolutionStatus::Unresolved, 1, 3),
            ]
        );
        assert_eq!((left.link_hash, left.content_identity()), (None, facts.content_identity()));
        assert_eq!(without_targets(&facts, |_| false), None);
    }

    #[test]
    fn a_dependency_that_no_site_explains_is_unresolved_as_it_is() {
        let edge = Dependency {
            dependency_type: DependencyType::Composition,
            target: Some(FileKey::of(b"b")),
            status: ResolutionStatus::Resolved,
            count: 2,
            ..Dependency::default()
        };
        let facts = TransformedAst { dependencies: vec![edge.clone()], ..TransformedAst::new("a".into()) };
        let left = without_targets(&facts, |_| true).unwrap();
        assert_eq!(
            left.dependencies,
            [Dependency { target: None, status: ResolutionStatus::Unresolved, ..edge }]
        );
    }
}
