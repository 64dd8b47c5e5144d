//! A store under test, empty, with a clock that the test moves.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::json;
use snake_pipe_core::MigrateMode;
use snake_pipe_metadata::{
    Clock, ManualClock, MetadataStore, SqlStore, StoreOptions,
    model::{LEASE, NewPipeline, NewRun, Overlap, Pipeline, Run},
};
use snake_pipe_testkit::postgres::TestDatabase;
use tempfile::TempDir;

/// Where the store is; gone with the value.
enum Place {
    Memory,
    File(TempDir),
    Database(TestDatabase),
}

pub(crate) struct Subject {
    pub(crate) store: Arc<dyn MetadataStore>,
    pub(crate) clock: Arc<ManualClock>,
    place: Place,
}

impl Subject {
    pub(crate) async fn memory() -> Self {
        let clock = clock();
        let store = SqlStore::in_memory_with(options(&clock)).await.unwrap();
        Self { store: Arc::new(store), clock, place: Place::Memory }
    }

    pub(crate) async fn sqlite() -> Self {
        Self::at(Place::File(tempfile::tempdir().unwrap())).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::at(Place::Database(TestDatabase::create().unwrap())).await
    }

    async fn at(place: Place) -> Self {
        let clock = clock();
        let store = open(&place, &clock).expect("it is a file or a database");
        store.migrate(MigrateMode::Apply).await.unwrap();
        Self { store: Arc::new(store), clock, place }
    }

    /// A store of another process over the same data; in memory there is only the one.
    pub(crate) fn other(&self) -> Arc<dyn MetadataStore> {
        match open(&self.place, &self.clock) {
            Some(store) => Arc::new(store),
            None => Arc::clone(&self.store),
        }
    }

    pub(crate) async fn pipeline(&self, name: &str) -> Pipeline {
        self.store.register_pipeline(NewPipeline::new(name, json!({"steps": []}))).await.unwrap()
    }

    /// A run of the pipeline of this name, under way.
    pub(crate) async fn running(&self, pipeline: &str) -> Run {
        let pipeline = self.pipeline(pipeline).await;
        let run = self.store.create_run(NewRun::of(pipeline.id)).await.unwrap();
        self.store.start_run(run.id, LEASE, Overlap::Allow).await.unwrap().run
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

fn clock() -> Arc<ManualClock> {
    ManualClock::at("2026-01-15T12:00:00Z".parse().unwrap())
}

fn options(clock: &Arc<ManualClock>) -> StoreOptions {
    StoreOptions {
        actor: "me@here".to_owned(),
        clock: Clock::Manual(Arc::clone(clock)),
        ..StoreOptions::default()
    }
}

fn open(place: &Place, clock: &Arc<ManualClock>) -> Option<SqlStore> {
    match place {
        Place::Memory => None,
        Place::File(folder) => {
            let path: PathBuf = folder.path().join("code.db.control");
            Some(SqlStore::sqlite(path, options(clock)).unwrap())
        }
        Place::Database(database) => Some(SqlStore::postgres(&database.url(), options(clock)).unwrap()),
    }
}
