//! Conveniences for callers of the backend contract.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    DatabaseBackend, Result,
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Scope, Snapshot, WriteResult},
    model::TransformedAst,
};

/// A batch of [`BackendExt::write_all`] is closed at so many bytes.
pub const WRITE_ALL_BATCH_BYTES: usize = 8 << 20;

/// What every backend can do besides its contract, in terms of it.
///
/// For streams, several backends, retries and what is already there, use the coordinator.
#[async_trait]
pub trait BackendExt: DatabaseBackend {
    /// Writes and publishes the facts of one file. The plan's scope does not count: no other file changes.
    ///
    /// # Errors
    /// As of [`DatabaseBackend::write_batch`].
    async fn write_ast(&self, plan: LoadPlan, facts: TransformedAst) -> Result<WriteResult> {
        let batch = Batch { files: vec![Arc::new(facts)], ..Batch::default() };
        self.write_batch(LoadPlan { scope: Scope::Partial, ..plan }, Arc::new(batch), publication()).await
    }

    /// Writes the facts in one session and publishes them at once. Where the plan's scope is complete, what the backend
    /// holds beyond it is removed.
    ///
    /// # Errors
    /// As of [`DatabaseBackend::begin_load`] and the session's operations; nothing is visible then.
    async fn write_all(&self, plan: LoadPlan, facts: Vec<TransformedAst>) -> Result<WriteResult> {
        let manifest = self.manifest(plan.repository.id()).await?;
        let removed: Vec<_> = manifest.removed_by(&plan.scope).cloned().collect();
        let mut session = self.begin_load(plan).await?;
        let mut accepted = WriteResult::default();
        for batch in batches(facts, removed) {
            accepted.add(&session.write_batch(Arc::new(batch)).await?);
        }
        match session.publish(publication()).await? {
            PublishResult::Published(written) if written.files > 0 => Ok(written),
            PublishResult::Published(_) | PublishResult::AlreadyPublished => Ok(accepted),
        }
    }
}

impl<B: DatabaseBackend + ?Sized> BackendExt for B {}

fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

/// The facts cut by size, in order; what is to be removed comes with the last batch.
fn batches(facts: Vec<TransformedAst>, removed: Vec<crate::SourcePath>) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    let mut bytes = 0;
    for facts in facts {
        if bytes >= WRITE_ALL_BATCH_BYTES {
            batches.push(Batch { sequence: batches.len() as u64, ..Batch::default() });
            bytes = 0;
        }
        bytes += facts.approximate_bytes();
        if let Some(last) = batches.last_mut() {
            last.files.push(Arc::new(facts));
        }
    }
    if let Some(last) = batches.last_mut() {
        last.removed = removed;
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::FileKey, load::Repository, memory::MemoryBackend};

    fn facts(path: &str) -> TransformedAst {
        TransformedAst::new(path.into())
    }

    async fn connected() -> MemoryBackend {
        let backend = MemoryBackend::new();
        backend.connect().await.unwrap();
        backend
    }

    fn paths(backend: &MemoryBackend) -> Vec<String> {
        let mut paths: Vec<_> =
            backend.facts(Repository::named("app").id()).iter().map(|facts| facts.path.to_string()).collect();
        paths.sort();
        paths
    }

    #[tokio::test]
    async fn one_file_is_written_and_no_other_changes() {
        let backend = connected().await;
        let plan = LoadPlan::complete(Repository::named("app"), "1", []);
        backend.write_ast(plan.clone(), facts("a")).await.unwrap();
        let result = backend.write_ast(plan, facts("b")).await.unwrap();
        assert_eq!(result.files, 1);
        assert_eq!(paths(&backend), ["a", "b"]);
    }

    #[tokio::test]
    async fn a_complete_load_removes_what_it_does_not_list() {
        let backend = connected().await;
        let partial = LoadPlan::partial(Repository::named("app"), "1");
        backend.write_all(partial, vec![facts("a"), facts("b")]).await.unwrap();
        let complete =
            LoadPlan::complete(Repository::named("app"), "1", [FileKey::of(b"b"), FileKey::of(b"c")]);
        let result = backend.write_all(complete, vec![facts("c")]).await.unwrap();
        assert_eq!(result.files, 2);
        assert_eq!(paths(&backend), ["b", "c"]);
    }

    #[test]
    fn batches_are_cut_by_size() {
        let big = || TransformedAst {
            ast_content: Some(crate::JsonText::from_trusted(format!("\"{}\"", "x".repeat(5 << 20)))),
            ..facts("a")
        };
        let cut = batches(vec![big(), big(), big()], vec!["z".into()]);
        assert_eq!(
            cut.iter().map(|batch| (batch.sequence, batch.len())).collect::<Vec<_>>(),
            [(0, 2), (1, 2)]
        );
        assert!(batches(Vec::new(), Vec::new()).is_empty());
    }
}
