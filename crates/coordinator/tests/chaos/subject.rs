//! A backend that is loaded, with its faults and its auditor.

use std::sync::Arc;

use rand::{Rng as _, rngs::StdRng};
use snake_pipe_coordinator::Route;
use snake_pipe_core::{
    DatabaseBackend, MigrateMode,
    id::{Digest, RepositoryId},
    load::Marker,
    memory::MemoryBackend,
    simple::SimpleAdapter,
};
use snake_pipe_testkit::{
    audit::{Holding, Source},
    faults::FaultyBackend,
};
use tokio::runtime::Runtime;

use crate::documents::Documents;

/// What the sequences of one thread have in common.
pub(crate) struct Shelf {
    /// The runtime of a sequence.
    pub(crate) runtime: fn() -> Runtime,
    /// Whether its clock is simulated.
    pub(crate) is_simulated: bool,
    /// Opens a database with SQL under a name, in which each sequence has a repository of its own; none where there is none.
    pub(crate) open: Option<Box<Open>>,
    /// What else befalls the database in a run; without a source of chance, nothing any more.
    pub(crate) disturb: Option<Box<Disturb>>,
}

pub(crate) type Open = dyn Fn(&str) -> Arc<dyn DatabaseBackend>;

pub(crate) type Disturb = dyn Fn(Option<&mut StdRng>);

impl Shelf {
    /// The backends of a sequence; at most one with SQL, as two loads of one repository into one database fence each other.
    pub(crate) fn kinds(&self, random: &mut StdRng) -> Vec<Kind> {
        let mut kinds: Vec<_> = (0..random.random_range(1..4))
            .map(|_| if random.random_bool(0.5) { Kind::Memory } else { Kind::Documents })
            .collect();
        if self.open.is_some() {
            let index = random.random_range(0..kinds.len());
            kinds[index] = Kind::Sql;
        }
        kinds
    }

    async fn sql(&self, name: &str) -> Arc<dyn DatabaseBackend> {
        let backend = self.open.as_ref().unwrap()(name);
        backend.connect().await.unwrap();
        backend.migrate(MigrateMode::Apply).await.unwrap();
        backend
    }
}

/// How what a backend holds is read, past its faults.
enum Reader {
    Memory(MemoryBackend),
    Documents(Documents, Arc<dyn DatabaseBackend>),
    Sql(Arc<dyn DatabaseBackend>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Documents,
    Sql,
}

pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) backend: Arc<FaultyBackend>,
    pub(crate) route: Route,
    reader: Reader,
    /// States that it may be in: what it held when it was looked at last, and what a run that nobody waited for may have
    /// published since.
    pub(crate) possible: Vec<Digest>,
    pub(crate) marker: Option<Marker>,
}

impl Subject {
    pub(crate) async fn new(name: &str, kind: Kind, route: Route, shelf: &Shelf) -> Self {
        let (inner, reader): (Arc<dyn DatabaseBackend>, _) = match kind {
            Kind::Memory => {
                let memory = MemoryBackend::new().called(name);
                (Arc::new(memory.clone()), Reader::Memory(memory))
            }
            Kind::Documents => {
                let documents = Documents::new(name);
                // A small spool, so that much of a load is written before it is published.
                let adapter: Arc<dyn DatabaseBackend> =
                    Arc::new(SimpleAdapter::new(documents.clone()).spool_bytes(5_000));
                (adapter.clone(), Reader::Documents(documents, adapter))
            }
            Kind::Sql => {
                let sql = shelf.sql(name).await;
                (sql.clone(), Reader::Sql(sql))
            }
        };
        inner.connect().await.unwrap();
        let backend = Arc::new(FaultyBackend::new(inner));
        let name = name.to_owned();
        Self { name, kind, backend, route, reader, possible: Vec::new(), marker: None }
    }

    pub(crate) async fn holding(&self, repository: RepositoryId) -> Holding {
        match &self.reader {
            Reader::Memory(memory) => Holding::of_memory(memory, repository).await.unwrap(),
            Reader::Documents(_, backend) | Reader::Sql(backend) => {
                Holding::of(backend.as_ref(), repository).await.unwrap()
            }
        }
    }

    /// Whether readers see a run wholly or not at all.
    pub(crate) fn is_atomic(&self) -> bool {
        self.kind != Kind::Documents
    }

    /// In what it holds anything but this.
    pub(crate) fn differences(&self, source: &Source, holding: &Holding) -> Vec<String> {
        let mut differences = source.differences(holding).unwrap();
        if let Reader::Documents(documents, _) = &self.reader {
            let held = documents.held();
            let is_right = |held: &snake_pipe_core::simple::Document| source.files().contains(&held.facts);
            differences.extend(
                held.iter()
                    .filter(|held| !is_right(held))
                    .map(|held| format!("{} is stale", held.facts.path)),
            );
        }
        differences
    }

    pub(crate) async fn dispose(&self, repository: RepositoryId) {
        if let Reader::Sql(backend) = &self.reader {
            backend.remove_repository(repository).await.unwrap();
            backend.close().await.unwrap();
        }
    }
}
