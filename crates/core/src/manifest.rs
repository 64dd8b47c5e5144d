//! What a backend holds of a repository, and what a run therefore owes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    id::{Digest, FileKey},
    load::Scope,
    model::TransformedAst,
    path::SourcePath,
};

/// One file as a backend holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// Its path.
    pub path: SourcePath,
    /// [`TransformedAst::content_identity`] of what was written.
    pub content_hash: Digest,
    /// The link hash of what was written; none where a reference lost its target since.
    pub link_hash: Option<Digest>,
    /// The producer version it was written with.
    pub producer_version: String,
}

/// What a backend holds of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files, by key.
    pub files: BTreeMap<FileKey, ManifestEntry>,
}

impl Manifest {
    /// Whether the backend lacks these facts, or holds others in their place.
    #[must_use]
    pub fn owes(&self, facts: &TransformedAst, producer_version: &str) -> bool {
        self.owes_file(facts.key(), facts.content_identity(), facts.link_hash, producer_version)
    }

    /// As [`owes`](Self::owes), where the facts themselves are not at hand yet.
    #[must_use]
    pub fn owes_file(
        &self,
        file: FileKey,
        content_identity: Digest,
        link_hash: Option<Digest>,
        producer_version: &str,
    ) -> bool {
        self.files.get(&file).is_none_or(|entry| {
            entry.content_hash != content_identity
                || entry.link_hash != link_hash
                || entry.producer_version != producer_version
        })
    }

    /// The files that a load of this scope removes, in the order of their keys.
    pub fn removed_by<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a SourcePath> {
        self.files
            .iter()
            .filter(move |(key, _)| match scope {
                Scope::Complete(keys) => !keys.contains(key),
                Scope::Partial => false,
            })
            .map(|(_, entry)| &entry.path)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use super::*;

    fn held(facts: &TransformedAst) -> Manifest {
        let entry = ManifestEntry {
            path: facts.path.clone(),
            content_hash: facts.content_identity(),
            link_hash: facts.link_hash,
            producer_version: "1".into(),
        };
        Manifest { files: BTreeMap::from([(facts.key(), entry)]) }
    }

    #[test]
    fn a_file_is_owed_when_content_links_or_producer_differ() {
        let facts = TransformedAst::new("a".into());
        let manifest = held(&facts);
        assert!(!manifest.owes(&facts, "1"));
        assert!(manifest.owes(&facts, "2"));
        assert!(
            manifest.owes(&TransformedAst { content_hash: Some(Digest::of(b"x")), ..facts.clone() }, "1")
        );
        assert!(manifest.owes(&TransformedAst { link_hash: Some(Digest::of(b"x")), ..facts.clone() }, "1"));
        assert!(manifest.owes(&TransformedAst::new("b".into()), "1"));
    }

    #[test]
    fn only_a_complete_load_removes() {
        let manifest = held(&TransformedAst::new("a".into()));
        assert_eq!(manifest.removed_by(&Scope::Partial).count(), 0);
        assert_eq!(manifest.removed_by(&Scope::Complete(Arc::new(BTreeSet::new()))).count(), 1);
    }
}
