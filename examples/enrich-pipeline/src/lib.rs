//! A pipeline that adds to every file who owns it.
//!
//! Facts travel as an ordinary stream, so an ordinary combinator enriches them between extraction and loading.

mod owners;

use std::{path::Path, sync::Arc};

use futures::TryStreamExt as _;
use serde_json::json;
use snake_pipe::{
    coordinator::{Pipeline, RunSummary},
    core::{DatabaseBackend, Error, ErrorKind, JsonText, MigrateMode, Result, model::TransformedAst},
    extract::{ExtractOptions, Extraction, Progress, discover::describe},
};

pub use owners::Owners;

/// The backend of this URL, connected, with an up-to-date schema. Which kinds there are is a matter of what is linked in:
/// the features of the crate `snake-pipe`.
///
/// # Errors
/// `Configuration` for a URL of an unknown kind; as of connecting and migrating.
pub async fn connect(url: &str) -> Result<Arc<dyn DatabaseBackend>> {
    let backend = snake_pipe::registry()?.build(url, None, [])?;
    backend.connect().await?;
    backend.migrate(MigrateMode::Apply).await?;
    Ok(backend)
}

/// Loads what the backend lacks of the directory's code, each file with its owner in `metadata`.
///
/// # Errors
/// As of extraction, and of [`Pipeline::run`]; what happens to the backend is in the summary.
pub async fn load(
    directory: &Path,
    options: ExtractOptions,
    owners: Owners,
    backend: Arc<dyn DatabaseBackend>,
) -> Result<RunSummary> {
    let source = describe(directory)?;
    let (root, name) = (source.root.clone(), source.name.clone());
    let extraction =
        blocking(move || Extraction::scan(&root, &name, options, Arc::new(Progress::default()))).await?;
    // A backend compares what it holds by content and by this version: when the owners change, every file is owed again.
    let version = format!("{}+owners={}", extraction.producer_version(), owners.digest());
    let manifest = backend.manifest(source.repository().id()).await?;
    let scope = extraction.inventory().scope();
    let owed = {
        let version = version.clone();
        extraction
            .facts(move |file| manifest.owes_file(file.key, file.content_hash, file.link_hash, &version))
    };
    Pipeline::from(owed.map_ok(move |facts| with_owner(facts, &owners)))
        .repository(source.repository())
        .snapshot(source.snapshot())
        .scope(scope)
        .producer_version(version)
        .to(backend)
        .run()
        .await
}

fn with_owner(facts: Arc<TransformedAst>, owners: &Owners) -> TransformedAst {
    let owner = owners.of(facts.path.as_str()).map(|owner| JsonText::from_value(&json!({ "owner": owner })));
    TransformedAst { metadata: owner, ..Arc::unwrap_or_clone(facts) }
}

/// Runs what blocks on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let stopped = |source| Error::new(ErrorKind::Internal, "the scan stopped").with_source(source);
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}
