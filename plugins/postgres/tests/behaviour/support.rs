//! A small repository, and a backend of one's own for each test.

use std::sync::Arc;

use snake_pipe_core::{
    DatabaseBackend as _, MigrateMode, SqlQuery, Value, dependencies_of,
    id::{Digest, RepositoryId, SymbolKey},
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot, WriteResult},
    model::{
        Base, BaseKind, Call, Class, ClassKind, Comment, Entity, Function, FunctionKind, Import, Metric,
        Origin, Parameter, Resolution, Target, TransformedAst,
    },
};
use snake_pipe_postgres::{PostgresBackend, PostgresConfig};
use snake_pipe_testkit::postgres::TestDatabase;

/// A migrated backend in a database of its own.
pub(crate) async fn backend() -> (TestDatabase, PostgresBackend) {
    let database = TestDatabase::create().unwrap();
    let backend = connect(&database.url()).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    (database, backend)
}

/// A connected backend.
pub(crate) async fn connect(url: &str) -> PostgresBackend {
    let backend = PostgresBackend::new(PostgresConfig::from_url(url).unwrap());
    backend.connect().await.unwrap();
    backend
}

/// A migrated backend with parameters for its URL, in a database of its own.
pub(crate) async fn backend_with(parameters: &str) -> (TestDatabase, PostgresBackend) {
    let database = TestDatabase::create().unwrap();
    let backend = connect(&format!("{}&{parameters}", database.url())).await;
    backend.migrate(MigrateMode::Apply).await.unwrap();
    (database, backend)
}

/// The URL for another role, made without any rights, in this database.
pub(crate) fn url_of_new_role(database: &TestDatabase) -> (String, String) {
    let role = format!("role_of_{}", database.name());
    database.psql(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    (database.url().replacen("postgres@", &format!("{role}@"), 1), role)
}

/// The repository `app`.
pub(crate) fn app() -> Repository {
    Repository::named("app")
}

/// Its id.
pub(crate) fn app_id() -> RepositoryId {
    app().id()
}

/// A partial load of `app`.
pub(crate) fn partial() -> LoadPlan {
    LoadPlan::partial(app(), "1")
}

/// A complete load of `app` with these files.
pub(crate) fn complete(files: &[Arc<TransformedAst>]) -> LoadPlan {
    LoadPlan::complete(app(), "1", files.iter().map(|facts| facts.key()))
}

/// A new marker, no snapshot.
pub(crate) fn publication() -> Publication {
    Publication { marker: Marker::random(), snapshot: Snapshot::default() }
}

/// A batch of these files.
pub(crate) fn batch(files: &[Arc<TransformedAst>]) -> Arc<Batch> {
    Arc::new(Batch { sequence: 0, files: files.to_vec(), removed: Vec::new() })
}

/// A batch that removes these files.
pub(crate) fn removal(paths: &[&str]) -> Arc<Batch> {
    Arc::new(Batch { removed: paths.iter().map(|path| (*path).into()).collect(), ..Batch::default() })
}

/// Loads files and publishes them.
pub(crate) async fn load(
    backend: &PostgresBackend,
    plan: LoadPlan,
    files: &[Arc<TransformedAst>],
) -> WriteResult {
    let mut session = backend.begin_load(plan).await.unwrap();
    session.write_batch(batch(files)).await.unwrap();
    match session.publish(publication()).await.unwrap() {
        PublishResult::Published(result) => result,
        PublishResult::AlreadyPublished => panic!("a new marker was published already"),
    }
}

/// The only value of a query's answer.
pub(crate) async fn value(backend: &PostgresBackend, sql: &str) -> Value {
    let mut result = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap();
    result.rows.remove(0).remove(0)
}

/// The only value of a query's answer, a number.
pub(crate) async fn count(backend: &PostgresBackend, sql: &str) -> i64 {
    match value(backend, sql).await {
        Value::Integer(number) => number,
        other => panic!("{other:?} is no whole number"),
    }
}

/// The rows of a query's answer, columns separated by `|`.
pub(crate) async fn rows(backend: &PostgresBackend, sql: &str) -> Vec<String> {
    let result = backend.execute_sql_query(SqlQuery::new(sql)).await.unwrap();
    let row = |row: Vec<Value>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
    result.rows.into_iter().map(row).collect()
}

fn symbol(kind: &str, name: &str) -> SymbolKey {
    SymbolKey::of(kind, name, 0)
}

/// A function of this name, with a parameter.
pub(crate) fn function(name: &str) -> Function {
    Function {
        kind: FunctionKind::Function,
        name: name.into(),
        qualified_name: name.into(),
        symbol: symbol("function", name),
        parameters: vec![Parameter { name: "x".into(), ..Parameter::default() }],
        complexity: Some(1),
        ..Function::default()
    }
}

/// A class of this name.
pub(crate) fn class(name: &str) -> Class {
    Class {
        kind: ClassKind::Class,
        name: name.into(),
        qualified_name: name.into(),
        symbol: symbol("class", name),
        ..Class::default()
    }
}

/// A file with a function `f`, a class `C` and a metric: what others refer to.
pub(crate) fn library(path: &str) -> TransformedAst {
    TransformedAst {
        content_hash: Some(Digest::of(path.as_bytes())),
        functions: vec![function("f")],
        classes: vec![class("C")],
        comments: vec![Comment { marker: Some("TODO".into()), ..Comment::default() }],
        metrics: vec![Metric { name: "total_lines".into(), value: 3.0, ..Metric::default() }],
        ..TransformedAst::new(path.into())
    }
}

/// A file that imports `target`, calls its `f` and inherits its `C`.
pub(crate) fn user(path: &str, target: &str) -> TransformedAst {
    let to = |entity| Resolution::resolved(Target { file: library(target).key(), entity }, Origin::Import);
    let mut facts = TransformedAst {
        content_hash: Some(Digest::of(path.as_bytes())),
        link_hash: Some(Digest::of(target.as_bytes())),
        functions: vec![function("main")],
        classes: vec![class("D")],
        imports: vec![Import {
            raw: format!("import {target}"),
            module: target.into(),
            line: 1,
            resolution: to(Entity::File),
            ..Import::default()
        }],
        bases: vec![Base {
            kind: BaseKind::Extends,
            text: "C".into(),
            name: "C".into(),
            resolution: to(Entity::Class(symbol("class", "C"))),
            ..Base::default()
        }],
        calls: vec![Call {
            function: Some(0),
            name: "f".into(),
            argument_count: 1,
            line: 4,
            resolution: to(Entity::Function(symbol("function", "f"))),
            ..Call::default()
        }],
        ..TransformedAst::new(path.into())
    };
    facts.dependencies = dependencies_of(facts.key(), &facts.imports, &facts.bases, &facts.calls);
    facts
}

/// `lib.py`, and `app.py` that uses it.
pub(crate) fn two_files() -> Vec<Arc<TransformedAst>> {
    vec![Arc::new(library("lib.py")), Arc::new(user("app.py", "lib.py"))]
}
