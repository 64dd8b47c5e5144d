//! Which session of a repository may publish: a number that rises with every load and a random owner, both stored.

use snake_pipe_core::{
    Error, ErrorKind, Result, Timestamp,
    load::{LoadPlan, Marker, Repository},
};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::fenced;
use crate::{error::during, transaction::Transaction};

/// A session's claim to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fence {
    number: i64,
    owner: Uuid,
}

/// Takes over the repository, durably and at once: older sessions are refused from now on.
///
/// # Errors
/// `Configuration` when the name was published from another source and the plan does not allow it; `Fenced` when something was
/// published since the load was planned.
pub(super) async fn take(connection: &mut SqliteConnection, plan: &LoadPlan) -> Result<Fence> {
    let taking = during("begin_load");
    let repository = plan.repository.id().get();
    let owner = Uuid::new_v4();
    let mut transaction = Transaction::immediate(connection).await.map_err(&taking)?;
    let held = sqlx::query(
        "SELECT name, ref_name, remote, root, marker FROM main.repositories WHERE repository_id = ?",
    )
    .bind(repository)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(&taking)?;
    let mut published = None;
    if let Some(row) = held {
        let marker: Option<String> = row.try_get(4).map_err(&taking)?;
        published = marker.and_then(|marker| Uuid::parse_str(&marker).ok()).map(Marker);
        let held = Repository {
            name: row.try_get(0).map_err(&taking)?,
            ref_name: row.try_get(1).map_err(&taking)?,
            remote: row.try_get(2).map_err(&taking)?,
            root: row.try_get(3).map_err(&taking)?,
        };
        check_source(plan, &held)?;
    }
    plan.check_planned_on(published).map_err(|error| error.with_operation("begin_load"))?;
    // Remote and root are those of what was published: until then they stay as they are.
    let number = sqlx::query_scalar(
        "INSERT INTO main.repositories (repository_id, name, ref_name, fence_number, fence_owner, created_at, updated_at)
         VALUES (?1, ?2, ?3, 1, ?4, ?5, ?5)
         ON CONFLICT (repository_id) DO UPDATE
         SET fence_number = coalesce(fence_number, 0) + 1, fence_owner = excluded.fence_owner
         RETURNING fence_number",
    )
    .bind(repository)
    .bind(&plan.repository.name)
    .bind(&plan.repository.ref_name)
    .bind(owner.to_string())
    .bind(Timestamp::now().to_string())
    .fetch_one(&mut *transaction)
    .await
    .map_err(&taking)?;
    transaction.commit().await.map_err(&taking)?;
    Ok(Fence { number, owner })
}

fn check_source(plan: &LoadPlan, held: &Repository) -> Result<()> {
    let own = &plan.repository;
    if (&own.name, &own.ref_name) != (&held.name, &held.ref_name) {
        return Err(Error::new(ErrorKind::Configuration, "two repositories' names have the same id")
            .with_context("repository", &own.name)
            .with_context("other", &held.name)
            .with_help("load one of them under another name"));
    }
    if !plan.allow_other_source && own.is_other_source_than(held) {
        let source = |of: &Repository| of.remote.clone().or(of.root.clone()).unwrap_or_default();
        return Err(Error::new(
            ErrorKind::Configuration,
            "a repository of this name was loaded from another remote or root",
        )
        .with_operation("begin_load")
        .with_context("repository", &own.name)
        .with_context("loaded_from", source(held))
        .with_context("now_from", source(own))
        .with_help(
            "choose another name for the repository, or take over this one with `--allow-other-source`",
        ));
    }
    Ok(())
}

/// Sees whether the claim still holds.
///
/// # Errors
/// `Fenced` when a newer session began, or the repository was removed.
pub(super) async fn check(connection: &mut SqliteConnection, plan: &LoadPlan, fence: Fence) -> Result<()> {
    let held = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM main.repositories WHERE repository_id = ? AND fence_number = ? AND fence_owner = ?",
    )
    .bind(plan.repository.id().get())
    .bind(fence.number)
    .bind(fence.owner.to_string())
    .fetch_one(connection)
    .await
    .map_err(during("check the fence"))?;
    if held == 1 { Ok(()) } else { Err(fenced(plan)) }
}
