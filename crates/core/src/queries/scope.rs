//! Which repositories are asked about, and whether what was derived from them is up to date.

use crate::{
    DatabaseBackend, Result,
    query::{SqlQuery, Value},
};

/// What a query is about to look at.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The published repositories that were asked for, by id.
    pub(super) repositories: Vec<i64>,
    /// Whether each has all the derived tables, made from its current snapshot.
    pub(super) is_derived: bool,
}

impl Scope {
    /// Looks it up.
    ///
    /// # Errors
    /// As of [`DatabaseBackend::execute_sql_query`].
    pub(super) async fn find<B: DatabaseBackend + ?Sized>(
        backend: &B,
        repository: Option<&String>,
        derived: &[&str],
    ) -> Result<Self> {
        let names: Vec<_> = derived.iter().map(|name| format!("'{name}'")).collect();
        // Names of tables are this crate's own. An empty list is no SQL.
        let names = if names.is_empty() { "''".to_owned() } else { names.join(", ") };
        let sql = format!(
            "SELECT r.repository_id, (
                 SELECT count(*) FROM derived_tables d
                 WHERE d.repository_id = r.repository_id AND d.snapshot_id = r.snapshot_id AND d.table_name IN ({names})
             )
             FROM repositories r
             WHERE r.snapshot_id IS NOT NULL
               AND (CAST($1 AS TEXT) IS NULL OR CAST($1 AS TEXT) IN (r.name, r.name || '@' || r.ref_name))
             ORDER BY r.repository_id"
        );
        let name = repository.map_or(Value::Null, |name| Value::Text(name.clone()));
        let query = SqlQuery { is_own: true, ..SqlQuery::new(sql).with_parameters(vec![name]) };
        let answer = backend.execute_sql_query(query).await?;
        let mut scope = Self { repositories: Vec::new(), is_derived: true };
        for row in &answer.rows {
            if let [Value::Integer(repository), Value::Integer(current)] = row[..] {
                scope.repositories.push(repository);
                scope.is_derived &= current == derived.len() as i64;
            }
        }
        Ok(scope)
    }
}
