//! The backend: what the contract asks of a database, for one SQLite file.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use snake_pipe_core::{
    BackendInfo, Capabilities, DatabaseBackend, Dialect, HealthCheckResult, IntegrityResult, IntegrityScope,
    LoadSession, MigrateMode, Migrations, PoolState, QueryResult, Result, RowStream, SourcePath, SqlQuery,
    StoredRepository,
    id::RepositoryId,
    load::{Batch, LoadPlan, Marker, Publication, PublishResult, Repository, Snapshot, WriteResult},
    manifest::{Manifest, ManifestEntry},
    position::SourcePosition,
};
use sqlx::{Connection, Row, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    CAPABILITIES,
    config::Config,
    database::{Database, not_connected},
    error::during,
    health, integrity, query, schema,
    session::{self, SqliteSession},
};

/// One SQLite file.
#[derive(Debug)]
pub struct SqliteBackend {
    info: BackendInfo,
    config: Config,
    database: RwLock<Option<Arc<Database>>>,
}

impl SqliteBackend {
    /// A backend for this file, not connected yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let address = config.address();
        let info = BackendInfo {
            kind: crate::DESCRIPTOR.kind.to_owned(),
            name: config.name.clone().unwrap_or_else(|| address.clone()),
            address,
            dialect: Some(Dialect::Sqlite),
        };
        Self { info, config, database: RwLock::new(None) }
    }

    fn database(&self) -> Result<Arc<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(not_connected)
    }
}

#[async_trait]
impl DatabaseBackend for SqliteBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn is_connected(&self) -> bool {
        self.database().is_ok()
    }

    fn pool_state(&self) -> Option<PoolState> {
        self.database().ok().map(|database| database.pool_state())
    }

    async fn connect(&self) -> Result<()> {
        if self.is_connected() {
            return Ok(());
        }
        let opened = Arc::new(Database::open(self.config.clone()).await?);
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Of two that connect at once, the first one's connections are kept.
        database.get_or_insert(opened);
        Ok(())
    }

    async fn migrate(&self, mode: MigrateMode) -> Result<Migrations> {
        let database = self.database()?;
        let (before, steps) = match mode {
            MigrateMode::Plan => {
                let state = schema::state(&mut *database.reader().await?).await?;
                (state, schema::missing(state))
            }
            MigrateMode::Apply => {
                // Nothing of another program's file is changed, not even its mode.
                schema::state(&mut *database.reader().await?).await?;
                let mut connection = database.writer().await?;
                let _turn = database.turn().await?;
                let applied = schema::apply(&mut connection).await?;
                connection.close().await.map_err(during("migrate"))?;
                applied
            }
        };
        Ok(Migrations { from_version: before.version, to_version: schema::LATEST, steps })
    }

    async fn health_check(&self) -> Result<HealthCheckResult> {
        Ok(health::check(&*self.database()?).await)
    }

    async fn repositories(&self) -> Result<Vec<StoredRepository>> {
        let database = self.database()?;
        let Some(mut reader) = database.reader_of_tables().await? else { return Ok(Vec::new()) };
        let rows = sqlx::query(
            "SELECT r.repository_id, r.name, r.ref_name, r.remote, r.root, r.marker,
                    s.commit_hash, s.branch, s.is_dirty, s.positions
             FROM repositories r
             LEFT JOIN snapshots s ON s.snapshot_id = r.snapshot_id AND s.repository_id = r.repository_id
             WHERE r.marker IS NOT NULL
             ORDER BY r.name, r.ref_name",
        )
        .fetch_all(&mut *reader)
        .await
        .map_err(during("repositories"))?;
        rows.iter().map(|row| stored_repository(row).map_err(during("repositories"))).collect()
    }

    async fn remove_repository(&self, repository: RepositoryId) -> Result<bool> {
        let database = self.database()?;
        if database.reader_of_tables().await?.is_none() {
            return Ok(false);
        }
        let mut connection = database.writer().await?;
        let was_there = session::remove_repository(&database, &mut connection, repository).await?;
        connection.close().await.map_err(during("remove_repository"))?;
        Ok(was_there)
    }

    async fn manifest(&self, repository: RepositoryId) -> Result<Manifest> {
        let database = self.database()?;
        let Some(mut reader) = database.reader_of_tables().await? else { return Ok(Manifest::default()) };
        let rows = sqlx::query(
            "SELECT file_path, path_bytes, content_hash, link_hash, producer_version
             FROM files WHERE repository_id = ?",
        )
        .bind(repository.get())
        .fetch_all(&mut *reader)
        .await
        .map_err(during("manifest"))?;
        let mut manifest = Manifest::default();
        for row in &rows {
            let entry = manifest_entry(row)?;
            manifest.files.insert(entry.path.key(), entry);
        }
        Ok(manifest)
    }

    async fn begin_load(&self, plan: LoadPlan) -> Result<Box<dyn LoadSession>> {
        Ok(Box::new(SqliteSession::begin(self.database()?, plan, true).await?))
    }

    async fn write_batch(
        &self,
        plan: LoadPlan,
        batch: Arc<Batch>,
        publication: Publication,
    ) -> Result<WriteResult> {
        let mut session = SqliteSession::begin(self.database()?, plan, false).await?;
        let accepted = session.write_batch(batch).await?;
        let published = session.publish(publication).await?;
        Box::new(session).abort().await?;
        Ok(match published {
            PublishResult::Published(result) => WriteResult { bytes: accepted.bytes, ..result },
            PublishResult::AlreadyPublished => WriteResult::default(),
        })
    }

    async fn execute_sql_query(&self, query: SqlQuery) -> Result<QueryResult> {
        query::execute(self.database()?, query).await
    }

    async fn stream_sql_query(&self, query: SqlQuery) -> Result<RowStream> {
        query::stream(self.database()?, query).await
    }

    async fn check_integrity(&self, scope: IntegrityScope) -> Result<IntegrityResult> {
        integrity::check(&*self.database()?, scope).await
    }

    async fn close(&self) -> Result<()> {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(database) = database {
            database.close().await;
        }
        Ok(())
    }
}

fn stored_repository(row: &SqliteRow) -> sqlx::Result<StoredRepository> {
    let marker: Option<String> = row.try_get("marker")?;
    Ok(StoredRepository {
        id: RepositoryId::from_stored(row.try_get("repository_id")?),
        repository: Repository {
            name: row.try_get("name")?,
            ref_name: row.try_get("ref_name")?,
            remote: row.try_get("remote")?,
            root: row.try_get("root")?,
        },
        snapshot: Some(Snapshot {
            commit: row.try_get("commit_hash")?,
            branch: row.try_get("branch")?,
            is_dirty: row.try_get("is_dirty")?,
            positions: SourcePosition::from_column(row.try_get("positions")?)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
        }),
        marker: marker.and_then(|marker| Uuid::parse_str(&marker).ok()).map(Marker),
    })
}

fn manifest_entry(row: &SqliteRow) -> Result<ManifestEntry> {
    let reading = during("manifest");
    let path: String = row.try_get(0).map_err(&reading)?;
    let bytes: Option<String> = row.try_get(1).map_err(&reading)?;
    let content_hash: String = row.try_get(2).map_err(&reading)?;
    let link_hash: Option<String> = row.try_get(3).map_err(&reading)?;
    Ok(ManifestEntry {
        path: path_of(&path, bytes.as_deref()),
        content_hash: content_hash.parse()?,
        link_hash: link_hash.map(|hash| hash.parse()).transpose()?,
        producer_version: row.try_get(4).map_err(&reading)?,
    })
}

/// A path as `files` holds it: readable, and in hexadecimal where that does not say it all.
pub(crate) fn path_of(text: &str, bytes: Option<&str>) -> SourcePath {
    match bytes.and_then(from_hexadecimal) {
        Some(bytes) => SourcePath::from_bytes(&bytes),
        None => text.into(),
    }
}

fn from_hexadecimal(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}
