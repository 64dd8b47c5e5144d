//! The rows of `repositories` and `snapshots`: who may publish, and what was published.

use std::str::FromStr as _;

use snake_pipe_core::{
    Error, ErrorKind, Result, SourcePath, StoredRepository,
    id::{Digest, RepositoryId},
    load::{LoadPlan, Marker, Publication, Repository, Snapshot},
    manifest::{Manifest, ManifestEntry},
    position::SourcePosition,
    schema::{TableId, Unit},
};
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use super::Fence;
use crate::{
    connection::{Lease, Pool},
    error::failed,
};

/// The repositories that have been published, with their last snapshot.
pub(crate) async fn list(pool: &Pool) -> Result<Vec<StoredRepository>> {
    const LIST: &str = "
        SELECT r.repository_id, r.name, r.ref_name, r.remote, r.root, r.marker,
               s.snapshot_id, s.commit_hash, s.branch, s.is_dirty, s.positions::text AS positions
        FROM repositories r
        LEFT JOIN snapshots s ON s.snapshot_id = r.snapshot_id AND s.repository_id = r.repository_id
        WHERE r.marker IS NOT NULL
        ORDER BY r.name, r.ref_name";
    let mut lease = Lease::take(pool).await?;
    let rows = sqlx::query(LIST).fetch_all(lease.get()).await.map_err(failed("list repositories"))?;
    lease.give_back();
    rows.iter().map(stored).collect()
}

fn stored(row: &PgRow) -> Result<StoredRepository> {
    let snapshot: Option<Uuid> = row.get("snapshot_id");
    let positions = SourcePosition::from_column(row.get("positions"))?;
    Ok(StoredRepository {
        id: RepositoryId::from_stored(row.get("repository_id")),
        repository: Repository {
            name: row.get("name"),
            ref_name: row.get("ref_name"),
            remote: row.get("remote"),
            root: row.get("root"),
        },
        snapshot: snapshot.map(|_| Snapshot {
            commit: row.get("commit_hash"),
            branch: row.get("branch"),
            is_dirty: row.get("is_dirty"),
            positions,
        }),
        marker: row.get::<Option<Uuid>, _>("marker").map(Marker),
    })
}

/// What is held of a repository.
pub(crate) async fn manifest(pool: &Pool, repository: RepositoryId) -> Result<Manifest> {
    const FILES: &str = "SELECT file_path, path_bytes, content_hash, link_hash, producer_version
        FROM files WHERE repository_id = $1";
    let mut lease = Lease::take(pool).await?;
    let rows = sqlx::query(FILES)
        .bind(repository.get())
        .fetch_all(lease.get())
        .await
        .map_err(failed("read the manifest"))?;
    lease.give_back();
    let mut manifest = Manifest::default();
    for row in rows {
        let path = path_of(row.get(0), row.get(1));
        let link_hash: Option<&str> = row.get(3);
        let entry = ManifestEntry {
            content_hash: Digest::from_str(row.get(2))
                .map_err(|error| error.with_operation("read the manifest"))?,
            link_hash: link_hash.map(Digest::from_str).transpose()?,
            producer_version: row.get(4),
            path,
        };
        manifest.files.insert(entry.path.key(), entry);
    }
    Ok(manifest)
}

/// A path as `files` holds it: readable, and in hexadecimal where that does not say it all.
fn path_of(text: &str, bytes: Option<&str>) -> SourcePath {
    let digits = bytes.map(|bytes| {
        bytes
            .as_bytes()
            .chunks(2)
            .map(|pair| str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
    });
    match digits.and_then(Iterator::collect::<Option<Vec<u8>>>) {
        Some(bytes) => SourcePath::from_bytes(&bytes),
        None => SourcePath::from(text),
    }
}

/// Takes over the right to publish, durably: sessions that began before are refused from now on.
pub(crate) async fn take_fence(pool: &Pool, plan: &LoadPlan) -> Result<Fence> {
    let mut lease = Lease::take(pool).await?;
    match try_take_fence(&mut lease, plan).await {
        Ok(fence) => {
            lease.give_back();
            Ok(fence)
        }
        Err(error) => {
            lease.roll_back().await;
            Err(error.with_operation("begin_load"))
        }
    }
}

async fn try_take_fence(lease: &mut Lease, plan: &LoadPlan) -> Result<Fence> {
    const HELD: &str =
        "SELECT name, ref_name, remote, root, marker FROM repositories WHERE repository_id = $1 FOR UPDATE";
    const TAKE: &str = "
        INSERT INTO repositories (repository_id, name, ref_name, fence_number, fence_owner, created_at, updated_at)
        VALUES ($1, $2, $3, 1, $4, now(), now())
        ON CONFLICT (repository_id) DO UPDATE
        SET fence_number = coalesce(repositories.fence_number, 0) + 1, fence_owner = $4, updated_at = now()";
    let fence = Fence { repository: plan.repository.id(), owner: Uuid::new_v4() };
    lease.run("BEGIN").await.map_err(failed("begin_load"))?;
    let held = sqlx::query(HELD)
        .bind(fence.repository.get())
        .fetch_optional(lease.get())
        .await
        .map_err(failed("begin_load"))?;
    if let Some(row) = &held {
        refuse_other_source(plan, row)?;
    }
    plan.check_planned_on(held.and_then(|row| row.get::<Option<Uuid>, _>("marker")).map(Marker))?;
    sqlx::query(TAKE)
        .bind(fence.repository.get())
        .bind(&plan.repository.name)
        .bind(&plan.repository.ref_name)
        .bind(fence.owner)
        .execute(lease.get())
        .await
        .map_err(failed("begin_load"))?;
    lease.run("COMMIT").await.map_err(failed("begin_load"))?;
    Ok(fence)
}

fn refuse_other_source(plan: &LoadPlan, row: &PgRow) -> Result<()> {
    let held = Repository {
        name: row.get("name"),
        ref_name: row.get("ref_name"),
        remote: row.get("remote"),
        root: row.get("root"),
    };
    let own = &plan.repository;
    if (&held.name, &held.ref_name) != (&own.name, &own.ref_name) {
        return Err(Error::new(
            ErrorKind::Configuration,
            format!("`{}` and `{}` have the same repository id by chance", own.name, held.name),
        )
        .with_help("load one of them under another name"));
    }
    let is_published = row.get::<Option<Uuid>, _>("marker").is_some();
    if !is_published || plan.allow_other_source || !own.is_other_source_than(&held) {
        return Ok(());
    }
    let source = |repository: &Repository| {
        repository.remote.clone().or_else(|| repository.root.clone()).unwrap_or_else(|| "nowhere".to_owned())
    };
    Err(Error::new(
        ErrorKind::Configuration,
        format!("repository `{}` was loaded from another source", own.name),
    )
    .with_context("held", source(&held))
    .with_context("given", source(own))
    .with_help("give this one another name, or take the held one over with `--allow-other-source`"))
}

/// What a publication finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may go on. The time that its transaction began, in RFC 3339: that of its snapshot.
    Admitted(String),
    /// It was made before.
    AlreadyPublished,
}

/// Asks for the right to publish; with `FOR UPDATE` the answer holds to the end of the transaction.
pub(crate) async fn admit(
    lease: &mut Lease,
    fence: &Fence,
    marker: Marker,
    holds: bool,
) -> Result<Admission> {
    let lock = if holds { " FOR UPDATE OF r" } else { "" };
    let sql = format!(
        "SELECT r.fence_owner, r.marker IS NOT DISTINCT FROM $2 OR EXISTS (
             SELECT FROM snapshots s WHERE s.snapshot_id = $2 AND s.repository_id = $1) AS is_published,
             to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS begun_at
         FROM repositories r WHERE r.repository_id = $1{lock}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(fence.repository.get())
        .bind(marker.0)
        .fetch_optional(lease.get())
        .await
        .map_err(failed("publish"))?;
    let Some(row) = row else {
        return Err(fenced(fence, "the repository was removed since this load began"));
    };
    if row.get("is_published") {
        return Ok(Admission::AlreadyPublished);
    }
    match row.get::<Option<Uuid>, _>("fence_owner") {
        Some(owner) if owner == fence.owner => Ok(Admission::Admitted(row.get("begun_at"))),
        _ => Err(fenced(fence, "a newer load of this repository has begun")),
    }
}

/// Holds the repository's row to the end of the transaction, if the right to publish is still ours: nobody takes it over
/// meanwhile.
pub(crate) async fn hold(lease: &mut Lease, fence: &Fence) -> Result<()> {
    let owner: Option<Option<Uuid>> =
        sqlx::query_scalar("SELECT fence_owner FROM repositories WHERE repository_id = $1 FOR UPDATE")
            .bind(fence.repository.get())
            .fetch_optional(lease.get())
            .await
            .map_err(failed("publish"))?;
    match owner {
        Some(Some(owner)) if owner == fence.owner => Ok(()),
        _ => Err(fenced(fence, "a newer load of this repository has begun")),
    }
}

fn fenced(fence: &Fence, why: &'static str) -> Error {
    Error::new(ErrorKind::Fenced, why).with_context("repository", fence.repository)
}

/// The snapshot that the tables show.
pub(crate) async fn snapshot(lease: &mut Lease, repository: RepositoryId) -> Result<Option<Uuid>> {
    let snapshot = sqlx::query_scalar("SELECT snapshot_id FROM repositories WHERE repository_id = $1")
        .bind(repository.get())
        .fetch_optional(lease.get())
        .await
        .map_err(failed("publish"))?;
    Ok(snapshot.flatten())
}

/// Removes the rows of `snapshots`, of history, of derived tables and of `repositories`. Whether anything had been published.
pub(crate) async fn forget(lease: &mut Lease, repository: i64) -> Result<bool> {
    let beside =
        TableId::ALL.iter().filter(|table| matches!(table.table().unit, Unit::Derived | Unit::History));
    let beside =
        beside.map(|table| format!("DELETE FROM {} WHERE repository_id = {repository}", table.table().name));
    lease.run(beside.collect::<Vec<_>>().join("; ")).await.map_err(failed("remove_repository"))?;
    sqlx::query("DELETE FROM snapshots WHERE repository_id = $1")
        .bind(repository)
        .execute(lease.get())
        .await
        .map_err(failed("remove_repository"))?;
    let marker: Option<Option<Uuid>> =
        sqlx::query_scalar("DELETE FROM repositories WHERE repository_id = $1 RETURNING marker")
            .bind(repository)
            .fetch_optional(lease.get())
            .await
            .map_err(failed("remove_repository"))?;
    Ok(marker.flatten().is_some())
}

/// Writes snapshot and marker; neither, where no file changed and the snapshot says what the last one says. The number of the
/// transaction where they were written.
pub(crate) async fn record(
    lease: &mut Lease,
    plan: &LoadPlan,
    publication: &Publication,
    has_changes: bool,
) -> Result<Option<String>> {
    const SNAPSHOT: &str = "
        INSERT INTO snapshots (snapshot_id, repository_id, commit_hash, branch, is_dirty, positions, producer_version,
                               file_count, published_at)
        SELECT $2, $1, $3, $4, $5, $8::jsonb, $6, c.file_count, now()
        FROM (SELECT count(*) AS file_count FROM files WHERE repository_id = $1) c
        WHERE $7 OR NOT EXISTS (
            SELECT FROM repositories r
            JOIN snapshots s ON s.snapshot_id = r.snapshot_id AND s.repository_id = r.repository_id
            WHERE r.repository_id = $1 AND s.commit_hash IS NOT DISTINCT FROM $3 AND s.branch IS NOT DISTINCT FROM $4
              AND s.is_dirty IS NOT DISTINCT FROM $5 AND s.positions IS NOT DISTINCT FROM $8::jsonb
              AND s.producer_version = $6 AND s.file_count = c.file_count)";
    const MARKER: &str = "
        UPDATE repositories
        SET marker = $2, snapshot_id = $2, remote = coalesce($3, CASE WHEN $5 THEN NULL ELSE remote END),
            root = coalesce($4, root), updated_at = now()
        WHERE repository_id = $1
        RETURNING pg_current_xact_id()::text";
    let (repository, snapshot) = (plan.repository.id().get(), &publication.snapshot);
    let written = sqlx::query(SNAPSHOT)
        .bind(repository)
        .bind(publication.marker.0)
        .bind(&snapshot.commit)
        .bind(&snapshot.branch)
        .bind(snapshot.is_dirty)
        .bind(&plan.producer_version)
        .bind(has_changes)
        .bind(SourcePosition::to_column(&snapshot.positions))
        .execute(lease.get())
        .await
        .map_err(failed("publish"))?;
    if written.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query_scalar(MARKER)
        .bind(repository)
        .bind(publication.marker.0)
        .bind(&plan.repository.remote)
        .bind(&plan.repository.root)
        .bind(plan.allow_other_source)
        .fetch_optional(lease.get())
        .await
        .map_err(failed("publish"))
}
