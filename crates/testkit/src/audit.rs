//! The auditor: whether a backend holds exactly what a source tree says, after whatever befell its loads.
//!
//! What a backend holds is compared with the pure function of the source: the rows that the mapping makes of the tree's
//! facts. So nothing is missing, nothing half written, nothing left over and nothing there twice.
//!
//! ```
//! use snake_pipe_core::{BackendExt as _, DatabaseBackend as _, load::{LoadPlan, Repository}, memory::MemoryBackend};
//! use snake_pipe_testkit::{audit::{Holding, Source}, fixtures::shop};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> snake_pipe_core::Result<()> {
//! let backend = MemoryBackend::new();
//! backend.connect().await?;
//! let plan = LoadPlan::partial(Repository::named("shop"), "1");
//! backend.write_all(plan, shop()).await?;
//! let source = Source::new(Repository::named("shop").id(), "1", shop());
//! let holding = Holding::of_memory(&backend, source.repository()).await?;
//! assert_eq!(source.differences(&holding)?, Vec::<String>::new());
//! # Ok(())
//! # }
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use snake_pipe_core::{
    DatabaseBackend, IntegrityScope, Result,
    id::{Digest, FileKey, RepositoryId},
    load::Marker,
    manifest::{Manifest, ManifestEntry},
    memory::{MemoryBackend, without_lost_targets},
    model::TransformedAst,
    position::SourcePosition,
    schema::TableId,
};

use crate::conformance::{
    Rows,
    rows::{difference, expected_rows, normal},
    sql_rows, tables,
};

/// What a backend holds of a repository, in a form that all backends agree about.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The rows by table, ordered by key, volatile columns as NULL; none where the backend's rows cannot be read.
    pub tables: Option<BTreeMap<TableId, Rows>>,
    /// What it says that it holds.
    pub manifest: Manifest,
    /// The marker of the last publication.
    pub marker: Option<Marker>,
    /// How far its sources have been read.
    pub positions: Vec<SourcePosition>,
    /// Constraints that rows break.
    pub violations: Vec<String>,
}

impl Holding {
    /// What a connected backend holds. Rows are read by SQL; without SQL the manifest has to do.
    ///
    /// # Errors
    /// As of any reading.
    pub async fn of(backend: &dyn DatabaseBackend, repository: RepositoryId) -> Result<Self> {
        let mut all = BTreeMap::new();
        if backend.capabilities().sql {
            for table in tables() {
                all.insert(table, sql_rows(backend, table, repository).await?);
            }
        }
        Self::read(backend, repository, backend.capabilities().sql.then_some(all)).await
    }

    /// What a backend in memory holds.
    ///
    /// # Errors
    /// `NotConnected`.
    pub async fn of_memory(backend: &MemoryBackend, repository: RepositoryId) -> Result<Self> {
        let mut rows = backend.rows(repository)?;
        let all = tables().map(|table| (table, normal(table, rows.remove(&table).unwrap_or_default())));
        Self::read(backend, repository, Some(all.collect())).await
    }

    async fn read(
        backend: &dyn DatabaseBackend,
        repository: RepositoryId,
        tables: Option<BTreeMap<TableId, Rows>>,
    ) -> Result<Self> {
        let manifest = backend.manifest(repository).await?;
        let stored = backend.repositories().await?.into_iter().find(|stored| stored.id == repository);
        let mut violations = Vec::new();
        if backend.capabilities().integrity {
            let found = backend.check_integrity(IntegrityScope::Repository(repository)).await?;
            let broken = found.constraints.into_iter().filter(|constraint| constraint.violations > 0);
            violations.extend(broken.map(|constraint| format!("{constraint:?}")));
        }
        let marker = stored.as_ref().and_then(|stored| stored.marker);
        let snapshot = stored.and_then(|stored| stored.snapshot);
        let positions = snapshot.map(|snapshot| snapshot.positions).unwrap_or_default();
        Ok(Self { tables, manifest, marker, positions, violations })
    }

    /// A digest over all rows, or over the manifest where rows cannot be read.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match &self.tables {
            Some(tables) => digest_of(tables),
            None => Digest::of(format!("{:?}", self.manifest).as_bytes()),
        }
    }
}

/// What a source tree says: its facts, for one repository.
#[derive(Clone, Debug)]
pub struct Source {
    repository: RepositoryId,
    producer_version: String,
    files: Vec<Arc<TransformedAst>>,
}

impl Source {
    /// The facts of all files of the tree, loaded under this producer version.
    #[must_use]
    pub fn new(
        repository: RepositoryId,
        producer_version: impl Into<String>,
        files: impl IntoIterator<Item = impl Into<Arc<TransformedAst>>>,
    ) -> Self {
        let files: Vec<_> = files.into_iter().map(Into::into).collect();
        Self { repository, producer_version: producer_version.into(), files }
    }

    /// The repository's id.
    #[must_use]
    pub const fn repository(&self) -> RepositoryId {
        self.repository
    }

    /// The facts of all files.
    #[must_use]
    pub fn files(&self) -> &[Arc<TransformedAst>] {
        &self.files
    }

    /// The digest that a backend's holding has if it is exactly this; of a backend that reads no rows it is another.
    ///
    /// # Errors
    /// As of the mapping of facts to rows.
    pub fn digest(&self) -> Result<Digest> {
        Ok(digest_of(&expected_rows(&self.as_held(true), self.repository, &self.producer_version)?))
    }

    /// How many of the files a backend with this manifest lacks, or holds otherwise.
    #[must_use]
    pub fn owed_by(&self, manifest: &Manifest) -> u64 {
        self.files.iter().filter(|facts| manifest.owes(facts, &self.producer_version)).count() as u64
    }

    /// In what the holding is anything but this, in words; empty where it is exactly this.
    ///
    /// # Errors
    /// As of the mapping of facts to rows.
    pub fn differences(&self, holding: &Holding) -> Result<Vec<String>> {
        let mut differences = holding.violations.clone();
        let files = self.as_held(holding.tables.is_some());
        differences.extend(self.in_manifest(&files, &holding.manifest));
        if let Some(held) = &holding.tables {
            for (table, expected) in expected_rows(&files, self.repository, &self.producer_version)? {
                let none = Rows::new();
                let held = held.get(&table).unwrap_or(&none);
                differences.extend(duplicates(table, held));
                differences.extend(difference(table, held, &expected));
            }
        }
        Ok(differences)
    }

    /// The facts as a backend shows them: those with rows that agree with each other un-resolve what has no target.
    fn as_held(&self, un_resolves: bool) -> Vec<Arc<TransformedAst>> {
        if un_resolves { without_lost_targets(&self.files) } else { self.files.clone() }
    }

    fn in_manifest(&self, files: &[Arc<TransformedAst>], manifest: &Manifest) -> Vec<String> {
        let entry = |file: &Arc<TransformedAst>| ManifestEntry {
            path: file.path.clone(),
            content_hash: file.content_identity(),
            link_hash: file.link_hash,
            producer_version: self.producer_version.clone(),
        };
        let expected: BTreeMap<FileKey, ManifestEntry> =
            files.iter().map(|file| (file.key(), entry(file))).collect();
        let keys: BTreeSet<_> = expected.keys().chain(manifest.files.keys()).collect();
        let compare = |key: &FileKey| match (manifest.files.get(key), expected.get(key)) {
            (Some(held), Some(expected)) if held == expected => None,
            (Some(held), Some(expected)) => {
                Some(format!("manifest: {} is held as {held:?}, should be {expected:?}", held.path))
            }
            (Some(held), None) => Some(format!("manifest: {} is held and not in the source", held.path)),
            (None, expected) => expected.map(|expected| format!("manifest: {} is missing", expected.path)),
        };
        keys.into_iter().filter_map(compare).collect()
    }
}

/// Keys that are there more than once.
fn duplicates(table: TableId, rows: &Rows) -> Option<String> {
    let positions: Vec<_> =
        table.table().key.iter().filter_map(|name| table.table().position(name)).collect();
    let key_of = |row: &[snake_pipe_core::Value]| -> Vec<String> {
        positions.iter().map(|position| format!("{:?}", row[*position])).collect()
    };
    let keys: BTreeSet<_> = rows.iter().map(|row| key_of(row)).collect();
    let twice = rows.len() - keys.len();
    (twice > 0).then(|| format!("{}: {twice} rows are there more than once", table.table().name))
}

fn digest_of(tables: &BTreeMap<TableId, Rows>) -> Digest {
    let mut text = String::new();
    for (table, rows) in tables.iter().filter(|(_, rows)| !rows.is_empty()) {
        text.push_str(&format!("{}{rows:?}", table.table().name));
    }
    Digest::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use snake_pipe_core::{
        BackendExt,
        load::{LoadPlan, Repository},
    };

    use super::*;
    use crate::fixtures::shop;

    async fn held(files: Vec<TransformedAst>) -> Holding {
        let backend = MemoryBackend::new();
        backend.connect().await.unwrap();
        backend.write_all(LoadPlan::partial(Repository::named("shop"), "1"), files).await.unwrap();
        Holding::of_memory(&backend, source(shop()).repository()).await.unwrap()
    }

    fn source(files: Vec<TransformedAst>) -> Source {
        Source::new(Repository::named("shop").id(), "1", files)
    }

    #[tokio::test]
    async fn what_is_right_has_no_differences_and_the_source_s_digest() {
        let (source, held) = (source(shop()), held(shop()).await);
        assert_eq!(source.differences(&held).unwrap(), Vec::<String>::new());
        assert_eq!(held.digest(), source.digest().unwrap());
    }

    #[tokio::test]
    async fn a_missing_a_stale_and_a_surplus_file_are_found() {
        let mut fewer = shop();
        let gone = fewer.pop().unwrap();
        let mut stale = shop();
        stale[0].size_bytes = Some(1_000_000);
        for (files, expected, word) in [
            (fewer.clone(), shop(), "missing"),
            (shop(), fewer, "not in the source"),
            (stale, shop(), "size_bytes"),
        ] {
            let differences = source(expected.clone()).differences(&held(files.clone()).await).unwrap();
            assert!(differences.iter().any(|one| one.contains(word)), "{word}: {differences:?}");
            assert_ne!(held(files).await.digest(), source(expected).digest().unwrap());
        }
        assert!(!gone.path.as_str().is_empty());
    }

    #[tokio::test]
    async fn a_row_that_is_there_twice_is_found() {
        let mut held = held(shop()).await;
        let rows = held.tables.as_mut().unwrap().get_mut(&TableId::Functions).unwrap();
        rows.push(rows[0].clone());
        let differences = source(shop()).differences(&held).unwrap();
        assert!(differences.iter().any(|one| one.contains("more than once")), "{differences:?}");
    }
}
