//! The backend under test, ready to be loaded.

use std::{collections::BTreeMap, sync::Arc};

use snake_pipe_core::{
    DatabaseBackend, ErrorKind, LoadSession, MigrateMode, Result, SourcePath,
    id::FileKey,
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot, WriteResult},
    manifest::{Manifest, ManifestEntry},
    memory::without_lost_targets,
    model::TransformedAst,
};

use super::{
    harness::Store,
    rows::{self, assert_same, expected_rows, stored_rows},
};

/// What the facts of the suite went through.
pub(super) const PRODUCER_VERSION: &str = "conformance-1";

/// A connected and migrated backend, and the repository that is loaded into it.
pub(super) struct Subject {
    pub(super) store: Arc<Store>,
    pub(super) backend: Arc<dyn DatabaseBackend>,
    pub(super) repository: Repository,
}

impl Subject {
    /// Connects and migrates an empty database.
    pub(super) async fn ready(store: Store) -> Result<Self> {
        let store = Arc::new(store);
        let backend = store.open()?;
        backend.connect().await?;
        backend.migrate(MigrateMode::Apply).await?;
        Ok(Self { store, backend, repository: Repository::named("shop") })
    }

    /// The same database by a connection of its own.
    pub(super) async fn reopened(&self) -> Result<Self> {
        let backend = self.store.open()?;
        backend.connect().await?;
        Ok(Self { store: Arc::clone(&self.store), backend, repository: self.repository.clone() })
    }

    /// The same backend with another repository.
    pub(super) fn with_repository(&self, name: &str) -> Self {
        Self {
            store: Arc::clone(&self.store),
            backend: Arc::clone(&self.backend),
            repository: Repository::named(name),
        }
    }

    /// A load of what the batches hold.
    pub(super) fn plan(&self) -> LoadPlan {
        LoadPlan::partial(self.repository.clone(), PRODUCER_VERSION)
    }

    pub(super) async fn session(&self) -> Result<Box<dyn LoadSession>> {
        self.backend.begin_load(self.plan()).await
    }

    pub(super) async fn manifest(&self) -> Result<Manifest> {
        self.backend.manifest(self.repository.id()).await
    }

    /// Writes the files in a session of their own and publishes.
    pub(super) async fn load(&self, files: &[TransformedAst]) -> Result<WriteResult> {
        self.change(files, &[]).await
    }

    /// Writes files and removes others in a session of its own and publishes.
    pub(super) async fn change(&self, files: &[TransformedAst], removed: &[&str]) -> Result<WriteResult> {
        let mut session = self.session().await?;
        session.write_batch(batch_of(files, removed)).await?;
        match session.publish(publication()).await? {
            PublishResult::Published(result) => Ok(result),
            PublishResult::AlreadyPublished => panic!("a new marker was already published"),
        }
    }

    /// Brings the backend from whatever it holds to these files, as a run does: what is owed is written, what is gone is
    /// removed.
    pub(super) async fn bring_to(&self, files: &[TransformedAst]) -> Result<()> {
        let manifest = self.manifest().await?;
        let keys: Vec<FileKey> = files.iter().map(TransformedAst::key).collect();
        let plan = LoadPlan::complete(self.repository.clone(), PRODUCER_VERSION, keys);
        let owed = files.iter().filter(|file| manifest.owes(file, PRODUCER_VERSION));
        let batch = Batch {
            sequence: 0,
            files: owed.cloned().map(Arc::new).collect(),
            removed: manifest.removed_by(&plan.scope).cloned().collect(),
        };
        let mut session = self.backend.begin_load(plan).await?;
        session.write_batch(Arc::new(batch)).await?;
        session.publish(publication()).await.map(drop)
    }

    /// Panics unless the repository holds exactly these files: in the manifest, and where rows can be read in every row.
    pub(super) async fn assert_holds(&self, files: &[TransformedAst]) -> Result<()> {
        let held = self.as_held(files);
        self.assert_manifest(&held).await?;
        let repository = self.repository.id();
        for (table, expected) in expected_rows(&held, repository, PRODUCER_VERSION)? {
            if let Some(stored) = stored_rows(&self.store, &*self.backend, table, repository).await? {
                assert_same(table, &stored, &expected);
            }
        }
        Ok(())
    }

    /// The files as the backend should hold them: where it keeps rows consistent with each other, a reference to what is not
    /// among the files is unresolved, and its file asks for linking again by having no link hash.
    fn as_held(&self, files: &[TransformedAst]) -> Vec<Arc<TransformedAst>> {
        let files: Vec<_> = files.iter().cloned().map(Arc::new).collect();
        if self.backend.capabilities().integrity { without_lost_targets(&files) } else { files }
    }

    async fn assert_manifest(&self, held: &[Arc<TransformedAst>]) -> Result<()> {
        let expected: BTreeMap<FileKey, ManifestEntry> =
            held.iter().map(|file| (file.key(), entry_of(file))).collect();
        let manifest = self.manifest().await?;
        let paths = |files: &BTreeMap<FileKey, ManifestEntry>| -> Vec<String> {
            files.values().map(|entry| entry.path.to_string()).collect()
        };
        assert_eq!(paths(&manifest.files), paths(&expected), "paths in the manifest, and that were written");
        assert_eq!(manifest.files, expected, "the manifest, and what was written");
        Ok(())
    }

    /// All rows of the repository that can be read, by table.
    pub(super) async fn rows(&self) -> Result<BTreeMap<&'static str, rows::Rows>> {
        let mut all = BTreeMap::new();
        for table in rows::tables() {
            let rows = stored_rows(&self.store, &*self.backend, table, self.repository.id()).await?;
            all.insert(table.table().name, rows.unwrap_or_default());
        }
        Ok(all)
    }
}

fn entry_of(file: &TransformedAst) -> ManifestEntry {
    ManifestEntry {
        path: file.path.clone(),
        content_hash: file.content_identity(),
        link_hash: file.link_hash,
        producer_version: PRODUCER_VERSION.to_owned(),
    }
}

pub(super) fn batch_of(files: &[TransformedAst], removed: &[&str]) -> Arc<Batch> {
    Arc::new(Batch {
        sequence: 0,
        files: files.iter().cloned().map(Arc::new).collect(),
        removed: removed.iter().map(|path| SourcePath::from(*path)).collect(),
    })
}

/// A publication with a marker of its own.
pub(super) fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

/// Panics unless the result is an error of this kind.
pub(super) fn assert_fails<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, what: &str) {
    match result {
        Err(error) => assert_eq!(error.kind(), kind, "{what}: {error:?}"),
        Ok(value) => panic!("{what}: should fail with `{kind}`, but gave {value:?}"),
    }
}
