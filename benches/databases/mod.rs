//! Databases to measure: an SQLite file and one on a PostgreSQL server, each as a user gets it without further options.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend, MigrateMode, Result,
    load::{Batch, LoadPlan, Marker, Publication, Snapshot},
    model::TransformedAst,
};
use snake_pipe_testkit::postgres::PostgresCluster;
use tempfile::TempDir;

/// Empty databases with an up-to-date schema. They go with the value.
pub(crate) struct Databases {
    pub(crate) backends: Vec<Arc<dyn DatabaseBackend>>,
    _folder: TempDir,
}

impl Databases {
    pub(crate) async fn open(cluster: &PostgresCluster) -> Result<Self> {
        // Beside what is built, since /tmp may be memory, where nothing has to wait for a disk.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let sqlite = format!("sqlite:{}", folder.path().join("code.db").display());
        let mut backends = Vec::new();
        for url in [sqlite, cluster.url()] {
            let backend = snake_pipe::registry()?.build(&url, None, [])?;
            backend.connect().await?;
            backend.migrate(MigrateMode::Apply).await?;
            backends.push(backend);
        }
        Ok(Self { backends, _folder: folder })
    }
}

/// Facts as one batch.
pub(crate) fn batch(files: impl IntoIterator<Item = TransformedAst>) -> Arc<Batch> {
    Arc::new(Batch { files: files.into_iter().map(Arc::new).collect(), ..Batch::default() })
}

/// Writes one batch in a session of its own, and publishes it.
pub(crate) async fn load(backend: &dyn DatabaseBackend, plan: LoadPlan, batch: &Arc<Batch>) -> Result<()> {
    let mut session = backend.begin_load(plan).await?;
    session.write_batch(Arc::clone(batch)).await?;
    session.publish(publication()).await.map(drop)
}

/// A publication of its own, of which nothing else is known.
pub(crate) fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}
