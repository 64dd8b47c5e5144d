//! Small facts and how they are loaded.

use std::sync::Arc;

use futures::{Stream, stream};
use snake_pipe_coordinator::{Pipeline, RunSummary};
use snake_pipe_core::{
    DatabaseBackend, Result,
    id::{FileKey, RepositoryId},
    load::{Repository, Scope},
    memory::MemoryBackend,
    model::TransformedAst,
};

pub(crate) fn app() -> RepositoryId {
    Repository::named("app").id()
}

pub(crate) fn facts(path: &str) -> TransformedAst {
    TransformedAst::new(path.into())
}

/// A stream of files with these paths.
pub(crate) fn files<'a>(paths: &[&'a str]) -> impl Stream<Item = Result<TransformedAst>> + Send + use<'a> {
    stream::iter(paths.iter().map(|path| Ok(facts(path))).collect::<Vec<_>>())
}

/// A stream of so many files.
pub(crate) fn many(count: usize) -> impl Stream<Item = Result<TransformedAst>> + Send + 'static {
    stream::iter((0..count).map(|number| Ok(facts(&format!("{number:04}")))))
}

pub(crate) fn complete(paths: &[&str]) -> Scope {
    Scope::Complete(Arc::new(paths.iter().map(|path| FileKey::of(path.as_bytes())).collect()))
}

/// A pipeline for the repository `app`.
pub(crate) fn pipeline<'a>(stream: impl Stream<Item = Result<TransformedAst>> + Send + 'a) -> Pipeline<'a> {
    Pipeline::from(stream).repository(Repository::named("app"))
}

pub(crate) async fn load(backend: &MemoryBackend, paths: &[&str]) -> RunSummary {
    pipeline(files(paths)).to(Arc::new(backend.clone())).run().await.unwrap()
}

pub(crate) fn paths(backend: &MemoryBackend) -> Vec<String> {
    let mut paths: Vec<_> = backend.facts(app()).iter().map(|facts| facts.path.to_string()).collect();
    paths.sort();
    paths
}

pub(crate) fn shared(backend: &MemoryBackend) -> Arc<dyn DatabaseBackend> {
    Arc::new(backend.clone())
}
