//! Conveniences for callers of the backend contract.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    DatabaseBackend, Error, ErrorKind, Result,
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Scope, Snapshot, WriteResult},
    model::TransformedAst,
    queries::named,
    query::{Dialect, Explain, QueryResult, SqlQuery, Value},
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

    /// Answers the analytical query of this name, such as `hotspots`; [`QUERIES`](crate::queries::QUERIES) lists them with their
    /// parameters.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, and as of [`NamedQuery::run`](crate::queries::NamedQuery::run).
    async fn execute_analytical_query(
        &self,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<QueryResult> {
        named(name)?.run(self, parameters).await
    }

    /// How the database would answer the statement: the lines of its plan, as the database writes them. Nothing is written;
    /// with [`Explain::Analyze`] the statement is run.
    ///
    /// # Errors
    /// `Unsupported` without SQL, or where plans are not measured; else as of [`DatabaseBackend::execute_sql_query`].
    async fn explain_sql_query(&self, query: SqlQuery, explain: Explain) -> Result<Vec<String>> {
        let dialect = self.info().dialect.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "a backend without SQL has no plans").with_operation("explain")
        })?;
        let answer = self.execute_sql_query(query.explained(dialect, explain)?).await?;
        Ok(match dialect {
            Dialect::Postgres => {
                answer.rows.iter().filter_map(|row| row.first()).map(ToString::to_string).collect()
            }
            Dialect::Sqlite => indented(&answer.rows),
        })
    }
}

/// SQLite's plan is rows of id, parent, a number without use, and words: a step stands below its parent, further in.
fn indented(rows: &[Vec<Value>]) -> Vec<String> {
    let mut depths = BTreeMap::new();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        if let [Value::Integer(id), Value::Integer(parent), _, Value::Text(words)] = &row[..] {
            let depth = depths.get(parent).map_or(0, |depth| depth + 1);
            depths.insert(*id, depth);
            lines.push(format!("{:indent$}{words}", "", indent = depth * 2));
        }
    }
    lines
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
    fn a_step_of_a_plan_stands_below_its_parent() {
        let step = |id, parent, words: &str| {
            vec![Value::Integer(id), Value::Integer(parent), Value::Integer(0), Value::Text(words.into())]
        };
        let rows = [step(3, 0, "CO-ROUTINE a"), step(7, 3, "SCAN files"), step(9, 0, "SCAN a")];
        assert_eq!(indented(&rows), ["CO-ROUTINE a", "  SCAN files", "SCAN a"]);
    }

    #[tokio::test]
    async fn what_has_no_sql_has_no_plans() {
        let error = connected().await.explain_sql_query(SqlQuery::new("SELECT 1"), Explain::Plan).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
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
