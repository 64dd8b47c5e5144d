//! Materialised copies of views, for those who ask the same large question again and again: made where the option
//! `materialized_views` names them, refreshed after publications, for which nobody waits, and stamped in `derived_tables`.

use snake_pipe_core::{
    Error, ErrorKind, Result,
    schema::{VIEWS, View, ViewColumn},
};
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::{connection::Lease, error::failed};

/// What makes a row of each view unique.
const KEYS: [(&str, &str); 5] = [
    ("file_details", "file_id, repository_id"),
    ("function_details", "function_id, repository_id"),
    ("class_details", "class_id, repository_id"),
    ("call_details", "file_id, ordinal, repository_id"),
    ("dependency_details", "source_file_id, ordinal, repository_id"),
];

/// Held while copies are made or refreshed, one process at a time.
const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtext('snake_pipe_materialized'), hashtext(current_schema()))";

/// The views that a list names, separated by commas.
///
/// # Errors
/// `Configuration`, with the names that there are.
pub(crate) fn views_of(list: &str) -> Result<Vec<&'static View>> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let view = |name: &str| {
        VIEWS.iter().find(|view| view.name == name).ok_or_else(|| {
            let names: Vec<_> = VIEWS.iter().map(|view| view.name).collect();
            Error::new(
                ErrorKind::Configuration,
                format!("`materialized_views` names `{name}`, which is no view"),
            )
            .with_help(format!("the views are {}", names.join(", ")))
        })
    };
    names.map(view).collect()
}

/// The name of a view's copy.
fn copy_of(view: &View) -> String {
    format!("{}_materialized", view.name)
}

/// Makes the copies that are not there.
///
/// # Errors
/// `Permission` where this role may not.
pub(crate) async fn ensure(lease: &mut Lease, views: &[&'static View]) -> Result<()> {
    let failed = || failed("migrate");
    const HELD: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind = 'm'";
    let held: Vec<String> = sqlx::query_scalar(HELD).fetch_all(lease.get()).await.map_err(failed())?;
    for view in views.iter().filter(|view| !held.contains(&copy_of(view))) {
        let (name, copy) = (view.name, copy_of(view));
        let key = KEYS.iter().find(|(known, _)| *known == name).map_or("repository_id", |(_, key)| key);
        let comments = column_comments(view, &copy);
        let made = lease
            .run(format!(
                "BEGIN; {LOCK}; CREATE MATERIALIZED VIEW IF NOT EXISTS {copy} AS SELECT * FROM {name}; \
                 CREATE UNIQUE INDEX IF NOT EXISTS {copy}_key ON {copy} ({key}); \
                 COMMENT ON MATERIALIZED VIEW {copy} IS 'A copy of {name}, as of the snapshots that derived_tables names.'; \
                 {comments} COMMIT"
            ))
            .await
            .map_err(failed());
        if let Err(error) = made {
            let _ = lease.run("ROLLBACK").await;
            return Err(error.with_context("view", name).with_help(
                "load or migrate under a role that owns the tables, or leave out `materialized_views`",
            ));
        }
    }
    Ok(())
}

/// What the copy's columns mean: what the view's do.
fn column_comments(view: &View, copy: &str) -> String {
    let comment = |column: &ViewColumn| {
        let meaning = column.description().replace('\'', "''");
        format!("COMMENT ON COLUMN {copy}.{} IS '{meaning}';", column.name)
    };
    view.columns.iter().map(comment).collect()
}

/// Refreshes the copies that are not of the current snapshots. What is published is published, whatever becomes of this: a copy
/// that is not up to date says so in `derived_tables`.
pub(crate) async fn refresh(lease: &mut Lease, views: &[&'static View]) {
    for view in views {
        if let Err(error) = try_refresh(lease, &copy_of(view)).await {
            tracing::warn!(view = view.name, %error, "the materialised copy of a view is not up to date");
            let _ = lease.run("ROLLBACK").await;
        }
    }
}

async fn try_refresh(lease: &mut Lease, copy: &str) -> Result<()> {
    let failed = || failed("refresh views");
    const OUTDATED: &str = "SELECT r.repository_id, r.snapshot_id, d.snapshot_id IS NOT DISTINCT FROM r.snapshot_id AS is_current
        FROM repositories r
        LEFT JOIN derived_tables d ON d.repository_id = r.repository_id AND d.table_name = $1
        WHERE r.snapshot_id IS NOT NULL";
    const STAMP: &str = "INSERT INTO derived_tables (repository_id, table_name, snapshot_id, calculated_at)
        SELECT n.repository_id, $1, n.snapshot_id, now() FROM unnest($2::bigint[], $3::uuid[]) AS n (repository_id, snapshot_id)
        ON CONFLICT (repository_id, table_name) DO UPDATE SET snapshot_id = excluded.snapshot_id, calculated_at = now()";
    lease.run(format!("BEGIN; {LOCK}")).await.map_err(failed())?;
    // Read before the rows are: what is published in between makes the copy newer than its stamp says, never older.
    let found = sqlx::query(OUTDATED).bind(copy).fetch_all(lease.get()).await.map_err(failed())?;
    if found.iter().all(|row| row.get("is_current")) {
        return lease.run("ROLLBACK").await.map_err(failed());
    }
    lease.run(format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {copy}")).await.map_err(failed())?;
    let repositories: Vec<i64> = found.iter().map(|row| row.get("repository_id")).collect();
    let snapshots: Vec<Uuid> = found.iter().map(|row| row.get("snapshot_id")).collect();
    sqlx::query(AssertSqlSafe(STAMP))
        .bind(copy)
        .bind(repositories)
        .bind(snapshots)
        .execute(lease.get())
        .await
        .map_err(failed())?;
    lease.run("COMMIT").await.map_err(failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_named_and_others_are_refused_with_the_names_there_are() {
        let names: Vec<_> =
            views_of("file_details, call_details").unwrap().iter().map(|view| view.name).collect();
        assert_eq!(names, ["file_details", "call_details"]);
        let error = views_of("files").unwrap_err();
        assert!(error.help().unwrap().contains("dependency_details"), "{error:?}");
    }

    #[test]
    fn every_view_has_a_key() {
        for view in VIEWS {
            let (_, key) = KEYS.iter().find(|(name, _)| *name == view.name).unwrap();
            for column in key.split(", ") {
                assert!(view.columns.iter().any(|known| known.name == column), "{} {column}", view.name);
            }
        }
    }
}
