//! A backend on a file of its own, and small facts for it.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend, MigrateMode, QueryResult, SqlQuery, Value,
    id::{FileKey, RepositoryId, SymbolKey},
    load::{Batch, LoadPlan, Marker, Publication, Repository, Snapshot, WriteResult},
    model::{Call, Entity, Function, Origin, Resolution, Target, TransformedAst},
};
use snake_pipe_sqlite::{Config, SqliteBackend};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A connected backend; its file goes with it.
pub(crate) struct Fixture {
    pub(crate) backend: SqliteBackend,
    pub(crate) config: Config,
    pub(crate) _directory: TempDir,
}

impl Fixture {
    /// With tables.
    pub(crate) async fn new() -> Self {
        let fixture = Self::without_tables().await;
        fixture.backend.migrate(MigrateMode::Apply).await.unwrap();
        fixture
    }

    /// An empty file.
    pub(crate) async fn without_tables() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = Config::new(directory.path().join("code.db"));
        let backend = SqliteBackend::new(config.clone());
        backend.connect().await.unwrap();
        Self { backend, config, _directory: directory }
    }

    /// Another backend on the same file, as another process would have it.
    pub(crate) async fn another(&self) -> SqliteBackend {
        let backend = SqliteBackend::new(self.config.clone());
        backend.connect().await.unwrap();
        backend
    }

    /// A plain connection to the file, past the backend.
    pub(crate) async fn connection(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(&self.config.path).foreign_keys(false).connect().await.unwrap()
    }

    /// Changes the file behind the backend's back.
    pub(crate) async fn change(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.connection().await).await.unwrap();
    }

    /// Writes and publishes at once.
    pub(crate) async fn load(&self, files: &[TransformedAst], removed: &[&str]) -> WriteResult {
        self.backend.write_batch(plan(), batch(files, removed), publication()).await.unwrap()
    }

    /// The rows of a query.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        self.query(sql).await.rows
    }

    /// The answer to a query.
    pub(crate) async fn query(&self, sql: &str) -> QueryResult {
        self.backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap()
    }

    /// The only number that a query answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self.rows(sql).await[0][0] {
            Value::Integer(number) => number,
            ref other => panic!("`{sql}` answers {other:?}"),
        }
    }

    /// The paths of the published files, sorted.
    pub(crate) async fn paths(&self) -> Vec<String> {
        let rows = self.rows("SELECT file_path FROM files ORDER BY file_path").await;
        rows.into_iter().map(|row| row[0].to_string()).collect()
    }
}

pub(crate) fn app() -> RepositoryId {
    Repository::named("app").id()
}

pub(crate) fn plan() -> LoadPlan {
    LoadPlan::partial(Repository::named("app"), "1")
}

pub(crate) fn plan_of(repository: &str) -> LoadPlan {
    LoadPlan::partial(Repository::named(repository), "1")
}

pub(crate) fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

pub(crate) fn batch(files: &[TransformedAst], removed: &[&str]) -> Arc<Batch> {
    Arc::new(Batch {
        sequence: 0,
        files: files.iter().cloned().map(Arc::new).collect(),
        removed: removed.iter().map(|path| (*path).into()).collect(),
    })
}

/// A file that says nothing but its name.
pub(crate) fn file(path: &str) -> TransformedAst {
    TransformedAst::new(path.into())
}

/// A file that defines functions of these names.
pub(crate) fn file_with(path: &str, functions: &[&str]) -> TransformedAst {
    let function = |(index, name): (usize, &&str)| Function {
        name: (*name).into(),
        qualified_name: (*name).into(),
        symbol: symbol(name),
        complexity: Some(index as u32 + 1),
        ..Function::default()
    };
    TransformedAst { functions: functions.iter().enumerate().map(function).collect(), ..file(path) }
}

/// A file that calls `name` of the file at `target`.
pub(crate) fn caller(path: &str, target: &str, name: &str) -> TransformedAst {
    let target = Target { file: FileKey::of(target.as_bytes()), entity: Entity::Function(symbol(name)) };
    let calls = vec![Call {
        name: name.into(),
        resolution: Resolution::resolved(target, Origin::Import),
        ..Call::default()
    }];
    let mut facts = TransformedAst { calls, ..file(path) };
    facts.dependencies = snake_pipe_core::dependencies_of(facts.key(), &[], &[], &facts.calls);
    facts.link_hash = Some(snake_pipe_core::id::Digest::of(path.as_bytes()));
    facts
}

fn symbol(name: &str) -> SymbolKey {
    SymbolKey::of("function", name, 0)
}
